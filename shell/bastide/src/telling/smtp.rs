//! Mail to one server: as much of SMTP (RFC 5321) as it takes to hand over a text, with STARTTLS (RFC 3207) and a login
//! (RFC 4954, PLAIN of RFC 4616).

use super::line::{Line, host_and_port};
use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    io::{Read, Write},
    net::IpAddr,
};
use vault::Secret;

/// The most that a server says at once.
const ANSWER_MAX: usize = 16 * 1024;

/// A mail, and between whom.
pub(super) struct Mail<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// Head and body, with lines that end as they like.
    pub(super) text: &'a str,
}

/// A server that takes mail.
pub(super) struct Server {
    line: Line,
    /// What was read and not yet looked at.
    read: Vec<u8>,
}

impl Server {
    /// Connects, secures the connection, and logs in. A connection without TLS is only made to this very machine.
    pub(super) fn connect(
        server: &str,
        implicit: bool,
        authority: Option<&str>,
        login: Option<(&str, &Secret)>,
    ) -> anyhow::Result<Server> {
        let (host, port) = host_and_port(server, if implicit { 465 } else { 587 });
        let mut line = Line::open(host, port)?;
        if implicit {
            line = line.secure(host, authority)?;
        }
        let mut server = Server { line, read: Vec::new() };
        server.answer(220)?;
        let mut offered = server.ask("EHLO bastide", 250)?;
        if !server.line.is_hidden() {
            if offered.lines().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
                server.ask("STARTTLS", 220)?;
                // What came before the connection was secure is nobody's word (RFC 3207, clause 4.2).
                server.read.clear();
                let line = server.line.secure(host, authority)?;
                server = Server { line, read: Vec::new() };
                offered = server.ask("EHLO bastide", 250)?;
            } else if !is_local(host) {
                bail!("{host} offers no TLS, and mail does not go over an open line");
            }
        }
        if let Some((name, password)) = login {
            if !server.line.is_hidden() && !is_local(host) {
                bail!("a password does not go over an open line");
            }
            let plain = |line: &str| line.starts_with("AUTH ") && line.split(' ').any(|word| word == "PLAIN");
            if !offered.lines().any(|line| plain(&line.to_ascii_uppercase())) {
                bail!("{host} does not offer to log in with a password (AUTH PLAIN)");
            }
            let secret = BASE64_STANDARD.encode(format!("\0{name}\0{}", password.reveal()));
            server.ask(&format!("AUTH PLAIN {secret}"), 235).context("it takes neither name nor password")?;
        }
        Ok(server)
    }

    /// Hands over a mail: what the server says when it has it.
    pub(super) fn hand_over(&mut self, mail: &Mail<'_>) -> anyhow::Result<String> {
        self.ask(&format!("MAIL FROM:<{}>", mail.from), 250)?;
        self.ask(&format!("RCPT TO:<{}>", mail.to), 250)?;
        self.ask("DATA", 354)?;
        let mut data = String::with_capacity(mail.text.len() + 64);
        for line in mail.text.lines() {
            // Clause 4.5.2: a dot at the beginning is doubled.
            if line.starts_with('.') {
                data.push('.');
            }
            data.push_str(line);
            data.push_str("\r\n");
        }
        data.push('.');
        self.ask(&data, 250)
    }

    /// Takes leave.
    pub(super) fn leave(mut self) {
        // It has what it was given.
        let _ = self.ask("QUIT", 221);
    }

    fn ask(&mut self, command: &str, expected: u16) -> anyhow::Result<String> {
        self.line.write_all(format!("{command}\r\n").as_bytes())?;
        self.line.flush()?;
        self.answer(expected)
    }

    /// An answer's lines without their number, if the number is the one expected.
    fn answer(&mut self, expected: u16) -> anyhow::Result<String> {
        let mut text = String::new();
        let mut whole = 0;
        loop {
            while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let (number, rest) = line.split_at_checked(3).unwrap_or((&line, ""));
                let words = rest.get(1..).unwrap_or_default();
                text.push_str(words);
                whole += line.len();
                if rest.starts_with('-') {
                    text.push('\n');
                    continue;
                }
                return match number.parse::<u16>() {
                    Ok(found) if found == expected => Ok(text),
                    _ => bail!("the mail server says: {number} {text}"),
                };
            }
            if whole + self.read.len() > ANSWER_MAX {
                bail!("the mail server says more than anybody needs");
            }
            let mut piece = [0; 1024];
            match self.line.read(&mut piece)? {
                0 => bail!("the mail server hung up"),
                count => self.read.extend_from_slice(piece.get(..count).unwrap_or_default()),
            }
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
