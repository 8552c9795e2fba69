//! The logs of Zeek and of CISA's ICSNPP parsers: the same names, columns and order, with Zeek's headers.
//!
//! A [`city::Message`] names its log and columns itself. Of protocols whose requests carry their fields as details,
//! a module here makes such messages of the requests.

mod bacnet;
mod bsap;
mod c1222;
mod conn;
mod dnp3;
mod enip;
mod hart_ip;
mod iec104;
mod log;
mod modbus;
mod omron_fins;
mod opcua;
mod profinet_io_cm;
mod quic;
mod roc_plus;
mod row;
mod s7comm;
mod synchrophasor;
mod uid;
mod websocket;

use city::{Message, Observation, Observed, Protocol, Request};
use jiff::Timestamp;
use log::Log;
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use uid::Uids;

/// Every log that can be written, by protocol.
const LOGS: &[&[Log]] = &[
    bacnet::LOGS,
    bsap::LOGS,
    c1222::LOGS,
    conn::LOGS,
    dnp3::LOGS,
    enip::LOGS,
    hart_ip::LOGS,
    iec104::LOGS,
    modbus::LOGS,
    omron_fins::LOGS,
    opcua::LOGS,
    profinet_io_cm::LOGS,
    quic::LOGS,
    roc_plus::LOGS,
    s7comm::LOGS,
    synchrophasor::LOGS,
    websocket::LOGS,
];

/// Makes rows of observations. Readers that share one capture have one each: conversations do not move between them.
#[derive(Debug)]
pub struct Rows {
    /// The logs by their names, each with its place among all of them.
    logs: HashMap<&'static str, (u16, &'static Log)>,
    uids: Uids,
    line: String,
    linked: Linked,
}

/// Makes names by which rows of two logs are linked: of the conversation, the time, and a number for those that have
/// both in common, so that the names are the same however many readers share the capture.
#[derive(Debug, Default)]
struct Linked {
    last: String,
    count: u32,
}

impl Linked {
    fn name(&mut self, uid: &str, time: Timestamp) -> String {
        let stem = format!("{uid}-{}", time.as_nanosecond());
        if self.last == stem {
            self.count += 1;
        } else {
            self.last.clone_from(&stem);
            self.count = 0;
        }
        format!("{stem}-{}", self.count)
    }
}

impl Default for Rows {
    fn default() -> Rows {
        let logs = (0..).zip(LOGS.iter().copied().flatten()).map(|(place, log)| (log.path, (place, log)));
        Rows { logs: logs.collect(), uids: Uids::default(), line: String::new(), linked: Linked::default() }
    }
}

impl Rows {
    /// Hands on the rows that an observation has, each with the number of its log.
    pub fn make(&mut self, observation: &Observation, take: &mut dyn FnMut(u16, &str)) {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => self.uids.open(flow, time),
            Observed::Conversation(conversation) if conversation.ended => {
                if let Some(row) = conn::row(conversation) {
                    self.row(conversation.start, &row, take);
                }
                self.uids.close(&conversation.flow);
            }
            Observed::Message(message) => self.row(time, message, take),
            Observed::Request(request) => {
                for row in self.rows(time, request) {
                    self.row(time, &row, take);
                }
            }
            _ => {}
        }
    }

    /// The rows of a request whose details hold what the logs need.
    fn rows(&mut self, time: Timestamp, request: &Request) -> Vec<Message> {
        match request.flow.protocol {
            Some(Protocol::Bacnet) => bacnet::rows(request),
            Some(Protocol::Modbus) => {
                let link = self.linked.name(self.uids.of(&request.conversation()), time);
                modbus::rows(request, &link)
            }
            _ => Vec::new(),
        }
    }

    fn row(&mut self, time: Timestamp, message: &Message, take: &mut dyn FnMut(u16, &str)) {
        let Some((number, log)) = self.logs.get(message.log.as_str()) else {
            debug_assert!(false, "no log is declared for `{}`", message.log);
            return;
        };
        self.line.clear();
        log.write_row(&mut self.line, time, self.uids.of(&message.flow), message);
        take(*number, &self.line);
    }
}

/// The logs of one reading, a file each in one folder. A log is made when it gets its first row.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    open: BTreeMap<u16, BufWriter<File>>,
}

impl Files {
    /// Logs in a folder that is there. Logs of these names that are there already are written anew.
    #[must_use]
    pub fn into(folder: PathBuf) -> Files {
        Files { folder, open: BTreeMap::new() }
    }

    /// Writes rows of the log of a number.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn write(&mut self, number: u16, rows: &[u8]) -> io::Result<()> {
        if let Some(file) = self.open.get_mut(&number) {
            return file.write_all(rows);
        }
        let Some(log) = LOGS.iter().copied().flatten().nth(usize::from(number)) else { return Ok(()) };
        let mut file = BufWriter::new(File::create(self.folder.join(format!("{}.log", log.path)))?);
        log.write_header(&mut file, &stamp())?;
        file.write_all(rows)?;
        self.open.insert(number, file);
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
}

/// The moment of writing, as Zeek puts it into its headers.
fn stamp() -> String {
    Timestamp::now().strftime("%Y-%m-%d-%H-%M-%S").to_string()
}
