//! `rdp`: each step of a connection until it is encrypted or its settings are agreed. TLS within it is a step too, and
//! no event of its own.

use super::event::{Event, Object, Value, all, detail, number};
use city::{Details, Message, Request};

/// The event of a step, the so manieth of its conversation.
pub(super) fn event(message: &Message, place: u64) -> Event {
    let fields = &message.fields;
    let step = detail(fields, "step").unwrap_or_default();
    let mut body = begin(place, step);
    match step {
        "initial_request" => {
            body.plain("cookie", fields, "cookie");
            put_list(&mut body, "flags", named(number(fields, "flags"), REQUEST_FLAGS));
        }
        "initial_response" => response(&mut body, fields),
        "connect_request" => {
            body.put("client", client(fields));
            let channels = all(fields, "channel").map(|name| Value::Text(super::event::plain(name)));
            put_list(&mut body, "channels", channels.collect());
        }
        _ => {}
    }
    Event::by_sender("rdp", message, body)
}

/// The event of a handshake of TLS within RDP, if certificates were seen in it.
pub(super) fn handshake(request: &Request, place: u64) -> Option<Event> {
    let serials = all(&request.details, "certificate-serial").map(str::to_ascii_lowercase);
    let serials: Vec<Value> = serials.map(Value::from).collect();
    if serials.is_empty() {
        return None;
    }
    let mut body = begin(place, "tls_handshake");
    body.put("x509_serials", serials);
    let mut event = Event::of("rdp", request, body);
    // The certificate is what the server says.
    event.flow = event.flow.reversed();
    Some(event)
}

fn begin(place: u64, step: &str) -> Object {
    let mut body = Object::default();
    body.put("tx_id", place);
    body.put("event_type", step);
    body
}

/// What a client asks for (MS-RDPBCGR clause 2.2.1.1.1).
const REQUEST_FLAGS: &[(u64, &str)] = &[
    (0x01, "restricted_admin_mode_required"),
    (0x02, "redirected_authentication_mode_required"),
    (0x08, "correlation_info_present"),
];

/// What a server can do (clause 2.2.1.2.1).
const RESPONSE_FLAGS: &[(u64, &str)] = &[
    (0x01, "extended_client_data"),
    (0x02, "dynvc_gfx"),
    (0x08, "restricted_admin"),
    (0x10, "redirected_authentication"),
];

/// What a client can do (clause 2.2.1.3.2).
const CAPABILITIES: &[(u64, &str)] = &[
    (0x001, "support_errinfo_pdf"),
    (0x002, "want_32bpp_session"),
    (0x004, "support_statusinfo_pdu"),
    (0x008, "strong_asymmetric_keys"),
    (0x020, "valid_connection_type"),
    (0x040, "support_monitor_layout_pdu"),
    (0x080, "support_netchar_autodetect"),
    (0x100, "support_dynvc_gfx_protocol"),
    (0x200, "support_dynamic_time_zone"),
    (0x400, "support_heartbeat_pdu"),
];

