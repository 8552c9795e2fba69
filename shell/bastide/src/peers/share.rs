//! Telling others of an incident: shown as it would leave, then exactly that is filed and sealed.

use adapt::{
    defence::{
        Withdrawal, open,
        redact::{Inside, Leak},
        withdraw,
    },
    share::{BLOCK_FOR, Outgoing, Share, share},
    stix::{Object, marking_of},
};
use anyhow::Context;
use city::{Finding, Rule, Text, Tlp};
use console::view::{
    LeakView, ReplacedView, SetAsideSaid, SetAsideView, ShareSaid, ShareView, SharedList, SharedView,
    ShownToView, WithdrawnView,
};
use cycle::City;
use integrity::Signer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};
use store::{
    Act, ActRecord, Intelligence, Record, SealedLog,
    intelligence::{Audience, Filing, Filter, Reader, Unmarked, VersionMatch},
};

/// The collection of what this city shares. The same in every city: what is in it is not.
pub(super) const COLLECTION: &str = "0d3a1f0c-6f2b-4c55-8a7e-2b9d5e7c41f6";

/// How many drafts are kept, and for how long.
const DRAFTS_MAX: usize = 16;
const DRAFT_LASTS: Duration = Duration::from_secs(900);

/// The most that is listed of what is shared.
const LISTED_MAX: usize = 1_000;

/// The source under which what this city says itself is kept.
const HERE: &str = "here";

/// What telling others works on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sharing {
    city: Arc<RwLock<City>>,
    log: SealedLog,
    store: Intelligence,
    key: Arc<Signer>,
    drafts: Arc<Mutex<VecDeque<Draft>>>,
}

/// What was shown and may be told.
#[derive(Clone)]
struct Draft {
    id: String,
    incident: u64,
    tlp: Tlp,
    made: Instant,
    outgoing: Outgoing,
}

impl Sharing {
    pub(crate) fn new(city: Arc<RwLock<City>>, log: SealedLog, store: Intelligence, key: Signer) -> Sharing {
        Sharing { city, log, store, key: Arc::new(key), drafts: Arc::default() }
    }

    /// Tells others of an incident, or shows what would be told.
    pub(crate) async fn share(&self, by: &str, incident: u64, said: &ShareSaid) -> anyhow::Result<ShareView> {
        let tlp = Tlp::ALL.into_iter().find(|tlp| tlp.as_str() == said.tlp);
        let tlp = tlp.with_context(|| {
            format!("`{}` is no marking: write clear, green, amber or amber-strict", said.tlp)
        })?;
        let draft = match said.draft.as_deref() {
            Some(id) => self.take(id, incident, tlp)?,
            None => {
                let mut draft = self.draft(incident, tlp)?;
                draft.outgoing.leaks.extend(self.marked_narrower(incident, tlp).await?);
                draft
            }
        };
        let mut view = self.view(&draft);
        if !draft.outgoing.leaks.is_empty() {
            return Ok(view);
        }
        if said.dry_run {
            view.draft = Some(draft.id.clone());
            self.keep(draft);
            return Ok(view);
        }
        self.file(by, &draft).await?;
        view.filed = true;
        Ok(view)
    }

    /// What others can read.
    pub(crate) async fn shared(&self) -> anyhow::Result<SharedList> {
        let filter = Filter {
            types: vec!["indicator".to_owned(), "course-of-action".to_owned()],
            ..Filter::default()
        };
        // Narrower than that nothing is filed there.
        let reader = Reader { ceiling: Tlp::AmberStrict, groups: BTreeSet::new() };
        let page = self.store.objects(COLLECTION, &reader, &filter, None, LISTED_MAX).await?;
        let shares = page.items.iter().filter_map(|body| shared(body)).collect();
        Ok(SharedList { key: self.key.verifier().to_string(), shares })
    }

