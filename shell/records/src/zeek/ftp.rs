//! FTP: Zeek's log.

use super::log::{Head, Log};
use city::{Flow, Message, Text};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

pub(super) const LOGS: &[Log] = &[Log {
    path: "ftp",
    head: Head::Ends,
    columns: &[
        ("user", "string"),
        ("password", "string"),
        ("command", "string"),
        ("arg", "string"),
        ("mime_type", "string"),
        ("file_size", "count"),
        ("reply_code", "count"),
        ("reply_msg", "string"),
        ("data_channel.passive", "bool"),
        ("data_channel.orig_h", "addr"),
        ("data_channel.resp_h", "addr"),
        ("data_channel.resp_p", "port"),
        ("fuid", "string"),
    ],
}];

/// Transfers that are followed at a time.
const TRANSFERS_MAX: usize = 4_096;

/// How long after data has come Zeek has put the connection away and knows what it was. The row of a command that
/// another follows at once is written without the type, there and here.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// What goes through data connections, until the row of the command that asked for it is written.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// Which control connection announced a data connection, by where it goes.
    announced: HashMap<(String, String), Flow>,
    /// What the last data connection of a control connection carried.
    carried: HashMap<Flow, (Text, Timestamp)>,
}

impl Transfers {
    /// Data begins to come.
    pub(super) fn begins(&mut self, message: &Message, time: Timestamp) {
        let place = (message.flow.destination.to_string(), message.flow.destination_port.to_string());
        let Some(control) = self.announced.remove(&place) else { return };
        if self.carried.len() >= TRANSFERS_MAX {
            self.carried.clear();
        }
        if let Some(mime) = field(message, "mime_type") {
            self.carried.insert(control, (mime.clone(), time));
        }
    }

    /// The row of a command.
    pub(super) fn row(&mut self, message: &Message, time: Timestamp) -> Message {
        let mut row = message.clone();
        if let (Some(host), Some(port)) =
            (field(message, "data_channel.resp_h"), field(message, "data_channel.resp_p"))
        {
            if self.announced.len() >= TRANSFERS_MAX {
                self.announced.clear();
            }
            self.announced.insert((host.to_string(), port.to_string()), message.flow);
        } else if field(message, "command").is_some_and(|command| TRANSFERS.contains(&command.as_str()))
            && let Some((mime, since)) = self.carried.remove(&message.flow)
            && time.duration_since(since) >= SETTLED_AFTER
        {
            row.fields.push((Text::const_new("mime_type"), mime));
        }
        row
    }
}

/// The commands by which data goes through a data connection.
const TRANSFERS: [&str; 4] = ["APPE", "RETR", "STOR", "STOU"];

fn field<'m>(message: &'m Message, column: &str) -> Option<&'m Text> {
    message.fields.iter().find(|(name, _)| name == column).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::super::row::Row;
    use super::*;
    use city::{Address, Transport};

    fn row(port: u16, fields: &[(&'static str, &str)]) -> Message {
        let flow = Flow {
            source: Address::Ip([192, 0, 2, 1].into()),
            source_port: 50_000,
            destination: Address::Ip([192, 0, 2, 2].into()),
            destination_port: port,
            transport: Transport::Tcp,
            protocol: None,
        };
        let mut row = Row::new(flow, "ftp");
        fields.iter().for_each(|(column, value)| row.put(column, *value));
        row.message
    }

    #[test]
    fn a_transfer_has_the_type_of_what_went_through_its_data_connection() {
        let time = |seconds| Timestamp::new(seconds, 0).unwrap();
        for (late, mime) in [(12, Some("text/plain")), (10, None)] {
            let mut transfers = Transfers::default();
            let passive =
                [("command", "PASV"), ("data_channel.resp_h", "192.0.2.2"), ("data_channel.resp_p", "5000")];
            transfers.row(&row(21, &passive), time(9));
            transfers.begins(&row(5_000, &[("mime_type", "text/plain")]), time(10));
            let told = transfers.row(&row(21, &[("command", "RETR")]), time(late));
            assert_eq!(field(&told, "mime_type").map(Text::as_str), mime);
        }
    }
}
