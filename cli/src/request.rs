//! A request as it is described on the command line or in a file.

use stagedoor::facts::{Facts, Geography, Headers, Method};
use stagedoor::redacted::Redacted;
use url::Url;

use crate::input::Misuse;

/// Puts the facts of a request together. `headers` are names and values; those that the edge does not read have no
/// part in a decision.
pub(crate) fn facts<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    place: &str,
) -> Result<Facts, Misuse> {
    let url = Url::parse(url)
        .map_err(|error| Misuse(format!("expected an absolute URL, found `{url}`: {error}")))?;
    let geography: Geography = place.parse().map_err(|error| Misuse(format!("{error}")))?;
    let mut read = Headers::default();
    for (name, value) in headers {
        let value = || Some(value.trim().to_owned());
        match name.trim().to_ascii_lowercase().as_str() {
            "authorization" => read.authorization = value().map(Redacted::new),
            "origin" => read.origin = value(),
            "range" => read.range = value(),
            "if-range" => read.if_range = value(),
            "if-none-match" => read.if_none_match = value(),
            "if-modified-since" => read.if_modified_since = value(),
            _ => {}
        }
    }
    Ok(Facts {
        method: Method::from_name(method),
        host: url.host_str().unwrap_or_default().to_owned(),
        path: url.path().to_owned(),
        query: Redacted::new(url.query().unwrap_or_default().to_owned()),
        headers: read,
        geography,
    })
}
