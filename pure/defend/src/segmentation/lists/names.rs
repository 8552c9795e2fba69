//! Names and remarks as devices take them.

use std::collections::BTreeSet;

/// The ending of a name that is for IPv6.
pub(crate) const V6: &str = "-V6";

/// Names that were given: each once, made of capital letters, digits and hyphens, and not too long.
#[derive(Debug)]
pub(crate) struct Names {
    longest: usize,
    taken: BTreeSet<String>,
}

impl Names {
    /// No name is given yet; none will be longer, in bytes.
    pub(crate) fn new(longest: usize) -> Names {
        Names { longest, taken: BTreeSet::new() }
    }

    /// The name nearest to what is wanted.
    pub(crate) fn take(&mut self, wanted: &str) -> String {
        self.take_with(wanted, &[""])
    }

    /// The name nearest to what is wanted which is free with each of two endings: for IPv4 none, for IPv6 [`V6`].
    pub(crate) fn take_both(&mut self, wanted: &str) -> String {
        self.take_with(wanted, &["", V6])
    }

    fn take_with(&mut self, wanted: &str, endings: &[&str]) -> String {
        let plain: String = wanted
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '-' })
            .collect();
        let longest = endings.iter().map(|ending| ending.len()).max().unwrap_or(0);
        for number in 1_u32.. {
            let counted = if number == 1 { String::new() } else { format!("-{number}") };
            let room = self.longest.saturating_sub(longest + counted.len());
            let start: String = plain.chars().take(room).collect();
            let name = format!("{}{counted}", start.trim_end_matches('-'));
            let names: Vec<String> = endings.iter().map(|ending| format!("{name}{ending}")).collect();
            if names.iter().all(|name| !self.taken.contains(name)) {
                self.taken.extend(names);
                return name;
            }
        }
        plain
    }
}

/// A text as a remark: printable ASCII in one line, not longer than that many bytes.
pub(crate) fn remark(text: &str, longest: usize) -> String {
    let mut plain: String = text
        .replace('…', "...")
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect();
    if plain.len() > longest {
        plain.truncate(longest.saturating_sub(3));
        plain.push_str("...");
    }
    plain
}

/// An interface's name, if it can stand in a line of its own.
pub(crate) fn interface(name: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | ':' | '-' | '_');
    (name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_stay_apart() {
        let mut names = Names::new(12);
        assert_eq!(names.take("FROM-signals"), "FROM-SIGNALS");
        assert_eq!(names.take("FROM-signals-north"), "FROM-SIGNA-2");
        assert_eq!(names.take("FROM-signals-south"), "FROM-SIGNA-3");
        assert_eq!(names.take("a b\n"), "A-B");
        assert_eq!(names.take_both("x"), "X");
        assert_eq!(names.take("x-v6"), "X-V6-2");
        assert_eq!(names.take("y-v6"), "Y-V6");
        assert_eq!(names.take_both("y"), "Y-2");
        assert_eq!(names.take_both("0123456789"), "012345678");
    }

    #[test]
    fn remarks_stay_on_their_line() {
        assert_eq!(remark("Café\nno shutdown", 99), "Caf??no shutdown");
        assert_eq!(remark("0123456789", 8), "01234...");
    }

    #[test]
    fn an_interface_is_one_word() {
        assert_eq!(interface("GigabitEthernet0/0.20"), Some("GigabitEthernet0/0.20"));
        for bad in ["", "vlan 20", "vlan20\nshutdown", "!", "20"] {
            assert_eq!(interface(bad), None, "{bad}");
        }
    }
}
