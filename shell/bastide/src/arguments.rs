//! The command line's words.

use crate::{
    defend::DefendCommand,
    enforce::{Ask, Enforcer},
    failure::Verdict,
    hunt::Hunting,
    incidents::Incidents,
    intel::IntelCommand,
    lesson::{LessonCommand, Notice},
    peers::Hosting,
    plan::PlanCommand,
    recovery::arguments::{Backups, Drills, Of, Recover, Restore},
    share::Sharing,
};
use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::{ffi::OsString, net::SocketAddr, num::NonZeroUsize, path::PathBuf};

/// Keeps a city's public services running through cyber attack.
#[derive(Debug, Parser)]
#[command(
    name = "bastide",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done (damage in input is only warned of); 1 done, and the answer is no; 2 could not."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the demo city, with its quiet day and its incidents, in a browser
    Demo(Demo),
    /// Watch a city live
    Run(Run),
    /// Look at captures through the same eyes as live traffic
    Replay(Replay),
    /// Print what captures hold: conversations, requests, identities, weaknesses, one JSON object a line
    Records(Records),
    /// List every asset, declared or seen
    Assets(Look),
    /// List every finding
    Findings(Look),
    /// List incidents, show one, and say what is done about it
    Incidents(Incidents),
    /// Learn from an incident: what the plan shall no longer allow, rehearsed
    #[command(subcommand)]
    Lesson(LessonCommand),
    /// Draft a notice of an incident: the first within 24 hours, the full one within 72
    Notice(Notice),
    /// Tell other cities of an incident: signs to look for, and what worked
    Share(Sharing),
    /// Show how each public service stands, and why
    Services(Look),
    /// List responses: what waits for a person, what is contained, and what is over
    Responses(Look),
    /// Decide about responses
    #[command(flatten)]
    Decide(Deciding),
    /// Say what a device is from a line in which it names itself: a banner, a `Server` field, an SNMP description
    Identify(Identify),
    /// Search what the city remembers: hunts by technique, or a pattern of your own
    Hunt(Hunting),
    /// Read what others know of attacks, and try it on what was observed
    #[command(subcommand)]
    Intel(IntelCommand),
    /// Check, format, draft or adopt a plan
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Compile, prove, rehearse, apply and revert the plan's segmentation
    #[command(subcommand)]
    Defend(DefendCommand),
    /// Write the pack: everything that people need when nothing works, in one file for paper and telephones
    Pack(Pack),
    /// Make backups, list them, and try whether their repositories hold
    Backup(Backups),
    /// Restore a service to an isolated place, check it, and time it
    Drill(Drills),
    /// Restore a service's backups to a place
    Restore(Restore),
    /// Work out the way back from a loss, and walk it
    #[command(subcommand)]
    Recover(Recover),
    /// List people, and make the links by which they sign in
    #[command(subcommand)]
    People(PeopleCommand),
    /// Look into the sealed log, and verify it
    #[command(subcommand)]
    Log(LogCommand),
    /// Try whether those can be told whom the plan names
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Run the small privileged process that holds the firewall
    Enforcer(Enforcer),
    /// Print completions for a shell
    #[command(after_help = "Example: bastide completions bash > /etc/bash_completion.d/bastide")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages
    #[command(after_help = "Example: bastide manual --into /usr/local/share/man/man1")]
    Manual {
        /// The folder to write them into
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
}

#[derive(Args, Debug)]
#[command(after_help = "Example: bastide demo --listen 127.0.0.1:9000")]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// The state directory; made anew at each start
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide run --city /etc/bastide/city --interface eth1\n  bastide run --city \
                        ./city --interface eth1 --interface eth2 --listen 192.0.2.10:8443 --certificate cert.pem \
                        --key key.pem"
)]
pub(crate) struct Run {
    /// The folder of the plan; adopted at the first start, watched from then on
    #[arg(long, value_name = "DIR")]
    pub(crate) city: Option<PathBuf>,
    /// An interface that sees the city's traffic: a mirror port; may be given several times
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) interface: Vec<String>,
    /// The user whose rights are taken on once the interfaces are open, if started as root
    #[arg(long, value_name = "USER", default_value = "nobody")]
    pub(crate) user: String,
    /// A file into which another tool writes its alerts: Suricata's eve.json, Zeek's notice.log, Wazuh's alerts.json. It is
    /// followed from where it was left; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) alerts: Vec<PathBuf>,
    /// How many cores read each interface; all if left out. What is found is the same for any number
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// The socket of the process that holds the firewall (`bastide enforcer`): responses are carried out there, and what
    /// it has is watched
    #[arg(long, value_name = "PATH", env = "BASTIDE_ENFORCER")]
    pub(crate) enforcer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) listen: Listen,
    #[command(flatten)]
    pub(crate) exchange: Exchange,
    #[command(flatten)]
    pub(crate) keep: Keep,
    #[command(flatten)]
    pub(crate) state: State,
}

