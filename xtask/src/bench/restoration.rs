//! How planning the way back grows with the city.

use super::{PAGE, build, machine::Machine, measure, section::put};
use crate::house;
use anyhow::{Context, Result};
use serde_json::Value;
use std::{fmt::Write, fs};

/// How the section begins.
pub(super) const TITLE: &str = "## Restoration";

/// So many services; three times as many assets, twice as many backups, and a procedure of five steps for each.
const SERVICES: [&str; 4] = ["20", "200", "2000", "10000"];

/// How often each is measured; the fastest counts.
const TIMES: usize = 3;

/// Measures, and writes the section. `false` if a city of 2,000 services was not planned within a second.
pub(super) fn run() -> Result<bool> {
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench restoration`, which wrote this section, on {}; the fastest of {TIMES} \
         runs. Everything in the city is lost. *Plan* is `recover::plan_restoration` with its uncertainty (so many runs of \
         the schedule) and its improvements, *check* the checker of its own code, *stand* how a run stands when a third of \
         its time is over. A city of 2,000 services must be planned within a second.\n\n\
         | services | assets | backups | steps | plan | runs | check | stand |\n|---|---|---|---|---|---|---|---|\n",
        Machine::here(),
    );
    build(&["--package", "recover", "--example", "restoration_speed"])?;
    let mut in_time = true;
    for services in SERVICES {
        let mut best: Option<Value> = None;
        for _ in 0..TIMES {
            let value = planned(services)?;
            let seconds = |value: &Value| value.get("plan_s").and_then(Value::as_f64).unwrap_or(f64::MAX);
            if best.as_ref().is_none_or(|best| seconds(&value) < seconds(best)) {
                best = Some(value);
            }
        }
        let value = best.unwrap_or_default();
        let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        let seconds = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default();
        in_time &= number("services") > 2_000 || seconds("plan_s") < 1.0;
        let cells = [
            number("services").to_string(),
            number("assets").to_string(),
            number("backups").to_string(),
            number("steps").to_string(),
            format!("{:.3} s", seconds("plan_s")),
            number("simulated").to_string(),
            format!("{:.3} s", seconds("verify_s")),
            format!("{:.3} s", seconds("progress_s")),
        ];
        println!("{}", cells.join(" | "));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(in_time)
}

fn planned(services: &str) -> Result<Value> {
    let program = house::root().join("target/release/examples/restoration_speed");
    measure::say(&program, &[services])
}
