//! What is compiled, as the kernel takes it.
#![cfg(test)]

use defend::segmentation::{
    Policy,
    nftables::{Bridge, Settings, compile},
};
use plan::{Plan, SourceFile, check};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

#[expect(clippy::disallowed_methods, reason = "the test reads the city that it compiles")]
fn averbourne() -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push(SourceFile::new(name, std::fs::read_to_string(&path).unwrap()));
    }
    check(&files).plan.unwrap()
}

#[test]
fn the_demo_city_compiles_to_what_the_kernel_takes() {
    let plan = averbourne();
    let policy = Policy::new(&plan);
    for gap in &policy.gaps {
        println!("{gap}");
    }
    for bridge in [None, Some(Bridge::Stateless)] {
        let text = compile(&policy, Settings { observe: false, bridge });
        let mut nft = Command::new("unshare")
            .args(["-n", "nft", "-c", "-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        nft.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        std::fs::write("/tmp/averbourne.nft", &text).unwrap();
        assert!(nft.wait().unwrap().success());
    }
}