/// For how long and how much is kept. The sealed log is kept whole.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "What is kept")]
pub(crate) struct Keep {
    /// Days for which conversations and requests are kept
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    history_days: u16,
    /// The most that they may take on disk, in MiB; the oldest days go first
    #[arg(long, value_name = "MIB", default_value_t = 51_200)]
    history_mib: u32,
    /// Days for which packets around findings are kept
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    packet_days: u16,
    /// The most that those packets may take on disk, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1_024)]
    packet_mib: u32,
}

impl Keep {
    /// The same as the store's limits.
    pub(crate) fn limits(self) -> store::Limits {
        let days = |days: u16| jiff::SignedDuration::from_hours(24 * i64::from(days));
        let bytes = |mib: u32| u64::from(mib) << 20;
        store::Limits {
            history: store::Retention {
                age: Some(days(self.history_days)),
                bytes: Some(bytes(self.history_mib)),
            },
            packets: store::PacketLimits {
                age: days(self.packet_days),
                bytes: bytes(self.packet_mib),
                ..store::PacketLimits::default()
            },
        }
    }
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide replay monday.pcap\n  bastide replay --city ./city --state ./monday \
                        monday-*.pcap.zst"
)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) input: Captures,
    /// The folder of the plan to compare with; without one there are the inventory, weaknesses and who talks to whom
    #[arg(long, value_name = "DIR")]
    pub(crate) city: Option<PathBuf>,
    /// A state directory to keep the replay in; never a live city's. Without one nothing is kept
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// A file of another tool's alerts of the same time, merged in by their times: Suricata's eve.json, Zeek's notice.log,
    /// Wazuh's alerts.json. May be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) alerts: Vec<PathBuf>,
    /// The state directory of a city whose intelligence the capture is held against
    #[arg(long, value_name = "DIR")]
    pub(crate) intelligence: Option<PathBuf>,
    /// Print each finding as soon as it is sealed, one JSON object a line, instead of a report at the end
    #[arg(long, requires = "state")]
    pub(crate) follow: bool,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// Those whom the plan names in `[[notify]]`.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// Send a notice that is marked as a test, and say what came back
    #[command(after_help = "Exit code 1 if it could not be told.\nExample: bastide notify test duty-officer")]
    Test {
        /// The receiver's id in the plan
        id: String,
        /// The folder of the plan; the plan adopted if left out
        #[arg(long, value_name = "DIR")]
        city: Option<PathBuf>,
        #[command(flatten)]
        state: State,
    },
}

/// Where the console is reached.
#[derive(Args, Clone, Debug)]
pub(crate) struct Listen {
    /// Where the console listens; anything but loopback needs a certificate. May be given several times
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8470")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Names by which people reach the console, besides its addresses
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Vec<String>,
    /// The certificate and those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// The certificate's key, in PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<PathBuf>,
}

impl Listen {
    /// The certificate and key, if given.
    pub(crate) fn tls(&self) -> Option<console::Tls> {
        let (certificate, key) = self.certificate.clone().zip(self.key.clone())?;
        Some(console::Tls { certificate, key })
    }
}

/// Where peers read what is shared with them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Exchange with the plan's peers")]
pub(crate) struct Exchange {
    /// Where peers read what is shared with them, over TAXII 2.1; nobody does if left out. Anything but loopback needs a
    /// certificate. May be given several times
    #[arg(long, value_name = "ADDRESS")]
    exchange: Vec<SocketAddr>,
    /// The certificate shown to peers, in PEM; the console's if left out
    #[arg(long, value_name = "FILE", requires = "exchange_key")]
    exchange_certificate: Option<PathBuf>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE", requires = "exchange_certificate")]
    exchange_key: Option<PathBuf>,
}

