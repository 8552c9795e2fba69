//! What does not change while the program runs: the sheet, the script and the sign. Their addresses hold a fingerprint
//! of their content, so that a browser may keep them for a year and still never shows an old one.

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

const SHEET: &str = include_str!("../static/style.css");
const SCRIPT: &str = include_str!("../static/bastide.js");
const SIGN: &str = include_str!("../static/sign.svg");

/// The address of the sheet.
pub(crate) static SHEET_PATH: LazyLock<String> = LazyLock::new(|| path("css", SHEET));
/// The address of the script.
pub(crate) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| path("js", SCRIPT));
/// The address of the sign.
pub(crate) static SIGN_PATH: LazyLock<String> = LazyLock::new(|| path("svg", SIGN));

fn path(ending: &str, text: &str) -> String {
    // FNV-1a: tells two versions apart; nothing rests on it.
    let print = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("/static/{print:016x}.{ending}")
}

pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let wanted = format!("/static/{name}");
    let known = [
        (&*SHEET_PATH, SHEET, "text/css; charset=utf-8"),
        (&*SCRIPT_PATH, SCRIPT, "text/javascript; charset=utf-8"),
        (&*SIGN_PATH, SIGN, "image/svg+xml"),
    ];
    match known.into_iter().find(|(path, ..)| **path == wanted) {
        Some((_, text, kind)) => {
            let mut response = text.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response.headers_mut().insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
            response
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
