//! Commands, and what they declare: tables, chains, sets, elements and rules.

use super::{
    SetName, Told, comment,
    expression::{Sort, elements, key, sorts},
    keywords,
    object::{Object, only, shown, texts},
    statement::statement,
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write};

/// What tables keep besides sets and chains. It decides nothing, and the text's reader passes over it too.
const KEPT: [&str; 9] = [
    "counter",
    "ct expectation",
    "ct helper",
    "ct timeout",
    "flowtable",
    "limit",
    "quota",
    "secmark",
    "synproxy",
];

/// The command that an object of the list stands for, in one line.
pub(super) fn command(object: &Value, filled: &BTreeSet<SetName<'_>>) -> Told<String> {
    let Some((name, inner)) = only(object) else {
        return Err(format!("{} is no command", shown(object)));
    };
    match name {
        "metainfo" => match inner.get("json_schema_version").and_then(Value::as_u64) {
            None | Some(1) => Ok(String::new()),
            Some(version) => Err(format!("version {version} of this JSON is not known here")),
        },
        // Nothing changes.
        "list" => Ok(String::new()),
        "add" | "create" | "insert" => match only(inner) {
            Some(("rule", what)) if what.get("handle").is_some() => {
                Err("which rule has which handle is not known here; use `index`".into())
            }
            Some((sort, what)) => declare(name, sort, what, filled),
            None => Err(format!("{} is nothing that can be added", shown(inner))),
        },
        "delete" | "destroy" | "flush" => match only(inner) {
            Some((sort, what)) => take_back(name, sort, what),
            None => Err(format!("{} is nothing that can be taken back", shown(inner))),
        },
        "rename" | "replace" | "reset" => {
            Err(format!("`{name}` is not understood; give the rules as `nft -j list ruleset` prints them"))
        }
        sort => declare("add", sort, inner, filled),
    }
}

fn declare(command: &str, sort: &str, value: &Value, filled: &BTreeSet<SetName<'_>>) -> Told<String> {
    match sort {
        "rule" => rule(command, value),
        _ if command == "insert" => Err(format!("only rules are inserted, and no `{sort}`")),
        "table" => table(value),
        "chain" => chain(value),
        "set" | "map" => set(sort, value, filled),
        "element" => element("add", value),
        kept if KEPT.contains(&kept) => Ok(format!("add {kept}")),
        other => {
            let other: String = other.chars().take(64).collect();
            Err(format!("`{other}` is no object that is understood"))
        }
    }
}

/// `inet city`
fn in_table(object: &Object<'_>) -> Told<String> {
    Ok(format!("{} {}", object.words("family")?, object.name("table")?))
}

fn take_back(command: &str, sort: &str, value: &Value) -> Told<String> {
    match sort {
        "ruleset" if command == "flush" => {
            let object = Object::of(sort, value, &["family"])?;
            Ok(format!("flush ruleset {}", object.words_before("family")?))
        }
        "table" => {
            let object = Object::of(sort, value, &["family", "name", "handle"])?;
            Ok(format!("{command} table {} {}", object.words("family")?, object.name("name")?))
        }
        "chain" | "set" | "map" => {
            // Of what is taken back, nothing but the name matters.
            let members: Vec<&str> =
                value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let object = Object::of(sort, value, &members)?;
            Ok(format!("{command} {sort} {} {}", in_table(&object)?, object.name("name")?))
        }
        "element" if command != "flush" => element(command, value),
        other => {
            let other: String = other.chars().take(64).collect();
            Err(format!("what `{command}` of `{other}` leaves is not known here"))
        }
    }
}

fn table(value: &Value) -> Told<String> {
    let object = Object::of("table", value, &["family", "name", "handle", "flags", "comment"])?;
    let mut out = format!("add table {} {}", object.words("family")?, object.name("name")?);
    let flags = object.list("flags")?;
    if !flags.is_empty() {
        let _ = write!(out, " {{ flags {}; }}", flags.join(", "));
    }
    Ok(out)
}

fn chain(value: &Value) -> Told<String> {
    let known = ["family", "table", "name", "handle", "type", "hook", "prio", "policy", "dev", "comment"];
    let object = Object::of("chain", value, &known)?;
    let mut out = format!("add chain {} {}", in_table(&object)?, object.name("name")?);
    if ["type", "hook", "prio", "policy", "dev"].iter().all(|member| object.get(member).is_none()) {
        return Ok(out);
    }
    let _ = write!(out, " {{ type {} hook {}", object.words("type")?, object.words("hook")?);
    if let Some(devices) = object.get("dev") {
        let devices: Vec<String> = texts(devices)?.into_iter().map(super::quoted).collect::<Told<_>>()?;
        let _ = write!(out, " devices = {{ {} }}", devices.join(", "));
    }
    if object.get("dev").is_none() && matches!(object.text("hook")?, Some("ingress" | "egress")) {
        return Err("the chain's `dev` is missing, which some versions of nft leave out of JSON; \
                    give what `nft list ruleset` prints without `-j`"
            .into());
    }
    let _ = write!(out, " priority {};", object.number("prio")?);
    if object.get("policy").is_some() {
        let _ = write!(out, " policy {};", object.words("policy")?);
    }
    out.push_str(" }");
    Ok(out)
}

