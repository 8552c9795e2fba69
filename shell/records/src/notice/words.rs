//! Plain words: what a person reads first.

use super::{Kind, Notice};
use jiff::tz::TimeZone;

/// One sentence for everybody.
#[must_use]
pub fn sentence(notice: &Notice) -> String {
    let what = match notice.kind {
        Kind::Test => return notice.title.to_string(),
        Kind::Finding if notice.state == "graver" => "Graver than it was",
        Kind::Finding => notice.severity.as_str(),
        Kind::Incident | Kind::Response => notice.state.as_str(),
    };
    let services = notice.services.join(", ");
    let services = if services.is_empty() { String::new() } else { format!("; it bears on {services}") };
    let mut what = what.to_owned();
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{what}: {}{services}", notice.title)
}

/// A mail: its subject and its text. The first line says everything that somebody needs who reads no further.
#[must_use]
pub fn mail(notice: &Notice, zone: &TimeZone) -> (String, String) {
    let at = |time: jiff::Timestamp| time.to_zoned(zone.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string();
    let mark = if notice.kind == Kind::Test { "TEST" } else { notice.severity.as_str() };
    let subject = format!("[{}, {mark}] {}", notice.city, notice.title);
    let mut text = format!("{}.\n\n", sentence(notice).trim_end_matches('.'));
    if let Some(remedy) = &notice.remedy {
        text += &format!("What to do: {remedy}\n\n");
    }
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text += &format!("{name}: {value}\n");
        }
    };
    if notice.kind != Kind::Test {
        line(
            "What",
            format!("{} {} of {}, {}", notice.kind.as_str(), notice.number, notice.city, notice.state),
        );
        line("How grave", notice.severity.as_str().to_owned());
        line("First seen", at(notice.first));
        line("Last seen", format!("{}, {}", at(notice.last), times(notice.count)));
        line("Who sees to it", notice.owner.as_deref().unwrap_or_default().to_owned());
        line("Devices", notice.assets.join(", "));
        let ends = [notice.subject, notice.peer].into_iter().flatten().map(|address| address.to_string());
        line("Addresses", ends.collect::<Vec<_>>().join(" and "));
        line("Techniques of ATT&CK", notice.techniques.join(", "));
        for reason in &notice.reasons {
            line("Why", reason.to_string());
        }
    }
    text +=
        &format!("\nTold by Bastide, which watches {}. Number of this notice: {}\n", notice.city, notice.id);
    (subject, text)
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
