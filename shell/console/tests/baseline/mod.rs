//! What was learned of an asset, as people and programmes see it and refuse it.

use crate::served::Served;
use serde_json::{Value, json};
use store::Role;

/// An asset that is asked something in an industrial protocol, and the habit's name.
async fn asked(served: &Served) -> (String, String) {
    let list = served.get_locally("/api/v1/assets?limit=1000").await.json();
    for asset in list["assets"].as_array().unwrap() {
        let key = asset["key"].as_str().unwrap().to_owned();
        let baseline = served.get_locally(&format!("/api/v1/assets/{key}/baseline")).await.json();
        let baselines = baseline["baselines"].as_array().unwrap();
        if let [one] = baselines.as_slice() {
            let mut habits =
                one["habits"].as_array().unwrap().iter().map(|habit| habit["habit"].as_str().unwrap());
            if let Some(habit) = habits.find(|habit| habit.starts_with("asked ")) {
                return (key, habit.to_owned());
            }
        }
    }
    panic!("no asset of the town is asked anything");
}

async fn refuse(served: &Served, key: &str, body: &Value) -> (u16, Value) {
    let path = format!("/api/v1/assets/{key}/baseline/refuse");
    let answer = served.send_locally("POST", &path, &body.to_string()).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_learned_is_shown_and_refused_by_who_may() {
    let served = Served::new().await;
    let (key, habit) = asked(&served).await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let operator = served.person("Oli", Role::Operator, false).await;
    let form = format!("action=\"/assets/{key}/baseline/refuse\"");
    let page = served.get(&format!("/assets/{key}"), &viewer).await.text();
    assert!(
        page.contains("What it is known to do") && page.contains("is asked to ") && !page.contains(&form)
    );
    let page = served.get(&format!("/assets/{key}"), &operator).await.text();
    assert!(page.contains(&form) && page.contains(&format!("<option value=\"{habit}\"")), "{page}");

    let path = format!("/assets/{key}/baseline/refuse");
    let fields = format!("habit={}&reason=Not+its+work", habit.replace(' ', "+").replace(':', "%3A"));
    for (cookie, status) in [(&viewer, 403), (&operator, 303)] {
        let head = format!("{}{cookie}", served.same_origin());
        let csrf = served.csrf(cookie).await;
        let answer = served.post(&path, &head, &format!("csrf={csrf}&{fields}")).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let page = served.get(&format!("/assets/{key}"), &operator).await.text();
    assert!(page.contains("Refused: is asked to ") && page.contains("(Oli, "), "{page}");
    assert!(!page.contains(&format!("<option value=\"{habit}\"")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programmes_refuse_over_the_api_and_are_told_why_not() {
    let served = Served::new().await;
    let (key, habit) = asked(&served).await;
    for (key, habit, reason, status, words) in [
        (key.as_str(), habit.as_str(), " ", 422, "Say why"),
        (&key, "asked", "x", 422, "as the baseline says it"),
        (&key, "calls 203.0.113.250", "x", 409, "no habit of the device"),
        ("nobody", &habit, "x", 404, "No asset `nobody`"),
    ] {
        let (got, said) = refuse(&served, key, &json!({ "habit": habit, "reason": reason })).await;
        assert_eq!(got, status, "{key} {habit}: {said}");
        assert!(said["error"].as_str().unwrap().contains(words), "{said}");
    }
    let body = json!({ "habit": habit, "reason": "Not its work" });
    let (status, shown) = refuse(&served, &key, &body).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["baselines"][0]["refused"][0]["habit"], habit);
    assert_eq!(shown["baselines"][0]["refused"][0]["by"], "local");
    assert_eq!(refuse(&served, &key, &body).await.0, 409);
}
