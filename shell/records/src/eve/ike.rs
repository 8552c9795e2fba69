//! `ike`: each message. Of version 1 it has what the messages so far have said.

use super::event::{Event, Object, Value, all, detail, number};
use city::{Details, Message, Text};

/// The event of a message.
pub(super) fn event(message: &Message) -> Event {
    let details = &message.fields;
    let is_first_version = number(details, "version_major") == Some(1);
    let mut body = Object::default();
    body.number("version_major", details, "version_major");
    body.number("version_minor", details, "version_minor");
    body.text("init_spi", details, "init_spi");
    body.text("resp_spi", details, "resp_spi");
    body.number("message_id", details, "message_id");
    body.number("exchange_type", details, "exchange_type");
    if is_first_version {
        let verbose = number(details, "exchange_type").and_then(exchange);
        body.maybe("exchange_type_verbose", verbose);
    }
    if let Some(chosen) = detail(details, "chosen") {
        body.append(&attributes(chosen));
    }
    for (field, names) in
        [("alg_enc", CIPHERS), ("alg_auth", INTEGRITIES), ("alg_prf", PRFS), ("alg_dh", GROUPS)]
    {
        body.maybe(field, number(details, field).map(|code| name(names, code)));
    }
    body.put("alg_esn", if number(details, "alg_esn") == Some(1) { "ESN" } else { "NoESN" });
    body.text("role", details, "role");
    let names = if is_first_version { PAYLOADS_1 } else { PAYLOADS_2 };
    let payloads = all(details, "payload").filter_map(|code| code.parse().ok());
    body.put("payload", payloads.map(|code| Value::Text(name(names, code))).collect::<Vec<_>>());
    if is_first_version {
        body.put("ikev1", version_1(details));
        let granted: Vec<_> = all(details, "server_proposal").map(attributes).collect();
        // One is what was chosen; more are odd enough to be shown.
        if granted.len() > 1 {
            body.put("server_proposals", granted);
        }
    } else {
        let mut version = Object::default();
        version.put("errors", 0_u64);
        let notices = all(details, "notify").filter_map(|code| code.parse().ok());
        version.put("notify", notices.map(|code| Value::Text(name(NOTICES, code))).collect::<Vec<_>>());
        body.put("ikev2", version);
    }
    let mut fields = Object::default();
    fields.put("ike", body);
    let flow = if message.back { message.flow.reversed() } else { message.flow };
    Event { kind: "ike", time: None, flow, fields }
}

fn version_1(details: &Details) -> Object {
    let mut version = Object::default();
    version.number("doi", details, "doi");
    let is_encrypted = detail(details, "encrypted_payloads") == Some("T");
    version.put("encrypted_payloads", is_encrypted);
    if is_encrypted {
        return version;
    }
    let mut client = Object::default();
    client.text("key_exchange_payload", details, "client_key");
    client.number("key_exchange_payload_length", details, "client_key_length");
    client.text("nonce_payload", details, "client_nonce");
    client.number("nonce_payload_length", details, "client_nonce_length");
    let offered = all(details, "client_proposal").map(attributes);
    client.put("proposals", offered.collect::<Vec<_>>());
    version.put("client", client);
    let mut server = Object::default();
    server.text("key_exchange_payload", details, "server_key");
    server.number("key_exchange_payload_length", details, "server_key_length");
    server.text("nonce_payload", details, "server_nonce");
    server.number("nonce_payload_length", details, "server_nonce_length");
    version.put("server", server);
    version.put("vendor_ids", all(details, "vendor_id").map(Value::from).collect::<Vec<_>>());
    version
}

/// Attributes, `1=7 14=256`, each by name and by number.
fn attributes(text: &str) -> Object {
    const KINDS: &[(u64, &str, &str, Names)] = &[
        (1, "alg_enc", "alg_enc_raw", ATTRIBUTE_CIPHERS),
        (2, "alg_hash", "alg_hash_raw", ATTRIBUTE_HASHES),
        (3, "alg_auth", "alg_auth_raw", ATTRIBUTE_PROOFS),
        (4, "alg_dh", "alg_dh_raw", ATTRIBUTE_GROUPS),
        (11, "sa_life_type", "sa_life_type_raw", &[(1, "LifeTypeSeconds"), (2, "LifeTypeKilobytes")]),
        (12, "sa_life_duration", "sa_life_duration_raw", &[]),
        (13, "alg_prf", "alg_prf_raw", &[]),
        (14, "sa_key_length", "sa_key_length_raw", &[]),
    ];
    let mut object = Object::default();
    let mut known: Vec<u64> = Vec::new();
    for pair in text.split(' ') {
        let Some((kind, value)) = pair.split_once('=') else { continue };
        let (Ok(kind), Ok(value)) = (kind.parse::<u64>(), value.parse::<u64>()) else { continue };
        let Some((_, field, raw, names)) = KINDS.iter().find(|(code, ..)| *code == kind) else { continue };
        if known.contains(&kind) {
            continue;
        }
        known.push(kind);
        let found = names.iter().find(|(code, _)| *code == value);
        object.put(*field, found.map_or("Unknown", |(_, name)| name));
        object.put(*raw, value);
    }
    object
}

