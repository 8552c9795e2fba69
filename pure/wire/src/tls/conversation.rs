//! From records to one observation a handshake.

use super::certificate::{Certificate, parse_certificate};
use super::fingerprint::{Carrier, ja3, ja3s, ja4, md5};
use super::message::{
    ClientHello, HandshakeKind, ServerHello, Version, alert_name, cipher_name, group_name, is_weak_cipher,
    ssl2_cipher_name,
};
use super::parse::{
    RecordHeader, RecordKind, parse_certificates, parse_client_hello, parse_named_curve, parse_record_header,
    parse_server_hello, parse_ssl2_hello, parse_ssl2_server_hello,
};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::ocsp;
use crate::show::{hexadecimal, listed_numbers, seconds};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{CompactString, ToCompactString, format_compact};
use jiff::Timestamp;

/// The longest message of a handshake that is put together. Chains of certificates are a few thousand bytes.
const MESSAGE_MAX: usize = 128 << 10;

/// The longest history of a handshake, in letters.
const HISTORY_MAX: usize = 64;

/// The longest list of codes in details, in bytes.
const LIST_TEXT_MAX: usize = 1_024;

/// The length of the head of a record.
const HEAD: usize = 5;

/// The head of a message of a handshake: type and length.
const MESSAGE_HEAD: usize = 4;

/// What one side has said.
#[derive(Debug, Default)]
struct Half {
    /// The beginning of a message of the handshake whose end is in the next record.
    partial: Vec<u8>,
    /// How much of an overlong message is still to be passed over.
    discard: usize,
    /// It has changed to the agreed cipher.
    is_encrypted: bool,
    /// It has sent what is, in TLS 1.3, the encrypted rest of its handshake.
    has_sent_data: bool,
    /// A record of it has been read.
    has_begun: bool,
    /// A part was not seen: the next record has to be found.
    is_searching: bool,
}

/// A client and a server that agree on a cipher.
#[derive(Debug)]
pub struct Conversation {
    halves: Ends<Half>,
    client: Side,
    began: Option<Timestamp>,
    offered: Option<ClientHello>,
    chosen: Option<ServerHello>,
    /// The version and the ciphers in common of SSL 2.
    ssl2: Option<(Version, Vec<u32>)>,
    chains: Ends<Vec<Certificate>>,
    curve: Option<u16>,
    alert: Option<u8>,
    history: String,
    carrier: Carrier,
    /// How many hellos each side has said.
    hellos: Ends<u32>,
    told: bool,
}

impl Conversation {
    /// At its beginning.
    pub fn new() -> Conversation {
        Conversation::over(Carrier::Tcp)
    }

    /// At its beginning, with messages that come to it otherwise than in the records of a stream.
    pub fn over(carrier: Carrier) -> Conversation {
        Conversation {
            halves: Ends::default(),
            client: Side::Source,
            began: None,
            offered: None,
            chosen: None,
            ssl2: None,
            chains: Ends::default(),
            curve: None,
            alert: None,
            history: String::new(),
            carrier,
            hellos: Ends::default(),
            told: false,
        }
    }

    /// How many hellos a side has said.
    pub fn hellos(&self, side: Side) -> u32 {
        *self.hellos.of(side)
    }

    /// What the client offered, once it did.
    pub fn offered(&self) -> Option<&ClientHello> {
        self.offered.as_ref()
    }

    /// What the server chose last, once it did.
    pub fn chosen(&self) -> Option<&ServerHello> {
        self.chosen.as_ref()
    }

    /// Tells of the handshake, unless it was told or there was none.
    pub fn finish(&mut self, reply: Reply, out: &mut Out<'_>) {
        if !self.told && (self.offered.is_some() || self.chosen.is_some()) {
            self.tell(reply, out);
        }
    }

    fn half(&mut self, side: Side) -> &mut Half {
        self.halves.of_mut(side)
    }

    fn version(&self) -> Option<Version> {
        self.chosen.as_ref().filter(|hello| !hello.is_retry).map(|hello| hello.version)
    }

    fn is_tls13(&self) -> bool {
        self.chosen.as_ref().is_some_and(|hello| hello.version.is_tls13())
    }

