//! Text that hides in text.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The shortest run that is taken for Base64 or hexadecimal.
const RUN_MIN: usize = 8;

/// Texts that hide in a text: what its runs of Base64 and hexadecimal stand for, and itself without percent-encoding
/// (RFC 3986, §2.1) and escapes of JSON (RFC 8259, §7).
pub(super) fn texts(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let is_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    for run in text.split(|c| !is_run(c)).filter(|run| run.len() >= RUN_MIN) {
        let bytes = [STANDARD.decode(run).ok(), URL_SAFE.decode(run).ok(), hexadecimal(run)];
        texts.extend(bytes.into_iter().flatten().filter_map(readable));
    }
    if text.contains('%') {
        texts.extend(readable(without_percents(text)).filter(|plain| plain != text));
    }
    if text.contains('\\') {
        texts
            .extend(serde_json::from_str(&format!("\"{text}\"")).ok().filter(|plain: &String| plain != text));
    }
    texts.dedup();
    texts
}

/// Bytes as text, if they are such as people read.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(|c| c.is_control() && !c.is_whitespace())).then_some(text)
}

fn hexadecimal(run: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        run.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn without_percents(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.split_at_checked(2).filter(|_| *first == b'%');
        let byte =
            pair.and_then(|(pair, after)| Some((hexadecimal(std::str::from_utf8(pair).ok()?)?, after)));
        if let Some((byte, after)) = byte {
            bytes.extend(byte);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}
