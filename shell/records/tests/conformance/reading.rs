//! A capture, read to its end.

use capture::{CaptureFile, Damage};
use city::{Conversation, Identity, Observation, Observed, Request, Weakness};
use std::path::Path;
use wire::{Config, Limits, Wire};

/// What came of a capture.
#[derive(Debug)]
pub struct Reading {
    /// How many packets there were.
    pub packets: u64,
    /// Where reading ended early, if it did.
    pub damage: Option<Damage>,
    /// What was observed, with all details.
    pub observations: Vec<Observation>,
}

impl Reading {
    /// The conversations, in the order of their ends.
    pub fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.observations.iter().filter_map(|it| match &it.fact {
            Observed::Conversation(conversation) => Some(conversation.as_ref()),
            _ => None,
        })
    }

    /// The requests, in the order in which they were told.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.observations.iter().filter_map(|it| match &it.fact {
            Observed::Request(request) => Some(request.as_ref()),
            _ => None,
        })
    }

    /// What devices told of themselves and of others.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.observations.iter().filter_map(|it| match &it.fact {
            Observed::Identity(identity) => Some(identity),
            _ => None,
        })
    }

    /// The weaknesses.
    pub fn weaknesses(&self) -> impl Iterator<Item = &Weakness> {
        self.observations.iter().filter_map(|it| match &it.fact {
            Observed::Weakness(weakness) => Some(weakness),
            _ => None,
        })
    }
}

/// A configuration that tells everything.
pub fn config() -> Config {
    Config {
        sensor: "conformance".into(),
        logs: true,
        events: records::eve::PROTOCOLS,
        signs: false,
        seed: 1,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    }
}

/// Reads a capture to its end.
pub fn read(path: &Path) -> Reading {
    read_with(path, config())
}

/// Reads a capture to its end with a configuration of its own.
pub fn read_with(path: &Path, config: Config) -> Reading {
    let mut file = CaptureFile::open(path).unwrap_or_else(|cause| panic!("{cause}"));
    let mut wire = Wire::new(config);
    let mut observations = Vec::new();
    let mut damage = None;
    loop {
        match file.next() {
            Ok(Some(frame)) => wire.see(&frame, &mut observations),
            Ok(None) => break,
            Err(found) => damage = Some(found),
        }
    }
    wire.finish(&mut observations);
    Reading { packets: file.packets(), damage, observations }
}