    /// Notes a message as Zeek's `ssl_history` does; `^` in front says that the end that was spoken to is the client.
    fn note(&mut self, side: Side, letter: u8) {
        if self.history.len() < HISTORY_MAX && !self.told {
            if self.history.is_empty() && self.client == Side::Destination {
                self.history.push('^');
            }
            let letter = if side == self.client { letter.to_ascii_uppercase() } else { letter };
            self.history.push(char::from(letter));
        }
    }

    /// Whether both ends have shown that they agree.
    fn is_established(&self) -> bool {
        let Ends { source, destination } = &self.halves;
        match self.version() {
            Some(version) if version.is_tls13() => source.has_sent_data && destination.has_sent_data,
            // RFC 5246 clause 7.1: whoever changes second has verified what the other one finished with.
            Some(_) => source.is_encrypted && destination.is_encrypted,
            None => false,
        }
    }

    pub fn record(&mut self, side: Side, header: RecordHeader, bytes: &[u8], out: &mut Out<'_>) {
        self.half(side).has_begun = true;
        match header.kind {
            RecordKind::HANDSHAKE if !self.half(side).is_encrypted => self.handshake(side, bytes, out),
            RecordKind::ALERT if !self.half(side).is_encrypted => {
                if let [level, description] = *bytes {
                    self.alert(side, level, description, out);
                }
            }
            RecordKind::CHANGE_CIPHER_SPEC => {
                self.note(side, b'i');
                // In TLS 1.3 it changes nothing and is there for the sake of middleboxes (RFC 8446 appendix D.4).
                if !self.is_tls13() && self.chosen.is_some() {
                    self.half(side).is_encrypted = true;
                }
            }
            _ => {}
        }
        if !self.told && self.is_established() {
            self.tell(Reply::Done, out);
        }
    }

    pub fn application_data(&mut self, side: Side, header: RecordHeader, out: &mut Out<'_>) {
        /// An encrypted alert: two bytes, the true type, and sixteen bytes of authentication.
        const ENCRYPTED_ALERT: u16 = 2 + 1 + 16;
        self.half(side).has_begun = true;
        // What a client sends before the server has chosen is early data; an alert is no agreement either.
        let counts = self.is_tls13() && header.length > ENCRYPTED_ALERT;
        if counts && (side != self.client || self.half(side.other()).has_sent_data) {
            self.half(side).has_sent_data = true;
        }
        if !self.told && self.is_established() {
            self.tell(Reply::Done, out);
        }
    }

    fn alert(&mut self, side: Side, level: u8, description: u8, out: &mut Out<'_>) {
        const FATAL: u8 = 2;
        self.note(side, b'l');
        self.alert = Some(description);
        if level == FATAL && !self.told && (self.offered.is_some() || self.chosen.is_some()) {
            self.tell(Reply::Refused(alert_name(description)), out);
        }
    }

    /// Puts messages together from records: a record may hold several, and a message may need several records.
    pub fn handshake(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        let half = self.half(side);
        let passed = half.discard.min(bytes.len());
        half.discard -= passed;
        // What was there before stays where it is: a message in very many records must not be copied for each of them.
        let mut joined = std::mem::take(&mut half.partial);
        joined.extend_from_slice(bytes.get(passed..).unwrap_or_default());
        let mut at = 0;
        while let Some([kind, a, b, c, behind @ ..]) = joined.get(at..) {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            if let Some(body) = behind.get(..length) {
                self.message(side, HandshakeKind(*kind), body, out);
                at += MESSAGE_HEAD + length;
            } else if length > MESSAGE_MAX {
                self.half(side).discard = length - behind.len();
                return;
            } else {
                break;
            }
        }
        joined.drain(..at);
        self.half(side).partial = joined;
    }

