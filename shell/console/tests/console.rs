//! The console as the network sees it: who is let in, to what, and what is refused. Every test speaks HTTP over loopback
//! or the Unix socket to a console that listens as it does in service.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may stop at once"
)]

mod baseline;
mod incidents;
mod intelligence;
mod recovery;
mod responses;
mod schema;
mod segmentation;
mod served;
mod town;

use serde_json::Value;
use served::{Answer, Served};
use store::Role;

const PAGES: [&str; 34] = [
    "/",
    "/wall",
    "/services/telecare",
    "/zones",
    "/zones/signals/core",
    "/assets",
    "/zones/signals/core?before=2026-11-23T12:00:00Z",
    "/assets/gateway-core",
    "/assets/gateway-core?before=2026-11-23T12:00:00Z",
    "/findings",
    "/findings/1",
    "/findings/1/packets",
    "/responses",
    "/responses/1",
    "/recovery",
    "/recovery/plan?lost=everything",
    "/recovery/run/2026-11-23-0650",
    "/segmentation",
    "/segmentation/amendment.patch",
    "/plan",
    "/log",
    "/people",
    "/api",
    "/events",
    "/nothing-here",
    "/findings?severity=high",
    "/assets?order=-last&page=2",
    "/log?kind=act",
    "/intelligence",
    "/intelligence/known",
    "/exchange",
    "/hunts",
    "/hunts/s7-stop",
    "/sign-out",
];

