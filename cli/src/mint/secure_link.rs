//! nginx secure links.

use serde::Deserialize;
use serde_json::Value;
use stagedoor::catalog::{SecureLinkPart, SecureLinkPolicy};
use stagedoor::token::secure_link::{self, Claims};
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Order;
use crate::failure::Misuse;
use crate::{input, request};

/// The parts of the request that an expression may name, apart from its URL.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    address: Option<IpAddr>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// `exp` is set unless the claims have it, where the expression has `{expires}`; `policy` is the site's `secure_link`,
/// without `keys`; `request` has `address` and `headers`.
pub(super) fn mint(mut order: Order) -> Result<Value, Misuse> {
    let policy: SecureLinkPolicy = order.policy()?;
    let request = match order.claims.remove("request") {
        Some(request) => {
            input::typed(&request).map_err(|error| Misuse(format!("--claims: `request`: {error}")))?
        }
        None => Request::default(),
    };
    if policy.expression.parts().contains(&SecureLinkPart::Expires) {
        order.default("exp", order.expires_at);
    }
    let claims: Claims = order.claims()?;
    let url = order.url()?;
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let facts = request::facts("GET", url, headers, "", request.address)?;
    order.minted(secure_link::mint(url, &claims, &policy, &facts, &order.key.public()))
}
