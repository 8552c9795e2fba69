//! The logs of Zeek and of CISA's ICSNPP parsers: the same names, columns and order, with Zeek's headers.
//!
//! A [`city::Message`] names its log and columns itself. Of protocols whose requests carry their fields as details,
//! a module here makes such messages of the requests. Some logs have a row for what several conversations show together,
//! or only for what is new; so one [`Rows`] sees all observations of a reading.

mod analyzer;
mod bacnet;
mod bsap;
mod c1222;
mod conn;
mod dhcp;
mod dnp3;
mod dns;
mod enip;
mod files;
mod ftp;
mod genisys;
mod hart_ip;
mod http;
mod iec104;
mod kerberos;
mod known;
mod ldap;
mod log;
mod modbus;
mod mqtt;
mod mysql;
mod ntlm;
mod ntp;
mod ocsp;
mod omron_fins;
mod opcua;
mod postgresql;
mod profinet_io_cm;
mod quic;
mod radius;
mod rdp;
mod rfb;
mod roc_plus;
mod row;
mod s7comm;
mod sip;
mod smtp;
mod snmp;
mod ssh;
mod synchrophasor;
mod syslog;
mod tls;
mod tunnel;
mod uid;
mod websocket;
mod weird;

use city::{Flow, Message, Observation, Observed, Protocol, Request};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use log::{Log, Writer};
use row::Row;
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};
use uid::Uids;

/// Every log that can be written, by protocol.
const LOGS: &[&[Log]] = &[
    analyzer::LOGS,
    bacnet::LOGS,
    bsap::LOGS,
    c1222::LOGS,
    conn::LOGS,
    dhcp::LOGS,
    dnp3::LOGS,
    dns::LOGS,
    enip::LOGS,
    files::LOGS,
    ftp::LOGS,
    genisys::LOGS,
    hart_ip::LOGS,
    http::LOGS,
    iec104::LOGS,
    kerberos::LOGS,
    known::LOGS,
    ldap::LOGS,
    modbus::LOGS,
    mqtt::LOGS,
    mysql::LOGS,
    ntlm::LOGS,
    ntp::LOGS,
    ocsp::LOGS,
    omron_fins::LOGS,
    opcua::LOGS,
    postgresql::LOGS,
    profinet_io_cm::LOGS,
    quic::LOGS,
    radius::LOGS,
    rdp::LOGS,
    rfb::LOGS,
    roc_plus::LOGS,
    s7comm::LOGS,
    sip::LOGS,
    smtp::LOGS,
    snmp::LOGS,
    ssh::LOGS,
    synchrophasor::LOGS,
    syslog::LOGS,
    tls::LOGS,
    tunnel::LOGS,
    websocket::LOGS,
    weird::LOGS,
];

/// Makes rows of observations.
#[derive(Debug)]
pub struct Rows {
    /// The logs by their names, each with its place among all of them.
    logs: HashMap<&'static str, (u16, Writer), RandomState>,
    uids: Uids,
    line: Vec<u8>,
    /// How many names for linked rows were given.
    linked: u64,
    subscribing: mqtt::Subscribing,
    certificates: tls::Certificates,
    transactions: dhcp::Transactions,
    known: known::Known,
    transfers: ftp::Transfers,
    weird: weird::Weird,
    parted: files::Parted,
    /// The name of the file that was told of last, and when.
    file: Option<(Timestamp, city::Text)>,
}

/// Takes a row, with the number of its log.
pub type Take<'t> = dyn FnMut(u16, &[u8]) + 't;

impl Default for Rows {
    fn default() -> Rows {
        let logs = (0..)
            .zip(LOGS.iter().copied().flatten())
            .map(|(place, log)| (log.path, (place, Writer::new(log))));
        Rows {
            logs: logs.collect(),
            uids: Uids::default(),
            line: Vec::new(),
            linked: 0,
            subscribing: mqtt::Subscribing::default(),
            certificates: tls::Certificates::default(),
            transactions: dhcp::Transactions::default(),
            known: known::Known::default(),
            transfers: ftp::Transfers::default(),
            weird: weird::Weird::default(),
            parted: files::Parted::default(),
            file: None,
        }
    }
}

