//! Folders and commands.

use super::*;
use std::fs;

#[test]
fn folders_stay_where_they_are_and_must_be_there() {
    let desk = Desk::new();
    let data = tempfile::tempdir().unwrap();
    let path = data.path().to_str().unwrap();
    let source = |folders| Source::Folders { folders, exclude: texts(["*.tmp"]) };
    match desk.stage(&backup("files", source(texts([path])), None), None).unwrap() {
        Staged::InPlace { roots, exclude } => {
            assert_eq!((roots, exclude), (vec![data.path().to_path_buf()], vec!["*.tmp".to_owned()]));
        }
        Staged::Gathered(_) => panic!("copied"),
    }
    let missing = format!("{path}/unmounted");
    let error = desk.stage(&backup("files", source(texts([path, &missing])), None), None).unwrap_err();
    assert!(error.to_string().contains("unmounted"), "{error}");
}

#[test]
fn what_a_command_prints_is_kept_and_its_failure_is_no_backup() {
    let desk = Desk::new();
    let command = |words: [&str; 3]| backup("switch", Source::Command { command: texts(words) }, None);
    let staged = desk.stage(&command(["sh", "-c", "echo hostname core-1"]), None).unwrap();
    assert_eq!(fs::read_to_string(folder(&staged).join("switch.out")).unwrap(), "hostname core-1\n");
    let gathered = folder(&staged).to_path_buf();
    drop(staged);
    assert!(!gathered.exists());
    let failing = command(["sh", "-c", "echo half; echo 'the switch does not answer' >&2; exit 2"]);
    let error = desk.stage(&failing, None).unwrap_err().to_string();
    assert!(error.contains("ended with 2") && error.contains("does not answer"), "{error}");
    let error = desk.stage(&command(["sh", "-c", "true"]), None).unwrap_err().to_string();
    assert!(error.contains("printed nothing"), "{error}");
    // Nothing half gathered is left.
    assert_eq!(fs::read_dir(desk.scratch.path()).unwrap().count(), 0);
}

#[test]
fn no_error_repeats_a_login() {
    let desk = Desk::new();
    let command = texts(["sh", "-c", "echo 'no: blue heron of asha' >&2; exit 1"]);
    let asked = backup("switch", Source::Command { command }, None);
    let error = desk.stage(&asked, Some("asha:blue heron")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("heron"), "{error}");
}

#[test]
fn a_command_is_bounded_in_time_and_size() {
    let mut desk = Desk::new();
    desk.bounds = Bounds::within(Duration::from_millis(400), 1 << 20);
    let command = |script| backup("log", Source::Command { command: texts(["sh", "-c", script]) }, None);
    let error = desk.stage(&command("exec yes"), None).unwrap_err().to_string();
    assert!(error.contains("more than 1048576 bytes"), "{error}");
    desk.bounds = Bounds::within(Duration::from_millis(400), 1 << 20);
    // What it started and left behind ends with it.
    let error = desk.stage(&command("sleep 987654 & sleep 987653"), None).unwrap_err().to_string();
    assert!(error.contains("was killed"), "{error}");
    parts::eventually("nothing is left running", || {
        fs::read_dir("/proc").unwrap().flatten().all(|process| {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            !String::from_utf8_lossy(&line).contains("98765")
        })
    });
}
