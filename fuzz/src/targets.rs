//! What is fuzzed, by name.
//!
//! One program holds every target: each of its own would be linked for itself, which takes longer than fuzzing it.

use crate::{Carrier, dialogue, frames, frames_into, linked, streams};
use adapt::{
    intel::{
        read::{Teller, read},
        watch::{Gathered, Ground, Origin, WATCHED_MAX, Watchlist},
    },
    stix::{
        Document, Gravity, Object, Pattern, Tlp, observed_data,
        pattern::{Budget, evaluate},
        validate,
    },
};
use capture::CaptureFile;
use city::{Address, Observation, Observed};
use jiff::Timestamp;
use plan::{Colours, Draft, Severity, SourceFile};
use records::alerts::{LINE_MAX, Reader};
use ruleset::{Field, Hook, Packet, Ruleset, Verdict};
use std::io::Cursor;

/// What the bytes are read as.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Whatever the function says.
    Bytes(fn(&[u8])),
    /// Frames of an EtherType.
    Linked(u16),
    /// What a client and the server at a port say over TCP.
    Tcp(u16),
    /// The same over UDP.
    Udp(u16),
}

/// In the place of an EtherType: the length of an 802.2 frame, the longest that there is.
const LENGTH: u16 = 1_500;

/// Every target, in the order of their names. `cargo xtask fuzz` reads this list.
pub const TARGETS: &[(&str, Target)] = &[
    ("alerts", Target::Bytes(alerts)),
    ("bacnet", Target::Udp(47808)),
    ("bacnet_sc", Target::Tcp(80)),
    ("bsap", Target::Udp(1234)),
    ("bsap_serial", Target::Tcp(1234)),
    ("c1222", Target::Tcp(1153)),
    ("capture_file", Target::Bytes(capture_file)),
    ("cdp", Target::Linked(LENGTH)),
    ("cip", Target::Udp(2222)),
    ("coap", Target::Udp(5683)),
    ("dhcp", Target::Udp(67)),
    ("dhcpv6", Target::Udp(547)),
    ("dlms", Target::Tcp(4059)),
    ("dnp3", Target::Tcp(20_000)),
    ("dns", Target::Udp(53)),
    ("dns_stream", Target::Tcp(53)),
    ("draft", Target::Bytes(draft)),
    ("dtls", Target::Udp(4_433)),
    ("eapol", Target::Linked(0x888e)),
    ("enip", Target::Tcp(44818)),
    ("frames", Target::Bytes(frames)),
    ("ftp", Target::Tcp(21)),
    ("genisys", Target::Tcp(10_001)),
    ("hart_ip", Target::Tcp(5094)),
    ("hsrp", Target::Udp(1985)),
    ("http", Target::Tcp(80)),
    ("http2", Target::Tcp(80)),
    ("identify", Target::Bytes(identify)),
    ("iec104", Target::Tcp(2_404)),
    ("ike", Target::Udp(500)),
    ("kerberos", Target::Tcp(88)),
    ("knxnet_ip", Target::Udp(3671)),
    ("ldap", Target::Tcp(389)),
    ("lldp", Target::Linked(0x88cc)),
    ("lorawan", Target::Udp(1700)),
    ("mdns", Target::Udp(5353)),
    ("modbus", Target::Tcp(502)),
    ("modbus_rtu", Target::Tcp(4001)),
    ("mqtt", Target::Tcp(1883)),
    ("mqtt_sn", Target::Udp(1884)),
    ("mud", Target::Bytes(mud)),
    ("mysql", Target::Tcp(3306)),
    ("nbns", Target::Udp(137)),
    ("ntp", Target::Udp(123)),
    ("omron_fins", Target::Udp(9600)),
    ("omron_fins_stream", Target::Tcp(9600)),
    ("opcua", Target::Tcp(4840)),
    ("plan", Target::Bytes(plan_text)),
    ("postgresql", Target::Tcp(5432)),
    ("profinet_dcp", Target::Linked(0x8892)),
    ("profinet_io_cm", Target::Udp(34964)),
    ("quic", Target::Udp(443)),
    ("radius", Target::Udp(1812)),
    ("rdp", Target::Tcp(3389)),
    ("rfb", Target::Tcp(5900)),
    ("roc_plus", Target::Tcp(4000)),
    ("rtsp", Target::Tcp(554)),
    ("ruleset", Target::Bytes(ruleset_text)),
    ("s7comm", Target::Tcp(102)),
    ("sip", Target::Udp(5060)),
    ("sip_stream", Target::Tcp(5060)),
    ("smb", Target::Tcp(445)),
    ("smtp", Target::Tcp(25)),
    ("snmp", Target::Udp(161)),
    ("ssdp", Target::Udp(1900)),
    ("ssh", Target::Tcp(22)),
    ("stix_object", Target::Bytes(stix_object)),
    ("intel_read", Target::Bytes(intel_read)),
    ("stix_pattern", Target::Bytes(stix_pattern)),
    ("stp", Target::Linked(LENGTH)),
    ("streams", Target::Bytes(streams)),
    ("synchrophasor", Target::Tcp(4712)),
    ("syslog", Target::Tcp(514)),
    ("telnet", Target::Tcp(23)),
    ("tftp", Target::Udp(69)),
    ("tls", Target::Tcp(443)),
    ("udld", Target::Linked(LENGTH)),
    ("websocket", Target::Tcp(80)),
    ("ws_discovery", Target::Udp(3702)),
];

