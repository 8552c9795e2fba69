//! The values of the table of who is told: where, in which form, of what.

use super::{
    Fault, Raw, Scalar, one_of,
    recovery::AbsolutePath,
    url::{PageUrl, Url, is_host, password_in},
};
use crate::diagnostic::Code;
use city::{Carrier, Matter, NoticeForm, Receiver, Text};
use serde_json::{Value, json};

impl Scalar for NoticeForm {
    const EXPECTED: &'static str = "a form such as `\"json\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &NoticeForm::ALL, NoticeForm::as_str, "a form")
    }

    fn schema() -> Value {
        json!({ "enum": NoticeForm::ALL.map(NoticeForm::as_str) })
    }
}

impl Scalar for Matter {
    const EXPECTED: &'static str = "what is told, such as `\"findings\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &Matter::ALL, Matter::as_str, "something that is told")
    }

    fn schema() -> Value {
        json!({ "enum": Matter::ALL.map(Matter::as_str) })
    }
}

impl Scalar for Receiver {
    const EXPECTED: &'static str = "where to tell it, such as `\"mail:duty@council.example?via=smtps://mail.council.example\"`, \
         `\"webhook:https://desk.council.example/bastide\"`, `\"syslog:tls://siem.council.example\"` or `\"file:/var/log/city.json\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = raw.want_text().map_err(|fault| vec![fault])?;
        if let Some(within) = password_in(text) {
            let why = "a secret stands in this address";
            let help = "put it into a file, and write `login` or `token` with `file:/etc/bastide/keys/…`";
            return Err(vec![Fault::new(Code::Secret, why).help(help).within(within).hidden()]);
        }
        let text = Text::read(raw)?;
        let fault =
            |why: &str| vec![Fault::new(Code::BadValue, why).help(format!("write {}", Self::EXPECTED))];
        match text.split_once(':') {
            Some(("mail", rest)) => mail(rest).map_err(|why| fault(&why)),
            Some(("webhook", url)) => PageUrl::read(Raw::Text(url)).map(|url| Receiver::Webhook(url.0)),
            Some(("syslog", url)) => {
                let carriers = [Carrier::Tls, Carrier::Tcp, Carrier::Udp];
                let url = Url::of(url)
                    .filter(|url| is_host(url.host) && url.user.is_empty() && matches!(url.path, "" | "/"));
                let url = url.ok_or_else(|| fault("this is not the address of a syslog server"))?;
                let carrier = carriers.into_iter().find(|carrier| carrier.as_str() == url.scheme);
                let carrier = carrier.ok_or_else(|| fault("syslog is carried by `tls`, `tcp` or `udp`"))?;
                Ok(Receiver::Syslog { carrier, server: url.host.into() })
            }
            Some(("file", path)) => AbsolutePath::read(Raw::Text(path)).map(|path| Receiver::File(path.0)),
            _ => Err(fault("this does not say how to tell it")),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "string",
            "pattern": "^(mail:[^?]+@[^?]+\\?.*via=smtps?://.+|webhook:https?://.+|syslog:(tls|tcp|udp)://.+|file:/.+)$",
            "examples": ["mail:duty@council.example?via=smtps://mail.council.example", "syslog:tls://siem.council.example"],
        })
    }
}

/// Whether a text is a mailbox that needs no quoting (RFC 5321, clause 4.1.2).
fn is_mailbox(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    text.rsplit_once('@').is_some_and(|(name, domain)| {
        (1..=64).contains(&name.len()) && name.chars().all(known) && !domain.contains(':') && is_host(domain)
    })
}

/// A receiver of mail: whose it is, and behind the question mark the server (`via`) and the sender (`from`).
fn mail(text: &str) -> Result<Receiver, String> {
    let (to, query) = text.split_once('?').ok_or("no mail server is given: write `?via=smtps://…`")?;
    let (mut from, mut via) = (None, None);
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("from", value)) => from = Some(value),
            Some(("via", value)) => via = Some(value),
            _ => return Err(format!("`{part}` is neither `via=` nor `from=`")),
        }
    }
    let via = via.and_then(Url::of).filter(|url| is_host(url.host) && matches!(url.path, "" | "/"));
    let via = via.filter(|url| url.user.is_empty() && matches!(url.scheme, "smtp" | "smtps"));
    let via = via.ok_or("the mail server is written `via=smtps://host` or `via=smtp://host:587`")?;
    let usual = to.rsplit_once('@').map(|(_, domain)| format!("bastide@{domain}")).unwrap_or_default();
    let from = from.map_or(usual, str::to_owned);
    if let Some(bad) = [to, &from].into_iter().find(|mailbox| !is_mailbox(mailbox)) {
        return Err(format!("`{bad}` is not a mail address"));
    }
    let implicit = via.scheme == "smtps";
    Ok(Receiver::Mail { to: to.into(), from: from.into(), server: via.host.into(), implicit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers() {
        for (text, full) in [
            (
                "mail:duty@council.example?via=smtp://mail.council.example:587",
                "mail:duty@council.example?from=bastide@council.example&via=smtp://mail.council.example:587",
            ),
            (
                "mail:duty@council.example?from=city@council.example&via=smtps://[2001:db8::25]",
                "mail:duty@council.example?from=city@council.example&via=smtps://[2001:db8::25]",
            ),
            ("webhook:https://desk.example/hook", "webhook:https://desk.example/hook"),
            ("syslog:tls://siem.example", "syslog:tls://siem.example"),
            ("syslog:udp://192.0.2.9:1514/", "syslog:udp://192.0.2.9:1514"),
            ("file:/var/log/city.json", "file:/var/log/city.json"),
        ] {
            let receiver = Receiver::read(Raw::Text(text)).unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(receiver.to_string(), full);
        }
        for bad in [
            "duty@council.example",
            "mail:duty@council.example",
            "mail:duty?via=smtp://mail.example",
            "mail:du ty@council.example?via=smtp://mail.example",
            "mail:duty@council.example?via=http://mail.example",
            "webhook:ftp://desk.example/",
            "syslog:quic://siem.example",
            "syslog:tls://siem.example/path",
            "file:relative",
        ] {
            assert!(Receiver::read(Raw::Text(bad)).is_err(), "{bad}");
        }
        let secret = Receiver::read(Raw::Text("webhook:https://desk.example/hook?token=hunter2"));
        assert!(secret.unwrap_err().iter().all(|fault| fault.code == Code::Secret && fault.hidden));
    }
}
