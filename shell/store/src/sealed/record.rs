//! What is sealed: record types of the store's own, converted from the city's, so that storage never freezes the core.
//!
//! A kind's form never changes under its schema number. A new form gets the next number, and [`Sealed::record`] keeps
//! reading the old one; a test holds every form.

use super::{BackupRecord, DrillRecord, IncidentRecord, LogError, ResponseRecord};
use ::city::{Evidence, Finding, Support};
use serde::{Deserialize, Serialize};

/// One record of the log, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Its place, from 1.
    pub sequence: u64,
    /// When it was sealed, in the city's time (RFC 3339).
    pub time: String,
    /// What it is.
    pub kind: String,
    /// The version of its kind's form.
    pub schema: u32,
    /// What it says (JSON).
    pub body: String,
}

impl Sealed {
    /// The record in its type. `None` if the kind or form is unknown here; the body can then still be shown.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        let body = self.body.as_str();
        Some(match (self.kind.as_str(), self.schema) {
            ("act", 1) => Record::Act(serde_json::from_str(body).ok()?),
            ("backup", 1) => Record::Backup(serde_json::from_str(body).ok()?),
            ("drill", 1) => Record::Drill(serde_json::from_str(body).ok()?),
            ("evidence", 1) => Record::Evidence(serde_json::from_str(body).ok()?),
            ("finding", 1) => Record::Finding(serde_json::from_str(body).ok()?),
            ("incident", 1) => Record::Incident(serde_json::from_str(body).ok()?),
            ("plan", 1) => Record::Plan(serde_json::from_str(body).ok()?),
            ("response", 1) => Record::Response(serde_json::from_str(body).ok()?),
            ("start", 1) => Record::Start(serde_json::from_str(body).ok()?),
            _ => return None,
        })
    }
}

/// Something to be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// What a person or programme did.
    Act(ActRecord),
    /// A backup that was made, or could not be.
    Backup(Box<BackupRecord>),
    /// A drill.
    Drill(Box<DrillRecord>),
    /// What supports an outcome of a framework.
    Evidence(EvidenceRecord),
    /// A finding, when it was made and each time that it became graver.
    Finding(Box<FindingRecord>),
    /// An incident, each time that it came further.
    Incident(Box<IncidentRecord>),
    /// A plan that was adopted.
    Plan(PlanRecord),
    /// A response, each time that it came further.
    Response(Box<ResponseRecord>),
    /// A start of Bastide.
    Start(StartRecord),
}

impl Record {
    /// The kind, as stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Record::Act(_) => "act",
            Record::Backup(_) => "backup",
            Record::Drill(_) => "drill",
            Record::Evidence(_) => "evidence",
            Record::Finding(_) => "finding",
            Record::Incident(_) => "incident",
            Record::Plan(_) => "plan",
            Record::Response(_) => "response",
            Record::Start(_) => "start",
        }
    }

    /// The version of the form that a record's body writes.
    #[must_use]
    pub fn schema(&self) -> u32 {
        1
    }

    /// The number in the city of what it is about, by which its records are found.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Record::Finding(record) => Some(record.number),
            Record::Incident(record) => Some(record.number),
            Record::Response(record) => Some(record.number),
            _ => None,
        }
    }

    /// The body, as stored.
    pub(super) fn body(&self) -> Result<String, LogError> {
        let body = match self {
            Record::Act(record) => serde_json::to_string(record),
            Record::Backup(record) => serde_json::to_string(record),
            Record::Drill(record) => serde_json::to_string(record),
            Record::Evidence(record) => serde_json::to_string(record),
            Record::Finding(record) => serde_json::to_string(record),
            Record::Incident(record) => serde_json::to_string(record),
            Record::Plan(record) => serde_json::to_string(record),
            Record::Response(record) => serde_json::to_string(record),
            Record::Start(record) => serde_json::to_string(record),
        };
        body.map_err(|_| LogError::Form(self.kind()))
    }
}