impl Target {
    /// The target of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Target> {
        TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
    }

    /// Reads the bytes.
    pub fn read(self, data: &[u8]) {
        match self {
            Target::Bytes(read) => read(data),
            Target::Linked(ether_type) => linked(ether_type, data),
            Target::Tcp(port) => dialogue(Carrier::Tcp, port, data),
            Target::Udp(port) => dialogue(Carrier::Udp, port, data),
        }
    }
}

/// A file of other tools' alerts: every alert has a device and a title, and whatever cannot be read is told once.
fn alerts(data: &[u8]) {
    let inside = |address: Address| matches!(address, Address::Ip(ip) if ip.is_ipv4());
    let (mut reader, mut observations) = (Reader::new("fuzz", 0), Vec::new());
    for piece in data.chunks(61) {
        reader.read(piece, &inside, &mut observations);
        assert!(reader.pending() <= LINE_MAX);
    }
    reader.finish(&inside, &mut observations);
    for observation in &observations {
        let Observed::Alert(alert) = &observation.fact else { panic!("no alert") };
        assert!(alert.subject.is_station() && !alert.title.is_empty() && alert.techniques.len() <= 16);
    }
    let broken = reader.broken(Timestamp::UNIX_EPOCH);
    assert!(reader.lines() >= observations.len() as u64 + u64::from(broken.is_some()));
    assert!(reader.broken(Timestamp::UNIX_EPOCH).is_none());
}

/// A capture file of any kind: packed or not, whole or not.
fn capture_file(data: &[u8]) {
    let source = Cursor::new(data.to_vec());
    if let Ok(mut file) = CaptureFile::read("fuzz".into(), source, None) {
        let mut told = 0;
        loop {
            match file.next() {
                Ok(Some(frame)) => assert!(frame.bytes.len() <= frame.length as usize),
                Ok(None) => break,
                Err(damage) => {
                    told += 1;
                    assert!(!damage.to_string().is_empty());
                }
            }
        }
        assert!(told <= 1, "damage is told once");
    }
}

/// A plan drafted from whatever a wire yields: it must hold, and already be in its canonical form.
fn draft(data: &[u8]) {
    let mut draft = Draft::new();
    frames_into(data, |observations: &[Observation]| {
        observations.iter().for_each(|observation| draft.see(observation));
    });
    let files = draft.answer().files;
    let checked = plan::check(&files);
    assert_eq!(checked.count(Severity::Error), 0, "{:?}", checked.diagnostics);
    for file in &files {
        assert_eq!(plan::format(file.text()).as_deref(), Some(file.text()));
    }
}

/// What somebody says, then perhaps a database of fingerprints behind a line of four dashes.
fn identify(data: &[u8]) {
    let text = identify::recog::as_text(data);
    let (said, database) = text.split_once("\n----\n").unwrap_or((text.as_str(), ""));
    for known in identify::identify(identify::built_in(), None, said) {
        // Whoever is known is known for something, and nothing is believed beyond doubt.
        assert!(known.told().iter().all(|told| !told.value.is_empty() && told.confidence <= 60));
    }
    if let Ok(database) = identify::recog::read(database, "fuzz") {
        let _ = database.identify(said);
        for example in identify::recog::examples(text.split_once("\n----\n").map_or("", |(_, xml)| xml))
            .into_iter()
            .flatten()
        {
            let _ = (example.text(), example.expected());
        }
    }
}

