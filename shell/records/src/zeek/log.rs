//! One log: its columns, its header and its rows.

use city::{Flow, Message, Transport};
use jiff::Timestamp;
use std::{fmt::Write as _, io};

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

    /// Appends a row: what the message says, by column; `-` where it says nothing.
    pub(super) fn write_row(&self, line: &mut String, time: Timestamp, uid: &str, message: &Message) {
        for (place, (name, kind)) in self.columns().enumerate() {
            if place > 0 {
                line.push('\t');
            }
            let Flow { source, source_port, destination, destination_port, transport, .. } = message.flow;
            let (from, to) = ((source, source_port), (destination, destination_port));
            let (speaker, hearer) = if message.back { (to, from) } else { (from, to) };
            if self.head == Head::SidesUnset && SIDES.iter().any(|(side, _)| *side == name) {
                line.push('-');
                continue;
            }
            // Writing to a string cannot fail.
            let _ = match name {
                "ts" => write_time(line, time),
                "uid" => line.write_str(uid),
                "id.orig_h" => write!(line, "{}", from.0),
                "id.orig_p" => write!(line, "{}", from.1),
                "id.resp_h" => write!(line, "{}", to.0),
                "id.resp_p" => write!(line, "{}", to.1),
                "is_orig" => line.write_str(if message.back { "F" } else { "T" }),
                "source_h" => write!(line, "{}", speaker.0),
                "source_p" => write!(line, "{}", speaker.1),
                "destination_h" => write!(line, "{}", hearer.0),
                "destination_p" => write!(line, "{}", hearer.1),
                "proto" => line.write_str(proto(transport)),
                _ => {
                    write_values(line, name, kind, message);
                    Ok(())
                }
            };
        }
        line.push('\n');
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

fn write_time(line: &mut String, time: Timestamp) -> std::fmt::Result {
    let microseconds = time.as_microsecond();
    write!(line, "{}.{:06}", microseconds.div_euclid(1_000_000), microseconds.rem_euclid(1_000_000))
}

/// The values of a column: one, or the items of a list with commas between them.
fn write_values(line: &mut String, name: &str, kind: &str, message: &Message) {
    let is_list = kind.starts_with("vector[") || kind.starts_with("set[");
    let mut values =
        message.fields.iter().filter(|(column, _)| column == name).map(|(_, value)| value.as_str());
    let Some(first) = values.next() else { return line.push('-') };
    write_value(line, first, is_list);
    if kind.starts_with("set[") {
        // An item of a set stands once.
        let mut seen = vec![first];
        for value in values {
            if !seen.contains(&value) {
                seen.push(value);
                line.push(',');
                write_value(line, value, is_list);
            }
        }
        return;
    }
    for value in values {
        line.push(',');
        write_value(line, value, is_list);
    }
}

/// A value, with what would be taken for the log's own signs written `\xNN`.
fn write_value(line: &mut String, value: &str, in_list: bool) {
    match value {
        "" => return line.push_str("(empty)"),
        "-" => return line.push_str("\\x2d"),
        _ => {}
    }
    for character in value.chars() {
        match character {
            '\t' => line.push_str("\\x09"),
            ',' if in_list => line.push_str("\\x2c"),
            character => line.push(character),
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
        let mut line = String::new();
        LOG.write_row(&mut line, Timestamp::new(1_700_000_000, 5_000).unwrap(), "Cx", &message);
        assert_eq!(
            line,
            "1700000000.000005\tCx\t192.0.2.1\t50000\t192.0.2.2\t502\tF\t192.0.2.2\t502\t192.0.2.1\t50000\t\
             a\\x09b,c\ta\\x2cb,(empty)\t-\n"
        );
        line.clear();
        let log = Log { head: Head::SidesUnset, ..LOG };
        log.write_row(&mut line, Timestamp::new(1_700_000_000, 0).unwrap(), "Cx", &message);
        assert!(line.contains("\t192.0.2.2\t502\t-\t-\t-\t-\t-\ta"));
        let mut header = Vec::new();
        LOG.write_header(&mut header, "2026-01-02-03-04-05").unwrap();
        let header = String::from_utf8(header).unwrap();
        assert!(header.contains("#path\tmade_up\n#open\t2026-01-02-03-04-05\n#fields\tts\tuid\tid.orig_h\t"));
        assert!(header.ends_with("\tdestination_p\tnote\titems\tnone\n#types\ttime\tstring\taddr\tport\taddr\tport\tbool\taddr\tport\taddr\tport\tstring\tvector[string]\tcount\n"));
    }
}
