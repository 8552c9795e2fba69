//! Follows a handshake.

use super::message::{PixelFormat, Security, Version};
use super::parse::{self, Found};
use crate::dialogue::{Asked, Dialogue, Fields, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, cut, escaped};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// What is awaited next, in the order of section 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    ServerVersion,
    ClientVersion,
    /// The server chooses (3.3), or offers.
    Offer,
    /// The client chooses.
    Choice,
    Challenge,
    Answer,
    Result,
    /// Why the server refuses.
    Reason,
    ClientInit,
    Screen,
    /// Nothing more is read.
    Over,
}

/// One viewer and one screen.
#[derive(Default)]
struct Conversation {
    step: Step,
    server: Option<Side>,
    versions: [Option<Version>; 2],
    security: Option<Security>,
    /// Whether the exchange of VNC's own proof was seen: the challenge, and the answer.
    proof_seen: [bool; 2],
    /// What became of the proof (section 7.1.3): 0 is that it was accepted.
    result: Option<u32>,
    accepted: Option<bool>,
    reason: Option<Text>,
    shared: Option<bool>,
    screen: Option<(Text, u16, u16, PixelFormat)>,
    told: bool,
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if self.step == Step::Over {
                return Progress::Used(bytes.len());
            }
            // Whoever is not to speak next is heard when it is its turn.
            if rest.is_empty() || side != self.speaker(side) {
                return Progress::Used(used);
            }
            match self.read(rest, out) {
                Found::Of((), length) => used += length,
                Found::More => return Progress::Used(used),
                Found::Nothing if self.versions == [None, None] => return Progress::Lost,
                Found::Nothing => self.step = Step::Over,
            }
        }
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.step = Step::Over;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.tell(out);
    }
}

impl Conversation {
    /// Which side speaks next; the first to speak is the server.
    fn speaker(&mut self, side: Side) -> Side {
        let server = *self.server.get_or_insert(side);
        match self.step {
            Step::ClientVersion | Step::Choice | Step::Answer | Step::ClientInit => server.other(),
            _ => server,
        }
    }

    /// The older of the two versions is spoken.
    fn handshake(&self) -> u8 {
        self.versions.iter().flatten().map(|version| version.handshake()).min().unwrap_or(3)
    }

