//! Tokens of AWS Secure Media Delivery at the Edge.

use serde_json::{Value, json};
use stagedoor::token::secure_media::{self, Viewer};

use super::{Order, placed_first, unfit};
use crate::failure::Misuse;
use crate::input;

/// `exp` is set unless the claims have it. The claim `viewer` binds the token to a viewer, like the solution's
/// `viewer_attributes`: {"ip", "co", "reg", "sessionId", "headers", "qs"}; it becomes `intsig`.
pub(super) fn mint(order: Order) -> Result<Value, Misuse> {
    let Order { key, mut claims, expires_at, url, .. } = order;
    claims.entry("exp").or_insert(json!(expires_at.as_secs()));
    let viewer: Viewer = match claims.remove("viewer") {
        None => Viewer::default(),
        Some(viewer) => {
            input::typed(&viewer).map_err(|error| Misuse(format!("--claims: `viewer`: {error}")))?
        }
    };
    let token = secure_media::mint(&key, claims.clone(), &viewer).map_err(unfit)?;
    let url = url.map(|url| placed_first(&url, &token, false));
    Ok(json!({ "token": token, "claims": claims, "url": url }))
}
