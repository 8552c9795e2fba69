use adapt::{
    defence::{
        Defence, Does, End, Refusal, Withdrawal, extension_definition, open, open_withdrawal, sign, withdraw,
    },
    stix::{Document, Gravity, Object, validate},
};
use city::{DoubtKind, Protocol, Tlp, Verb};
use integrity::Signer;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const AUTHOR: &str = "identity--00000000-0000-4000-8000-0000000000a1";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(seed: u8) -> Signer {
    Signer::from_seed("ellery.example", [seed; 32]).unwrap()
}

fn defence(does: Does) -> Defence {
    Defence {
        id: "course-of-action--00000000-0000-4000-8000-0000000000b1".into(),
        version: at("2026-03-02T09:00:00Z"),
        until: at("2026-04-02T09:00:00Z"),
        title: "Block two addresses that stop signal controllers".into(),
        reason: "On 2 March they restarted 14 controllers. \u{2014} \"Seen\", and cut off.".into(),
        tlp: Tlp::Green,
        does,
    }
}

fn block() -> Defence {
    defence(Does::Block { addresses: vec!["203.0.113.9".parse().unwrap(), "2001:db8::9".parse().unwrap()] })
}

fn signed(defence: &Defence) -> Value {
    sign(defence, AUTHOR, defence.version, &key(7)).unwrap()
}

fn opened(value: &Value, known: Option<&str>, now: &str) -> Result<Defence, Refusal> {
    open(Object::of(value).unwrap(), &key(7).verifier(), known.map(at), at(now))
}

const NOW: &str = "2026-03-03T09:00:00Z";

#[test]
fn every_kind_of_defence_arrives_as_it_was_signed_and_is_good_stix() {
    let kinds = [
        Does::Block { addresses: vec!["203.0.113.9".parse().unwrap()] },
        Does::Detect { pattern: "[ipv4-addr:value = '203.0.113.9']".into() },
        Does::Narrow { protocol: Protocol::Modbus, verbs: vec![Verb::Write], from: End::Outside },
        Does::Procedure { markdown: "1. Ring the depot\n2. Switch to manual\n".into() },
    ];
    for does in kinds {
        let defence = defence(does);
        let value = signed(&defence);
        assert_eq!(opened(&value, None, NOW), Ok(defence));
        let bundle = json!({
            "type": "bundle",
            "id": "bundle--00000000-0000-4000-8000-0000000000c1",
            "objects": [value, extension_definition(AUTHOR)],
        });
        let document = Document::read(bundle.to_string().as_bytes()).unwrap();
        let problems = validate(&document);
        assert!(problems.iter().all(|problem| problem.gravity < Gravity::Refused), "{problems:?}");
    }
}

#[test]
fn what_is_not_to_be_believed_says_why() {
    let value = signed(&block());
    let doubt = |value: &Value, known, now| opened(value, known, now).unwrap_err();
    // Another's key, though it says that it is this one's.
    let forged = sign(&block(), AUTHOR, block().version, &key(8)).unwrap();
    assert_eq!(doubt(&forged, None, NOW).doubt(), Some(DoubtKind::Forged));
    // The same again, and an older one after a newer.
    assert_eq!(doubt(&value, Some("2026-03-02T09:00:00Z"), NOW).doubt(), Some(DoubtKind::Replayed));
    assert_eq!(doubt(&value, Some("2026-03-02T10:00:00Z"), NOW).doubt(), Some(DoubtKind::Replayed));
    assert!(opened(&value, Some("2026-03-02T08:59:59Z"), NOW).is_ok());
    // Of yesterday, and of tomorrow; a clock may be wrong by a little.
    assert_eq!(doubt(&value, None, "2026-04-02T09:00:00Z"), Refusal::Expired(at("2026-04-02T09:00:00Z")));
    assert_eq!(doubt(&value, None, "2026-03-02T08:54:59Z").doubt(), Some(DoubtKind::WrongTime));
    assert!(opened(&value, None, "2026-03-02T08:55:01Z").is_ok());
    // Around the signed text something else is said.
    for (name, other) in [
        ("id", json!("course-of-action--00000000-0000-4000-8000-0000000000b2")),
        ("modified", json!("2026-03-02T09:00:01.000Z")),
        ("name", json!("Block nothing")),
        ("description", json!("")),
        ("revoked", json!(true)),
    ] {
        let mut changed = value.clone();
        changed[name] = other;
        assert_eq!(doubt(&changed, None, NOW), Refusal::Differs(name));
    }
    // Signed by the same key for another purpose.
    let mut other = value.clone();
    let note = key(7).sign("bastide log\n12\nabc\n").unwrap();
    other["extensions"][adapt::defence::EXTENSION]["note"] = json!(note);
    assert_eq!(doubt(&other, None, NOW).doubt(), Some(DoubtKind::Malformed));
    for bad in [
        Does::Block { addresses: Vec::new() },
        Does::Block { addresses: vec!["203.0.113.9".parse().unwrap(); 1_001] },
        Does::Detect { pattern: "[ipv4-addr:value = ".into() },
        Does::Narrow { protocol: Protocol::Modbus, verbs: Vec::new(), from: End::Anywhere },
    ] {
        assert_eq!(doubt(&signed(&defence(bad)), None, NOW).doubt(), Some(DoubtKind::Malformed));
    }
    let plain = json!({ "type": "course-of-action", "id": block().id, "name": "Take care" });
    assert_eq!(doubt(&plain, None, NOW), Refusal::Plain);
    assert_eq!(Refusal::Plain.doubt(), None);
}

