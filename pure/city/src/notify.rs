//! Whom the city tells: by mail, over a webhook or syslog, or in a file.

use crate::{NotifyId, SecretReference, Severity, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Somebody, or a tool, that is told what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Names it.
    pub id: NotifyId,
    /// What people call it.
    pub name: Text,
    /// Where it is told.
    pub to: Receiver,
    /// In which form.
    pub form: NoticeForm,
    /// What matters less is not told.
    pub severity: Severity,
    /// Of what it is told.
    pub what: Vec<Matter>,
    /// Whether it is also told internal detail: addresses, and the reasons of findings.
    pub detail: bool,
    /// Where name and password for the server are kept, as `name:password`.
    pub login: Option<SecretReference>,
    /// Where the secret is kept with which what is sent to a webhook is signed.
    pub token: Option<SecretReference>,
    /// The file with the certificate of the authority that vouches for the server, if it is not one that everybody trusts.
    pub authority: Option<Text>,
}

/// Where somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receiver {
    /// By mail (RFC 5321).
    Mail {
        /// Whose mail: `duty@council.example`.
        to: Text,
        /// From whom it comes.
        from: Text,
        /// The mail server: host, or host and port.
        server: Text,
        /// Whether the connection is encrypted from its first byte, rather than by STARTTLS (RFC 3207).
        implicit: bool,
    },
    /// By a POST request to this address.
    Webhook(Text),
    /// By syslog (RFC 5424).
    Syslog {
        /// How it is carried.
        carrier: Carrier,
        /// The server: host, or host and port.
        server: Text,
    },
    /// A line at the end of this file.
    File(Text),
}

impl fmt::Display for Receiver {
    /// As the plan writes it, in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Receiver::Mail { to, from, server, implicit } => {
                let scheme = if *implicit { "smtps" } else { "smtp" };
                write!(f, "mail:{to}?from={from}&via={scheme}://{server}")
            }
            Receiver::Webhook(url) => write!(f, "webhook:{url}"),
            Receiver::Syslog { carrier, server } => write!(f, "syslog:{}://{server}", carrier.as_str()),
            Receiver::File(path) => write!(f, "file:{path}"),
        }
    }
}

/// What carries syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carrier {
    /// TLS (RFC 5425), usually at port 6514.
    Tls,
    /// TCP with the length of each message before it (RFC 6587, clause 3.4.1), usually at port 514.
    Tcp,
    /// A datagram each (RFC 5426), usually at port 514. Nobody says whether one arrived.
    Udp,
}

impl Carrier {
    /// The word used in plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Carrier::Tls => "tls",
            Carrier::Tcp => "tcp",
            Carrier::Udp => "udp",
        }
    }

    /// The port where none is given.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Carrier::Tls => 6514,
            Carrier::Tcp | Carrier::Udp => 514,
        }
    }
}

/// The forms in which something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeForm {
    /// Plain words; over syslog with structured data beside them.
    Text,
    /// Our own JSON.
    Json,
    /// The Common Event Format of ArcSight, version 0.
    Cef,
    /// The JSON of the Open Cybersecurity Schema Framework.
    Ocsf,
}

impl NoticeForm {
    /// Every form.
    pub const ALL: [NoticeForm; 4] = [NoticeForm::Text, NoticeForm::Json, NoticeForm::Cef, NoticeForm::Ocsf];

    /// The word used in plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeForm::Text => "text",
            NoticeForm::Json => "json",
            NoticeForm::Cef => "cef",
            NoticeForm::Ocsf => "ocsf",
        }
    }
}

/// What somebody can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matter {
    /// Findings, when they are made and when they become graver.
    Findings,
    /// Incidents, whenever they come further.
    Incidents,
    /// Responses, whenever they come further.
    Responses,
    /// What is wrong with what others tell: doubts about a source, and requests that were refused.
    Intelligence,
}

impl Matter {
    /// Every matter.
    pub const ALL: [Matter; 4] =
        [Matter::Findings, Matter::Incidents, Matter::Responses, Matter::Intelligence];

    /// The word used in plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Matter::Findings => "findings",
            Matter::Incidents => "incidents",
            Matter::Responses => "responses",
            Matter::Intelligence => "intelligence",
        }
    }
}
