//! Giving up rights once the sockets are open: what reads hostile bytes should be able to do little else.

use crate::kernel;
use std::{fs, io};

/// Who the process becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Become {
    /// The user that it is, without its capabilities.
    Same,
    /// Another user, by name or number; only root can.
    User(String),
}

/// Why rights could not be given up.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// There is no such user.
    #[error(
        "there is no user `{0}` in /etc/passwd; name one that exists, or create it with `useradd --system`"
    )]
    NoSuchUser(String),
    /// The system refused.
    #[error("rights could not be given up: {0}")]
    Refused(#[from] io::Error),
    /// Another thread of the process still has rights.
    #[error(
        "{0} threads that were started before still have rights; rights are given up before threads are started"
    )]
    OtherThreads(usize),
}

/// Gives up every capability and, if asked, becomes another user, for good: no programme started later can regain
/// them.
///
/// The Linux kernel keeps capabilities by thread, so this belongs before other threads are started; it is checked that
/// none is left with any. Files that are to be written later must belong to the user the process becomes.
///
/// # Errors
///
/// If the user does not exist, the system refuses, or another thread keeps rights.
pub fn drop_privileges(to: &Become) -> Result<(), PrivilegeError> {
    if let Become::User(name) = to {
        let users = fs::read_to_string("/etc/passwd")?;
        let (user, group) =
            find_user(&users, name).ok_or_else(|| PrivilegeError::NoSuchUser(name.clone()))?;
        kernel::become_user(user, group)?;
    }
    kernel::drop_capabilities()?;
    match threads_with_capabilities()? {
        0 => Ok(()),
        threads => Err(PrivilegeError::OtherThreads(threads)),
    }
}

/// The numbers of a user and of its group, by the user's name or number: to give it the files it is to write later.
///
/// # Errors
///
/// If there is no such user in `/etc/passwd`, or that cannot be read.
pub fn user_numbers(user: &str) -> Result<(u32, u32), PrivilegeError> {
    let users = fs::read_to_string("/etc/passwd")?;
    find_user(&users, user).ok_or_else(|| PrivilegeError::NoSuchUser(user.to_owned()))
}

/// The user and group number of a user, by name or number, in the text of `/etc/passwd` (passwd(5)).
fn find_user(users: &str, wanted: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, user, group) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (name == wanted || user == wanted).then_some((user.parse().ok()?, group.parse().ok()?))
    })
}

/// How many threads of this process have a capability in effect or in reserve.
fn threads_with_capabilities() -> io::Result<usize> {
    let mut count = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread that ended meanwhile has none.
        let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        let sets =
            status.lines().filter_map(|line| line.strip_prefix("CapPrm:").or(line.strip_prefix("CapEff:")));
        if sets.map(str::trim).any(|set| set.bytes().any(|digit| digit != b'0')) {
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_name_or_number() {
        let users =
            "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65533::/nonexistent:/usr/sbin/nologin\nbroken\n";
        assert_eq!(find_user(users, "nobody"), Some((65_534, 65_533)));
        assert_eq!(find_user(users, "65534"), Some((65_534, 65_533)));
        assert_eq!(find_user(users, "broken"), None);
        assert_eq!(find_user(users, "bastide"), None);
    }
}
