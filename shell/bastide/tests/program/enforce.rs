//! The firewall from the command line: staged, applied, confirmed, reverted; a device in quarantine and out of it.
//!
//! That needs root, `ip` and `nft`; without them the test is skipped and counted.

use super::running::{Running, bastide};
use serde_json::Value;
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{self, Command, Output},
    time::{Duration, Instant},
};

/// A network namespace of its own, and an enforcer in it.
struct Firewall {
    namespace: String,
    folder: tempfile::TempDir,
    enforcer: Option<Running>,
}

impl Firewall {
    /// Nothing, said and counted, if there can be none here.
    fn new(test: &str) -> Option<Firewall> {
        let namespace = format!("bastide-{}-firewall", process::id());
        let folder = tempfile::tempdir().unwrap();
        let mut firewall = Firewall { namespace, folder, enforcer: None };
        let has = |program: &str, arguments: &[&str]| {
            Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        let ready = has("ip", &["netns", "add", &firewall.namespace])
            && has("ip", &["netns", "exec", &firewall.namespace, "nft", "add", "table", "inet", "probe"]);
        if !ready {
            let line = format!("1 live test skipped: {test} needs root, ip (iproute2) and nft (nftables)\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
            if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
                let file = fs::OpenOptions::new().create(true).append(true).open(path);
                file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
            }
            return None;
        }
        firewall.start();
        Some(firewall)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, env!("CARGO_BIN_EXE_bastide"), "enforcer"]);
        command.arg("--state").arg(self.path("state")).arg("--socket").arg(self.path("socket"));
        command
    }

    fn start(&mut self) {
        self.enforcer = Some(Running::start(&mut self.command()));
        let begin = Instant::now();
        while self.ask(&["defend", "status"]).status.code() == Some(2) {
            assert!(begin.elapsed() < Duration::from_secs(30), "it does not listen");
        }
    }

    fn kill(&mut self) {
        self.enforcer.take().unwrap().kill();
    }

    fn ask(&self, words: &[&str]) -> Output {
        bastide().args(words).env("BASTIDE_ENFORCER", self.path("socket")).output().unwrap()
    }

    /// Asks, expects an exit code, and gives back what was printed.
    fn says(&self, words: &[&str], code: i32) -> String {
        let output = self.ask(words);
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    }

    fn live(&self) -> String {
        let output = Command::new("ip")
            .args(["netns", "exec", &self.namespace, "nft", "list", "ruleset"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        self.enforcer = None;
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).output();
    }
}

fn rules(path: &Path, chain: &str) {
    let text = format!(
        "table inet bastide {{\n\tset quarantine4 {{\n\t\ttype ipv4_addr\n\t}}\n\tchain {chain} {{\n\
         \t\ttype filter hook forward priority filter; policy accept;\n\t\tip saddr @quarantine4 drop\n\t}}\n}}\n"
    );
    fs::write(path, text).unwrap();
}

#[test]
fn a_firewall_is_shown_staged_applied_and_confirmed() {
    let Some(mut firewall) = Firewall::new("a_firewall_is_shown_staged_applied_and_confirmed") else {
        return;
    };
    let (old, new) = (firewall.path("old.nft"), firewall.path("new.nft"));
    rules(&old, "old");
    rules(&new, "new");
    let (old, new) = (old.to_str().unwrap().to_owned(), new.to_str().unwrap().to_owned());
    assert!(firewall.says(&["defend", "status"], 0).contains("Confirmed: no rules."));
    assert!(firewall.says(&["defend", "apply"], 2).contains("nothing is staged"));
    assert!(firewall.says(&["defend", "confirm"], 1).contains("nothing waits"));
    assert!(firewall.says(&["defend", "stage", &old], 0).contains("is staged."));
    assert!(firewall.says(&["defend", "apply", "--seconds", "60"], 0).contains("unless confirmed"));
    assert!(firewall.says(&["defend", "status"], 0).contains("Pending:"));
    firewall.says(&["defend", "confirm", "--who", "Ada Lovell"], 0);
    assert!(firewall.says(&["defend", "status"], 0).contains("Ada Lovell"));
    assert!(firewall.says(&["defend", "status", "--live"], 0).contains("chain old {"));

    assert!(
        firewall
            .says(&["contain", "192.0.2.7", "--reason", "odd writes"], 0)
            .contains("192.0.2.7 is in quarantine")
    );
    assert!(firewall.live().contains("elements = { 192.0.2.7 }"));
    let shown: Value =
        serde_json::from_str(&firewall.says(&["defend", "status", "--format", "json"], 0)).unwrap();
    assert_eq!(shown["quarantine"][0]["reason"], "odd writes");
    assert_eq!(shown["differs"], false);

    // What is pending when the enforcer is stopped is reverted, by what the unit runs then.
    firewall.says(&["defend", "stage", &new], 0);
    let done: Value =
        serde_json::from_str(&firewall.says(&["defend", "apply", "--format", "json"], 0)).unwrap();
    assert_eq!(done["applied"]["held"]["mode"], "enforce");
    assert!(firewall.live().contains("chain new"));
    firewall.kill();
    assert!(firewall.says(&["defend", "status"], 2).contains("cannot reach the enforcer"));
    assert!(firewall.live().contains("chain new"));
    let settled = firewall.command().arg("--settle").output().unwrap();
    assert!(settled.status.success());
    assert!(String::from_utf8(settled.stdout).unwrap().contains("in force again: state 1"));
    assert!(firewall.live().contains("chain old") && firewall.live().contains("192.0.2.7"));

    firewall.start();
    firewall.says(&["release", "192.0.2.7"], 0);
    assert!(!firewall.live().contains("192.0.2.7"));
    firewall.says(&["defend", "revert", "--to", "0"], 0);
    assert!(!firewall.live().contains("bastide"));
    assert!(firewall.says(&["defend", "revert", "--to", "7"], 1).contains("no state 7"));
    fs::write(&new, "flush ruleset\n").unwrap();
    assert!(firewall.says(&["defend", "stage", &new], 1).contains("flush"));
}
