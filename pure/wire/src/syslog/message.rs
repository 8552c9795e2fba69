//! What the standards say: facilities and severities (RFC 5424 clause 6.2.1), by the names that Zeek has for them.

/// The name of a facility.
pub(super) fn facility(priority: u8) -> &'static str {
    const NAMES: [&str; 24] = [
        "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
        "NTP", "AUDIT", "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5",
        "LOCAL6", "LOCAL7",
    ];
    NAMES.get(usize::from(priority / 8)).copied().unwrap_or("UNSPECIFIED")
}

/// The name of a severity.
pub(super) fn severity(priority: u8) -> &'static str {
    const NAMES: [&str; 8] = ["EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];
    NAMES.get(usize::from(priority % 8)).copied().unwrap_or("UNSPECIFIED")
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// Facility and severity, up to 191.
    pub(super) priority: u8,
    /// What is behind it.
    pub(super) text: &'a [u8],
}

impl<'a> Message<'a> {
    /// Whether a date (RFC 3164 clause 4.1.2) or a version (RFC 5424 clause 6.2.2) follows the priority.
    pub(super) fn is_dated(&self) -> bool {
        const MONTHS: [&[u8]; 12] = [
            b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ",
            b"Nov ", b"Dec ",
        ];
        self.text.starts_with(b"1 ") || MONTHS.iter().any(|month| self.text.starts_with(month))
    }

    /// The name that the sender gives itself.
    pub(super) fn host(&self) -> Option<&'a [u8]> {
        if !self.is_dated() {
            return None;
        }
        let mut words = self.text.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        // Version and time; or month, day and time.
        let before = if self.text.starts_with(b"1 ") { 2 } else { 3 };
        let name = words.nth(before)?;
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(byte));
        // `-` is no name, and a programme ends with a colon.
        (is_name && name.first()?.is_ascii_alphanumeric() && !name.ends_with(b":")).then_some(name)
    }
}
