//! DHCP, against Suricata's dhcp events; dhcp.log is compared in [`crate::logs`].

use crate::{
    cases,
    compare::{Report, Tally},
    details::all as details,
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};

/// How many filters over dhcp events there are.
const FILTERS: usize = 4;

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Dhcp))
}

#[test]
fn dhcp_is_that_of_suricata() {
    let Some(cases) = cases::all() else { return cases::skipped(FILTERS, "dhcp_is_that_of_suricata") };
    let mut report = Report::default();
    for case in &cases {
        let filters = case.filters();
        for filter in filters.iter().filter(|filter| filter.event() == "dhcp") {
            let reading = reading::read(&case.capture);
            let events: Vec<Row> = requests(&reading)
                .map(|request| {
                    let mut event = Row::from([
                        ("event_type".to_owned(), "dhcp".to_owned()),
                        ("dhcp.dhcp_type".to_owned(), request.function.to_string()),
                    ]);
                    for (field, key) in [("dns_servers", "name-server"), ("routers", "router")] {
                        for (index, address) in details(request, key).enumerate() {
                            event.insert(format!("dhcp.{field}[{index}]"), address.to_owned());
                        }
                    }
                    event
                })
                .collect();
            let found = events.iter().filter(|event| filter.accepts(event, &["pcap_cnt"])).count();
            let both = usize::from(found == filter.count);
            if both == 0 {
                println!(
                    "{}: {found} of {}: {:?}",
                    case.name,
                    filter.count,
                    filter.difference(&events, &["pcap_cnt"])
                );
            }
            report.add("suricata dhcp", Tally { expected: 1, ours: 1, both });
        }
    }
    assert_eq!(report.tally("suricata dhcp").expected, FILTERS);
    report.hold("suricata dhcp", 100.0, 100.0);
}
