//! Searches and announcements (UPnP Device Architecture 2.0 clauses 1.2 and 1.3).

use super::READER;
use crate::dialogue::Side::Source;
use crate::recognise::{Recognition, Sureness};
use crate::rehearse;
use city::Transport;

const SEARCH: &[u8] = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n";
const ANNOUNCE: &[u8] =
    b"NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:Basic:1\r\nNTS: ssdp:alive\r\n\
    LOCATION: http://192.0.2.10/d.xml\r\nSERVER: Camera/5 UPnP/1.1\r\nUSN: uuid:1\r\n\r\n";

#[test]
fn devices_announce_themselves_and_are_searched_for() {
    let facts =
        rehearse::datagrams(&READER, 1900, &[(Source, SEARCH), (Source, ANNOUNCE), (Source, ANNOUNCE)]);
    let announced =
        "> publish announce [urn:schemas-upnp-org:device:Basic:1] http://192.0.2.10/d.xml not-expected";
    assert_eq!(
        rehearse::lines(&facts),
        ["> discover search [upnp:rootdevice] - not-expected", announced, announced]
    );
    assert_eq!(rehearse::identities(&facts), ["192.0.2.10 product Camera/5 UPnP/1.1 (SERVER)"]);
}

#[test]
fn it_is_recognised_by_its_headers() {
    let known = |bytes: &[u8]| rehearse::recognise(&READER, Transport::Udp, 40_000, bytes, &[]);
    assert_eq!(known(SEARCH), Recognition::Yes(Sureness::BySignature));
    for other in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"OPTIONS sip:a SIP/2.0\r\n\r\n", b""] {
        assert_eq!(known(other), Recognition::No);
    }
}
