//! Measures how long it takes to plan the way back of a whole city.
//!
//! `restoration_speed SERVICES` makes a plan of so many services, three times as many assets, twice as many backups, and a
//! procedure of five steps for every service, loses everything, and prints as JSON how long it took to plan the way back
//! (with its uncertainty and improvements), to check it, and to say how it stands when a third of the steps are done.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "it measures")]

use city::BackupId;
use jiff::{SignedDuration, Timestamp};
use plan::{SourceFile, check};
use recover::{Lost, Measured, Run, Tick, TickState, plan_restoration, verify};
use std::{env, error::Error, fmt::Write, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let services: usize = env::args().nth(1).ok_or("usage: restoration_speed SERVICES")?.parse()?;
    let files = files_of(services)?;
    let checked = check(&files);
    let plan = checked.plan.ok_or_else(|| format!("{:#?}", checked.diagnostics.first()))?;
    let at: Timestamp = "2026-03-02T08:00:00Z".parse()?;
    let measured = measured_of(services, at)?;
    let lost = Lost::parse(&["everything"], &plan)?;

    let begin = Instant::now();
    let way = plan_restoration(&plan, &lost, &measured, at);
    let planned = begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    let faults = verify(&plan, &lost, &measured, &way);
    let verified = begin.elapsed().as_secs_f64();
    if let Some(fault) = faults.first() {
        return Err(format!("{fault}").into());
    }

    let now = SignedDuration::from_secs(way.end.as_secs() / 3);
    let mut run = Run::new(&lost, at);
    for step in way.steps.iter().filter(|step| step.end <= now) {
        run.ticks.push(Tick {
            time: at + step.end,
            by: "Ada".into(),
            step: step.id.clone(),
            state: TickState::Done,
            note: None,
        });
    }
    let begin = Instant::now();
    let progress = run.progress(&plan, &measured, at + now)?;
    let stood = begin.elapsed().as_secs_f64();
    println!(
        "{{\"services\":{services},\"assets\":{},\"backups\":{},\"steps\":{},\"plan_s\":{planned:.4},\
         \"verify_s\":{verified:.4},\"progress_s\":{stood:.4},\"simulated\":{},\"improvements\":{},\"done\":{}}}",
        plan.assets().len(),
        plan.backups().len(),
        way.steps.len(),
        way.simulated,
        way.improvements.len(),
        progress.done,
    );
    Ok(())
}

fn files_of(services: usize) -> Result<Vec<SourceFile>, Box<dyn Error>> {
    let mut text = String::from(
        "[city]\nname = \"Averbourne\"\ntime-zone = \"Europe/London\"\n[[contact]]\nid = \"desk\"\nname = \"Desk\"\n\
         role = \"Duty\"\ntelephone = \"+44 1632 960001\"\n[[supplier]]\nid = \"maker\"\nname = \"Maker\"\ncontact = \"desk\"\n\
         [[zone]]\nid = \"hall\"\nname = \"Hall\"\nnetworks = [\"192.0.2.0/24\"]\nsecurity-level = 1\n\
         [[repository]]\nid = \"far\"\nname = \"Far\"\nat = \"/srv/far\"\nkey = \"env:FAR\"\n",
    );
    let crews = 10 + services / 20;
    for crew in 0..crews {
        write!(text, "[[crew]]\nid = \"crew{crew}\"\nname = \"Crew\"\npeople = 3\ncontact = \"desk\"\n")?;
    }
    let mut files = Vec::new();
    for service in 0..services {
        let impact = ["low", "medium", "high", "critical"].get(service % 4).copied().unwrap_or("low");
        // Each needs up to three of those a little before it, in groups of fifty, as real cities do.
        let first = service - service % 50;
        let needs: Vec<String> = [1, 7, 13]
            .iter()
            .filter_map(|back| service.checked_sub(*back).filter(|need| *need >= first))
            .map(|need| format!("\"service{need}\""))
            .collect();
        write!(
            text,
            "[[service]]\nid = \"service{service}\"\nname = \"Service {service}\"\nimpact = \"{impact}\"\nowner = \"desk\"\n\
             needs = [{}]\nrto = \"{}h\"\nrpo = \"1d\"\nmtpd = \"30d\"\n",
            needs.join(", "),
            4 + service % 50
        )?;
        for asset in 0..3 {
            let number = service * 3 + asset;
            let also = if number.is_multiple_of(10) && service > 0 {
                format!(", \"service{}\"", service - 1)
            } else {
                String::new()
            };
            let supplier = if number.is_multiple_of(2) { "supplier = \"maker\"\n" } else { "" };
            write!(
                text,
                "[[asset]]\nid = \"asset{number}\"\nname = \"Asset\"\nzone = \"hall\"\nservices = [\"service{service}\"{also}]\n\
                 replace = \"{}m\"\ncrew = \"crew{}\"\n{supplier}",
                30 + number % 300,
                number % crews,
            )?;
        }
        for backup in 0..2 {
            let number = service * 2 + backup;
            let whose = if backup == 0 {
                format!("service = \"service{service}\"")
            } else {
                format!("asset = \"asset{}\"", service * 3)
            };
            write!(
                text,
                "[[backup]]\nid = \"backup{number}\"\n{whose}\nfolders = [\"/srv/{number}\"]\nto = [\"far\"]\nevery = \"1d\"\n"
            )?;
        }
        write!(
            text,
            "[[procedure]]\nid = \"procedure{service}\"\nname = \"Bring it back\"\nservices = [\"service{service}\"]\n\
             crew = \"crew{}\"\nowner = \"desk\"\nreviewed = 2026-01-01\nfile = \"p{service}.md\"\n",
            service % crews
        )?;
        let steps = "1. Look (5m)\n2. Start it (10m)\n3. Look again\n4. Ring (5m)\n5. Write down (5m)\n";
        files.push(SourceFile::new(format!("p{service}.md"), steps));
    }
    files.insert(0, SourceFile::new("city.toml", text));
    Ok(files)
}

fn measured_of(services: usize, at: Timestamp) -> Result<Measured, Box<dyn Error>> {
    let mut measured = Measured::default();
    for number in 0..services * 2 {
        let backup: BackupId = format!("backup{number}").parse()?;
        // Nine of ten were drilled; of one in fifty there is nothing.
        if number % 10 != 0 {
            let minutes = [10, 14, 25].map(|minutes| SignedDuration::from_mins(minutes + number as i64 % 60));
            measured.drills.insert(backup.clone(), minutes.to_vec());
        }
        if number % 50 != 0 {
            measured.newest.insert((backup, "far".parse()?), at - SignedDuration::from_hours(9));
        }
    }
    Ok(measured)
}
