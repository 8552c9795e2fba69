//! MQTT, against Zeek's printed events, and its passwords; the logs are compared in [`crate::logs`], Suricata's events in
//! [`crate::eve`].

use crate::{
    cases::{self, Case},
    compare::Report,
    details::{all, detail, flag, row},
    reading,
};
use city::{Protocol, Request, WeaknessKind};

fn requests(case: &Case) -> Vec<Request> {
    let reading = reading::read(&case.capture);
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Mqtt)).cloned().collect()
}

#[test]
fn events_are_those_of_zeek() {
    let Some(cases) = cases::of("zeek", "mqtt") else { return cases::skipped(1, "events_are_those_of_zeek") };
    let mut report = Report::default();
    for case in &cases {
        let requests = requests(case);
        let Some(text) = case.text("out") else { continue };
        // Event, payload as far as it was kept, its length, and the whole payload's length.
        let lines = text.lines().filter_map(|line| line.strip_prefix("mqtt_publish, "));
        let mut expected = Vec::new();
        let mut ours = Vec::new();
        for (line, request) in lines.zip(requests.iter().filter(|request| request.function == "publish")) {
            let [length, kept, payload] = line.rsplitn(3, ", ").collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            expected.push(row([("payload", Some(payload)), ("length", Some(length))]));
            let kept: usize = kept.parse().unwrap();
            let payload = detail(request, "payload").and_then(|payload| payload.get(..kept));
            ours.push(row([("payload", payload), ("length", detail(request, "payload-length"))]));
        }
        report.compare("zeek mqtt events", &["payload", "length"], &expected, &ours);
    }
    report.hold("zeek mqtt events", 100.0, 100.0);
}

/// Every login with a password shows as a weakness, and the password nowhere.
#[test]
fn passwords_are_reported_and_never_kept() {
    let Some(cases) = cases::of("suricata-verify", "mqtt") else {
        return cases::skipped(31, "passwords_are_reported_and_never_kept");
    };
    let mut logins = 0;
    for case in &cases {
        let reading = reading::read(&case.capture);
        let requests = requests(case);
        let with_password = requests.iter().filter(|request| flag(request, "has-password")).count();
        let told = reading.weaknesses().filter(|weakness| {
            (weakness.protocol, weakness.kind) == (Protocol::Mqtt, WeaknessKind::CleartextCredentials)
        });
        assert_eq!(told.count(), with_password, "{}", case.name);
        for filter in case.filters() {
            let Some(password) = filter.matches.get("mqtt.connect.password") else { continue };
            for request in requests.iter().filter(|request| request.function == "connect") {
                // The word may stand within a client's name.
                let details = request
                    .details
                    .iter()
                    .filter(|(name, _)| name != "client-id" && !name.starts_with("has-"));
                assert!(details.clone().all(|(_, value)| !value.contains(password.as_str())), "{request:?}");
            }
            logins += 1;
        }
        assert!(requests.iter().all(|request| all(request, "password").next().is_none()));
    }
    assert!(logins > 0);
}
