//! Tokens of Cloudflare Stream.

use serde_json::{Map, Value, json};
use stagedoor::catalog::Algorithm;

use super::{Order, placed_first, unfit};
use crate::failure::Misuse;

/// `exp` is set unless the claims have it. In the URL, the token takes the place of the title, which `sub` names.
pub(super) fn mint(order: Order) -> Result<Value, Misuse> {
    let Order { key, mut claims, expires_at, url, .. } = order;
    claims.entry("exp").or_insert(json!(expires_at.as_secs()));
    if let (Some(url), false) = (&url, claims.contains_key("sub")) {
        let title = url.path().split('/').nth(1).unwrap_or_default();
        claims.insert("sub".to_owned(), title.into());
    }
    let payload = Value::Object(claims.clone()).to_string();
    let token = key.jws(Algorithm::RS256, Map::new(), payload.as_bytes()).map_err(unfit)?;
    let url = url.map(|url| placed_first(&url, &token, true));
    Ok(json!({ "token": token, "claims": claims, "url": url }))
}
