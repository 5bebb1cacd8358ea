//! A request as it is described on the command line or in a file.

use std::net::IpAddr;

use stagedoor::facts::{Facts, Geography, Headers, Method, Scheme};
use stagedoor::redacted::Redacted;
use url::Url;

use crate::input::Misuse;

/// Puts the facts of a request together. `headers` are names and values.
pub(crate) fn facts<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &str,
    address: Option<IpAddr>,
) -> Result<Facts, Misuse> {
    let url = Url::parse(url)
        .map_err(|error| Misuse(format!("expected an absolute URL, found `{url}`: {error}")))?;
    let scheme = match url.scheme() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => return Err(Misuse(format!("expected an http or https URL, found the scheme `{other}`"))),
    };
    let geography: Geography = place.parse().map_err(|error| Misuse(format!("{error}")))?;
    let mut read = Headers::default();
    for (name, value) in headers {
        let value = || Some(value.trim().to_owned());
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "authorization" => read.authorization = value().map(Redacted::new),
            "origin" => read.origin = value(),
            "range" => read.range = value(),
            "if-range" => read.if_range = value(),
            "if-none-match" => read.if_none_match = value(),
            "if-modified-since" => read.if_modified_since = value(),
            _ => {}
        }
        read.all.extend(value().map(|value| (name, Redacted::new(value))));
    }
    Ok(Facts {
        method: Method::from_name(method),
        scheme,
        port: url.port(),
        host: url.host_str().unwrap_or_default().to_owned(),
        path: url.path().to_owned(),
        query: Redacted::new(url.query().unwrap_or_default().to_owned()),
        headers: read,
        address,
        geography,
        ..Facts::default()
    })
}
