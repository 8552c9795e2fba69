//! Messages as they come, and as they should not.

use super::READER;
use super::parse::parse_message;
use crate::dialogue::Side::Source;
use crate::rehearse::{datagrams, hex, identities, lines, weaknesses};
use city::WeaknessKind;
use proptest::prelude::*;

fn first(kind: u8, state: u8, word: &str) -> Vec<u8> {
    let mut bytes = vec![0, kind, state, 3, 10, 100, 1, 0];
    bytes.extend(word.bytes().chain([0; 8]).take(8));
    bytes.extend([192, 0, 2, 1]);
    bytes
}

#[test]
fn what_changes_in_a_group_is_told() {
    let facts = datagrams(
        &READER,
        1985,
        &[
            (Source, &first(0, 8, "cisco")),
            (Source, &first(0, 8, "cisco")),
            (Source, &first(1, 16, "cisco")),
            (Source, &first(0, 16, "cisco")),
            (Source, &first(2, 16, "cisco")),
        ],
    );
    assert_eq!(
        lines(&facts),
        [
            "> publish hello [group 1 192.0.2.1] standby, priority 100 not-expected",
            "> configure coup [group 1 192.0.2.1] active, priority 100 not-expected",
            "> configure resign [group 1 192.0.2.1] active, priority 100 not-expected",
        ]
    );
    assert_eq!(identities(&facts), ["192.0.2.10 role router (HSRP)"]);
    let [weakness] = &weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!(weakness.kind, WeaknessKind::DefaultCredentials);
}

#[test]
fn a_word_of_ones_own_is_readable_and_not_told() {
    let facts = datagrams(&READER, 1985, &[(Source, &first(0, 16, "sesame"))]);
    let [weakness] = &weaknesses(&facts)[..] else { panic!("{facts:?}") };
    assert_eq!(weakness.kind, WeaknessKind::CleartextCredentials);
    assert!(!format!("{facts:?}").contains("sesame"));
    let second =
        "01 28 02 00 06 04 0007 00005e005310 00000064 00000bb8 00002710 c0000201 000000000000000000000000";
    let facts = datagrams(
        &READER,
        1985,
        &[(Source, &hex(&format!("{second} 03 08 6369736300000000"))), (Source, &hex(second))],
    );
    assert_eq!(lines(&facts)[0], "> publish hello [group 7 192.0.2.1] active, priority 100 not-expected");
    assert_eq!(weaknesses(&facts).len(), 1);
    let digest = format!("{second} 04 1c {}", "01".repeat(28));
    assert!(weaknesses(&datagrams(&READER, 1985, &[(Source, &hex(&digest))])).is_empty());
}

proptest! {
    #[test]
    fn whatever_is_cut_off_says_nothing(cut in 0_usize..20) {
        prop_assert!(parse_message(&first(0, 16, "cisco")[..cut]).is_none());
    }
}
