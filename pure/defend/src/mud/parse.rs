//! The JSON text of a MUD file to its rules, as they are written.

use super::{
    cursor::{Cursor, MudError},
    rule::Rule,
};
use std::collections::BTreeMap;

/// The longest file, in bytes.
const FILE_MAX: usize = 1 << 20;

/// The most access lists, and the most entries of one.
const LISTS_MAX: usize = 64;
const ENTRIES_MAX: usize = 512;

/// A MUD file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mud {
    /// Where the file is published; it names the maker and the model.
    pub url: Option<String>,
    /// What the device is, in words.
    pub info: Option<String>,
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// Which model it is.
    pub model: Option<String>,
    /// The rules, in the order in which the two policies name their lists.
    pub rules: Vec<Rule>,
    /// What of the file is not as RFC 8520 has it, or is not read.
    pub notes: Vec<String>,
}

/// Reads a MUD file.
///
/// # Errors
///
/// The text is not JSON, or is not what RFC 8520 and RFC 8519 say where it would matter.
pub fn parse(text: &str) -> Result<Mud, MudError> {
    let error =
        |problem: String, remedy: &str| MudError { path: String::new(), problem, remedy: remedy.to_owned() };
    if text.len() > FILE_MAX {
        let problem = format!("the file has {} bytes, and at most {FILE_MAX} are read", text.len());
        return Err(error(problem, "is this a MUD file?"));
    }
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|why| error(format!("this is not JSON: {why}"), "give the .json file, not its signature"))?;
    let top = Cursor::top(&value);
    let mut mud = Mud::default();
    let head = top.need("ietf-mud:mud")?;
    read_head(&head, &mut mud)?;
    let lists = read_lists(&top)?;
    let mut used = Vec::new();
    for (policy, from_device) in [("from-device-policy", true), ("to-device-policy", false)] {
        let Some(policy) = head.at(policy)? else { continue };
        let names = policy.need("access-lists")?.need("access-list")?.list(LISTS_MAX)?;
        for name in names {
            let name = name.need("name")?;
            let wanted = name.text()?;
            let Some(list) = lists.get(&wanted) else {
                let known: Vec<&str> = lists.keys().map(String::as_str).collect();
                let remedy = format!("name one of those that are there: {}", known.join(", "));
                return Err(name.error(format!("there is no access list `{wanted}`"), remedy));
            };
            used.push(wanted);
            mud.rules.extend(list.read(from_device, &mut mud.notes)?);
        }
    }
    for name in lists.keys().filter(|name| !used.contains(name)) {
        mud.notes.push(format!("the access list `{name}` is used by no policy, so it says nothing"));
    }
    if mud.rules.is_empty() {
        mud.notes.push("the file lets nothing pass, neither from the device nor to it".to_owned());
    }
    for (key, _) in top
        .entries()?
        .iter()
        .filter(|(key, _)| !["ietf-mud:mud", "ietf-access-control-list:acls", "mud", "acls"].contains(key))
    {
        mud.notes.push(format!("`{key}` is not part of RFC 8520 and was not read"));
    }
    mud.notes.sort();
    mud.notes.dedup();
    Ok(mud)
}

fn read_head(head: &Cursor<'_>, mud: &mut Mud) -> Result<(), MudError> {
    for (key, value) in head.entries()? {
        match key {
            "mud-version" => {
                if value.number(255)? != 1 {
                    return Err(value.error("the file is of another version", "version 1 is read, RFC 8520"));
                }
            }
            "mud-url" => mud.url = Some(value.text()?),
            "systeminfo" => mud.info = Some(value.text()?),
            "mfg-name" => mud.manufacturer = Some(value.text()?),
            "model-name" => mud.model = Some(value.text()?),
            "is-supported" => {
                if !value.truth()? {
                    mud.notes.push("its maker no longer looks after the device".to_owned());
                }
            }
            "cache-validity" => {
                value.number(u64::MAX)?;
            }
            "last-update" | "mud-signature" | "firmware-rev" | "software-rev" | "documentation" => {
                value.text()?;
            }
            "extensions" => {
                for extension in value.list(LISTS_MAX)? {
                    mud.notes.push(format!("its extension `{}` was not read", extension.text()?));
                }
            }
            "from-device-policy" | "to-device-policy" => {}
            _ => mud.notes.push(format!("`{key}` is not part of RFC 8520 and was not read")),
        }
    }
    if mud.url.is_none() {
        mud.notes.push("the file has no `mud-url`, which RFC 8520 wants".to_owned());
    }
    Ok(())
}