    fn message(&mut self, side: Side, kind: HandshakeKind, body: &[u8], out: &mut Out<'_>) {
        if matches!(
            kind,
            HandshakeKind::CLIENT_HELLO | HandshakeKind::SERVER_HELLO | HandshakeKind::HELLO_RETRY_REQUEST
        ) {
            let hellos = self.hellos.of_mut(side);
            *hellos = hellos.saturating_add(1);
        }
        match kind {
            HandshakeKind::CLIENT_HELLO => {
                self.client = side;
                self.began.get_or_insert(out.time);
                if let Some(hello) = parse_client_hello(body) {
                    self.offered = Some(hello);
                }
            }
            HandshakeKind::SERVER_HELLO | HandshakeKind::HELLO_RETRY_REQUEST => {
                self.client = side.other();
                self.began.get_or_insert(out.time);
                if let Some(hello) = parse_server_hello(body) {
                    if hello.is_retry {
                        self.note(side, b'j');
                        self.chosen = Some(hello);
                        return;
                    }
                    self.curve = hello.group.or(self.curve);
                    self.chosen = Some(hello);
                }
            }
            HandshakeKind::CERTIFICATE if !self.is_tls13() => {
                let chain = parse_certificates(body).into_iter().filter_map(parse_certificate).collect();
                *self.chains.of_mut(side) = chain;
            }
            HandshakeKind::CERTIFICATE_STATUS if out.wants_logs() => {
                // RFC 6066 clause 8: the kind of status, its length, and the answer of whoever knows.
                if let [1, _, _, _, answer @ ..] = body {
                    ocsp::tell(answer, side, out);
                }
            }
            HandshakeKind::SERVER_KEY_EXCHANGE => self.curve = self.curve.or(self.elliptic_curve(body)),
            _ => {}
        }
        self.note(side, kind.letter());
    }

    /// The curve of a key exchange, if the cipher uses one.
    fn elliptic_curve(&self, body: &[u8]) -> Option<u16> {
        let name = cipher_name(self.chosen.as_ref()?.cipher)?;
        if name.contains("_ECDH") { parse_named_curve(body) } else { None }
    }

    /// Tells of the handshake, once.
    fn tell(&mut self, reply: Reply, out: &mut Out<'_>) {
        self.told = true;
        let server = self.client.other();
        let version = self.version().or(self.ssl2.as_ref().map(|(version, _)| *version));
        if let Some(version) = version.filter(|version| version.is_obsolete()) {
            out.weakness(server, WeaknessKind::ObsoleteTls, version.to_compact_string());
        }
        let cipher = self.chosen.as_ref().filter(|hello| !hello.is_retry);
        if let Some(name) =
            cipher.and_then(|chosen| cipher_name(chosen.cipher)).filter(|name| is_weak_cipher(name))
        {
            out.weakness(server, WeaknessKind::WeakCipher, name);
        }
        self.tell_of_certificates(server, out);
        let name = self.offered.as_ref().and_then(|hello| hello.server_name.clone());
        let mut target = Target::named(name.unwrap_or_default());
        target.name.make_ascii_lowercase();
        let value = version.map(|version| match self.cipher() {
            Some(cipher) => format_compact!("{version} {cipher}"),
            None => version.to_compact_string(),
        });
        let details = if out.wants_details() {
            self.details(version, out.wants_events() || out.wants_signs())
        } else if out.wants_signs() {
            self.signs()
        } else {
            Details::new()
        };
        let function = CompactString::const_new("handshake");
        out.request(self.client, Asked { verb: Verb::Authenticate, function, target, value, reply, details });
    }

    fn cipher(&self) -> Option<Text> {
        if let Some((_, ciphers)) = &self.ssl2 {
            let first = ciphers.first()?;
            return Some(
                ssl2_cipher_name(*first).map_or_else(|| format_compact!("{first:06x}"), Text::const_new),
            );
        }
        let chosen = self.chosen.as_ref().filter(|hello| !hello.is_retry)?;
        Some(
            cipher_name(chosen.cipher)
                .map_or_else(|| format_compact!("{:04x}", chosen.cipher), Text::const_new),
        )
    }

    fn is_resumed(&self) -> bool {
        let (Some(offered), Some(chosen)) = (&self.offered, &self.chosen) else { return false };
        if chosen.version.is_tls13() {
            return chosen.has_pre_shared_key;
        }
        let server = self.client.other();
        let (half, chain) = (self.halves.of(server), self.chains.of(server));
        let is_same = !offered.session.is_empty() && offered.session == chosen.session;
        // With a ticket the identifier may be anything; that no key was exchanged shows it (RFC 5077 clause 3.1).
        let is_short =
            offered.has_ticket && half.is_encrypted && chain.is_empty() && !self.history.contains('n');
        is_same || is_short
    }

