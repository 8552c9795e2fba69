//! Alerts of other tools, read line by line: Suricata's EVE JSON, Zeek's `notice.log` (its own form and JSON), and the
//! alerts of Wazuh.
//!
//! A file's lines are told apart one by one, so that a file may hold several forms. What is no alert, such as the flows
//! that Suricata writes beside them, is passed over. What cannot be read is counted, told with its place, and stops
//! nothing.

mod suricata;
mod value;
mod wazuh;
mod zeek;

use city::{Address, Alert, Loss, LossKind, Observation, Observed, Text};
use jiff::Timestamp;
use serde_json::Value;
use value::text;
use zeek::Header;

/// The longest line that is read, in bytes. Suricata writes the packet and its payload into an alert, if told to.
pub const LINE_MAX: usize = 1 << 20;

/// The most techniques that are taken from one alert.
const TECHNIQUES_MAX: usize = 16;

/// Reads the lines of one file, in pieces as they come.
#[derive(Debug)]
pub struct Reader {
    file: Text,
    /// The beginning of a line that has not ended yet.
    begun: Vec<u8>,
    /// Whether the line that has not ended is too long, so that the rest of it is passed over.
    too_long: bool,
    /// Lines that have ended.
    lines: u64,
    header: Header,
    broken: Option<Broken>,
    latest: Option<Timestamp>,
}

/// Lines that could not be read since that was last told.
#[derive(Debug)]
struct Broken {
    count: u64,
    line: u64,
    why: String,
}

/// Why a line holds no alert that can be told.
#[derive(Debug, PartialEq, Eq)]
enum Without {
    /// It is something else than an alert.
    Nothing,
    /// It cannot be read, and why.
    Broken(String),
}

/// An alert with the two ends of what it is about, as its tool gives them.
#[derive(Debug)]
struct Told {
    time: Timestamp,
    /// Which of its ends is inside is decided once, for every tool: the subject here is who did what it is about.
    alert: Alert,
    /// The tool itself says which device it is about.
    named: bool,
}

impl Reader {
    /// Reads a file by that name, of which so many lines were read before.
    #[must_use]
    pub fn new(file: &str, lines: u64) -> Reader {
        Reader {
            file: file.into(),
            begun: Vec::new(),
            too_long: false,
            lines,
            header: Header::default(),
            broken: None,
            latest: None,
        }
    }

    /// How many lines were read, with those before.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes of a line that has not ended are held; a file that is read on later is read on before them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.begun.len()
    }

    /// Takes what a log of Zeek's says at its beginning, where reading goes on further down.
    pub fn heading(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match line.split_last() {
                Some((b'\n', line)) if line.starts_with(b"#") => self.header.read(line),
                _ => return,
            }
        }
    }

    /// Reads what comes next of the file. Lines that end in it become observations; `inside` says whether an address is
    /// the city's, by which the device that an alert is about is told from the other end.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        inside: &dyn Fn(Address) -> bool,
        observations: &mut Vec<Observation>,
    ) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.split_first().map_or(&[], |(_, rest)| rest);
            self.extend(line);
            self.end(inside, observations);
        }
        self.extend(bytes);
    }

    /// Reads the last line, if nothing ends it.
    pub fn finish(&mut self, inside: &dyn Fn(Address) -> bool, observations: &mut Vec<Observation>) {
        if !self.begun.is_empty() || self.too_long {
            self.end(inside, observations);
        }
    }

    /// Tells of lines that could not be read since this was last asked: how many, and the place of the first. Their time
    /// is that of the latest alert, or the one given.
    pub fn broken(&mut self, now: Timestamp) -> Option<Observation> {
        let Broken { count, line, why } = self.broken.take()?;
        let detail = format!("{}, line {line}: {why}", self.file);
        let fact = Observed::Loss(Loss { kind: LossKind::Damage, count, detail: detail.into() });
        Some(Observation { time: self.latest.unwrap_or(now), sensor: self.file.clone(), fact })
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.too_long {
            return;
        }
        if self.begun.len() + bytes.len() > LINE_MAX {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    /// A line has ended.
    fn end(&mut self, inside: &dyn Fn(Address) -> bool, observations: &mut Vec<Observation>) {
        self.lines += 1;
        let read = if std::mem::take(&mut self.too_long) {
            Err(Without::Broken(format!("it is longer than {LINE_MAX} bytes")))
        } else {
            let mut line = std::mem::take(&mut self.begun);
            let read = self.line(&line);
            line.clear();
            self.begun = line;
            read
        };
        match read {
            Ok(told) => {
                self.latest = Some(told.time);
                let (time, alert) = (told.time, place(told, inside));
                let fact = Observed::Alert(Box::new(alert));
                observations.push(Observation { time, sensor: self.file.clone(), fact });
            }
            Err(Without::Nothing) => {}
            Err(Without::Broken(why)) => match &mut self.broken {
                Some(broken) => broken.count += 1,
                None => self.broken = Some(Broken { count: 1, line: self.lines, why }),
            },
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Told, Without> {
        let line = line.trim_ascii();
        match line.first() {
            None => Err(Without::Nothing),
            Some(b'#') => {
                self.header.read(line);
                Err(Without::Nothing)
            }
            Some(b'{') => {
                let value: Value = serde_json::from_slice(line)
                    .map_err(|error| Without::Broken(format!("it is not JSON: {error}")))?;
                object(&value)
            }
            Some(_) if self.header.is_there() => self.header.row(line),
            Some(_) => Err(Without::Broken("it is neither JSON nor a log of Zeek".to_owned())),
        }
    }
}

/// An alert from a JSON object, by what the object has.
fn object(value: &Value) -> Result<Told, Without> {
    if text(value, "/event_type").is_some() {
        suricata::read(value)
    } else if value.pointer("/rule/level").is_some() {
        wazuh::read(value)
    } else if value.pointer("/ts").is_some() {
        zeek::read(value)
    } else {
        Err(Without::Broken("it is no event of Suricata, Zeek or Wazuh".to_owned()))
    }
}

/// Makes the end inside the city the subject, where one end is inside and the other is not.
fn place(told: Told, inside: &dyn Fn(Address) -> bool) -> Alert {
    let Told { mut alert, named, .. } = told;
    if let Some(peer) = alert.peer
        && !named
        && !inside(alert.subject)
        && inside(peer)
    {
        alert.peer = Some(alert.subject);
        alert.subject = peer;
    }
    alert.techniques.truncate(TECHNIQUES_MAX);
    alert
}

#[cfg(test)]
mod tests;
