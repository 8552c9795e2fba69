//! The draft as a person reads it.

use super::{Draft, Drafted, assets::DraftAsset, conduits::DraftConduit, networks::Places};
use crate::{SourceFile, format::format};
use std::fmt::{Display, Write};

/// The zone of everything that is not the city's.
const OUTSIDE: &str = "outside";

/// The longest comment, in characters.
const COMMENT_MAX: usize = 300;

/// Writes the files of a draft.
pub(super) fn write(
    draft: &Draft,
    places: &Places,
    assets: &[DraftAsset],
    conduits: &[DraftConduit],
) -> Drafted {
    let files = [
        ("city.toml", city(draft)),
        ("zones.toml", zones(places, conduits)),
        ("conduits.toml", write_conduits(places, conduits)),
        ("assets.toml", write_assets(places, assets)),
    ];
    let file = |(path, text): (&str, String)| {
        let text =
            if text.is_empty() { String::from("# Nothing was seen that belongs here.\n") } else { text };
        SourceFile::new(path, format(&text).unwrap_or(text))
    };
    Drafted { files: files.into_iter().map(file).collect(), notes: notes(draft, places, assets) }
}

fn notes(draft: &Draft, places: &Places, assets: &[DraftAsset]) -> Vec<String> {
    let mut notes = Vec::new();
    if draft.observations == 0 {
        notes.push("nothing was seen, so there is nothing to draft".to_owned());
    } else if places.zones.is_empty() {
        notes.push("no network was seen that looks like the city's own".to_owned());
    } else if assets.is_empty() {
        notes.push("no station was heard inside the city".to_owned());
    }
    if draft.by_network {
        notes.push(
            "there were so many stations that conduits were drafted by network, not by station".to_owned(),
        );
    }
    if draft.left_out > 0 {
        let left_out = grouped(draft.left_out);
        notes.push(format!(
            "{left_out} observations found no room and are not in the draft: draft from less traffic"
        ));
    }
    notes
}

fn city(draft: &Draft) -> String {
    let mut out = String::new();
    comment(&mut out, &format!("Drafted from {} observations{}.", grouped(draft.observations), span(draft)));
    comment(
        &mut out,
        "Every line is a guess from traffic, and all that was seen is allowed, attacks included.",
    );
    comment(
        &mut out,
        "Read it, name things, take out what should not be, and declare the services that this is all for.",
    );
    out.push_str(
        "[city]\nname = \"Unnamed city\" # to be written\ntime-zone = \"Etc/UTC\" # to be written\n",
    );
    out.push_str(
        "\n# A service looks like this:\n# [[service]]\n# id = \"signal-control\"\n# name = \"Traffic signal control\"\n\
         # impact = \"high\"\n# and an asset that supports it has: services = [\"signal-control\"]\n",
    );
    out
}

fn span(draft: &Draft) -> String {
    draft.times.map_or_else(String::new, |(first, last)| format!(", {first:.0} to {last:.0}"))
}

fn zones(places: &Places, conduits: &[DraftConduit]) -> String {
    let mut out = String::new();
    for zone in &places.zones {
        out.push_str("[[zone]]\n");
        line(&mut out, "id", &zone.id);
        line(&mut out, "name", &zone.name);
        let networks: Vec<String> = zone.networks.iter().map(|network| quote(&network.to_string())).collect();
        zone.evidence.iter().for_each(|why| guess(&mut out, why));
        let _ = writeln!(out, "networks = [{}]", networks.join(", "));
        let _ = writeln!(
            out,
            "security-level = {} # to be decided: how much harm could be done here?\n",
            zone.security_level
        );
    }
    let reached = conduits.iter().any(|conduit| conduit.from.is_none() || conduit.to.is_none());
    comment(&mut out, "Everywhere else: whatever lies in no network above.");
    if !reached {
        comment(&mut out, "Nothing was seen to come from there or to go there.");
    }
    out.push_str("[[zone]]\n");
    line(&mut out, "id", OUTSIDE);
    line(&mut out, "name", "Outside");
    out.push_str("outside = true\n");
    out
}

fn zone_id(places: &Places, zone: Option<usize>) -> &str {
    zone.and_then(|zone| places.zones.get(zone)).map_or(OUTSIDE, |zone| &zone.id)
}

fn write_conduits(places: &Places, conduits: &[DraftConduit]) -> String {
    let mut out = String::new();
    for conduit in conduits {
        out.push_str("[[conduit]]\n");
        line(&mut out, "from", zone_id(places, conduit.from));
        line(&mut out, "to", zone_id(places, conduit.to));
        line(&mut out, "reason", "Seen in the traffic that the plan was drafted from");
        out.push_str("allow = [\n");
        for (allowance, why) in &conduit.allow {
            guess(&mut out, why);
            let _ = writeln!(out, "{},", quote(allowance));
        }
        out.push_str("]\n\n");
    }
    out
}

fn write_assets(places: &Places, assets: &[DraftAsset]) -> String {
    let mut out = String::new();
    for asset in assets {
        asset.evidence.iter().for_each(|why| guess(&mut out, why));
        out.push_str("[[asset]]\n");
        line(&mut out, "id", &asset.id);
        line(&mut out, "name", &asset.name);
        line(&mut out, "zone", zone_id(places, Some(asset.zone)));
        list(&mut out, "addresses", &asset.addresses);
        list(&mut out, "macs", &asset.macs);
        for (key, value) in
            [("product", &asset.product), ("firmware", &asset.firmware), ("role", &asset.role)]
        {
            if let Some(value) = value {
                line(&mut out, key, value);
            }
        }
        out.push('\n');
    }
    out
}

fn list(out: &mut String, key: &str, values: &[impl Display]) {
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| quote(&value.to_string())).collect();
        let _ = writeln!(out, "{key} = [{}]", values.join(", "));
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {}", quote(value));
}

fn guess(out: &mut String, why: &str) {
    comment(out, &format!("guessed: {why}"));
}

fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", plain(text, COMMENT_MAX));
}

/// Text from traffic without what could end a line, reorder it or steer a terminal, and not longer than a limit in bytes.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut plain = String::new();
    for c in text.trim().chars() {
        let c = if crate::render::is_unsafe(c) { ' ' } else { c };
        if plain.len() + c.len_utf8() > most {
            break;
        }
        plain.push(c);
    }
    plain.truncate(plain.trim_end().len());
    plain
}

/// A TOML basic string (TOML 1.0, "String").
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if crate::render::is_unsafe(c) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How many of something, in words.
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn text_from_traffic_cannot_break_out() {
        assert_eq!(plain(" a\n[[asset]]\u{202e} ", 50), "a [[asset]]");
        assert_eq!(plain("ééé", 5), "éé");
        assert_eq!(quote("a\"\\\n"), "\"a\\\"\\\\\\u000A\"");
    }
}
