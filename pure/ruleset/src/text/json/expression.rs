//! Expressions: what of a packet is asked for, and values.

use super::{
    DEPTH_MAX, Told, comment,
    object::{Object, number, only, shown},
    quoted, statement, word,
};
use serde_json::Value;
use std::fmt::Write;

/// What `nft` shows without `meta` before it.
const BARE: [&str; 4] = ["iif", "iifname", "oif", "oifname"];
const OPERATORS: [&str; 5] = ["&", "|", "^", "<<", ">>"];
const KEYS: [&str; 16] = [
    "ct",
    "exthdr",
    "fib",
    "ip option",
    "ipsec",
    "jhash",
    "meta",
    "numgen",
    "osf",
    "payload",
    "rt",
    "sctp chunk",
    "socket",
    "symhash",
    "tcp option",
    "concat",
];

/// One level deeper.
pub(super) fn deeper(depth: usize) -> Told<usize> {
    if depth < DEPTH_MAX {
        Ok(depth + 1)
    } else {
        Err(format!("this lies within {DEPTH_MAX} other expressions"))
    }
}

/// What of a packet is asked for: it stands where a statement begins, so nothing else may.
pub(super) fn key(value: &Value, depth: usize) -> Told<String> {
    let depth = deeper(depth)?;
    let wrong = || format!("{} is nothing of a packet that is understood", shown(value));
    let (name, inner) = only(value).ok_or_else(wrong)?;
    let of = |known: &[&str]| Object::of(name, inner, known);
    match name {
        "payload" if inner.get("base").is_some() => {
            let raw = of(&["base", "offset", "len"])?;
            Ok(format!("@{},{},{}", raw.words("base")?, raw.number("offset")?, raw.number("len")?))
        }
        "payload" => {
            let field = of(&["protocol", "field"])?;
            Ok(format!("{} {}", field.words("protocol")?, field.words("field")?))
        }
        "meta" => match of(&["key"])?.words("key")? {
            bare if BARE.contains(&bare.as_str()) => Ok(bare),
            other => Ok(format!("meta {other}")),
        },
        "ct" => {
            let ct = of(&["key", "dir", "family"])?;
            Ok(format!("ct {}{}{}", ct.words_before("dir")?, ct.words_before("family")?, ct.words("key")?))
        }
        "exthdr" => {
            let header = of(&["name", "field"])?;
            match header.get("field") {
                Some(_) => Ok(format!("{} {}", header.words("name")?, header.words("field")?)),
                None => Ok(format!("exthdr {}", header.words("name")?)),
            }
        }
        "tcp option" | "ip option" | "sctp chunk" => {
            let option = of(&["name", "field"])?;
            let field = option.words_before("field")?;
            Ok(format!("{name} {} {field}", option.words("name")?).trim_end().to_owned())
        }
        "rt" => {
            let rt = of(&["key", "family"])?;
            Ok(format!("rt {}{}", rt.words_before("family")?, rt.words("key")?))
        }
        "fib" => {
            let fib = of(&["result", "flags"])?;
            Ok(format!("fib {} {}", fib.list("flags")?.join(" . "), fib.words("result")?))
        }
        "numgen" => {
            let numgen = of(&["mode", "mod", "offset"])?;
            let offset = numgen.numbered_unless_zero("offset")?;
            Ok(format!("numgen {} mod {}{offset}", numgen.words("mode")?, numgen.number("mod")?))
        }
        "jhash" => {
            let hash = of(&["mod", "seed", "offset", "expr"])?;
            let of = key(hash.need("expr")?, depth)?;
            let (seed, offset) = (hash.numbered_unless_zero("seed")?, hash.numbered_unless_zero("offset")?);
            Ok(format!("jhash {of} mod {}{seed}{offset}", hash.number("mod")?))
        }
        "symhash" => {
            let hash = of(&["mod", "offset"])?;
            Ok(format!("symhash mod {}{}", hash.number("mod")?, hash.numbered_unless_zero("offset")?))
        }
        "socket" => {
            let socket = of(&["key", "level"])?;
            Ok(format!("socket {}{}", socket.words("key")?, socket.numbered("level", "level")?))
        }
        "osf" => {
            let osf = of(&["key", "ttl", "version"])?;
            let ttl = osf.words_before("ttl")?;
            let ttl = if ttl.is_empty() { ttl } else { format!("ttl {ttl}") };
            Ok(format!(
                "osf {ttl}{}",
                if osf.get("version").is_some() { "version".into() } else { osf.words("key")? }
            ))
        }
        "ipsec" => {
            let ipsec = of(&["key", "family", "dir", "spnum"])?;
            let number = ipsec.numbered_unless_zero("spnum")?;
            Ok(format!(
                "ipsec {}{number} {}{}",
                ipsec.words("dir")?,
                ipsec.words_before("family")?,
                ipsec.words("key")?
            ))
        }
        "concat" => {
            let parts = inner.as_array().filter(|parts| !parts.is_empty()).ok_or_else(wrong)?;
            let parts: Vec<String> = parts.iter().map(|part| key(part, depth)).collect::<Told<_>>()?;
            Ok(parts.join(" . "))
        }
        operator if OPERATORS.contains(&operator) => computed(operator, inner, depth, key),
        _ => Err(wrong()),
    }
}

