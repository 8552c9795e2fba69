//! For tests: lets a dialogue hear bytes without a network, and builds the frames of a conversation.
//!
//! [`stream`] and [`datagrams`] speak to one [`Dialogue`](crate::dialogue::Dialogue); [`Talk`] makes real frames, with
//! headers and checksums, for tests of the whole [`Wire`](crate::Wire).

use crate::dialogue::{Dialogue, Out, Progress, Reader, Side};
use crate::expected::Expected;
use crate::recognise::{Opening, Recognition};
use crate::unanswered::Allowance;
use crate::{Config, Frame, Limits, LinkType, Wire};
use city::{Flow, Mac, Observation, Observed, Request, Transport, Weakness};
use etherparse::PacketBuilder;
use jiff::{SignedDuration, Timestamp};
use std::net::{IpAddr, SocketAddr};

/// The end that begins, and its MAC address.
pub(crate) const SOURCE: &str = "192.0.2.10:49152";
/// The end that is spoken to; the port comes from the test.
pub(crate) const DESTINATION: &str = "192.0.2.20";
/// The MAC addresses of the two ends.
pub(crate) const MACS: (Mac, Mac) = (Mac([0, 0, 0x5e, 0, 0x53, 0x10]), Mac([0, 0, 0x5e, 0, 0x53, 0x20]));
/// When every rehearsal begins.
pub(crate) const START: Timestamp = Timestamp::constant(1_750_000_000, 0);

/// A configuration that tells everything.
pub(crate) fn config() -> Config {
    Config {
        sensor: "rehearsal".into(),
        logs: true,
        events: city::Protocol::ALL,
        signs: false,
        seed: 1,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    }
}

/// The flow of every rehearsal.
pub(crate) fn flow(reader: &Reader, transport: Transport, port: u16) -> Flow {
    let source: SocketAddr = SOURCE.parse().unwrap();
    let destination: IpAddr = DESTINATION.parse().unwrap();
    Flow {
        source: source.ip().into(),
        source_port: source.port(),
        destination: destination.into(),
        destination_port: port,
        transport,
        protocol: Some(reader.protocol),
    }
}

/// One dialogue that is being rehearsed, for tests that need gaps or want to look at the progress.
pub(crate) struct Rehearsal {
    config: Config,
    flow: Flow,
    dialogue: Box<dyn Dialogue>,
    now: Timestamp,
    pending: [Vec<u8>; 2],
    skip: [u64; 2],
    /// Whether the dialogue has said that it is lost.
    pub(crate) lost: bool,
    observations: Vec<Observation>,
    expected: Expected,
    unanswered: Allowance,
}

