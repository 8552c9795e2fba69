//! `smtp`: each mail, with its envelope and the headers that Suricata tells when asked for them. Bodies and what is
//! attached are not told.

use super::event::{Event, Object, Value, all, detail, is_true, number, plain};
use city::{Message, Text};

/// The event of a mail.
pub(super) fn event(message: &Message) -> Event {
    let details = &message.fields;
    let mut smtp = Object::default();
    smtp.plain("helo", details, "helo");
    let bracketed = |address: &str| -> Text { format!("<{}>", plain(address)).into() };
    smtp.maybe("mail_from", detail(details, "envelope-from").map(bracketed));
    let list = |key: &str, shown: fn(&str) -> Text| {
        all(details, key).map(|value| Value::Text(shown(value))).collect::<Vec<_>>()
    };
    let recipients = list("envelope-to", |address| format!("<{}>", plain(address)).into());
    if !recipients.is_empty() {
        smtp.put("rcpt_to", recipients);
    }
    let mut event = Event::by_sender("smtp", message, smtp);
    if is_true(details, "sent") {
        let mut email = Object::default();
        email.put("status", "PARSE_DONE");
        email.plain("from", details, "from");
        for key in ["to", "cc"] {
            let addresses = list(key, plain);
            if !addresses.is_empty() {
                email.put(key, addresses);
            }
        }
        for (name, key) in
            [("subject", "subject"), ("date", "date"), ("message_id", "message-id"), ("x_mailer", "agent")]
        {
            email.plain(name, details, key);
        }
        event.fields.put("email", email);
    }
    let mut fields = Object::default();
    fields.maybe("tx_id", number(details, "place"));
    fields.append(&event.fields);
    event.fields = fields;
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Address, Flow, Transport};
    use std::net::IpAddr;

    #[test]
    fn a_mail_has_its_envelope_and_its_headers() {
        let address = |text: &str| Address::Ip(text.parse::<IpAddr>().unwrap());
        let flow = Flow {
            source: address("192.0.2.1"),
            source_port: 50_000,
            destination: address("192.0.2.2"),
            destination_port: 25,
            transport: Transport::Tcp,
            protocol: None,
        };
        let pairs = [
            ("helo", "lock"),
            ("envelope-from", "keeper@example.org"),
            ("from", "Keeper <keeper@example.org>"),
            ("envelope-to", "desk@example.org"),
            ("to", "desk@example.org"),
            ("sent", "true"),
            ("place", "0"),
        ];
        let fields = pairs.map(|(name, value)| (name.into(), value.into())).into();
        let event = event(&Message { flow, back: false, log: "eve_smtp".into(), fields });
        assert_eq!(
            super::super::event::rendered(&event.fields),
            [
                r#"{"tx_id":0,"smtp":{"helo":"lock","mail_from":"<keeper@example.org>","#,
                r#""rcpt_to":["<desk@example.org>"]},"email":{"status":"PARSE_DONE","#,
                r#""from":"Keeper <keeper@example.org>","to":["desk@example.org"]}}"#,
            ]
            .concat()
        );
    }
}