    /// Takes something back: others who ask are told that it is revoked, and what it said is not shown any more.
    pub(crate) async fn withdraw(&self, by: &str, id: &str, reason: &str) -> anyhow::Result<WithdrawnView> {
        let leaks = {
            let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
            let plan = city.plan().context("without a plan nothing says what is the city's own")?;
            Inside::of(plan).leaks(&json!({ "reason": reason }))
        };
        if !leaks.is_empty() {
            let leaks = leaks.into_iter().map(leak).collect();
            return Ok(WithdrawnView { id: id.to_owned(), withdrawn: false, leaks });
        }
        let nothing = || format!("nothing with the id `{id}` is shared; `bastide share list` lists what is");
        let filter = Filter { ids: vec![id.to_owned()], ..Filter::default() };
        let reader = Reader { ceiling: Tlp::AmberStrict, groups: BTreeSet::new() };
        let page = self.store.objects(COLLECTION, &reader, &filter, None, 1).await?;
        let body = page.items.first().with_context(nothing)?;
        let object: Value = serde_json::from_str(body)?;
        let now = Timestamp::now();
        let revoked = self.revoked(&object, reason, now);
        let revoked = revoked.with_context(|| format!("`{id}` is no indicator and no defence"))?;
        let said = (!reason.is_empty()).then(|| reason.to_owned());
        self.seal(by, Act::ShareWithdrawn, id.to_owned(), said).await?;
        self.store.withdraw(COLLECTION, id, &[VersionMatch::All], None).await?;
        let tlp = Object::of(&object).and_then(tlp_of).unwrap_or(Tlp::AmberStrict);
        self.store.add(&[&revoked], &filing(tlp), now).await?;
        Ok(WithdrawnView { id: id.to_owned(), withdrawn: true, leaks: Vec::new() })
    }

    /// An object as others are told that it holds no longer (STIX 2.1 §3.6): a defence with our signature that it does not,
    /// and without what a machine could do.
    fn revoked(&self, object: &Value, reason: &str, now: Timestamp) -> Option<Value> {
        let of = Object::of(object)?;
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        match of.object_type() {
            "indicator" => {
                let mut map = object.as_object()?.clone();
                map.insert("modified".to_owned(), format!("{now:.3}").into());
                map.insert("revoked".to_owned(), true.into());
                Some(Value::Object(map))
            }
            "course-of-action" => {
                let defence = open(of, &self.key.verifier(), None, now).ok();
                let until = defence.map_or_else(|| now.saturating_add(BLOCK_FOR).ok(), |one| Some(one.until));
                let withdrawal = Withdrawal {
                    id: of.id()?.into(),
                    version: now,
                    until: until.unwrap_or(Timestamp::MAX),
                    title: of.name().unwrap_or_default().into(),
                    reason: reason.to_owned(),
                };
                withdraw(object, &withdrawal, &self.key)
            }
            _ => None,
        }
    }

    /// Acts no longer on what others know, or acts on it again.
    pub(crate) async fn set_aside(&self, by: &str, said: &SetAsideSaid) -> anyhow::Result<SetAsideView> {
        crate::intel::set_aside(&self.store, &self.log, by, said).await
    }

    /// Writes what would be told.
    fn draft(&self, incident: u64, tlp: Tlp) -> anyhow::Result<Draft> {
        // Chance first: what asks for it cannot fail.
        let mut chance = vec![[0; 16]; 4 + 2 * adapt::defence::BLOCKS_MAX];
        for bytes in &mut chance {
            getrandom::fill(bytes).context("there is no chance to make ids from")?;
        }
        let mut next = chance.into_iter();
        let mut uuid = || uuid_of(next.next().unwrap_or_default(), 4);
        let id = uuid();
        let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
        let plan = city.plan().context("without a plan nothing says what is the city's own")?;
        let kept = city.incident(incident);
        let kept =
            kept.with_context(|| format!("there is no incident {incident}, or it is no longer kept"))?;
        let findings: Vec<&Finding> =
            city.findings_of(incident).filter_map(|number| city.finding(number)).collect();
        let inside = Inside::of(plan);
        let outgoing = share(
            Share {
                incident: kept,
                findings: &findings,
                inside: &inside,
                city: &plan.settings().name,
                tlp,
                key: &self.key,
                now: Timestamp::now(),
            },
            &mut uuid,
        )?;
        Ok(Draft { id, incident, tlp, made: Instant::now(), outgoing })
    }

    /// The indicators behind an incident's findings that may not be passed on as far as is asked: what was seen of them
    /// tells what they look for.
    async fn marked_narrower(&self, incident: u64, tlp: Tlp) -> anyhow::Result<Vec<Leak>> {
        let seen: Vec<(u64, Text)> = {
            let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
            let findings = city.findings_of(incident).filter_map(|number| city.finding(number));
            let seen = findings.filter(|finding| finding.key.rule == Rule::IndicatorSeen);
            seen.map(|finding| (finding.number, finding.key.distinction.clone())).collect()
        };
        let mut leaks = Vec::new();
        for (number, id) in seen {
            let narrowest = self.store.object(&id).await?.iter().map(|kept| kept.tlp).max();
            if narrowest.is_some_and(|marked| marked > tlp) {
                leaks.push(Leak {
                    what: id.to_string(),
                    kind: "indicator marked for fewer",
                    at: format!("finding {number}"),
                });
            }
        }
        Ok(leaks)
    }