impl Rehearsal {
    pub(crate) fn new(reader: &Reader, transport: Transport, port: u16) -> Rehearsal {
        Rehearsal {
            config: config(),
            flow: flow(reader, transport, port),
            dialogue: (reader.open)(),
            now: START,
            pending: [Vec::new(), Vec::new()],
            skip: [0, 0],
            lost: false,
            observations: Vec::new(),
            expected: Expected::default(),
            unanswered: Allowance::new(usize::MAX),
        }
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut dyn Dialogue, &mut Out<'_>) -> R) -> R {
        let mut out = Out {
            config: &self.config,
            observations: &mut self.observations,
            expected: Some(&mut self.expected),
            unanswered: Some(&self.unanswered),
            time: self.now,
            flow: self.flow,
        };
        act(self.dialogue.as_mut(), &mut out)
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, milliseconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(milliseconds)).unwrap();
    }

    /// One segment of a stream, the next in order.
    pub(crate) fn say(&mut self, side: Side, bytes: &[u8]) {
        self.wait(1);
        let at = side as usize;
        self.pending[at].extend_from_slice(bytes);
        while !self.lost && !self.pending[at].is_empty() {
            let skipped = self.skip[at].min(self.pending[at].len() as u64);
            self.skip[at] -= skipped;
            self.pending[at].drain(..skipped as usize);
            if self.pending[at].is_empty() {
                break;
            }
            let shown = self.pending[at].clone();
            match self.with(|dialogue, out| dialogue.stream(side, &shown, out)) {
                Progress::Used(used) => {
                    assert!(used <= shown.len(), "used {used} of {} bytes", shown.len());
                    self.pending[at].drain(..used);
                    if used == 0 || used == shown.len() {
                        break;
                    }
                }
                Progress::Skip(count) => {
                    assert!(count > 0, "a skip of nothing would never end");
                    self.skip[at] = count;
                }
                Progress::Lost => self.lost = true,
            }
        }
    }

    /// Part of a stream that was never seen.
    pub(crate) fn gap(&mut self, side: Side, missing: u64) {
        self.pending[side as usize].clear();
        let after = missing.saturating_sub(self.skip[side as usize]);
        self.skip[side as usize] = self.skip[side as usize].saturating_sub(missing);
        if after > 0 {
            self.with(|dialogue, out| dialogue.gap(side, after, out));
        }
    }

    /// One datagram; whether the dialogue took it for its own.
    pub(crate) fn datagram(&mut self, side: Side, bytes: &[u8]) -> bool {
        self.wait(1);
        self.with(|dialogue, out| dialogue.datagram(side, bytes, out))
    }

    /// The end: everything that was told.
    pub(crate) fn end(mut self) -> Vec<Observed> {
        self.with(|dialogue, out| dialogue.end(out));
        self.observations.into_iter().map(|observation| observation.fact).collect()
    }
}

/// What a dialogue tells of a stream whose segments arrive in this order, to its end.
pub(crate) fn stream(reader: &Reader, port: u16, said: &[(Side, &[u8])]) -> Vec<Observed> {
    let mut rehearsal = Rehearsal::new(reader, Transport::Tcp, port);
    for (side, bytes) in said {
        rehearsal.say(*side, bytes);
    }
    rehearsal.end()
}

/// The further fields of each request of a stream, where only those are wanted by which indicators know it.
pub(crate) fn signs(reader: &Reader, port: u16, said: &[(Side, &[u8])]) -> Vec<city::Details> {
    let mut rehearsal = Rehearsal::new(reader, Transport::Tcp, port);
    rehearsal.config = Config { logs: false, events: &[], signs: true, ..config() };
    for (side, bytes) in said {
        rehearsal.say(*side, bytes);
    }
    let facts = rehearsal.end();
    assert!(!facts.iter().any(|fact| matches!(fact, Observed::Message(_))));
    requests(&facts).into_iter().map(|request| request.details.clone()).collect()
}

/// The same, with every segment cut into pieces of `size` bytes: it must tell the same, at other times.
pub(crate) fn stream_in_pieces(
    reader: &Reader,
    port: u16,
    said: &[(Side, &[u8])],
    size: usize,
) -> Vec<Observed> {
    let mut rehearsal = Rehearsal::new(reader, Transport::Tcp, port);
    for (side, bytes) in said {
        for piece in bytes.chunks(size) {
            rehearsal.say(*side, piece);
        }
    }
    rehearsal.end()
}

/// What a dialogue tells of datagrams, to the end of the conversation. Every one must be taken for its own.
pub(crate) fn datagrams(reader: &Reader, port: u16, said: &[(Side, &[u8])]) -> Vec<Observed> {
    let mut rehearsal = Rehearsal::new(reader, Transport::Udp, port);
    for (side, bytes) in said {
        assert!(rehearsal.datagram(*side, bytes), "not taken: {bytes:02x?}");
    }
    rehearsal.end()
}