    fn tell_of_certificates(&mut self, server: Side, out: &mut Out<'_>) {
        for side in [server, server.other()] {
            let chain = std::mem::take(self.chains.of_mut(side));
            if let Some(leaf) = chain.first() {
                if let Some(name) = leaf.common_name.as_ref().filter(|name| !name.starts_with("*.")) {
                    out.identity(side, Trait::Name, name, "certificate subject CN", 60);
                }
                if let Some(organisation) = &leaf.organisation {
                    // Makers sign what they build into devices themselves; elsewhere the organisation is the owner.
                    let confidence = if leaf.is_self_signed { 60 } else { 30 };
                    out.identity(side, Trait::Vendor, organisation, "certificate subject O", confidence);
                }
                if leaf.is_self_signed {
                    out.weakness(side, WeaknessKind::CertificateSelfSigned, leaf.subject.clone());
                }
            }
            let expired = chain.iter().find_map(|certificate| {
                let until = certificate.not_after.filter(|until| *until < out.time)?;
                Some(format_compact!("expired {}, {}", until.strftime("%Y-%m-%d"), certificate.subject))
            });
            if let Some(detail) = expired {
                out.weakness(side, WeaknessKind::CertificateExpired, detail);
            }
            let weak = chain.iter().find_map(|certificate| {
                Some(format_compact!("{}, {}", certificate.weakness()?, certificate.subject))
            });
            if let Some(detail) = weak {
                out.weakness(side, WeaknessKind::CertificateWeak, detail);
            }
            *self.chains.of_mut(side) = chain;
        }
    }

    /// By what indicators know a handshake.
    fn signs(&self) -> Details {
        let mut signs = Details::new();
        let mut put = |key: &'static str, value: Text| signs.push((CompactString::const_new(key), value));
        if let Some(offered) = &self.offered {
            put("ja3-hash", hexadecimal(&md5(&ja3(offered)), 32));
            put("ja4", ja4(offered, self.carrier));
        }
        for side in [self.client.other(), self.client] {
            if let Some(owner) = self.chains.of(side).first() {
                put("certificate-fingerprint", owner.fingerprint.clone());
                put("certificate-sha1", owner.sha1.clone());
            }
        }
        signs
    }

    fn details(&mut self, version: Option<Version>, for_events: bool) -> Details {
        let mut details = Details::with_capacity(32);
        let mut put = |key: &'static str, value: Text| details.push((CompactString::const_new(key), value));
        if let Some(began) = self.began {
            put("asked", seconds(began));
        }
        if let Some(version) = version {
            put("version", version.to_compact_string());
            put("version-code", hexadecimal(&version.0.to_be_bytes(), 4));
        }
        if let Some(offered) = &self.offered {
            put("client-version", Version(offered.version).to_compact_string());
            for version in &offered.versions {
                put("version-offered", Version(*version).to_compact_string());
            }
        }
        if let Some(cipher) = self.cipher() {
            put("cipher", cipher);
        }
        if let Some(chosen) = self.chosen.as_ref().filter(|hello| !hello.is_retry) {
            put("cipher-code", hexadecimal(&chosen.cipher.to_be_bytes(), 4));
        }
        if let Some(curve) = self.curve {
            put("curve", group_name(curve));
        }
        if let Some(offered) = &self.offered {
            if let Some(name) = &offered.server_name {
                put("server-name", name.clone());
            }
            offered.protocols.iter().for_each(|name| put("alpn-offered", name.clone()));
            for (key, codes) in [
                ("ciphers-offered", &offered.ciphers),
                ("extensions-offered", &offered.extensions),
                ("groups-offered", &offered.groups),
                ("signatures-offered", &offered.signatures),
            ] {
                put(key, listed_numbers(codes.iter().copied(), LIST_TEXT_MAX));
            }
        }
        if let Some(protocol) = self.chosen.as_ref().and_then(|hello| hello.protocol.clone()) {
            put("alpn", protocol);
        }
        put("resumed", self.is_resumed().to_compact_string());
        put("established", self.is_established().to_compact_string());
        if let Some(alert) = self.alert {
            put("alert", alert_name(alert));
        }
        put("history", self.history.as_str().into());
        if let Some(offered) = &self.offered {
            let text = ja3(offered);
            if for_events {
                put("ja3-hash", hexadecimal(&md5(&text), 32));
            }
            put("ja3", text);
            put("ja4", ja4(offered, self.carrier));
        }
        if let Some(chosen) = &self.chosen {
            let text = ja3s(chosen);
            if for_events {
                put("ja3s-hash", hexadecimal(&md5(&text), 32));
            }
            put("ja3s", text);
            put("extensions", listed_numbers(chosen.extensions.iter().copied(), LIST_TEXT_MAX));
        }
        let client = self.client;
        for (side, from) in [(client.other(), "server"), (client, "client")] {
            self.chains.of_mut(side).iter().for_each(|certificate| certificate.put(from, &mut details));
        }
        details
    }

