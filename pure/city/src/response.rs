//! Responses: containing actions, each reversible, with what they will cost.

use crate::{Address, AssetId, PeerId, ResponseId, ServiceId, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A device is to be cut off from every other, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Its number in this city, from 1, in the order in which they were thought of.
    pub number: u64,
    /// The address that is cut off.
    pub target: IpAddr,
    /// The declared asset there, if the plan knows it.
    pub asset: Option<AssetId>,
    /// What people call the device.
    pub name: Text,
    /// The findings that it answers, by their numbers; none if a person thought of it. At most
    /// [`Response::FINDINGS_MAX`].
    pub findings: Vec<u64>,
    /// The defences of other cities that ask for it: whose each is, and its STIX id. At most [`Response::DEFENCES_MAX`].
    pub defences: Vec<(PeerId, Text)>,
    /// What it will cost, the gravest first.
    pub consequences: Vec<Consequence>,
    /// The part of the plan that says to act without asking.
    pub standing: Option<ResponseId>,
    /// How far it has come.
    pub state: ResponseState,
    /// When a conversation of the device was last begun and answered, as the wire heard it, since the order was answered:
    /// whether cutting it off, here or by hand, took effect.
    pub heard: Option<Timestamp>,
    /// What happened to it, oldest first; at most [`Response::STEPS_MAX`], the first and the latest.
    pub steps: Vec<Step>,
}

/// What a response costs one public service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// The service.
    pub service: ServiceId,
    /// In plain words.
    pub text: Text,
    /// Whether the plan says that the service must run.
    pub must_run: bool,
}

/// Something that happened to a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub time: Timestamp,
    /// Who, by name; none if Bastide did it by itself.
    pub by: Option<Text>,
    /// What, in plain words.
    pub text: Text,
}

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseState {
    /// A person must say whether it shall be done.
    Proposed,
    /// One person agreed; a service that must run is at stake, so a second must.
    Agreed,
    /// It is being done.
    Ordered,
    /// It is done: the device is cut off.
    Contained,
    /// It could not be done; whether the device is cut off must be looked at.
    Failed,
    /// It is being undone.
    Releasing,
    /// It was undone.
    Released,
    /// A person said that it shall not be done.
    Dismissed,
}

impl ResponseState {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ResponseState::Proposed => "proposed",
            ResponseState::Agreed => "agreed",
            ResponseState::Ordered => "ordered",
            ResponseState::Contained => "contained",
            ResponseState::Failed => "failed",
            ResponseState::Releasing => "releasing",
            ResponseState::Released => "released",
            ResponseState::Dismissed => "dismissed",
        }
    }

    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, ResponseState::Released | ResponseState::Dismissed)
    }
}

impl Response {
    /// The most findings that are named.
    pub const FINDINGS_MAX: usize = 32;

    /// The most defences of other cities that are named.
    pub const DEFENCES_MAX: usize = 8;

    /// The most steps that are kept.
    pub const STEPS_MAX: usize = 32;

    /// Whether a service that must run is at stake, so that two people must agree.
    #[must_use]
    pub fn needs_two(&self) -> bool {
        self.consequences.iter().any(|consequence| consequence.must_run)
    }

    /// The address that is cut off, as observations have it.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::Ip(self.target)
    }
}

/// What a person decides about a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// To cut a device off.
    Contain {
        /// Its address.
        target: IpAddr,
        /// Why.
        reason: Text,
    },
    /// To agree to a response that was proposed, or that one person agreed to.
    Agree {
        /// Its number.
        response: u64,
    },
    /// Not to do it.
    Dismiss {
        /// Its number.
        response: u64,
        /// Why not.
        reason: Text,
    },
    /// To connect a device again.
    Release {
        /// Its address.
        target: IpAddr,
        /// Why.
        reason: Text,
    },
}
