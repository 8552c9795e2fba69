//! Bytes to records and messages.

use super::message::{ClientHello, ExtensionKind, ServerHello, Version, is_grease};
use crate::cursor::Cursor;
use crate::show::readable;
use city::Text;

/// The longest record: 2^14 bytes and what encryption may add (RFC 5246 clause 6.2.3).
const RECORD_MAX: u16 = (1 << 14) + 2048;

/// The most entries of any list in a hello. Browsers offer about twenty ciphers and extensions; the oldest libraries
/// over a hundred ciphers.
const LIST_MAX: usize = 512;

/// The longest name of a server or a protocol that is kept, in bytes (RFC 1035 clause 2.3.4, RFC 7301 clause 3.1).
const NAME_MAX: usize = 255;

/// The most certificates of one chain.
const CHAIN_MAX: usize = 16;

/// What a record holds (RFC 8446 clause 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKind(pub u8);

impl RecordKind {
    /// From here on, what this side says is encrypted.
    pub const CHANGE_CIPHER_SPEC: RecordKind = RecordKind(20);
    /// Something is wrong, or over.
    pub const ALERT: RecordKind = RecordKind(21);
    /// Messages of the handshake.
    pub const HANDSHAKE: RecordKind = RecordKind(22);
    /// What it is all for.
    pub const APPLICATION_DATA: RecordKind = RecordKind(23);
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// What the record holds.
    pub kind: RecordKind,
    /// How many bytes follow.
    pub length: u16,
}

/// Reads the five bytes before every record. `None` if they are no such head or not all there.
pub fn parse_record_header(bytes: &[u8]) -> Option<RecordHeader> {
    let [kind @ 20..=24, 3, 0..=4, high, low, ..] = *bytes else { return None };
    let length = u16::from_be_bytes([high, low]);
    (length <= RECORD_MAX).then_some(RecordHeader { kind: RecordKind(kind), length })
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().take(LIST_MAX).map(|pair| u16::from_be_bytes(*pair)).collect()
}

fn list8<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.u8()?;
    cursor.take(usize::from(length))
}

fn list16<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.u16()?;
    cursor.take(usize::from(length))
}

/// Each extension with what it holds; stops at the first that is malformed.
fn extensions<'a>(cursor: &mut Cursor<'a>) -> impl Iterator<Item = (ExtensionKind, &'a [u8])> {
    // SSL 3 and early TLS 1.0 have none. A list that is longer than the message is read as far as it goes.
    let length = cursor.u16().map_or(0, usize::from).min(cursor.len());
    let mut rest = Cursor::new(cursor.take(length).unwrap_or_default());
    std::iter::from_fn(move || {
        let kind = rest.u16()?;
        Some((ExtensionKind(kind), list16(&mut rest)?))
    })
    .take(LIST_MAX)
}

/// Reads what a client offers (RFC 8446 clause 4.1.2), behind the head of the message.
pub fn parse_client_hello(bytes: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u16()?;
    let _random: [u8; 32] = cursor.array()?;
    let session = list8(&mut cursor)?.to_vec();
    if Version(version).is_of_datagrams() {
        // RFC 6347 clause 4.2.1: what the server gave out to see whether the client is where it says.
        let _cookie = list8(&mut cursor)?;
    }
    let ciphers = numbers(list16(&mut cursor)?);
    let _compressions = list8(&mut cursor)?;
    let mut hello = ClientHello { version, session, ciphers, ..ClientHello::default() };
    for (kind, bytes) in extensions(&mut cursor) {
        hello.extensions.push(kind.0);
        let mut inside = Cursor::new(bytes);
        match kind {
            ExtensionKind::ALPN => hello.protocols = protocols(&mut inside),
            ExtensionKind::POINT_FORMATS => {
                hello.point_formats = list8(&mut inside).unwrap_or_default().to_vec();
            }
            ExtensionKind::PRE_SHARED_KEY => hello.has_ticket = true,
            ExtensionKind::SERVER_NAME => hello.server_name = server_name(&mut inside),
            ExtensionKind::SESSION_TICKET => hello.has_ticket |= !bytes.is_empty(),
            ExtensionKind::SIGNATURE_ALGORITHMS => {
                hello.signatures = numbers(list16(&mut inside).unwrap_or_default());
            }
            ExtensionKind::SUPPORTED_GROUPS => {
                hello.groups = numbers(list16(&mut inside).unwrap_or_default());
            }
            ExtensionKind::SUPPORTED_VERSIONS => {
                hello.versions = numbers(list8(&mut inside).unwrap_or_default());
            }
            _ => {}
        }
    }
    Some(hello)
}

fn server_name(cursor: &mut Cursor<'_>) -> Option<Text> {
    let mut names = Cursor::new(list16(cursor)?);
    while let Some(kind) = names.u8() {
        let name = list16(&mut names)?;
        // RFC 6066 clause 3: 0 is a host's name, and there is no other kind.
        if kind == 0 {
            return Some(readable(name, NAME_MAX));
        }
    }
    None
}

