//! One log: its columns, its header and its rows.

use crate::figures;
use city::{Details, Flow, Message, Transport};
use jiff::Timestamp;
use std::io;

/// A log as Zeek knows it.
#[derive(Debug)]
pub(super) struct Log {
    /// Its name: the file is `path.log`.
    pub(super) path: &'static str,
    /// How its rows begin.
    pub(super) head: Head,
    /// The further columns, each with its Zeek type: `("iin", "count")`.
    pub(super) columns: &'static [(&'static str, &'static str)],
}

/// How a log's rows begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The time, the conversation's uid, and its ends.
    Ends,
    /// The same, then who said it to whom: `is_orig`, `source_h`, `source_p`, `destination_h`, `destination_p`.
    Sides,
    /// The same columns, those of who said it without a value: it is said of a conversation, not in one message.
    SidesUnset,
    /// The time, the file's own name, the conversation's, and its ends.
    File,
    /// The time alone.
    Time,
}

const ENDS: &[(&str, &str)] = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
];

const FILE: &[(&str, &str)] = &[
    ("ts", "time"),
    ("fuid", "string"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
];

const SIDES: &[(&str, &str)] = &[
    ("is_orig", "bool"),
    ("source_h", "addr"),
    ("source_p", "port"),
    ("destination_h", "addr"),
    ("destination_p", "port"),
];

impl Log {
    /// Every column, in order, with its type.
    fn columns(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (ends, sides) = match self.head {
            Head::Ends => (ENDS, &[][..]),
            Head::Sides | Head::SidesUnset => (ENDS, SIDES),
            Head::File => (FILE, &[][..]),
            Head::Time => (ENDS.get(..1).unwrap_or_default(), &[][..]),
        };
        ends.iter().chain(sides).chain(self.columns).copied()
    }

    pub(super) fn write_header(&self, out: &mut impl io::Write, stamp: &str) -> io::Result<()> {
        write!(out, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n")?;
        write!(out, "#path\t{}\n#open\t{stamp}\n#fields", self.path)?;
        self.columns().try_for_each(|(name, _)| write!(out, "\t{name}"))?;
        write!(out, "\n#types")?;
        self.columns().try_for_each(|(_, kind)| write!(out, "\t{kind}"))?;
        writeln!(out)
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug)]
enum Column {
    Time,
    Uid,
    /// The end that began, its port, the other end, its port.
    Source,
    SourcePort,
    Destination,
    DestinationPort,
    /// Whether the end that began said it.
    IsOrig,
    /// The end that said it, its port, the end that heard it, its port.
    Speaker,
    SpeakerPort,
    Hearer,
    HearerPort,
    Transport,
    /// Nothing.
    Unset,
    /// What the message says.
    Values {
        name: &'static str,
        is_list: bool,
        is_set: bool,
    },
}

impl Column {
    fn new(head: Head, name: &'static str, kind: &str) -> Column {
        if head == Head::SidesUnset && SIDES.iter().any(|(side, _)| *side == name) {
            return Column::Unset;
        }
        match name {
            "ts" => Column::Time,
            "uid" => Column::Uid,
            "id.orig_h" => Column::Source,
            "id.orig_p" => Column::SourcePort,
            "id.resp_h" => Column::Destination,
            "id.resp_p" => Column::DestinationPort,
            "is_orig" => Column::IsOrig,
            "source_h" => Column::Speaker,
            "source_p" => Column::SpeakerPort,
            "destination_h" => Column::Hearer,
            "destination_p" => Column::HearerPort,
            "proto" => Column::Transport,
            _ => {
                let is_set = kind.starts_with("set[");
                Column::Values { name, is_list: is_set || kind.starts_with("vector["), is_set }
            }
        }
    }

    fn is_named(self, name: &str) -> bool {
        matches!(self, Column::Values { name: own, .. } if own == name)
    }
}

/// Writes the rows of a log.
#[derive(Debug)]
pub(super) struct Writer {
    columns: Vec<Column>,
    /// Of the row that is written, which column has which field.
    placed: Vec<(usize, usize)>,
}

impl Writer {
    pub(super) fn new(log: &Log) -> Writer {
        let columns = log.columns().map(|(name, kind)| Column::new(log.head, name, kind));
        Writer { columns: columns.collect(), placed: Vec::new() }
    }

    /// Appends a row: what the message says, by column; `-` where it says nothing.
    pub(super) fn write_row(&mut self, line: &mut Vec<u8>, time: Timestamp, uid: &str, message: &Message) {
        self.place(&message.fields);
        let Flow { source, source_port, destination, destination_port, transport, .. } = message.flow;
        let (from, to) = ((source, source_port), (destination, destination_port));
        let (speaker, hearer) = if message.back { (to, from) } else { (from, to) };
        let port = |line: &mut Vec<u8>, port| figures::number(line, u64::from(port));
        let mut placed = self.placed.as_slice();
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                line.push(b'\t');
            }
            match *column {
                Column::Time => write_time(line, time),
                Column::Uid => line.extend_from_slice(uid.as_bytes()),
                Column::Source => figures::address(line, from.0),
                Column::SourcePort => port(line, from.1),
                Column::Destination => figures::address(line, to.0),
                Column::DestinationPort => port(line, to.1),
                Column::IsOrig => line.push(if message.back { b'F' } else { b'T' }),
                Column::Speaker => figures::address(line, speaker.0),
                Column::SpeakerPort => port(line, speaker.1),
                Column::Hearer => figures::address(line, hearer.0),
                Column::HearerPort => port(line, hearer.1),
                Column::Transport => line.extend_from_slice(proto(transport).as_bytes()),
                Column::Unset => line.push(b'-'),
                Column::Values { is_list, is_set, .. } => {
                    let count = placed.iter().take_while(|(column, _)| *column == place).count();
                    let (own, behind) = placed.split_at_checked(count).unwrap_or_default();
                    placed = behind;
                    let values = own.iter().filter_map(|(_, field)| message.fields.get(*field));
                    write_values(line, values.map(|(_, value)| value.as_str()), is_list, is_set);
                }
            }
        }
        line.push(b'\n');
    }

    /// Finds the column of each field. Fields nearly always stand in the order of the columns, so each is looked for
    /// from where the one before it was.
    fn place(&mut self, fields: &Details) {
        self.placed.clear();
        let mut at = 0;
        for (field, (name, _)) in fields.iter().enumerate() {
            let is_it = |column: &Column| column.is_named(name);
            let ahead = self.columns.iter().skip(at).position(is_it).map(|ahead| at + ahead);
            if let Some(column) = ahead.or_else(|| self.columns.iter().position(is_it)) {
                self.placed.push((column, field));
                at = column;
            }
        }
        if !self.placed.is_sorted() {
            self.placed.sort_unstable();
        }
    }
}