/// The names of the bits that are set.
fn named(bits: Option<u64>, names: &[(u64, &'static str)]) -> Vec<Value> {
    let bits = bits.unwrap_or(0);
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| Value::from(*name)).collect()
}

fn put_list(body: &mut Object, name: &'static str, list: Vec<Value>) {
    if !list.is_empty() {
        body.put(name, list);
    }
}

fn response(body: &mut Object, fields: &Details) {
    put_list(body, "server_supports", named(number(fields, "flags"), RESPONSE_FLAGS));
    if let Some(security) = number(fields, "security") {
        body.put(
            "protocol",
            match security {
                0 => "rdp".to_owned(),
                1 => "ssl".to_owned(),
                2 => "hybrid".to_owned(),
                4 => "rds_tls".to_owned(),
                8 => "hybrid_ex".to_owned(),
                other => format!("unknown ({other})"),
            },
        );
    }
    if let Some(failure) = number(fields, "failure") {
        body.put("error_code", failure);
        body.put(
            "reason",
            match failure {
                1 => "ssl required by server".to_owned(),
                2 => "ssl not allowed by server".to_owned(),
                3 => "ssl cert not on server".to_owned(),
                4 => "inconsistent flags".to_owned(),
                5 => "hybrid required by server".to_owned(),
                6 => "ssl with user auth required by server".to_owned(),
                other => format!("unknown ({other})"),
            },
        );
    }
}

fn client(fields: &Details) -> Object {
    let mut client = Object::default();
    let number = |key: &str| number(fields, key);
    client.maybe("version", number("version").map(version));
    client.maybe("desktop_width", number("width"));
    client.maybe("desktop_height", number("height"));
    // The last field that says so is the newest.
    let depths = all(fields, "depth").filter_map(|code| depth(code.parse().ok()?));
    client.maybe("color_depth", depths.last());
    client.maybe("keyboard_layout", number("layout").and_then(locale));
    client.maybe("build", number("build").map(build));
    let text = |key: &str| detail(fields, key).filter(|text| !text.is_empty()).map(super::event::plain);
    client.maybe("client_name", text("name"));
    client.maybe("keyboard_type", number("keyboard-type").and_then(keyboard));
    let positive = |key: &str| number(key).filter(|number| *number > 0);
    client.maybe("keyboard_subtype", positive("keyboard-subtype"));
    client.maybe("function_keys", positive("function-keys"));
    client.maybe("ime", text("input-method"));
    client.maybe("product_id", number("product-id"));
    client.maybe("serial_number", positive("serial"));
    put_list(&mut client, "capabilities", named(number("capabilities"), CAPABILITIES));
    client.maybe("id", text("product"));
    client.maybe("connection_hint", number("connection").and_then(connection));
    for (name, key) in [("physical_width", "physical-width"), ("physical_height", "physical-height")] {
        client.maybe(name, positive(key));
    }
    client.maybe("desktop_orientation", number("orientation"));
    client.maybe("scale_factor", positive("scale"));
    client.maybe("device_scale_factor", positive("device-scale"));
    client
}

/// Clause 2.2.1.3.2.
fn version(code: u64) -> &'static str {
    match code {
        0x0008_0001 => "v4",
        0x0008_0004 => "v5",
        0x0008_0005 => "v10.0",
        0x0008_0006 => "v10.1",
        0x0008_0007 => "v10.2",
        0x0008_0008 => "v10.3",
        0x0008_0009 => "v10.4",
        0x0008_000a => "v10.5",
        0x0008_000b => "v10.6",
        0x0008_000c => "v10.7",
        _ => "unknown",
    }
}

/// Bits of a colour, which older fields have as codes and the newest as they are.
fn depth(code: u64) -> Option<u64> {
    match code {
        0xca00 => Some(4),
        0xca01 => Some(8),
        0xca02 => Some(15),
        0xca03 => Some(16),
        0xca04 => Some(24),
        4 | 8 | 15 | 16 | 24 => Some(code),
        _ => None,
    }
}

fn keyboard(code: u64) -> Option<&'static str> {
    Some(match code {
        1 => "xt",
        2 => "ico",
        3 => "at",
        4 => "enhanced",
        5 => "1050",
        6 => "9140",
        7 => "jp",
        _ => return None,
    })
}

fn connection(code: u64) -> Option<&'static str> {
    Some(match code {
        1 => "modem",
        2 => "low_broadband",
        3 => "satellite",
        4 => "high_broadband",
        5 => "wan",
        6 => "lan",
        7 => "autodetect",
        _ => return None,
    })
}

/// The system with which a build came.
fn build(number: u64) -> String {
    let named = match number {
        1381 => "Windows NT 4.0",
        2195 => "Windows 2000",
        2600 => "Windows XP",
        3790 => "Windows Server 2003",
        6000 => "Windows Vista",
        6001 => "Windows Vista SP1",
        6002 => "Windows Vista SP2",
        7600 => "Windows 7",
        7601 => "Windows 7 SP1",
        9200 => "Windows 8",
        9600 => "Windows 8.1",
        10_240 => "Windows 10",
        10_586 => "Windows 10 v1511",
        14_393 => "Windows 10 v1607",
        15_063 => "Windows 10 v1703",
        16_299 => "Windows 10 v1709",
        17_134 => "Windows 10 v1803",
        17_763 => "Windows 10 v1809",
        18_362 => "Windows 10 v1903",
        18_363 => "Windows 10 v1909",
        19_041 => "Windows 10 v2004",
        other => return format!("unknown ({other})"),
    };
    named.to_owned()
}

/// The name of a layout's language (MS-LCID clause 2.2); a variant of its layout stands in the upper bits.
fn locale(layout: u64) -> Option<&'static str> {
    let code = layout & 0xffff;
    let place = LOCALES.binary_search_by_key(&code, |(code, _)| u64::from(*code)).ok()?;
    LOCALES.get(place).map(|(_, name)| *name)
}