/// An access list that has not been read yet: who reads it knows the direction.
struct List<'a> {
    name: String,
    kind: Cursor<'a>,
    entries: Vec<Cursor<'a>>,
}

fn read_lists<'a>(top: &Cursor<'a>) -> Result<BTreeMap<String, List<'a>>, MudError> {
    let mut lists = BTreeMap::new();
    let Some(acls) = top.at("ietf-access-control-list:acls")? else { return Ok(lists) };
    let Some(acl) = acls.at("acl")? else { return Ok(lists) };
    for list in acl.list(LISTS_MAX)? {
        let name = list.need("name")?.text()?;
        let entries = match list.at("aces")?.map(|aces| aces.at("ace")).transpose()?.flatten() {
            Some(entries) => entries.list(ENTRIES_MAX)?,
            None => Vec::new(),
        };
        let kind = list.need("type")?;
        if lists.insert(name.clone(), List { name: name.clone(), kind, entries }).is_some() {
            return Err(list.error(format!("there are two access lists `{name}`"), "name each once"));
        }
    }
    Ok(lists)
}

impl List<'_> {
    fn read(&self, from_device: bool, notes: &mut Vec<String>) -> Result<Vec<Rule>, MudError> {
        let kind = self.kind.text()?;
        let v6 = match kind.rsplit_once(':').map_or(kind.as_str(), |(_, kind)| kind) {
            "ipv4-acl-type" => false,
            "ipv6-acl-type" => true,
            "ipv4" | "ipv6" => {
                notes.push(format!(
                    "the access list `{}` has the type `{kind}`; RFC 8519 calls it `{kind}-acl-type`",
                    self.name
                ));
                kind == "ipv6"
            }
            _ => {
                let remedy = "lists of `ipv4-acl-type` and `ipv6-acl-type` are read";
                return Err(self.kind.error(format!("a list of the type `{kind}` is not read"), remedy));
            }
        };
        self.entries.iter().map(|entry| self.rule(entry, from_device, v6, notes)).collect()
    }

    fn rule(
        &self,
        entry: &Cursor<'_>,
        from_device: bool,
        v6: bool,
        notes: &mut Vec<String>,
    ) -> Result<Rule, MudError> {
        let name = format!("{}/{}", self.name, entry.need("name")?.text()?);
        let actions = entry.need("actions")?;
        let forwarding = actions.need("forwarding")?;
        let action = forwarding.text()?;
        let accept = match action.rsplit_once(':').map_or(action.as_str(), |(_, action)| action) {
            "accept" => true,
            "drop" | "reject" => false,
            other => {
                return Err(
                    forwarding.error(format!("`{other}` is no action"), "write accept, drop or reject")
                );
            }
        };
        let mut rule = Rule {
            name,
            from_device,
            accept,
            v6,
            peers: Vec::new(),
            protocol: None,
            source: None,
            destination: None,
            device_begins: None,
            beyond: Vec::new(),
        };
        for (key, _) in actions.entries()?.iter().filter(|(key, _)| *key != "forwarding") {
            notes.push(format!("`{}`: its action `{key}` was not read", rule.name));
        }
        if let Some(matches) = entry.at("matches")? {
            for (key, value) in matches.entries()? {
                rule.read_match(key, &value)?;
            }
        }
        rule.peers.sort();
        rule.peers.dedup();
        Ok(rule)
    }
}
