//! A page of a program that is started on what was restored answers.

use super::in_place;
use crate::{
    isolation::{Place, Server},
    program::{self, Bounds, Input, Output},
};
use city::Text;
use std::{path::Path, time::Duration};

/// How long a program may take until its page answers.
const STARTING: Duration = Duration::from_secs(120);
/// How long one answer may take.
const ANSWERING: Duration = Duration::from_secs(10);
/// What is said of a page that does not answer.
const SILENT: &str = "it did not answer in time";
/// The most of a page that is read.
const PAGE_MAX: u64 = 4 << 20;

/// Starts a program in the place and asks for its page there, until it answers or the time is over. The program ends
/// with the place. Gives how many bytes the page has.
pub(crate) fn check_page(
    place: &Place,
    restored: &Path,
    start: &[Text],
    page: &str,
    contains: Option<&str>,
    bounds: Bounds,
) -> Result<u64, String> {
    let page = Page::parse(page)?;
    let (name, mut command) = in_place(place, restored, start)?;
    let mut server = Server::start(&name, &mut command).map_err(|error| error.to_string())?;
    let (mut last, mut answered) = ("it was never asked".to_owned(), false);
    let up = bounds.at_most(STARTING);
    let found = server.wait(up, || {
        let asked = page.ask(place, Bounds { bytes: PAGE_MAX, ..up.at_most(ANSWERING) });
        Ok(match asked.and_then(|answer| body(&answer).map(<[u8]>::to_vec)) {
            Ok(body) => Some(body),
            Err(why) => {
                // The last question is cut short by the time that is over; what was answered before says more.
                if why != SILENT || !answered {
                    answered = why != SILENT;
                    last = why;
                }
                None
            }
        })
    });
    let body = found.map_err(|why| format!("the page of `{name}`: {last}; {why}"))?;
    if let Some(text) = contains
        && !String::from_utf8_lossy(&body).contains(text)
    {
        return Err(format!("the page answers and does not contain `{text}`"));
    }
    Ok(body.len() as u64)
}

/// Where a page is.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    host: String,
    port: u16,
    path: String,
}

impl Page {
    fn parse(url: &str) -> Result<Page, String> {
        let wrong = |why: &str| format!("the page `{url}` cannot be asked for: {why}");
        let rest = url.strip_prefix("http://").ok_or_else(|| {
            wrong(
                "inside an isolated place only `http://` is spoken; nobody there can vouch for a certificate",
            )
        })?;
        let (server, path) =
            rest.find(['/', '?']).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, "/"));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| wrong("its port is not a number up to 65535"))?)
            }
            _ => (server, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(wrong("write it as `http://127.0.0.1:8080/health`"));
        }
        Ok(Page { host: host.to_owned(), port, path })
    }

    /// Asks for the page from within the place, by the shell's own `/dev/tcp` (`bash(1)`): so it needs no other program,
    /// and no process of ours goes in there.
    fn ask(&self, place: &Place, bounds: Bounds) -> Result<Vec<u8>, String> {
        const ASK: &str = r#"exec 3<>"/dev/tcp/$1/$2" && cat >&3 && exec cat <&3"#;
        let bash = program::need("bash", "bash").map_err(|error| error.to_string())?;
        let mut command = place.command(&bash).map_err(|error| error.to_string())?;
        command.args(["-c", ASK, "bash", &self.host, &self.port.to_string()]);
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        // In HTTP/1.0 an answer ends with its connection and has no chunks (RFC 1945, 7.2.2).
        let request = format!(
            "GET {} HTTP/1.0\r\nHost: {host}:{}\r\nUser-Agent: bastide\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.path, self.port
        );
        program::run("bash", &mut command, &Input::Bytes(request.as_bytes()), Output::Memory, bounds)
            .map(|ran| ran.printed)
            .map_err(|error| match error {
                program::ProgramError::Failed { .. } => "nobody answered".to_owned(),
                program::ProgramError::TooLong { .. } => SILENT.to_owned(),
                other => other.to_string(),
            })
    }
}

/// The body of an answer that is a success.
fn body(answer: &[u8]) -> Result<&[u8], String> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or("it answered no HTTP")?;
    let (head, body) = answer.split_at_checked(end).ok_or("it answered no HTTP")?;
    let head = String::from_utf8_lossy(head);
    let status = head.lines().next().unwrap_or_default();
    let mut words = status.split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    let code: u16 =
        words.next().and_then(|code| code.parse().ok()).filter(|_| is_http).ok_or("it answered no HTTP")?;
    if !(200..300).contains(&code) {
        return Err(format!("it answered {code}"));
    }
    Ok(body.strip_prefix(b"\r\n\r\n").unwrap_or(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_the_plan_writes_them() {
        let page = |host: &str, port, path: &str| Page { host: host.to_owned(), port, path: path.to_owned() };
        assert_eq!(
            Page::parse("http://127.0.0.1:8080/health?x=1").unwrap(),
            page("127.0.0.1", 8080, "/health?x=1")
        );
        assert_eq!(Page::parse("http://[::1]:80").unwrap(), page("::1", 80, "/"));
        assert_eq!(Page::parse("http://localhost").unwrap(), page("localhost", 80, "/"));
        for url in ["https://127.0.0.1/", "http:///x", "http://a:b/", "http://127.0.0.1/\r\nX: y"] {
            assert!(Page::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_a_success_is_an_answer() {
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nServer: a\r\n\r\nwell").unwrap(), b"well");
        assert_eq!(body(b"HTTP/1.0 503 Later\r\n\r\n").unwrap_err(), "it answered 503");
        assert!(body(b"SSH-2.0-x\r\n\r\n").is_err() && body(b"").is_err());
    }
}
