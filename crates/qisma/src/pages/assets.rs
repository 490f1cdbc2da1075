//! The files that the pages load, each under a path that changes with its content.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// A file that the pages load. Its path holds a hash of its body, so it may be cached for ever.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The path, such as `/assets/checkout-1a2b3c4d.css`.
    pub path: String,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The content.
    pub body: &'static [u8],
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset(
            "checkout",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/checkout.css"),
        ),
        asset(
            "checkout",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../assets/checkout.js"),
        ),
        asset("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")),
        asset(
            "reference",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../../assets/reference.css"),
        ),
    ]
});

fn asset(name: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Asset {
    let digest = Sha256::digest(body);
    let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    Asset { path: format!("/assets/{name}-{hash:08x}.{extension}"), content_type, body }
}

/// Every file that the pages load.
pub fn assets() -> &'static [Asset] {
    &*ASSETS
}

/// The path of the payer's pages' one stylesheet.
pub(super) fn stylesheet() -> &'static str {
    &ASSETS[0].path
}

/// The path of the one script.
pub(super) fn script() -> &'static str {
    &ASSETS[1].path
}

/// The path of the icon in the browser's tab.
pub(super) fn icon() -> &'static str {
    &ASSETS[2].path
}

/// The path of the documentation's stylesheet.
pub(super) fn reference_stylesheet() -> &'static str {
    &ASSETS[3].path
}
