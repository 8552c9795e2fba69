//! The logs of Zeek and of CISA's ICSNPP parsers: the same names, columns and order, with Zeek's headers.
//!
//! A [`city::Message`] names its log and columns itself. Of protocols whose requests carry their fields as details,
//! a module here makes such messages of the requests.

mod conn;
mod genisys;
mod hart_ip;
mod log;
mod synchrophasor;
mod uid;

use city::{Flow, Message, Observation, Observed, Text};
use jiff::Timestamp;
use log::Log;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use uid::Uids;

/// Every log that can be written, by protocol.
const LOGS: &[&[Log]] = &[conn::LOGS, genisys::LOGS, hart_ip::LOGS, synchrophasor::LOGS];

/// A log by its name; none for a name that no module here declares.
fn log(name: &str) -> Option<&'static Log> {
    LOGS.iter().copied().flatten().find(|log| log.path == name)
}

/// The logs of one reading, a file each in one folder. A log is made when it gets its first row.
#[derive(Debug)]
pub struct Logs {
    folder: PathBuf,
    open: BTreeMap<&'static str, BufWriter<File>>,
    uids: Uids,
    line: String,
}

impl Logs {
    /// Logs in a folder that is there. Logs of these names that are there already are written anew.
    #[must_use]
    pub fn into(folder: PathBuf) -> Logs {
        Logs { folder, open: BTreeMap::new(), uids: Uids::default(), line: String::new() }
    }

    /// Writes the rows that an observation has.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn write(&mut self, observation: &Observation) -> io::Result<()> {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => self.uids.open(flow, time),
            Observed::Conversation(conversation) if conversation.ended => {
                let row = conn::row(conversation);
                self.row(conversation.start, &row)?;
                self.uids.close(&conversation.flow);
            }
            Observed::Message(message) => self.row(time, message)?,
            _ => {}
        }
        Ok(())
    }

    /// Writes the ends of the logs.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn finish(mut self) -> io::Result<()> {
        for file in self.open.values_mut() {
            writeln!(file, "#close\t{}", stamp())?;
            file.flush()?;
        }
        Ok(())
    }

    fn row(&mut self, time: Timestamp, message: &Message) -> io::Result<()> {
        let Some(log) = log(&message.log) else {
            debug_assert!(false, "no log is declared for `{}`", message.log);
            return Ok(());
        };
        let file = match self.open.entry(log.path) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let path = self.folder.join(format!("{}.log", log.path));
                let mut file = BufWriter::new(File::create(path)?);
                log.write_header(&mut file, &stamp())?;
                entry.insert(file)
            }
        };
        self.line.clear();
        log.write_row(&mut self.line, time, self.uids.of(&message.flow), message);
        file.write_all(self.line.as_bytes())
    }
}

/// The moment of writing, as Zeek puts it into its headers.
fn stamp() -> String {
    Timestamp::now().strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

/// A message of a conversation's source.
fn message(flow: Flow, log: &'static str) -> Message {
    Message { flow, back: false, log: Text::const_new(log), fields: Vec::new() }
}
