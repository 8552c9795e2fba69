//! Incidents as people and programmes see to them: on pages, over the API, and who may.

use crate::served::Served;
use serde_json::{Value, json};
use store::{IncidentRecord, IncidentStepRecord, Record, Role};

async fn ask(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = served.send_locally(method, &format!("/api/v1/incidents{path}"), &body).await;
    (answer.status, answer.json())
}

/// An incident that has several findings, and what was found.
async fn grown(served: &Served) -> (u64, Vec<u64>) {
    let (_, list) = ask(served, "GET", "?state=open", &Value::Null).await;
    let mut rows = list["incidents"].as_array().unwrap().iter();
    let number = rows.find(|row| row["findings"].as_u64() > Some(3)).unwrap()["number"].as_u64().unwrap();
    let (_, incident) = ask(served, "GET", &format!("/{number}"), &Value::Null).await;
    let members = incident["members"].as_array().unwrap().iter();
    (number, members.map(|finding| finding["number"].as_u64().unwrap()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_seen_where_people_look_and_handled_by_who_may() {
    let served = Served::new().await;
    let (viewer, operator) =
        (served.person("Vic", Role::Viewer, false).await, served.person("Oli", Role::Operator, false).await);
    let page = async |cookie: &str, path: String| {
        let answer = served.get(&path, cookie).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text()
    };
    let (number, findings) = grown(&served).await;
    let path = format!("/incidents/{number}");
    assert!(page(&viewer, "/".into()).await.contains("wait for somebody to see to them."));
    assert!(page(&viewer, "/incidents".into()).await.contains(&format!("href=\"{path}\"")));
    assert!(page(&viewer, format!("/findings/{}", findings[0])).await.contains(&format!("href=\"{path}\"")));
    let form = format!("action=\"{path}\"");
    let seen = page(&viewer, path.clone()).await;
    assert!(!seen.contains(&form) && seen.contains("takes an operator"), "{seen}");
    assert!(!seen.contains("/packets\""), "opening packets is a right of its own");
    let seen = page(&operator, path.clone()).await;
    for part in
        [form.as_str(), "Begun with finding", "joined, because", "It bears on", "Nobody sees to it yet", "T0"]
    {
        assert!(seen.contains(part), "{part}: {seen}");
    }

    let (viewers, operators) = (served.csrf(&viewer).await, served.csrf(&operator).await);
    let send = async |cookie: &str, csrf: &str, fields: String| {
        let head = format!("{}{cookie}", served.same_origin());
        served.post(&path, &head, &format!("csrf={csrf}&{fields}")).await
    };
    assert_eq!(send(&viewer, &viewers, "act=take".into()).await.status, 403);
    assert_eq!(
        send(&operator, "guess", "act=take".into()).await.status,
        403,
        "without the secret of the form"
    );
    assert_eq!(send(&operator, &operators, "act=take".into()).await.status, 303);
    for (fields, status) in [
        ("act=note&text=+", 422),
        ("act=vanish", 422),
        ("act=merge&into=x", 422),
        ("act=review&text=early", 409),
        ("act=split", 409),
        ("act=note&text=The+caretaker+goes+%3Cb%3E", 303),
    ] {
        let answer = send(&operator, &operators, fields.to_owned()).await;
        assert_eq!(answer.status, status, "{fields}: {}", answer.text());
    }
    let seen = page(&operator, path.clone()).await;
    assert!(seen.contains("Oli sees to it") && seen.contains("Note: The caretaker goes "), "{seen}");
    assert!(!seen.contains("goes <b>"), "what people write is text and never markup");

    // What is split off is an incident of its own, and comes back by merging.
    let last = findings.last().unwrap();
    let split = send(&operator, &operators, format!("act=split&finding-{last}=yes&finding-99999=yes")).await;
    let new = split.header("location").unwrap().to_owned();
    assert_ne!(new, path);
    let members = async |number: u64| {
        let (_, incident) = ask(&served, "GET", &format!("/{number}"), &Value::Null).await;
        let members = incident["members"].as_array().unwrap().iter();
        members.map(|finding| finding["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let other: u64 = new.trim_start_matches("/incidents/").parse().unwrap();
    assert_eq!(members(other).await, [*last]);
    assert!(!members(number).await.contains(last));
    let (status, whole) =
        ask(&served, "POST", &format!("/{other}"), &json!({ "act": "merge", "into": number })).await;
    assert_eq!((status, whole["number"].as_u64()), (200, Some(number)));
    assert_eq!(members(number).await, findings);
    let (_, merged) = ask(&served, "GET", &format!("/{other}"), &Value::Null).await;
    assert_eq!((&merged["state"], &merged["merged_into"]), (&"merged".into(), &number.into()));
    assert!(!page(&operator, new.clone()).await.contains("See to it</h2>"), "it is seen to elsewhere");
    let (status, refused) =
        ask(&served, "POST", &format!("/{other}"), &json!({ "act": "note", "text": "x" })).await;
    assert!(status == 409 && refused["error"].as_str().unwrap().contains("merged into another"), "{refused}");
    assert_eq!(ask(&served, "GET", "/98765", &Value::Null).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_longer_kept_is_shown_from_the_sealed_log() {
    let served = Served::new().await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let record = |number: u64, state: &str, by: Option<&str>, step: &str| {
        let incident = served.look(|city| city.incidents().next().cloned()).unwrap();
        let mut record = IncidentRecord { number, state: state.into(), ..(&incident).into() };
        record.steps[0].text = "Begun long ago".into();
        let (time, by) = (record.last.clone(), by.map(str::to_owned));
        record.steps.push(IncidentStepRecord { time, by, text: step.into() });
        Record::Incident(Box::new(record))
    };
    let first = record(70_001, "triage", None, "Begun long ago");
    let then = record(70_001, "reviewed", Some("Ada"), "Reviewed: an open socket");
    served.seal(vec![first, record(70_002, "triage", None, "Another"), then]).await;
    let (_, list) = ask(&served, "GET", "?below=70003&limit=1", &Value::Null).await;
    assert_eq!((&list["incidents"][0]["number"], &list["older_below"]), (&70_002.into(), &70_002.into()));
    let (_, list) = ask(&served, "GET", "?below=70002&limit=1", &Value::Null).await;
    assert_eq!(list["incidents"][0]["state"], "reviewed", "as the log has it last");
    let page = served.get("/incidents/70001", &viewer).await.text();
    for part in
        ["only the sealed log has it", "Begun long ago", "<strong>Ada</strong>: Reviewed: an open socket"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let (status, _) = ask(&served, "POST", "/70001", &json!({ "act": "note", "text": "x" })).await;
    assert_eq!(status, 404, "nothing can be done about it");
}
