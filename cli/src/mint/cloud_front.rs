//! CloudFront's signed URLs and cookies.

use serde_json::Value;
use stagedoor::token::cloud_front::{self, Claims};

use super::Order;
use crate::failure::Misuse;

/// `exp` is set unless the claims have it.
pub(super) fn mint(mut order: Order) -> Result<Value, Misuse> {
    order.default("exp", order.expires_at);
    let claims: Claims = order.claims()?;
    let key = order.key.public();
    let minted =
        cloud_front::mint(order.url()?, &claims, &key, &|algorithm, message| order.sign(algorithm, message));
    order.minted(minted)
}
