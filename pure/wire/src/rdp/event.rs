//! What Suricata has an event of: each step of a connection, until it is encrypted or its settings are agreed.

use super::message::{Choice, Client, Core, Request};
use super::parse;
use crate::cotp::{Code, Tpdu};
use crate::dialogue::{Fields, Out, Side};
use crate::show::escaped;

/// The longest cookie.
const COOKIE_MAX: usize = 256;

/// Tells of a packet, if it is a step.
pub(super) fn tell(side: Side, tpdu: &Tpdu<'_>, out: &mut Out<'_>) {
    match tpdu.code {
        Code::CONNECTION_REQUEST => {
            let request = parse::parse_request(tpdu.variable());
            out.event(side, "eve_rdp", |fields| {
                fields.put("step", "initial_request");
                if let Some(Request { cookie, flags }) = request {
                    if !cookie.is_empty() {
                        fields.put("cookie", escaped(cookie, COOKIE_MAX));
                    }
                    fields.show("flags", flags.unwrap_or(0));
                }
            });
        }
        Code::CONNECTION_CONFIRM => {
            let choice = parse::parse_choice(tpdu.variable());
            let flags = parse::parse_choice_flags(tpdu.variable());
            out.event(side, "eve_rdp", |fields| {
                fields.put("step", "initial_response");
                match choice {
                    Choice::None => {}
                    Choice::Security(number) => {
                        fields.show("flags", flags);
                        fields.show("security", number);
                    }
                    Choice::Refused(code) => fields.show("failure", code),
                }
            });
        }
        Code::DATA => {
            if let Some(client) = parse::parse_client(tpdu.data) {
                out.event(side, "eve_rdp", |fields| settings(&client, fields));
            } else if parse::parse_server(tpdu.data).is_some() {
                out.event(side, "eve_rdp", |fields| fields.put("step", "connect_response"));
            }
        }
        _ => {}
    }
}

fn settings(client: &Client, fields: &mut Fields) {
    fields.put("step", "connect_request");
    client.channels.iter().for_each(|name| fields.put("channel", name.clone()));
    let Some(core) = &client.core else { return };
    let Core { width, height, layout, build, version, .. } = core;
    fields.show("version", version);
    fields.show("width", width);
    fields.show("height", height);
    for code in core.depth_codes.iter().flatten() {
        fields.show("depth", code);
    }
    fields.show("layout", layout);
    fields.show("build", build);
    fields.put("name", core.name.clone());
    for (column, number) in
        ["keyboard-type", "keyboard-subtype", "function-keys"].into_iter().zip(&core.keyboard)
    {
        fields.show(column, number);
    }
    fields.put("input-method", core.input_method.clone());
    let small = [
        ("product-id", core.product_id),
        ("capabilities", core.capabilities),
        ("connection", core.connection.map(u16::from)),
        ("orientation", core.orientation),
    ];
    for (column, number) in small {
        number.iter().for_each(|number| fields.show(column, number));
    }
    let [physical, scales] = [core.physical, core.scales].map(|pair| pair.map(|[a, b]| (a, b)).unzip());
    for (column, number) in [
        ("serial", core.serial),
        ("physical-width", physical.0),
        ("physical-height", physical.1),
        ("scale", scales.0),
        ("device-scale", scales.1),
    ] {
        number.iter().for_each(|number| fields.show(column, number));
    }
    if let Some(product) = &core.product {
        fields.put("product", product.clone());
    }
}
