//! Notices sent to one receiver.

use super::{
    line::{Line, PATIENCE, host_and_port, trusted},
    smtp::{Mail, Server},
};
use anyhow::{Context, bail};
use city::{Carrier, NoticeForm, Notify, NotifyId, Receiver};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use records::notice::{Notice, cef, mail, ocsf, sentence, syslog};
use sha2::Sha256;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::{ToSocketAddrs, UdpSocket},
    sync::Arc,
};
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};
use vault::Secret;

/// The longest datagram that is sent: what every receiver should take is 2048 bytes (RFC 5426, clause 3.2), what most take
/// is more.
const DATAGRAM_MAX: usize = 8_192;

/// The most that is read of what a webhook answers.
const ANSWER_MAX: u64 = 4_096;

/// What came of sending.
pub(crate) struct Sent {
    /// How many, of the first, the receiver has.
    pub(crate) count: usize,
    /// Why not more, if not all.
    pub(crate) failure: Option<String>,
}

/// Sends to one receiver.
pub(crate) struct Sender {
    notify: Notify,
    zone: TimeZone,
    /// What the receiver said last.
    pub(crate) answer: String,
}

impl Sender {
    pub(crate) fn new(notify: Notify, zone: TimeZone) -> Sender {
        Sender { notify, zone, answer: String::new() }
    }

    pub(super) fn id(&self) -> &NotifyId {
        &self.notify.id
    }

    /// Sends notices in their order, and stops at the first that the receiver does not take.
    pub(crate) fn send(&mut self, notices: &[Notice]) -> Sent {
        let mut count = 0;
        let failure = self.send_counted(notices, &mut count).err().map(|error| format!("{error:#}"));
        Sent { count, failure }
    }

    fn send_counted(&mut self, notices: &[Notice], count: &mut usize) -> anyhow::Result<()> {
        let authority = self.notify.authority.as_deref();
        match &self.notify.to {
            Receiver::Mail { to, from, server, implicit } => {
                let login = self.notify.login.as_ref().map(Secret::read_pair).transpose()?;
                let login = login.as_ref().map(|(name, password)| (name.as_str(), password));
                let mut server = Server::connect(server, *implicit, authority, login)?;
                for notice in notices {
                    let text = letter(notice, from, to, &self.zone);
                    self.answer = server.hand_over(&Mail { from, to, text: &text })?;
                    *count += 1;
                }
                server.leave();
            }
            Receiver::Webhook(url) => {
                let agent = agent(authority)?;
                for notice in notices {
                    self.answer = self.post(&agent, url, notice)?;
                    *count += 1;
                }
            }
            Receiver::Syslog { carrier: Carrier::Udp, server } => {
                let (host, port) = host_and_port(server, Carrier::Udp.port());
                let to = (host, port).to_socket_addrs()?.next();
                let to = to.with_context(|| format!("there is no host `{host}`"))?;
                let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
                for notice in notices {
                    let message = syslog(notice, self.notify.form, &hostname());
                    let bytes = message.as_bytes();
                    socket.send_to(bytes.get(..DATAGRAM_MAX).unwrap_or(bytes), to)?;
                    *count += 1;
                }
                "it was sent; nobody says whether a datagram arrives".clone_into(&mut self.answer);
            }
            Receiver::Syslog { carrier, server } => {
                let (host, port) = host_and_port(server, carrier.port());
                let mut line = Line::open(host, port)?;
                if *carrier == Carrier::Tls {
                    line = line.secure(host, authority)?;
                }
                let mut bytes = Vec::new();
                for notice in notices {
                    let message = syslog(notice, self.notify.form, &hostname());
                    bytes.extend_from_slice(format!("{} {message}", message.len()).as_bytes());
                }
                line.write_all(&bytes)?;
                line.finish().context("the receiver broke the connection")?;
                *count = notices.len();
                "it was read to its end".clone_into(&mut self.answer);
            }
            Receiver::File(path) => {
                let mut lines = String::new();
                for notice in notices {
                    lines += &self.written(notice);
                    lines.push('\n');
                }
                let file = OpenOptions::new().create(true).append(true).open(path.as_str());
                let mut file = file.with_context(|| format!("cannot write `{path}`"))?;
                file.write_all(lines.as_bytes())?;
                file.sync_data()?;
                *count = notices.len();
                "it was written".clone_into(&mut self.answer);
            }
        }
        Ok(())
    }

