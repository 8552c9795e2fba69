//! `bastide responses`, `contain`, `release`, `agree` and `dismiss`: what people decide, through the process that watches
//! the city, which seals it.

use crate::{arguments::Deciding, enforce, failure::Verdict, socket};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    net::IpAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long what was ordered may take until it is said to be under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs a command that decides.
pub(crate) fn run(command: &Deciding) -> anyhow::Result<Verdict> {
    let state = match command {
        Deciding::Contain { of, .. } | Deciding::Release { of, .. } => of.state.directory(),
        Deciding::Agree { state, .. } | Deciding::Dismiss { state, .. } => state.directory(),
    };
    let verdict = match command {
        Deciding::Contain { device, of } => contain(&state, device, &of.reason)?,
        Deciding::Release { device, of } => release(&state, device, &of.reason)?,
        Deciding::Agree { number, .. } => agree(&state, *number)?,
        Deciding::Dismiss { number, reason, .. } => dismiss(&state, *number, reason)?,
    };
    // Without a process that watches, the firewall itself can still be asked.
    if verdict.is_none() {
        match command {
            Deciding::Contain { device, of } => {
                if let Ok(address) = device.parse() {
                    return enforce::contain(&of.ask, address, &of.reason);
                }
            }
            Deciding::Release { device, of } => {
                if let Ok(address) = device.parse() {
                    return enforce::release(&of.ask, address);
                }
            }
            Deciding::Agree { .. } | Deciding::Dismiss { .. } => {}
        }
    }
    verdict.with_context(|| {
        format!("no process watches the city of `{}`; start one with `bastide run`", state.display())
    })
}

/// Contains a device through the running process. `None` if none runs.
pub(crate) fn contain(state: &Path, device: &str, reason: &str) -> anyhow::Result<Option<Verdict>> {
    let body = match device.parse::<IpAddr>() {
        Ok(address) => json!({ "address": address, "reason": reason }),
        Err(_) => json!({ "asset": device, "reason": reason }),
    };
    decided(state, socket::post(state, "/api/v1/responses", &body)?)
}

/// Releases a device through the running process. `None` if none runs.
pub(crate) fn release(state: &Path, device: &str, reason: &str) -> anyhow::Result<Option<Verdict>> {
    let Some(open) = socket::get(state, "/api/v1/responses?state=open&limit=1000000")? else {
        return Ok(None);
    };
    let rows = open.pointer("/responses").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut about = rows.iter().filter(|row| is_about(row, device)).filter_map(number);
    let (Some(number), None) = (about.next(), about.next()) else {
        let several = rows.iter().filter(|row| is_about(row, device)).count();
        if several == 0 {
            bail!("`{device}` is not contained; `bastide responses` lists what is");
        }
        bail!("`{device}` is contained at {several} addresses; name the one that is meant");
    };
    let path = format!("/api/v1/responses/{number}/release");
    decided(state, socket::post(state, &path, &json!({ "reason": reason }))?)
}

/// Agrees to a response through the running process. `None` if none runs.
pub(crate) fn agree(state: &Path, number: u64) -> anyhow::Result<Option<Verdict>> {
    decided(state, socket::post(state, &format!("/api/v1/responses/{number}/agree"), &json!({}))?)
}

/// Decides through the running process that a response shall not be done. `None` if none runs.
pub(crate) fn dismiss(state: &Path, number: u64, reason: &str) -> anyhow::Result<Option<Verdict>> {
    let path = format!("/api/v1/responses/{number}/dismiss");
    decided(state, socket::post(state, &path, &json!({ "reason": reason }))?)
}

/// Waits for what comes of an order, and says it.
fn decided(state: &Path, response: Option<Value>) -> anyhow::Result<Option<Verdict>> {
    let Some(mut response) = response else { return Ok(None) };
    let since = Instant::now();
    while matches!(word(&response, "/state"), "ordered" | "releasing") && since.elapsed() < PATIENCE {
        thread::sleep(LOOK_EVERY);
        let number = number(&response).context("the running process did not say which response it is")?;
        let Some(now) = socket::get(state, &format!("/api/v1/responses/{number}"))? else { break };
        response = now;
    }
    show(&mut io::stdout().lock(), &response)?;
    let failed = word(&response, "/state") == "failed";
    Ok(Some(if failed { Verdict::Bad } else { Verdict::Good }))
}

/// A response for people: how it stands, why, what it costs, and what is to be done by hand.
fn show(out: &mut impl Write, response: &Value) -> io::Result<()> {
    let number = number(response).unwrap_or_default();
    writeln!(out, "Response {number}: {}.", word(response, "/headline"))?;
    let all = |pointer| response.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    if let (Some(step), "failed") = (all("/steps").next_back(), word(response, "/state")) {
        writeln!(out, "{}.", word(step, "/text"))?;
    }
    for cost in all("/consequences") {
        writeln!(out, "  {}", word(cost, "/text"))?;
    }
    if let Some(waits_for) = response.pointer("/waits_for").and_then(Value::as_str) {
        writeln!(out, "It waits for {waits_for}.")?;
    }
    let failed = word(response, "/state") == "failed";
    for hand in all("/by_hand").filter(|_| failed) {
        writeln!(out, "\n{}:\n{}", word(hand, "/title"), word(hand, "/text").trim_end())?;
    }
    Ok(())
}

fn is_about(row: &Value, device: &str) -> bool {
    let address = word(row, "/target/address");
    word(row, "/target/asset") == device
        || address == device
        || device.parse::<IpAddr>().is_ok_and(|ip| address.parse() == Ok(ip))
}

fn number(response: &Value) -> Option<u64> {
    response.pointer("/number").and_then(Value::as_u64)
}

fn word<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_by_its_asset_and_by_its_address_however_it_is_written() {
        let row = json!({ "target": { "address": "2001:db8::7", "asset": "pump-7" } });
        for device in ["pump-7", "2001:db8::7", "2001:0db8:0:0::7"] {
            assert!(is_about(&row, device), "{device}");
        }
        for device in ["pump-77", "2001:db8::8", ""] {
            assert!(!is_about(&row, device), "{device}");
        }
    }

    #[test]
    fn what_failed_is_told_with_its_reason_and_what_to_enter() {
        let response = json!({
            "number": 3, "state": "failed", "headline": "Pump 7 could not be contained",
            "waits_for": "a person", "consequences": [{ "text": "Pumping loses Pump 7." }],
            "steps": [{ "text": "Contain: it scans" }, { "text": "Not done: no firewall" }],
            "by_hand": [{ "title": "Linux with nftables", "text": "nft 'add …'\n" }],
        });
        let mut out = Vec::new();
        show(&mut out, &response).unwrap();
        let expected = "Response 3: Pump 7 could not be contained.\nNot done: no firewall.\n  Pumping loses Pump 7.\n\
                        It waits for a person.\n\nLinux with nftables:\nnft 'add …'\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
