//! Conversations that others have announced: a control connection says on which port its data will go.
//!
//! Readers that share a capture have a table each, and the two ends of a conversation decide which of them reads it. So
//! only what is announced between the same two addresses is kept; a third address, whether behind a translator or of
//! another server, is not looked for, however many readers there are.

use city::{Address, Flow, Protocol};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// The most that are awaited; the oldest is put out.
const EXPECTED_MAX: usize = 1_024;

/// How long one is awaited.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// A conversation that is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Awaited {
    source: Address,
    destination: Address,
    port: u16,
    protocol: Protocol,
    since: Timestamp,
}

/// The conversations that are awaited.
#[derive(Debug, Default)]
pub(crate) struct Expected(VecDeque<Awaited>);

impl Expected {
    /// Awaits a conversation to one end of a flow, on a port, from the other end.
    pub(crate) fn add(&mut self, flow: Flow, to: Address, port: u16, protocol: Protocol, since: Timestamp) {
        let source = match to {
            to if to == flow.destination => flow.source,
            to if to == flow.source => flow.destination,
            _ => return,
        };
        let awaited = Awaited { source, destination: to, port, protocol, since };
        self.0.retain(|other| (other.source, other.destination, other.port) != (source, to, port));
        if self.0.len() >= EXPECTED_MAX {
            self.0.pop_front();
        }
        self.0.push_back(awaited);
    }

    /// The protocol of a conversation that begins, if it was awaited; from then on it is not.
    pub(crate) fn take(&mut self, flow: &Flow, now: Timestamp) -> Option<Protocol> {
        if self.0.is_empty() {
            return None;
        }
        let at = self.0.iter().position(|awaited| {
            (awaited.source, awaited.destination, awaited.port)
                == (flow.source, flow.destination, flow.destination_port)
        })?;
        let awaited = self.0.remove(at)?;
        (now.duration_since(awaited.since) <= PATIENCE).then_some(awaited.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::Transport;

    fn flow(source: u8, destination: u8, port: u16) -> Flow {
        Flow {
            source: Address::Ip([192, 0, 2, source].into()),
            source_port: 50_000,
            destination: Address::Ip([192, 0, 2, destination].into()),
            destination_port: port,
            transport: Transport::Tcp,
            protocol: None,
        }
    }

    #[test]
    fn what_is_announced_is_known_once_and_between_the_same_two_only() {
        let now = Timestamp::UNIX_EPOCH;
        let mut expected = Expected::default();
        let control = flow(1, 2, 21);
        expected.add(control, control.destination, 5_000, Protocol::FtpData, now);
        expected.add(control, control.source, 6_000, Protocol::FtpData, now);
        expected.add(control, flow(1, 3, 0).destination, 7_000, Protocol::FtpData, now);
        assert_eq!(expected.take(&flow(3, 2, 5_000), now), None);
        assert_eq!(expected.take(&flow(1, 2, 5_000), now), Some(Protocol::FtpData));
        assert_eq!(expected.take(&flow(1, 2, 5_000), now), None);
        assert_eq!(expected.take(&flow(1, 3, 7_000), now), None);
        let late = now.checked_add(SignedDuration::from_mins(6)).unwrap();
        assert_eq!(expected.take(&flow(2, 1, 6_000), late), None);
    }

    #[test]
    fn the_oldest_is_put_out() {
        let now = Timestamp::UNIX_EPOCH;
        let mut expected = Expected::default();
        let control = flow(1, 2, 21);
        for port in 1..=1_025 {
            expected.add(control, control.destination, port, Protocol::FtpData, now);
        }
        assert_eq!(expected.take(&flow(1, 2, 1), now), None);
        assert_eq!(expected.take(&flow(1, 2, 1_025), now), Some(Protocol::FtpData));
    }
}
