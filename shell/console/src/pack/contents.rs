//! What stands in the pack, gathered from the plan.

use crate::{
    figure::Svg,
    markdown::{self, Markdown},
    pack::{network, restic},
    time::Clock,
    view,
    words::span,
};
use ::city::{Asset, Backup, Conduit, Contact, ContactId, Impact, Procedure, Purpose, Repository, Source};
use jiff::SignedDuration;
use plan::Plan;
use recover::Record;
use std::cmp::Reverse;

/// Someone to call.
#[derive(Clone)]
pub(super) struct Call {
    pub id: String,
    pub name: String,
    pub role: String,
    pub telephone: Option<String>,
    pub mail: Option<String>,
    /// What they are called for.
    pub about: Vec<String>,
}

impl Call {
    pub fn of(contact: &Contact) -> Call {
        Call {
            id: contact.id.to_string(),
            name: contact.name.to_string(),
            role: contact.role.to_string(),
            telephone: contact.telephone.as_ref().map(ToString::to_string),
            mail: contact.mail.as_ref().map(ToString::to_string),
            about: Vec::new(),
        }
    }

    /// What they are called for, in words.
    pub fn about_words(&self) -> String {
        crate::words::capital(&crate::words::list(self.about.iter().map(String::as_str), 4))
    }

    /// The number as a telephone dials it.
    pub fn dial(&self) -> String {
        self.telephone
            .iter()
            .flat_map(|number| number.chars())
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }
}

/// Everyone in the plan, in the order in which they are called: who puts things back first, who answers for the
/// gravest services next, then suppliers, then everyone else.
pub(super) fn calls(plan: &Plan) -> Vec<Call> {
    let mut order: Vec<(&ContactId, String)> = Vec::new();
    for crew in plan.crews() {
        order.extend(crew.contact.as_ref().map(|contact| (contact, format!("crew: {}", crew.name))));
    }
    let mut services: Vec<_> = plan.services().collect();
    services.sort_by_key(|service| (Reverse(service.impact), service.recovery.map(|target| target.rto)));
    for service in services {
        order.extend(service.owner.as_ref().map(|owner| (owner, service.name.to_string())));
    }
    for supplier in plan.suppliers() {
        order.extend(
            supplier.contact.as_ref().map(|contact| (contact, format!("supplier: {}", supplier.name))),
        );
    }
    order.extend(
        plan.procedures().map(|procedure| (&procedure.owner, format!("procedure: {}", procedure.name))),
    );
    order.extend(plan.contacts().map(|contact| (&contact.id, String::new())));
    let mut calls: Vec<Call> = Vec::new();
    for (id, about) in order {
        let at = match calls.iter().position(|call| call.id == id.as_str()) {
            Some(at) => at,
            None => {
                let Some(contact) = plan.contacts().find(|contact| contact.id == *id) else { continue };
                calls.push(Call::of(contact));
                calls.len() - 1
            }
        };
        // Whose services and crews are named need not be told of their procedures too.
        let is_more = |call: &&mut Call| {
            !about.is_empty() && (call.about.is_empty() || !about.starts_with("procedure:"))
        };
        if let Some(call) = calls.get_mut(at).filter(is_more) {
            call.about.push(about);
        }
    }
    calls
}

/// A service, and what becomes of it.
pub(super) struct Served {
    pub id: String,
    pub name: String,
    pub owner: Option<Call>,
    pub rto: Option<String>,
    pub rpo: Option<String>,
    pub mtpd: Option<String>,
    pub fallback: Option<String>,
    /// The procedures by which people do without it.
    pub procedures: Vec<(String, String)>,
    pub needs: Vec<String>,
    /// What a drill showed, in words.
    pub proof: String,
}

/// Services that hurt equally, with the word for it.
pub(super) struct Tier {
    pub title: &'static str,
    pub services: Vec<Served>,
}

