//! What `docs/firewalls.md` shows is what is written for the city of `docs/plan.md`.

use crate::{ListSettings, Policy, ios, junos};
use defend::segmentation::{Device, nftables::Settings};
use plan::{SourceFile, check};
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "the test reads the page")]
fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The examples in a language, in their order.
fn examples<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    page.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_page_shows_what_is_written() {
    let plan = page("plan.md");
    let files = [
        SourceFile::new("city.toml", examples(&plan, "toml")[0]),
        SourceFile::new("assets.csv", examples(&plan, "csv")[0]),
    ];
    let plan = check(&files).plan.unwrap();
    let policy = Policy::new(&plan);
    let address = "192.0.2.37".parse().unwrap();
    let page = page("firewalls.md");
    let written = [
        ios::compile(&policy, ListSettings::default()),
        junos::compile(&policy, ListSettings::default()),
        Device::Cisco.contain(&policy, address),
        Device::Juniper.contain(&policy, address),
    ];
    let shown = examples(&page, "text");
    assert_eq!(shown.len(), written.len());
    for (shown, written) in shown.iter().zip(&written) {
        for line in shown.lines() {
            assert!(written.lines().any(|known| known == line), "{line}\n{written}");
        }
    }
    let nft = Device::Nftables(Settings::default());
    let both = format!("{}{}", nft.contain(&policy, address), nft.release(&policy, address));
    assert_eq!(examples(&page, "sh"), [both]);
}