impl Exchange {
    /// Where peers read, if they may.
    pub(crate) fn hosting(&self, console: &Listen) -> Option<Hosting> {
        if self.exchange.is_empty() {
            return None;
        }
        let own = self.exchange_certificate.clone().zip(self.exchange_key.clone());
        let own = own.map(|(certificate, key)| console::Tls { certificate, key });
        Some(Hosting { listen: self.exchange.clone(), tls: own.or_else(|| console.tls()) })
    }
}

/// Which state directory.
#[derive(Args, Clone, Debug)]
pub(crate) struct State {
    /// The state directory
    #[arg(long, value_name = "DIR", env = "BASTIDE_STATE")]
    state: Option<PathBuf>,
}

impl State {
    /// A directory that is known.
    pub(crate) fn of(directory: PathBuf) -> State {
        State { state: Some(directory) }
    }

    /// The directory given, or the usual one.
    pub(crate) fn directory(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(crate::state::default_directory)
    }
}

/// A look at a city.
#[derive(Args, Debug)]
pub(crate) struct Look {
    #[command(flatten)]
    pub(crate) state: State,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// What a person decides about a response. The process that watches the city carries it out and seals it.
#[derive(Debug, Subcommand)]
pub(crate) enum Deciding {
    /// Cut a device off from every other
    #[command(
        after_help = "Where a service that must run is at stake, a second person must agree.\nExit codes: 0 done, or waiting for a \
                      second person; 1 it could not be done, and what to enter at a firewall is printed; 2 it was refused.\n\
                      Example: bastide contain camera-7 --reason \"It calls out at night\""
    )]
    Contain {
        /// The asset's id, or an address
        #[arg(value_name = "ASSET|ADDRESS")]
        device: String,
        #[command(flatten)]
        of: Why,
    },
    /// Connect a device again that was cut off
    #[command(after_help = "Example: bastide release camera-7 --reason \"Cleaned and updated\"")]
    Release {
        /// The asset's id, or an address
        #[arg(value_name = "ASSET|ADDRESS")]
        device: String,
        #[command(flatten)]
        of: Why,
    },
    /// Agree to a response that waits for a person, or try again what failed
    #[command(after_help = "Example: bastide agree 3")]
    Agree {
        /// The response's number, as `bastide responses` lists it
        number: u64,
        #[command(flatten)]
        state: State,
    },
    /// Decide that a response shall not be done
    #[command(after_help = "Example: bastide dismiss 3 --reason \"It is the tester's laptop\"")]
    Dismiss {
        /// The response's number, as `bastide responses` lists it
        number: u64,
        /// Why; sealed with the decision
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        state: State,
    },
}

/// Why something is done, and to which city.
#[derive(Args, Debug)]
pub(crate) struct Why {
    /// Why; sealed with the decision
    #[arg(long, value_name = "TEXT", default_value = "no reason given")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) state: State,
    /// Where no process watches the city, the process that holds the firewall is asked directly.
    #[command(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide identify 'SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10'\n  bastide identify --kind http-server \
                        'Apache/2.4.57 (Debian)' --format json\n  bastide identify --kind snmp --fingerprints ./recog/xml - < \
                        descriptions.txt\n  bastide identify --fingerprints ./recog/xml --examples\n\nExit code 1 if a saying is not known, or an \
                        example is not met."
)]
pub(crate) struct Identify {
    /// What was said, or a MAC address; `-` reads standard input, a saying a line
    #[arg(value_name = "SAID", required_unless_present_any = ["examples", "kinds"])]
    pub(crate) said: Vec<String>,
    /// Where it was said: ssh, http-server, snmp, …; `--kinds` lists them. All are tried if left out
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// A folder of fingerprints in recog's form (XML), tried besides those built in; may be given several times
    #[arg(long, value_name = "DIR", env = "BASTIDE_FINGERPRINTS")]
    pub(crate) fingerprints: Vec<PathBuf>,
    /// Try the fingerprints on the examples that stand beside them, and say how many are met
    #[arg(long, requires = "fingerprints", conflicts_with = "said")]
    pub(crate) examples: bool,
    /// List the kinds of saying
    #[arg(long, conflicts_with_all = ["said", "examples"])]
    pub(crate) kinds: bool,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args, Debug)]