/// What a set's keys or a map's values are: a type, several, or what they are compared with.
fn kinds(value: &Value) -> Told<(&'static str, String)> {
    match only(value) {
        Some(("typeof", Value::Array(parts))) => {
            let parts: Vec<String> = parts.iter().map(|part| key(part, 0)).collect::<Told<_>>()?;
            Ok(("typeof", parts.join(" . ")))
        }
        Some(("typeof", of)) => Ok(("typeof", key(of, 0)?)),
        Some(_) => Ok(("typeof", key(value, 0)?)),
        None => {
            let types: Vec<String> = texts(value)?.into_iter().map(keywords).collect::<Told<_>>()?;
            Ok(("type", types.join(" . ")))
        }
    }
}

fn set(sort: &str, value: &Value, filled: &BTreeSet<SetName<'_>>) -> Told<String> {
    let known = [
        "family",
        "table",
        "name",
        "handle",
        "type",
        "map",
        "flags",
        "elem",
        "timeout",
        "gc-interval",
        "size",
        "policy",
        "auto-merge",
        "comment",
        "stmt",
    ];
    let object = Object::of(sort, value, &known)?;
    let mut out = format!("add {sort} {} {} {{", in_table(&object)?, object.name("name")?);
    let (word, mut of) = kinds(object.need("type")?)?;
    // The types of values are only shown, and what one is compared with is a type too.
    if sort == "map" {
        let _ = write!(of, " : {}", kinds(object.need("map")?)?.1);
    }
    let _ = write!(out, " {word} {of};");
    let mut flags = object.list("flags")?;
    let name = |member: &str| object.text(member).ok().flatten().unwrap_or_default();
    if filled.contains(&(name("family"), name("table"), name("name")))
        && !flags.iter().any(|flag| flag == "dynamic")
    {
        flags.push("dynamic".to_owned());
    }
    if !flags.is_empty() {
        let _ = write!(out, " flags {};", flags.join(", "));
    }
    for (member, unit) in [("timeout", "s"), ("gc-interval", "s"), ("size", "")] {
        if object.get(member).is_some() {
            let _ = write!(out, " {member} {}{unit};", object.number(member)?);
        }
    }
    if object.get("policy").is_some() {
        let _ = write!(out, " policy {};", object.words("policy")?);
    }
    if object.flag("auto-merge")? {
        out.push_str(" auto-merge;");
    }
    if let Some(stateful) = object.get("stmt") {
        let stateful = stateful.as_array().ok_or("a set's `stmt` is a list of statements")?;
        for part in stateful {
            let _ = write!(out, " {};", statement(part, 0)?);
        }
    }
    if let Some(listed) =
        object.get("elem").filter(|listed| listed.as_array().is_none_or(|list| !list.is_empty()))
    {
        let _ = write!(out, " elements = {};", elements(listed, &sorts_of(object.need("type")?), 0)?);
    }
    out.push_str(" }");
    Ok(out)
}

/// The sort of each part of a set's keys.
fn sorts_of(types: &Value) -> Vec<Sort> {
    match only(types) {
        Some(("typeof", of)) => sorts(of),
        Some(_) => sorts(types),
        None => {
            let sort = |name: &str| match name {
                "ifname" => Sort::Name,
                "ether_type" => Sort::EtherType,
                _ => Sort::Plain,
            };
            texts(types).unwrap_or_default().into_iter().map(sort).collect()
        }
    }
}

fn element(command: &str, value: &Value) -> Told<String> {
    let object = Object::of("element", value, &["family", "table", "name", "elem"])?;
    let elements = elements(object.need("elem")?, &[], 0)?;
    Ok(format!("{command} element {} {} {elements}", in_table(&object)?, object.name("name")?))
}

fn rule(command: &str, value: &Value) -> Told<String> {
    let known = ["family", "table", "chain", "handle", "index", "expr", "comment"];
    let object = Object::of("rule", value, &known)?;
    let command = if command == "insert" { "insert" } else { "add" };
    let chain = object.name("chain")?;
    let mut out =
        format!("{command} rule {} {chain}{}", in_table(&object)?, object.numbered("index", "index")?);
    let statements = object.need("expr")?;
    let Some(statements) = statements.as_array().filter(|list| !list.is_empty()) else {
        return Err("a rule's `expr` is a list of statements".into());
    };
    for (number, part) in (1..).zip(statements) {
        let text = statement(part, 0).map_err(|message| format!("statement {number}: {message}"))?;
        out.push(' ');
        out.push_str(&text);
    }
    if let Some(text) = object.text("comment")? {
        out.push_str(&comment(text));
    }
    Ok(out)
}