/// What a person or programme did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActRecord {
    /// Who, by name; none if nobody signed in.
    pub person: Option<String>,
    /// What.
    pub act: Act,
    /// What it was done to: a person, a token, a finding's number.
    pub subject: Option<String>,
    /// Where it came from: an address, or `socket` for the command line.
    pub from: Option<String>,
    /// Anything else that matters, in plain words. Never a secret.
    pub detail: Option<String>,
}

/// The kinds of act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A habit that was learned of a device was refused.
    HabitRefused,
    /// Something of an incident was filed for others to read.
    IncidentShared,
    /// A source or an object of what others know is acted on again.
    IntelligenceRestored,
    /// A source or an object of what others know is no longer acted on.
    IntelligenceWithdrawn,
    /// A one-time link was made.
    LinkMade,
    /// A one-time link was used.
    LinkUsed,
    /// Packets were opened.
    PacketsOpened,
    /// A passphrase was set.
    PassphraseSet,
    /// A person was added.
    PersonAdded,
    /// A person's role or rights were changed.
    PersonChanged,
    /// A plan was adopted; the plan has a record of its own.
    PlanAdopted,
    /// People began to work through a restoration.
    RestorationBegun,
    /// Something that was filed for others was taken back.
    ShareWithdrawn,
    /// Someone signed in.
    SignIn,
    /// Someone failed to sign in.
    SignInFailed,
    /// Someone signed out.
    SignOut,
    /// Someone said what became of a step of a restoration.
    StepTicked,
    /// A token was made.
    TokenMade,
    /// A token was revoked.
    TokenRevoked,
}

/// A plan that was adopted: its whole text, so that what was compared with what can be shown years later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// SHA-256 over its files, in hexadecimal: see [`PlanRecord::new`].
    pub digest: String,
    /// The digest of the plan that it replaced, if there was one.
    pub parent: Option<String>,
    /// Who adopted it, by name.
    pub adopted_by: String,
    /// Its files, in the order of their names.
    pub files: Vec<PlanFile>,
}

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlanFile {
    /// Its path inside the plan's folder, with `/` between parts.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl PlanRecord {
    /// A plan's record. The digest is SHA-256 over each file's name and text in the order of the names, each after its
    /// length in 64 bits, big-endian.
    #[must_use]
    pub fn new(mut files: Vec<PlanFile>, parent: Option<String>, adopted_by: String) -> PlanRecord {
        use sha2::{Digest as _, Sha256};
        files.sort();
        let mut hasher = Sha256::new();
        for text in files.iter().flat_map(|file| [&file.name, &file.text]) {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        let digest = integrity::Hash(hasher.finalize().into()).to_string();
        PlanRecord { digest, parent, adopted_by, files }
    }
}

/// A start of Bastide, and what the stop before it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRecord {
    /// The version of the program.
    pub version: String,
    /// What was lost since the stop before, in plain words; none after an orderly stop.
    pub lost: Option<String>,
}

/// A finding, in its first or its graver form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    /// Its number in the city, from 1.
    pub number: u64,
    /// Whether it was made now or became graver.
    pub worsened: bool,
    /// What found it.
    pub rule: String,
    /// The device it is about.
    pub subject: String,
    /// What else tells it apart.
    pub distinction: String,
    /// Who did what.
    pub title: String,
    /// How much it matters.
    pub severity: String,
    /// Why.
    pub reasons: Vec<ReasonRecord>,
    /// What to do about it.
    pub remedy: String,
    /// The declared asset it is about.
    pub asset: Option<String>,
    /// The zone it is about.
    pub zone: Option<String>,
    /// The services it bears on.
    pub services: Vec<String>,
    /// The other end.
    pub peer: Option<String>,
    /// Techniques of ATT&CK for ICS.
    pub techniques: Vec<String>,
    /// Outcomes of frameworks.
    pub outcomes: Vec<String>,
    /// How often it had been seen.
    pub count: u64,
    /// When it was first seen (RFC 3339).
    pub first: String,
    /// When it had last been seen (RFC 3339).
    pub last: String,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonRecord {
    /// When it was seen (RFC 3339).
    pub time: String,
    /// In plain words.
    pub text: String,
}