/// What the whole wire tells of Ethernet frames that come so far apart, to its end.
pub(crate) fn facts_of_frames(frames: &[&[u8]], apart: SignedDuration) -> Vec<Observed> {
    let mut wire = Wire::new(config());
    let mut out = Vec::new();
    let mut time = START;
    for bytes in frames {
        wire.see(&Frame { time, link: LinkType(1), bytes, length: bytes.len() as u32 }, &mut out);
        time = time.checked_add(apart).unwrap();
    }
    wire.finish(&mut out);
    out.into_iter().map(|observation| observation.fact).collect()
}

/// What the whole wire tells of datagrams between two ends.
pub(crate) fn datagrams_between(source: &str, destination: &str, said: &[(Side, &[u8])]) -> Vec<Observed> {
    let talk = Talk::between(source, destination);
    let talk = said.iter().fold(talk, |talk, (side, bytes)| talk.datagram(*side, bytes));
    let frames: Vec<&[u8]> = talk.frames.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    facts_of_frames(&frames, SignedDuration::from_millis(1))
}

/// Whether a reader recognises a conversation that opens so.
pub(crate) fn recognise(
    reader: &Reader,
    transport: Transport,
    port: u16,
    from_source: &[u8],
    from_destination: &[u8],
) -> Recognition {
    let flow = flow(reader, transport, port);
    let first = if from_source.is_empty() { Side::Destination } else { Side::Source };
    (reader.recognise)(&Opening {
        transport,
        source_port: flow.source_port,
        destination_port: flow.destination_port,
        first,
        from_source,
        from_destination,
    })
}

/// Only the requests.
pub(crate) fn requests(facts: &[Observed]) -> Vec<&Request> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Request(request) => Some(request.as_ref()),
            _ => None,
        })
        .collect()
}

/// Only the weaknesses.
pub(crate) fn weaknesses(facts: &[Observed]) -> Vec<&Weakness> {
    facts
        .iter()
        .filter_map(|fact| match fact {
            Observed::Weakness(weakness) => Some(weakness),
            _ => None,
        })
        .collect()
}

/// Each request in one line: who asks, verb, function, target, value, outcome and why.
pub(crate) fn lines(facts: &[Observed]) -> Vec<String> {
    let line = |request: &&Request| {
        let asker = if request.flow.source_port == 49152 { '>' } else { '<' };
        let value = request.value.as_deref().unwrap_or("-");
        let why = if let city::Reply::Refused(why) = &request.reply { why.as_str() } else { "" };
        let Request { verb, function, target, reply, .. } = request;
        format!("{asker} {verb} {function} [{target}] {value} {} {why}", reply.as_str()).trim_end().to_owned()
    };
    requests(facts).iter().map(line).collect()
}

/// What was told for Suricata's events of a kind, a line each: `name=value` with spaces between.
pub(crate) fn events(facts: &[Observed], kind: &str) -> Vec<String> {
    let of_kind = facts.iter().filter_map(|fact| match fact {
        Observed::Message(message) if message.log == kind => Some(message),
        _ => None,
    });
    let line = |message: &city::Message| {
        let fields: Vec<_> = message.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.join(" ")
    };
    of_kind.map(|message| line(message)).collect()
}

/// Each identity in one line: address, trait, value, field.
pub(crate) fn identities(facts: &[Observed]) -> Vec<String> {
    let line = |fact: &Observed| match fact {
        Observed::Identity(identity) => {
            let about = identity.about.as_str();
            Some(format!("{} {about} {} ({})", identity.address, identity.value, identity.witness.field))
        }
        _ => None,
    };
    facts.iter().filter_map(line).collect()
}

/// The value of a detail of a request.
pub(crate) fn detail<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.details.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// Bytes from hexadecimal digits; spaces are ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Two ends that talk, frame by frame.
#[derive(Clone)]
pub(crate) struct Talk {
    ends: [SocketAddr; 2],
    /// The next sequence number of each end.
    sequence: [u32; 2],
    now: Timestamp,
    /// The frames so far: Ethernet, in the order of their capture.
    pub(crate) frames: Vec<(Timestamp, Vec<u8>)>,
}