/// The transport as Zeek's `transport_proto` names it.
fn proto(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Icmp => "icmp",
        _ => "unknown_transport",
    }
}

fn write_time(line: &mut Vec<u8>, time: Timestamp) {
    let microseconds = time.as_microsecond();
    let seconds = microseconds.div_euclid(1_000_000);
    if seconds < 0 {
        line.push(b'-');
    }
    figures::number(line, seconds.unsigned_abs());
    line.push(b'.');
    figures::padded::<6>(line, microseconds.rem_euclid(1_000_000) as u32);
}

/// The values of a column: one, or the items of a list with commas between them.
fn write_values<'v>(
    line: &mut Vec<u8>,
    values: impl Iterator<Item = &'v str> + Clone,
    is_list: bool,
    is_set: bool,
) {
    let mut any = false;
    for (place, value) in values.clone().enumerate() {
        // An item of a set stands once.
        if is_set && values.clone().take(place).any(|before| before == value) {
            continue;
        }
        if any {
            line.push(b',');
        }
        any = true;
        write_value(line, value, is_list);
    }
    if !any {
        line.push(b'-');
    }
}

/// A value, with what would be taken for the log's own signs written `\xNN`.
fn write_value(line: &mut Vec<u8>, value: &str, in_list: bool) {
    match value {
        "" => return line.extend_from_slice(b"(empty)"),
        "-" => return line.extend_from_slice(b"\\x2d"),
        _ => {}
    }
    let is_sign = |byte: u8| byte == b'\t' || byte == b',' && in_list;
    if !value.bytes().fold(false, |any, byte| any | is_sign(byte)) {
        return line.extend_from_slice(value.as_bytes());
    }
    for byte in value.bytes() {
        match byte {
            b'\t' => line.extend_from_slice(b"\\x09"),
            b',' if in_list => line.extend_from_slice(b"\\x2c"),
            byte => line.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::Text;

    const LOG: Log = Log {
        path: "made_up",
        head: Head::Sides,
        columns: &[("note", "string"), ("items", "vector[string]"), ("none", "count")],
    };

    #[test]
    fn a_row_has_every_column_and_its_signs_are_safe() {
        let flow = Flow {
            source: city::Address::Ip([192, 0, 2, 1].into()),
            source_port: 50_000,
            destination: city::Address::Ip([192, 0, 2, 2].into()),
            destination_port: 502,
            transport: Transport::Tcp,
            protocol: None,
        };
        let field = |name: &'static str, value: &str| (Text::const_new(name), Text::from(value));
        let fields = vec![field("items", "a,b"), field("note", "a\tb,c"), field("items", "")];
        let message = Message { flow, back: true, log: Text::const_new("made_up"), fields };
        let written = |log: &Log, second, nanosecond| {
            let mut line = Vec::new();
            let time = Timestamp::new(second, nanosecond).unwrap();
            Writer::new(log).write_row(&mut line, time, "Cx", &message);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(
            written(&LOG, 1_700_000_000, 5_000),
            "1700000000.000005\tCx\t192.0.2.1\t50000\t192.0.2.2\t502\tF\t192.0.2.2\t502\t192.0.2.1\t50000\t\
             a\\x09b,c\ta\\x2cb,(empty)\t-\n"
        );
        let log = Log { head: Head::SidesUnset, ..LOG };
        let line = written(&log, 1_700_000_000, 0);
        assert!(line.contains("\t192.0.2.2\t502\t-\t-\t-\t-\t-\ta"));
        let mut header = Vec::new();
        LOG.write_header(&mut header, "2026-01-02-03-04-05").unwrap();
        let header = String::from_utf8(header).unwrap();
        assert!(header.contains("#path\tmade_up\n#open\t2026-01-02-03-04-05\n#fields\tts\tuid\tid.orig_h\t"));
        assert!(header.ends_with("\tdestination_p\tnote\titems\tnone\n#types\ttime\tstring\taddr\tport\taddr\tport\tbool\taddr\tport\taddr\tport\tstring\tvector[string]\tcount\n"));
    }
}
