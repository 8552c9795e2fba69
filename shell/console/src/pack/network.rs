//! The network drawn: zones as lines with conduits between them as on a ladder, and each zone with what stands in it.

use crate::figure::Svg;
use ::city::{Asset, Conduit, Zone, ZoneId};
use plan::Plan;
use std::{collections::BTreeMap, fmt::Write as _};

/// How wide a drawing is, in its own units: those of a page's width of type.
const WIDTH: usize = 700;

/// Where the ladder begins, behind the zones' names.
const RAILS: usize = 196;

/// The most pairs of zones in one drawing of the ladder.
const PAIRS_MAX: usize = 56;

/// The height of a zone's line.
const ROW: usize = 21;

/// The most assets and neighbours that a zone's drawing names; the list below it has all.
const SHOWN_MAX: usize = 30;

/// Two zones between which something is allowed, and which of them may begin.
pub(super) struct Pair<'p> {
    /// By this number the drawing refers to the list.
    pub number: usize,
    pub from: &'p Zone,
    pub to: &'p Zone,
    pub conduits: Vec<&'p Conduit>,
    /// What the second may begin towards the first.
    pub back: Vec<&'p Conduit>,
}

/// Every two zones between which something is allowed, in the order of the zones.
pub(super) fn pairs(plan: &Plan) -> Vec<Pair<'_>> {
    let order: BTreeMap<&ZoneId, usize> = plan.zones().enumerate().map(|(at, zone)| (&zone.id, at)).collect();
    let mut between: BTreeMap<(usize, usize), Pair<'_>> = BTreeMap::new();
    for conduit in plan.conduits() {
        let (Some(from), Some(to)) = (plan.zone(&conduit.from), plan.zone(&conduit.to)) else { continue };
        let place = |zone: &Zone| order.get(&zone.id).copied().unwrap_or(usize::MAX);
        let (first, last) = (place(from).min(place(to)), place(from).max(place(to)));
        let pair = between.entry((first, last)).or_insert_with(|| Pair {
            number: 0,
            from,
            to,
            conduits: Vec::new(),
            back: Vec::new(),
        });
        if pair.from.id == from.id { pair.conduits.push(conduit) } else { pair.back.push(conduit) }
    }
    let mut pairs: Vec<Pair<'_>> = between.into_values().collect();
    for (index, pair) in pairs.iter_mut().enumerate() {
        pair.number = index + 1;
    }
    pairs
}

