//! From messages to observations, and what lengths tell once everything is encrypted.
//!
//! The server accepts the service `ssh-userauth` by a message whose content has seventeen bytes (RFC 4253 clause 10),
//! padded to 32 with its head. A success has one byte (RFC 4252 clause 5.1), padded to 16; so it is sixteen bytes
//! shorter than the acceptance, whatever cipher and checksum add. A failure lists the methods that can go on, and is the
//! same each time. So the first segment that a server encrypts has the length of an acceptance, the next, if it is not a
//! success, that of a failure: most clients first ask without any proof, to learn the methods. Later segments of that
//! length are failures too. Padding of random length, banners, and ciphers whose length stands elsewhere make it wrong:
//! it is a guess, and said to be one.

use super::message::{Agreed, Lists, NOTHING, Offer, number};
use super::parse::{LINE_MAX, Packet, parse_line, parse_lists, parse_packet, parse_string};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::show::{VALUE_BYTES_MAX, escaped, hexadecimal, readable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use city::{Reply, Target, Text, Trait, Verb, WeaknessKind};
use md5::Md5;
use sha2::{Digest, Sha256};

/// How long an MD5 is in hexadecimal.
const MD5_TEXT: usize = 32;

/// The longest text of HASSH in an event: four lists of names, each as long as a packet allows at the most.
const HASSH_MAX: usize = 32 << 10;

/// The longest list of names that is told.
const LIST_MAX: usize = 4 << 10;

/// How much of a fingerprint Zeek writes.
const FINGERPRINT_SHOWN: usize = "SHA256:".len() + 32;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// How far a banner is believed.
const BANNER_CONFIDENCE: u8 = 50;

/// Where reading one side has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Lines, up to the banner.
    #[default]
    Banner,
    /// Packets that are not encrypted.
    Packets,
    /// Packets that are; only their lengths are of interest.
    Encrypted,
    /// Nothing more is heard of it.
    Deaf,
}

#[derive(Debug, Default)]
struct Half {
    stage: Stage,
    banner: Option<Text>,
    offer: Option<Offer>,
    lists: Option<Lists>,
    /// Whether it has taken keys into use.
    has_keys: bool,
}

/// What the lengths of the server's segments tell of logins.
#[derive(Debug, Default)]
struct Logins {
    /// The length of the acceptance of the service.
    acceptance: Option<usize>,
    /// The length of a failure.
    failure: Option<usize>,
    attempts: u32,
    /// Whether the last that was seen succeeded.
    success: Option<bool>,
}

/// A client and a server.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    halves: Ends<Half>,
    agreed: Option<Agreed>,
    /// `SHA256:…`.
    host_key: Option<Text>,
    logins: Logins,
    /// Whether the exchange of keys has been told of.
    exchanged: bool,
    /// Whether Suricata's event has been told.
    has_event: bool,
}

impl Conversation {
    fn line(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let Some((line, length)) = parse_line(bytes) else {
            if bytes.len() <= LINE_MAX {
                return Progress::Used(0);
            }
            self.halves.of_mut(side).stage = Stage::Deaf;
            return Progress::Skip(REST);
        };
        let half = self.halves.of_mut(side);
        // Lines before the banner are a welcome for people.
        if line.starts_with(b"SSH-") {
            half.offer = Offer::of(line);
            half.banner = Some(escaped(line, LINE_MAX));
            half.stage = if half.offer == Some(Offer::One) { Stage::Deaf } else { Stage::Packets };
            // `SSH-protoversion-softwareversion SP comments` (RFC 4253 clause 4.2).
            let software = line.splitn(3, |byte| *byte == b'-').nth(2).unwrap_or_default();
            let software = readable(software, VALUE_BYTES_MAX);
            out.identity(side, Trait::Product, &software, "banner", BANNER_CONFIDENCE);
            if side == Side::Destination {
                out.identity(side, Trait::Role, "SSH server", "banner", BANNER_CONFIDENCE);
                let version = match half.offer {
                    Some(Offer::One) => "SSH 1",
                    Some(Offer::Both) => "SSH 1 beside SSH 2",
                    _ => return Progress::Used(length),
                };
                out.weakness(side, WeaknessKind::ObsoleteProtocol, version);
            }
        }
        Progress::Used(length)
    }

