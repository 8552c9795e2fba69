//! Statements: the parts of a rule.

use super::{
    Told,
    expression::{Sort, deeper, key, listed, put, sorts, value},
    keywords,
    object::{Object, only, shown},
    quoted, word,
};
use serde_json::Value;
use std::fmt::Write;

/// One statement of a rule.
pub(super) fn statement(of: &Value, depth: usize) -> Told<String> {
    let depth = deeper(depth)?;
    if let Some(verdict) = verdict(of)? {
        return Ok(verdict);
    }
    let wrong = || format!("{} is no statement that is understood", shown(of));
    let (name, inner) = only(of).ok_or_else(wrong)?;
    let object = |known: &[&str]| Object::of(name, inner, known);
    match name {
        "match" => matches(&object(&["op", "left", "right"])?, depth),
        "vmap" => {
            let map = object(&["key", "data"])?;
            let asked = map.need("key")?;
            Ok(format!("{} vmap {}", key(asked, depth)?, value(map.need("data")?, &sorts(asked), depth)?))
        }
        "mangle" => {
            let mangle = object(&["key", "value"])?;
            Ok(format!(
                "{} set {}",
                key(mangle.need("key")?, depth)?,
                value(mangle.need("value")?, &[], depth)?
            ))
        }
        "counter" | "limit" | "quota" | "synproxy" if is_reference(inner) => {
            Ok(format!("{name} name {}", reference(inner, depth)?))
        }
        "counter" => {
            let counter = object(&["packets", "bytes"])?;
            Ok(format!(
                "counter{}{}",
                counter.numbered("packets", "packets")?,
                counter.numbered("bytes", "bytes")?
            ))
        }
        "last" => object(&["used"]).map(|_| "last".to_owned()),
        "limit" => limit(&object(&["rate", "rate_unit", "per", "burst", "burst_unit", "inv"])?),
        "quota" => quota(&object(&["val", "val_unit", "used", "used_unit", "inv"])?),
        "ct count" => {
            let count = object(&["val", "inv"])?;
            Ok(format!("ct count {}{}", if count.flag("inv")? { "over " } else { "" }, count.number("val")?))
        }
        "ct helper" | "ct timeout" | "ct expectation" => {
            Ok(format!("{name} set {}", reference(inner, depth)?))
        }
        "log" => log(&object(&["prefix", "group", "snaplen", "queue-threshold", "level", "flags"])?),
        "reject" => {
            let reject = object(&["type", "expr"])?;
            let with = reject.words_before("type")?;
            let mut out = "reject".to_owned();
            if !with.is_empty() {
                let _ = write!(out, " with {}", with.trim_end());
            }
            if let Some(code) = reject.get("expr") {
                let _ = write!(out, " {}", value(code, &[], depth)?);
            }
            Ok(out)
        }
        "queue" => {
            let queue = object(&["num", "flags"])?;
            let flags = queue.list("flags")?.join(",");
            let mut out = "queue".to_owned();
            if !flags.is_empty() {
                let _ = write!(out, " flags {flags}");
            }
            if let Some(to) = queue.get("num") {
                let _ = write!(out, " to {}", value(to, &[], depth)?);
            }
            Ok(out)
        }
        "notrack" => object(&[]).map(|_| "notrack".to_owned()),
        "snat" | "dnat" | "masquerade" | "redirect" => {
            translated(name, &object(&["family", "addr", "port", "flags", "type_flags"])?, depth)
        }
        "tproxy" => translated(name, &object(&["family", "addr", "port"])?, depth),
        "fwd" => {
            let fwd = object(&["dev", "family", "addr"])?;
            let device = value(fwd.need("dev")?, &[Sort::Name], depth)?;
            match fwd.get("addr") {
                Some(to) => Ok(format!(
                    "fwd {}to {} device {device}",
                    fwd.words_before("family")?,
                    value(to, &[], depth)?
                )),
                None => Ok(format!("fwd to {device}")),
            }
        }
        "dup" => {
            let dup = object(&["addr", "dev"])?;
            let mut out = format!("dup to {}", value(dup.need("addr")?, &[], depth)?);
            if let Some(device) = dup.get("dev") {
                let _ = write!(out, " device {}", value(device, &[Sort::Name], depth)?);
            }
            Ok(out)
        }
        "flow" => {
            let flow = object(&["op", "flowtable"])?;
            Ok(format!("flow {} @{}", flow.words("op")?, set_name(&flow, "flowtable")?))
        }
        "set" | "map" => filled(name, &object(&["op", "elem", "data", "set", "map", "stmt"])?, depth),
        "meter" => {
            let meter = object(&["name", "key", "stmt", "size"])?;
            let size = meter.numbered("size", "size")?;
            let stateful = statement(meter.need("stmt")?, depth)?;
            Ok(format!(
                "meter {}{size} {{ {} {stateful} }}",
                meter.name("name")?,
                put(meter.need("key")?, depth)?
            ))
        }
        "reset" => Ok(format!("reset {}", key(inner, depth)?)),
        "synproxy" => {
            let proxy = object(&["mss", "wscale", "flags"])?;
            let (mss, scale) = (proxy.numbered("mss", "mss")?, proxy.numbered("wscale", "wscale")?);
            Ok(format!("synproxy{mss}{scale} {}", proxy.list("flags")?.join(" ")).trim_end().to_owned())
        }
        "xt" => {
            let xt = object(&["type", "name"])?;
            Ok(format!("xt {} {}", xt.words("type")?, quoted(xt.text("name")?.ok_or_else(wrong)?)?))
        }
        _ => Err(wrong()),
    }
}

