//! Signed URIs of RFC 9246.

use serde_json::{Value, json};
use stagedoor::token::uri_signing;

use super::{Order, unfit};
use crate::failure::Misuse;

/// `exp` is set unless the claims have it, and `cdniuc` is the hash of the URL unless they name another.
pub(super) fn mint(order: Order) -> Result<Value, Misuse> {
    let Order { key, mut claims, expires_at, url, .. } = order;
    let url = url.ok_or_else(|| Misuse("--url: expected the URL to sign".to_owned()))?;
    claims.entry("exp").or_insert(json!(expires_at.as_secs()));
    let (token, signed) =
        uri_signing::mint(&key, claims.clone(), &url, "URISigningPackage").map_err(unfit)?;
    Ok(json!({ "token": token, "claims": claims, "url": signed }))
}
