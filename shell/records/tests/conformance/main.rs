//! Whether Bastide reads captures that others made as others read them.
//!
//! The captures and their expected results lie outside the repository: in the folder that the environment variable
//! `BASTIDE_DATA` names, or in `../shared/data` beside the checkout. Without them every test passes and says how many
//! cases it skipped.
//!
//! [`logs`] compares every log of every case, column by column, with what `bastide records --format zeek` writes; [`eve`]
//! the events that filters ask for with what `--format eve` writes.
//!
//! [`tcpdump`] compares the names, addresses and types that tcpdump prints with what is told.
//! [`asset_id`] compares what Bastide knows of a saying with the examples of recog.
//!
//! For some protocols a module turns observations into rows with the peer's column names and compares them with the
//! peer's log as multisets ([`compare`]). What is asserted is a floor on two shares: of the expected rows, how many
//! were found; of our rows, how many were expected. With `BASTIDE_DIFFERENCES=20` each comparison prints its first
//! 20 differences (`cargo test -p records --test conformance -- --nocapture`).

#![cfg(test)]

mod apart;
mod asset_id;
mod cases;
mod compare;
mod conversations;
mod details;
mod dnp3;
mod dtls;
mod eve;
mod expected_log;
mod filters;
mod http;
mod iec104;
mod logs;
mod modbus;
mod mqtt;
mod neighbours;
mod ocpp;
mod quic;
mod reading;
mod recognition;
mod tcpdump;
mod tcpdump_text;

#[test]
fn every_case_is_listed() {
    let Some(cases) = cases::all() else { return cases::skipped(cases::COUNT, "every_case_is_listed") };
    assert_eq!(cases.len(), cases::COUNT);
    for case in &cases {
        assert!(case.capture.is_file(), "{} is missing", case.capture.display());
        for file in &case.expected {
            assert!(file.is_file(), "{} is missing", file.display());
        }
    }
}

#[test]
fn every_capture_is_read_to_the_end() {
    let Some(cases) = cases::all() else {
        return cases::skipped(cases::COUNT, "every_capture_is_read_to_the_end");
    };
    let (mut read, mut damaged, mut texts) = (0, Vec::new(), 0);
    let (mut conversations, mut requests, mut identities, mut weaknesses) = (0, 0, 0, 0);
    for case in &cases {
        if case.is_text() {
            texts += 1;
            continue;
        }
        let reading = reading::read(&case.capture);
        match (&reading.damage, case.packets) {
            (Some(damage), _) => damaged.push(format!("{}: {damage}", case.name)),
            (None, Some(packets)) => {
                assert_eq!(reading.packets, packets, "{}", case.capture.display());
            }
            (None, None) => {}
        }
        read += 1;
        conversations += reading.conversations().count();
        requests += reading.requests().count();
        identities += reading.identities().count();
        weaknesses += reading.weaknesses().count();
    }
    let damage: String = damaged.iter().map(|line| format!("\n  {line}")).collect();
    println!("{read} captures read, {texts} cases are not captures, {} damaged:{damage}", damaged.len());
    println!(
        "{conversations} conversations, {requests} requests, {identities} identities, {weaknesses} weaknesses"
    );
    assert_eq!(read + texts, cases::COUNT);
}

#[test]
fn every_expected_log_is_read() {
    let Some(cases) = cases::all() else { return cases::skipped(cases::COUNT, "every_expected_log_is_read") };
    let (mut logs, mut filters) = (0, 0);
    for case in &cases {
        logs += case.logs().len();
        filters += case.filters().len();
        if let Some(records) = case.records {
            let rows: usize = case.logs().iter().map(|log| log.rows.len() + usize::from(log.is_headed)).sum();
            assert_eq!(rows, records, "{} {}", case.suite, case.name);
        }
    }
    println!("{logs} expected logs and {filters} filters read");
    assert!(logs > 300 && filters > 400);
}