impl Talk {
    /// Between two ends, both IPv4 or both IPv6, such as `192.0.2.10:49152`.
    pub(crate) fn between(source: &str, destination: &str) -> Talk {
        Talk {
            ends: [source.parse().unwrap(), destination.parse().unwrap()],
            sequence: [1_000, 9_000],
            now: START,
            frames: Vec::new(),
        }
    }

    /// Begins the sequence numbers elsewhere, to see them wrap.
    pub(crate) fn sequences(mut self, source: u32, destination: u32) -> Talk {
        self.sequence = [source, destination];
        self
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, milliseconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_millis(milliseconds)).unwrap();
    }

    fn put(&mut self, frame: Vec<u8>) {
        self.wait(1);
        self.frames.push((self.now, frame));
    }

    /// A TCP segment with any flags (`S`, `A`, `F`, `R`, `P`), at any sequence number, moving nothing on.
    pub(crate) fn segment_at(&mut self, side: Side, flags: &str, sequence: u32, payload: &[u8]) {
        let (from, to) = (self.ends[side as usize], self.ends[side.other() as usize]);
        let mut tcp = link(side, from.ip(), to.ip()).tcp(from.port(), to.port(), sequence, 8_192);
        for flag in flags.chars() {
            tcp = match flag {
                'S' => tcp.syn(),
                'A' => tcp.ack(self.sequence[side.other() as usize]),
                'F' => tcp.fin(),
                'R' => tcp.rst(),
                'P' => tcp.psh(),
                _ => panic!("no such flag: {flag}"),
            };
        }
        let mut frame = Vec::new();
        tcp.write(&mut frame, payload).unwrap();
        self.put(frame);
    }

    /// The next TCP segment of one side.
    pub(crate) fn segment(&mut self, side: Side, flags: &str, payload: &[u8]) {
        let sequence = self.sequence[side as usize];
        self.segment_at(side, flags, sequence, payload);
        self.skip(side, payload.len() as u32 + flags.matches(['S', 'F']).count() as u32);
    }

    /// Bytes that are sent but not captured.
    pub(crate) fn skip(&mut self, side: Side, bytes: u32) {
        self.sequence[side as usize] = self.sequence[side as usize].wrapping_add(bytes);
    }

    /// The TCP handshake.
    pub(crate) fn open(mut self) -> Talk {
        self.segment(Side::Source, "S", &[]);
        self.segment(Side::Destination, "SA", &[]);
        self.segment(Side::Source, "A", &[]);
        self
    }

    /// A TCP segment with payload, and its acknowledgement.
    pub(crate) fn say(mut self, side: Side, payload: &[u8]) -> Talk {
        self.segment(side, "PA", payload);
        self.segment(side.other(), "A", &[]);
        self
    }

    /// Both ends close.
    pub(crate) fn close(mut self) -> Talk {
        self.segment(Side::Source, "FA", &[]);
        self.segment(Side::Destination, "FA", &[]);
        self.segment(Side::Source, "A", &[]);
        self
    }

    /// A UDP datagram.
    pub(crate) fn datagram(mut self, side: Side, payload: &[u8]) -> Talk {
        let (from, to) = (self.ends[side as usize], self.ends[side.other() as usize]);
        let mut frame = Vec::new();
        link(side, from.ip(), to.ip()).udp(from.port(), to.port()).write(&mut frame, payload).unwrap();
        self.put(frame);
        self
    }
}

/// Ethernet and IP headers from one side.
fn link(side: Side, from: IpAddr, to: IpAddr) -> etherparse::PacketBuilderStep<etherparse::IpHeaders> {
    let (source, destination) = match side {
        Side::Source => MACS,
        Side::Destination => (MACS.1, MACS.0),
    };
    let ethernet = PacketBuilder::ethernet2(source.0, destination.0);
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
        _ => panic!("both ends must be of one IP version"),
    }
}
