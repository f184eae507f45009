//! Styles, the script and the icon. Their addresses have a digest of what they hold, so that a browser keeps them.

use std::{sync::Arc, sync::LazyLock};

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use crate::web::context::Web;

/// A file that pages name.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset { name: "cetak.css", media_type: "text/css; charset=utf-8", bytes: include_bytes!("assets/cetak.css") },
    Asset { name: "cetak.js", media_type: "text/javascript; charset=utf-8", bytes: include_bytes!("assets/cetak.js") },
    Asset {
        name: "htmx.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("assets/htmx-4.0.1.min.js"),
    },
    Asset { name: "icon.svg", media_type: "image/svg+xml", bytes: include_bytes!("assets/icon.svg") },
];

static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let digest = |asset: &Asset| digest(asset.bytes)[..16].to_owned();
    ASSETS.iter().map(|asset| format!("/assets/{}/{}", digest(asset), asset.name)).collect()
});

/// The SHA-256 digest of a file, in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The address of a file.
pub(super) fn address(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|asset| asset.name == name);
    at.map_or("", |at| &ADDRESSES[at])
}

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/assets/{digest}/{name}", get(show))
}

async fn show(Path((digest, name)): Path<(String, String)>) -> Response {
    let asked = format!("/assets/{digest}/{name}");
    let Some(asset) = ASSETS.iter().find(|asset| address(asset.name) == asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_the_one_that_was_published() {
        let library = ASSETS.iter().find(|asset| asset.name == "htmx.js").unwrap();
        assert_eq!(digest(library.bytes), "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130");
    }

    #[test]
    fn addresses_have_a_digest() {
        assert!(address("cetak.css").starts_with("/assets/") && address("cetak.css").ends_with("/cetak.css"));
        assert_eq!(address("other"), "");
    }
}