    /// Reads a hello in the form of SSL 2 at the beginning of a stream; how many bytes it took.
    fn ssl2(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Option<usize> {
        if let Some(hello) = parse_ssl2_hello(bytes) {
            self.half(side).has_begun = true;
            self.client = side;
            self.began.get_or_insert(out.time);
            let ciphers = hello.ciphers.iter().filter_map(|cipher| u16::try_from(*cipher).ok()).collect();
            self.offered = Some(ClientHello { version: hello.version, ciphers, ..ClientHello::default() });
            self.note(side, b'c');
            return Some(hello.length);
        }
        let hello = parse_ssl2_server_hello(bytes)?;
        self.half(side).has_begun = true;
        self.client = side.other();
        self.began.get_or_insert(out.time);
        self.ssl2 = Some((Version(hello.version), hello.ciphers));
        self.chains.of_mut(side).extend(parse_certificate(hello.certificate));
        self.note(side, b's');
        self.tell(Reply::Done, out);
        Some(bytes.len())
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        // Behind the handshake everything is encrypted, and nothing more can be learned.
        const REST: u64 = u64::MAX >> 1;
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if self.told && (self.is_established() || self.ssl2.is_some()) {
                return Progress::Skip(REST);
            }
            let Some(header) = parse_record_header(rest) else {
                let half = self.half(side);
                let may_begin =
                    matches!(rest, [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _]);
                let (is_first, is_searching) = (!half.has_begun, half.is_searching);
                if may_begin {
                    break;
                }
                if is_searching {
                    return Progress::Used(bytes.len());
                }
                match self.ssl2(side, rest, out) {
                    Some(length) if is_first => {
                        used += length.min(rest.len());
                        continue;
                    }
                    None if is_first && matches!(rest, [0x80..=0xff, ..]) && rest.len() < (1 << 15) + 2 => {
                        break;
                    }
                    _ => return Progress::Lost,
                }
            };
            self.half(side).is_searching = false;
            let length = HEAD + usize::from(header.length);
            if header.kind == RecordKind::APPLICATION_DATA {
                self.application_data(side, header, out);
                if rest.len() < length {
                    return Progress::Skip((used + length) as u64);
                }
            } else {
                let Some(record) = rest.get(HEAD..length) else { break };
                self.record(side, header, record, out);
            }
            used += length;
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        let half = self.half(side);
        half.partial.clear();
        half.discard = 0;
        half.is_searching = true;
    }

    fn holds(&self) -> usize {
        self.halves.source.partial.capacity() + self.halves.destination.partial.capacity()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.finish(Reply::Missing, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::READER;
    use super::super::parse::tests::{client_hello, server_hello};
    use super::*;
    use crate::rehearse;
    use city::Request;
    use proptest::prelude::*;

    fn record(kind: u8, bytes: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3][..], &(bytes.len() as u16).to_be_bytes(), bytes].concat()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let [_, a, b, c] = (body.len() as u32).to_be_bytes();
        [&[kind, a, b, c][..], body].concat()
    }

    fn detail<'a>(request: &'a Request, key: &str) -> &'a str {
        request.details.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    const FINISHED: &[u8] = &[0x5a; 40];

    fn tls12(version: u16) -> Vec<(Side, Vec<u8>)> {
        // The server's messages are split over records in the middle of one.
        let flight = [
            message(2, &server_hello(version, 0xc02f)),
            message(12, &[3, 0, 23, 4, 1, 2, 3, 4]),
            message(14, &[]),
        ]
        .concat();
        let (first, second) = flight.split_at(50);
        vec![
            (Side::Source, record(22, &message(1, &client_hello(&[])))),
            (Side::Destination, [record(22, first), record(22, second)].concat()),
            (
                Side::Source,
                [record(22, &message(16, &[1, 2])), record(20, &[1]), record(22, FINISHED)].concat(),
            ),
            (Side::Destination, [record(20, &[1]), record(22, FINISHED)].concat()),
            (Side::Source, record(23, &[0xee; 2000])),
        ]
    }

