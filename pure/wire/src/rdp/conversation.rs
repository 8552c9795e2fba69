//! Follows a connection until it is encrypted or its settings are agreed.

use super::message::{self, Choice, Client, Server};
use super::{event, layouts, parse};
use crate::cotp::{self, Code, Found};
use crate::dialogue::{Asked, Dialogue, Fields, Out, Progress, Side};
use crate::inner::Inner;
use crate::show::{VALUE_BYTES_MAX, cut, escaped};
use crate::tls;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One client and one server.
#[derive(Default)]
struct Conversation {
    client: Option<Side>,
    cookie: Option<Text>,
    choice: Option<Choice>,
    settings: Option<Client>,
    answer: Option<Server>,
    /// What follows a choice of TLS.
    tls: Option<Inner>,
    told: bool,
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if let Some(tls) = &mut self.tls {
            return tls.stream(side, bytes, out);
        }
        let mut used = 0;
        loop {
            if self.told {
                // The settings are agreed; what follows is encrypted or of no interest here. TLS begins anew.
                return Progress::Used(if self.tls.is_some() { used } else { bytes.len() });
            }
            match cotp::parse_packet(bytes.get(used..).unwrap_or_default()) {
                Found::More => return Progress::Used(used),
                Found::Nothing if self.client.is_none() => return Progress::Lost,
                Found::Nothing => return Progress::Used(bytes.len()),
                Found::Packet(tpdu, length) => {
                    self.packet(side, &tpdu, out);
                    used += length;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        match &mut self.tls {
            Some(tls) => tls.gap(side, missing, out),
            // What is left of a packet cannot be told from a whole one; the settings are lost.
            None => self.tell(out),
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.tell(out);
        if let Some(tls) = &mut self.tls {
            tls.end(out);
        }
    }
}

impl Conversation {
    fn packet(&mut self, side: Side, tpdu: &cotp::Tpdu<'_>, out: &mut Out<'_>) {
        if out.wants_events() {
            event::tell(side, tpdu, out);
        }
        match tpdu.code {
            Code::CONNECTION_REQUEST => {
                self.client = Some(side);
                if let Some(request) = parse::parse_request(tpdu.variable()) {
                    self.cookie = Some(escaped(request.cookie, 256));
                }
            }
            Code::CONNECTION_CONFIRM => {
                let client = *self.client.get_or_insert(side.other());
                let choice = parse::parse_choice(tpdu.variable());
                self.choice = Some(choice);
                out.identity(client.other(), Trait::Role, "remote desktop", "RDP connection confirm", 80);
                if let Choice::Security(1..) = choice {
                    self.tls = Some(Inner::open(&tls::READER));
                    self.tell(out);
                }
            }
            Code::DATA => {
                if let Some(client) = parse::parse_client(tpdu.data) {
                    self.client = Some(side);
                    if let Some(core) = &client.core {
                        out.identity(side, Trait::Name, &core.name, "RDP client name", 70);
                    }
                    self.settings = Some(client);
                } else if let Some(server) = parse::parse_server(tpdu.data) {
                    self.client.get_or_insert(side.other());
                    self.answer = Some(server);
                    self.tell(out);
                }
            }
            _ => {}
        }
    }

    /// Tells of the connection, once.
    fn tell(&mut self, out: &mut Out<'_>) {
        let Some(client) = self.client.filter(|_| !self.told) else { return };
        self.told = true;
        out.message(client, "rdp", |fields| self.row(fields));
        let security = match self.choice {
            Some(Choice::Security(number)) => Some(message::security(number)),
            Some(Choice::None) => Some(message::security(0)),
            _ => None,
        };
        let reply = match (self.choice, &self.answer) {
            (Some(Choice::Refused(code)), _) => Reply::Refused(message::failure(code)),
            (_, Some(Server { result: Some(result @ 1..), .. })) => Reply::Refused(message::result(*result)),
            (None, None) => Reply::Missing,
            _ => Reply::Done,
        };
        if let (Some(Choice::None | Choice::Security(0)), Reply::Done) = (self.choice, &reply) {
            let encryption = self.answer.as_ref().and_then(|answer| answer.encryption);
            let detail = match encryption {
                Some((method, _)) => format_compact!("RDP's own security layer, {}", message::method(method)),
                None => Text::const_new("RDP's own security layer"),
            };
            out.weakness(client.other(), WeaknessKind::ObsoleteProtocol, detail);
        }
        let mut details = Details::new();
        if out.wants_details() {
            let chain = self.answer.iter().flat_map(|answer| &answer.chain);
            chain.for_each(|certificate| certificate.put("server", &mut details));
        }
        out.request(
            client,
            Asked {
                verb: Verb::Authenticate,
                function: Text::const_new("connect"),
                target: Target::named(
                    self.cookie.as_deref().map(|cookie| cut(cookie, VALUE_BYTES_MAX)).unwrap_or_default(),
                ),
                value: security,
                reply,
                details,
            },
        );
    }

    /// The row in the field's log.
    fn row(&self, fields: &mut Fields) {
        if let Some(cookie) = &self.cookie {
            fields.put("cookie", cookie.clone());
        }
        match (self.choice, self.answer.as_ref().and_then(|answer| answer.result)) {
            (Some(Choice::Refused(code)), _) => fields.put("result", message::failure(code)),
            (Some(Choice::Security(1..)), _) => fields.put("result", "encrypted"),
            (_, Some(result)) => fields.put("result", message::result(result)),
            _ => {}
        }
        if let Some(Choice::Security(number)) = self.choice {
            fields.put("security_protocol", message::security(number));
        }
        if let Some(settings) = &self.settings {
            if !settings.channels.is_empty() {
                fields.list("client_channels", settings.channels.iter().cloned());
            }
            if let Some(core) = &settings.core {
                fields.put("keyboard_layout", layouts::name(core.layout));
                fields.put("client_build", message::build(core.build));
                fields.put("client_name", core.name.clone());
                fields.put("client_dig_product_id", core.product.clone().unwrap_or_default());
                fields.show("desktop_width", core.width);
                fields.show("desktop_height", core.height);
                match core.depth {
                    _ if core.wants_32 => fields.put("requested_color_depth", "32bit"),
                    Some(bits) => fields.put("requested_color_depth", format_compact!("{bits}bit")),
                    None => {}
                }
            }
        }
        let certificate = self.answer.as_ref().and_then(|answer| answer.certificate);
        if let Some(certificate) = certificate {
            match certificate.version {
                1 => fields.put("cert_type", "RSA"),
                2 => fields.put("cert_type", "X.509"),
                _ => {}
            }
            fields.flag("cert_permanent", certificate.is_permanent);
        }
        fields.show("cert_count", certificate.map_or(0, |certificate| certificate.count));
        if let Some((method, level)) = self.answer.as_ref().and_then(|answer| answer.encryption) {
            fields.put("encryption_level", message::level(level));
            fields.put("encryption_method", message::method(method));
        }
    }
}
