//! The request that is to be explained, in the arguments of `explain` and `edge explain`.

use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use stagedoor::explain::Request;
use url::Url;

use super::saved;
use crate::failure::Misuse;
use crate::input;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["url", "request"]))]
pub(crate) struct Asked {
    /// The URL that the player asks for, with its token or session.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// A saved request: JSON, a HAR file, or a `curl` command line; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The method. Default: the saved request's, or GET.
    #[arg(long, value_name = "M")]
    method: Option<String>,
    /// A header, such as `Origin: https://tv.example.com`. May be repeated.
    #[arg(long, value_name = "N: V")]
    header: Vec<String>,
    /// The viewer's location, such as AE, AE-DU or US-CA;asn=7922. Default: an unknown place.
    #[arg(long, value_name = "PLACE")]
    geo: Option<String>,
    /// The viewer's IP address.
    #[arg(long, value_name = "ADDR")]
    ip: Option<IpAddr>,
    /// The time, in RFC 3339 or Unix seconds. Default: the saved request's, or now.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

impl Asked {
    /// The request, and its JSON. A URL without a host is one of `edge`.
    pub(crate) fn request(&self, edge: Option<&Url>) -> Result<(Request, Vec<u8>), Misuse> {
        let mut described = self.described()?;
        if let Some(edge) = edge
            && let Some(url) = described.get("url").and_then(Value::as_str).filter(|url| url.starts_with('/'))
        {
            let whole = edge.join(url).map_err(|error| Misuse(format!("expected a URL: {error}")))?;
            described.insert("url".to_owned(), json!(whole.as_str()));
        }
        let described = Value::Object(described);
        let request: Request =
            input::typed(&described).map_err(|error| Misuse(format!("the request: {error}")))?;
        Ok((request, described.to_string().into_bytes()))
    }

    fn described(&self) -> Result<Map<String, Value>, Misuse> {
        let mut described = match (&self.request, &self.url) {
            (Some(path), _) => saved::read(path)?,
            (None, url) => Map::from_iter([("url".to_owned(), json!(url))]),
        };
        if !self.header.is_empty() {
            let mut headers =
                described.get("headers").and_then(Value::as_object).cloned().unwrap_or_default();
            for header in &self.header {
                let pair = header.split_once(':');
                let (name, value) =
                    pair.ok_or_else(|| Misuse("--header: expected `Name: value`".to_owned()))?;
                headers.insert(name.trim().to_ascii_lowercase(), json!(value.trim()));
            }
            described.insert("headers".to_owned(), Value::Object(headers));
        }
        let now = self
            .now
            .as_deref()
            .map(input::instant)
            .transpose()
            .map_err(|error| Misuse(format!("--now: {error}")))?;
        let given = [
            ("method", self.method.as_ref().map(|method| json!(method))),
            ("geo", self.geo.as_ref().map(|geo| json!(geo))),
            ("ip", self.ip.map(|ip| json!(ip))),
            ("now", now.map(|now| json!(now.as_secs()))),
        ];
        described.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(described)
    }
}