/// The zones as lines, one under the other, and for every two that may speak a rung with its number. Where there are
/// very many rungs there are several drawings.
pub(super) fn ladders(plan: &Plan, pairs: &[Pair<'_>]) -> Vec<Svg> {
    let zones: Vec<&Zone> = plan.zones().collect();
    pairs.chunks(PAIRS_MAX).map(|part| ladder(&zones, part)).collect()
}

fn ladder(zones: &[&Zone], pairs: &[Pair<'_>]) -> Svg {
    let top = 20;
    let height = top + zones.len() * ROW + 2;
    let pitch = ((WIDTH - RAILS - 8) as f64 / pairs.len().max(1) as f64).clamp(8.8, 26.0);
    let right = RAILS as f64 + pitch * pairs.len() as f64 + 4.0;
    let row = |zone: &Zone| {
        let at = zones.iter().position(|known| known.id == zone.id).unwrap_or(0);
        (top + at * ROW + ROW / 2) as f64
    };
    let mut out = String::new();
    // Writing to a string cannot fail.
    for (index, zone) in zones.iter().enumerate() {
        let y = row(zone);
        if index % 2 == 0 {
            let _ = write!(
                out,
                "<rect class=\"band\" x=\"0\" y=\"{:.1}\" width=\"{WIDTH}\" height=\"{ROW}\"/>",
                y - ROW as f64 / 2.0
            );
        }
        let _ = write!(
            out,
            "<text class=\"{}\" x=\"4\" y=\"{:.1}\">{}</text><line class=\"rail{}\" x1=\"{}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            if zone.outside { "zone outside" } else { "zone" },
            y + 3.6,
            cut(&zone.name, 29),
            if zone.outside { " outside" } else { "" },
            RAILS - 6,
        );
    }
    for (index, pair) in pairs.iter().enumerate() {
        let x = RAILS as f64 + pitch * (index as f64 + 0.5);
        let (from, to) = (row(pair.from), row(pair.to));
        let _ = write!(
            out,
            "<text class=\"rung\" x=\"{x:.1}\" y=\"11\" text-anchor=\"middle\">{}</text>",
            pair.number
        );
        let _ = write!(
            out,
            "<line class=\"lead\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"14\" y2=\"{:.1}\"/>",
            from.min(to)
        );
        if pair.from.id == pair.to.id {
            let _ = write!(out, "<circle class=\"own\" cx=\"{x:.1}\" cy=\"{from:.1}\" r=\"4\"/>");
            continue;
        }
        let _ =
            write!(out, "<line class=\"wire\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from:.1}\" y2=\"{to:.1}\"/>");
        let mut end = |y: f64, away: f64, arrives: bool| {
            // Whoever may be spoken to has an arrow, whoever only speaks a dot.
            let _ = if arrives {
                let base = if away > y { y + 7.0 } else { y - 7.0 };
                write!(
                    out,
                    "<path class=\"head\" d=\"M{x:.1} {y:.1}L{:.1} {base:.1}H{:.1}Z\"/>",
                    x - 3.6,
                    x + 3.6
                )
            } else {
                write!(out, "<circle class=\"tail\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.8\"/>")
            };
        };
        end(from, to, !pair.back.is_empty());
        end(to, from, !pair.conduits.is_empty());
    }
    Svg::drawn(format!(
        "<svg class=\"drawing\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Zones, and numbered conduits between \
         them; the list below says the same\">{out}</svg>"
    ))
}

/// A zone with its assets, who may speak to it on the left and to whom it may speak on the right.
pub(super) fn zone(plan: &Plan, zone: &Zone, assets: &[&Asset]) -> Svg {
    let speaks = |conduit: &&Conduit| conduit.from == zone.id && conduit.to != zone.id;
    let hears = |conduit: &&Conduit| conduit.to == zone.id && conduit.from != zone.id;
    let left = names(plan, plan.conduits().filter(hears).map(|conduit| &conduit.from));
    let right = names(plan, plan.conduits().filter(speaks).map(|conduit| &conduit.to));
    const BOX_LEFT: usize = 196;
    const BOX_RIGHT: usize = 504;
    const SIDE: usize = 150;
    let lines = assets.len().min(SHOWN_MAX) + usize::from(assets.len() > SHOWN_MAX);
    let inner = 40 + lines.max(1) * 15;
    let height = inner.max(left.len().min(SHOWN_MAX) * 25).max(right.len().min(SHOWN_MAX) * 25) + 4;
    let mut out = format!(
        "<rect class=\"area\" x=\"{BOX_LEFT}\" y=\"2\" width=\"{}\" height=\"{inner}\" rx=\"5\"/><text class=\"zone\" x=\"{}\" \
         y=\"18\">{}</text><text class=\"note mono\" x=\"{}\" y=\"31\">{}</text>",
        BOX_RIGHT - BOX_LEFT,
        BOX_LEFT + 9,
        cut(&zone.name, 42),
        BOX_LEFT + 9,
        cut(&zone.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "), 46),
    );
    for (index, asset) in assets.iter().take(SHOWN_MAX).enumerate() {
        let y = 49 + index * 15;
        let address = asset.addresses.first().map(ToString::to_string).unwrap_or_default();
        let _ = write!(
            out,
            "<text class=\"asset\" x=\"{}\" y=\"{y}\">{}</text><text class=\"asset mono\" x=\"{}\" y=\"{y}\" \
             text-anchor=\"end\">{}</text>",
            BOX_LEFT + 9,
            cut(&asset.name, 48_usize.saturating_sub(address.chars().count())),
            BOX_RIGHT - 9,
            cut(&address, 30)
        );
    }
    if assets.len() > SHOWN_MAX {
        let _ = write!(
            out,
            "<text class=\"note\" x=\"{}\" y=\"{}\">and {} more in the list</text>",
            BOX_LEFT + 9,
            49 + SHOWN_MAX * 15,
            assets.len() - SHOWN_MAX
        );
    }
    for (names, x, line) in [(&left, 0, (SIDE, BOX_LEFT)), (&right, WIDTH - SIDE, (BOX_RIGHT, WIDTH - SIDE))]
    {
        let hidden = names.len().saturating_sub(SHOWN_MAX);
        for (index, name) in names.iter().take(SHOWN_MAX).enumerate() {
            let y = 2 + index * 25;
            let name = if hidden > 0 && index + 1 == SHOWN_MAX {
                format!("and {} more", hidden + 1)
            } else {
                cut(name, 25)
            };
            let (start, end) = line;
            let middle = y + 10;
            let within = middle.min(inner.saturating_sub(6));
            let _ = write!(
                out,
                "<rect class=\"side\" x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"20\" rx=\"4\"/><text class=\"asset\" x=\"{}\" \
                 y=\"{}\">{name}</text>",
                x + 7,
                y + 13
            );
            let (from, to) = if start == SIDE { (middle, within) } else { (within, middle) };
            let _ = write!(
                out,
                "<path class=\"wire\" d=\"M{start} {from}C{0} {from} {0} {to} {1} {to}\"/><path class=\"head\" d=\"M{end} {to}l-7 -3.4v6.8Z\"/>",
                (start + end) / 2,
                end - 6
            );
        }
    }
    Svg::drawn(format!(
        "<svg class=\"drawing\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{} with its assets; who may speak to it \
         on the left, to whom it may speak on the right\">{out}</svg>",
        escaped(&zone.name)
    ))
}

/// The names of zones, each once, in their order.
fn names<'p>(plan: &'p Plan, ids: impl Iterator<Item = &'p ZoneId>) -> Vec<&'p str> {
    let mut names: Vec<&str> = Vec::new();
    for id in ids {
        let name = plan.zone(id).map_or(id.as_str(), |zone| zone.name.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Text for a drawing, cut to so many letters.
fn cut(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return escaped(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", escaped(kept.trim_end()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
