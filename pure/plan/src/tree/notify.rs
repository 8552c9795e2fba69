//! The table of who is told.

use super::{Field, KEYS_MAX, List, Optional, Reading, Required, Table, field::Found};
use crate::{source::Span, value::AbsolutePath};
use city::{Matter, NoticeForm, NotifyId, Receiver, SecretReference, Severity, Text};
use serde_json::{Value, json};

tables! {
    /// Somebody, or a tool, that is told what happens.
    NotifyTable "notify" "a receiver" {
        /// By what commands refer to it.
        id "id": Required<NotifyId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// Where it is told: mail:, webhook:, syslog: or file:, and the address.
        to "to": Required<Receiver>,
        /// The form: text, json, cef or ocsf. If not given, text by mail and syslog, json otherwise.
        form "form": Optional<NoticeForm>,
        /// What matters less is not told; medium if not given.
        severity "severity": Optional<Severity>,
        /// Of what it is told: findings, incidents, responses, intelligence. Findings and incidents if not given.
        what "what": List<Matter>,
        /// Whether it is told internal detail too: addresses, and the reasons of findings. false if not given.
        detail "detail": Optional<bool>,
        /// Where name and password for the server are kept, as name:password; file:/path or env:NAME.
        login "login": Optional<SecretReference>,
        /// Where the secret is kept with which what goes to a webhook is signed; file:/path or env:NAME.
        token "token": Optional<SecretReference>,
        /// The file with the certificate of the authority that vouches for the server; the system's if not given.
        authority "authority": Optional<AbsolutePath>,
    }
}
