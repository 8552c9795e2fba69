//! `bastide defend compile` and `bastide plan mud`, run whole.

use super::running::bastide;
use serde_json::Value;
use std::{fs, path::Path, process::Output};
use tempfile::TempDir;

const CITY: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "centre"
name = "Control centre"
networks = ["192.0.2.0/27"]
security-level = 2
interfaces = ["vlan10"]

[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.32/27"]
security-level = 2
interfaces = ["vlan20"]

[[zone]]
id = "internet"
name = "Everywhere else"
outside = true
security-level = 0

[[asset]]
id = "junction-12"
zone = "signals"
addresses = ["192.0.2.37"]

[[conduit]]
from = "centre"
to = "signals"
reason = "Plans are set"
allow = ["modbus: read", "modbus-rtu: read", "sctp/2905"]
"#;

const MUD: &str = r#"{
  "ietf-mud:mud": {
    "mud-version": 1, "mud-url": "https://signals.example/tc4.json", "last-update": "2026-01-01T00:00:00Z",
    "is-supported": true,
    "from-device-policy": { "access-lists": { "access-list": [ { "name": "fr" } ] } }
  },
  "ietf-access-control-list:acls": { "acl": [ { "name": "fr", "type": "ipv4-acl-type", "aces": { "ace": [
    { "name": "log",
      "matches": { "ietf-mud:mud": { "my-controller": [null] }, "ipv4": { "protocol": 17 },
                   "udp": { "destination-port": { "operator": "eq", "port": 514 } } },
      "actions": { "forwarding": "accept" } },
    { "name": "updates",
      "matches": { "ipv4": { "protocol": 6, "ietf-acldns:dst-dnsname": "signals.example" },
                   "tcp": { "ietf-mud:direction-initiated": "from-device",
                            "destination-port": { "operator": "eq", "port": 443 } } },
      "actions": { "forwarding": "accept" } }
  ] } } ] }
}"#;

fn city() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("city.toml"), CITY).unwrap();
    folder
}

fn compile(city: &Path, arguments: &[&str]) -> Output {
    bastide().args(["defend", "compile", "--city"]).arg(city).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_plan_is_written_for_each_firewall() {
    let city = city();
    for (target, line) in [
        ("nftables", "table inet bastide {"),
        ("cisco", " ip access-group FROM-SIGNALS in"),
        ("ios", " ip access-group FROM-SIGNALS in"),
        ("juniper", "set interfaces vlan20 unit 0 family inet filter input FROM-SIGNALS"),
    ] {
        let output = compile(city.path(), &["--for", target]);
        assert!(output.status.success());
        assert!(text(&output.stdout).lines().any(|known| known == line), "{}", text(&output.stdout));
        let errors = text(&output.stderr);
        assert!(
            errors.contains("not enforced: `modbus-rtu: read` in conduit `centre-to-signals-1`"),
            "{errors}"
        );
        assert_eq!(errors.contains("sctp/2905"), target != "nftables");
    }
}

#[test]
fn machines_are_told_what_is_left_out() {
    let city = city();
    let file = city.path().join("rules.ios");
    let output = compile(
        city.path(),
        &["--target", "cisco", "--observe", "--format", "json", "--into", file.to_str().unwrap()],
    );
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["for"], "cisco");
    assert_eq!(report["observe"], true);
    assert_eq!(report["gaps"].as_array().unwrap().len(), 2);
    assert_eq!(report["watched"][0]["allowance"], "modbus: read");
    assert_eq!(report["text"], fs::read_to_string(&file).unwrap());
    assert!(report["text"].as_str().unwrap().contains("permit ip any any log"));
}

#[test]
fn what_cannot_be_compiled_says_what_to_do() {
    let city = city();
    let output = compile(city.path(), &["--for", "juniper", "--bridge", "stateless"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--bridge is for nftables"));
    fs::write(city.path().join("city.toml"), "[city]\n").unwrap();
    let output = compile(city.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("bastide plan check"));
}

#[test]
fn a_makers_description_becomes_a_proposal() {
    let city = city();
    let file = city.path().join("tc4.json");
    fs::write(&file, MUD).unwrap();
    let mud = |arguments: &[&str]| {
        let mut command = bastide();
        command
            .args(["plan", "mud"])
            .arg(&file)
            .arg("--city")
            .arg(city.path())
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = mud(&["--asset", "junction-12"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let proposal = text(&output.stdout);
    assert!(proposal.contains("allow = [\"tls: any on tcp/443\"]"), "{proposal}");
    assert!(proposal.contains("`--peer my-controller=ASSET`"), "{proposal}");
    // Taken over as it is, it holds.
    fs::write(city.path().join("junction-12.toml"), &proposal).unwrap();
    let check = bastide().args(["plan", "check"]).arg(city.path()).output().unwrap();
    assert!(check.status.success(), "{}", text(&check.stdout));
    // What was taken over is not proposed again.
    let output = mud(&["--asset", "junction-12", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["conduits"].as_array().unwrap().len(), 0);
    assert!(report["notes"].to_string().contains("is allowed already by conduit `junction-12-mud-1`"));
    for (arguments, said) in [
        (&["--asset", "junction-99"][..], "has no asset `junction-99`"),
        (&["--asset", "junction-12", "--peer", "my-controller"], "write `--peer NAME=ASSET`"),
    ] {
        let output = mud(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    fs::write(&file, "{}").unwrap();
    let output = mud(&["--asset", "junction-12"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no `ietf-mud:mud`"), "{}", text(&output.stderr));
}
