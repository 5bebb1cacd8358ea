//! Akamai EdgeAuth tokens.

use serde_json::Value;
use stagedoor::catalog::EdgeAuthPolicy;
use stagedoor::token::edge_auth::{self, Claims};

use super::Order;
use crate::failure::Misuse;

/// `exp` is set unless the claims have it; `policy` is the site's `edge_auth`, without `keys`.
pub(super) fn mint(mut order: Order) -> Result<Value, Misuse> {
    let policy: EdgeAuthPolicy = order.policy()?;
    order.default("exp", order.expires_at);
    let claims: Claims = order.claims()?;
    let minted =
        edge_auth::mint(order.url()?, &claims, &policy, &|algorithm, message| order.sign(algorithm, message));
    order.minted(minted)
}
