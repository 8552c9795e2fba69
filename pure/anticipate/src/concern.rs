//! What the inventory and the watch have to say.

use city::{
    Address, AssetId, Description, Difference, FindingKey, Rule, Severity, Text, Trait, Weakness,
    WeaknessKind, Witness, ZoneId,
};
use jiff::{SignedDuration, Timestamp};

/// A difference between the declared inventory and the true one, or a weakness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// A device says it is something else than before, or than the plan declares.
    ChangedIdentity {
        /// The device.
        address: Address,
        /// What changed.
        about: Trait,
        /// What it was, or should be.
        before: Text,
        /// What it is now.
        after: Text,
        /// Who said so.
        witness: Witness,
        /// Whether `before` is the plan's word rather than the device's.
        declared: bool,
    },
    /// A declared asset has not been heard for longer than its time.
    Silent {
        /// The asset.
        asset: AssetId,
        /// Its name in the plan.
        name: Text,
        /// The address under which it is declared.
        address: Address,
        /// When it was last heard; `None` if never.
        last: Option<Timestamp>,
        /// How long it may be quiet.
        allowed: SignedDuration,
    },
    /// A device that the plan does not know.
    Undeclared {
        /// The device.
        address: Address,
        /// The name of the zone it stands in, if its address lies in one.
        zone: Option<Text>,
        /// The security level aimed at in that zone.
        security_level: u8,
    },
    /// Nothing was ever heard of a zone that has declared assets.
    Unheard {
        /// The zone.
        zone: ZoneId,
        /// Its name.
        name: Text,
        /// The address of the asset whose time was over first.
        address: Address,
        /// How many assets are declared in it.
        assets: usize,
    },
    /// Something insecure was seen.
    Weak(Weakness),
}

impl Difference for Concern {
    fn key(&self) -> FindingKey {
        match self {
            Concern::ChangedIdentity { address, about, .. } => FindingKey {
                rule: Rule::ChangedIdentity,
                subject: *address,
                distinction: about.as_str().into(),
            },
            Concern::Silent { asset, address, .. } => {
                FindingKey { rule: Rule::SilentDevice, subject: *address, distinction: asset.as_str().into() }
            }
            Concern::Undeclared { address, .. } => {
                FindingKey { rule: Rule::UndeclaredDevice, subject: *address, distinction: Text::default() }
            }
            Concern::Unheard { zone, address, .. } => FindingKey {
                rule: Rule::SilentDevice,
                subject: *address,
                distinction: compact(format_args!("zone {zone}")),
            },
            Concern::Weak(weakness) => FindingKey {
                rule: Rule::Weakness,
                subject: weakness.address,
                distinction: compact(format_args!(
                    "{} {} {}",
                    weakness.kind.as_str(),
                    weakness.protocol,
                    weakness.port
                )),
            },
        }
    }