/// `tcp flags & (fin | syn)`, read from left to right.
fn computed(
    operator: &str,
    operands: &Value,
    depth: usize,
    begins: impl Fn(&Value, usize) -> Told<String>,
) -> Told<String> {
    let Some([first, rest @ ..]) = operands.as_array().map(Vec::as_slice).filter(|list| list.len() > 1)
    else {
        return Err(format!("`{operator}` has two operands"));
    };
    let mut out = begins(first, depth)?;
    for operand in rest {
        let nested = only(operand).is_some_and(|(name, _)| OPERATORS.contains(&name));
        let operand = value(operand, &[], depth)?;
        let _ = if nested {
            write!(out, " {operator} ({operand})")
        } else {
            write!(out, " {operator} {operand}")
        };
    }
    Ok(out)
}

/// What the values of a key's part are, where it matters for how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Plain,
    /// Names, which are shown in quotes.
    Name,
    EtherType,
}

/// The EtherTypes of `ip`, `ip6`, `arp`, `8021q` and `8021ad` with their bytes swapped, which are no EtherTypes in use.
const SWAPPED: [u64; 5] = [0x0008, 0xdd86, 0x0608, 0x0081, 0xa888];

/// The sort of each part of a key.
pub(super) fn sorts(key: &Value) -> Vec<Sort> {
    let sort = |part: &Value| {
        let member =
            |name: &str, member: &str| part.get(name).and_then(|of| of.get(member)).and_then(Value::as_str);
        let is_name = member("meta", "key")
            .is_some_and(|key| BARE.contains(&key) || key.ends_with("kind") || key.ends_with("name"))
            || member("ct", "key") == Some("helper")
            || member("fib", "result") == Some("oifname")
            || member("osf", "key").is_some();
        let is_ether_type = member("meta", "key") == Some("protocol")
            || matches!(member("payload", "protocol"), Some("ether" | "vlan"))
                && member("payload", "field") == Some("type");
        match (is_name, is_ether_type) {
            (true, _) => Sort::Name,
            (_, true) => Sort::EtherType,
            _ => Sort::Plain,
        }
    };
    match only(key) {
        Some(("concat", Value::Array(parts))) => parts.iter().map(sort).collect(),
        _ => vec![sort(key)],
    }
}

/// A value of a key whose parts are of such sorts.
pub(super) fn value(of: &Value, sorts: &[Sort], depth: usize) -> Told<String> {
    let depth = deeper(depth)?;
    let wrong = || format!("{} is no value that is understood", shown(of));
    match of {
        Value::String(text) => match text.strip_prefix('@') {
            Some(set) => Ok(format!("@{}", word(set)?)),
            None if sorts.first() == Some(&Sort::Name) => quoted(text),
            None => word(text),
        },
        Value::Number(written)
            if sorts.first() == Some(&Sort::EtherType)
                && written.as_u64().is_some_and(|number| SWAPPED.contains(&number)) =>
        {
            Err(format!("the EtherType {written} is one whose bytes `nft -n` has swapped; list without `-n`"))
        }
        Value::Number(_) => number(of),
        Value::Bool(there) => Ok(if *there { "exists" } else { "missing" }.to_owned()),
        Value::Array(list) => Ok(format!("({})", listed(list, " | ", depth)?)),
        Value::Null => Err(wrong()),
        Value::Object(_) => {
            let (name, inner) = only(of).ok_or_else(wrong)?;
            match name {
                "set" => elements(inner, sorts, depth),
                "range" => range(inner, sorts, depth),
                "prefix" => {
                    let prefix = Object::of(name, inner, &["addr", "len"])?;
                    Ok(format!("{}/{}", value(prefix.need("addr")?, &[], depth)?, prefix.number("len")?))
                }
                "concat" => {
                    let parts = inner.as_array().filter(|parts| !parts.is_empty()).ok_or_else(wrong)?;
                    let part =
                        |(at, part): (usize, &Value)| value(part, sorts.get(at..).unwrap_or_default(), depth);
                    let parts: Vec<String> = parts.iter().enumerate().map(part).collect::<Told<_>>()?;
                    Ok(parts.join(" . "))
                }
                "map" => {
                    let map = Object::of(name, inner, &["key", "data"])?;
                    let asked = map.need("key")?;
                    let data = value(map.need("data")?, &self::sorts(asked), depth)?;
                    Ok(format!("{} map {data}", key(asked, depth)?))
                }
                operator if OPERATORS.contains(&operator) => {
                    computed(operator, inner, depth, |first, depth| value(first, &[], depth))
                }
                of_packet if KEYS.contains(&of_packet) => key(of, depth),
                _ => Err(wrong()),
            }
        }
    }
}