/// A small town, in which a device of every MUD file stands.
const TOWN: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"
[[zone]]
id = "lights"
name = "Street lights"
networks = ["192.0.2.0/27", "2001:db8:1::/64"]
security-level = 1
[[zone]]
id = "centre"
name = "Control centre"
networks = ["192.0.2.32/27"]
security-level = 2
[[zone]]
id = "internet"
name = "Everywhere else"
outside = true
security-level = 0
[[supplier]]
id = "example-lamps"
name = "Example Lamps Ltd"
[[asset]]
id = "lamp"
zone = "lights"
addresses = ["192.0.2.2"]
supplier = "example-lamps"
[[asset]]
id = "head-end"
zone = "centre"
addresses = ["192.0.2.34"]
supplier = "example-lamps"
[[conduit]]
from = "lights"
to = "centre"
reason = "Time"
allow = ["ntp: read"]
[[conduit]]
from = "lights"
to = "lights"
reason = "Lamps do not speak to one another"
allow = ["icmp: any"]
"#;

/// A MUD file: it is refused with a reason, or what it proposes is a plan's text that holds.
fn mud(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mud = match defend::mud::parse(&text) {
        Ok(mud) => mud,
        Err(error) => return assert!(!error.problem.is_empty() && !error.remedy.is_empty()),
    };
    let town = SourceFile::new("city.toml", TOWN);
    let plan = plan::check(std::slice::from_ref(&town)).plan.expect("the town is a plan");
    let asset = plan.assets().next().expect("the town has a lamp");
    let mut peers = defend::mud::Peers::new();
    for named in [false, true] {
        let proposal = defend::mud::propose(&mud, &plan, asset, &peers);
        let text = proposal.text();
        assert_eq!(plan::format(&text).as_deref(), Some(text.as_str()));
        let checked = plan::check(&[town.clone(), SourceFile::new("mud.toml", text)]);
        assert_eq!(checked.count(Severity::Error), 0, "{:?}", checked.diagnostics);
        assert!(!proposal.conduits.is_empty() || !proposal.notes.is_empty());
        if !named {
            let head_end = plan.assets().nth(1).map(|asset| asset.id.clone());
            let words = mud.rules.iter().flat_map(|rule| &rule.peers).map(defend::mud::Peer::word);
            peers.extend(words.map(|word| (word, head_end.iter().cloned().collect())));
        }
    }
}

/// The text of a plan: TOML, then perhaps a spreadsheet and a procedure, each behind a line of four dashes.
fn plan_text(data: &[u8]) {
    let parting = b"\n----\n";
    let at = data.windows(parting.len()).position(|window| window == parting);
    let (toml, rest) = at.map_or((data, &[][..]), |at| (&data[..at], &data[at + parting.len()..]));
    let at = rest.windows(parting.len()).position(|window| window == parting);
    let (sheet, steps) = at.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + parting.len()..])));
    let mut files = vec![SourceFile::from_bytes("city.toml", toml.to_vec())];
    files.push(SourceFile::new("inventory.toml", "[[inventory]]\nfile = \"assets.csv\"\n"));
    files.push(SourceFile::from_bytes("assets.csv", sheet.to_vec()));
    if let Some(steps) = steps {
        files.push(SourceFile::new(
            "procedure.toml",
            "[[procedure]]\nid = \"fuzz\"\nname = \"Fuzz\"\nservices = [\"fuzz\"]\nowner = \"fuzz\"\nreviewed = 2026-09-01\nfile = \"fuzz.md\"\n\
             [[service]]\nid = \"fuzz\"\nname = \"Fuzz\"\nimpact = \"low\"\n[[contact]]\nid = \"fuzz\"\nname = \"Fuzz\"\nrole = \"Fuzz\"\n",
        ));
        files.push(SourceFile::from_bytes("fuzz.md", steps.to_vec()));
    }
    let checked = plan::check(&files);
    // Either there is a plan, or a reason why not; and whatever is said can be shown.
    assert!(checked.plan.is_some() || !checked.diagnostics.is_empty());
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.render(Colours::On).is_empty());
    }
    // The formatter changes only space: what it wrote it leaves alone, and it says the same. Text that is not UTF-8 was
    // repaired when it was read, and would no longer be told of.
    if std::str::from_utf8(toml).is_ok()
        && let Some(tidy) = plan::format(files[0].text())
    {
        assert_eq!(plan::format(&tidy).as_deref(), Some(tidy.as_str()));
        files[0] = SourceFile::new("city.toml", tidy);
        let again = plan::check(&files);
        assert_eq!(checked.plan.is_some(), again.plan.is_some());
        assert_eq!(checked.diagnostics.len(), again.diagnostics.len());
    }
}