fn protocols(cursor: &mut Cursor<'_>) -> Vec<Text> {
    let mut names = Cursor::new(list16(cursor).unwrap_or_default());
    std::iter::from_fn(|| list8(&mut names)).take(LIST_MAX).map(|name| readable(name, NAME_MAX)).collect()
}

/// Reads what a server chose (RFC 8446 clause 4.1.3), behind the head of the message.
pub fn parse_server_hello(bytes: &[u8]) -> Option<ServerHello> {
    /// The SHA-256 of `HelloRetryRequest`, which stands where a random number would.
    const RETRY: [u8; 32] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
        0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ];
    let mut cursor = Cursor::new(bytes);
    let message_version = cursor.u16()?;
    let random: [u8; 32] = cursor.array()?;
    // The drafts before 22 had neither session nor compression.
    let is_old_draft = message_version & 0xff00 == 0x7f00;
    let session = if is_old_draft { Vec::new() } else { list8(&mut cursor)?.to_vec() };
    let cipher = cursor.u16()?;
    if !is_old_draft {
        let _compression = cursor.u8()?;
    }
    let mut hello = ServerHello {
        message_version,
        version: Version(message_version),
        session,
        cipher,
        extensions: Vec::new(),
        group: None,
        has_pre_shared_key: false,
        protocol: None,
        is_retry: random == RETRY,
    };
    for (kind, bytes) in extensions(&mut cursor) {
        hello.extensions.push(kind.0);
        let mut inside = Cursor::new(bytes);
        match kind {
            ExtensionKind::ALPN => hello.protocol = protocols(&mut inside).into_iter().next(),
            ExtensionKind::KEY_SHARE | ExtensionKind::KEY_SHARE_OF_DRAFTS => hello.group = inside.u16(),
            ExtensionKind::PRE_SHARED_KEY => hello.has_pre_shared_key = true,
            ExtensionKind::SUPPORTED_VERSIONS => {
                hello.version = inside.u16().map_or(hello.version, Version);
            }
            _ => {}
        }
    }
    Some(hello)
}

/// Cuts a chain of certificates up to TLS 1.2 into its certificates (RFC 5246 clause 7.4.2).
pub fn parse_certificates(bytes: &[u8]) -> Vec<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    let length = cursor.unsigned(3).map_or(0, |length| length as usize).min(cursor.len());
    let mut chain = Cursor::new(cursor.take(length).unwrap_or_default());
    std::iter::from_fn(|| {
        let length = chain.unsigned(3)? as usize;
        chain.take(length)
    })
    .take(CHAIN_MAX)
    .collect()
}

/// Reads the curve of a key exchange over elliptic curves: a named one, as all are in practice (RFC 8422 clause 5.4).
pub fn parse_named_curve(bytes: &[u8]) -> Option<u16> {
    match *bytes {
        [3, high, low, ..] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// What a client says in the form of SSL 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssl2Hello {
    /// How long the message is, its head included.
    pub length: usize,
    /// SSL 2 itself, or the newer version that the client would rather speak.
    pub version: u16,
    /// Ciphers, of which those that begin with 0 are suites of the newer versions.
    pub ciphers: Vec<u32>,
}

/// Reads a client's hello in the form of SSL 2 (RFC 5246 appendix E.2). `None` if it is none or not all there.
pub fn parse_ssl2_hello(bytes: &[u8]) -> Option<Ssl2Hello> {
    let (length, message) = ssl2_message(bytes)?;
    let mut cursor = Cursor::new(message);
    if cursor.u8()? != 1 {
        return None;
    }
    let version = cursor.u16()?;
    let (ciphers, session, challenge) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let announced = usize::from(ciphers) + usize::from(session) + usize::from(challenge);
    let possible = matches!(version, 0x0002 | 0x0300..=0x0304)
        && ciphers % 3 == 0
        && (16..=32).contains(&challenge)
        && announced == cursor.len();
    let ciphers = cursor.take(usize::from(ciphers)).filter(|_| possible)?;
    let (triples, _) = ciphers.as_chunks::<3>();
    let ciphers =
        triples.iter().take(LIST_MAX).map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c])).collect();
    Some(Ssl2Hello { length, version, ciphers })
}

/// What an SSL 2 server says: the version, its certificate and the ciphers in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssl2ServerHello<'a> {
    /// The version.
    pub version: u16,
    /// The certificate.
    pub certificate: &'a [u8],
    /// The ciphers that both know.
    pub ciphers: Vec<u32>,
}

/// Reads an SSL 2 server's hello. `None` if it is none or not all there.
pub fn parse_ssl2_server_hello(bytes: &[u8]) -> Option<Ssl2ServerHello<'_>> {
    let (_, message) = ssl2_message(bytes)?;
    let mut cursor = Cursor::new(message);
    let (4, _hit, _kind) = (cursor.u8()?, cursor.u8()?, cursor.u8()?) else { return None };
    let version = cursor.u16()?;
    let (certificate, ciphers, _connection) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let certificate = cursor.take(usize::from(certificate))?;
    let (triples, _) = cursor.take(usize::from(ciphers))?.as_chunks::<3>();
    let ciphers =
        triples.iter().take(LIST_MAX).map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c])).collect();
    Some(Ssl2ServerHello { version, certificate, ciphers })
}

