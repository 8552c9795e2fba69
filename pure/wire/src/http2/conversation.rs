//! From the preface to one observation.

use super::PREFACE;
use super::parse::{First, parse_first};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use city::{Details, Protocol, Reply, Target, Text, Verb};

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// A client and a server.
pub(crate) struct Conversation {
    client: Side,
    has_preface: bool,
    /// The settings with which each side began.
    settings: Ends<Option<Text>>,
    told: bool,
}

impl Conversation {
    /// At its beginning.
    pub(crate) fn new() -> Conversation {
        Conversation { client: Side::Source, has_preface: false, settings: Ends::default(), told: false }
    }

    /// After HTTP's upgrade: the conversation is one of HTTP/2 from now on.
    pub(crate) fn upgraded(client: Side, out: &mut Out<'_>) -> Conversation {
        out.flow.protocol = Some(Protocol::Http2);
        out.observe(city::Observed::Recognised(out.flow));
        Conversation { client, ..Conversation::new() }
    }

    fn tell(&mut self, reply: Reply, out: &mut Out<'_>) {
        if self.told || !self.has_preface {
            return;
        }
        self.told = true;
        let asked = Asked {
            verb: Verb::Subscribe,
            function: Text::const_new("open"),
            target: Target::default(),
            value: self.settings.of(self.client).clone().filter(|settings| !settings.is_empty()),
            reply,
            details: Details::new(),
        };
        out.request(self.client, asked);
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        out.flow.protocol = Some(Protocol::Http2);
        if self.settings.of(side).is_some() || self.told {
            return Progress::Skip(REST);
        }
        let mut rest = bytes;
        if side == self.client && !self.has_preface {
            let known = rest.len().min(PREFACE.len());
            if rest.get(..known) != PREFACE.get(..known) {
                return Progress::Lost;
            }
            let Some(behind) = rest.get(PREFACE.len()..) else { return Progress::Used(0) };
            self.has_preface = true;
            rest = behind;
        }
        match parse_first(rest) {
            First::Settings(settings) => *self.settings.of_mut(side) = Some(settings),
            First::Part => return Progress::Used(bytes.len() - rest.len()),
            First::Other => return Progress::Lost,
        }
        if self.settings.source.is_some() && self.settings.destination.is_some() {
            self.tell(Reply::Done, out);
        }
        Progress::Skip(REST)
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        // What comes behind cannot be its first frame.
        self.settings.of_mut(side).get_or_insert_default();
    }

    fn end(&mut self, out: &mut Out<'_>) {
        out.flow.protocol = Some(Protocol::Http2);
        self.tell(Reply::Missing, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::READER;
    use super::*;
    use crate::recognise::{Recognition, Sureness};
    use crate::{http, rehearse};
    use city::{Observed, Transport};
    use proptest::prelude::*;

    /// 100 streams at most, and a setting that nobody knows.
    const SETTINGS: &[u8] = &[0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, 0x1a, 0x2a, 0, 0, 0, 1];
    const NONE: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const LINE: &str = "> subscribe open [] max-concurrent-streams=100,setting-6698=1 done";

    #[test]
    fn a_connection_is_named_and_its_settings_told() {
        let client = [PREFACE, SETTINGS, b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x82"].concat();
        let said: &[(Side, &[u8])] =
            &[(Side::Source, &client), (Side::Destination, NONE), (Side::Source, b"rest")];
        let facts = rehearse::stream(&READER, 80, said);
        assert_eq!(rehearse::lines(&facts), [LINE]);
        for size in 1..40 {
            let pieces = rehearse::stream_in_pieces(&READER, 80, said, size);
            assert_eq!(rehearse::lines(&pieces), [LINE], "{size}");
        }
    }

    #[test]
    fn it_is_known_from_http_1() {
        for cut in 0..PREFACE.len() {
            let start = &PREFACE[..cut];
            assert_eq!(rehearse::recognise(&READER, Transport::Tcp, 80, start, &[]), Recognition::More);
        }
        let known = |reader| rehearse::recognise(reader, Transport::Tcp, 8080, PREFACE, &[]);
        assert_eq!(known(&READER), Recognition::Yes(Sureness::BySignature));
        assert_eq!(known(&http::READER), Recognition::No);
        let other = rehearse::recognise(&READER, Transport::Tcp, 80, b"PRI / HTTP/1.1\r\n\r\n", &[]);
        assert_eq!(other, Recognition::No);
    }

    #[test]
    fn it_takes_over_after_an_upgrade() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
        let client = [PREFACE, SETTINGS].concat();
        let facts = rehearse::stream(
            &http::READER,
            80,
            &[
                (Side::Source, request),
                (
                    Side::Destination,
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                ),
                (Side::Destination, NONE),
                (Side::Source, &client),
            ],
        );
        assert_eq!(rehearse::lines(&facts)[1], LINE);
        let is_named = |fact: &Observed| matches!(fact, Observed::Recognised(flow) if flow.protocol == Some(Protocol::Http2));
        assert!(facts.iter().any(is_named));
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_it_panic(
            pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..40)), 0..6),
        ) {
            let mut rehearsal = rehearse::Rehearsal::new(&READER, Transport::Tcp, 80);
            rehearsal.say(Side::Source, PREFACE);
            for (is_client, bytes) in pieces {
                rehearsal.say(if is_client { Side::Source } else { Side::Destination }, &bytes);
            }
            rehearsal.end();
        }
    }
}
