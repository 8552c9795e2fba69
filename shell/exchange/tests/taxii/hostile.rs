//! Servers that mean harm, read by our client: it ends in time, keeps what is good, and says what was wrong.

use crate::support::*;
use adapt::stix::Document;
use city::DoubtKind;
use exchange::client::{Client, Fault, Limits, Poll, Resume, Stop, Taken};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Answers a request for objects: how often it was asked before, the request, and where the answer goes.
type Answer = dyn Fn(usize, &str, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// Serves a collection whose objects are as somebody means them to be.
fn server(
    answer: impl Fn(usize, &str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, asked): (Arc<Answer>, _) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming().take(1_000) {
            let (mut stream, answer, asked) = (stream.unwrap(), answer.clone(), asked.clone());
            thread::spawn(move || {
                let mut request = Vec::new();
                let mut buffer = [0; 4_096];
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(count) => request.extend_from_slice(&buffer[..count]),
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                // The other end may be gone before it has everything; that is what is tried.
                let _ = if request.contains("/objects/") {
                    answer(asked.fetch_add(1, Ordering::SeqCst), &request, &mut stream)
                } else {
                    let body = json!({"id": COLLECTION, "title": "a", "can_read": true, "can_write": false});
                    say(&mut stream, "", &body.to_string())
                };
            });
        }
    });
    format!("http://{address}/api/collections/{COLLECTION}/")
}