/// The length of an SSL 2 record with its two-byte head, and what is in it.
fn ssl2_message(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let head = cursor.u16().filter(|head| head & 0x8000 != 0)?;
    let length = usize::from(head & 0x7fff);
    Some((length + 2, cursor.take(length)?))
}

/// The codes of a list that mean something.
pub fn without_grease(codes: &[u16]) -> impl Iterator<Item = u16> {
    codes.iter().copied().filter(|code| !is_grease(*code))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::tls::certificate::parse_certificate;
    use proptest::prelude::*;

    fn with_length(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
    }

    fn extension(kind: u16, bytes: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &with_length(bytes)].concat()
    }

    /// The body of a hello that asks for `pump.example`.
    pub fn client_hello(versions: &[u16]) -> Vec<u8> {
        let name = with_length(&[&[0][..], &with_length(b"pump.example")].concat());
        let mut listed: Vec<u8> = versions.iter().flat_map(|version| version.to_be_bytes()).collect();
        listed.insert(0, listed.len() as u8);
        let extensions = [
            extension(0x0a0a, &[]),
            extension(0, &name),
            extension(10, &with_length(&[0, 29, 0, 23])),
            extension(16, &with_length(b"\x02h2\x08http/1.1")),
            if versions.is_empty() { Vec::new() } else { extension(43, &listed) },
        ]
        .concat();
        [&[3, 3][..], &[7; 32], &[0], &[0, 4, 0x13, 0x01, 0xc0, 0x2f], &[1, 0], &with_length(&extensions)]
            .concat()
    }

    /// The body of a server's hello.
    pub fn server_hello(version: u16, cipher: u16) -> Vec<u8> {
        let extensions = if version == 0x0304 {
            [extension(43, &version.to_be_bytes()), extension(51, &[0, 29, 0, 1, 9])].concat()
        } else {
            extension(16, &with_length(b"\x02h2"))
        };
        let version = version.min(0x0303);
        let [high, low] = cipher.to_be_bytes();
        [&version.to_be_bytes()[..], &[8; 32], &[0], &[high, low, 0], &with_length(&extensions)].concat()
    }

    #[test]
    fn hellos_say_what_is_offered_and_chosen() {
        let hello = parse_client_hello(&client_hello(&[0x0304, 0x0303])).unwrap();
        assert_eq!(hello.server_name.as_deref(), Some("pump.example"));
        assert_eq!((hello.versions, hello.groups), (vec![0x0304, 0x0303], vec![29, 23]));
        assert_eq!(hello.protocols, ["h2", "http/1.1"]);
        assert_eq!(hello.extensions, [0x0a0a, 0, 10, 16, 43]);
        let hello = parse_server_hello(&server_hello(0x0304, 0x1301)).unwrap();
        assert_eq!((hello.version, hello.cipher, hello.group), (Version::TLS13, 0x1301, Some(29)));
        let hello = parse_server_hello(&server_hello(0x0302, 0xc02f)).unwrap();
        assert_eq!((hello.version, hello.protocol.as_deref()), (Version(0x0302), Some("h2")));
    }

    #[test]
    fn a_hello_whose_extensions_are_cut_is_read_as_far_as_it_goes() {
        let whole = client_hello(&[0x0304]);
        let cut = parse_client_hello(&whole[..whole.len() - 5]).unwrap();
        assert_eq!(cut.server_name.as_deref(), Some("pump.example"));
        assert!(cut.versions.is_empty());
    }

    #[test]
    fn the_hello_of_ssl_2_is_read() {
        let mut hello = vec![0x80, 9 + 6 + 16, 1, 0, 2, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x0a];
        hello.extend([5; 16]);
        let parsed = parse_ssl2_hello(&hello).unwrap();
        assert_eq!((parsed.length, parsed.version), (hello.len(), 2));
        assert_eq!(parsed.ciphers, [0x01_0080, 0x0a]);
        assert_eq!(parse_ssl2_hello(&hello[..hello.len() - 1]), None);
    }

    fn parse_all(bytes: &[u8]) {
        let _ = parse_client_hello(bytes);
        let _ = parse_server_hello(bytes);
        let _ = parse_ssl2_hello(bytes);
        let _ = parse_ssl2_server_hello(bytes);
        for certificate in parse_certificates(bytes).into_iter().chain([bytes]) {
            let _ = parse_certificate(certificate);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            parse_all(&bytes);
        }

        #[test]
        fn nor_does_a_hello_with_any_byte_changed(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
            for whole in [client_hello(&[0x0304]), server_hello(0x0304, 0x1301)] {
                let mut bytes = whole;
                for (at, byte) in &changes {
                    let at = at % bytes.len();
                    bytes[at] = *byte;
                }
                parse_all(&bytes);
            }
        }
    }
}