/// The services by impact, the gravest first.
pub(super) fn tiers(plan: &Plan, record: &Record, clock: &Clock) -> Vec<Tier> {
    let grades = [
        (Impact::Critical, "Lives may depend on it"),
        (Impact::High, "Many people are affected"),
        (Impact::Medium, "Costs money or trust"),
        (Impact::Low, "A nuisance"),
    ];
    let tier = |(impact, title)| {
        let mut services: Vec<_> = plan.services().filter(|service| service.impact == impact).collect();
        services.sort_by_key(|service| service.recovery.map_or(SignedDuration::MAX, |target| target.rto));
        let served = services.into_iter().map(|service| {
            let fallbacks = plan.procedures().filter(|procedure| {
                procedure.purpose == Purpose::Fallback && procedure.services.contains(&service.id)
            });
            Served {
                id: service.id.to_string(),
                name: service.name.to_string(),
                owner: service.owner.as_ref().and_then(|owner| contact(plan, owner)),
                proof: proof(plan, record, service, clock),
                rto: service.recovery.map(|target| span(target.rto.as_secs())),
                rpo: service.recovery.map(|target| span(target.rpo.as_secs())),
                mtpd: service.recovery.map(|target| span(target.mtpd.as_secs())),
                fallback: service.fallback.as_ref().map(|text| crate::words::capital(text)),
                procedures: fallbacks.map(|one| (one.id.to_string(), one.name.to_string())).collect(),
                needs: service
                    .needs
                    .iter()
                    .filter_map(|id| plan.service(id).map(|service| service.name.to_string()))
                    .collect(),
            }
        });
        Tier { title, services: served.collect() }
    };
    grades.into_iter().map(tier).filter(|tier| !tier.services.is_empty()).collect()
}

/// What drills showed of a service, in a few words.
fn proof(plan: &Plan, record: &Record, service: &::city::Service, clock: &Clock) -> String {
    let shown = view::proof(plan, record, service, clock.now());
    let proven = shown.proven.map(|time| clock.ago(time));
    match (shown.verdict, shown.rto, proven) {
        ("proven" | "slow", Some(rto), Some(time)) => format!("restored in {}, {time}", span(rto)),
        ("expired", Some(rto), Some(time)) => {
            format!("restored in {}, {time}: too long ago to count", span(rto))
        }
        ("failed", ..) => "the last drill failed".to_owned(),
        ("unbacked", ..) => "nothing to restore".to_owned(),
        _ => "never tried".to_owned(),
    }
}

pub(super) fn contact(plan: &Plan, id: &ContactId) -> Option<Call> {
    plan.contacts().find(|contact| contact.id == *id).map(Call::of)
}

/// A crew.
pub(super) struct CrewRow {
    pub name: String,
    pub people: u32,
    pub contact: Option<Call>,
}

pub(super) fn crews(plan: &Plan) -> Vec<CrewRow> {
    let row = |crew: &::city::Crew| CrewRow {
        name: crew.name.to_string(),
        people: crew.people,
        contact: crew.contact.as_ref().and_then(|id| contact(plan, id)),
    };
    plan.crews().map(row).collect()
}

/// A site.
pub(super) struct SiteRow {
    pub name: String,
    pub address: Option<String>,
    pub assets: usize,
}

pub(super) fn sites(plan: &Plan) -> Vec<SiteRow> {
    let row = |site: &::city::Site| SiteRow {
        name: site.name.to_string(),
        address: site.address.as_ref().map(ToString::to_string),
        assets: plan.assets().filter(|asset| plan.site_of(asset).is_some_and(|at| at.id == site.id)).count(),
    };
    plan.sites().map(row).collect()
}

/// A procedure, ready to be worked through.
pub(super) struct Worked {
    pub id: String,
    pub name: String,
    pub fallback: bool,
    pub about: Vec<String>,
    pub owner: Option<Call>,
    pub crew: Option<String>,
    pub reviewed: String,
    pub due: String,
    /// Whether it should have been read through again by now.
    pub overdue: bool,
    pub introduction: Markdown,
    pub steps: Vec<WorkedStep>,
    pub takes: Option<String>,
}

impl Worked {
    /// What it is about, in words.
    pub fn about_words(&self) -> String {
        crate::words::list(self.about.iter().map(String::as_str), 6)
    }
}

/// A step of a procedure.
pub(super) struct WorkedStep {
    pub number: usize,
    pub text: Markdown,
    pub takes: Option<String>,
    pub crew: Option<String>,
    pub run: Option<String>,
}

