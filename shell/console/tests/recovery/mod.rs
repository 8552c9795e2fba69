//! Recovery as people and programmes see it: what is proven, the way back, and a restoration that several work through.

use crate::served::{Answer, Served};
use serde_json::{Value, json};
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

    async fn page(&self, path: &str) -> String {
        let answer = self.served.get(path, &self.cookie).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    async fn send(&self, path: &str, fields: &str) -> Answer {
        let head = format!("{}{}", self.served.same_origin(), self.cookie);
        self.served.post(path, &head, &format!("csrf={}&{fields}", self.csrf)).await
    }
}

async fn ask(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = served.send_locally(method, &format!("/api/v1{path}"), &body).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_commands_tell_of_backups_and_drills_is_shown_at_once() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    assert!(viewer.page("/recovery").await.contains("is proven to come back"));
    let (_, plan) = ask(&served, "GET", "/recovery", &Value::Null).await;
    let telecare = |state: &Value| {
        let mut services = state["services"].as_array().unwrap().iter();
        services.find(|service| service["service"]["id"] == "telecare").cloned().unwrap()
    };
    assert_eq!(telecare(&plan)["verdict"], "never");

    let of_telecare =
        |backup: &&Value| backup["of"].as_array().unwrap().iter().any(|of| of["id"] == "telecare");
    let backups: Vec<Value> =
        plan["backups"].as_array().unwrap().iter().filter(of_telecare).cloned().collect();
    let snapshot = json!({
        "id": "5e".repeat(32), "files": 12, "bytes": 4096, "added": 1, "stored": 1, "new_files": 1, "changed_files": 0,
        "gone_files": 0, "gone": [], "sampled": 0, "noise": 0, "noisy": [],
    });
    let made = |backup: &Value| {
        let repository = &backup["copies"][0]["repository"]["id"];
        json!({ "time": "2026-11-23T02:00:00Z", "sensor": "vault", "fact": { "Backup": {
            "backup": backup["id"], "repository": repository, "start": "2026-11-23T02:00:00Z", "duration": "PT3M",
            "outcome": { "Ok": snapshot },
        } } })
    };
    let step = |backup: &Value| {
        json!({ "backup": backup["id"], "from": null, "check": null, "what": "restore 12 files", "duration": "PT20M",
            "bytes": 4096, "failure": null })
    };
    let drill = json!({ "time": "2026-11-23T03:00:00Z", "sensor": "vault", "fact": { "Drill": {
        "service": "telecare", "start": "2026-11-23T02:10:00Z", "duration": "PT47M",
        "recovered_to": "2026-11-23T02:00:00Z", "steps": backups.iter().map(step).collect::<Vec<_>>(),
    } } });
    let mut observations: Vec<Value> = backups.iter().map(made).collect();
    observations.push(drill);
    let (status, noted) =
        ask(&served, "POST", "/observations", &json!({ "observations": observations })).await;
    assert_eq!((status, &noted["noted"]), (200, &json!(backups.len() + 1)), "{noted}");
    let (_, state) = ask(&served, "GET", "/recovery", &Value::Null).await;
    assert_eq!(
        (telecare(&state)["verdict"].as_str(), telecare(&state)["rto"].as_i64()),
        (Some("proven"), Some(2_820))
    );
    let page = viewer.page("/recovery").await;
    assert!(
        page.contains("Telecare and housing alarms could be back in 47 minutes; proven last night."),
        "{page}"
    );

    // What devices do is seen, and told by nobody; and only an operator tells of backups.
    let seen = json!({ "time": "2026-11-23T02:00:00Z", "sensor": "x", "fact": { "Binding": {
        "address": "192.0.2.2", "mac": "02:00:5e:00:53:01", "protocol": "Arp" } } });
    for (body, wanted) in [(json!({ "observations": [seen] }), 422), (json!({ "observation": 1 }), 422)] {
        assert_eq!(ask(&served, "POST", "/observations", &body).await.0, wanted, "{body}");
    }
    let head =
        format!("{}X-CSRF-Token: {}\r\nContent-Type: application/json\r\n", viewer.cookie, viewer.csrf);
    let head = format!("{}{head}", served.same_origin());
    assert_eq!(served.send("POST", "/api/v1/observations", &head, "{\"observations\":[]}").await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_is_shown_for_whatever_is_lost_and_begins_nothing() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let asked = viewer.page("/recovery/plan").await;
    assert!(asked.contains("What is lost?") && asked.contains("value=\"site:data-centre\""));
    let way = viewer
        .page("/recovery/plan?lost=site%3Adata-centre&more=supplier%3Ahavenwire,%20role%3Aprinter")
        .await;
    for words in [
        "When each service is back",
        "Critical path",
        "To tell",
        "Who does what, in order",
        "checked> Havenwire",
    ] {
        assert!(way.contains(words), "{words}");
    }
    // Whoever may only look is offered nothing to begin.
    assert!(!way.contains("Begin this restoration"));
    assert!(viewer.page("/recovery/plan?more=lost-marbles").await.contains("lost-marbles"));
    let (status, api) = ask(&served, "GET", "/recovery/plan?lost=everything", &Value::Null).await;
    assert_eq!(status, 200);
    let services = api["services"].as_array().unwrap();
    assert!(services.iter().all(|service| service["back"]["likely"].as_i64() > Some(0)), "{services:?}");
    assert_eq!(ask(&served, "GET", "/recovery/plan?lost=site:atlantis", &Value::Null).await.0, 422);
    assert_eq!(ask(&served, "GET", "/recovery/plan", &Value::Null).await.0, 422);
    assert_eq!(ask(&served, "GET", "/recovery/runs", &Value::Null).await.1["runs"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_people_work_through_a_restoration_and_viewers_only_look() {
    let served = Served::new().await;
    let viewer = Person::new(&served, "Vic", Role::Viewer).await;
    let operator = Person::new(&served, "Oli", Role::Operator).await;
    assert_eq!(viewer.send("/recovery/runs", "lost=site%3Adata-centre").await.status, 403);
    let begun = operator.send("/recovery/runs", "lost=site%3Adata-centre&minutes_ago=5").await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let place = begun.header("location").unwrap().to_owned();
    let id = place.strip_prefix("/recovery/run/").unwrap();
    assert_eq!(operator.send("/recovery/runs", "lost=nonsense").await.status, 422);
    assert_eq!(operator.send("/recovery/runs", "lost=everything&minutes_ago=-3").await.status, 422);

    let (_, run) = ask(&served, "GET", &format!("/recovery/runs/{id}"), &Value::Null).await;
    let ready: Vec<&Value> =
        run["steps"].as_array().unwrap().iter().filter(|step| step["state"] == "ready").collect();
    let (first, second) = (ready[0]["id"].as_str().unwrap(), ready[1]["id"].as_str().unwrap());
    let number = ready[0]["number"].as_u64().unwrap();
    let encoded = first.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(viewer.send(&place, &format!("step={encoded}&state=done")).await.status, 403);
    let ticked = operator.send(&place, &format!("step={encoded}&state=begun&number={number}")).await;
    assert_eq!(ticked.header("location"), Some(&*format!("{place}#step-{number}")));
    // Another does so over the API, as the command line does.
    let ticks = format!("/recovery/runs/{id}/ticks");
    let said = json!({ "step": second, "state": "done", "note": "by <b>hand</b>" });
    let (status, run) = ask(&served, "POST", &ticks, &said).await;
    assert_eq!((status, run["done"].as_u64()), (200, Some(1)), "{run}");
    for (said, wanted) in [
        (json!({ "step": second, "state": "finished" }), 422),
        (json!({ "step": "restore:atlantis", "state": "done" }), 404),
        (json!({ "step": "runs:telecare", "state": "done" }), 404),
        (json!({ "step": second, "state": "done", "note": "x".repeat(3_000) }), 422),
    ] {
        assert_eq!(ask(&served, "POST", &ticks, &said).await.0, wanted, "{said}");
    }
    let page = viewer.page(&place).await;
    assert!(page.contains("Under way") && page.contains("by &#60;b&#62;hand&#60;/b&#62;"), "{page}");
    assert!(!page.contains("<button class=\"button small"), "a viewer is offered nothing to tick off");
    assert!(operator.page(&place).await.contains("name=\"state\" value=\"done\""));
    let step = operator.page(&format!("{place}/steps/{number}")).await;
    assert!(step.contains("Skip it") && step.contains("Oli: begun"), "{step}");
    assert_eq!(served.get(&format!("{place}/steps/9999"), &viewer.cookie).await.status, 404);
    assert_eq!(served.get("/recovery/run/..%2f..%2fbastide", &viewer.cookie).await.status, 404);
    // A form of another site begins and ticks off nothing.
    let forged = served.post(&place, &operator.cookie, &format!("step={encoded}&state=done")).await;
    assert_eq!(forged.status, 403);
    let log = served.log().await;
    assert!(log.contains("restoration_begun") || log.contains("restoration-begun"), "{log}");
    assert!(viewer.page("/recovery").await.contains(&format!("href=\"{place}\"")));
}