impl FindingRecord {
    /// The record of a finding; `worsened` if one was sealed before and it is graver now.
    #[must_use]
    pub fn new(finding: &Finding, worsened: bool) -> FindingRecord {
        FindingRecord {
            number: finding.number,
            worsened,
            rule: finding.key.rule.as_str().to_owned(),
            subject: finding.key.subject.to_string(),
            distinction: finding.key.distinction.to_string(),
            title: finding.title.to_string(),
            severity: finding.severity.as_str().to_owned(),
            reasons: finding
                .reasons
                .iter()
                .map(|reason| ReasonRecord { time: reason.time.to_string(), text: reason.text.to_string() })
                .collect(),
            remedy: finding.remedy.to_string(),
            asset: finding.asset.as_ref().map(ToString::to_string),
            zone: finding.zone.as_ref().map(ToString::to_string),
            services: finding.services.iter().map(ToString::to_string).collect(),
            peer: finding.peer.map(|peer| peer.to_string()),
            techniques: finding.techniques.iter().map(ToString::to_string).collect(),
            outcomes: finding.outcomes.iter().map(|outcome| outcome.0.to_string()).collect(),
            count: finding.count,
            first: finding.first.to_string(),
            last: finding.last.to_string(),
        }
    }
}

/// What supports an outcome of a framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// The outcome.
    pub outcome: String,
    /// How far it is known: `measured`, `attested` or `unknown`.
    pub support: String,
    /// The statement.
    pub statement: String,
    /// From when it holds (RFC 3339).
    pub effective: String,
    /// From when it counts as unknown again (RFC 3339).
    pub expires: String,
}

impl From<&Evidence> for EvidenceRecord {
    fn from(evidence: &Evidence) -> EvidenceRecord {
        let support = match evidence.support {
            Support::Attested => "attested",
            Support::Measured => "measured",
            Support::Unknown => "unknown",
        };
        EvidenceRecord {
            outcome: evidence.outcome.0.to_string(),
            support: support.to_owned(),
            statement: evidence.statement.to_string(),
            effective: evidence.effective.to_string(),
            expires: evidence.expires.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::city::{
        Address, BackupMade, Drill, DrillStep, FindingKey, Incident, IncidentState, IncidentStep, Lesson,
        Outcome, Reason, Rule, Severity, Snapshot,
    };
    use jiff::{SignedDuration, Timestamp};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_322_000 + second).unwrap()
    }

    /// A body as it was stored by schema 1, and the record that it must always be read as.
    fn check(record: &Record, stored: &str) {
        assert_eq!(record.body().unwrap(), stored);
        let sealed = Sealed {
            sequence: 1,
            time: at(0).to_string(),
            kind: record.kind().to_owned(),
            schema: 1,
            body: stored.to_owned(),
        };
        assert_eq!(sealed.record().as_ref(), Some(record));
        assert_eq!(Sealed { schema: 99, ..sealed }.record(), None);
    }

