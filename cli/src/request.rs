//! A request described on the command line.

use std::net::IpAddr;

use stagedoor::explain::{self, RequestError};
use stagedoor::facts::{Facts, Method};
use stagedoor::rights;

use crate::failure::Misuse;

/// Builds the facts of a request. `headers` are names and values.
pub(crate) fn facts<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &str,
    address: Option<IpAddr>,
) -> Result<Facts, Misuse> {
    expect_url(url)?;
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-') {
        return Err(Misuse(format!("--method: expected a method such as GET, found `{method}`")));
    }
    let upper = method.to_ascii_uppercase();
    if Method::from_name(method) == Method::Other && Method::from_name(&upper) != Method::Other {
        return Err(Misuse(format!(
            "--method: methods are in capital letters: expected {upper}, found `{method}`"
        )));
    }
    let facts = explain::facts(method, url, headers, place, address).map_err(|error| match error {
        RequestError::Url(error) => Misuse(format!("expected an absolute URL, found `{url}`: {error}")),
        error => Misuse(error.to_string()),
    })?;
    match facts.geography.country.and_then(rights::unassigned) {
        Some(detail) => Err(Misuse(format!("--geo: {detail}"))),
        None => Ok(facts),
    }
}

/// Refuses a URL with white space, which a URL reader would drop or encode: the request would be another one.
pub(crate) fn expect_url(url: &str) -> Result<(), Misuse> {
    if url.is_empty() || url.chars().any(|found| found.is_whitespace() || found.is_control()) {
        return Err(Misuse(format!("expected an absolute URL without spaces, found `{url}`")));
    }
    Ok(())
}

/// Reads `Name: value`.
pub(crate) fn header(text: &str) -> Result<(&str, &str), Misuse> {
    // RFC 9110 section 5.6.2.
    let is_token = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let read =
        text.split_once(':').filter(|(name, value)| is_token(name) && !value.contains(char::is_control));
    read.ok_or_else(|| Misuse(format!("--header: expected `Name: value`, found `{text}`")))
}
