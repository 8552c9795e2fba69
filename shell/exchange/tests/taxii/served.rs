//! Our server, read by `taxii2-client` and by hand.

use crate::support::*;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};
use store::intelligence::Audience;

fn ids(objects: &Value) -> Vec<u64> {
    let number = |object: &Value| object["id"].as_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
    objects.as_array().unwrap().iter().map(number).collect()
}

#[test]
fn taxii2_client_reads_every_endpoint_and_adds_and_takes_back() {
    let Some(python) = python("taxii2_client_reads_every_endpoint_and_adds_and_takes_back", "taxii2client")
    else {
        return;
    };
    let mut served = Served::new(true);
    let old = "2026-01-02T00:00:00.000Z";
    let objects: Vec<Value> = (1..=5).map(|n| indicator(n, old, Some(GREEN), "a")).collect();
    let newer = indicator(1, "2026-01-03T00:00:00.000Z", Some(GREEN), "b");
    served.add(&objects, COLLECTION, Audience::Everybody);
    served.add(std::slice::from_ref(&newer), COLLECTION, Audience::Everybody);
    let mut bad = indicator(21, old, None, "bad");
    bad["pattern"] = json!("[ipv4-addr:value = ");
    let post = [indicator(20, old, Some(GREEN), "posted"), bad];
    let said = script(
        python,
        "client.py",
        &json!({"url": served.url, "user": "writer", "password": format!("{SECRET}-writer"),
            "verify": served.authority(), "post": post}),
    );
    assert_eq!((&said["server"], &said["root"]), (&json!("A city"), &json!("A city")));
    assert_eq!((&said["versions"], &said["default"]), (&json!([exchange::MEDIA_TYPE]), &json!(true)));
    let [collection] = said["collections"].as_array().unwrap().as_slice() else { panic!("{said}") };
    assert_eq!((&collection["id"], &collection["can_write"]), (&json!(COLLECTION), &json!(true)));
    // The objects come whole, in the order in which they were added, and each in its newest version.
    let expected: Vec<&Value> = objects[1..].iter().chain([&newer]).collect();
    assert_eq!(collection["objects"], json!(expected));
    assert_eq!(collection["pages"], 3);
    assert_eq!(ids(&collection["manifest"]), [2, 3, 4, 5, 1]);
    assert_eq!(collection["manifest"][4]["version"], "2026-01-03T00:00:00.000Z");
    assert_eq!(ids(&collection["filtered"]), [1, 2, 3, 4, 5]);
    assert_eq!(collection["filtered"][0], objects[0]);
    assert_eq!(ids(&collection["after"]), [3, 4, 5, 1]);
    assert_eq!(collection["one"], json!([objects[1]]));
    assert_eq!(collection["versions"], json!([old]));
    // One is taken and one is refused, which is said, also later.
    assert_eq!(collection["again"], json!(["complete", 2, 1, 1]));
    assert_eq!(collection["posted"], json!([post[0]]));
    assert_eq!(collection["deleted"], true);
    let given = served.given.try_recv().unwrap();
    assert_eq!((given.by.as_str(), given.new, given.known, given.refused.len()), ("writer", 1, 0, 1));
    assert!(given.refused[0].1.contains("pattern"), "{given:?}");
}