/// A verdict, if it is one.
pub(super) fn verdict(of: &Value) -> Told<Option<String>> {
    Ok(match only(of) {
        Some((name @ ("accept" | "drop" | "continue" | "return"), Value::Null)) => Some(name.to_owned()),
        Some((name @ ("jump" | "goto"), inner)) => {
            Some(format!("{name} {}", Object::of(name, inner, &["target"])?.name("target")?))
        }
        _ => None,
    })
}

/// What a key is compared with. A comparison that is not written is one of bits, where the key has any, and else `==`.
fn matches(object: &Object<'_>, depth: usize) -> Told<String> {
    let (left, right) = (object.need("left")?, object.need("right")?);
    let operator = object.text("op")?.ok_or("`match` has no `op`")?;
    let shown = match operator {
        "in" => "",
        "==" if !has_bits(left) => "",
        "==" | "!=" | "<" | ">" | "<=" | ">=" | "!" => operator,
        other => return Err(format!("`{}` compares nothing", other.chars().take(64).collect::<String>())),
    };
    let right = match right {
        // Any of these bits, or none of them.
        Value::Array(list) if matches!(operator, "in" | "!") => listed(list, ",", deeper(depth)?)?,
        _ => value(right, &sorts(left), depth)?,
    };
    let left = key(left, depth)?;
    Ok(if shown.is_empty() { format!("{left} {right}") } else { format!("{left} {shown} {right}") })
}

/// Whether a key has bits, of which those are wanted that are written; or is computed, which is shown alike.
fn has_bits(key: &Value) -> bool {
    match only(key) {
        Some(("payload", field)) => field.get("field").and_then(Value::as_str) == Some("flags"),
        Some(("ct", ct)) => ct
            .get("key")
            .and_then(Value::as_str)
            .is_some_and(|key| matches!(key, "state" | "status" | "event" | "label")),
        Some((_, operands)) => operands.is_array() && key.get("concat").is_none(),
        None => false,
    }
}

fn is_reference(of: &Value) -> bool {
    of.is_string() || only(of).is_some_and(|(name, _)| name == "map")
}

/// The name of something that the table keeps, or the map that has the names.
fn reference(of: &Value, depth: usize) -> Told<String> {
    match of {
        Value::String(name) => quoted(name),
        map if is_reference(map) => value(map, &[], depth),
        other => Err(format!("{} names nothing", shown(other))),
    }
}

