//! Tokens for the command and the tests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::read::{COOKIES, PATH_COMPONENT};
use crate::catalog::{Algorithm, Jwk, KeyMaterial, MediaCdnPolicy};
use crate::token::hex;
use crate::token::signed_url::{Minted, Sign, target};

/// How a token is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Query parameters, for the URL or, with `url_prefix`, for all that begin so.
    #[default]
    Url,
    /// A path component behind `url_prefix`.
    Path,
    /// A cookie, for `url_prefix`.
    Cookie,
    /// A token of the dual-token kind.
    Token,
    /// A token for an ad pod, with the `parameters`.
    Pod,
}

/// The contents of a minted token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// How it is carried.
    #[serde(default)]
    pub form: Form,
    /// When it ends, in Unix seconds.
    pub exp: u64,
    /// When a token begins, in Unix seconds.
    pub starts: Option<u64>,
    /// The prefix of the URLs.
    pub url_prefix: Option<String>,
    /// The path patterns of a token.
    pub path_globs: Option<String>,
    /// The session of a token.
    pub session_id: Option<String>,
    /// The payload of a token.
    pub data: Option<String>,
    /// The headers of a token, by names and values.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The viewer's networks, with commas between them.
    pub ip_ranges: Option<String>,
    /// The parameters of a pod.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// Mints a token for a URL, with the key's own algorithm: Ed25519, HMAC-SHA1 or, where it names `HS256`, HMAC-SHA256.
pub fn mint(
    url: &str,
    claims: &Claims,
    own: &MediaCdnPolicy,
    key: &Jwk,
    sign: Sign<'_>,
) -> Result<Minted, String> {
    use base64::engine::general_purpose::URL_SAFE;

    let algorithm = match (&key.material, key.alg) {
        (_, Some(own)) => own,
        (KeyMaterial::Symmetric { .. }, None) => Algorithm::HS1,
        (_, None) => Algorithm::EdDSA,
    };
    let prefix = || claims.url_prefix.as_deref().ok_or("expected `url_prefix`");
    let fields = |separator: &str| format!("Expires={}{separator}KeyName={}", claims.exp, key.kid);
    let separator = if url.contains('?') { '&' } else { '?' };
    let without_cookies = |token: String, url: String| Minted { token, url, cookies: Vec::new() };
    Ok(match claims.form {
        Form::Url => {
            let (signed, token) = match &claims.url_prefix {
                Some(prefix) => {
                    let token = format!("URLPrefix={}&{}", URL_SAFE.encode(prefix), fields("&"));
                    (token.clone(), token)
                }
                None => (format!("{url}{separator}{}", fields("&")), fields("&")),
            };
            let signature = URL_SAFE.encode(sign(algorithm, signed.as_bytes())?);
            let token = format!("{token}&Signature={signature}");
            let url = format!("{url}{separator}{token}");
            without_cookies(token, url)
        }
        Form::Path => {
            let prefix = prefix()?;
            let rest = url.strip_prefix(prefix).filter(|_| prefix.ends_with('/'));
            let rest = rest.ok_or("expected a `url_prefix` of the URL that ends in `/`")?;
            let component = format!("{PATH_COMPONENT}{}", fields("&"));
            let signature = sign(algorithm, format!("{prefix}{component}").as_bytes())?;
            let token = format!("{component}&Signature={}", URL_SAFE_NO_PAD.encode(signature));
            let url = format!("{prefix}{token}/{rest}");
            without_cookies(token, url)
        }
        Form::Cookie => {
            let [edge, cloud] = COOKIES;
            let name = if algorithm == Algorithm::EdDSA { edge } else { cloud };
            let fields = format!("URLPrefix={}:{}", URL_SAFE.encode(prefix()?), fields(":"));
            let signature = URL_SAFE.encode(sign(algorithm, fields.as_bytes())?);
            let token = format!("{fields}:Signature={signature}");
            Minted { cookies: vec![format!("{name}={token}")], token, url: url.to_owned() }
        }
        Form::Token => {
            let path = target(url).split('?').next().unwrap_or_default();
            let mut pairs: Vec<(String, String)> = Vec::new();
            let mut both = |text: String| pairs.push((text.clone(), text));
            match (&claims.url_prefix, &claims.path_globs) {
                (Some(prefix), _) => both(format!("URLPrefix={}", URL_SAFE_NO_PAD.encode(prefix))),
                (None, Some(globs)) => both(format!("PathGlobs={globs}")),
                (None, None) => pairs.push(("FullPath".to_owned(), format!("FullPath={path}"))),
            }
            let mut both = |text: String| pairs.push((text.clone(), text));
            if let Some(starts) = claims.starts {
                both(format!("Starts={starts}"));
            }
            both(format!("Expires={}", claims.exp));
            if let Some(id) = &claims.session_id {
                both(format!("SessionID={id}"));
            }
            if let Some(data) = &claims.data {
                both(format!("Data={data}"));
            }
            if !claims.headers.is_empty() {
                let names: Vec<_> = claims.headers.iter().map(|(name, _)| name.as_str()).collect();
                let values: Vec<_> =
                    claims.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
                pairs.push((format!("Headers={}", names.join(",")), format!("Headers={}", values.join(","))));
            }
            if let Some(ranges) = &claims.ip_ranges {
                let field = format!("IPRanges={}", URL_SAFE_NO_PAD.encode(ranges));
                pairs.push((field.clone(), field));
            }
            let (fields, signed): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let signature = sign(algorithm, signed.join("~").as_bytes())?;
            let last = match algorithm {
                Algorithm::EdDSA => format!("Signature={}", URL_SAFE_NO_PAD.encode(signature)),
                _ => format!("hmac={}", hex::encode(&signature)),
            };
            let token = format!("{}~{last}", fields.join("~"));
            let name = own.names.first().ok_or("expected a name in the policy's `names`")?;
            let url = format!("{url}{separator}{name}={token}");
            without_cookies(token, url)
        }
        Form::Pod => {
            let mut parameters = claims.parameters.clone();
            parameters.insert("exp".to_owned(), claims.exp.to_string());
            let fields: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let fields = fields.join("~");
            let token = format!("{fields}~hmac={}", hex::encode(&sign(Algorithm::HS256, fields.as_bytes())?));
            let escaped: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            let url = format!("{url}{separator}{}={}", own.pod, escaped.replace('+', "%20"));
            without_cookies(token, url)
        }
    })
}