fn exchange(code: u64) -> Option<&'static str> {
    Some(match code {
        1 => "Base",
        2 => "Identity Protection",
        3 => "Authentication Only",
        4 => "Aggressive",
        5 => "Informational",
        6 => "Transaction",
        32 => "Quick Mode",
        33 => "New Group Mode",
        _ => return None,
    })
}

/// Numbers with Suricata's names.
type Names = &'static [(u64, &'static str)];

fn name(names: Names, code: u64) -> Text {
    let found = names.iter().find(|(known, _)| *known == code);
    found.map_or_else(|| format!("Unknown-{code}").into(), |(_, name)| Text::const_new(name))
}

const ATTRIBUTE_CIPHERS: Names = &[
    (1, "EncDesCbc"),
    (2, "EncIdeaCbc"),
    (3, "EncBlowfishCbc"),
    (4, "EncRc5R16B64Cbc"),
    (5, "EncTripleDesCbc"),
    (6, "EncCastCbc"),
    (7, "EncAesCbc"),
    (8, "EncCamelliaCbc"),
];

const ATTRIBUTE_HASHES: Names = &[
    (1, "HashMd5"),
    (2, "HashSha"),
    (3, "HashTiger"),
    (4, "HashSha2_256"),
    (5, "HashSha2_384"),
    (6, "HashSha2_512"),
];

const ATTRIBUTE_PROOFS: Names = &[
    (1, "AuthPreSharedKey"),
    (2, "AuthDssSignatures"),
    (3, "AuthRsaSignatures"),
    (4, "AuthEncryptionWithRsa"),
    (5, "AuthRevisedEncryptionWithRsa"),
    (9, "AuthEcdsa256"),
    (10, "AuthEcdsa384"),
    (11, "AuthEcdsa512"),
];

const ATTRIBUTE_GROUPS: Names = &[
    (1, "GroupModp768Bit"),
    (2, "GroupModp1024Bit"),
    (5, "GroupModp1536Bit"),
    (14, "GroupModp2048Bit"),
    (15, "GroupModp3072Bit"),
    (16, "GroupModp4096Bit"),
    (17, "GroupModp6144Bit"),
    (18, "GroupModp8192Bit"),
    (19, "GroupRandomEcp256"),
    (20, "GroupRandomEcp384"),
    (21, "GroupRandomEcp521"),
];

const PAYLOADS_1: Names = &[
    (1, "SecurityAssociation"),
    (2, "Proposal"),
    (3, "Transform"),
    (4, "KeyExchange"),
    (5, "Identification"),
    (6, "Certificate"),
    (7, "CertificateRequest"),
    (8, "Hash"),
    (9, "Signature"),
    (10, "Nonce"),
    (11, "Notification"),
    (12, "Delete"),
    (13, "VendorID"),
    (20, "NatDiscovery"),
    (21, "NatOriginalAddress"),
];

const PAYLOADS_2: Names = &[
    (0, "NoNextPayload"),
    (33, "SecurityAssociation"),
    (34, "KeyExchange"),
    (35, "IdentInitiator"),
    (36, "IdentResponder"),
    (37, "Certificate"),
    (38, "CertificateRequest"),
    (39, "Authentication"),
    (40, "Nonce"),
    (41, "Notify"),
    (42, "Delete"),
    (43, "VendorID"),
    (44, "TrafficSelectorInitiator"),
    (45, "TrafficSelectorResponder"),
    (46, "EncryptedAndAuthenticated"),
    (47, "Configuration"),
    (48, "ExtensibleAuthentication"),
];

const CIPHERS: Names = &[
    (1, "ENCR_DES_IV64"),
    (2, "ENCR_DES"),
    (3, "ENCR_3DES"),
    (4, "ENCR_RC5"),
    (5, "ENCR_IDEA"),
    (6, "ENCR_CAST"),
    (7, "ENCR_BLOWFISH"),
    (8, "ENCR_3IDEA"),
    (9, "ENCR_DES_IV32"),
    (11, "ENCR_NULL"),
    (12, "ENCR_AES_CBC"),
    (13, "ENCR_AES_CTR"),
    (14, "ENCR_AES_CCM_8"),
    (15, "ENCR_AES_CCM_12"),
    (16, "ENCR_AES_CCM_16"),
    (18, "ENCR_AES_GCM_8"),
    (19, "ENCR_AES_GCM_12"),
    (20, "ENCR_AES_GCM_16"),
    (23, "ENCR_CAMELLIA_CBC"),
    (28, "ENCR_CHACHA20_POLY1305"),
];

