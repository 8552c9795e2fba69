//! DTLS as Zeek reads it: the one case that there is, of WebRTC.

use crate::{cases, reading};

#[test]
fn a_handshake_behind_stun_is_read() {
    let Some(all) = cases::all() else { return cases::skipped(1, "a_handshake_behind_stun_is_read") };
    let case = all.iter().find(|case| case.name == "scripts.base.protocols.ssl.dtls-stun-dpd").unwrap();
    let reading = reading::read(&case.capture);
    let request = reading.requests().next().unwrap();
    let detail =
        |key: &str| request.details.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let certificates: Vec<_> = request
        .details
        .iter()
        .filter(|(name, _)| name == "certificate-fingerprint")
        .map(|(_, value)| value.as_str())
        .collect();
    assert!(request.back, "the end that was spoken to is the client");
    for (key, value) in [
        ("version", "DTLS 1.0"),
        ("cipher", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
        ("curve", "secp256r1"),
        ("resumed", "false"),
        ("established", "true"),
        ("history", "^CsxkrnXGYIi"),
    ] {
        assert_eq!(detail(key), Some(value), "{key}");
    }
    assert_eq!(
        certificates,
        [
            "968126882d68eb80b03392edb9cce7260eec15a04b206ddfb5231449b5aaaa2f",
            "d0f7ee6396c98da4e74888006af667bfeaecc8cd1babb67e900558a9bd649b9f"
        ]
    );
}
