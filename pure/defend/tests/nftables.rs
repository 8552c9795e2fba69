//! What is compiled, as the kernel takes it.
//!
//! Without root and `nft` the test is skipped and counted.
#![cfg(test)]

use defend::segmentation::{
    Policy,
    nftables::{Bridge, Settings, compile},
};
use plan::{Plan, SourceFile, check};
use std::{
    env,
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

#[expect(clippy::disallowed_methods, reason = "the test reads the city that it compiles")]
fn averbourne() -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut files = Vec::new();
    for folder in ["", "procedures/"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                let name = format!("{folder}{}", entry.file_name().to_string_lossy());
                files.push(SourceFile::new(name, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    check(&files).plan.unwrap()
}

/// What `nft` says of a ruleset, in a namespace of its own; none where it cannot be asked.
fn refused(text: &str) -> Option<String> {
    let mut nft = Command::new("unshare");
    nft.args(["-n", "nft", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut nft = nft.spawn().ok()?;
    nft.stdin.take()?.write_all(text.as_bytes()).ok()?;
    Some(String::from_utf8_lossy(&nft.wait_with_output().ok()?.stderr).into_owned())
}

#[test]
fn the_demo_city_compiles_to_what_the_kernel_takes() {
    if refused("").is_none_or(|said| !said.is_empty()) {
        let line =
            "1 test skipped: the_demo_city_compiles_to_what_the_kernel_takes needs root and nft (nftables)\n";
        let _ = io::stderr().write_all(line.as_bytes());
        #[expect(clippy::disallowed_methods, reason = "the runner says where skipped tests are counted")]
        if let Ok(path) = env::var("BASTIDE_SKIPPED") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        return;
    }
    let plan = averbourne();
    let policy = Policy::new(&plan);
    assert_eq!(policy.gaps, [], "every allowance of the city can be carried out by a firewall");
    for (observe, bridge) in [(false, None), (true, None), (false, Some(Bridge::Stateless))] {
        let text = compile(&policy, Settings { observe, bridge });
        assert_eq!(refused(&text).unwrap(), "", "{text}");
    }
}
