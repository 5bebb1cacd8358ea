//! Signed requests and tokens of Google Media CDN and Cloud CDN.

use serde_json::Value;
use stagedoor::catalog::MediaCdnPolicy;
use stagedoor::token::media_cdn::{self, Claims};

use super::Order;
use crate::failure::Misuse;

/// `exp` is set unless the claims have it; `policy` is the site's `media_cdn`, without `keys`.
pub(super) fn mint(mut order: Order) -> Result<Value, Misuse> {
    let policy: MediaCdnPolicy = order.policy()?;
    order.default("exp", order.expires_at);
    let claims: Claims = order.claims()?;
    let key = order.key.public();
    let minted = media_cdn::mint(order.url()?, &claims, &policy, &key, &|algorithm, message| {
        order.sign(algorithm, message)
    });
    order.minted(minted)
}
