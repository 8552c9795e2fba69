//! Services: what they need, and whether they can be back in time.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::At,
    tree::{ServiceTable, Table, Tree},
};
use city::{Impact, ServiceId};
use jiff::SignedDuration;
use std::collections::BTreeMap;

pub(crate) fn check_services(tree: &Tree, flaws: &mut Flaws) {
    for service in &tree.services {
        check_target(service, flaws);
    }
    let numbers: BTreeMap<&ServiceId, usize> =
        tree.services.iter().enumerate().rev().filter_map(|(n, s)| Some((&s.id.get()?.value, n))).collect();
    let needs: Vec<Vec<(usize, &At<ServiceId>)>> = tree
        .services
        .iter()
        .map(|s| s.needs.iter().filter_map(|need| Some((*numbers.get(&need.value)?, need))).collect())
        .collect();
    check_circles(tree, &needs, flaws);
    check_late_needs(tree, &needs, flaws);
}

/// Whether the recovery target is whole where there must be one, and its times are in order.
fn check_target(service: &ServiceTable, flaws: &mut Flaws) {
    let span = service.id.get().map_or(service.header(), |id| id.span);
    // A time that is written and wrong is a flaw of its own, not a missing one.
    let given = [!service.rto.is_left_out(), !service.rpo.is_left_out(), !service.mtpd.is_left_out()];
    let critical = service.impact.get().is_some_and(|impact| impact.value == Impact::Critical);
    if (critical || given.contains(&true)) && given.contains(&false) {
        let missing = missing_times(given);
        let flaw = if critical {
            let why = format!("a critical service needs a whole recovery target, and {missing}");
            Flaw::error(Code::MissingRecovery, span, why)
        } else {
            Flaw::error(Code::MissingRecovery, span, format!("half a recovery target is none: {missing}"))
        };
        let help = "say by when it must run again (`rto`), how much data may be lost (`rpo`) and when the harm becomes unacceptable (`mtpd`)";
        flaws.push(flaw.help(help));
    }
    if let (Some(rto), Some(mtpd)) = (service.rto.get(), service.mtpd.get())
        && rto.value.0 > mtpd.value.0
    {
        let why = "the service would be back only after the harm has become unacceptable: `rto` is longer than `mtpd`";
        let flaw = Flaw::error(Code::OutOfRange, rto.span, why).related(mtpd.span, "here is `mtpd`");
        flaws.push(flaw.help("shorten `rto`, or lengthen `mtpd` if that is the truth"));
    }
}

/// Which of the three times are missing, in words.
fn missing_times(given: [bool; 3]) -> String {
    let missing: Vec<_> = ["`rto`", "`rpo`", "`mtpd`"]
        .into_iter()
        .zip(given)
        .filter(|(_, given)| !given)
        .map(|(name, _)| name)
        .collect();
    match missing.as_slice() {
        [one] => format!("{one} is missing"),
        [first @ .., last] => format!("{} and {last} are missing", first.join(", ")),
        [] => String::new(),
    }
}

/// How far the search for circles has come with a service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// Walks the needs depth first; a need that leads back onto the path closes a circle. No recursion: the depth is the
/// plan's to choose.
fn check_circles(tree: &Tree, needs: &[Vec<(usize, &At<ServiceId>)>], flaws: &mut Flaws) {
    let mut marks = vec![Mark::New; needs.len()];
    for root in 0..needs.len() {
        if marks.get(root) != Some(&Mark::New) {
            continue;
        }
        // The services on the path, each with how many of its needs were followed.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        set(&mut marks, root, Mark::OnPath);
        while let Some((service, followed)) = path.last_mut() {
            let next = needs.get(*service).and_then(|needs| needs.get(*followed));
            *followed += 1;
            match next {
                None => {
                    set(&mut marks, *service, Mark::Done);
                    path.pop();
                }
                Some((need, place)) => match marks.get(*need) {
                    Some(Mark::New) => {
                        set(&mut marks, *need, Mark::OnPath);
                        path.push((*need, 0));
                    }
                    Some(Mark::OnPath) => {
                        let circle = path
                            .iter()
                            .skip_while(|(service, _)| service != need)
                            .map(|(service, _)| *service);
                        flaws.push(circle_flaw(tree, circle, place));
                    }
                    _ => {}
                },
            }
        }
    }
}

fn set(marks: &mut [Mark], at: usize, mark: Mark) {
    if let Some(slot) = marks.get_mut(at) {
        *slot = mark;
    }
}

fn circle_flaw(tree: &Tree, circle: impl Iterator<Item = usize>, closing: &At<ServiceId>) -> Flaw {
    let names: Vec<&str> =
        circle.filter_map(|n| Some(tree.services.get(n)?.id.get()?.value.as_str())).collect();
    let first = names.first().copied().unwrap_or_default();
    let why = match names.as_slice() {
        [alone] => format!("`{alone}` needs itself"),
        _ => format!("services need one another in a circle: {} → {first}", names.join(" → ")),
    };
    Flaw::error(Code::Circle, closing.span, why)
        .help("nothing in a circle could be started first: take one need out")
}

/// A service cannot be back before what it needs.
fn check_late_needs(tree: &Tree, needs: &[Vec<(usize, &At<ServiceId>)>], flaws: &mut Flaws) {
    for (service, needs) in tree.services.iter().zip(needs) {
        let Some(rto) = service.rto.get() else { continue };
        for (number, place) in needs {
            let Some(need) = tree.services.get(*number) else { continue };
            if let Some(later) = need.rto.get().filter(|later| later.value.0 > rto.value.0) {
                let why = format!(
                    "this cannot run again within {}, for it needs `{}`, which has {}",
                    show(rto.value.0),
                    place.value,
                    show(later.value.0),
                );
                let flaw =
                    Flaw::warning(Code::LateNeed, place.span, why).related(later.span, "here is its `rto`");
                flaws.push(flaw.help("shorten the one or lengthen the other"));
            }
        }
    }
}

/// A length of time as the plan writes it, in the greatest unit that is whole.
pub(crate) fn show(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let units = [(604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(size, _)| seconds > 0 && seconds % size == 0);
    let (size, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / size)
}
