//! A camera is looked for and found (ONVIF Core clause 7.3).

use super::READER;
use crate::dialogue::Side::{Destination, Source};
use crate::recognise::{Recognition, Sureness};
use crate::rehearse;
use city::Transport;

fn envelope(action: &str, body: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?><s:Envelope><s:Header><a:Action s:mustUnderstand=\"1\">\
         http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</a:Action></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    .into_bytes()
}

#[test]
fn a_camera_says_what_it_is() {
    let probe = envelope("Probe", "<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>");
    let scopes = "onvif://www.onvif.org/name/North%20Gate onvif://www.onvif.org/hardware/C5 \
                  onvif://www.onvif.org/Profile/Streaming http://lamp.example/";
    let found = format!(
        "<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>\
         <d:XAddrs>http://192.0.2.20/onvif/device_service</d:XAddrs>"
    );
    let found = envelope("ProbeMatches", &found);
    let facts =
        rehearse::datagrams(&READER, 3702, &[(Source, &probe), (Destination, &found), (Destination, &found)]);
    let told = "< publish probe-match [dn:NetworkVideoTransmitter] http://192.0.2.20/onvif/device_service not-expected";
    let asked = "> discover probe [dn:NetworkVideoTransmitter] - not-expected";
    assert_eq!(rehearse::lines(&facts), [asked, told, told]);
    assert_eq!(
        rehearse::identities(&facts),
        [
            "192.0.2.20 name North Gate (scope name)",
            "192.0.2.20 model C5 (scope hardware)",
            "192.0.2.20 role camera (Types)"
        ]
    );
}

#[test]
fn it_is_recognised_by_its_action() {
    let known = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, 40_000, bytes, &[]);
    assert_eq!(known(&envelope("Hello", "")), Recognition::Yes(Sureness::BySignature));
    for other in
        [&envelope("Other", "")[..], b"<xml/>", b"<a:Action>x</a:Action>", b"M-SEARCH * HTTP/1.1\r\n\r\n"]
    {
        assert_eq!(known(other), Recognition::No);
    }
}
