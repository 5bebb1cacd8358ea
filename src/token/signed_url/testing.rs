//! Helpers for the tests of the dialects.

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::catalog::TokenPolicy;
use crate::facts::{Facts, Headers, Scheme};
use crate::redacted::Redacted;
use crate::token::{Asked, Grant, native, present};

pub(crate) const NOW: u64 = 1_795_370_400;

/// The facts of a request without any normalisation. The URL is absolute.
pub(crate) fn facts(url: &str, headers: &[(&str, &str)], address: Option<&str>) -> Facts {
    let (scheme, rest) = url.split_once("://").unwrap();
    let at = rest.find('/').unwrap();
    let (host, target) = rest.split_at(at);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Facts {
        scheme: if scheme == "http" { Scheme::Http } else { Scheme::Https },
        host: host.to_owned(),
        path: path.to_owned(),
        query: Redacted::new(query.to_owned()),
        headers: Headers {
            all: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Redacted::new((*value).to_owned())))
                .collect(),
            ..Headers::default()
        },
        address: address.map(|address| address.parse().unwrap()),
        ..Facts::default()
    }
}

/// A policy of one dialect.
pub(crate) fn policy(dialect: &str, own: &Value) -> TokenPolicy {
    serde_json::from_value(json!({ "accept": [{ dialect: own }] })).unwrap()
}

pub(crate) fn keys(keys: &Value) -> KeySet {
    serde_json::from_value(json!({ "issuer": "cdn", "keys": keys })).unwrap()
}

pub(crate) fn verify(facts: &Facts, policy: &TokenPolicy, keys: &KeySet, now: u64) -> Result<Grant, Denial> {
    let presented = present(facts, policy)?;
    native::prove(presented.as_ref(), keys, &Asked { facts, policy, now: UnixTime::from_secs(now) })
}

/// The same URL as `new URL(url)` and `url.searchParams.set(name, value)` leave it, for each parameter.
pub(crate) fn appended(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = Url::parse(url).unwrap();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

/// Every text that differs from this one in one bit, and is text.
pub(crate) fn flipped(text: &str) -> impl Iterator<Item = String> + '_ {
    (0..text.len() * 7).filter_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at / 7] ^= 1 << (at % 7);
        String::from_utf8(bytes).ok()
    })
}
