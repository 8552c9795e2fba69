//! Amazon's Signature Version 4, as far as a repository needs it: one request, signed in its headers.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use crate::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Who signs, and for where.
pub(super) struct Signer {
    pub(super) access_key: String,
    pub(super) secret: Secret,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// The host, with its port if that is not the scheme's own.
    pub(super) host: &'a str,
    /// The path, encoded.
    pub(super) path: &'a str,
    /// Names and values of the query, encoded, in the order of their names.
    pub(super) query: &'a str,
    /// Further headers, in lower case.
    pub(super) headers: &'a [(&'static str, String)],
    /// The SHA-256 of the content, in hexadecimal.
    pub(super) content: &'a str,
}

impl Signer {
    /// All headers of the signed request: those that were given, and those that the signature adds.
    pub(super) fn sign(
        &self,
        request: &Signed<'_>,
        region: &str,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let now = now.to_zoned(TimeZone::UTC);
        let (date, time) = (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
        let mut headers = request.headers.to_vec();
        headers.push(("host", request.host.to_owned()));
        headers.push(("x-amz-content-sha256", request.content.to_owned()));
        headers.push(("x-amz-date", time.clone()));
        headers.sort();

        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
        for (name, value) in &headers {
            let _ = writeln!(canonical, "{name}:{}", value.trim());
        }
        let _ = write!(canonical, "\n{names}\n{}", request.content);

        let scope = format!("{date}/{region}/s3/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", digest(canonical.as_bytes()));
        let key = mac(format!("AWS4{}", self.secret.reveal()).as_bytes(), &date);
        let key = mac(&mac(&mac(&key, region), "s3"), "aws4_request");
        let signature = hexadecimal(&mac(&key, &text));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            self.access_key
        );
        // The client writes the host itself.
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", authorization));
        headers
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so that there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A text as it stands in a path or query: everything but letters, digits and `-._~` is encoded, and `/` in a query.
pub(super) fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            b'/' if keep_slash => encoded.push('/'),
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the documentation: "Authenticating Requests: Using the Authorization Header", with its keys.
    #[test]
    fn the_examples_of_the_documentation_are_signed_as_they_are_there() {
        let signer = Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: Secret::invented("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        };
        let now: Timestamp = "2013-05-24T00:00:00Z".parse().unwrap();
        let nothing = digest(b"");
        let welcome = digest(b"Welcome to Amazon S3.");
        let put = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        let cases = [
            (
                ("GET", "/test.txt", "", &[("range", "bytes=0-9".to_owned())][..], &nothing),
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                ("PUT", "/test%24file.text", "", &put[..], &welcome),
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                ("GET", "/", "max-keys=2&prefix=J", &[][..], &nothing),
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for ((method, path, query, headers, content), expected) in cases {
            let host = "examplebucket.s3.amazonaws.com";
            let signed = Signed { method, host, path, query, headers, content };
            let headers = signer.sign(&signed, "us-east-1", now);
            let (_, authorization) = headers.last().unwrap();
            assert!(authorization.ends_with(expected), "{method} {path}: {authorization}");
        }
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        assert_eq!(encode("a b/c+d~é", true), "a%20b/c%2Bd~%C3%A9");
        assert_eq!(encode("a/b", false), "a%2Fb");
    }
}
