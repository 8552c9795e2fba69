//! What the standard says: protocol versions, messages and lists of algorithms.

/// The numbers of the messages that are read (RFC 4250 clause 4.1.2).
pub(super) mod number {
    /// SSH_MSG_KEXINIT.
    pub(in crate::ssh) const KEY_EXCHANGE_INIT: u8 = 20;
    /// SSH_MSG_NEWKEYS: what its sender says next is encrypted.
    pub(in crate::ssh) const NEW_KEYS: u8 = 21;
    /// SSH_MSG_KEXRSA_PUBKEY (RFC 4432 clause 4).
    pub(in crate::ssh) const RSA_PUBLIC_KEY: u8 = 30;
    /// SSH_MSG_KEXDH_REPLY (RFC 4253 clause 8), SSH_MSG_KEX_ECDH_REPLY (RFC 5656 clause 4).
    pub(in crate::ssh) const REPLY: u8 = 31;
    /// SSH_MSG_KEX_DH_GEX_REPLY (RFC 4419 clause 5).
    pub(in crate::ssh) const GROUP_EXCHANGE_REPLY: u8 = 33;
}

/// The version of the protocol that a banner offers (RFC 4253 clauses 4.2 and 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// 1.x.
    One,
    /// 1.99: both.
    Both,
    /// 2.0.
    Two,
}

impl Offer {
    /// That of a banner, `SSH-2.0-…`.
    pub(super) fn of(banner: &[u8]) -> Option<Offer> {
        match banner {
            [b'S', b'S', b'H', b'-', b'1', b'.', b'9', b'9', b'-', ..] => Some(Offer::Both),
            [b'S', b'S', b'H', b'-', b'1', ..] => Some(Offer::One),
            [b'S', b'S', b'H', b'-', b'2', ..] => Some(Offer::Two),
            _ => None,
        }
    }

    /// The version on which two ends agree, if they do.
    pub(super) fn agreed(self, other: Offer) -> Option<u8> {
        match (self, other) {
            (Offer::One, Offer::Two) | (Offer::Two, Offer::One) => None,
            (Offer::One, _) | (_, Offer::One) => Some(1),
            _ => Some(2),
        }
    }
}

/// The lists of a SSH_MSG_KEXINIT that are looked at, as sent: names with commas between them (RFC 4253 clause 7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) key_exchange: String,
    pub(super) host_key: String,
    /// From client to server, and from server to client.
    pub(super) encryption: [String; 2],
    pub(super) authentication: [String; 2],
    pub(super) compression: [String; 2],
}

/// What two ends agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) key_exchange: String,
    pub(super) host_key: String,
    pub(super) encryption: String,
    pub(super) authentication: String,
    pub(super) compression: String,
}

impl Agreed {
    /// Whether what is said can be read by whoever takes the trouble: RC4 (RFC 8758), DES, or nothing at all.
    pub(super) fn is_weakly_encrypted(&self) -> bool {
        self.encryption
            .split([' ', ','])
            .any(|name| name.starts_with("arcfour") || matches!(name, "des-cbc" | "none"))
    }

    /// The first of the client's names that the server has too (RFC 4253 clause 7.1). Guesses about the host key that
    /// a method of key exchange needs are left out: no method in use needs another than all the others.
    pub(super) fn between(client: &Lists, server: &Lists) -> Agreed {
        let both = |client: &[String; 2], server: &[String; 2]| {
            let [to_server, to_client] = [0, 1].map(|at| match (client.get(at), server.get(at)) {
                (Some(client), Some(server)) => first_common(client, server),
                _ => "",
            });
            if to_server == to_client {
                to_server.to_owned()
            } else {
                format!("To server: {to_server}, to client: {to_client}")
            }
        };
        Agreed {
            key_exchange: first_common(&client.key_exchange, &server.key_exchange).to_owned(),
            host_key: first_common(&client.host_key, &server.host_key).to_owned(),
            encryption: both(&client.encryption, &server.encryption),
            authentication: both(&client.authentication, &server.authentication),
            compression: both(&client.compression, &server.compression),
        }
    }

    /// The message in which the server sends its host key.
    pub(super) fn reply(&self) -> u8 {
        let method = self.key_exchange.as_str();
        if method.contains("group-exchange") {
            number::GROUP_EXCHANGE_REPLY
        } else if method.starts_with("rsa") {
            number::RSA_PUBLIC_KEY
        } else {
            number::REPLY
        }
    }

    /// Whether lengths say nothing, because what is sent is made shorter first.
    pub(super) fn is_compressed(&self) -> bool {
        self.compression.contains("zlib")
    }
}

/// What is said where two ends have nothing in common.
pub(super) const NOTHING: &str = "Algorithm negotiation failed";

fn first_common<'a>(client: &'a str, server: &str) -> &'a str {
    // Lists are as long as a packet: to compare each with each would take a stranger's word for how long.
    let offered: std::collections::BTreeSet<&str> = server.split(',').collect();
    client.split(',').find(|name| !name.is_empty() && offered.contains(name)).unwrap_or(NOTHING)
}
