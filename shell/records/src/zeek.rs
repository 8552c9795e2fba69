//! The logs of Zeek and of CISA's ICSNPP parsers: the same names, columns and order, with Zeek's headers.
//!
//! A [`city::Message`] names its log and columns itself. Of protocols whose requests carry their fields as details,
//! a module here makes such messages of the requests.

mod bacnet;
mod conn;
mod dhcp;
mod dns;
mod http;
mod known;
mod log;
mod modbus;
mod mqtt;
mod row;
mod tls;
mod tunnel;
mod uid;

use city::{Flow, Message, Observation, Observed, Protocol, Request};
use jiff::Timestamp;
use log::Log;
use row::Row;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use uid::Uids;

/// Every log that can be written, by protocol.
const LOGS: &[&[Log]] = &[
    bacnet::LOGS,
    conn::LOGS,
    dhcp::LOGS,
    dns::LOGS,
    http::LOGS,
    known::LOGS,
    modbus::LOGS,
    mqtt::LOGS,
    tls::LOGS,
    tunnel::LOGS,
];

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
    /// How many names for linked rows were given.
    linked: u64,
    subscribing: mqtt::Subscribing,
    certificates: tls::Certificates,
    transactions: dhcp::Transactions,
    known: known::Known,
}

impl Logs {
    /// Logs in a folder that is there. Logs of these names that are there already are written anew.
    #[must_use]
    pub fn into(folder: PathBuf) -> Logs {
        Logs {
            folder,
            open: BTreeMap::new(),
            uids: Uids::default(),
            line: String::new(),
            linked: 0,
            subscribing: mqtt::Subscribing::default(),
            certificates: tls::Certificates::default(),
            transactions: dhcp::Transactions::default(),
            known: known::Known::default(),
        }
    }

    /// Writes the rows that an observation has.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn write(&mut self, observation: &Observation) -> io::Result<()> {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => self.uids.open(flow, time),
            Observed::Recognised(flow) => self.served(flow, flow.protocol),
            Observed::Conversation(conversation) if conversation.ended => {
                let flow = &conversation.flow;
                self.served(flow, flow.protocol);
                let uid = self.uids.of(flow).to_owned();
                let services = self.uids.close(flow);
                if let Some(row) = conn::row(conversation, &services) {
                    self.named_row(conversation.start, &uid, &row.message)?;
                }
                for row in self.known.conversation(conversation, &services, conversation.start) {
                    self.named_row(conversation.start, &uid, &row.message)?;
                }
                if let Some(row) = tunnel::closed(*flow, &services) {
                    self.named_row(time, &uid, &row.message)?;
                }
            }
            Observed::Message(message) => {
                if let Some(service) = tunnel::service(message) {
                    self.uids.serve(&message.flow, service);
                }
                self.served(&message.flow, message.flow.protocol);
                self.row(time, message)?;
            }
            Observed::Request(request) => {
                self.served(&request.conversation(), request.flow.protocol);
                for row in self.rows(time, request) {
                    self.row(row.time.unwrap_or(time), &row.message)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the ends of the logs.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn finish(mut self) -> io::Result<()> {
        let mut rows = self.transactions.finish();
        rows.extend(self.subscribing.finish());
        for row in rows {
            self.row(row.time.unwrap_or(Timestamp::UNIX_EPOCH), &row.message)?;
        }
        for file in self.open.values_mut() {
            writeln!(file, "#close\t{}", stamp())?;
            file.flush()?;
        }
        Ok(())
    }

    /// Takes note of the protocol that a conversation speaks.
    fn served(&mut self, flow: &Flow, protocol: Option<Protocol>) {
        if let Some(service) = protocol.and_then(conn::service) {
            self.uids.serve(flow, service);
        }
    }

    /// The rows of a request whose details hold what the logs need.
    fn rows(&mut self, time: Timestamp, request: &Request) -> Vec<Row> {
        match request.flow.protocol {
            Some(Protocol::Bacnet) => bacnet::rows(request),
            Some(Protocol::Dns | Protocol::Mdns) => dns::row(request, time).into_iter().collect(),
            Some(Protocol::Dhcp) => {
                let uid = self.uids.of(&request.flow).to_owned();
                self.transactions.see(request, time, &uid)
            }
            Some(Protocol::Http) => http::rows(request),
            Some(Protocol::Modbus) => {
                self.linked += 1;
                let mut rows = modbus::rows(request, &format!("{}-{}", time.as_nanosecond(), self.linked));
                rows.extend(self.known.modbus(request, time));
                rows
            }
            Some(Protocol::Tls) => {
                let mut rows = self.certificates.rows(request, time);
                rows.extend(self.known.certificate(request, time));
                rows
            }
            Some(Protocol::Mqtt) => self.subscribing.rows(request),
            _ => Vec::new(),
        }
    }

    fn row(&mut self, time: Timestamp, message: &Message) -> io::Result<()> {
        let uid = self.uids.of(&message.flow).to_owned();
        self.named_row(time, &uid, message)
    }

    /// A row of the conversation that has this name.
    fn named_row(&mut self, time: Timestamp, uid: &str, message: &Message) -> io::Result<()> {
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
        log.write_row(&mut self.line, time, uid, message);
        file.write_all(self.line.as_bytes())
    }
}

/// The moment of writing, as Zeek puts it into its headers.
fn stamp() -> String {
    Timestamp::now().strftime("%Y-%m-%d-%H-%M-%S").to_string()
}