/// Everything that comes back for a request, byte for byte.
fn raw(url: &str, method: &str, path: &str, login: Option<&str>, rest: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let login = login.map(|login| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{login}:{SECRET}-{login}")))
    });
    let login = login.unwrap_or_default();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{login}{rest}");
    let request = if rest.contains("\r\n\r\n") { request } else { format!("{request}\r\n") };
    // A server that refuses need not read what follows.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn no_byte_of_what_is_not_theirs_reaches_a_requester() {
    let served = Served::new(false);
    let old = "2026-01-02T00:00:00.000Z";
    let hidden = [
        indicator(1, old, Some(RED), "secret-red"),
        indicator(2, old, None, "secret-amber"),
        indicator(3, old, Some(STRICT), "secret-strict"),
    ];
    served.add(&hidden, COLLECTION, Audience::Everybody);
    served.add(
        &[indicator(4, old, Some(CLEAR), "secret-water")],
        COLLECTION,
        Audience::Groups(group("water")),
    );
    served.add(&[indicator(5, old, Some(CLEAR), "secret-collection")], OTHER, Audience::Everybody);
    served.add(&[indicator(6, old, Some(GREEN), "open")], COLLECTION, Audience::Everybody);
    // A newer version that is secret does not show by the absence of the older one.
    served.add(
        &[indicator(6, "2026-01-04T00:00:00.000Z", Some(RED), "secret-newer")],
        COLLECTION,
        Audience::Everybody,
    );

    let objects = format!("/city/collections/{COLLECTION}/objects/");
    let object = |number: u32| format!("{objects}indicator--00000000-0000-4000-8000-{number:012}/");
    let mut paths = vec![
        "/taxii2/".to_owned(),
        "/city/".to_owned(),
        "/city/collections/".to_owned(),
        format!("/city/collections/{COLLECTION}/"),
        format!("/city/collections/{OTHER}/"),
        format!("/city/collections/{OTHER}/objects/"),
        format!("/city/collections/{COLLECTION}/manifest/"),
        format!("/city/collections/{COLLECTION}/manifest/?match[version]=all"),
        format!("{objects}?match[version]=all&limit=1"),
        format!("{objects}?next=0&match[version]=first,last"),
    ];
    paths.extend((1..=7).flat_map(|number| [object(number), format!("{}versions/", object(number))]));
    let of = |login: &str| -> String {
        paths.iter().map(|path| raw(&served.url, "GET", path, Some(login), "")).collect::<Vec<_>>().join("\n")
    };
    let seen = of("neighbour");
    assert!(
        !seen.contains("secret") && !seen.contains(OTHER) && seen.contains("\"name\":\"open\""),
        "{seen}"
    );
    assert!(!seen.contains("\"more\":true"), "nothing is said to be behind what is theirs");
    for number in [1, 2, 3, 4, 5] {
        let there = raw(&served.url, "GET", &object(number), Some("neighbour"), "");
        let nowhere = raw(&served.url, "GET", &object(7), Some("neighbour"), "");
        let undated = |text: &str| {
            text.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(undated(&there), undated(&nowhere), "{number}");
    }
    let seen = of("water");
    for (word, theirs) in [
        ("red", false),
        ("amber", true),
        ("strict", true),
        ("water", true),
        ("collection", true),
        ("newer", false),
    ] {
        assert_eq!(seen.contains(&format!("secret-{word}")), theirs, "{word}");
    }
    // Who adds what is hidden from them learns nothing either: not that it is known, nor that it differs.
    let post = |object: &Value| {
        let body = json!({"objects": [object]}).to_string();
        let rest = format!(
            "Content-Type: application/taxii+json;version=2.1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = raw(&served.url, "POST", &objects, Some("writer"), &rest);
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut status: Value = serde_json::from_str(body).unwrap();
        status["id"] = Value::Null;
        status["request_timestamp"] = Value::Null;
        status.to_string()
    };
    let new = post(&indicator(8, old, Some(RED), "x")).replace("000000000008", "");
    assert_eq!(post(&hidden[0]).replace("000000000001", ""), new);
    assert_eq!(post(&indicator(1, old, Some(RED), "y")).replace("000000000001", ""), new);
    assert!(raw(&served.url, "DELETE", &object(1), Some("writer"), "").starts_with("HTTP/1.1 404"));
}

#[test]
fn requests_that_are_none_are_refused_as_the_standard_says() {
    let served = Served::new(false);
    let objects = format!("/city/collections/{COLLECTION}/objects/");
    let status = |method: &str, path: &str, login: Option<&str>, rest: &str| -> String {
        let answer = raw(&served.url, method, path, login, rest);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let message: Value = serde_json::from_str(body).unwrap_or_default();
        let code = answer.get(9..12).unwrap().to_owned();
        if !code.starts_with('2') {
            assert!(answer.contains("content-type: application/taxii+json;version=2.1"), "{answer}");
            assert_eq!(message["http_status"], code, "{answer}");
        }
        code
    };
    let get = |path: &str, rest: &str| status("GET", path, Some("neighbour"), rest);
    assert_eq!(get("/taxii2/", "Accept: application/taxii+json;version=2.1\r\n"), "200");
    assert_eq!(get("/taxii2/", "Accept: text/html, application/taxii+json\r\n"), "200");
    assert_eq!(get("/taxii2/", "Accept: application/vnd.oasis.taxii+json; version=2.0\r\n"), "406");
    assert_eq!(get("/taxii2/", "Accept: application/taxii+json;version=2.0\r\n"), "406");
    assert_eq!(get("/nowhere/", ""), "404");
    assert_eq!(get(&format!("{objects}?limit=0"), ""), "400");
    assert_eq!(get(&format!("{objects}?added_after=yesterday"), ""), "400");
    assert_eq!(get(&format!("{objects}?match[confidence-gte]=50"), ""), "400");
    assert_eq!(status("PUT", &objects, Some("writer"), "Content-Length: 0\r\n"), "405");
    let post = |login: &str, media: &str, length: usize, body: &str| {
        let rest = format!("Content-Type: {media}\r\nContent-Length: {length}\r\n\r\n{body}");
        status("POST", &objects, Some(login), &rest)
    };
    assert_eq!(post("neighbour", exchange::MEDIA_TYPE, 2, "{}"), "403");
    assert_eq!(post("writer", "application/json", 2, "{}"), "415");
    assert_eq!(post("writer", exchange::MEDIA_TYPE, exchange::CONTENT_MAX + 1, "{"), "413");
    assert_eq!(post("writer", exchange::MEDIA_TYPE, 1, "{"), "400");
    let many = "{},".repeat(2_000_001);
    assert_eq!(post("writer", exchange::MEDIA_TYPE, many.len() + 2, &format!("[{many}]")), "400");
    // Nobody learns anything without a login, not even what is there.
    for path in ["/taxii2/", &objects, "/nowhere/"] {
        let answer = raw(&served.url, "GET", path, None, "");
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("www-authenticate: Basic"), "{answer}");
    }
    let bearer = format!("Authorization: Bearer {SECRET}-neighbour\r\n");
    assert_eq!(status("GET", "/taxii2/", None, &bearer), "200");
    // Whoever guesses waits.
    let guess = "Authorization: Bearer 0123456789abcdef\r\n";
    let codes: Vec<String> = (0..10).map(|_| status("GET", "/taxii2/", None, guess)).collect();
    assert_eq!((codes[0].as_str(), codes[9].as_str()), ("401", "429"));
    assert_eq!(get("/taxii2/", ""), "200", "and keeps nobody else waiting");
}
