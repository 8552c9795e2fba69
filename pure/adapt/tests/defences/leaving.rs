use adapt::defence::redact::{Inside, Leak, Redaction};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use plan::{Plan, SourceFile, check};
use proptest::prelude::*;
use serde_json::json;

const CITY: &str = r#"
[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "signals"
name = "Traffic signals"
networks = ["192.0.2.0/24", "2001:db8:1::/48"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[service]]
id = "telecare"
name = "Careline"
impact = "low"

[[asset]]
id = "lamp-7"
name = "Lamp post 7, Harbour Street"
zone = "signals"
addresses = ["192.0.2.7"]
macs = ["02:00:5e:10:00:07"]

[[contact]]
id = "duty"
name = "Rowan Ashdown"
role = "Duty engineer"
mail = "rowan@wexcombe.example"
telephone = "+44 1632 960123"
"#;

fn plan() -> Plan {
    let checked = check(&[SourceFile::new("city.toml", CITY)]);
    assert!(checked.plan.is_some(), "{:?}", checked.diagnostics);
    checked.plan.unwrap()
}

/// What leaks, in no order: how properties are kept is not this test's.
fn kinds(leaks: &[Leak]) -> Vec<(&str, &str)> {
    let mut kinds: Vec<(&str, &str)> = leaks.iter().map(|leak| (leak.what.as_str(), leak.kind)).collect();
    kinds.sort_unstable();
    kinds
}

#[test]
fn what_is_the_citys_own_is_replaced_and_the_rest_stays() {
    let inside = Inside::of(&plan());
    let mut redaction = Redaction::new(&inside);
    let text = "203.0.113.9 stopped LAMP POST 7, harbour street (192.0.2.7:502, 02-00-5E-10-00-07, lamp-7) at 10:15:07. \
                Rowan Ashdown saw 192.0.2.7-192.0.2.9, 10.1.2.3 and 2001:db8:1::5. Clamp-7 is nothing.";
    assert_eq!(
        redaction.redact(text),
        "203.0.113.9 stopped device-1 (address-1, address-2, device-2) at 10:15:07. \
         person-1 saw address-3-address-4, address-5 and address-6. Clamp-7 is nothing."
    );
    assert_eq!(redaction.redact("Again lamp-7, for careline."), "Again device-2, for service-1.");
    assert_eq!(redaction.replaced().count(), 10);
}

#[test]
fn the_proof_finds_what_hides() {
    let inside = Inside::of(&plan());
    let nested = STANDARD.encode(format!("see {}", STANDARD.encode("lamp-7 is down")));
    let hexadecimal: String = "host 192.0.2.7".bytes().map(|byte| format!("{byte:02x}")).collect();
    let value = json!({
        "type": "course-of-action",
        "name": "Block 203.0.113.9",
        "x_a": [nested, hexadecimal],
        "x_b": { "url": "http://198.51.100.1/?q=Rowan%20Ashdown" },
        "x_c": "7.2.0.192.in-addr.arpa",
        "x_d": "[ipv4-addr:value = '192.0.2.7/32']",
        "x_e": "\\u006camp-7",
        "x_f": "::ffff:192.0.2.7",
        "192.0.2.7": true,
    });
    let leaks = inside.leaks(&value);
    assert_eq!(
        kinds(&leaks),
        [
            ("192.0.2.7", "address"),
            ("192.0.2.7", "address"),
            ("192.0.2.7", "address"),
            ("7.2.0.192", "address"),
            ("::ffff:192.0.2.7", "address"),
            ("Rowan Ashdown", "person"),
            ("lamp-7", "device"),
            ("lamp-7", "device"),
        ]
    );
    let person = leaks.iter().find(|leak| leak.kind == "person").unwrap();
    assert_eq!(person.at, "x_b/url");
    assert_eq!(inside.leaks(&json!({ "type": "telecare", "name": "Block 203.0.113.9 and 8.8.8.8" })), []);
}

proptest! {
    /// Whatever a text says of the city, nothing of it is found in what is left; where it hides, the proof refuses it.
    #[test]
    fn nothing_is_found_in_what_was_replaced(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "192.0.2.7", "192.0.2.200", "2001:db8:1::5", "10.0.0.1", "fe80::1", "02:00:5e:10:00:07", "lamp-7",
                "Lamp post 7, Harbour Street", "Traffic signals", "CARELINE", "rowan@wexcombe.example", "duty", "decade", "203.0.113.9",
                ":", ".", "-", "/", ", ", " ", "(", "x", "7", "é",
            ]),
            0..12,
        ),
    ) {
        let inside = Inside::of(&plan());
        let text = words.concat();
        let left = Redaction::new(&inside).redact(&text);
        prop_assert_eq!(inside.leaks(&json!(left.as_str())), [], "{} became {}", text, left);
    }
}
