//! Timed HMACs of Cloudflare's WAF.

use serde_json::Value;
use stagedoor::token::timed_hmac::{self, Claims};

use super::Order;
use crate::failure::Misuse;

/// `iat` defaults to now, and `name` to `verify`. The site's policy sets the lifetime.
pub(super) fn mint(mut order: Order) -> Result<Value, Misuse> {
    let name = match order.claims.remove("name") {
        None => "verify".to_owned(),
        Some(Value::String(name)) => name,
        Some(_) => return Err(Misuse("--claims: `name`: expected a string".to_owned())),
    };
    order.default("iat", order.now);
    let claims: Claims = order.claims()?;
    let minted =
        timed_hmac::mint(order.url()?, &claims, &name, &|algorithm, message| order.sign(algorithm, message));
    order.minted(minted)
}
