//! Asks a running Bastide through its Unix socket, by the same HTTP API as the console.

use anyhow::{Context, bail};
use serde_json::Value;
use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// The socket's name in the state directory.
pub(crate) const NAME: &str = "socket";

/// The longest answer read: a bound against a process that is not ours.
const ANSWER_MAX: u64 = 1 << 30;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for a path. `None` if no process listens.
pub(crate) fn get(state: &Path, path: &str) -> anyhow::Result<Option<Value>> {
    send(state, "GET", path, None)
}

/// Sends a value to a path. `None` if no process listens.
pub(crate) fn post(state: &Path, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
    send(state, "POST", path, Some(body))
}

fn send(state: &Path, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Option<Value>> {
    let socket = state.join(NAME);
    let mut stream = match UnixStream::connect(&socket) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot reach the process at {}", socket.display()));
        }
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let body = body.map(Value::to_string).unwrap_or_default();
    // HTTP/1.0: the answer is neither chunked nor followed by another. In one piece, for whoever refuses at the first
    // lines hangs up, and what then is still to be read costs us the answer.
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).context("the running process broke off its answer")?;
    let (status, body) = split(&answer).context("the running process did not answer in HTTP")?;
    let value: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).context("the running process did not answer in JSON")?
    };
    match status {
        200..=299 => Ok(Some(value)),
        _ => match value.pointer("/error").and_then(Value::as_str) {
            Some(why) => bail!("the running process refused: {why}"),
            None => bail!("the running process refused with status {status}"),
        },
    }
}

/// The status and the body of an HTTP answer.
fn split(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.get(end + 4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_split_at_its_empty_line() {
        assert_eq!(split(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n[1]"), Some((200, b"[1]".as_slice())));
        assert_eq!(split(b"HTTP/1.1 404 Not Found\r\n\r\n"), Some((404, b"".as_slice())));
        for bad in ["", "HTTP/1.0 200 OK\r\n", "SSH-2.0-x\r\n\r\n"] {
            assert_eq!(split(bad.as_bytes()), None);
        }
    }

    #[test]
    fn nobody_at_home_is_no_error() {
        assert!(get(Path::new("/nonexistent/state"), "/api/v1/city").unwrap().is_none());
    }
}