    /// A notice in the receiver's form.
    fn written(&self, notice: &Notice) -> String {
        match self.notify.form {
            NoticeForm::Text => sentence(notice),
            NoticeForm::Json => notice.json(),
            NoticeForm::Cef => cef(notice),
            NoticeForm::Ocsf => ocsf(notice),
        }
    }

    /// Posts a notice: what came back.
    fn post(&self, agent: &Agent, url: &str, notice: &Notice) -> anyhow::Result<String> {
        let body = self.written(notice);
        let kind = match self.notify.form {
            NoticeForm::Json | NoticeForm::Ocsf => "application/json",
            NoticeForm::Text | NoticeForm::Cef => "text/plain; charset=utf-8",
        };
        let mut request =
            agent.post(url).header("content-type", kind).header("bastide-id", notice.id.as_str());
        if let Some(token) = &self.notify.token {
            let token = Secret::read(token)?;
            request = request.header("bastide-signature", signature(token.reveal(), &body)?);
        }
        if let Some(login) = &self.notify.login {
            use base64::Engine;
            let (name, password) = Secret::read_pair(login)?;
            let pair = base64::prelude::BASE64_STANDARD.encode(format!("{name}:{}", password.reveal()));
            request = request.header("authorization", format!("Basic {pair}"));
        }
        let mut answer = request.send(&body).with_context(|| format!("{url} cannot be reached"))?;
        let said = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_string().unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        let said = format!("{} {said}", answer.status()).trim_end().to_owned();
        if !answer.status().is_success() {
            bail!("{url} answers {said}");
        }
        Ok(said)
    }
}

/// By what a webhook knows that a body comes from whoever has the secret: HMAC-SHA256 (RFC 2104) over the whole body.
fn signature(secret: &str, body: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(body.as_bytes());
    let code = mac.finalize().into_bytes();
    Ok(format!("sha256={}", code.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// A client that follows nobody elsewhere.
fn agent(authority: Option<&str>) -> anyhow::Result<Agent> {
    let roots: Vec<_> = trusted(authority)?.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .user_agent("bastide")
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::Specific(Arc::new(roots)))
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .build(),
        )
        .build();
    Ok(config.into())
}

/// A mail with its head (RFC 5322). What is not ASCII in the subject is encoded (RFC 2047); the body is sent as it is in
/// Base64, which every server takes.
fn letter(notice: &Notice, from: &str, to: &str, zone: &TimeZone) -> String {
    use base64::Engine;
    let (subject, text) = mail(notice, zone);
    let encoded: Vec<String> = pieces(&subject)
        .map(|piece| format!("=?UTF-8?B?{}?=", base64::prelude::BASE64_STANDARD.encode(piece)))
        .collect();
    let body = base64::prelude::BASE64_STANDARD.encode(text);
    let mut lines = Vec::new();
    let mut rest = body.as_str();
    while let Some((line, more)) = rest.split_at_checked(76) {
        lines.push(line);
        rest = more;
    }
    lines.push(rest);
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    // A mail that comes a second time has the same number, by which many programs show it once.
    format!(
        "From: Bastide <{from}>\nTo: <{to}>\nSubject: {}\nDate: {}\nMessage-ID: <{}.{}@{domain}>\nMIME-Version: 1.0\n\
         Auto-Submitted: auto-generated\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n",
        encoded.join("\n "),
        Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000"),
        notice.id,
        notice.time.as_second(),
        lines.join("\n"),
    )
}

/// Pieces that are each short enough for one encoded word (75 characters).
fn pieces(text: &str) -> impl Iterator<Item = String> {
    let mut pieces = vec![String::new()];
    for c in text.chars().filter(|c| !c.is_control()) {
        if pieces.last().is_some_and(|piece| piece.len() + c.len_utf8() > 42) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces.into_iter()
}

/// This machine's name.
fn hostname() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}