/// In the order of their numbers.
#[rustfmt::skip]
const LOCALES: &[(u16, &str)] = &[
    (0x0401, "ar-SA"), (0x0402, "bg-BG"), (0x0403, "ca-ES"), (0x0404, "zh-TW"), (0x0405, "cs-CZ"), (0x0406, "da-DK"),
    (0x0407, "de-DE"), (0x0408, "el-GR"), (0x0409, "en-US"), (0x040a, "es-ES_tradnl"), (0x040b, "fi-FI"),
    (0x040c, "fr-FR"), (0x040d, "he-IL"), (0x040e, "hu-HU"), (0x040f, "is-IS"), (0x0410, "it-IT"), (0x0411, "ja-JP"),
    (0x0412, "ko-KR"), (0x0413, "nl-NL"), (0x0414, "nb-NO"), (0x0415, "pl-PL"), (0x0416, "pt-BR"), (0x0417, "rm-CH"),
    (0x0418, "ro-RO"), (0x0419, "ru-RU"), (0x041a, "hr-HR"), (0x041b, "sk-SK"), (0x041c, "sq-AL"), (0x041d, "sv-SE"),
    (0x041e, "th-TH"), (0x041f, "tr-TR"), (0x0420, "ur-PK"), (0x0421, "id-ID"), (0x0422, "uk-UA"), (0x0423, "be-BY"),
    (0x0424, "sl-SI"), (0x0425, "et-EE"), (0x0426, "lv-LV"), (0x0427, "lt-LT"), (0x0429, "fa-IR"), (0x042a, "vi-VN"),
    (0x042b, "hy-AM"), (0x042c, "az-Latn-AZ"), (0x042d, "eu-ES"), (0x042f, "mk-MK"), (0x0436, "af-ZA"),
    (0x0437, "ka-GE"), (0x0438, "fo-FO"), (0x0439, "hi-IN"), (0x043a, "mt-MT"), (0x043e, "ms-MY"), (0x043f, "kk-KZ"),
    (0x0440, "ky-KG"), (0x0441, "sw-KE"), (0x0445, "bn-IN"), (0x0446, "pa-IN"), (0x0447, "gu-IN"), (0x0449, "ta-IN"),
    (0x044a, "te-IN"), (0x044b, "kn-IN"), (0x044c, "ml-IN"), (0x044e, "mr-IN"), (0x0450, "mn-MN"), (0x0452, "cy-GB"),
    (0x0456, "gl-ES"), (0x0461, "ne-NP"), (0x0804, "zh-CN"), (0x0807, "de-CH"), (0x0809, "en-GB"), (0x080a, "es-MX"),
    (0x080c, "fr-BE"), (0x0810, "it-CH"), (0x0813, "nl-BE"), (0x0814, "nn-NO"), (0x0816, "pt-PT"),
    (0x081a, "sr-Latn-CS"), (0x081d, "sv-FI"), (0x083c, "ga-IE"), (0x0c04, "zh-HK"), (0x0c07, "de-AT"),
    (0x0c09, "en-AU"), (0x0c0a, "es-ES"), (0x0c0c, "fr-CA"), (0x0c1a, "sr-Cyrl-CS"), (0x1004, "zh-SG"),
    (0x1007, "de-LU"), (0x1009, "en-CA"), (0x100c, "fr-CH"), (0x1407, "de-LI"), (0x1409, "en-NZ"), (0x140c, "fr-LU"),
    (0x1809, "en-IE"), (0x180c, "fr-MC"), (0x1c09, "en-ZA"), (0x2c0a, "es-AR"), (0x340a, "es-CL"), (0x4009, "en-IN"),
    (0x4809, "en-SG"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_stand_in_order() {
        assert!(LOCALES.is_sorted());
        assert_eq!(locale(0x0001_0409), Some("en-US"));
        assert_eq!(locale(0), None);
    }

    #[test]
    fn a_clients_settings_are_named() {
        let pairs = [
            ("step", "connect_request"),
            ("channel", "rdpdr"),
            ("version", "524292"),
            ("depth", "51713"),
            ("depth", "24"),
            ("layout", "2057"),
            ("build", "7601"),
            ("keyboard-type", "4"),
            ("function-keys", "12"),
            ("capabilities", "33"),
        ];
        let fields: Details = pairs.map(|(name, value)| (name.into(), value.into())).into();
        assert_eq!(
            super::super::event::rendered(&client(&fields)),
            [
                r#"{"version":"v5","color_depth":24,"keyboard_layout":"en-GB","build":"Windows 7 SP1","#,
                r#""keyboard_type":"enhanced","function_keys":12,"#,
                r#""capabilities":["support_errinfo_pdf","valid_connection_type"]}"#,
            ]
            .concat()
        );
    }
}
