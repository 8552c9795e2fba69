//! The tables of exchange: with whom intelligence is exchanged.

use super::{Field, KEYS_MAX, List, Optional, Reading, Required, Table, field::Found};
use crate::{
    source::Span,
    value::{AbsolutePath, Lasting, PageUrl, Percentage, VerifyingKey},
};
use city::{DefenceKind, PeerId, SecretReference, Text, Tlp};
use serde_json::{Value, json};

tables! {
    /// An organisation with which intelligence is exchanged: another city, an agency, a supplier.
    PeerTable "peer" "a peer" {
        /// By what records refer to it.
        id "id": Required<PeerId>,
        /// Its name for people.
        name "name": Required<Text>,
        /// The TAXII 2.1 collection that is read from it, or an API root or server all of whose collections are.
        taxii "taxii": Optional<PageUrl>,
        /// The file with the certificate of the authority that vouches for that server; the system's if not given.
        authority "authority": Optional<AbsolutePath>,
        /// How often it is read; every 15 minutes if not given.
        every "every": Optional<Lasting>,
        /// Where name and password for reading there are kept, as name:password; file:/path or env:NAME.
        login "login": Optional<SecretReference>,
        /// Where name and password with which it may read here are kept, as name:password; it may not if not given.
        admit "admit": Optional<SecretReference>,
        /// The closest marking of the Traffic Light Protocol that it is shown; green if not given.
        shown "shown": Optional<Tlp>,
        /// Whether it may also send to here. false if not given.
        may_write "may-write": Optional<bool>,
        /// Its public key, as `bastide share key` shows it there, with which it signs defences.
        key "key": Optional<VerifyingKey>,
        /// How far it is believed before it has shown what it is worth, from 0 to 100; 50 if not given.
        trust "trust": Optional<Percentage>,
        /// Which of its defences are put in force without asking.
        adopt "adopt": List<DefenceKind>,
    }
}