const API: [&str; 36] = [
    "/activity",
    "/assets",
    "/assets/gateway-core",
    "/assets/gateway-core/baseline",
    "/city",
    "/conversations",
    "/findings",
    "/findings/1",
    "/findings/1/packets",
    "/firewall",
    "/health",
    "/log",
    "/log/head",
    "/log/verify",
    "/losses",
    "/matrix",
    "/matrix/signals/core",
    "/openapi.json",
    "/people",
    "/plan",
    "/recovery",
    "/recovery/plan?lost=everything",
    "/recovery/runs",
    "/rehearsals/latest",
    "/requests",
    "/responses",
    "/responses/1",
    "/services",
    "/services/telecare",
    "/talks",
    "/intelligence",
    "/intelligence/known",
    "/sightings",
    "/exchange",
    "/hunts",
    "/hunts/latest",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_anything_without_signing_in() {
    let served = Served::new().await;
    for page in PAGES {
        let answer = served.get(page, "").await;
        assert_eq!(answer.status, 303, "{page}");
        assert!(answer.header("location").unwrap().starts_with("/sign-in"), "{page}");
        assert!(!answer.text().contains("Averbourne"), "{page}");
    }
    for path in API {
        let path = format!("/api/v1{path}");
        let answer = served.get(&path, "").await;
        assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true), "{path}");
        assert_eq!(answer.json()["status"], 401, "{path}");
        for bad in ["Authorization: Bearer nonsense\r\n", "Authorization: Basic YTpi\r\n"] {
            assert_eq!(served.get(&path, bad).await.status, 401, "{path}");
        }
    }
    let forged = "Cookie: bastide-1=x\r\n";
    assert_eq!(served.get("/", forged).await.status, 303);
    for post in [
        "/responses",
        "/responses/1/agree",
        "/plan/adopt",
        "/segmentation/rehearse",
        "/segmentation/choose",
        "/people",
        "/tokens",
        "/tokens/revoke",
        "/people/1",
        "/theme",
        "/sign-out",
    ] {
        let answer = served.post(post, &served.same_origin(), "a=b").await;
        assert_eq!(answer.status, 401, "{post}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_headers_that_keep_a_browser_from_harm() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Approver, true).await;
    for (path, head) in [
        ("/", cookie.as_str()),
        ("/sign-in", ""),
        ("/nothing", &cookie),
        ("/api/v1/city", ""),
        ("/findings/99999", &cookie),
    ] {
        let answer = served.get(path, head).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        assert!(answer.header("permissions-policy").is_some(), "{path}");
    }
    let page = served.get("/", &cookie).await.text();
    for forbidden in ["<style", " style=", "onclick", "javascript:", "http://", "https://"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let sheet = page.split("href=\"").find_map(|part| part.strip_prefix("/static/")).unwrap();
    let sheet = served.get(&format!("/static/{}", sheet.split('"').next().unwrap()), "").await;
    assert!(sheet.header("cache-control").unwrap().contains("immutable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_name_that_points_here_is_refused() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Approver, true).await;
    for host in ["evil.example", "127.0.0.1.evil.example:80", "localhost:1", "192.0.2.1"] {
        let answer =
            served.raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n")).await;
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.text().contains("Telecare"), "{host}");
    }
    let twice =
        format!("GET / HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\nConnection: close\r\n\r\n", served.host());
    assert!(matches!(served.raw(&twice).await.status, 400 | 421));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_person_comes_in_by_a_link_that_works_once() {
    let served = Served::new().await;
    let path = served.first_link().await;
    let (form, cookie) = served.form(&path).await;
    let head = format!("{}{cookie}", served.same_origin());
    let fields =
        |again: &str| format!("form={form}&name=Ines+Okafor&passphrase=four+words+that+fit&again={again}");
    assert_eq!(served.post(&path, &served.same_origin(), &fields("four+words+that+fit")).await.status, 403);
    assert_eq!(served.post(&path, &head, &fields("another+one+altogether")).await.status, 422);
    let answer = served.post(&path, &head, &fields("four+words+that+fit")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure") && !set.contains("Max-Age"),
        "{set}"
    );
    let session = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
    assert_eq!(served.get("/people", &session).await.status, 200);
    assert_eq!(served.get(&path, "").await.status, 410);
    assert_eq!(served.post(&path, &head, &fields("four+words+that+fit")).await.status, 410);
    // Out, and in again by name and passphrase, to where one wanted to go.
    let csrf = served.csrf(&session).await;
    assert_eq!(
        served.post("/sign-out", &format!("{}{session}", served.same_origin()), "csrf=x").await.status,
        403
    );
    let out = served
        .post("/sign-out", &format!("{}{session}", served.same_origin()), &format!("csrf={csrf}"))
        .await;
    assert_eq!(out.status, 303);
    assert_eq!(served.get("/people", &session).await.status, 303);
    let answer = served.sign_in("Ines Okafor", "four words that fit", "/findings").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/findings")));
    let log = served.log().await;
    for act in ["link-used", "passphrase-set", "sign-in", "sign-out"] {
        assert!(log.contains(&format!("\"{act}\"")), "{act}: {log}");
    }
    assert!(!log.contains("four words"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_has_to_wait() {
    let served = Served::new().await;
    served.person("Ada", Role::Viewer, false).await;
    for _ in 0..8 {
        assert_eq!(served.sign_in("Ada", "not this one, no", "/").await.status, 401);
    }
    let answer = served.sign_in("Ada", "four words that fit", "/").await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() <= 30);
    let log = served.log().await;
    assert!(log.contains("\"sign-in-failed\"") && log.contains("8 tries failed"), "{log}");
    // A name that nobody has may be a passphrase in the wrong field: it is not kept.
    for _ in 0..9 {
        served.sign_in("my secret passphrase", "x", "/").await;
    }
    assert!(!served.log().await.contains("my secret passphrase"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_may_do_what_it_may_and_no_more() {
    let served = Served::new().await;
    let viewer = served.person("Vic", Role::Viewer, false).await;
    let operator = served.person("Oli", Role::Operator, true).await;
    let approver = served.person("Ada", Role::Approver, false).await;
    for (path, expected) in [
        ("/", [200, 200, 200]),
        ("/zones", [200, 200, 200]),
        ("/log", [200, 200, 200]),
        ("/people", [403, 403, 200]),
        ("/api/v1/people", [403, 403, 200]),
        ("/api/v1/tokens", [403, 403, 200]),
        ("/findings/1/packets", [403, 404, 403]),
        ("/api/v1/health", [403, 403, 403]),
        ("/findings/99999", [404, 404, 404]),
        ("/findings/x", [400, 400, 400]),
    ] {
        for (cookie, status) in [&viewer, &operator, &approver].into_iter().zip(expected) {
            assert_eq!(served.get(path, cookie).await.status, status, "{path}");
        }
    }
    for (cookie, path, status) in [
        (&viewer, "/plan/adopt", 403),
        (&operator, "/plan/adopt", 303),
        (&viewer, "/people", 403),
        (&operator, "/people", 403),
        (&operator, "/tokens", 403),
    ] {
        let csrf = served.csrf(cookie).await;
        let head = format!("{}{cookie}", served.same_origin());
        let body = format!("csrf={csrf}&name=Zed&role=viewer&person=1");
        assert_eq!(served.post(path, &head, &body).await.status, status, "{path}");
    }
    assert_eq!(served.adopted(), ["Oli"]);
    // Nobody shuts themselves out.
    let me = served.id("Ada").await;
    let csrf = served.csrf(&approver).await;
    let head = format!("{}{approver}", served.same_origin());
    let answer = served.post(&format!("/people/{me}"), &head, &format!("csrf={csrf}&role=viewer")).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_cannot_act_in_ones_name() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Approver, true).await;
    let csrf = served.csrf(&cookie).await;
    let good = format!("csrf={csrf}&name=Zed&role=viewer");
    for (head, body) in [
        ("Origin: http://evil.example\r\n".to_owned(), good.as_str()),
        ("Origin: null\r\n".to_owned(), &good),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), &good),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), &good),
        (String::new(), &good),
        (served.same_origin(), "name=Zed&role=viewer"),
        (served.same_origin(), "csrf=&name=Zed&role=viewer"),
        (served.same_origin(), "csrf=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&name=Zed&role=viewer"),
    ] {
        assert_eq!(
            served.post("/people", &format!("{head}{cookie}"), body).await.status,
            403,
            "{head}{body}"
        );
    }
    let json = "Content-Type: application/json\r\n";
    let said = r#"{"name":"Zed","role":"viewer"}"#;
    let head = format!("{}{cookie}{json}", served.same_origin());
    assert_eq!(served.send("POST", "/api/v1/people", &head, said).await.status, 403);
    let head = format!("{head}X-CSRF-Token: {csrf}\r\n");
    assert_eq!(served.send("POST", "/api/v1/people", &head, said).await.status, 200);
    let again = served.send("POST", "/api/v1/people", &head, said).await;
    assert_eq!(again.status, 422);
    assert!(again.json()["error"].as_str().unwrap().contains("taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_screen_sees_the_city_and_nothing_else() {
    let served = Served::new().await;
    let approver = served.person("Ada", Role::Approver, true).await;
    let csrf = served.csrf(&approver).await;
    let head = format!("{}{approver}", served.same_origin());
    let answer = served.post("/people", &head, &format!("csrf={csrf}&name=Lobby&role=wall-screen")).await;
    let text = answer.text();
    let at = text.find("/welcome/").unwrap();
    let path = text[at..].split('<').next().unwrap().to_owned();
    let (form, cookie) = served.form(&path).await;
    let answer =
        served.post(&path, &format!("{}{cookie}", served.same_origin()), &format!("form={form}")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/wall")));
    let set = answer.header("set-cookie").unwrap();
    assert!(set.contains("Max-Age=34560000"), "{set}");
    let wall = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
    assert_eq!(served.get("/wall", &wall).await.status, 200);
    assert_eq!(served.get("/", &wall).await.header("location"), Some("/wall"));
    for page in PAGES.iter().filter(|page| !matches!(**page, "/" | "/wall" | "/events" | "/sign-out")) {
        assert_eq!(served.get(page, &wall).await.status, 403, "{page}");
    }
    for path in API {
        assert_eq!(served.get(&format!("/api/v1{path}"), &wall).await.status, 403, "{path}");
    }
    // Its name opens nothing by passphrase.
    assert_eq!(served.sign_in("Lobby", "four words that fit", "/").await.status, 401);
    // Shut out, it is dark at once.
    let id = served.id("Lobby").await;
    served.post(&format!("/people/{id}"), &head, &format!("csrf={csrf}&disabled=on")).await;
    assert_eq!(served.get("/wall", &wall).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_the_api_until_it_is_revoked() {
    let served = Served::new().await;
    let approver = served.person("Ada", Role::Approver, false).await;
    let csrf = served.csrf(&approver).await;
    let json = "Content-Type: application/json\r\n";
    let head = format!("{}{approver}{json}X-CSRF-Token: {csrf}\r\n", served.same_origin());
    let me = served.id("Ada").await;
    let said = format!(r#"{{"name":"reports","person":{me},"role":"viewer"}}"#);
    let made = served.send("POST", "/api/v1/tokens", &head, &said).await.json();
    let bearer = format!("Authorization: Bearer {}\r\n", made["secret"].as_str().unwrap());
    assert_eq!(served.get("/api/v1/city", &bearer).await.json()["name"], "Averbourne");
    assert_eq!(served.get("/api/v1/people", &bearer).await.status, 403);
    assert_eq!(served.get("/", &bearer).await.status, 303, "a token opens no page");
    let nonsense = served.send("POST", "/api/v1/tokens", &head, r#"{"name":1}"#).await;
    assert_eq!((nonsense.status, nonsense.json()["status"].as_u64()), (422, Some(422)));
    assert_eq!(served.send("DELETE", "/api/v1/tokens/reports", &head, "").await.status, 200);
    assert_eq!(served.get("/api/v1/city", &bearer).await.status, 401);
    let log = served.log().await;
    assert!(log.contains("\"token-made\"") && log.contains("\"token-revoked\""));
    assert!(!log.contains(made["secret"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_of_the_api_has_the_form_that_is_described() {
    let served = Served::new().await;
    let document = served.get_locally("/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let lost = r#"{"lost":["site:data-centre"]}"#;
    let run = served.send_locally("POST", "/api/v1/recovery/runs", lost).await.json();
    let run = run["id"].as_str().unwrap();
    let known = intelligence::something(&served).await;
    let mut checked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let path = path
            .replace("{number}", "1")
            .replace("{key}", "gateway-core")
            .replace("{from}", "signals")
            .replace("{to}", "core")
            .replace("/recovery/plan", "/recovery/plan?lost=everything")
            .replace("/recovery/runs/{id}", &format!("/recovery/runs/{run}"))
            .replace("/hunts/{name}", "/hunts/s7-stop")
            .replace("/known/{id}", &format!("/known/{known}"))
            .replace("/services/{id}", "/services/telecare");
        let Some(schema) = operation.pointer("/responses/200/content/application~1json/schema") else {
            continue;
        };
        let answer = served.get_locally(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        schema::check(&document, schema, &answer.json(), &path);
        checked += 1;
    }
    assert!(checked >= 24, "{checked}");
    let findings = served.get_locally("/api/v1/findings?severity=critical&limit=2").await.json();
    let listed = findings["findings"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|finding| finding["severity"] == "critical"));
    assert!(findings["total"].as_u64().unwrap() >= 2);
    let wrong = served.get_locally("/api/v1/findings?limit=x").await;
    assert_eq!((wrong.status, wrong.json()["status"].as_u64()), (400, Some(400)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_for_our_own_user_and_speaks_the_same_api() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::new().await;
    let mode = std::fs::metadata(served.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(served.get_locally("/api/v1/health").await.json()["status"], "well");
    let all = served.get_locally("/api/v1/assets?limit=1000000").await.json();
    assert_eq!(all["assets"].as_array().unwrap().len() as u64, all["total"].as_u64().unwrap());
    let said = r#"{"name":"Zed","role":"approver"}"#;
    let made = served.send_locally("POST", "/api/v1/people", said).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(made.json()["link"].as_str().unwrap().starts_with("/welcome/"));
    assert!(served.log().await.contains("\"local\""));
    let adopted = served.send_locally("POST", "/api/v1/plan/adopt", "").await;
    assert_eq!(adopted.json()["version"], "0123");
    assert_eq!(served.adopted(), ["local"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_packets_is_sealed_before_they_are_given() {
    let served = Served::new().await;
    let cookie = served.person("Oli", Role::Viewer, true).await;
    assert_eq!(served.get("/findings/1/packets", &cookie).await.status, 404);
    assert!(!served.log().await.contains("packets-opened"));
    served.keep_packets(1);
    let answer = served.get("/findings/1/packets", &cookie).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"finding-1.pcap\""));
    assert_eq!(answer.body[..4], [0x4d, 0x3c, 0xb2, 0xa1]);
    let log = served.log().await;
    assert!(log.contains("packets-opened") && log.contains("\"Oli\""), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_or_too_much_is_refused_and_harms_nobody() {
    let served = Served::new().await;
    let long = format!("form={}", "a".repeat(70_000));
    assert_eq!(served.post("/sign-in", &served.same_origin(), &long).await.status, 413);
    let many: String = (0..80).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(served.get("/sign-in", &many).await.status, 431);
    assert!(served.get(&format!("/{}", "a".repeat(9_000)), "").await.status >= 400);
    assert!(served.raw("NONSENSE\r\n\r\n").await.status >= 400);
    let fine = served.get("/sign-in", "").await;
    assert_eq!(fine.status, 200);
    let deleted = served.send("DELETE", "/sign-in", &served.same_origin(), "").await;
    assert_eq!(deleted.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_pages_are_told_of_changes() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Viewer, false).await;
    let mut stream = served.stream("/events", &cookie).await;
    stream.wait_for("data: 1\n").await;
    served.change(7);
    stream.wait_for("event: change\ndata: 7\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_this_machine_only_tls_is_spoken() {
    let refused = Served::listening("0.0.0.0:0", None).await.err().unwrap();
    assert!(refused.contains("without TLS"), "{refused}");
    let missing = Served::listening("127.0.0.1:0", Some(("nowhere.pem", "nowhere.pem"))).await.err().unwrap();
    assert!(missing.contains("nowhere.pem"), "{missing}");
    let served = Served::listening("127.0.0.1:0", Some(("certificate.pem", "key.pem"))).await.unwrap();
    let answer = served.get_by_tls("console.averbourne.example", "/sign-in").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("strict-transport-security").is_some());
    assert!(answer.header("set-cookie").unwrap().contains("; Secure"));
    assert_eq!(served.get_by_tls("other.example", "/sign-in").await.status, 421);
    // Plain HTTP gets no answer that is HTTP.
    assert_eq!(served.raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_devices_say_of_themselves_is_text_and_never_markup() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Viewer, false).await;
    let answer: Answer = served.get("/assets?text=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", &cookie).await;
    assert!(!answer.text().contains("<script>alert"));
    let page = served.get("/assets/192.0.2.94", &cookie).await.text();
    assert!(page.contains("&#60;img src=x onerror=alert(1)&#62;") && !page.contains("<img"), "{page}");
    let value: Value = served.get_locally("/api/v1/assets/192.0.2.94").await.json();
    assert!(value["name"].as_str().unwrap().starts_with("<img"));
}

/// The rows of a list, each known by its time, ends and ports.
fn rows<'a>(list: &'a Value, name: &str) -> Vec<&'a Value> {
    list[name].as_array().unwrap().iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_and_requests_of_the_past_are_found_by_what_is_asked_of_them() {
    let served = Served::new().await;
    let get = async |path: &str| {
        let answer = served.get_locally(&format!("/api/v1{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    };
    // What went between two zones is what the matrix counted there.
    let cell = get("/matrix/office/water").await;
    let between = get("/conversations?from_zone=office&to_zone=water&limit=1000").await;
    let conversations = rows(&between, "conversations");
    assert_eq!(
        conversations.len() as u64,
        cell["allowed"].as_u64().unwrap() + cell["outside"].as_u64().unwrap()
    );
    assert!(conversations.len() >= 3, "{between}");
    let first = conversations[0];
    assert_eq!(
        (&first["kind"], &first["protocol"], &first["transport"]),
        (&"conversation".into(), &"modbus".into(), &"tcp".into())
    );
    assert_eq!(
        (&first["state"], &first["duration"], &first["packets_out"]),
        (&"SF".into(), &2.0.into(), &6.into())
    );
    assert!(first["community_id"].as_str().unwrap().starts_with("1:"));
    let times: Vec<&str> = conversations.iter().map(|row| row["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    // The laptop that scanned, by its address; by a protocol that it never spoke, nothing.
    let laptop = get("/conversations?address=192.0.2.94&limit=1000").await;
    assert_eq!(rows(&laptop, "conversations").len(), 60);
    assert!(rows(&laptop, "conversations").iter().all(|row| row["source"] == "192.0.2.94"));
    let none = get("/conversations?address=192.0.2.94&protocol=modbus").await;
    assert_eq!((rows(&none, "conversations").len(), &none["older"]), (0, &Value::Null));
    // Times: from one on, before another.
    let hour = get("/conversations?from=2026-11-23T12:00:00Z&to=2026-11-23T13:00:00Z&limit=1000").await;
    assert!(rows(&hour, "conversations").len() > 10, "{}", rows(&hour, "conversations").len());
    for row in rows(&hour, "conversations") {
        assert!(row["time"].as_str().unwrap().starts_with("2026-11-23T12:"), "{row}");
    }
    // Requests, by verb and all at once.
    let writes = get("/requests?from_zone=office&to_zone=water&protocol=modbus&verb=write").await;
    let writes = rows(&writes, "requests");
    assert_eq!(writes.len(), 3, "{writes:?}");
    for row in writes {
        assert_eq!((&row["verb"], &row["function"]), (&"write".into(), &"write-request".into()));
        assert_eq!((&row["target"], &row["outcome"]), (&"1/holding-register 40".into(), &"done".into()));
        assert_eq!((&row["kind"], &row["value"]), (&"request".into(), &Value::Null));
    }
    let outside = get("/conversations?from_zone=-&to_zone=-").await;
    assert_eq!(rows(&outside, "conversations").len(), 0, "{outside}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_given_in_parts_that_make_up_the_whole() {
    let served = Served::new().await;
    let get = async |path: String| served.get_locally(&format!("/api/v1{path}")).await.json();
    for (path, name) in [("/conversations", "conversations"), ("/requests", "requests")] {
        assert_eq!(rows(&get(path.to_owned()).await, name).len(), 100);
        assert_eq!(rows(&get(format!("{path}?limit=7")).await, name).len(), 7);
        let most = get(format!("{path}?limit=1000000")).await;
        assert!((990..=1_000).contains(&rows(&most, name).len()), "{}", rows(&most, name).len());
        let whole: Vec<Value> =
            rows(&get(format!("{path}?limit=300")).await, name).into_iter().cloned().collect();
        let (mut parts, mut to) = (Vec::new(), String::new());
        while parts.len() < whole.len() {
            let part = get(format!("{path}?limit=70{to}")).await;
            parts.extend(rows(&part, name).into_iter().cloned());
            to = format!("&to={}", part["older"].as_str().unwrap());
        }
        assert_eq!(parts[..whole.len()], whole, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_makes_no_sense_is_refused_in_words() {
    let served = Served::new().await;
    for (query, words) in [
        ("/conversations?from=yesterday", "`from` is a time"),
        ("/conversations?to=2026-13-01", "`to` is a time"),
        ("/conversations?address=gateway-core", "`address` is an IP or MAC address"),
        ("/conversations?from_zone=moon", "no zone `moon`"),
        ("/requests?to_zone=A%20b", "no zone `A b`"),
        ("/conversations?protocol=telepathy", "no protocol `telepathy`; there are"),
        ("/conversations?limit=all", "`limit` is a number"),
        ("/conversations?limit=-1", "`limit` is a number"),
        ("/conversations?verb=write", "no parameter `verb`; there are from, to, address"),
        ("/requests?verb=please", "no verb `please`; there are"),
        ("/requests?adress=192.0.2.94", "no parameter `adress`"),
    ] {
        let answer = served.get_locally(&format!("/api/v1{query}")).await;
        assert_eq!((answer.status, answer.json()["status"].as_u64()), (400, Some(400)), "{query}");
        assert!(answer.json()["error"].as_str().unwrap().contains(words), "{query}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_what_was_said_and_lead_to_what_was_said_before() {
    let served = Served::new().await;
    let cookie = served.person("Ada", Role::Viewer, false).await;
    let page = served.get("/zones/office/water", &cookie).await.text();
    assert!(page.contains("Opened, and closed by both ends. (SF)") && page.contains("2.000 s"), "{page}");
    assert!(page.contains(">1:"), "{page}");
    for (path, id) in [("/zones/signals/core", "pair-latest"), ("/assets/gateway-core", "asset-requests")] {
        let (mut path, mut pages) = (path.to_owned(), 0);
        loop {
            let page = served.get(&path, &cookie).await.text();
            assert_eq!(page.contains(&format!("id=\"{id}\" data-live")), pages == 0, "{path}");
            pages += 1;
            let Some(older) =
                page.split("<a class=\"button\" href=\"").find(|part| part.contains("rel=\"next\">Older"))
            else {
                break;
            };
            path = older.split('"').next().unwrap().replace("&#38;", "&");
        }
        assert!((2..100).contains(&pages), "{path}: {pages}");
    }
    assert_eq!(served.get("/zones/signals/core?before=noon", &cookie).await.status, 400);
}
