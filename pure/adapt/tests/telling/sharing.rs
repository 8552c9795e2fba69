//! Sharing: others get signs to look for and a signed defence, and nothing of the city's own.

use crate::scene::{at, finding, incident, plan};
use adapt::{
    defence::{Does, open, redact::Inside},
    share::{NothingToShare, Outgoing, Share, share},
    stix::{Document, Gravity, Object, Pattern, validate},
};
use city::{Finding, Incident, Tlp};
use integrity::Signer;
use serde_json::{Value, json};

fn key() -> Signer {
    Signer::from_seed("wexcombe.example", [3; 32]).unwrap()
}

fn told(incident: &Incident, findings: &[&Finding], tlp: Tlp) -> Result<Outgoing, NothingToShare> {
    let (plan, key) = (plan(), key());
    let inside = Inside::of(&plan);
    let now = at("2026-03-02T09:06:00.123456789Z");
    let share_of = Share { incident, findings, inside: &inside, city: "Wexcombe", tlp, key: &key, now };
    let mut count = 0;
    share(share_of, &mut || {
        count += 1;
        format!("00000000-0000-4000-8000-{count:012}")
    })
}

fn of<'o>(outgoing: &'o Outgoing, object_type: &str) -> Vec<&'o Value> {
    outgoing.objects.iter().filter(|object| object["type"] == object_type).collect()
}

#[test]
fn an_incident_becomes_signs_and_a_signed_block() {
    let outgoing = told(&incident(), &[&finding()], Tlp::Green).unwrap();
    assert_eq!(outgoing.leaks, []);
    assert_eq!(outgoing.replaced, [("controller 1".to_owned(), "device-1".to_owned())]);
    let [indicator] = of(&outgoing, "indicator")[..] else { panic!("{:?}", outgoing.objects) };
    assert_eq!(indicator["name"], "203.0.113.9 spoke <b>Modbus</b> to device-1");
    assert_eq!(
        indicator["external_references"][0],
        json!({ "source_name": "mitre-ics-attack", "external_id": "T0855" })
    );
    assert!(Pattern::parse(indicator["pattern"].as_str().unwrap()).is_ok());
    let [action] = of(&outgoing, "course-of-action")[..] else { panic!("{:?}", outgoing.objects) };
    let defence =
        open(Object::of(action).unwrap(), &key().verifier(), None, at("2026-03-02T09:07:00Z")).unwrap();
    assert_eq!(defence.does, Does::Block { addresses: vec!["203.0.113.9".parse().unwrap()] });
    let [relation] = of(&outgoing, "relationship")[..] else { panic!("{:?}", outgoing.objects) };
    assert_eq!((&relation["source_ref"], &relation["target_ref"]), (&action["id"], &indicator["id"]));
    let bundle = json!({
        "type": "bundle", "id": "bundle--00000000-0000-4000-8000-0000000000ff", "objects": outgoing.objects,
    });
    let text = bundle.to_string();
    assert!(!text.contains("192.0.2.7") && !text.to_lowercase().contains("controller 1"), "{text}");
    let problems = validate(&Document::read(text.as_bytes()).unwrap());
    assert!(problems.iter().all(|problem| problem.gravity < Gravity::Refused), "{problems:?}");
}

#[test]
fn what_must_stay_stays() {
    assert_eq!(told(&incident(), &[&finding()], Tlp::Red), Err(NothingToShare::Red));
    let within = Incident { addresses: vec![finding().key.subject], ..incident() };
    assert_eq!(told(&within, &[&finding()], Tlp::Green), Err(NothingToShare::NothingOutside));
    // A name that hides in a text is not replaced; the proof finds it, and nothing leaves.
    let hidden = Incident { title: "seen Controller%201".into(), ..incident() };
    let outgoing = told(&hidden, &[], Tlp::Green).unwrap();
    assert_eq!(outgoing.leaks.first().map(|leak| leak.what.as_str()), Some("Controller 1"));
}
