//! The pack of Averbourne, the demo's town: everything that people need is in it, and nothing that they must not have.

#![cfg(test)]

use console::{pack, view::RestorationView};
use plan::SourceFile;
use recover::Measured;
use std::{fs, path::Path};

fn averbourne() -> plan::Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                files.push(SourceFile::from_bytes(name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort_by(|a, b| a.path().cmp(b.path()));
    plan::check(&files).plan.expect("the demo's plan has no errors")
}

#[test]
fn the_pack_asks_for_nothing_from_elsewhere() {
    let plan = averbourne();
    let given = pack::Given {
        plan: &plan,
        digest: "9a786431cf1a0955e3138c58085450547055005a70ecac26dc11394054dfc73b",
        measured: &Measured::default(),
        everything: &RestorationView::default(),
        losses: &[],
        issued: "2026-11-23T14:05:00Z".parse().unwrap(),
    };
    let pack = pack::render(&given).unwrap();
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack.html"), &pack).unwrap();
}
