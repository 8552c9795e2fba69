//! Where the console listens, and what it is given to show.

use crate::view::{PlanText, SetAsideSaid, SetAsideView, ShareSaid, ShareView, SharedList, WithdrawnView};
use ::city::{Address, Decision, Hunted, IncidentAct, Observation, Response, Text};
use adapt::intel::watch::{Gathered, Watchlist};
use cycle::City;
use defend::Habit;
use jiff::Timestamp;
use listen::Tls;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};
use store::{History, Intelligence, Packets, People, Runs, SealedLog};
use tokio::sync::{mpsc, oneshot, watch};

/// Where the console listens and by which names it is reached.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The addresses to listen on. One that is not loopback needs [`Config::tls`].
    pub listen: Vec<SocketAddr>,
    /// Certificate and key. With them every address is served over TLS; without, only loopback is served.
    pub tls: Option<Tls>,
    /// The host names under which people reach the console, besides the addresses themselves and `localhost`.
    /// A request for any other name is refused, so that no foreign site can make a browser speak to it.
    pub names: Vec<String>,
    /// Where to put the Unix socket for the command line, if anywhere.
    pub socket: Option<PathBuf>,
    /// The city's name, where no plan gives one.
    pub city_name: String,
    /// The IANA time zone, where no plan gives one.
    pub time_zone: String,
    /// One line that tells what is being watched, such as `replay of monday.pcap` or `eth1`; may be empty.
    pub source: String,
    /// What carries responses out, in a few words, such as `the firewall fw-1`; none where nothing does, and a person
    /// has to see to it by hand.
    pub enforced_by: Option<String>,
}

/// What the console reads, and whom it asks.
#[derive(Clone)]
pub struct Shared {
    /// The state of the city. Held for reading only while a page is put together, never while it is sent.
    pub city: Arc<RwLock<City>>,
    /// People, sessions, tokens and links.
    pub people: People,
    /// The sealed log, in which people's acts are put and from which it is shown.
    pub log: SealedLog,
    /// Conversations and requests of the past.
    pub history: History,
    /// The packets kept around findings.
    pub packets: Packets,
    /// The restorations that people work through.
    pub runs: Runs,
    /// What others told.
    pub intelligence: Intelligence,
    /// What of it is watched for.
    pub watching: watch::Receiver<Arc<Watching>>,
    /// The state directory, in which stands how each peer was read last.
    pub directory: PathBuf,
    /// A number that grows with every change worth showing.
    pub changes: watch::Receiver<u64>,
    /// The plan's text as it stands in its folder.
    pub plan: watch::Receiver<Arc<PlanText>>,
    /// Where acts go that the one loop must carry out.
    pub asks: mpsc::Sender<Ask>,
}

/// What is watched for of what others told, as the list was made last.
#[derive(Clone, Debug, Default)]
pub struct Watching {
    /// The list, which changes as what is known changes.
    pub list: Arc<RwLock<Watchlist>>,
    /// What came of each source.
    pub sources: BTreeMap<String, Gathered>,
}

impl Watching {
    /// The list, as it is now.
    pub fn list(&self) -> RwLockReadGuard<'_, Watchlist> {
        self.list.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hunt that a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HuntAsked {
    /// A hunt of the library, by its name.
    pub name: Option<String>,
    /// Where it is none of the library: what to look for, as a pattern of STIX.
    pub pattern: String,
    /// How many days to look back; all the way if left out.
    pub days: Option<u32>,
}

/// What a hunt found.
#[derive(Clone, Debug)]
pub struct HuntFound {
    /// What is put on record of it.
    pub hunted: Hunted,
    /// Records that match, put together by their ends, the latest first.
    pub hits: Vec<HuntHit>,
    /// How many more there are.
    pub beyond: usize,
    /// What could not be looked for, or at, each in words.
    pub unsought: Vec<String>,
}

/// Records of the past that are alike.
#[derive(Clone, Debug)]
pub struct HuntHit {
    /// The time of the first.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
    /// How many they are.
    pub rows: u64,
    /// The end that began or asked.
    pub source: Option<Address>,
    /// The end that was spoken to.
    pub destination: Option<Address>,
    /// The port there.
    pub port: Option<u16>,
    /// The application protocol.
    pub protocol: Option<&'static str>,
    /// The verb of a request, or else the kind of record.
    pub what: &'static str,
    /// What was asked, in the protocol's own words.
    pub function: Text,
    /// What the last was about.
    pub target: Text,
    /// The last's value.
    pub value: Option<Text>,
}

/// Something a person asked for that the one loop carries out.
#[derive(Debug)]
pub enum Ask {
    /// Adopt the plan as it stands in its folder: seal it, and compare with it from now on.
    AdoptPlan {
        /// Who adopts it.
        by: String,
        /// What came of it: the version adopted, or why not, in the reader's words.
        answer: oneshot::Sender<Result<String, String>>,
    },
    /// Carry a person's decision about a response.
    Decide {
        /// Who decides.
        by: String,
        /// What.
        decision: Decision,
        /// The response as it then stands, or why not, in the reader's words.
        answer: oneshot::Sender<Result<Box<Response>, String>>,
    },
    /// Do what a person decided about an incident.
    Handle {
        /// Who decides.
        by: String,
        /// The incident's number.
        incident: u64,
        /// What.
        act: IncidentAct,
        /// The number of the incident to look at now, or why not, in the reader's words.
        answer: oneshot::Sender<Result<u64, String>>,
    },
    /// Tell others of an incident, or show what would be told.
    Share {
        /// Who tells it.
        by: String,
        /// The incident's number.
        incident: u64,
        /// How far, and whether it is only to be shown.
        said: ShareSaid,
        /// What is told or would be, or why nothing is, in the reader's words.
        answer: oneshot::Sender<Result<Box<ShareView>, String>>,
    },
    /// Say what others can read.
    Shared {
        /// What, or why nobody can, in the reader's words.
        answer: oneshot::Sender<Result<SharedList, String>>,
    },
    /// Take back something that others can read.
    Withdraw {
        /// Who takes it back.
        by: String,
        /// Its STIX id.
        id: String,
        /// Why, for those who read it; may be empty.
        reason: String,
        /// What came of it, or why it could not be taken back, in the reader's words.
        answer: oneshot::Sender<Result<WithdrawnView, String>>,
    },
    /// Act no longer on a source or an object of what others know, or act on it again.
    SetAside {
        /// Who decides.
        by: String,
        /// What, and why.
        said: SetAsideSaid,
        /// What came of it, or why nothing did, in the reader's words.
        answer: oneshot::Sender<Result<SetAsideView, String>>,
    },
    /// Search what is remembered.
    Hunt {
        /// Who hunts.
        by: String,
        /// For what.
        asked: HuntAsked,
        /// What was found, or why it could not be searched, in the reader's words.
        answer: oneshot::Sender<Result<Box<HuntFound>, String>>,
    },
    /// Take note of what came of a backup, a drill or a look at a repository, or that a pack was issued.
    Told {
        /// What.
        observation: Box<Observation>,
        /// Why not, in the reader's words, if not.
        answer: oneshot::Sender<Result<(), String>>,
    },
    /// Seal that a person refuses a habit of a device, and count it as never learned from now on.
    Refuse {
        /// Who refuses it.
        by: String,
        /// The device.
        device: Address,
        /// What.
        habit: Habit,
        /// Why.
        reason: Text,
        /// Why it cannot be, in the reader's words, if it cannot.
        answer: oneshot::Sender<Result<(), String>>,
    },
}
