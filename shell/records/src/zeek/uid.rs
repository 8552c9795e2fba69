//! Names for conversations that are the same in every log, and in every reading of the same capture.

use crate::figures;
use city::{Flow, Text};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use std::{collections::HashMap, io::Write};

/// The conversations that go on, with their names.
///
/// As many as the wire follows at a time: it tells of a conversation's end when its table puts it out.
#[derive(Debug, Default)]
pub(super) struct Uids {
    open: HashMap<Flow, Known, RandomState>,
}

/// What is known of a conversation.
#[derive(Debug, Default)]
struct Known {
    uid: Text,
    /// Those that Zeek would have been sure of by now, and those that it would not, in the order in which they showed.
    services: Vec<&'static str>,
    unsure: Vec<&'static str>,
    /// Those that it would not have read to the end.
    given_up: Vec<String>,
}

/// What is wrong further into a conversation than this does not count against its service (Zeek's
/// `DPD::ignore_violations_after`).
const GIVEN_UP_WITHIN: u64 = 10 << 10;

/// The most services of one conversation.
const SERVICES_MAX: usize = 8;

impl Uids {
    pub(super) fn open(&mut self, flow: &Flow, time: Timestamp) {
        self.open.insert(key(flow), Known { uid: uid(flow, time), ..Known::default() });
    }

    /// Takes note that an analyser of Zeek's would have read the conversation.
    pub(super) fn serve(&mut self, flow: &Flow, service: &'static str, is_sure: bool) {
        let Some(known) = self.open.get_mut(&key(flow)) else { return };
        if known.services.contains(&service) || known.services.len() + known.unsure.len() >= SERVICES_MAX {
            return;
        }
        let place = known.unsure.iter().position(|unsure| *unsure == service);
        if is_sure {
            place.map(|place| known.unsure.remove(place));
            known.services.push(service);
        } else if place.is_none() {
            known.unsure.push(service);
        }
    }

    /// Takes note that Zeek would read a service no further; `false` if that was known.
    pub(super) fn give_up(&mut self, flow: &Flow, service: &str) -> bool {
        let Some(known) = self.open.get_mut(&key(flow)) else { return false };
        if known.given_up.iter().any(|given_up| given_up == service) || known.given_up.len() >= SERVICES_MAX {
            return false;
        }
        known.given_up.push(service.to_owned());
        true
    }

    /// Forgets a conversation of so many bytes; its services, in the order in which Zeek would have been sure of them.
    pub(super) fn close(&mut self, flow: &Flow, bytes: u64) -> Vec<&'static str> {
        let known = self.open.remove(&key(flow)).unwrap_or_default();
        let mut services = [known.services, known.unsure].concat();
        services.retain(|service| {
            bytes > GIVEN_UP_WITHIN || !known.given_up.iter().any(|given_up| given_up == service)
        });
        services
    }

    /// The name of the conversation of a flow. What belongs to none (an ARP message) is named by its ends alone.
    pub(super) fn of(&self, flow: &Flow) -> Text {
        match self.open.get(&key(flow)) {
            Some(known) => known.uid.clone(),
            None => uid(flow, Timestamp::UNIX_EPOCH),
        }
    }
}

/// The flow without its protocol, which becomes known later.
fn key(flow: &Flow) -> Flow {
    Flow { protocol: None, ..*flow }
}

/// The name of a file that was transferred in a conversation.
pub(super) fn of_file(flow: &Flow, time: Timestamp, nth: u64) -> Text {
    name('F', flow, time.as_nanosecond().wrapping_add(i128::from(nth) << 80))
}

/// The name of a conversation, from its ends and the time of its first packet.
fn uid(flow: &Flow, time: Timestamp) -> Text {
    name('C', flow, time.as_nanosecond())
}

/// A letter and seventeen letters or digits.
fn name(letter: char, flow: &Flow, number: i128) -> Text {
    const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /// So many numbers have nine digits; a machine word holds them.
    const NINE_DIGITS: u128 = 62_u128.pow(9);
    let mut text = Vec::with_capacity(128);
    for (address, port) in [(flow.source, flow.source_port), (flow.destination, flow.destination_port)] {
        figures::address(&mut text, address);
        text.push(b' ');
        figures::number(&mut text, u64::from(port));
        text.push(b' ');
    }
    // Writing to memory cannot fail.
    let _ = write!(text, "{} {number}", flow.transport);
    // FNV-1a of 128 bits: not against forgers, for the names only tell conversations apart.
    let hash = text.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let mut uid = Text::default();
    uid.push(letter);
    for (mut part, digits) in [(hash % NINE_DIGITS, 9), (hash / NINE_DIGITS % NINE_DIGITS, 8)]
        .map(|(part, digits)| (part as u64, digits))
    {
        for _ in 0..digits {
            let digit = DIGITS.get((part % 62) as usize).copied().unwrap_or(b'A');
            uid.push(char::from(digit));
            part /= 62;
        }
    }
    uid
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Address, Transport};

    fn flow() -> Flow {
        Flow {
            source: Address::Ip([192, 0, 2, 1].into()),
            source_port: 50_000,
            destination: Address::Ip([192, 0, 2, 2].into()),
            destination_port: 389,
            transport: Transport::Tcp,
            protocol: None,
        }
    }

    #[test]
    fn services_stand_in_the_order_in_which_they_are_sure() {
        let (mut uids, flow) = (Uids::default(), flow());
        uids.open(&flow, Timestamp::UNIX_EPOCH);
        uids.serve(&flow, "ldap_tcp", false);
        uids.serve(&flow, "krb", true);
        uids.serve(&flow, "krb", true);
        uids.serve(&flow, "ldap_tcp", true);
        uids.serve(&flow, "websocket", false);
        uids.serve(&flow, "ssl", true);
        assert_eq!(uids.close(&flow, 100), ["krb", "ldap_tcp", "ssl", "websocket"]);
        assert!(uids.close(&flow, 100).is_empty());
    }

    #[test]
    fn what_was_given_up_is_no_service() {
        let (mut uids, flow) = (Uids::default(), flow());
        uids.open(&flow, Timestamp::UNIX_EPOCH);
        uids.serve(&flow, "ftp", true);
        assert!(uids.give_up(&flow, "ftp") && !uids.give_up(&flow, "ftp"));
        assert!(uids.close(&flow, 100).is_empty());
    }

    #[test]
    fn files_and_conversations_have_names_of_their_own() {
        let name = of_file(&flow(), Timestamp::UNIX_EPOCH, 1);
        assert!(name.starts_with('F') && name.len() == 18);
        assert_ne!(name, of_file(&flow(), Timestamp::UNIX_EPOCH, 2));
    }
}
