//! `bastide identify`, run whole.

use super::running::bastide;
use serde_json::Value;
use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};

fn identify(arguments: &[&str]) -> Output {
    bastide().arg("identify").args(arguments).output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|cause| panic!("{cause}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_banner_names_software_system_and_maker() {
    let output =
        identify(&["--format", "json", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", "00:0e:8c:00:00:01"]);
    assert!(output.status.success());
    let rows = rows(&output);
    assert_eq!(rows[0]["kind"], "ssh");
    assert_eq!(rows[0]["attributes"]["service.product"], "OpenSSH");
    assert_eq!(rows[0]["attributes"]["os.version"], "22.04");
    assert_eq!(rows[0]["traits"][0]["confidence"], 60);
    assert_eq!(rows[1]["kind"], "mac-address");
    assert!(rows[1]["vendor"].as_str().unwrap().starts_with("Siemens"));
}

#[test]
fn lines_of_standard_input_are_sayings() {
    let mut command = bastide();
    command.args(["identify", "--kind", "http-server", "--format", "csv", "-"]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(b"nginx/1.24.0\r\nMoxaHttp/2.3\n?\n").unwrap();
    let output = running.wait_with_output().unwrap();
    // One of the three is not known.
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text,
        "said,kind,vendor,product,version,system,by\r\nnginx/1.24.0,http-server,nginx,nginx,1.24.0,,built in\r\n\
         MoxaHttp/2.3,http-server,Moxa,httpd,2.3,,built in\r\n"
    );
}

#[test]
fn fingerprints_of_the_operator_go_before_our_own_and_are_tried_on_their_examples() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("lamps.xml"),
        r#"<fingerprints matches="ssh.banner"><fingerprint pattern="^OpenSSH_(\S+) Lamp">
             <description>A lamp</description>
             <example service.version="9.0">OpenSSH_9.0 Lamp</example>
             <example _filename="lamp.txt" service.version="9.1"/>
             <example>OpenSSH_9.0 Moon</example>
             <param pos="0" name="hw.device" value="Lamp"/><param pos="1" name="service.version"/>
           </fingerprint></fingerprints>"#,
    )
    .unwrap();
    fs::create_dir(folder.path().join("lamps")).unwrap();
    fs::write(folder.path().join("lamps/lamp.txt"), "OpenSSH_9.1 Lamp").unwrap();
    let path = folder.path().to_str().unwrap();
    let known =
        rows(&identify(&["--fingerprints", path, "--kind", "ssh", "--format", "json", "OpenSSH_9.0 Lamp"]));
    assert_eq!((&known[0]["by"], &known[0]["attributes"]["hw.device"]), (&"lamps".into(), &"Lamp".into()));
    assert_eq!(known[1]["by"], "built in");
    let output = identify(&["--fingerprints", path, "--examples", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((&rows(&output)[0]["examples"], &rows(&output)[0]["met"]), (&3.into(), &2.into()));
}

#[test]
fn what_cannot_be_done_is_said_in_words() {
    for (arguments, words) in [
        (&["--kind", "weather", "rain"][..], "--kinds"),
        (&["--fingerprints", "/nowhere", "rain"], "cannot read the folder"),
        (&[], "SAID"),
    ] {
        let output = identify(arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
    let output = identify(&["--kinds"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("snmp"));
}
