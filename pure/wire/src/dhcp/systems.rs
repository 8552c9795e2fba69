//! Which system a client runs, by the options that it asks for and their order.
//!
//! What a client asks for is written in its programme and changes seldom (option 55, RFC 2132 clause 9.8). Only lists
//! that one system is known for stand here; another list says nothing.

/// Lists of options, and whose they are.
const LISTS: &[(&[u8], &str)] = &[
    (&[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252], "Windows 10 or 11"),
    (&[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 121, 249, 252], "Windows 8 or 10"),
    (&[1, 15, 3, 6, 44, 46, 47, 31, 33, 121, 249, 252, 43], "Windows 7 or 8"),
    (&[1, 15, 3, 6, 44, 46, 47, 31, 33, 121, 249, 43], "Windows Vista or 7"),
    (&[1, 15, 3, 6, 44, 46, 47, 31, 33, 249, 43], "Windows XP or Server 2003"),
    (&[1, 15, 3, 6, 44, 46, 47, 31, 33, 43], "Windows 2000"),
    (&[1, 121, 3, 6, 15, 119, 252, 95, 44, 46], "macOS"),
    (&[1, 121, 3, 6, 15, 108, 114, 119, 252, 95, 44, 46], "macOS"),
    (&[1, 121, 3, 6, 15, 114, 119, 252, 95, 44, 46], "macOS"),
    (&[1, 121, 3, 6, 15, 119, 252], "iOS"),
    (&[1, 121, 3, 6, 15, 114, 119, 252], "iOS"),
    (&[1, 121, 3, 6, 15, 108, 114, 119, 252], "iOS"),
    (&[1, 3, 6, 15, 26, 28, 51, 58, 59, 43], "Android"),
    (&[1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114], "Android"),
    (&[1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108], "Android"),
    (&[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42], "Linux (ISC dhclient)"),
    (&[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42, 249, 33, 252], "Linux (ISC dhclient)"),
    (&[1, 3, 6, 12, 15, 28, 42], "Linux (BusyBox udhcpc)"),
    (&[1, 3, 6, 12, 15, 28, 40, 41, 42], "Linux (BusyBox udhcpc)"),
    (&[1, 3, 28, 6], "lwIP, as on microcontrollers"),
    (&[1, 3, 28, 6, 42], "lwIP, as on microcontrollers"),
];

/// The system that asks for such a list.
pub(super) fn system(list: &[u8]) -> Option<&'static str> {
    LISTS.iter().find(|(known, _)| *known == list).map(|(_, system)| *system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_options_tells_systems_apart() {
        assert_eq!(system(&[1, 3, 28, 6]), Some("lwIP, as on microcontrollers"));
        assert_eq!(system(&[1, 3, 6, 28]), None);
        let mut lists: Vec<_> = LISTS.iter().map(|(list, _)| list).collect();
        lists.sort();
        lists.dedup();
        assert_eq!(lists.len(), LISTS.len());
    }
}
