//! Responses as people and programmes decide about them: on pages, over the API, and who may.

use crate::served::{Answer, Served};
use serde_json::{Value, json};
use store::Role;

/// The laptop that scans the signals, which the plan does not know.
const LAPTOP: &str = "192.0.2.94";

/// A person who is signed in.
struct Person<'s> {
    served: &'s Served,
    cookie: String,
    csrf: String,
}

impl<'s> Person<'s> {
    async fn new(served: &'s Served, name: &str, role: Role) -> Person<'s> {
        let cookie = served.person(name, role, false).await;
        let csrf = served.csrf(&cookie).await;
        Person { served, cookie, csrf }
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.served.get(path, &self.cookie).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    }

    async fn send(&self, path: &str, fields: &str) -> Answer {
        let head = format!("{}{}", self.served.same_origin(), self.cookie);
        self.served.post(path, &head, &format!("csrf={}&{fields}", self.csrf)).await
    }
}

async fn ask(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = served.send_locally(method, &format!("/api/v1/responses{path}"), &body).await;
    (answer.status, answer.json())
}

/// The response about an address.
async fn about(served: &Served, address: &str) -> Value {
    let (status, list) = ask(served, "GET", "", &Value::Null).await;
    assert_eq!(status, 200);
    let mut rows = list["responses"].as_array().unwrap().iter();
    rows.find(|row| row["target"]["address"] == address).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_is_seen_where_people_look_and_decided_by_who_may() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let operator = Person::new(&served, "Oli", Role::Operator).await;
    let proposal = about(&served, LAPTOP).await;
    assert_eq!(proposal["state"], "proposed");
    let number = proposal["number"].as_u64().unwrap();
    let finding = proposal["findings"][0]["number"].as_u64().unwrap();

    assert!(viewer.page("/").await.contains("for a decision: contain"));
    let list = viewer.page("/responses").await;
    assert!(
        list.contains("Somebody must decide") && list.contains("no public service rests on it"),
        "{list}"
    );
    assert!(!list.contains(">Decide"), "a viewer has nothing to press");
    for path in [format!("/responses/{number}"), format!("/findings/{finding}"), format!("/assets/{LAPTOP}")]
    {
        let form = format!("action=\"/responses/{number}/agree\"");
        assert!(operator.page(&path).await.contains(&form), "{path}");
        let seen = viewer.page(&path).await;
        assert!(!seen.contains(&form) && seen.contains("takes an operator"), "{path}");
    }

    let agree = format!("/responses/{number}/agree");
    assert_eq!(viewer.send(&agree, "").await.status, 403);
    let forged = served.post(&agree, &format!("{}{}", served.same_origin(), operator.cookie), "").await;
    assert_eq!(forged.status, 403, "without the secret of the form");
    let agreed = operator.send(&agree, "").await;
    assert_eq!(
        (agreed.status, agreed.header("location")),
        (303, Some(format!("/responses/{number}").as_str()))
    );
    let again = operator.send(&agree, "").await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("waits for nobody"), "{}", again.text());

