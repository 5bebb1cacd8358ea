//! JSON Web Tokens.

use serde_json::{Map, Value, json};

use super::{Order, unfit};
use crate::failure::Misuse;

/// `exp` is set unless the claims have it.
pub(super) fn mint(order: Order) -> Result<Value, Misuse> {
    let Order { key, mut claims, expires_at, .. } = order;
    claims.entry("exp").or_insert(json!(expires_at.as_secs()));
    let members = Map::from_iter([("typ".to_owned(), json!("JWT"))]);
    let payload = Value::Object(claims.clone()).to_string();
    let token = key.jws(key.algorithm(), members, payload.as_bytes()).map_err(unfit)?;
    Ok(json!({ "token": token, "claims": claims }))
}
