//! Measures how many events a second the cycle folds.
//!
//! `cycle_speed CAPTURE [PLAN-FOLDER]` reads the capture into observations, then folds them, and prints
//! `EVENTS SECONDS FINDINGS`.

use capture::CaptureFile;
use cycle::{City, Event};
use plan::{Plan, SourceFile};
use std::{env, error::Error, fs, path::Path, sync::Arc, time::Instant};
use wire::{Config, Limits, Wire};

/// Events held in memory before they are folded: what is measured is folding, not reading.
const EVENTS_MAX: usize = 300_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let capture = arguments.next().ok_or("usage: cycle_speed CAPTURE [PLAN-FOLDER]")?;
    let plan = arguments.next().map(|folder| read_plan(Path::new(&folder))).transpose()?;
    let mut file = CaptureFile::open(Path::new(&capture))?;
    let mut wire = Wire::new(Config {
        sensor: "measure".into(),
        logs: false,
        events: &[],
        signs: false,
        seed: 1,
        limits: Limits::default(),
        only_whole: false,
        interim: None,
    });
    let mut observations = Vec::new();
    while observations.len() < EVENTS_MAX
        && let Ok(Some(frame)) = file.next()
    {
        wire.see(&frame, &mut observations);
    }
    wire.finish(&mut observations);
    let events: Vec<Event> = observations.into_iter().map(Event::Observed).collect();
    let mut city = City::new(plan.map(Arc::new));
    let mut effects = Vec::new();
    let begin = Instant::now();
    for event in &events {
        city.handle(event, &mut effects);
        effects.clear();
    }
    println!("{} {:.3} {}", events.len(), begin.elapsed().as_secs_f64(), city.findings().len());
    Ok(())
}

fn read_plan(folder: &Path) -> Result<Plan, Box<dyn Error>> {
    let mut files = Vec::new();
    // A plan's procedures often lie in a folder of their own.
    for part in ["", "procedures/"] {
        let Ok(entries) = fs::read_dir(folder.join(part)) else { continue };
        for entry in entries {
            let entry = entry?;
            let name = format!("{part}{}", entry.file_name().to_string_lossy());
            if [".toml", ".csv", ".md"].iter().any(|ending| name.ends_with(ending)) {
                files.push(SourceFile::from_bytes(name, fs::read(entry.path())?));
            }
        }
    }
    plan::check(&files).plan.ok_or_else(|| "the plan has errors".into())
}