    fn describe(&self, name: &dyn Fn(Address) -> Text) -> Description {
        match self {
            Concern::ChangedIdentity { address, about, before, after, witness, declared } => {
                let about = about.as_str();
                let whose = if *declared { "the plan declares" } else { "it said before" };
                Description {
                    title: compact(format_args!("{} reports another {about}: {after}", name(*address))),
                    severity: Severity::Medium,
                    reason: compact(format_args!(
                        "It now says `{after}` ({}, {}); {whose} `{before}`.",
                        witness.protocol.title(),
                        witness.field
                    )),
                    remedy: "If the device was replaced or updated, change the plan; if nobody did that, treat it as \
                             tampering: look at who reached it before the change."
                        .into(),
                    peer: None,
                    techniques: &["T0849", "T0857"],
                    outcomes: &["caf:A3.a", "caf:B4.c", "csf:ID.AM-02", "csf:PR.PS-01", "csf:DE.CM-09"],
                }
            }
            Concern::Silent { name, last, allowed, .. } => {
                let hours = in_words(*allowed);
                Description {
                    title: compact(format_args!("{name} is silent")),
                    severity: Severity::High,
                    reason: match last {
                        Some(last) => {
                            compact(format_args!("Last heard at {last:.0}; the plan expects a sign within {hours}."))
                        }
                        None => compact(format_args!(
                            "Not heard since watching began; the plan expects a sign within {hours}."
                        )),
                    },
                    remedy: "Check its power and its link; if it was taken away, take it out of the plan; if it cannot be \
                             seen from here, give it no address or a longer `silence`."
                        .into(),
                    peer: None,
                    techniques: &["T0826", "T0814"],
                    outcomes: &["caf:A3.a", "caf:B5.b", "csf:ID.AM-01", "csf:DE.CM-09"],
                }
            }
            Concern::Undeclared { address, zone, security_level } => Description {
                title: match zone {
                    Some(zone) => compact(format_args!("Unknown device {} in {zone}", name(*address))),
                    None => compact(format_args!("Unknown device {}", name(*address))),
                },
                severity: match (zone, security_level) {
                    (Some(_), 2..) => Severity::High,
                    (Some(_), _) => Severity::Medium,
                    (None, _) => Severity::Low,
                },
                reason: compact(format_args!("{address} spoke, and the plan declares no asset with that address.")),
                remedy: "Find out whose it is. If it belongs, add it to the plan; if not, take it off the network.".into(),
                peer: None,
                techniques: &["T0864", "T0848"],
                outcomes: &["caf:A3.a", "caf:B2.b", "csf:ID.AM-01", "csf:DE.CM-01"],
            },
            Concern::Unheard { name, assets, .. } => Description {
                title: compact(format_args!("Nothing has been heard of {name}")),
                severity: Severity::Low,
                reason: compact(format_args!(
                    "The plan declares {assets} {} there, and none has spoken since watching began.",
                    if *assets == 1 { "asset" } else { "assets" }
                )),
                remedy: "Most likely this sensor does not see that zone: mirror its traffic too, or listen there as \
                         well. What is not heard is not watched."
                    .into(),
                peer: None,
                techniques: &["T0815"],
                outcomes: &["caf:C1.a", "csf:DE.CM-01", "csf:ID.AM-03"],
            },
            Concern::Weak(weakness) => describe_weakness(weakness, name),
        }
    }
}

fn describe_weakness(weakness: &Weakness, name: &dyn Fn(Address) -> Text) -> Description {
    let Weakness { address, port, protocol, kind, detail, peer } = weakness;
    let (who, protocol) = (name(*address), protocol.title());
    let on = if *port == 0 { Text::default() } else { compact(format_args!(" on port {port}")) };
    let with =
        peer.map(|peer| compact(format_args!(" in a conversation with {}", name(peer)))).unwrap_or_default();
    let (title, severity, remedy, techniques, outcomes): (Text, _, &str, &'static [_], &'static [_]) =
        match kind {
            WeaknessKind::AnonymousLogin => (
                compact(format_args!("{who} lets anyone in without a name")),
                Severity::Medium,
                "Give every client a name and a secret of its own, and switch anonymous access off.",
                &["T0886"],
                &["caf:B2.a", "csf:PR.AA-03"],
            ),
            WeaknessKind::CertificateExpired => (
                compact(format_args!("{who} shows an expired certificate")),
                Severity::Low,
                "Renew the certificate, and note in the calendar when the next one ends.",
                &["T0830"],
                &["caf:B3.b", "csf:PR.DS-02"],
            ),
            WeaknessKind::CertificateSelfSigned => (
                compact(format_args!("{who} vouches for itself with a self-signed certificate")),
                Severity::Notice,
                "Issue it a certificate from an authority that its clients trust, or pin this one in its clients.",
                &["T0830"],
                &["caf:B3.b", "csf:PR.DS-02"],
            ),
            WeaknessKind::CertificateWeak => (
                compact(format_args!("{who} shows a certificate too weak to trust")),
                Severity::Medium,
                "Issue a certificate with RSA of at least 2048 bits or an elliptic curve, signed with SHA-256 or better.",
                &["T0830"],
                &["caf:B3.b", "csf:PR.DS-02"],
            ),
            WeaknessKind::CleartextCredentials => (
                compact(format_args!("A password to {who} crossed the network readable")),
                Severity::High,
                "Change that password now, since anyone on the path could read it; then move the login to TLS or SSH.",
                &["T0842", "T0859"],
                &["caf:B2.a", "caf:B3.b", "csf:PR.AA-03", "csf:PR.DS-02"],
            ),
            WeaknessKind::DefaultCredentials => (
                compact(format_args!("{who} accepts the password it was delivered with")),
                Severity::Critical,
                "Change the password now: the delivered one is printed in the maker's manual.",
                &["T0812"],
                &["caf:B2.a", "caf:B4.b", "csf:PR.AA-01", "csf:PR.PS-01"],
            ),
            WeaknessKind::ObsoleteProtocol => (
                compact(format_args!("{who} speaks a protocol that its makers have given up")),
                Severity::Medium,
                "Switch the old version off here and at its partners; where a device knows no other, replace it, or let \
                 only the stations that need it reach it.",
                &["T0866", "T0830"],
                &["caf:B4.b", "csf:PR.PS-01", "csf:PR.PS-02"],
            ),
            WeaknessKind::ObsoleteTls => (
                compact(format_args!("{who} agrees to an encryption that can be broken")),
                Severity::Medium,
                "Allow only TLS 1.2 and later; if the device cannot, put it behind something that can.",
                &["T0830", "T0842"],
                &["caf:B3.b", "caf:B4.b", "csf:PR.DS-02"],
            ),
            WeaknessKind::UnauthenticatedControl => (
                compact(format_args!("{who} obeys anyone who can reach it")),
                Severity::Low,
                "The protocol has no proof of who asks, so the network must give it: let only the stations that need it \
             reach this device, and declare the verbs they may use.",
                &["T0855", "T0836"],
                &["caf:B2.a", "caf:B4.a", "csf:PR.AA-03", "csf:PR.IR-01"],
            ),
            WeaknessKind::WeakCipher => (
                compact(format_args!("{who} agrees to ciphers or keys that can be broken")),
                Severity::Medium,
                "Allow only ciphers such as AES with keys of 128 bits or more, SHA-256 or better, and key exchange with \
                 elliptic curves or 2048 bits; if the device has none of these, put it behind something that has.",
                &["T0830", "T0842"],
                &["caf:B3.b", "caf:B4.b", "csf:PR.DS-02"],
            ),
        };
    let stop = if detail.is_empty() { "" } else { ": " };
    Description {
        title,
        severity,
        reason: compact(format_args!("Seen over {protocol}{on}{with}{stop}{detail}.")),
        remedy: remedy.into(),
        peer: *peer,
        techniques,
        outcomes,
    }
}

