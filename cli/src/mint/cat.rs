//! Common Access Tokens.

use serde_json::{Value, json};
use stagedoor::token::cat;

use super::Order;
use crate::failure::Misuse;

/// Claims have their names or their labels. `exp` is set unless the claims have it.
pub(super) fn mint(order: Order) -> Result<Value, Misuse> {
    let Order { key, mut claims, expires_at, .. } = order;
    if !claims.contains_key("4") {
        claims.entry("exp").or_insert(json!(expires_at.as_secs()));
    }
    let token = cat::mint(&key, &claims).map_err(|error| Misuse(error.to_string()))?;
    Ok(json!({ "token": token, "claims": claims }))
}
