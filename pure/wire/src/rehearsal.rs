//! Lets a test play a conversation to one dialogue, without packets.

use crate::dialogue::{Dialogue, Open, Out, Progress, Side};
use crate::{Config, Limits};
use city::{Address, Flow, Identity, Observation, Observed, Protocol, Request, Transport, Weakness};
use jiff::{SignedDuration, Timestamp};

/// One dialogue, what it has not used of each side's stream, and what it told.
pub(crate) struct Rehearsal {
    dialogue: Box<dyn Dialogue>,
    config: Config,
    flow: Flow,
    time: Timestamp,
    unused: [Vec<u8>; 2],
    skip: [u64; 2],
    pub(crate) observations: Vec<Observation>,
    /// Whether the dialogue gave up.
    pub(crate) lost: bool,
}

impl Rehearsal {
    /// A conversation between 192.0.2.10 port 50000 and 192.0.2.20 port `port`.
    pub(crate) fn new(open: Open, protocol: Protocol, transport: Transport, port: u16) -> Rehearsal {
        let address = |text: &str| text.parse::<Address>().unwrap();
        Rehearsal {
            dialogue: open(),
            config: Config { sensor: "test".into(), details: true, seed: 1, limits: Limits::default() },
            flow: Flow {
                source: address("192.0.2.10"),
                source_port: 50000,
                destination: address("192.0.2.20"),
                destination_port: port,
                transport,
                protocol: Some(protocol),
            },
            time: Timestamp::UNIX_EPOCH,
            unused: [Vec::new(), Vec::new()],
            skip: [0; 2],
            observations: Vec::new(),
            lost: false,
        }
    }

    fn play<T>(&mut self, act: impl FnOnce(&mut dyn Dialogue, &mut Out<'_>) -> T) -> T {
        self.time += SignedDuration::from_millis(1);
        let mut out = Out {
            config: &self.config,
            observations: &mut self.observations,
            time: self.time,
            flow: self.flow,
            macs: (None, None),
        };
        act(self.dialogue.as_mut(), &mut out)
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: i64) -> &mut Self {
        self.time += SignedDuration::from_secs(seconds);
        self
    }

    /// One side sends a datagram.
    pub(crate) fn datagram(&mut self, side: Side, bytes: &[u8]) -> bool {
        self.play(|dialogue, out| dialogue.datagram(side, bytes, out))
    }

    /// One side sends a piece of its stream.
    pub(crate) fn stream(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        if self.lost {
            return self;
        }
        let index = usize::from(side == Side::Destination);
        self.unused[index].extend_from_slice(bytes);
        let skipped = self.skip[index].min(self.unused[index].len() as u64);
        self.unused[index].drain(..skipped as usize);
        self.skip[index] -= skipped;
        if self.unused[index].is_empty() {
            return self;
        }
        let pending = std::mem::take(&mut self.unused[index]);
        match self.play(|dialogue, out| dialogue.stream(side, &pending, out)) {
            Progress::Used(count) => self.unused[index] = pending[count..].to_vec(),
            Progress::Skip(count) => self.skip[index] = count.saturating_sub(pending.len() as u64),
            Progress::Lost => self.lost = true,
        }
        self
    }

    /// A part of one side's stream is never seen.
    pub(crate) fn gap(&mut self, side: Side, missing: u64) -> &mut Self {
        self.unused[usize::from(side == Side::Destination)].clear();
        self.play(|dialogue, out| dialogue.gap(side, missing, out));
        self
    }

    /// The conversation is over.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.play(|dialogue, out| dialogue.end(out));
        self
    }

    fn facts(&self) -> impl Iterator<Item = &Observed> {
        self.observations.iter().map(|observation| &observation.fact)
    }

    /// The requests told so far.
    pub(crate) fn requests(&self) -> Vec<&Request> {
        self.facts()
            .filter_map(|fact| if let Observed::Request(f) = fact { Some(&**f) } else { None })
            .collect()
    }

    /// The weaknesses told so far.
    pub(crate) fn weaknesses(&self) -> Vec<&Weakness> {
        self.facts()
            .filter_map(|fact| if let Observed::Weakness(f) = fact { Some(f) } else { None })
            .collect()
    }

    /// The identities told so far.
    pub(crate) fn identities(&self) -> Vec<&Identity> {
        self.facts()
            .filter_map(|fact| if let Observed::Identity(f) = fact { Some(f) } else { None })
            .collect()
    }

    /// Each request in one line: who asks, verb, function, target, value, outcome.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|r| {
                let who = if r.flow.source == self.flow.source { ">" } else { "<" };
                let value = r.value.as_deref().unwrap_or("-");
                let why =
                    if let city::Reply::Refused(why) = &r.reply { format!(" {why}") } else { String::new() };
                format!("{who} {} {} [{}] {value} {}{why}", r.verb, r.function, r.target, r.reply.as_str())
            })
            .collect()
    }
}

/// The value of a detail of a request.
pub(crate) fn detail<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.details.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// Bytes from hexadecimal digits; spaces are ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
