//! `bastide plan adopt`: the plan in its folder becomes the plan that the city is compared with.

use crate::{failure::Verdict, socket};
use anyhow::bail;
use serde_json::{Value, json};
use std::path::Path;

/// Asks the running process to adopt, and prints the version adopted.
pub(super) fn run(state: &Path) -> anyhow::Result<Verdict> {
    let Some(answer) = socket::post(state, "/api/v1/plan/adopt", &json!({}))? else {
        bail!(
            "no process watches the city of `{}`; start one with `bastide run --city DIR`, which adopts the plan at its \
             first start",
            state.display()
        );
    };
    let version = answer.pointer("/version").and_then(Value::as_str).unwrap_or_default();
    println!("Adopted {version}.");
    Ok(Verdict::Good)
}