    #[test]
    fn the_forms_of_schema_1_never_change() {
        let finding = Finding {
            number: 3,
            key: FindingKey {
                rule: Rule::VerbNotAllowed,
                subject: Address::Ip([192, 0, 2, 7].into()),
                distinction: "modbus write".into(),
            },
            title: "192.0.2.9 wrote to pump-3".into(),
            severity: Severity::High,
            reasons: vec![Reason { time: at(1), text: "no conduit allows it".into() }],
            remedy: "find out who did it".into(),
            asset: Some("pump-3".parse().unwrap()),
            zone: None,
            services: vec!["drainage".parse().unwrap()],
            peer: Some(Address::Ip([192, 0, 2, 9].into())),
            techniques: vec!["T0855".into()],
            outcomes: vec![Outcome("caf:C1.a".into())],
            count: 2,
            first: at(1),
            last: at(2),
        };
        check(
            &Record::Finding(Box::new(FindingRecord::new(&finding, false))),
            r#"{"number":3,"worsened":false,"rule":"verb-not-allowed","subject":"192.0.2.7","distinction":"modbus write","title":"192.0.2.9 wrote to pump-3","severity":"high","reasons":[{"time":"2026-01-02T02:46:41Z","text":"no conduit allows it"}],"remedy":"find out who did it","asset":"pump-3","zone":null,"services":["drainage"],"peer":"192.0.2.9","techniques":["T0855"],"outcomes":["caf:C1.a"],"count":2,"first":"2026-01-02T02:46:41Z","last":"2026-01-02T02:46:42Z"}"#,
        );
        let evidence = Evidence {
            outcome: Outcome("csf:ID.AM-01".into()),
            support: Support::Measured,
            statement: "104 devices were seen".into(),
            effective: at(0),
            expires: at(60),
        };
        check(
            &Record::Evidence(EvidenceRecord::from(&evidence)),
            r#"{"outcome":"csf:ID.AM-01","support":"measured","statement":"104 devices were seen","effective":"2026-01-02T02:46:40Z","expires":"2026-01-02T02:47:40Z"}"#,
        );
        recovery_never_changes();
        incidents_never_change();
        let act = ActRecord {
            person: Some("ada".into()),
            act: Act::PacketsOpened,
            subject: Some("3".into()),
            from: Some("127.0.0.1".into()),
            detail: None,
        };
        check(
            &Record::Act(act),
            r#"{"person":"ada","act":"packets-opened","subject":"3","from":"127.0.0.1","detail":null}"#,
        );
        let file = |name: &str| PlanFile { name: name.into(), text: "x".into() };
        let plan = PlanRecord::new(vec![file("b.toml"), file("a.toml")], None, "ada".into());
        check(
            &Record::Plan(plan),
            r#"{"digest":"9a786431cf1a0955e3138c58085450547055005a70ecac26dc11394054dfc73b","parent":null,"adopted_by":"ada","files":[{"name":"a.toml","text":"x"},{"name":"b.toml","text":"x"}]}"#,
        );
        let response = ResponseRecord {
            number: 2,
            target: "192.0.2.9".into(),
            asset: None,
            name: "LAPTOP-9 (192.0.2.9)".into(),
            findings: vec![3],
            consequences: Vec::new(),
            standing: Some("no-strangers".into()),
            state: "ordered".into(),
            by: None,
            step: "Ordered".into(),
        };
        check(
            &Record::Response(Box::new(response)),
            r#"{"number":2,"target":"192.0.2.9","asset":null,"name":"LAPTOP-9 (192.0.2.9)","findings":[3],"consequences":[],"standing":"no-strangers","state":"ordered","by":null,"step":"Ordered"}"#,
        );
        check(
            &Record::Start(StartRecord { version: "0.1.0".into(), lost: None }),
            r#"{"version":"0.1.0","lost":null}"#,
        );
    }

