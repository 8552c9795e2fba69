//! The segmentation page: what the firewall does, rehearsals and what people choose about them, and who may.

use crate::{
    schema,
    served::{Answer, Served},
};
use ::city::{Firewall, FirewallMode};
use serde_json::{Value, json};
use std::time::Duration;
use store::Role;

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

    async fn page(&self) -> String {
        let answer = self.served.get("/segmentation", &self.cookie).await;
        assert_eq!(answer.status, 200);
        answer.text()
    }

    async fn send(&self, path: &str, fields: &str) -> Answer {
        let head = format!("{}{}", self.served.same_origin(), self.cookie);
        self.served.post(path, &head, &format!("csrf={}&{fields}", self.csrf)).await
    }
}

async fn latest(served: &Served) -> Value {
    served.get_locally("/api/v1/rehearsals/latest").await.json()
}

/// The last rehearsal, when none runs any more.
async fn ended(served: &Served) -> Value {
    for _ in 0..600 {
        let now = latest(served).await;
        if now["running"].is_null() {
            return now["last"].clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the rehearsal does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_line_is_the_firewall_as_it_stands() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let page = viewer.page().await;
    assert!(page.contains("No firewall is connected") && page.contains("only the wire watches"), "{page}");
    assert!(page.contains("ntp: read"), "verbs are listed by conduit");
    assert_eq!(served.get_locally("/api/v1/firewall").await.json()["mode"], "none");

    let enforcing = Firewall { mode: FirewallMode::Enforcing, ..Firewall::default() };
    served.firewall(enforcing);
    let page = viewer.page().await;
    assert!(page.contains("The firewall enforces the plan, and is proven to."), "{page}");
    assert!(page.contains("confirmed, none pending") && page.contains("proven equal"), "{page}");

    served.firewall_as_in_the_example();
    let page = viewer.page().await;
    for part in [
        "does not do what the plan says, in one place",
        "passes, and the plan refuses it",
        "tcp dport 23 accept",
        "no conduit",
        "unless somebody confirms it",
        "192.0.2.94",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let told = served.get_locally("/api/v1/firewall").await.json();
    assert_eq!((&told["proven"], &told["differences"][0]["passes"]), (&json!(false), &json!(true)));
    assert!(told["watched"][0]["place"].as_str().unwrap().starts_with("conduits.toml:"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_names_what_stops_and_amendments_become_a_patch() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let operator = Person::new(&served, "Oli", Role::Operator).await;
    served.adopt().await;
    served.write_plan(|text| text.replace("\"modbus: discover, read\", ", ""));

    assert!(!viewer.page().await.contains("Rehearse the plan</button>"));
    assert_eq!(viewer.send("/segmentation/rehearse", "days=30").await.status, 403);
    for days in ["", "0", "x", "9999"] {
        assert_eq!(
            operator.send("/segmentation/rehearse", &format!("days={days}")).await.status,
            422,
            "{days}"
        );
    }
    let page = operator.page().await;
    assert!(
        page.contains("is not the plan adopted") && page.contains("Rehearse the plan</button>"),
        "{page}"
    );
    let begun = operator.send("/segmentation/rehearse", "days=30").await;
    assert_eq!((begun.status, begun.header("location")), (303, Some("/segmentation#rehearsal")));
    let last = ended(&served).await;
    assert_eq!(
        (&last["by"], &last["plan"], &last["failure"]),
        (&json!("Oli"), &json!("folder"), &Value::Null)
    );
    let refused = last["answer"]["refused"].as_array().unwrap();
    let line = refused.iter().find(|line| line["change"] == true && line["port"] == 502);
    let line = line.unwrap_or_else(|| panic!("heat meters are read: {refused:#?}"));
    let id = line["id"].as_str().unwrap();
    assert!(
        last["answer"]["headline"].as_str().unwrap().contains("would notice"),
        "{}",
        last["answer"]["headline"]
    );
    assert!(!last["answer"]["services"].as_array().unwrap().is_empty());

    for path in ["/rehearsals/latest", "/firewall"] {
        let document = served.get_locally("/api/v1/openapi.json").await.json();
        let place = format!("/paths/~1api~1v1{}/get", path.replace('/', "~1"));
        let form = document.pointer(&(place + "/responses/200/content/application~1json/schema"));
        let form = form.unwrap_or_else(|| panic!("{path} is described"));
        schema::check(&document, form, &served.get_locally(&format!("/api/v1{path}")).await.json(), path);
    }

    let page = viewer.page().await;
    for part in ["Would be refused", "Whom to ask", "Never used, and could be closed", id] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("name=\"amend\""), "a viewer chooses nothing");
    assert_eq!(viewer.send("/segmentation/choose", &format!("amend={id}")).await.status, 403);
    assert_eq!(
        served.get("/segmentation/amendment.patch", &viewer.cookie).await.status,
        404,
        "nothing chosen"
    );

    assert_eq!(operator.send("/segmentation/choose", "amend=r0000000000").await.status, 409);
    assert_eq!(operator.send("/segmentation/choose", "").await.status, 400);
    let chosen = operator.send("/segmentation/choose", &format!("accept={id}")).await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, Some(format!("/segmentation#line-{id}").as_str()))
    );
    assert!(viewer.page().await.contains("Accepted: it shall be refused"));
    operator.send("/segmentation/choose", &format!("undo={id}")).await;
    operator.send("/segmentation/choose", &format!("amend={id}")).await;
    let page = operator.page().await;
    assert!(
        page.contains("Amended: the plan should allow it") && page.contains("Download the patch"),
        "{page}"
    );
    let patch = served.get("/segmentation/amendment.patch", &viewer.cookie).await;
    assert_eq!(patch.header("content-disposition"), Some("attachment; filename=\"amendment.patch\""));
    let text = patch.text();
    assert!(text.starts_with("--- a/conduits.toml\n+++ b/conduits.toml\n@@"), "{text}");
    assert!(text.contains("modbus") && text.contains(id), "{text}");

    operator.send("/segmentation/choose", "amend=changes").await;
    let page = operator.page().await;
    assert!(page.contains("0 of what the plan changes not yet chosen"), "{page}");
    assert!(!served.log().await.contains(id), "choices are not sealed: nothing came of them yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programmes_rehearse_over_the_api_and_a_plan_with_errors_is_not_rehearsed() {
    let served = Served::new().await;
    assert_eq!(latest(&served).await, json!({ "running": null, "last": null }));
    served.adopt().await;
    let ask = |days: u32| {
        let body = json!({ "since_days": days }).to_string();
        let served = &served;
        async move { served.send_locally("POST", "/api/v1/rehearsals", &body).await }
    };
    assert_eq!(ask(0).await.status, 422);
    assert_eq!(ask(7).await.status, 200);
    let last = ended(&served).await;
    assert_eq!(
        (&last["plan"], &last["since_days"], &last["by"]),
        (&json!("adopted"), &json!(7), &json!("local"))
    );
    let changes = last["answer"]["refused"].as_array().unwrap().iter().filter(|line| line["change"] == true);
    assert_eq!(changes.count(), 0, "the plan of now changes nothing");

    served.write_plan(|text| text.replace("[[conduit]]", "[[conduitt]]"));
    let refused = ask(7).await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["error"].as_str().unwrap().contains("has errors"), "{}", refused.text());
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let page = viewer.page().await;
    assert!(page.contains("has errors, and cannot be rehearsed"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_is_told_when_a_rehearsal_ends() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let mut stream = served.stream("/events", &viewer.cookie).await;
    stream.wait_for("data: 1\n").await;
    assert_eq!(served.send_locally("POST", "/api/v1/rehearsals", r#"{"since_days":7}"#).await.status, 200);
    ended(&served).await;
    stream.wait_for("data: 3\n").await;
}
