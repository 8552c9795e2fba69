//! From text to observations.

use super::parse::Signs;
use super::prompt::{Prompt, prompt, refuses};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::http::is_default;
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};

/// The longest line that is looked at; what is behind is passed over.
const LINE_MAX: usize = 256;

/// How far the first line of a welcome is believed.
const WELCOME_CONFIDENCE: u8 = 40;

/// A client and a server.
#[derive(Default)]
pub(super) struct Conversation {
    signs: Ends<Signs>,
    /// The line that the server is showing.
    shown: Vec<u8>,
    /// The line that the client is typing, if it was asked for.
    typed: Vec<u8>,
    /// What the client was asked for last.
    asked: Option<Prompt>,
    user: Option<Text>,
    /// A password was typed, and whether it is a maker's own; what the server makes of it is awaited.
    tried: Option<bool>,
    introduced: bool,
}

impl Conversation {
    fn server(&mut self, byte: u8, out: &mut Out<'_>) {
        match byte {
            b'\n' => {
                let line = std::mem::take(&mut self.shown);
                self.shown_line(&line, out);
            }
            b'\r' | 0 => {}
            byte if self.shown.len() < LINE_MAX => self.shown.push(byte),
            _ => {}
        }
    }

    /// A whole line of the server's.
    fn shown_line(&mut self, line: &[u8], out: &mut Out<'_>) {
        let has_words = line.iter().any(u8::is_ascii_alphanumeric);
        if !has_words {
            return;
        }
        if !std::mem::replace(&mut self.introduced, true) {
            let welcome = readable(line, VALUE_BYTES_MAX);
            out.identity(Side::Destination, Trait::Product, &welcome, "welcome", WELCOME_CONFIDENCE);
            out.identity(Side::Destination, Trait::Role, "Telnet server", "welcome", WELCOME_CONFIDENCE);
        }
        if self.tried.is_some() {
            let reply = if refuses(line) { Reply::Refused(Text::const_new("refused")) } else { Reply::Done };
            self.tell(reply, out);
        }
    }

    /// All that the server has said for now: perhaps a prompt.
    fn pause(&mut self, out: &mut Out<'_>) {
        if let Some(asked) = prompt(&self.shown) {
            self.introduced = true;
            // Whoever is asked again was not let in.
            self.tell(Reply::Refused(Text::const_new("asked again")), out);
            if self.asked != Some(asked) {
                self.typed.clear();
            }
            self.asked = Some(asked);
        }
    }

    fn client(&mut self, byte: u8) {
        let Some(asked) = self.asked else { return };
        match byte {
            b'\r' | b'\n' => {
                let typed = std::mem::take(&mut self.typed);
                self.asked = None;
                // A prompt that is answered is none any more.
                self.shown.clear();
                match asked {
                    Prompt::Name => self.user = Some(readable(typed.trim_ascii(), VALUE_BYTES_MAX)),
                    Prompt::Password => {
                        let user = self.user.as_deref().unwrap_or_default();
                        self.tried = Some(is_default(user, &String::from_utf8_lossy(&typed)));
                    }
                }
            }
            8 | 127 => {
                self.typed.pop();
            }
            byte if self.typed.len() < LINE_MAX => self.typed.push(byte),
            _ => {}
        }
    }

    /// Tells of a login for which a password was typed.
    fn tell(&mut self, reply: Reply, out: &mut Out<'_>) {
        let Some(is_default) = self.tried.take() else { return };
        let user = self.user.clone().unwrap_or_default();
        let words = format!("password typed, user name {user}");
        out.weakness(Side::Destination, WeaknessKind::CleartextCredentials, words.as_str());
        if is_default && reply == Reply::Done {
            out.weakness(Side::Destination, WeaknessKind::DefaultCredentials, words);
        }
        out.request(
            Side::Source,
            Asked {
                verb: Verb::Authenticate,
                function: Text::const_new("login"),
                target: Target::named(user),
                value: None,
                reply,
                details: Details::new(),
            },
        );
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        for byte in bytes {
            if let Some(text) = self.signs.of_mut(side).hear(*byte) {
                match side {
                    Side::Source => self.client(text),
                    Side::Destination => self.server(text, out),
                }
            }
        }
        if side == Side::Destination {
            self.pause(out);
        }
        Progress::Used(bytes.len())
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.signs.of_mut(side) = Signs::Text;
        // What is typed now may be anything: a password as well as a name.
        self.shown.clear();
        self.typed.clear();
        self.asked = None;
    }

    fn end(&mut self, out: &mut Out<'_>) {
        // A shell's prompt has no end of a line.
        let line = std::mem::take(&mut self.shown);
        self.shown_line(&line, out);
        self.tell(Reply::Missing, out);
    }
}