    fn incidents_never_change() {
        let step = |second, by: Option<&str>, text: &str| IncidentStep {
            time: at(second),
            by: by.map(Into::into),
            text: text.into(),
        };
        let incident = Incident {
            number: 2,
            title: "LAPTOP-9 is trying doors".into(),
            severity: Severity::High,
            state: IncidentState::Dismissed { reason: "the yearly test".into(), until: at(99) },
            owner: Some("ada".into()),
            findings: vec![3, 4],
            more: 0,
            addresses: vec![Address::Ip([192, 0, 2, 9].into())],
            assets: vec!["pump-3".parse().unwrap()],
            services: vec!["drainage".parse().unwrap()],
            techniques: vec!["T0846".into()],
            responses: vec![1],
            began: at(0),
            detected: at(1),
            last: at(2),
            contained: Some(at(3)),
            recovered: None,
            reviewed: None,
            lesson: Some(Lesson {
                cause: "an open wall socket".into(),
                factors: vec!["nobody looked".into()],
                changes: vec!["office to pumps: modbus write".parse().unwrap()],
                noted: at(5),
                by: "ada".into(),
                held: None,
            }),
            steps: vec![step(1, None, "Begun"), step(4, Some("ada"), "Dismissed: the yearly test")],
        };
        let record = IncidentRecord::from(&incident);
        check(
            &Record::Incident(Box::new(record.clone())),
            r#"{"number":2,"title":"LAPTOP-9 is trying doors","severity":"high","state":"dismissed","reason":"the yearly test","until":"2026-01-02T02:48:19Z","into":null,"owner":"ada","findings":[3,4],"more":0,"addresses":["192.0.2.9"],"assets":["pump-3"],"services":["drainage"],"techniques":["T0846"],"responses":[1],"began":"2026-01-02T02:46:40Z","detected":"2026-01-02T02:46:41Z","last":"2026-01-02T02:46:42Z","contained":"2026-01-02T02:46:43Z","recovered":null,"reviewed":null,"lesson":{"cause":"an open wall socket","factors":["nobody looked"],"changes":["office to pumps: modbus write"],"noted":"2026-01-02T02:46:45Z","by":"ada","held":null},"steps":[{"time":"2026-01-02T02:46:41Z","by":null,"text":"Begun"},{"time":"2026-01-02T02:46:44Z","by":"ada","text":"Dismissed: the yearly test"}]}"#,
        );
        assert_eq!(record.incident(), Some(incident), "it tells the whole of it again");
    }

    fn recovery_never_changes() {
        let snapshot = Snapshot {
            id: "1a2b".into(),
            files: 9,
            bytes: 4_096,
            new_files: 1,
            changed_files: 2,
            gone_files: 3,
            sampled: 64,
            noise: 4,
            ..Snapshot::default()
        };
        let made = BackupMade {
            backup: "telecare".parse().unwrap(),
            repository: "cellar".parse().unwrap(),
            start: at(0),
            duration: SignedDuration::from_millis(1_500),
            outcome: Ok(snapshot),
        };
        check(
            &Record::Backup(Box::new(BackupRecord::from(&made))),
            r#"{"backup":"telecare","repository":"cellar","start":"2026-01-02T02:46:40Z","took_ms":1500,"snapshot":{"id":"1a2b","files":9,"bytes":4096,"new_files":1,"changed_files":2,"gone_files":3,"sampled":64,"noise":4},"failure":null}"#,
        );
        let drill = Drill {
            service: "telecare".parse().unwrap(),
            start: at(0),
            duration: SignedDuration::from_mins(47),
            recovered_to: Some(at(-60)),
            steps: vec![DrillStep {
                backup: "telecare".parse().unwrap(),
                from: Some(("cellar".parse().unwrap(), "1a2b".into())),
                check: Some("rows".parse().unwrap()),
                what: "query returns rows".into(),
                duration: SignedDuration::from_secs(2),
                bytes: 0,
                failure: Some("0 rows".into()),
            }],
        };
        check(
            &Record::Drill(Box::new(DrillRecord::from(&drill))),
            r#"{"service":"telecare","passed":false,"start":"2026-01-02T02:46:40Z","took_ms":2820000,"recovered_to":"2026-01-02T02:45:40Z","steps":[{"backup":"telecare","repository":"cellar","snapshot":"1a2b","check":"rows","what":"query returns rows","took_ms":2000,"bytes":0,"failure":"0 rows"}]}"#,
        );
    }
}
