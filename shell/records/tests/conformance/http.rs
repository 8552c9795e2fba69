//! HTTP's passwords, and whether they reach what is told. The log is compared in [`crate::logs`], Suricata's events in
//! [`crate::eve`].

use crate::{cases, reading};
use capture::CaptureFile;
use city::WeaknessKind;
use std::path::Path;

/// The passwords of basic authorization in the bytes of a capture, found without any parser of ours.
fn passwords(capture: &Path) -> Vec<String> {
    let mut file = CaptureFile::open(capture).unwrap_or_else(|cause| panic!("{cause}"));
    let mut passwords = Vec::new();
    while let Ok(Some(frame)) = file.next() {
        let plain = String::from_utf8_lossy(frame.bytes).into_owned();
        let text = plain.to_ascii_lowercase();
        for (at, mark) in text.match_indices("authorization: basic ") {
            let rest = plain.get(at + mark.len()..).unwrap();
            let encoded = rest.split(['\r', '\n']).next().unwrap();
            let decoded = base64(encoded);
            if let Some((_, password)) = decoded.split_once(':').filter(|(_, password)| password.len() > 4) {
                passwords.push(password.to_owned());
                passwords.push(encoded.to_owned());
            }
        }
    }
    passwords
}

/// Base 64 as text.
fn base64(encoded: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in encoded.bytes().filter_map(|byte| ALPHABET.iter().position(|known| *known == byte)) {
        (held, bits) = (held << 6 | digit as u32, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every capture that holds such a password tells of a login, and never of the password.
#[test]
fn passwords_reach_no_observation() {
    let Some(cases) = cases::all() else { return cases::skipped(1, "passwords_reach_no_observation") };
    let mut found = 0;
    for case in cases.iter().filter(|case| !case.is_text()) {
        let passwords = passwords(&case.capture);
        if passwords.is_empty() {
            continue;
        }
        let reading = reading::read(&case.capture);
        let told = format!("{:?}", reading.observations);
        for password in &passwords {
            assert!(!told.contains(password), "{}", case.name);
        }
        found += reading
            .weaknesses()
            .filter(|weakness| weakness.kind == WeaknessKind::CleartextCredentials)
            .count();
    }
    println!("{found} logins told of");
    assert!(found > 0);
}
