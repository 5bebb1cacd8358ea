//! A request described on the command line.

use std::net::IpAddr;

use stagedoor::explain::{self, RequestError};
use stagedoor::facts::Facts;

use crate::failure::Misuse;

/// Builds the facts of a request. `headers` are names and values.
pub(crate) fn facts<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &str,
    address: Option<IpAddr>,
) -> Result<Facts, Misuse> {
    explain::facts(method, url, headers, place, address).map_err(|error| match error {
        RequestError::Url(error) => Misuse(format!("expected an absolute URL, found `{url}`: {error}")),
        error => Misuse(error.to_string()),
    })
}