/// The text of a firewall's rules: either it means something for any packet, or there is a reason why not.
fn ruleset_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Ruleset::parse(&text) {
        Ok(ruleset) => {
            for (ethertype, protocol) in [(0x0800, 6), (0x0800, 1), (0x86dd, 17), (0x0806, 0)] {
                let packet =
                    Packet::default().with(Field::Ethertype, ethertype).with(Field::Protocol, protocol);
                for bridged in [false, true] {
                    let trace = ruleset.trace_forwarded(&packet, bridged);
                    assert!(trace.verdict == Verdict::Accept || trace.decision().is_some());
                    let _ = ruleset.trace(&packet, Hook::Input, bridged);
                }
                assert!(!ruleset.show(&packet).to_string().is_empty());
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.place.line > 0 && !error.to_string().is_empty());
            }
        }
    }
}

/// A STIX document: what is read is kept, and whatever is said of it can be shown.
/// Whatever is read of others' files, in the form that it looks like, is STIX that nobody refuses, and can be watched for.
fn intel_read(data: &[u8]) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let teller = Teller { source: "fuzz", tlp: None, now };
    let read = match read(data, None, teller) {
        Ok(read) => read,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let is_ours = !data.trim_ascii_start().starts_with(b"{") && !data.trim_ascii_start().starts_with(b"[");
    let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
    let ground = Ground::of(None);
    let origin = Origin { source: "fuzz", trust: 50, tlp: Tlp::Green };
    for object in read.objects.iter().filter_map(Object::of) {
        list.add(object, origin, &ground, now, &mut gathered);
    }
    assert!(list.len() <= WATCHED_MAX);
    if is_ours {
        let objects: Vec<String> = read.objects.iter().map(ToString::to_string).collect();
        let text = format!("[{}]", objects.join(","));
        let document = Document::read(text.as_bytes()).expect("what was made is JSON");
        let refused: Vec<_> =
            validate(&document).into_iter().filter(|problem| problem.gravity == Gravity::Refused).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

fn stix_object(data: &[u8]) {
    let document = match Document::read(data) {
        Ok(document) => document,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let again = Document::read(document.value().to_string().as_bytes()).expect("what was written is JSON");
    assert_eq!(again, document);
    assert!(validate(&document).iter().all(|problem| !problem.to_string().is_empty()));
    for object in document.objects() {
        let _ = (object.id(), object.created(), object.confidence(), object.labels().count(), object.tlp());
    }
    match observed_data(&[document]) {
        Ok(observed) => assert!(observed.iter().all(|observed| observed.count() > 0)),
        Err(error) => assert!(!error.problem.is_empty()),
    }
}

/// A STIX pattern, then perhaps observed data behind a line of four dashes.
fn stix_pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (text, observed) = text.split_once("\n----\n").unwrap_or((&text, ""));
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => return assert!(error.place.line > 0 && !error.problem.is_empty()),
    };
    let printed = pattern.to_string();
    assert_eq!(Pattern::parse(&printed).as_ref(), Ok(&pattern), "{printed}");
    assert!(pattern.notes().iter().all(|note| !note.to_string().is_empty()));
    let Ok(document) = Document::read(observed.as_bytes()) else { return };
    let Ok(observed) = observed_data(&[document]) else { return };
    match evaluate(&pattern, &observed, Budget { steps: 200_000 }) {
        Ok(Some(found)) => {
            // What is said to match does so alone, too.
            let told: Vec<_> =
                found.observations.iter().filter_map(|place| observed.get(*place)).cloned().collect();
            assert_eq!(told.len(), found.observations.len());
            assert!(!matches!(evaluate(&pattern, &told, Budget { steps: 400_000 }), Ok(None)));
        }
        Ok(None) => {}
        Err(undecided) => assert!(!undecided.to_string().is_empty()),
    }
}