    fn keep(&self, draft: Draft) {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|kept| kept.made.elapsed() < DRAFT_LASTS);
        while drafts.len() >= DRAFTS_MAX {
            drafts.pop_front();
        }
        drafts.push_back(draft);
    }

    /// Takes what was shown, once.
    fn take(&self, id: &str, incident: u64, tlp: Tlp) -> anyhow::Result<Draft> {
        let mut drafts = self.drafts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |draft: &Draft| {
            draft.id == id
                && draft.incident == incident
                && draft.tlp == tlp
                && draft.made.elapsed() < DRAFT_LASTS
        };
        let at = drafts.iter().position(is_it).and_then(|at| drafts.remove(at));
        at.context("what was shown is no longer kept; look at it again")
    }

    /// Seals that it is told, and files it. What is sealed and not filed was not told; the other way round would be worse.
    async fn file(&self, by: &str, draft: &Draft) -> anyhow::Result<()> {
        let ids = draft.outgoing.objects.iter().filter_map(|object| object.get("id")?.as_str());
        let marking = draft.tlp.as_str().replace('-', "+").to_uppercase();
        let detail = format!("TLP:{marking}: {}", ids.collect::<Vec<_>>().join(", "));
        self.seal(by, Act::IncidentShared, draft.incident.to_string(), Some(detail)).await?;
        let objects: Vec<&Value> = draft.outgoing.objects.iter().collect();
        self.store.add(&objects, &filing(draft.tlp), Timestamp::now()).await?;
        Ok(())
    }

    async fn seal(&self, by: &str, act: Act, subject: String, detail: Option<String>) -> anyhow::Result<()> {
        let person = Some(by.to_owned());
        let record = ActRecord { person, act, subject: Some(subject), from: None, detail };
        self.log.seal(Timestamp::now(), vec![Record::Act(record)]).await?;
        Ok(())
    }

    fn view(&self, draft: &Draft) -> ShareView {
        let city = self.city.read().unwrap_or_else(PoisonError::into_inner);
        let peers = city.plan().into_iter().flat_map(|plan| plan.peers());
        let may = peers.filter(|peer| peer.admit.is_some() && draft.tlp <= peer.shown);
        let outgoing = &draft.outgoing;
        ShareView {
            incident: draft.incident,
            tlp: draft.tlp.as_str().to_owned(),
            filed: false,
            draft: None,
            objects: outgoing.objects.clone(),
            replaced: outgoing
                .replaced
                .iter()
                .map(|(what, with)| ReplacedView { what: what.clone(), with: with.clone() })
                .collect(),
            leaks: outgoing.leaks.iter().cloned().map(leak).collect(),
            shown_to: may
                .map(|peer| ShownToView { id: peer.id.as_str().to_owned(), name: peer.name.to_string() })
                .collect(),
        }
    }
}

/// How what this city says is filed. Markings and definitions carry no marking of their own, and go as far as the rest.
fn filing(tlp: Tlp) -> Filing {
    Filing {
        source: HERE.to_owned(),
        collections: vec![COLLECTION.to_owned()],
        audience: Audience::Everybody,
        unmarked: Unmarked(tlp),
    }
}

fn leak(leak: Leak) -> LeakView {
    LeakView { what: leak.what, kind: leak.kind.to_owned(), at: leak.at }
}

/// How far an object may be passed on: by the narrowest of its markings.
fn tlp_of(object: Object<'_>) -> Option<Tlp> {
    object.object_marking_refs().filter_map(marking_of).max()
}

fn shared(body: &str) -> Option<SharedView> {
    let value: Value = serde_json::from_str(body).ok()?;
    let object = Object::of(&value)?;
    Some(SharedView {
        id: object.id()?.to_owned(),
        object_type: object.object_type().to_owned(),
        name: object.name().unwrap_or_default().to_owned(),
        tlp: tlp_of(object).map(Tlp::as_str).unwrap_or_default().to_owned(),
        modified: object.modified().map(|time| time.to_string()).unwrap_or_default(),
        revoked: object.revoked(),
    })
}

/// Sixteen bytes as a UUID of a version (RFC 9562 clause 4).
pub(super) fn uuid_of(bytes: [u8; 16], version: u8) -> String {
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) & !(0x3 << 62) | u128::from(version & 0xf) << 76 | 0x2 << 62;
    let text = format!("{number:032x}");
    let mut uuid = String::with_capacity(36);
    for (at, digit) in text.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        assert_eq!(uuid_of([0; 16], 4), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid_of([0xff; 16], 8), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    }
}
