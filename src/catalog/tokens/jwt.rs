//! JSON Web Tokens.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{ClaimMapping, Placement};
use crate::catalog::Issuer;
use crate::catalog::kv_document::DEEPEST;
use crate::json;

/// A site's requirements for JSON Web Tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwtPolicy {
    /// The accepted issuers. Absent: the site's `tokens.issuers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Vec<Issuer>>,
    /// The required audience. Absent: the site's `tokens.audience`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The claim that names the audience, such as `client_id` in access tokens of Amazon Cognito or `azp` in access
    /// tokens of Keycloak.
    #[serde(default = "JwtPolicy::default_audience_claim")]
    pub audience_claim: String,
    /// Where the edge looks for a token. Absent: the site's `tokens.placements`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placements: Option<Vec<Placement>>,
    /// The accepted values of the header's `typ`, such as `at+jwt`. Case and a leading `application/` do not matter.
    /// Empty: any `typ`, or no `typ` ([RFC 8725 section 3.11]).
    ///
    /// [RFC 8725 section 3.11]: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// The required values of claims, such as `{"token_use": "access"}`. A list means that any of its values is
    /// accepted. A claim that is a list has to contain an accepted value. Claims are named as in `claims`. At most
    /// 1,000 values in all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "required")]
    pub require: BTreeMap<String, serde_json::Value>,
    /// The claims in which the issuer writes the contents of a grant.
    #[serde(default, skip_serializing_if = "ClaimMapping::is_default")]
    pub claims: ClaimMapping,
}

impl JwtPolicy {
    fn default_audience_claim() -> String {
        "aud".to_owned()
    }
}

impl Default for JwtPolicy {
    fn default() -> Self {
        Self {
            issuers: None,
            audience: None,
            audience_claim: Self::default_audience_claim(),
            placements: None,
            types: Vec::new(),
            require: BTreeMap::new(),
            claims: ClaimMapping::default(),
        }
    }
}

/// A value takes many times the memory of its spelling.
const MOST_REQUIRED: usize = 1_000;

fn required<'de, D: Deserializer<'de>>(json: D) -> Result<BTreeMap<String, serde_json::Value>, D::Error> {
    Ok(json::few(json, DEEPEST, MOST_REQUIRED)?.into_iter().collect())
}