#[command(
    after_help = "The file asks for nothing from elsewhere. It holds no password and no key, and says where they are.\nExit codes: 0 \
                  done; 2 could not.\nExample: bastide pack --city /etc/bastide/city --into /media/safe"
)]
pub(crate) struct Pack {
    /// The folder to write `pack.html` into; made if it is not there. One that is there is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// List people
    List(Look),
    /// Make a one-time link: for the first sign-in, or for a person to set a new passphrase
    #[command(after_help = "Example: bastide people link \"Ada Lovell\"")]
    Link {
        /// The person; left out for the first sign-in
        name: Option<String>,
        #[command(flatten)]
        state: State,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Print the latest records, the oldest first
    Show {
        /// How many
        #[arg(long, default_value_t = 50)]
        last: u32,
        #[command(flatten)]
        look: Look,
    },
    /// Compute everything anew and say whether anything was altered, and where
    #[command(after_help = "Exit code 1 if anything was altered.")]
    Verify {
        #[command(flatten)]
        look: Look,
    },
}

/// Captures to read.
#[derive(Args, Debug)]
pub(crate) struct Captures {
    /// Capture files: pcap or pcapng, plain or packed with gzip or zstd; `-` is standard input
    #[arg(value_name = "CAPTURE", required = true)]
    pub(crate) captures: Vec<OsString>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  bastide records monday.pcap\n  bastide records monday.pcap.zst --kind request \
                        | jq 'select(.verb == \"write\")'\n  bastide records monday.pcap --format eve | jq 'select(.event_type == \"modbus\")'\n  \
                        bastide records monday.pcap --format zeek --into monday-logs"
)]
pub(crate) struct Records {
    #[command(flatten)]
    pub(crate) input: Captures,
    /// How to print them
    #[arg(long, value_enum, default_value_t = RecordFormat::Ndjson)]
    pub(crate) format: RecordFormat,
    /// The folder for logs; made if it is not there. Logs in it of the same names are written anew
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    /// Only these kinds; all if left out
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kind: Vec<RecordKind>,
    /// How many cores read; all if left out. What is written is the same for any number. Zeek's logs are made by one
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// The events of Suricata (EVE JSON), one object a line
    Eve,
    /// One JSON object a line
    Ndjson,
    /// The logs of Zeek and ICSNPP, a file each; needs `--into`
    Zeek,
}

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum RecordKind {
    /// An IP and a MAC address said to belong together
    Binding,
    /// A conversation between two ends, when it ends
    Conversation,
    /// Conversations begun in great number that came to nothing
    Flood,
    /// Something a device told of itself
    Identity,
    /// Something not seen or not kept
    Loss,
    /// A message in the field's own words, with every field
    Message,
    /// Something asked of a device, with what it answered
    Request,
    /// Bytes that no reader understood
    Unread,
    /// Something insecure
    Weakness,
}

impl RecordKind {
    /// The kind as `records` has it.
    pub(crate) fn kind(self) -> records::Kind {
        match self {
            RecordKind::Binding => records::Kind::Binding,
            RecordKind::Conversation => records::Kind::Conversation,
            RecordKind::Flood => records::Kind::Flood,
            RecordKind::Identity => records::Kind::Identity,
            RecordKind::Loss => records::Kind::Loss,
            RecordKind::Message => records::Kind::Message,
            RecordKind::Request => records::Kind::Request,
            RecordKind::Unread => records::Kind::Unread,
            RecordKind::Weakness => records::Kind::Weakness,
        }
    }
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// JSON with stable field names
    Json,
    /// Comma-separated values with a header line
    Csv,
}

/// Prints completions for a shell.
pub(crate) fn print_completions(shell: clap_complete::Shell) -> anyhow::Result<Verdict> {
    clap_complete::generate(shell, &mut Arguments::command(), "bastide", &mut std::io::stdout());
    Ok(Verdict::Good)
}

/// Writes one manual page for each command.
pub(crate) fn write_manual(into: &std::path::Path) -> anyhow::Result<Verdict> {
    clap_mangen::generate_to(Arguments::command(), into)
        .with_context(|| format!("cannot write manual pages into `{}`", into.display()))?;
    Ok(Verdict::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