impl Rows {
    /// Hands on the rows that an observation has.
    pub fn make(&mut self, observation: &Observation, take: &mut Take<'_>) {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => self.uids.open(flow, time),
            Observed::Recognised(flow) => self.served(flow, false),
            Observed::Conversation(conversation) if conversation.ended => {
                let flow = &conversation.flow;
                self.served(flow, false);
                let uid = self.uids.of(flow);
                let services =
                    self.uids.close(flow, conversation.bytes_out.saturating_add(conversation.bytes_in));
                if let Some(row) = conn::row(conversation, &services) {
                    self.named_row(conversation.start, &uid, &row.message, take);
                }
                for row in self.known.conversation(conversation, &services, conversation.start) {
                    self.named_row(conversation.start, &uid, &row.message, take);
                }
                if let Some(row) = tunnel::closed(*flow, &services) {
                    self.named_row(time, &uid, &row.message, take);
                }
            }
            // What only Suricata's events have a place for.
            Observed::Message(message) if message.log.starts_with("eve_") => {}
            // Of what was given up once no more is told.
            Observed::Message(message) if message.log == "analyzer" => {
                let gave_up = analyzer::gives_up(message);
                if gave_up.is_some_and(|name| self.uids.give_up(&message.flow, &name.to_lowercase())) {
                    self.row(time, message, take);
                }
            }
            // A protocol that another carries.
            Observed::Message(message) if message.log == "conn" => {
                if let Some(service) = conn::carried(message) {
                    self.uids.serve(&message.flow, service, true);
                }
            }
            Observed::Message(message) => {
                if let Some(service) = tunnel::service(message) {
                    self.uids.serve(&message.flow, service, true);
                }
                self.served(&message.flow, true);
                match message.log.as_str() {
                    "files" => {
                        self.linked += 1;
                        let uid = self.uids.of(&message.flow);
                        if let Some(row) = self.parted.row(message, time, self.linked, &uid) {
                            self.file = row.fuid().map(|name| (time, name));
                            self.named_row(row.time.unwrap_or(time), &uid, &row.message, take);
                        }
                    }
                    "ftp" => {
                        let row = self.transfers.row(message, time);
                        self.row(time, &row, take);
                    }
                    "ftp_data" => self.transfers.begins(message, time),
                    "ocsp" => {
                        self.linked += 1;
                        // In HTTP it is in the file that was told of just before.
                        let own = || uid::of_file(&message.flow, time, self.linked);
                        let file = self.file.as_ref().filter(|(told, _)| *told == time);
                        let name = file.map_or_else(own, |(_, name)| name.clone());
                        let mut row = message.as_ref().clone();
                        row.fields.push((city::Text::const_new("id"), name));
                        self.row(time, &row, take);
                    }
                    "ssh" => self.row(time, &ssh::row(message), take),
                    "weird" => {
                        let uid = self.uids.of(&message.flow);
                        if let Some(row) = self.weird.row(message, &uid) {
                            self.named_row(time, &uid, &row, take);
                        }
                    }
                    _ => self.row(time, message, take),
                }
            }
            Observed::Request(request) => {
                self.served(&request.conversation(), true);
                for row in self.rows(time, request) {
                    self.row(row.time.unwrap_or(time), &row.message, take);
                }
            }
            _ => {}
        }
    }

    /// Hands on the rows of what is not at its end when the observations are.
    pub fn finish(&mut self, take: &mut Take<'_>) {
        let mut rows = self.transactions.finish();
        rows.extend(self.subscribing.finish());
        for row in rows {
            self.row(row.time.unwrap_or(Timestamp::UNIX_EPOCH), &row.message, take);
        }
        for (uid, row) in self.parted.finish() {
            self.named_row(row.time.unwrap_or(Timestamp::UNIX_EPOCH), &uid, &row.message, take);
        }
    }

    /// Takes note of the protocol that a conversation speaks, or another within it; `has_told` says whether more was
    /// told than that it was recognised.
    fn served(&mut self, flow: &Flow, has_told: bool) {
        let Some(protocol) = flow.protocol else { return };
        if let Some(service) = conn::service(protocol, flow.transport) {
            self.uids.serve(flow, service, conn::is_sure(protocol, has_told));
        }
    }

    /// The rows of a request whose details hold what the logs need.
    fn rows(&mut self, time: Timestamp, request: &Request) -> Vec<Row> {
        match request.flow.protocol {
            Some(Protocol::Bacnet) => bacnet::rows(request),
            Some(Protocol::Dns | Protocol::Mdns) => dns::row(request, time).into_iter().collect(),
            Some(Protocol::Dhcp) => {
                let uid = self.uids.of(&request.flow);
                self.transactions.see(request, time, &uid)
            }
            Some(Protocol::Http) => http::rows(request),
            Some(Protocol::Modbus) => {
                self.linked += 1;
                let link = format_args!("{}-{}", time.as_nanosecond(), self.linked);
                let mut rows = modbus::rows(request, link);
                rows.extend(self.known.modbus(request, time));
                rows
            }
            Some(Protocol::Quic | Protocol::Tls) => {
                let mut rows = self.certificates.rows(request, time);
                rows.extend(self.known.certificate(request, time));
                rows
            }
            Some(Protocol::Rdp) => self.certificates.rows_alone(request, time),
            Some(Protocol::Mqtt) => self.subscribing.rows(request),
            _ => Vec::new(),
        }
    }

    fn row(&mut self, time: Timestamp, message: &Message, take: &mut Take<'_>) {
        let uid = self.uids.of(&message.flow);
        self.named_row(time, &uid, message, take);
    }

    /// A row of the conversation that has this name.
    fn named_row(&mut self, time: Timestamp, uid: &str, message: &Message, take: &mut Take<'_>) {
        let Some((number, writer)) = self.logs.get_mut(message.log.as_str()) else {
            debug_assert!(false, "no log is declared for `{}`", message.log);
            return;
        };
        self.line.clear();
        writer.write_row(&mut self.line, time, uid, message);
        take(*number, &self.line);
    }
}

/// What is written to a log at a time.
const BUFFER_BYTES: usize = 64 << 10;

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
        let mut file = BufWriter::with_capacity(
            BUFFER_BYTES,
            File::create(self.folder.join(format!("{}.log", log.path)))?,
        );
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