/// Values with a mark between them.
pub(super) fn listed(list: &[Value], mark: &str, depth: usize) -> Told<String> {
    if list.is_empty() {
        return Err("a list of values is empty".into());
    }
    let values: Vec<String> = list.iter().map(|of| value(of, &[], depth)).collect::<Told<_>>()?;
    Ok(values.join(mark))
}

fn range(of: &Value, sorts: &[Sort], depth: usize) -> Told<String> {
    let Some([first, last]) = of.as_array().map(Vec::as_slice) else {
        return Err("a range has two ends".into());
    };
    let (first, last) = (value(first, sorts, depth)?, value(last, sorts, depth)?);
    // Names may have hyphens.
    let plain =
        |end: &str| end.bytes().all(|letter| letter.is_ascii_hexdigit() || matches!(letter, b'.' | b':'));
    if plain(&first) && plain(&last) {
        Ok(format!("{first}-{last}"))
    } else {
        Ok(format!("{first} - {last}"))
    }
}

/// Elements in braces; those of maps are lists of a key and what it maps to.
pub(super) fn elements(list: &Value, sorts: &[Sort], depth: usize) -> Told<String> {
    let depth = deeper(depth)?;
    let one = std::slice::from_ref(list);
    let list = list.as_array().map_or(one, Vec::as_slice);
    let mut out = String::from("{ ");
    for (at, of) in list.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match of {
            Value::Array(pair) => {
                let [from, to] = &pair[..] else {
                    return Err(format!("element {}: an element of a map has a key and a value", at + 1));
                };
                let data = match statement::verdict(to)? {
                    Some(verdict) => verdict,
                    None => value(to, &[], depth)?,
                };
                let _ = write!(out, "{} : {data}", element(from, sorts, depth)?);
            }
            _ => out.push_str(&element(of, sorts, depth)?),
        }
    }
    out.push_str(" }");
    Ok(out)
}

/// One element's key, with what else is told of it.
fn element(of: &Value, sorts: &[Sort], depth: usize) -> Told<String> {
    if of.as_str() == Some("*") {
        return Ok("*".into());
    }
    let Some(("elem", inner)) = only(of) else { return value(of, sorts, depth) };
    let known = ["val", "timeout", "expires", "comment", "counter"];
    let elem = Object::of("elem", inner, &known)?;
    let mut out = match elem.need("val")? {
        Value::String(any) if any == "*" => "*".to_owned(),
        of => value(of, sorts, depth)?,
    };
    for member in ["timeout", "expires"] {
        if elem.get(member).is_some() {
            let _ = write!(out, " {member} {}s", elem.number(member)?);
        }
    }
    if let Some(counter) = elem.get("counter") {
        let counter = Object::of("counter", counter, &["packets", "bytes"])?;
        let (packets, bytes) = (counter.numbered("packets", "packets")?, counter.numbered("bytes", "bytes")?);
        let _ = write!(out, " counter{packets}{bytes}");
    }
    if let Some(text) = elem.text("comment")? {
        out.push_str(&comment(text));
    }
    Ok(out)
}

/// What is put into a set: a key of a packet, perhaps with a time.
pub(super) fn put(of: &Value, depth: usize) -> Told<String> {
    let Some(("elem", inner)) = only(of) else { return key(of, depth) };
    let elem = Object::of("elem", inner, &["val", "timeout", "expires", "comment"])?;
    let mut out = key(elem.need("val")?, deeper(depth)?)?;
    for member in ["timeout", "expires"] {
        if elem.get(member).is_some() {
            let _ = write!(out, " {member} {}s", elem.number(member)?);
        }
    }
    if let Some(text) = elem.text("comment")? {
        out.push_str(&comment(text));
    }
    Ok(out)
}