    fn message(&mut self, side: Side, kind: u8, payload: &[u8], out: &mut Out<'_>) {
        match kind {
            number::KEY_EXCHANGE_INIT => {
                self.halves.of_mut(side).lists = parse_lists(payload);
                if let (Some(client), Some(server)) =
                    (&self.halves.source.lists, &self.halves.destination.lists)
                {
                    self.agreed = Some(Agreed::between(client, server));
                    self.event(out);
                }
            }
            number::NEW_KEYS => {
                let half = self.halves.of_mut(side);
                half.stage = Stage::Encrypted;
                half.has_keys = true;
                if self.halves.source.has_keys && self.halves.destination.has_keys {
                    self.tell_exchange(Reply::Done, out);
                }
            }
            _ if side == Side::Destination
                && self.agreed.as_ref().is_some_and(|agreed| agreed.reply() == kind) =>
            {
                self.host_key = parse_string(&mut Cursor::new(payload)).map(|key| {
                    let hash = STANDARD_NO_PAD.encode(Sha256::digest(key));
                    Text::from(format!("SHA256:{hash}"))
                });
            }
            _ => {}
        }
    }

    /// A segment of the server's, of which so many bytes are encrypted.
    fn encrypted(&mut self, length: usize, out: &mut Out<'_>) {
        let logins = &mut self.logins;
        if logins.success == Some(true) || length == 0 {
            return;
        }
        let Some(acceptance) = logins.acceptance else {
            logins.acceptance = Some(length);
            return;
        };
        let is_success = length + 16 == acceptance;
        match logins.failure {
            None if !is_success => logins.failure = Some(length),
            Some(failure) if failure == length && !is_success => self.login(false, out),
            _ if is_success => self.login(true, out),
            _ => {}
        }
    }

    /// Tells of a login that is guessed.
    fn login(&mut self, success: bool, out: &mut Out<'_>) {
        if self.agreed.as_ref().is_none_or(Agreed::is_compressed) {
            return;
        }
        self.logins.attempts = self.logins.attempts.saturating_add(1);
        self.logins.success = Some(success);
        let reply = if success { Reply::Done } else { Reply::Refused(Text::const_new("failure")) };
        self.tell("login", Some(Text::const_new("guessed from lengths")), reply, out);
    }

    fn tell_exchange(&mut self, reply: Reply, out: &mut Out<'_>) {
        if std::mem::replace(&mut self.exchanged, true) {
            return;
        }
        if let Some(agreed) = self.agreed.as_ref().filter(|agreed| agreed.is_weakly_encrypted())
            && reply == Reply::Done
        {
            let names = readable(agreed.encryption.as_bytes(), VALUE_BYTES_MAX);
            out.weakness(Side::Destination, WeaknessKind::WeakCipher, names);
        }
        let value = self.agreed.as_ref().map(|agreed| {
            let names = format!("{} {}", agreed.key_exchange, agreed.encryption);
            readable(names.as_bytes(), VALUE_BYTES_MAX)
        });
        self.tell("key-exchange", value, reply, out);
    }

    fn tell(&self, function: &'static str, value: Option<Text>, reply: Reply, out: &mut Out<'_>) {
        let asked = Asked {
            verb: Verb::Authenticate,
            function: Text::const_new(function),
            target: Target::named(self.host_key.clone().unwrap_or_default()),
            value,
            reply,
            details: city::Details::new(),
        };
        out.request(Side::Source, asked);
    }

    /// What Suricata has an event for, once: who speaks which version with which software, and the texts of HASSH.
    fn event(&mut self, out: &mut Out<'_>) {
        let (client, server) = (&self.halves.source, &self.halves.destination);
        if self.has_event || client.banner.is_none() && server.banner.is_none() {
            return;
        }
        self.has_event = true;
        out.event(Side::Source, "eve_ssh", |fields| {
            for (half, way, [banner, text, hash]) in [
                (client, 0, ["client", "client-hassh", "client-hassh-hash"]),
                (server, 1, ["server", "server-hassh", "server-hassh-hash"]),
            ] {
                if let Some(line) = &half.banner {
                    fields.put(banner, line.clone());
                }
                if let Some(lists) = &half.lists {
                    let names = hassh(lists, way);
                    fields.put(hash, hexadecimal(&Md5::digest(names.as_bytes()), MD5_TEXT));
                    fields.put(text, escaped(names.as_bytes(), HASSH_MAX));
                }
            }
        });
    }