    /// Reads the next part.
    fn read(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Found<()> {
        match self.step {
            Step::ServerVersion | Step::ClientVersion => {
                let Found::Of(version, length) = parse::parse_version(bytes) else {
                    return if bytes.len() < 12 { Found::More } else { Found::Nothing };
                };
                let place = usize::from(self.step == Step::ClientVersion);
                if let Some(known) = self.versions.get_mut(place) {
                    *known = Some(version);
                }
                self.step = if place == 0 { Step::ClientVersion } else { Step::Offer };
                Found::Of((), length)
            }
            Step::Offer if self.handshake() == 3 => match bytes {
                [0, 0, 0, kind, ..] => {
                    self.choose(Security(*kind));
                    Found::Of((), 4)
                }
                [_, _, _, _, ..] => Found::Nothing,
                _ => Found::More,
            },
            Step::Offer => match bytes {
                // None at all: refused, and a reason follows.
                [0, ..] => {
                    self.security = Some(Security::INVALID);
                    self.accepted = Some(false);
                    self.step = Step::Reason;
                    Found::Of((), 1)
                }
                [count, kinds @ ..] if kinds.len() >= usize::from(*count) => {
                    self.step = Step::Choice;
                    Found::Of((), 1 + usize::from(*count))
                }
                _ => Found::More,
            },
            Step::Choice => match bytes {
                [kind, ..] => {
                    self.choose(Security(*kind));
                    Found::Of((), 1)
                }
                [] => Found::More,
            },
            Step::Challenge | Step::Answer if bytes.len() < 16 => Found::More,
            Step::Challenge => {
                self.proof_seen = [true, false];
                self.step = Step::Answer;
                Found::Of((), 16)
            }
            Step::Answer => {
                self.proof_seen = [true, true];
                self.step = Step::Result;
                Found::Of((), 16)
            }
            Step::Result => match bytes {
                [0, 0, 0, result, ..] => {
                    self.result = Some(u32::from(*result));
                    self.accepted = Some(*result == 0);
                    self.step = match result {
                        0 => Step::ClientInit,
                        // Only the newest says why (section 7.2.2).
                        _ if self.handshake() == 8 => Step::Reason,
                        _ => Step::Over,
                    };
                    Found::Of((), 4)
                }
                [_, _, _, _, ..] => Found::Nothing,
                _ => Found::More,
            },
            Step::Reason => match parse::parse_reason(bytes) {
                Found::Of(text, length) => {
                    self.reason = Some(escaped(text, 1_024));
                    self.step = Step::Over;
                    Found::Of((), length)
                }
                Found::More => Found::More,
                Found::Nothing => Found::Nothing,
            },
            Step::ClientInit => match bytes {
                [shared, ..] => {
                    self.shared = Some(*shared != 0);
                    self.step = Step::Screen;
                    Found::Of((), 1)
                }
                [] => Found::More,
            },
            Step::Screen => match parse::parse_screen(bytes) {
                Found::Of(screen, length) => {
                    let name = escaped(screen.name, 1_024);
                    if let Some(server) = self.server {
                        out.identity(server, Trait::Name, &cut(&name, VALUE_BYTES_MAX), "desktop name", 60);
                    }
                    self.screen = Some((name, screen.width, screen.height, screen.pixel));
                    self.step = Step::Over;
                    self.tell(out);
                    Found::Of((), length)
                }
                Found::More => Found::More,
                Found::Nothing => Found::Nothing,
            },
            Step::Over => Found::Of((), bytes.len()),
        }
    }

    fn choose(&mut self, security: Security) {
        self.security = Some(security);
        self.step = match security {
            Security::INVALID => {
                self.accepted = Some(false);
                Step::Reason
            }
            // Only the newest tells of a result where there was nothing to prove (section 7.2.1).
            Security::NONE if self.handshake() == 8 => Step::Result,
            Security::NONE => {
                self.accepted = Some(true);
                Step::ClientInit
            }
            Security::VNC => Step::Challenge,
            _ => Step::Over,
        };
    }

    /// Tells of the handshake, once.
    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(client) = self.server.map(Side::other) else { return };
        if self.told {
            return;
        }
        self.told = true;
        let security = self.security.map(Security::name);
        if self.security == Some(Security::NONE) && self.accepted == Some(true) {
            out.weakness(
                client.other(),
                WeaknessKind::AnonymousLogin,
                "the screen asks for no proof (security type None)",
            );
        }
        out.message(client, "rfb", |fields| {
            let [server, viewer] = &self.versions;
            let digits = |digits: &[u8; 3]| digits.iter().map(|digit| char::from(*digit)).collect::<String>();
            for (version, major, minor) in [
                (viewer, "client_major_version", "client_minor_version"),
                (server, "server_major_version", "server_minor_version"),
            ] {
                if let Some(version) = version {
                    fields.put(major, digits(&version.major));
                    fields.put(minor, digits(&version.minor));
                }
            }
            if let Some(name) = security {
                fields.put("authentication_method", name);
            }
            for (column, value) in [("auth", self.accepted), ("share_flag", self.shared)] {
                if let Some(value) = value {
                    fields.flag(column, value);
                }
            }
            if let Some((name, width, height, _)) = &self.screen {
                fields.put("desktop_name", name.clone());
                fields.show("width", width);
                fields.show("height", height);
            }
        });
        out.event(client.other(), "eve_rfb", |fields| self.fill_event(fields));
        if let Some(security) = self.security {
            let name = self.screen.as_ref().map(|(name, ..)| cut(name, VALUE_BYTES_MAX));
            out.request(
                client,
                Asked {
                    verb: Verb::Authenticate,
                    function: "open-screen".into(),
                    target: Target::named(name.unwrap_or_default()),
                    value: Some(format_compact!("{}", security.name())),
                    reply: match self.accepted {
                        Some(true) => Reply::Done,
                        Some(false) => Reply::Refused("failed".into()),
                        None => Reply::Missing,
                    },
                    details: Details::new(),
                },
            );
        }
    }

    /// What Suricata's event has. Of VNC's own proof it is told that it was there: the answer is made with the password.
    fn fill_event(&self, fields: &mut Fields) {
        let [server, viewer] = &self.versions;
        for (version, column) in [(server, "server-version"), (viewer, "client-version")] {
            if let Some(Version { major, minor }) = version {
                let digits = major.iter().chain(b".").chain(minor).map(|digit| char::from(*digit));
                fields.put(column, digits.collect::<Text>());
            }
        }
        if let Some(Security(number)) = self.security {
            fields.show("security-type", number);
        }
        for (seen, column) in self.proof_seen.iter().zip(["challenge", "response"]) {
            if *seen {
                fields.put(column, "(hidden)");
            }
        }
        if let Some(result) = self.result {
            fields.show("security-result", result);
        }
        if let Some(reason) = &self.reason {
            fields.put("reason", reason.clone());
        }
        if let Some(shared) = self.shared {
            fields.show("shared", shared);
        }
        if let Some((name, width, height, pixel)) = &self.screen {
            fields.show("width", width);
            fields.show("height", height);
            fields.put("name", name.clone());
            fields.show("bits-per-pixel", pixel.bits);
            fields.show("depth", pixel.depth);
            fields.show("big-endian", pixel.big_endian);
            fields.show("true-colour", pixel.true_colour);
            let colours = pixel.greatest.iter().zip(&pixel.shifts);
            for ((greatest, shift), [greatest_column, shift_column]) in colours.zip([
                ["red-max", "red-shift"],
                ["green-max", "green-shift"],
                ["blue-max", "blue-shift"],
            ]) {
                fields.show(greatest_column, greatest);
                fields.show(shift_column, shift);
            }
        }
    }
}