/// `limit rate over 5/minute burst 10 packets`
fn limit(object: &Object<'_>) -> Told<String> {
    let over = if object.flag("inv")? { "over " } else { "" };
    let per = if object.get("per").is_some() { object.words("per")? } else { "second".into() };
    let bytes = object.text("rate_unit")?.filter(|unit| *unit != "packets");
    let mut out = match bytes {
        Some(unit) => format!("limit rate {over}{} {}/{per}", object.number("rate")?, keywords(unit)?),
        None => format!("limit rate {over}{}/{per}", object.number("rate")?),
    };
    // What `nft` does not show either, and means without it.
    let usual = if bytes.is_some() { 0 } else { 5 };
    if object.get("burst").is_some_and(|burst| burst.as_u64() != Some(usual)) {
        let unit = if bytes.is_some() { object.text("burst_unit")?.unwrap_or("bytes") } else { "packets" };
        let _ = write!(out, " burst {} {}", object.number("burst")?, keywords(unit)?);
    }
    Ok(out)
}

/// `quota over 10 mbytes used 2 kbytes`
fn quota(object: &Object<'_>) -> Told<String> {
    let unit = |member: &str| object.text(member).and_then(|unit| keywords(unit.unwrap_or("bytes")));
    let over = if object.flag("inv")? { "over " } else { "" };
    let mut out = format!("quota {over}{} {}", object.number("val")?, unit("val_unit")?);
    if object.get("used").is_some() {
        let _ = write!(out, " used {} {}", object.number("used")?, unit("used_unit")?);
    }
    Ok(out)
}

fn log(object: &Object<'_>) -> Told<String> {
    let mut out = "log".to_owned();
    if let Some(prefix) = object.text("prefix")? {
        let _ = write!(out, " prefix {}", quoted(prefix)?);
    }
    for member in ["group", "snaplen", "queue-threshold"] {
        out.push_str(&object.numbered(member, member)?);
    }
    if object.get("level").is_some() {
        let _ = write!(out, " level {}", object.words("level")?);
    }
    for flag in object.list("flags")? {
        let _ = write!(out, " flags {flag}");
    }
    Ok(out)
}

/// `dnat ip to 192.0.2.1:80 persistent`
fn translated(name: &str, object: &Object<'_>, depth: usize) -> Told<String> {
    let mut out = format!("{name} {}", object.words_before("family")?);
    for flag in object.list("type_flags")? {
        let _ = write!(out, "{flag} ");
    }
    let port = object.get("port").map(|port| value(port, &[], depth)).transpose()?;
    match (object.get("addr"), port) {
        (None, None) => {}
        (None, Some(port)) => {
            let _ = write!(out, "to :{port} ");
        }
        (Some(to), None) => {
            let _ = write!(out, "to {} ", value(to, &[], depth)?);
        }
        (Some(to), Some(port)) => {
            let address = value(to, &[], depth)?;
            // An address with colons in it stands in brackets before a port.
            let six = to.as_str().is_some_and(|text| text.contains(':'));
            let _ =
                if six { write!(out, "to [{address}]:{port} ") } else { write!(out, "to {address}:{port} ") };
        }
    }
    out.push_str(&object.list("flags")?.join(","));
    Ok(out.trim_end().to_owned())
}

fn set_name(object: &Object<'_>, member: &str) -> Told<String> {
    let name = object.text(member)?.ok_or_else(|| format!("there is no `{member}`"))?;
    word(name.strip_prefix('@').unwrap_or(name))
}

/// `add @blocked { ip saddr timeout 300s limit rate 5/second }`
fn filled(sort: &str, object: &Object<'_>, depth: usize) -> Told<String> {
    let operation = match object.text("op")? {
        Some(operation @ ("add" | "update" | "delete")) => operation,
        _ => return Err(format!("the `op` of `{sort}` is `add`, `update` or `delete`")),
    };
    let mut out =
        format!("{operation} @{} {{ {}", set_name(object, sort)?, put(object.need("elem")?, depth)?);
    match object.get("stmt") {
        Some(Value::Array(list)) => {
            for stateful in list {
                let _ = write!(out, " {}", statement(stateful, depth)?);
            }
        }
        Some(stateful) => {
            let _ = write!(out, " {}", statement(stateful, depth)?);
        }
        None => {}
    }
    if let Some(data) = object.get("data") {
        let _ = write!(out, " : {}", value(data, &[], depth)?);
    }
    out.push_str(" }");
    Ok(out)
}
