//! What devices say of themselves: descriptions of applications, certificates, and the build of the server.

use super::binary::Chars;
use super::meaning::{parse_build_info, text_value};
use super::message::Application;
use super::names;
use super::node_id::shown;
use super::variant::DataValue;
use crate::dialogue::{Out, Side};
use crate::tls::certificate::parse_certificate;
use city::{Trait, WeaknessKind};
use compact_str::format_compact;
use std::net::IpAddr;

/// What an application says that it is.
pub fn application(side: Side, said: &Application<'_>, out: &mut Out<'_>) {
    out.identity(side, Trait::Name, &shown(said.name.text), "application-name", 90);
    out.identity(side, Trait::Product, &shown(said.product), "product-uri", 90);
    if let Some(role) = names::role(said.kind) {
        out.identity(side, Trait::Role, role, "application-type", 90);
    }
}

/// What a server says of itself to a discovery server.
pub fn registered(side: Side, product: Chars<'_>, name: Chars<'_>, out: &mut Out<'_>) {
    out.identity(side, Trait::Name, &shown(name), "server-name", 90);
    out.identity(side, Trait::Product, &shown(product), "product-uri", 90);
    out.identity(side, Trait::Role, "OPC UA server", "register-server", 90);
}

/// What a discovery server says of others, where their URLs have addresses rather than names.
pub fn elsewhere(said: &Application<'_>, out: &mut Out<'_>) {
    let Some(address) = said.urls.iter().find_map(|url| host(&shown(*url))) else { return };
    out.identity_of(address.into(), Trait::Name, &shown(said.name.text), "find-servers", 70);
    out.identity_of(address.into(), Trait::Product, &shown(said.product), "find-servers", 70);
    if let Some(role) = names::role(said.kind) {
        out.identity_of(address.into(), Trait::Role, role, "find-servers", 70);
    }
}

/// The address in a URL such as `opc.tcp://192.0.2.20:4840/`; none where there is a name, or the address is the
/// speaker's own.
fn host(url: &str) -> Option<IpAddr> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let address: IpAddr = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?.parse().ok()?,
        None => authority.split(':').next()?.parse().ok()?,
    };
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// What the certificate of an application says. Many certificates are signed by nobody else: trust is by lists.
pub fn certificate(side: Side, data: Chars<'_>, out: &mut Out<'_>) {
    let Some(certificate) = data.and_then(parse_certificate) else { return };
    if let Some(name) = &certificate.common_name {
        out.identity(side, Trait::Name, name, "certificate subject CN", 60);
    }
    if let Some(organisation) = &certificate.organisation {
        out.identity(side, Trait::Vendor, organisation, "certificate subject O", 30);
    }
    if certificate.is_self_signed {
        out.weakness(side, WeaknessKind::CertificateSelfSigned, certificate.subject.clone());
    }
    if let Some(until) = certificate.not_after.filter(|until| *until < out.time) {
        let detail = format_compact!("expired {}, {}", until.strftime("%Y-%m-%d"), certificate.subject);
        out.weakness(side, WeaknessKind::CertificateExpired, detail);
    }
    if let Some(why) = certificate.weakness() {
        out.weakness(side, WeaknessKind::CertificateWeak, format_compact!("{why}, {}", certificate.subject));
    }
}

/// What the value of one of the standard's nodes says of the server (OPC 10000-5 clause 12.4 and 12.10).
pub fn value(side: Side, node: u32, value: &DataValue<'_>, out: &mut Out<'_>) {
    let (about, field) = match node {
        2_256 | 2_260 => {
            if let Some(build) = parse_build_info(value) {
                out.identity(side, Trait::Vendor, &shown(build.manufacturer), "manufacturer-name", 90);
                out.identity(side, Trait::Product, &shown(build.product), "product-name", 90);
                out.identity(side, Trait::Firmware, &shown(build.version), "software-version", 90);
            }
            return;
        }
        2_261 => (Trait::Product, "product-name"),
        2_263 => (Trait::Vendor, "manufacturer-name"),
        2_264 => (Trait::Firmware, "software-version"),
        _ => return,
    };
    if let Some(text) = text_value(value) {
        out.identity(side, about, &text, field, 90);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_taken_from_a_url() {
        for (url, address) in [
            ("opc.tcp://192.0.2.20:4840/pumps", Some("192.0.2.20")),
            ("opc.tcp://[2001:db8::20]:4840", Some("2001:db8::20")),
            ("https://192.0.2.21", Some("192.0.2.21")),
            ("opc.tcp://pumps:4840", None),
            ("opc.tcp://0.0.0.0:4840", None),
            ("opc.tcp://127.0.0.1:4840", None),
            ("192.0.2.20", None),
        ] {
            assert_eq!(host(url), address.map(|address| address.parse().unwrap()), "{url}");
        }
    }
}