    fn borrowed(said: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
        said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect()
    }

    #[test]
    fn a_handshake_is_told_when_it_is_done() {
        let facts = rehearse::stream(&READER, 443, &borrowed(&tls12(0x0303)));
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!((request.verb, request.reply.clone()), (Verb::Authenticate, Reply::Done));
        assert_eq!(request.target.name, "pump.example");
        assert_eq!(request.value.as_deref(), Some("TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        for (key, value) in [
            ("curve", "secp256r1"),
            ("alpn", "h2"),
            ("established", "true"),
            ("resumed", "false"),
            ("history", "CsknGIi"),
        ] {
            assert_eq!(detail(request, key), value, "{key}");
        }
        assert!(rehearse::weaknesses(&facts).is_empty());
    }

    #[test]
    fn indicators_know_a_handshake_by_its_fingerprints() {
        let said = tls12(0x0303);
        let facts = rehearse::stream(&READER, 443, &borrowed(&said));
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        let wanted: Vec<_> =
            ["ja3-hash", "ja4"].map(|key| (Text::from(key), Text::from(detail(request, key)))).into();
        assert!(wanted.iter().all(|(_, value)| value.len() >= 32));
        assert_eq!(rehearse::signs(&READER, 443, &borrowed(&said)), [wanted]);
    }

    #[test]
    fn an_obsolete_version_is_a_weakness_of_the_server() {
        let facts = rehearse::stream(&READER, 443, &borrowed(&tls12(0x0301)));
        let [weakness] = rehearse::weaknesses(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!((weakness.kind, weakness.detail.as_str()), (WeaknessKind::ObsoleteTls, "TLS 1.0"));
        assert_eq!(weakness.address.to_string(), rehearse::DESTINATION);
    }

    #[test]
    fn a_weak_cipher_is_a_weakness_of_the_server() {
        for (cipher, name) in [
            (0x0005, Some("TLS_RSA_WITH_RC4_128_SHA")),
            (0x000a, Some("TLS_RSA_WITH_3DES_EDE_CBC_SHA")),
            (0x003b, Some("TLS_RSA_WITH_NULL_SHA256")),
            (0x0034, Some("TLS_DH_anon_WITH_AES_128_CBC_SHA")),
            (0x0008, Some("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA")),
            (0x002f, None),
        ] {
            let said = [
                (Side::Source, record(22, &message(1, &client_hello(&[])))),
                (Side::Destination, record(22, &message(2, &server_hello(0x0303, cipher)))),
            ];
            let facts = rehearse::stream(&READER, 443, &borrowed(&said));
            let found: Vec<_> = rehearse::weaknesses(&facts)
                .iter()
                .map(|weakness| (weakness.kind, weakness.detail.to_string()))
                .collect();
            let wanted: Vec<_> =
                name.iter().map(|name| (WeaknessKind::WeakCipher, (*name).to_owned())).collect();
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn tls_1_3_is_known_by_its_list_of_versions() {
        let said = vec![
            (Side::Source, record(22, &message(1, &client_hello(&[0x0304])))),
            (
                Side::Destination,
                [
                    record(22, &message(2, &server_hello(0x0304, 0x1301))),
                    record(20, &[1]),
                    record(23, &[1; 900]),
                ]
                .concat(),
            ),
            (Side::Source, [record(20, &[1]), record(23, &[1; 53])].concat()),
        ];
        let facts = rehearse::stream(&READER, 443, &borrowed(&said));
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(request.value.as_deref(), Some("TLS 1.3 TLS_AES_128_GCM_SHA256"));
        assert_eq!((request.reply.clone(), detail(request, "curve")), (Reply::Done, "x25519"));
        // The client breaks off with an alert instead.
        let mut said = said;
        said[2].1 = record(23, &[1; 19]);
        let facts = rehearse::stream(&READER, 443, &borrowed(&said));
        assert_eq!(rehearse::requests(&facts)[0].reply, Reply::Missing);
    }

    #[test]
    fn a_hello_in_the_form_of_ssl_2_is_one() {
        let hello = |version: u8| {
            let mut hello =
                vec![0x80, 9 + 3 + 16, 1, version, u8::from(version == 0) * 2, 0, 3, 0, 0, 0, 16, 7, 0, 0xc0];
            hello.extend([5; 16]);
            hello
        };
        // The client would rather speak SSL 3, and the server takes it by its word.
        let mut said = tls12(0x0300);
        said[0].1 = hello(3);
        let facts = rehearse::stream(&READER, 443, &borrowed(&said));
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!((request.reply.clone(), detail(request, "version")), (Reply::Done, "SSL 3"));
        // The server knows nothing newer than SSL 2.
        let answer = [0x80, 14, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 7, 0, 0xc0];
        let facts =
            rehearse::stream(&READER, 443, &[(Side::Source, &hello(0)), (Side::Destination, &answer)]);
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(request.value.as_deref(), Some("SSL 2 SSL_CK_DES_192_EDE3_CBC_WITH_MD5"));
        assert_eq!(rehearse::weaknesses(&facts)[0].kind, WeaknessKind::ObsoleteTls);
    }

    #[test]
    fn a_fatal_alert_is_a_refusal() {
        let said = vec![
            (Side::Source, record(22, &message(1, &client_hello(&[])))),
            (Side::Destination, record(21, &[2, 40])),
        ];
        let facts = rehearse::stream(&READER, 443, &borrowed(&said));
        let [request] = rehearse::requests(&facts)[..] else { panic!("{facts:?}") };
        assert_eq!(request.reply, Reply::Refused("handshake_failure".into()));
        assert_eq!(detail(request, "history"), "Cl");
    }

    #[test]
    fn it_does_not_matter_where_segments_are_cut() {
        for version in [0x0301, 0x0303] {
            let said = tls12(version);
            let whole = rehearse::stream(&READER, 443, &borrowed(&said));
            for size in (1..80).chain([1000]) {
                let pieces = rehearse::stream_in_pieces(&READER, 443, &borrowed(&said), size);
                let told = |facts: &[_]| {
                    let requests = rehearse::requests(facts);
                    let details = requests[0]
                        .details
                        .iter()
                        .filter(|(key, _)| key != "asked")
                        .cloned()
                        .collect::<Vec<_>>();
                    (requests.len(), requests[0].value.clone(), details, rehearse::weaknesses(facts).len())
                };
                assert_eq!(told(&pieces), told(&whole), "{size}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_it_panic_or_hold_too_much(
            changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..20),
            size in 1_usize..300,
        ) {
            let mut rehearsal = rehearse::Rehearsal::new(&READER, city::Transport::Tcp, 443);
            let said = tls12(0x0303);
            let length: usize = said.iter().map(|(_, bytes)| bytes.len()).sum();
            let mut before = 0;
            for (side, mut bytes) in said {
                for (at, byte) in &changes {
                    if let Some(changed) = (at % length).checked_sub(before).and_then(|at| bytes.get_mut(at)) {
                        *changed = *byte;
                    }
                }
                before += bytes.len();
                for piece in bytes.chunks(size) {
                    rehearsal.say(side, piece);
                }
            }
            prop_assert!(rehearse::requests(&rehearsal.end()).len() <= 1);
        }
    }

    #[test]
    fn an_overlong_message_is_passed_over() {
        let mut rehearsal = rehearse::Rehearsal::new(&READER, city::Transport::Tcp, 443);
        rehearsal.say(Side::Source, &record(22, &message(1, &client_hello(&[]))));
        let mut announced = vec![11, 0x7f, 0xff, 0xff];
        announced.extend([0; 100]);
        rehearsal.say(Side::Destination, &record(22, &announced));
        rehearsal.gap(Side::Destination, 0x7f_ffff);
        rehearsal.say(Side::Destination, &record(22, &message(2, &server_hello(0x0303, 0xc02f))));
        assert!(!rehearsal.lost);
        let facts = rehearsal.end();
        assert_eq!(
            rehearse::requests(&facts)[0].value.as_deref(),
            Some("TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        );
    }
}