/// A duration as a person says it: the largest unit that divides it.
fn in_words(duration: SignedDuration) -> Text {
    let seconds = duration.as_secs();
    let (number, unit) = match seconds {
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    compact(format_args!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
}

/// Formats into a [`Text`], without an allocation where it is short.
fn compact(arguments: std::fmt::Arguments<'_>) -> Text {
    use std::fmt::Write;
    let mut text = Text::default();
    // Writing to a text cannot fail.
    let _ = text.write_fmt(arguments);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (seconds, words) in [(90, "90 seconds"), (60, "1 minute"), (7_200, "2 hours"), (86_400, "1 day")]
        {
            assert_eq!(in_words(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn a_weakness_is_one_finding_per_device_port_and_kind() {
        let weakness = |port, detail: &str| {
            Concern::Weak(Weakness {
                address: Address::Ip([192, 0, 2, 1].into()),
                port,
                protocol: city::Protocol::Mqtt,
                kind: WeaknessKind::CleartextCredentials,
                detail: detail.into(),
                peer: None,
            })
        };
        assert_eq!(weakness(1883, "user name a").key(), weakness(1883, "user name b").key());
        assert_ne!(weakness(1883, "").key(), weakness(1884, "").key());
        let said = weakness(1883, "user name a").describe(&|address| compact(format_args!("{address}")));
        assert_eq!(said.reason, "Seen over MQTT on port 1883: user name a.");
        assert_eq!(said.title, "A password to 192.0.2.1 crossed the network readable");
    }

    #[test]
    fn what_is_out_of_date_is_said_with_what_to_do() {
        let said = |kind, protocol, detail: &str| {
            Concern::Weak(Weakness {
                address: Address::Ip([192, 0, 2, 1].into()),
                port: 445,
                protocol,
                kind,
                detail: detail.into(),
                peer: None,
            })
            .describe(&|address| compact(format_args!("{address}")))
        };
        let old = said(WeaknessKind::ObsoleteProtocol, city::Protocol::Smb, "SMB 1, NT LM 0.12");
        assert_eq!(old.title, "192.0.2.1 speaks a protocol that its makers have given up");
        assert_eq!(old.reason, "Seen over SMB on port 445: SMB 1, NT LM 0.12.");
        assert!(old.remedy.starts_with("Switch the old version off here and at its partners"));
        let weak = said(WeaknessKind::WeakCipher, city::Protocol::Tls, "TLS_RSA_WITH_RC4_128_SHA");
        assert_eq!(weak.title, "192.0.2.1 agrees to ciphers or keys that can be broken");
        assert_eq!((old.severity, weak.severity), (Severity::Medium, Severity::Medium));
    }
}