    /// The row of the log: one for each conversation.
    fn row(&self, out: &mut Out<'_>) {
        let (client, server) = (&self.halves.source, &self.halves.destination);
        if client.banner.is_none() && server.banner.is_none() {
            return;
        }
        out.message(Side::Source, "ssh", |fields| {
            if let (Some(client), Some(server)) = (client.offer, server.offer)
                && let Some(version) = client.agreed(server)
            {
                fields.show("version", version);
            }
            if let Some(success) = self.logins.success {
                fields.flag("auth_success", success);
            }
            fields.show("auth_attempts", self.logins.attempts);
            for (column, half) in [("client", client), ("server", server)] {
                if let Some(banner) = &half.banner {
                    fields.put(column, banner.clone());
                }
            }
            if let Some(agreed) = &self.agreed {
                for (column, name) in [
                    ("cipher_alg", &agreed.encryption),
                    ("mac_alg", &agreed.authentication),
                    ("compression_alg", &agreed.compression),
                    ("kex_alg", &agreed.key_exchange),
                    ("host_key_alg", &agreed.host_key),
                ] {
                    fields.put(column, escaped(name.as_bytes(), VALUE_BYTES_MAX));
                }
            }
            if let Some(key) = &self.host_key {
                // Zeek writes the first 24 of the 32 bytes.
                let shown = key.get(..key.len().min(FINGERPRINT_SHOWN)).unwrap_or(key);
                fields.put("host_key_fingerprint", shown);
            }
            for (column, half, way) in [("hasshAlgorithms", client, 0), ("hasshServerAlgorithms", server, 1)]
            {
                if let Some(lists) = &half.lists {
                    fields.put(column, escaped(hassh(lists, way).as_bytes(), LIST_MAX));
                }
            }
        });
    }
}

/// The text of which HASSH is the MD5 (Reardon, 2018): the client's lists towards the server, or the server's towards
/// the client.
fn hassh(lists: &Lists, way: usize) -> String {
    let of = |pair: &[String; 2]| pair.get(way).cloned().unwrap_or_default();
    let [encryption, authentication, compression] =
        [&lists.encryption, &lists.authentication, &lists.compression].map(of);
    format!("{};{encryption};{authentication};{compression}", lists.key_exchange)
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match self.halves.of(side).stage {
                Stage::Banner => match self.line(side, rest, out) {
                    Progress::Used(0) => break,
                    Progress::Used(count) => used += count,
                    progress => return progress,
                },
                Stage::Packets => match parse_packet(rest) {
                    Packet::Whole(kind, payload, length) => {
                        self.message(side, kind, payload, out);
                        used += length;
                    }
                    Packet::Part => break,
                    Packet::Wrong => self.halves.of_mut(side).stage = Stage::Deaf,
                },
                Stage::Encrypted if side == Side::Destination && self.logins.success != Some(true) => {
                    // What comes together with the new keys is no answer (RFC 8308 clause 2.4).
                    if used == 0 {
                        self.encrypted(rest.len(), out);
                    }
                    return Progress::Used(bytes.len());
                }
                Stage::Encrypted | Stage::Deaf => return Progress::Skip(REST),
            }
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        // Where a packet begins cannot be found again, and lengths are of no use when one is missing.
        self.halves.of_mut(side).stage = Stage::Deaf;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if !self.exchanged && self.halves.source.lists.is_some() {
            let failed = self.agreed.as_ref().is_some_and(|agreed| agreed.key_exchange == NOTHING);
            let reply =
                if failed { Reply::Refused(Text::const_new("nothing in common")) } else { Reply::Missing };
            self.tell_exchange(reply, out);
        }
        self.row(out);
        self.event(out);
    }
}