/// The procedures: those that bring something back first, each in the order of the plan.
pub(super) fn procedures(plan: &Plan, today: jiff::civil::Date) -> Vec<Worked> {
    let mut all: Vec<&Procedure> = plan.procedures().collect();
    all.sort_by_key(|procedure| procedure.purpose == Purpose::Fallback);
    let crew = |id: &Option<::city::CrewId>| {
        id.as_ref().and_then(|id| plan.crew(id)).map(|crew| crew.name.to_string())
    };
    let worked = all.into_iter().map(|procedure| {
        let services =
            procedure.services.iter().filter_map(|id| plan.service(id).map(|one| one.name.to_string()));
        let assets = procedure.assets.iter().filter_map(|id| plan.asset(id).map(|one| one.name.to_string()));
        let due = procedure.reviewed.checked_add(procedure.review_every).unwrap_or(procedure.reviewed);
        let total: i64 =
            procedure.steps.iter().filter_map(|step| step.takes).map(|takes| takes.as_secs()).sum();
        Worked {
            id: procedure.id.to_string(),
            name: procedure.name.to_string(),
            fallback: procedure.purpose == Purpose::Fallback,
            about: services.chain(assets).collect(),
            owner: contact(plan, &procedure.owner),
            crew: crew(&procedure.crew),
            reviewed: procedure.reviewed.strftime("%-d %B %Y").to_string(),
            due: due.strftime("%-d %B %Y").to_string(),
            overdue: due < today,
            introduction: markdown::blocks(without_title(&procedure.introduction)),
            steps: procedure
                .steps
                .iter()
                .zip(1..)
                .map(|(step, number)| WorkedStep {
                    number,
                    text: markdown::blocks(&step.text),
                    takes: step.takes.map(|takes| span(takes.as_secs())),
                    crew: crew(&step.crew),
                    run: step.run.as_ref().map(ToString::to_string),
                })
                .collect(),
            takes: (total > 0).then(|| span(total)),
        }
    });
    worked.collect()
}

/// A text without the title in its first line: it has one already.
fn without_title(text: &str) -> &str {
    let text = text.trim_start();
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("# ") => rest,
        None if text.starts_with("# ") => "",
        _ => text,
    }
}

/// A repository, and how its key is found.
pub(super) struct Kept {
    pub id: String,
    pub name: String,
    pub place: String,
    pub key: String,
    pub key_is_file: bool,
    pub login: Option<String>,
    /// What it stands on and is lost with.
    pub stands: String,
    pub guards: Vec<String>,
    pub backups: Vec<String>,
    pub open: Vec<String>,
}

pub(super) fn repositories(plan: &Plan) -> Vec<Kept> {
    let kept = |repository: &Repository| {
        let asset = repository.asset.as_ref().and_then(|id| plan.asset(id));
        let site = repository.site.as_ref().and_then(|id| plan.site(id));
        let stands = match (asset, site) {
            (Some(asset), _) => {
                let site = plan.site_of(asset).map(|site| format!(", {}", site.name)).unwrap_or_default();
                format!("{}{site}", asset.name)
            }
            (None, Some(site)) => site.name.to_string(),
            (None, None) => "outside the city".to_owned(),
        };
        let mut guards = Vec::new();
        if repository.append_only {
            guards.push("nobody who can write there may delete".to_owned());
        }
        guards.extend(
            repository
                .locked
                .map(|time| format!("the storage refuses to delete for {}", span(time.as_secs()))),
        );
        guards.extend(
            repository
                .offline
                .map(|age| format!("offline: connected now and then; at most {} old", span(age.as_secs()))),
        );
        Kept {
            id: repository.id.to_string(),
            name: repository.name.to_string(),
            place: restic::place(&repository.at),
            key: repository.key.to_string(),
            key_is_file: matches!(repository.key, ::city::SecretReference::File(_)),
            login: repository.login.as_ref().map(ToString::to_string),
            stands,
            guards,
            backups: plan
                .backups()
                .filter(|backup| backup.to.contains(&repository.id))
                .map(|backup| backup.id.to_string())
                .collect(),
            open: restic::open(repository),
        }
    };
    plan.repositories().map(kept).collect()
}

/// A backup.
pub(super) struct Backed {
    pub id: String,
    /// The services and the asset that need it.
    pub of: Vec<String>,
    pub kind: &'static str,
    pub source: Vec<String>,
    pub login: Option<String>,
    pub to: Vec<String>,
    pub every: String,
    pub keep: String,
    /// When its newest snapshot was made, and in which repository.
    pub newest: Option<(jiff::Timestamp, String)>,
}

pub(super) fn backups(plan: &Plan, measured: &recover::Measured) -> Vec<Backed> {
    let backed = |backup: &Backup| {
        let service =
            backup.service.as_ref().and_then(|id| plan.service(id)).map(|service| service.name.to_string());
        let asset = backup.asset.as_ref().and_then(|id| plan.asset(id)).map(|asset| asset.name.to_string());
        let name = |id| plan.repository(id).map_or_else(|| id.to_string(), |known| known.name.to_string());
        let newest = backup.to.iter().filter_map(|repository| {
            let time = measured.newest.get(&(backup.id.clone(), repository.clone()))?;
            Some((*time, name(repository)))
        });
        Backed {
            id: backup.id.to_string(),
            of: service.into_iter().chain(asset).collect(),
            kind: backup.source.kind(),
            source: source(&backup.source),
            login: backup.login.as_ref().map(ToString::to_string),
            to: backup.to.iter().map(name).collect(),
            every: span(backup.every.as_secs()),
            keep: backup.keep.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            newest: newest.max_by_key(|(time, _)| *time),
        }
    };
    plan.backups().map(backed).collect()
}