fn say(stream: &mut TcpStream, headers: &str, body: &str) -> std::io::Result<()> {
    let media = if headers.contains("Content-Type") {
        ""
    } else {
        "Content-Type: application/taxii+json;version=2.1\r\n"
    };
    let status = if headers.contains("Location") { "302 Found" } else { "200 OK" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{media}{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn dates(first: &str, last: &str) -> String {
    format!("X-TAXII-Date-Added-First: {first}\r\nX-TAXII-Date-Added-Last: {last}\r\n")
}

fn good(number: u32) -> Value {
    indicator(number, "2026-01-02T00:00:00.000Z", Some(GREEN), "good")
}

fn page(objects: &[Value], next: Option<String>) -> String {
    let mut page = json!({"objects": objects});
    if let Some(next) = next {
        page["more"] = json!(true);
        page["next"] = json!(next);
    }
    page.to_string()
}

/// Polls with room for a megabyte and 20 pages; what came, and all that was handed on.
fn poll(url: &str, from: &Resume) -> (Poll, Vec<Value>) {
    let limits = Limits {
        page_bytes: 4 << 20,
        page_time: Duration::from_secs(2),
        pages: 20,
        time: Duration::from_secs(20),
        ..Limits::default()
    };
    let client = Client::new(url, Some("we:secret-of-ours-only"), None, limits).unwrap();
    let collections = client.collections().unwrap();
    let mut kept = Vec::new();
    let begin = Instant::now();
    let poll = client.poll(&collections[0], from, |documents: &[Document]| {
        kept.extend(documents.iter().map(|document| document.value().clone()));
        Ok::<_, Infallible>(Taken { new: documents.len() as u64, ..Taken::default() })
    });
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    (poll.unwrap(), kept)
}

#[test]
fn pages_without_end_end() {
    let endless = server(|_, _, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/taxii+json;version=2.1\r\n\r\n{{\"objects\":["
        )?;
        let entries = "{},".repeat(10_000);
        loop {
            stream.write_all(entries.as_bytes())?;
        }
    });
    let (told, kept) = poll(&endless, &Resume::default());
    assert!(matches!(told.stopped, Some(Stop::Fault(Fault::TooLarge { .. }))) && kept.is_empty(), "{told:?}");
    assert_eq!(told.doubts[0].kind, DoubtKind::TooLarge);

    let dripping = server(|_, _, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/taxii+json;version=2.1\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            thread::sleep(Duration::from_millis(50));
        }
    });
    let (told, _) = poll(&dripping, &Resume::default());
    assert!(matches!(told.stopped, Some(Stop::Fault(Fault::Unreachable { .. }))), "{told:?}");

    let more = server(|asked, _, stream| {
        let day = format!("2026-01-01T00:00:00.{asked:06}Z");
        say(stream, &dates(&day, &day), &page(&[good(asked as u32)], Some(asked.to_string())))
    });
    let (told, kept) = poll(&more, &Resume::default());
    assert_eq!((told.stopped, told.pages, kept.len()), (Some(Stop::Enough), 20, 20));
    assert_eq!(
        told.resume.added_after,
        Some("2026-01-01T00:00:00.000019Z".parse().unwrap()),
        "it goes on from there"
    );

    let circle = server(|asked, _, stream| {
        let day = "2026-01-01T00:00:00.000001Z";
        say(stream, &dates(day, day), &page(&[good(1)], Some((asked % 2).to_string())))
    });
    let (told, _) = poll(&circle, &Resume::default());
    assert_eq!((told.stopped, told.pages), (Some(Stop::Repeated), 3));
    let nothing = server(|asked, _, stream| say(stream, "", &page(&[], Some(asked.to_string()))));
    assert_eq!(poll(&nothing, &Resume::default()).0.stopped, Some(Stop::Empty));
}

#[test]
fn times_that_lie_neither_skip_nor_loop() {
    let from = Resume { added_after: Some("2026-02-01T00:00:00Z".parse().unwrap()), next: None };
    for (first, last) in [
        ("2026-03-01T00:00:00Z", "2999-01-01T00:00:00Z"),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("the other day", "yesterday"),
    ] {
        let lying = server(move |asked, request, stream| {
            assert!(request.contains("added_after=2026-02-01T00:00:00.000Z"), "{request}");
            say(
                stream,
                &dates(first, last),
                &page(&[good(asked as u32)], (asked < 2).then(|| asked.to_string())),
            )
        });
        let (told, kept) = poll(&lying, &from);
        assert_eq!((told.stopped, kept.len(), &told.resume), (None, 3, &from), "{last}");
        assert_eq!((told.doubts.len(), told.doubts[0].kind), (1, DoubtKind::WrongTime), "{last}");
    }
}

#[test]
fn what_is_no_intelligence_is_named_and_the_rest_is_kept() {
    let mixed = server(|_, _, stream| {
        let mut large = good(2);
        large["description"] = json!("a".repeat(2 << 20));
        let mut deep = good(3);
        deep["x_deep"] = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let mut pattern = good(4);
        pattern["pattern"] = json!("[a");
        let strange = json!({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": [good(6)]});
        let day = "2026-01-01T00:00:00.000001Z";
        say(stream, &dates(day, day), &page(&[good(1), pattern, strange, json!(5), large, deep], None))
    });
    let (told, kept) = poll(&mixed, &Resume::default());
    // Size and depth are for the store to judge, which is handed them.
    assert_eq!((told.refused, told.stopped, kept.len()), (3, None, 3), "{:?}", told.why);
    assert_eq!(kept[0], good(1));
    let served = Served::new(false);
    let outcome = served.add(&kept, COLLECTION, store::intelligence::Audience::Everybody);
    use store::intelligence::{Added, Refused};
    assert!(matches!(outcome[0], Added::New { .. }));
    assert_eq!(outcome[1..], [Added::Refused(Refused::Large), Added::Refused(Refused::Deep)]);

    let malformed = |body: String| {
        let (told, kept) = poll(&server(move |_, _, stream| say(stream, "", &body)), &Resume::default());
        assert!(
            matches!(told.stopped, Some(Stop::Fault(Fault::Unreadable { .. }))) && kept.is_empty(),
            "{told:?}"
        );
        assert_eq!(told.doubts[0].kind, DoubtKind::Malformed);
    };
    malformed("[".repeat(1 << 20));
    malformed(format!("{{\"objects\":{}1{}}}", "[".repeat(200), "]".repeat(200)));
    malformed(format!("{{\"objects\":[{}1]}}", "1,".repeat(2_000_001)));
    malformed("{\"objects\":[],\"objects\":[]}".to_owned());
    malformed("{\"objects\":{}}".to_owned());

    let answer = |headers: &'static str, body: &'static str| {
        poll(&server(move |_, _, stream| say(stream, headers, body)), &Resume::default()).0.stopped
    };
    let other = answer("Content-Type: text/html\r\n", "<html></html>");
    assert!(matches!(other, Some(Stop::Fault(Fault::Other { .. }))), "{other:?}");
    let packed = answer("Content-Encoding: gzip\r\n", "\u{1f}");
    assert!(matches!(packed, Some(Stop::Fault(Fault::TooLarge { .. }))), "{packed:?}");
    let old = answer("Content-Type: application/vnd.oasis.taxii+json; version=2.0\r\n", "{}");
    assert!(matches!(old, Some(Stop::Fault(Fault::Old { .. }))), "{old:?}");
}

#[test]
fn a_login_goes_nowhere_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let elsewhere = format!("Location: http://{}/objects/\r\n", listener.local_addr().unwrap());
    let leading = server(move |_, request, stream| {
        assert!(
            request.contains("authorization: Basic") || request.contains("Authorization: Basic"),
            "{request}"
        );
        say(stream, &elsewhere, "")
    });
    let (told, _) = poll(&leading, &Resume::default());
    assert!(matches!(told.stopped, Some(Stop::Fault(Fault::Elsewhere { .. }))), "{told:?}");
    assert!(listener.accept().is_err(), "nobody called there");
    let round = server(|_, _, stream| say(stream, "Location: /api/objects/\r\n", ""));
    let (told, _) = poll(&round, &Resume::default());
    assert!(matches!(told.stopped, Some(Stop::Fault(Fault::Other { .. }))), "{told:?}");
}