const INTEGRITIES: Names = &[
    (0, "NONE"),
    (1, "AUTH_HMAC_MD5_96"),
    (2, "AUTH_HMAC_SHA1_96"),
    (3, "AUTH_DES_MAC"),
    (4, "AUTH_KPDK_MD5"),
    (5, "AUTH_AES_XCBC_96"),
    (6, "AUTH_HMAC_MD5_128"),
    (7, "AUTH_HMAC_SHA1_160"),
    (8, "AUTH_AES_CMAC_96"),
    (12, "AUTH_HMAC_SHA2_256_128"),
    (13, "AUTH_HMAC_SHA2_384_192"),
    (14, "AUTH_HMAC_SHA2_512_256"),
];

const PRFS: Names = &[
    (1, "PRF_HMAC_MD5"),
    (2, "PRF_HMAC_SHA1"),
    (3, "PRF_HMAC_TIGER"),
    (4, "PRF_AES128_XCBC"),
    (5, "PRF_HMAC_SHA2_256"),
    (6, "PRF_HMAC_SHA2_384"),
    (7, "PRF_HMAC_SHA2_512"),
    (8, "PRF_AES128_CMAC"),
];

const GROUPS: Names = &[
    (0, "None"),
    (1, "Modp768"),
    (2, "Modp1024"),
    (5, "Modp1536"),
    (14, "Modp2048"),
    (15, "Modp3072"),
    (16, "Modp4096"),
    (17, "Modp6144"),
    (18, "Modp8192"),
    (19, "Ecp256"),
    (20, "Ecp384"),
    (21, "Ecp521"),
    (22, "Modp1024s160"),
    (23, "Modp2048s224"),
    (24, "Modp2048s256"),
    (25, "Ecp192"),
    (26, "Ecp224"),
    (27, "BrainpoolP224r1"),
    (28, "BrainpoolP256r1"),
    (29, "BrainpoolP384r1"),
    (30, "BrainpoolP512r1"),
    (31, "Curve25519"),
    (32, "Curve448"),
];

const NOTICES: Names = &[
    (1, "UNSUPPORTED_CRITICAL_PAYLOAD"),
    (4, "INVALID_IKE_SPI"),
    (5, "INVALID_MAJOR_VERSION"),
    (7, "INVALID_SYNTAX"),
    (9, "INVALID_MESSAGE_ID"),
    (11, "INVALID_SPI"),
    (14, "NO_PROPOSAL_CHOSEN"),
    (17, "INVALID_KE_PAYLOAD"),
    (24, "AUTHENTICATION_FAILED"),
    (34, "SINGLE_PAIR_REQUIRED"),
    (35, "NO_ADDITIONAL_SAS"),
    (36, "INTERNAL_ADDRESS_FAILURE"),
    (37, "FAILED_CP_REQUIRED"),
    (38, "TS_UNACCEPTABLE"),
    (39, "INVALID_SELECTORS"),
    (43, "TEMPORARY_FAILURE"),
    (44, "CHILD_SA_NOT_FOUND"),
    (16_384, "INITIAL_CONTACT"),
    (16_385, "SET_WINDOW_SIZE"),
    (16_386, "ADDITIONAL_TS_POSSIBLE"),
    (16_387, "IPCOMP_SUPPORTED"),
    (16_388, "NAT_DETECTION_SOURCE_IP"),
    (16_389, "NAT_DETECTION_DESTINATION_IP"),
    (16_390, "COOKIE"),
    (16_391, "USE_TRANSPORT_MODE"),
    (16_392, "HTTP_CERT_LOOKUP_SUPPORTED"),
    (16_393, "REKEY_SA"),
    (16_394, "ESP_TFC_PADDING_NOT_SUPPORTED"),
    (16_395, "NON_FIRST_FRAGMENTS_ALSO"),
    (16_404, "MULTIPLE_AUTH_SUPPORTED"),
    (16_405, "ANOTHER_AUTH_FOLLOWS"),
    (16_406, "REDIRECT_SUPPORTED"),
    (16_430, "IKEV2_FRAGMENTATION_SUPPORTED"),
    (16_431, "SIGNATURE_HASH_ALGORITHMS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_by_name_and_by_number() {
        let text = super::super::event::rendered(&attributes("11=1 12=900 1=7 2=4 14=256 1=5 99=1"));
        assert_eq!(
            text,
            r#"{"sa_life_type":"LifeTypeSeconds","sa_life_type_raw":1,"sa_life_duration":"Unknown","sa_life_duration_raw":900,"alg_enc":"EncAesCbc","alg_enc_raw":7,"alg_hash":"HashSha2_256","alg_hash_raw":4,"sa_key_length":"Unknown","sa_key_length_raw":256}"#
        );
    }
}