#[test]
fn only_its_author_takes_a_defence_back() {
    let value = signed(&block());
    let withdrawal = Withdrawal {
        id: block().id,
        version: at("2026-03-02T10:00:00Z"),
        until: block().until,
        title: block().title,
        reason: "It was the agency's scanner".to_owned(),
    };
    let taken_back = withdraw(&value, &withdrawal, &key(7)).unwrap();
    let opened_back = |value: &Value, known| {
        let object = Object::of(value).unwrap();
        open_withdrawal(object, &key(7).verifier(), Some(at(known)), at(NOW))
    };
    assert_eq!(opened_back(&taken_back, "2026-03-02T09:00:00Z"), Ok(withdrawal.clone()));
    // It is good STIX that says it is revoked, and no defence to anybody.
    let bundle = json!({
        "type": "bundle",
        "id": "bundle--00000000-0000-4000-8000-0000000000c1",
        "objects": [taken_back, extension_definition(AUTHOR)],
    });
    let document = Document::read(bundle.to_string().as_bytes()).unwrap();
    assert!(validate(&document).iter().all(|problem| problem.gravity < Gravity::Refused));
    assert!(opened(&taken_back, None, NOW).is_err());
    // Another's key; a defence passed off as its own withdrawal; nobody's signature; another's place; the same again.
    let forged = withdraw(&value, &withdrawal, &key(8)).unwrap();
    assert_eq!(opened_back(&forged, "2026-03-02T09:00:00Z").unwrap_err().doubt(), Some(DoubtKind::Forged));
    let mut passed_off = value.clone();
    passed_off["revoked"] = json!(true);
    assert!(matches!(opened_back(&passed_off, "2026-03-02T08:00:00Z"), Err(Refusal::Malformed(_))));
    passed_off.as_object_mut().unwrap().remove("extensions");
    assert_eq!(opened_back(&passed_off, "2026-03-02T08:00:00Z"), Err(Refusal::Plain));
    let mut other = taken_back.clone();
    other["id"] = json!("course-of-action--00000000-0000-4000-8000-0000000000b2");
    assert_eq!(opened_back(&other, "2026-03-02T09:00:00Z"), Err(Refusal::Differs("id")));
    let replayed = opened_back(&taken_back, "2026-03-02T10:00:00Z").unwrap_err();
    assert_eq!(replayed.doubt(), Some(DoubtKind::Replayed));
}

proptest! {
    /// Whatever is changed in the note, it is refused.
    #[test]
    fn a_changed_note_is_refused(at in 0_usize..600, with in any::<char>()) {
        let mut value = signed(&block());
        let note = value["extensions"][adapt::defence::EXTENSION]["note"].as_str().unwrap();
        let mut characters: Vec<char> = note.chars().collect();
        let at = at % characters.len();
        prop_assume!(characters[at] != with);
        characters[at] = with;
        let changed: String = characters.into_iter().collect();
        value["extensions"][adapt::defence::EXTENSION]["note"] = json!(changed);
        prop_assert!(opened(&value, None, NOW).is_err(), "{changed}");
    }
}