/// What a backup is made of, in a line for each part, without any password that someone put into an address.
fn source(source: &Source) -> Vec<String> {
    let bare = |url: &str| {
        let (scheme, rest) = restic::without_login(url);
        format!("{scheme}{rest}")
    };
    match source {
        Source::Folders { folders, .. } => folders.iter().map(ToString::to_string).collect(),
        Source::Command { command } => {
            vec![command.iter().map(|word| restic::quoted(word)).collect::<Vec<_>>().join(" ")]
        }
        Source::Postgresql(url) | Source::Mariadb(url) | Source::Http(url) => vec![bare(url)],
        Source::Sqlite(path) => vec![path.to_string()],
        Source::Ssh { host, files, command } => {
            let command = command.as_ref().map(|command| format!("{host}: {command}"));
            files.iter().map(|file| format!("{host}:{file}")).chain(command).collect()
        }
        Source::Bastide => vec!["the plan and Bastide’s own store".to_owned()],
    }
}

/// Two zones, and what may pass between them.
pub(super) struct Passage {
    pub number: usize,
    /// Each way with its ends, what is allowed and why.
    pub ways: Vec<(String, String, Vec<String>, String)>,
}

/// A zone with what stands in it.
pub(super) struct Ground {
    pub name: String,
    pub networks: String,
    pub security_level: u8,
    pub site: Option<String>,
    pub drawing: Svg,
    pub assets: Vec<Standing>,
}

/// An asset as it is listed.
pub(super) struct Standing {
    pub id: String,
    pub name: String,
    pub addresses: Vec<String>,
    pub macs: Vec<String>,
    pub product: String,
    pub supplier: Option<String>,
    pub services: Vec<String>,
    /// Its site, where that is not its zone's.
    pub site: Option<String>,
}

/// The zones and conduits: the drawings, the passages by number, and each zone with its assets.
pub(super) fn network(plan: &Plan) -> (Vec<Svg>, Vec<Passage>, Vec<Ground>) {
    let pairs = network::pairs(plan);
    let drawings = network::ladders(plan, &pairs);
    let way = |conduit: &&Conduit| {
        let name = |id| plan.zone(id).map_or_else(|| id.to_string(), |zone| zone.name.to_string());
        let allow = conduit.allow.iter().map(ToString::to_string).collect();
        (name(&conduit.from), name(&conduit.to), allow, conduit.reason.to_string())
    };
    let passages = pairs
        .iter()
        .map(|pair| Passage {
            number: pair.number,
            ways: pair.conduits.iter().chain(&pair.back).map(way).collect(),
        })
        .collect();
    let grounds = plan.zones().filter_map(|zone| {
        let assets: Vec<&Asset> = plan.assets().filter(|asset| asset.zone == zone.id).collect();
        if zone.outside && assets.is_empty() {
            return None;
        }
        Some(Ground {
            name: zone.name.to_string(),
            networks: zone.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            security_level: zone.security_level,
            site: zone.site.as_ref().and_then(|id| plan.site(id)).map(|site| site.name.to_string()),
            drawing: network::zone(plan, zone, &assets),
            assets: assets.into_iter().map(|asset| standing(plan, asset)).collect(),
        })
    });
    (drawings, passages, grounds.collect())
}

fn standing(plan: &Plan, asset: &Asset) -> Standing {
    let product = [asset.product.as_ref(), asset.firmware.as_ref()].into_iter().flatten();
    Standing {
        id: asset.id.to_string(),
        name: asset.name.to_string(),
        addresses: asset.addresses.iter().map(ToString::to_string).collect(),
        macs: asset.macs.iter().map(ToString::to_string).collect(),
        product: product.map(ToString::to_string).collect::<Vec<_>>().join(" "),
        supplier: asset
            .supplier
            .as_ref()
            .and_then(|id| plan.suppliers().find(|supplier| supplier.id == *id))
            .map(|supplier| supplier.name.to_string()),
        services: asset
            .services
            .iter()
            .filter_map(|id| plan.service(id).map(|service| service.name.to_string()))
            .collect(),
        site: asset.site.as_ref().and_then(|id| plan.site(id)).map(|site| site.name.to_string()),
    }
}