    served.answer(number, None);
    let page = operator.page(&format!("/responses/{number}")).await;
    assert!(page.contains("nothing passes to it or from it") && page.contains("Oli: Agreed"), "{page}");
    let release = format!("/responses/{number}/release");
    assert_eq!(operator.send(&release, "reason=+").await.status, 422, "a reason is needed");
    assert_eq!(operator.send(&release, "reason=It+was+the+tester").await.status, 303);
    served.answer(number, None);
    assert_eq!(about(&served, LAPTOP).await["state"], "released");
    let page = operator.page(&format!("/assets/{LAPTOP}")).await;
    assert!(page.contains("is connected again") && page.contains("action=\"/responses\""), "{page}");
    assert_eq!(operator.send(&release, "reason=once+more").await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_must_run_waits_for_two_people_and_a_token_is_no_second_one() {
    let served = Served::new().await;
    let ada = Person::new(&served, "Ada", Role::Approver).await;
    let ben = Person::new(&served, "Ben", Role::Operator).await;
    let page = ada.page("/assets/scheme-01").await;
    assert!(page.contains("What it costs to contain Alarm hub, Alder Court"), "{page}");
    assert!(page.contains("The plan says that it must run.") && page.contains("a second person must agree"));
    let contained = ada.send("/responses", "asset=scheme-01&reason=It+calls+out").await;
    assert_eq!(contained.status, 303, "{}", contained.text());
    let path = contained.header("location").unwrap().to_owned();
    let number: u64 = path.trim_start_matches("/responses/").parse().unwrap();
    assert!(ada.page(&path).await.contains("You agreed. Another person must agree too."));
    let agree = format!("{path}/agree");
    let alone = ada.send(&agree, "").await;
    assert_eq!(alone.status, 409);
    assert!(alone.text().contains("second person"), "{}", alone.text());

    let json = "Content-Type: application/json\r\n";
    let head = format!("{}{}{json}X-CSRF-Token: {}\r\n", served.same_origin(), ada.cookie, ada.csrf);
    let said = format!(r#"{{"name":"reports","person":{},"role":"operator"}}"#, served.id("Ada").await);
    let token = served.send("POST", "/api/v1/tokens", &head, &said).await.json();
    let bearer = format!("Authorization: Bearer {}\r\n{json}", token["secret"].as_str().unwrap());
    let by_token = served.send("POST", &format!("/api/v1{agree}"), &bearer, "").await;
    assert_eq!(by_token.status, 409, "{}", by_token.text());

    let page = ben.page(&path).await;
    assert!(page.contains("a second person besides Ada") && page.contains("Agree: contain it"), "{page}");
    assert_eq!(ben.send(&agree, "").await.status, 303);
    served.answer(number, Some("no firewall is connected to Bastide"));
    let page = ben.page(&path).await;
    for part in ["could not be contained", "no firewall is connected", "Cisco IOS", "Junos", "quarantine4"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("Try again to contain it") && page.contains("Make sure that it is connected"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programmes_decide_over_the_api_and_are_refused_in_words() {
    let served = Served::new().await;
    let (status, open) = ask(&served, "GET", "?state=open", &Value::Null).await;
    assert_eq!((status, open["total"].as_u64().unwrap() > 0), (200, true));
    assert_eq!(ask(&served, "GET", "?state=shut", &Value::Null).await.0, 400);
    for (path, body, status, words) in [
        ("", json!({ "address": "192.0.2.40", "asset": "pc-01", "reason": "x" }), 422, "one of"),
        ("", json!({ "address": "pc-01", "reason": "x" }), 422, "not an IP address"),
        ("", json!({ "address": "224.0.0.1", "reason": "x" }), 422, "not one device"),
        ("", json!({ "asset": "pc-99", "reason": "x" }), 422, "No asset `pc-99`"),
        ("", json!({ "asset": "firewall", "reason": "x" }), 422, "several addresses; name the one"),
        ("", json!({ "asset": "pc-01", "reason": " " }), 422, "Say why"),
        ("", json!({ "asset": "pc-01", "reason": "x".repeat(501) }), 422, "500 letters"),
        ("/999/agree", Value::Null, 404, "no response 999"),
        ("/999/release", json!({ "reason": "x" }), 404, "no response 999"),
    ] {
        let (got, said) = ask(&served, "POST", path, &body).await;
        assert_eq!(got, status, "{path} {body}: {said}");
        assert!(said["error"].as_str().unwrap().contains(words), "{path} {body}: {said}");
    }
    let (status, contained) =
        ask(&served, "POST", "", &json!({ "asset": "pc-01", "reason": "It scans" })).await;
    assert_eq!((status, &contained["state"]), (200, &"ordered".into()), "{contained}");
    assert_eq!(contained["target"]["asset"], "pc-01");
    assert_eq!(contained["steps"][0]["by"], "local");
    let number = contained["number"].as_u64().unwrap();
    served.answer(number, Some("no firewall is connected to Bastide"));
    let (_, failed) = ask(&served, "GET", &format!("/{number}"), &Value::Null).await;
    assert_eq!(
        (&failed["state"], failed["by_hand"].as_array().unwrap().len()),
        (&"failed".into(), 3),
        "{failed}"
    );
    let (status, over) =
        ask(&served, "POST", &format!("/{number}/dismiss"), &json!({ "reason": "Unplugged" })).await;
    assert_eq!((status, &over["state"]), (200, &"dismissed".into()), "{over}");
    assert_eq!(over["headline"], "Bastide does no more about Desktop, Finance");
    assert!(over["by_hand"][2]["text"].as_str().unwrap().contains("delete element"), "{over}");
    assert_eq!(over["steps"].as_array().unwrap().last().unwrap()["text"], "Dismissed: Unplugged");
}
