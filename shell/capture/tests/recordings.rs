//! What is told of the recordings in `captures/`: conversations between implementations that others made, recorded on
//! loopback by the script beside them. Beside each `NAME.pcap` stands `NAME.txt`, a line for each fact in the order in
//! which it was told. `BASTIDE_REWRITE=1` writes these files anew; the difference is to be read.

#![cfg(test)]

use capture::CaptureFile;
use city::{Observed, Reply};
use std::{fs, io::Cursor, path::Path};
use wire::{Config, Limits, Wire};

fn line(fact: &Observed) -> Option<String> {
    Some(match fact {
        Observed::Recognised(flow) => {
            let protocol = flow.protocol.map_or("unknown", city::Protocol::as_str);
            format!("recognised {protocol} {:?} {}", flow.transport, flow.destination_port).to_lowercase()
        }
        Observed::Request(request) => {
            let way = if request.back { "<" } else { ">" };
            let value = request.value.as_deref().unwrap_or("-");
            let why =
                if let Reply::Refused(why) = &request.reply { format!(" {why}") } else { String::new() };
            let (verb, function, target) = (request.verb, &request.function, &request.target);
            format!("{way} {verb} {function} [{target}] {value} {}{why}", request.reply.as_str())
        }
        Observed::Identity(identity) => {
            format!("identity {} {} ({})", identity.about.as_str(), identity.value, identity.witness.field)
        }
        Observed::Weakness(weakness) => format!("weakness {} {}", weakness.kind.as_str(), weakness.detail),
        Observed::Unread(unread) => format!("unread {} of port {}", unread.count, unread.port),
        _ => return None,
    })
}

fn told(path: &Path) -> String {
    let limits = Limits::default();
    let mut wire = Wire::new(Config {
        sensor: "recording".into(),
        logs: true,
        events: city::Protocol::ALL,
        signs: false,
        seed: 1,
        limits,
        only_whole: false,
        interim: None,
    });
    let mut file = CaptureFile::read("recording".into(), Cursor::new(fs::read(path).unwrap()), None).unwrap();
    let mut out = Vec::new();
    while let Some(frame) = file.next().unwrap() {
        wire.see(&frame, &mut out);
    }
    wire.finish(&mut out);
    let lines: Vec<String> = out.iter().filter_map(|observation| line(&observation.fact)).collect();
    lines.join("\n") + "\n"
}

#[test]
fn recordings_are_told_as_they_were_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures");
    let (mut seen, mut wrong) = (0, Vec::new());
    for case in fs::read_dir(folder).unwrap().filter_map(|entry| fs::read_dir(entry.unwrap().path()).ok()) {
        for path in case.map(|entry| entry.unwrap().path()) {
            let expected = path.with_extension("txt");
            let is_ours = path.extension().is_some_and(|extension| extension == "pcap")
                && (expected.exists() || std::env::var_os("BASTIDE_REWRITE").is_some());
            if !is_ours {
                continue;
            }
            seen += 1;
            let found = told(&path);
            if std::env::var_os("BASTIDE_REWRITE").is_some() {
                fs::write(&expected, &found).unwrap();
            } else if fs::read_to_string(&expected).unwrap() != found {
                wrong.push(format!("{}:\n{found}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 0);
}
