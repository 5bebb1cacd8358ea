//! Viewer tokens of Google's: signed requests of Cloud CDN and Media CDN, Media CDN's dual tokens, and tokens for ad pods.
//!
//! ```text
//! URL     = anything "Expires=" seconds "&KeyName=" key "&Signature=" base64url             ; for this URL
//!         / anything "URLPrefix=" base64url "&Expires=" … "&KeyName=" … "&Signature=" …     ; for all that begin so
//! path    = prefix "edge-cache-token=Expires=" … "&KeyName=" … "&Signature=" … "/" rest     ; for all below the prefix
//! cookie  = "URLPrefix=" … ":Expires=" … ":KeyName=" … ":Signature=" …
//! token   = ("URLPrefix=" … / "PathGlobs=" globs / "FullPath") [ "~Starts=" … ] "~Expires=" … [ "~SessionID=" … ]
//!           [ "~Data=" … ] [ "~Headers=" names ] [ "~IPRanges=" … ] ("~Signature=" base64url / "~hmac=" hex)
//! pod     = name "=" value *( "~" name "=" value ) "~hmac=" hex                             ; names in their order
//! ```
//!
//! Signed is what stands before `Signature`: of a URL its scheme and host too, of a prefix only the fields from
//! `URLPrefix` on, and in a dual token with the path behind `FullPath` and with the headers' values behind their names.
//! Ed25519 or HMAC-SHA1 with the key that is named; HMAC-SHA256 in dual tokens and for pods as well.
//!
//! [Signatures], [tokens], [Cloud CDN], [ad pods]
//!
//! [Signatures]: https://cloud.google.com/media-cdn/docs/generate-signatures
//! [tokens]: https://cloud.google.com/media-cdn/docs/generate-tokens
//! [Cloud CDN]: https://cloud.google.com/cdn/docs/using-signed-urls
//! [ad pods]: https://developers.google.com/ad-manager/dynamic-ad-insertion/api/pod-serving/live/pod-segment-requests

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::compact::short;
use super::credentials::Spot;
use super::presented::{Asked, Dialect, Presented, Reader};
use super::signed_url::{
    Network, address, before, bounded, candidates, decoded, distinct, elsewhere, folder, from, glob, literal,
    malformed, path_of, plain, resource, titles, unix, without_appended,
};
use super::{Challenge, Grant, hex};
use crate::catalog::{Algorithm, Issuer, Jwk, KeyMaterial, KeySet, Lock, MediaCdnPolicy, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A signed request or a token.
struct MediaCdn {
    keys: Issuer,
    signer: Signer,
    signature: Vec<u8>,
    messages: Vec<Redacted<String>>,
    limits: Limits,
    /// The path without the token.
    path: Option<String>,
}

/// Which key signed.
enum Signer {
    /// The one of this name.
    Named(String),
    /// One for this algorithm.
    Any(Algorithm),
}

/// What a token limits a request to.
#[derive(Debug, Default)]
struct Limits {
    starts: Option<UnixTime>,
    expires: Option<UnixTime>,
    url_prefix: Option<String>,
    /// What stands before a path component.
    path_prefix: Option<String>,
    path_globs: Option<Vec<String>>,
    session_id: Option<String>,
    networks: Option<Vec<Option<Network>>>,
    header: Option<(String, String)>,
    /// It is a token for an ad pod, and whether it names the title of the path.
    pod: bool,
    title_named: bool,
}

/// The most fields of a token.
const MOST_FIELDS: usize = 32;
/// The most globs, networks or headers of a token; Google allows five.
const MOST_ENTRIES: usize = 16;

const PATH_COMPONENT: &str = "edge-cache-token=";
const COOKIES: [&str; 2] = ["Edge-Cache-Cookie", "Cloud-CDN-Cookie"];

impl Reader for MediaCdnPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let found = if let Some(found) = in_path(facts, self)? {
            found
        } else if let Some(found) = in_query(facts, self)? {
            found
        } else if let Some(token) = places(facts, self) {
            dual_token(&token, facts, self)?
        } else if let Some(token) = facts.raw_query_parameter(&self.pod).filter(|token| !token.is_empty()) {
            pod(token, facts, self)?
        } else if let Some(cookie) = COOKIES.iter().find_map(|name| facts.cookie(name)) {
            let cookie = decoded(bounded(cookie)?).unwrap_or_default();
            if cookie.contains('~') { dual_token(&cookie, facts, self)? } else { in_cookie(&cookie, self)? }
        } else {
            return Ok(None);
        };
        Ok(Some(Box::new(found)))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        let of = |name| [Spot::Parameter(name), Spot::Cookie(name), Spot::Header(name)];
        let names = self.names.iter().flat_map(|name| of(name.as_str()));
        SIGNED.iter().copied().chain(names).chain([Spot::Parameter(&self.pod)]).collect()
    }
}

/// Where the parts of a signed request stand.
const SIGNED: &[Spot<'static>] = &[
    Spot::Segment(PATH_COMPONENT),
    Spot::Parameter("Expires"),
    Spot::Parameter("KeyName"),
    Spot::Parameter("Signature"),
    Spot::Parameter("URLPrefix"),
    Spot::Parameter("IPRanges"),
    Spot::Parameter("HeaderName"),
    Spot::Parameter("HeaderValue"),
    Spot::Cookie(COOKIES[0]),
    Spot::Cookie(COOKIES[1]),
];

pub(super) const USUAL: &[Spot<'static>] = &{
    let [a, b, c] = MediaCdnPolicy::NAMES;
    [
        Spot::Segment(PATH_COMPONENT),
        Spot::Parameter("Expires"),
        Spot::Parameter("KeyName"),
        Spot::Parameter("Signature"),
        Spot::Parameter("URLPrefix"),
        Spot::Parameter(a),
        Spot::Parameter(b),
        Spot::Parameter(c),
        Spot::Parameter(MediaCdnPolicy::POD),
        Spot::Cookie(a),
        Spot::Cookie(b),
        Spot::Cookie(c),
        Spot::Cookie(COOKIES[0]),
        Spot::Cookie(COOKIES[1]),
        Spot::Header(a),
        Spot::Header(b),
        Spot::Header(c),
    ]
};

/// A signed path component, and the path without it.
fn in_path(facts: &Facts, own: &MediaCdnPolicy) -> Result<Option<MediaCdn>, Denial> {
    let path = &facts.path;
    let Some(at) = path.find(&format!("/{PATH_COMPONENT}")) else { return Ok(None) };
    let (prefix, from) = path.split_at(at + 1);
    let (component, rest) = from.split_once('/').unwrap_or((from, ""));
    let fields = bounded(component)?.strip_prefix(PATH_COMPONENT).unwrap_or_default();
    let (signed, signature) = split_signature(fields, '&')?;
    let mut found = signed_fields(signed, '&', signature, own, false)?;
    if found.limits.url_prefix.is_some() {
        return Err(malformed("expected no `URLPrefix` in a path component"));
    }
    found.messages = vec![Redacted::new(format!("{}{prefix}{PATH_COMPONENT}{signed}", facts.authority()))];
    found.limits.path_prefix = Some(prefix.to_owned());
    found.path = Some(format!("{prefix}{rest}"));
    Ok(Some(found))
}

/// A signed URL, or one with a signed prefix.
fn in_query(facts: &Facts, own: &MediaCdnPolicy) -> Result<Option<MediaCdn>, Denial> {
    let query = facts.query.expose();
    if !["KeyName", "URLPrefix"].iter().any(|name| facts.raw_query_parameter(name).is_some()) {
        return Ok(None);
    }
    let (before, signature) = split_signature(bounded(without_appended(query))?, '&')?;
    if signature.contains('&') {
        return Err(malformed("expected `Signature` as the last parameter of the query"));
    }
    let prefix_at = match before.starts_with("URLPrefix=") {
        true => Some(0),
        false => before.find("&URLPrefix=").map(|at| at + 1),
    };
    let signed = before.get(prefix_at.unwrap_or(0)..).unwrap_or_default();
    let mut found = signed_fields(signed, '&', signature, own, prefix_at.is_none())?;
    let url = |query: &str| match prefix_at {
        Some(_) => query.to_owned(),
        None => format!("{}{}", facts.authority(), resource(&facts.path, query)),
    };
    let messages = distinct([url(signed), url(&plain(signed))]);
    found.messages = messages.into_iter().map(Redacted::new).collect();
    Ok(Some(found))
}

/// A signed cookie.
fn in_cookie(cookie: &str, own: &MediaCdnPolicy) -> Result<MediaCdn, Denial> {
    let (signed, signature) = split_signature(cookie, ':')?;
    let found = signed_fields(signed, ':', signature, own, false)?;
    if found.limits.url_prefix.is_none() {
        return Err(malformed("expected `URLPrefix` in the cookie"));
    }
    Ok(MediaCdn { messages: vec![Redacted::new(signed.to_owned())], ..found })
}

/// What stands before the signature, and the signature.
fn split_signature(text: &str, separator: char) -> Result<(&str, &str), Denial> {
    text.rsplit_once(&format!("{separator}Signature="))
        .ok_or_else(|| malformed("expected `Signature` behind the fields"))
}

/// Reads the fields of a signed request. In a URL that is signed as a whole others may stand between them.
fn signed_fields(
    signed: &str,
    separator: char,
    signature: &str,
    own: &MediaCdnPolicy,
    others: bool,
) -> Result<MediaCdn, Denial> {
    let mut limits = Limits::default();
    let (mut key_name, mut header_name, mut header_value) = (None, None, None);
    for pair in signed.split(separator) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value).ok_or_else(|| malformed(format!("`{}`: expected UTF-8", short(name))))?;
        match name {
            "URLPrefix" => once(name, &mut limits.url_prefix, base64_text(name, &value)?)?,
            "Expires" => once(name, &mut limits.expires, seconds(name, &value)?)?,
            "KeyName" => once(name, &mut key_name, value)?,
            "IPRanges" => once(name, &mut limits.networks, networks(&value)?)?,
            "HeaderName" => once(name, &mut header_name, value)?,
            "HeaderValue" => once(name, &mut header_value, value)?,
            "Signature" => return Err(malformed("expected `Signature` once")),
            _ if others => {}
            _ => return Err(malformed(format!("`{}` is not known", short(name)))),
        }
    }
    limits.header = match (header_name, header_value) {
        (Some(name), Some(value)) => Some((name, value)),
        (None, None) => None,
        _ => return Err(malformed("expected both of `HeaderName` and `HeaderValue`")),
    };
    let signature = decoded(signature).ok_or_else(|| malformed("`Signature`: expected base64url"))?;
    Ok(MediaCdn {
        keys: own.keys.clone(),
        signer: Signer::Named(key_name.ok_or_else(|| malformed("expected `KeyName`"))?),
        signature: base64("Signature", &signature)?,
        messages: Vec::new(),
        limits,
        path: None,
    })
}

/// A dual token in its places, as it came or, where a player has escaped it, without the escapes.
fn places(facts: &Facts, own: &MediaCdnPolicy) -> Option<String> {
    let of = |look: &dyn Fn(&str) -> Option<String>| {
        own.names.iter().filter_map(|name| look(name)).find(|token| !token.is_empty())
    };
    of(&|name| facts.raw_query_parameter(name).map(str::to_owned))
        .or_else(|| of(&|name| facts.cookie(name).map(str::to_owned)))
        .or_else(|| of(&|name| facts.headers.named(name).map(|value| value.trim().to_owned())))
        .map(|token| {
            let free = |name: &str| matches!(name, "Data" | "data" | "payload" | "SessionID" | "id");
            let as_it_came = token.split('~').all(|field| match field.split_once('=') {
                Some((name, value)) => free(name) || !value.contains('%'),
                None => field == "FullPath",
            });
            if as_it_came { token } else { decoded(&token).unwrap_or(token) }
        })
}

/// Reads a token of the dual-token kind.
fn dual_token(token: &str, facts: &Facts, own: &MediaCdnPolicy) -> Result<MediaCdn, Denial> {
    let (fields, last) =
        bounded(token)?.rsplit_once('~').ok_or_else(|| malformed("expected fields that `~` separates"))?;
    let (signer, signature) = signature(last)?;
    let mut limits = Limits::default();
    let mut message = Vec::new();
    let (mut full_path, mut data, mut headers) = (None, None, None);
    for (at, field) in fields.split('~').enumerate() {
        if at >= MOST_FIELDS {
            return Err(malformed(format!("expected {MOST_FIELDS} fields at most")));
        }
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        message.push(field.to_owned());
        match name {
            "FullPath" if field == name => {
                // It would run into the fields behind it.
                if facts.path.contains('~') {
                    return Err(malformed("expected a path without `~` for `FullPath`"));
                }
                once(name, &mut full_path, ())?;
                if let Some(last) = message.last_mut() {
                    *last = format!("FullPath={}", facts.path);
                }
            }
            "URLPrefix" => once(name, &mut limits.url_prefix, base64_text(name, value)?)?,
            "PathGlobs" | "paths" | "acl" => once(name, &mut limits.path_globs, path_globs(name, value)?)?,
            "Starts" | "st" => once(name, &mut limits.starts, seconds(name, value)?)?,
            "Expires" | "exp" => once(name, &mut limits.expires, seconds(name, value)?)?,
            "SessionID" | "id" => once(name, &mut limits.session_id, value.to_owned())?,
            "Data" | "data" | "payload" => once(name, &mut data, ())?,
            "IPRanges" => once(name, &mut limits.networks, networks(value)?)?,
            "Headers" => {
                once(name, &mut headers, ())?;
                if let Some(last) = message.last_mut() {
                    *last = format!("Headers={}", header_values(value, facts)?);
                }
            }
            _ => return Err(malformed(format!("the field `{}` is not known", short(name)))),
        }
    }
    if full_path.is_none() && limits.url_prefix.is_none() && limits.path_globs.is_none() {
        return Err(malformed("expected one of `URLPrefix`, `PathGlobs` and `FullPath`"));
    }
    Ok(MediaCdn {
        keys: own.keys.clone(),
        signer,
        signature,
        messages: vec![Redacted::new(message.join("~"))],
        limits,
        path: None,
    })
}

/// The algorithm that a dual token's last field means, and the signature.
fn signature(field: &str) -> Result<(Signer, Vec<u8>), Denial> {
    match field.split_once('=') {
        Some(("Signature", text)) => Ok((Signer::Any(Algorithm::EdDSA), base64("Signature", text)?)),
        Some(("hmac", text)) => {
            let tag = hex::decode(text).ok_or_else(|| malformed("`hmac`: expected hexadecimal"))?;
            match tag.len() {
                20 => Ok((Signer::Any(Algorithm::HS1), tag)),
                32 => Ok((Signer::Any(Algorithm::HS256), tag)),
                found => Err(malformed(format!("`hmac`: expected 20 or 32 bytes, found {found}"))),
            }
        }
        _ => Err(malformed("expected `Signature` or `hmac` as the last field")),
    }
}

/// The request's values of the headers that a token names: `name=value,name=value`.
fn header_values(names: &str, facts: &Facts) -> Result<String, Denial> {
    let mut pairs = Vec::new();
    for name in names.split(',') {
        if pairs.len() >= MOST_ENTRIES {
            return Err(malformed(format!("`Headers`: expected {MOST_ENTRIES} at most")));
        }
        let value = facts.headers.named(name).ok_or_else(|| {
            Denial::new(Reason::TokenClaims, format!("the token demands the header `{}`", short(name)))
        })?;
        // It would run into what stands behind it.
        if value.contains(['~', ',']) {
            return Err(malformed(format!(
                "the header `{}`: expected a value without `~` and `,`",
                short(name)
            )));
        }
        pairs.push(format!("{name}={value}"));
    }
    Ok(pairs.join(","))
}

/// Reads a token for an ad pod. What it names has to be in the request: as a query parameter of the name, or as a segment
/// of the path, with or without its extension. It opens the title whose id is one of its values: a parameter is the
/// viewer's to add, and so is what stands further down in the path.
fn pod(token: &str, facts: &Facts, own: &MediaCdnPolicy) -> Result<MediaCdn, Denial> {
    let token = decoded(bounded(token)?).unwrap_or_default();
    let (fields, last) =
        token.rsplit_once('~').ok_or_else(|| malformed("expected parameters that `~` separates"))?;
    let (signer, signature) = signature(last)?;
    let Signer::Any(Algorithm::HS256) = signer else {
        return Err(malformed("`hmac`: expected the 32 bytes of an HMAC-SHA256"));
    };
    let path = decoded(&facts.path).unwrap_or_default();
    let in_path = |value: &str| {
        path.split('/').any(|segment| {
            segment == value || segment.rsplit_once('.').is_some_and(|(stem, _)| stem == value)
        })
    };
    let title = path.strip_prefix('/').unwrap_or(&path).split('/').next().unwrap_or_default();
    let mut limits = Limits { pod: true, ..Limits::default() };
    let (mut last_name, mut named) = ("", 0);
    for field in fields.split('~') {
        let (name, value) =
            field.split_once('=').ok_or_else(|| malformed("expected `=` in each parameter"))?;
        if name <= last_name {
            return Err(malformed("expected the parameters in the order of their names, each once"));
        }
        last_name = name;
        if name == "exp" {
            limits.expires = Some(seconds(name, value)?);
            continue;
        }
        let asked = facts.query_parameter(name);
        let same = match &asked {
            Some(asked) => asked == value,
            None => value.is_empty() || in_path(value),
        };
        if !same {
            return Err(Denial::new(Reason::TokenUrl, format!("the token is for another `{}`", short(name))));
        }
        named += usize::from(!value.is_empty());
        limits.title_named |= value == title;
    }
    if named == 0 {
        return Err(malformed("expected a parameter that limits the token to something"));
    }
    Ok(MediaCdn {
        keys: own.keys.clone(),
        signer,
        signature,
        messages: vec![Redacted::new(fields.to_owned())],
        limits,
        path: None,
    })
}

fn once<T>(name: &str, field: &mut Option<T>, value: T) -> Result<(), Denial> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(malformed(format!("expected `{name}` once"))),
    }
}

fn seconds(name: &str, value: &str) -> Result<UnixTime, Denial> {
    unix(value).ok_or_else(|| malformed(format!("`{name}`: expected Unix seconds")))
}

fn base64(name: &str, text: &str) -> Result<Vec<u8>, Denial> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|error| malformed(format!("`{name}`: expected base64url: {error}")))
}

fn base64_text(name: &str, text: &str) -> Result<String, Denial> {
    String::from_utf8(base64(name, text)?)
        .map_err(|_| malformed(format!("`{name}`: expected text in base64url")))
}

/// Globs that `!` or `,` separates.
fn path_globs(name: &str, value: &str) -> Result<Vec<String>, Denial> {
    let separator = if value.contains('!') { '!' } else { ',' };
    let globs: Vec<_> = value.split(separator).take(MOST_ENTRIES + 1).map(str::to_owned).collect();
    if globs.len() > MOST_ENTRIES || globs.iter().any(String::is_empty) {
        return Err(malformed(format!("`{name}`: expected 1 to {MOST_ENTRIES} path patterns")));
    }
    Ok(globs)
}

/// Networks that `,` separates; one that cannot be read is nobody's.
fn networks(value: &str) -> Result<Vec<Option<Network>>, Denial> {
    let text = base64_text("IPRanges", value)?;
    let networks: Vec<_> = text.split(',').take(MOST_ENTRIES + 1).map(Network::parse).collect();
    if networks.len() > MOST_ENTRIES {
        return Err(malformed(format!("`IPRanges`: expected {MOST_ENTRIES} at most")));
    }
    Ok(networks)
}

impl Presented for MediaCdn {
    fn dialect(&self) -> Dialect {
        Dialect::MediaCdn
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let keys: Vec<(&Jwk, Algorithm)> = match &self.signer {
            Signer::Any(algorithm) => {
                candidates(keys, *algorithm)?.into_iter().map(|key| (key, *algorithm)).collect()
            }
            Signer::Named(name) => {
                let key = keys.key(name).ok_or_else(|| {
                    Denial::new(Reason::TokenKeyUnknown, format!("the token names the key `{}`", short(name)))
                })?;
                let algorithm = match &key.material {
                    KeyMaterial::Symmetric { .. } => Algorithm::HS1,
                    _ => Algorithm::EdDSA,
                };
                if !key.permits(algorithm) {
                    return Err(Denial::new(
                        Reason::TokenAlgorithm,
                        format!("the key `{}` is not for {}", key.kid, algorithm.name()),
                    ));
                }
                vec![(key, algorithm)]
            }
        };
        let challenges = keys.into_iter().flat_map(|(key, algorithm)| {
            self.messages.iter().map(move |message| Challenge {
                key,
                algorithm,
                message: message.expose().as_bytes().into(),
                signature: self.signature.as_slice().into(),
            })
        });
        Ok(challenges.collect())
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let limits = &self.limits;
        let expires = limits
            .expires
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the time of the expiry"))?;
        before(expires, now)?;
        if let Some(starts) = limits.starts {
            from(starts, now, policy)?;
        }
        let path = self.path.as_deref().unwrap_or(&facts.path);
        let mut below = limits.path_prefix.as_ref().and_then(|prefix| folder(path, [prefix.as_str()]));
        if let Some(prefix) = &limits.url_prefix {
            let url = format!("{}{}", facts.authority(), resource(&facts.path, facts.query.expose()));
            if !begins(&url, prefix) {
                return Err(Denial::new(Reason::TokenUrl, "the URL does not begin with `URLPrefix`"));
            }
            below = below.max(folder(path, [path_of(prefix)]));
        }
        if let Some(globs) = &limits.path_globs {
            let fitting: Vec<_> = globs.iter().filter(|own| glob(own, &facts.path)).collect();
            if fitting.is_empty() {
                return Err(Denial::new(Reason::TokenUrl, "the path fits none of `PathGlobs`"));
            }
            // All of them are folders of one path: the longer is the narrower.
            below = below.max(folder(path, fitting.into_iter().filter_map(|own| literal(own))));
        }
        if let Some((name, value)) = &limits.header
            && facts.headers.named(name) != Some(value)
        {
            let detail = format!("the token demands another header `{}`", short(name));
            return Err(Denial::new(Reason::TokenClaims, detail));
        }
        let mut lock = Lock::default();
        if let Some(networks) = &limits.networks {
            let address = address(facts)?;
            let network = networks.iter().flatten().find(|network| network.contains(address));
            lock = network.ok_or_else(elsewhere)?.lock();
        }
        Ok(Grant {
            token_id: limits.session_id.clone().filter(|id| !id.is_empty()),
            expires_at: Some(expires),
            titles: if limits.pod && !limits.title_named { Some(Vec::new()) } else { titles(path) },
            folder: below,
            lock,
            ..Grant::new(Dialect::MediaCdn, self.keys.clone(), key.kid.clone())
        })
    }
}

/// Whether a URL begins with a prefix, which names the whole of its host.
fn begins(url: &str, prefix: &str) -> bool {
    let Some(rest) = url.strip_prefix(prefix) else { return false };
    match prefix.split_once("://") {
        Some((_, after)) => after.contains('/') || rest.starts_with('/'),
        None => false,
    }
}

/// How a token is carried.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
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

/// What a token is minted of.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// How it is carried.
    #[serde(default)]
    pub form: Form,
    /// When it ends, in Unix seconds.
    pub exp: u64,
    /// When a token begins, in Unix seconds.
    pub starts: Option<u64>,
    /// With what the URLs begin.
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
    pub parameters: std::collections::BTreeMap<String, String>,
}

/// Mints a token for a URL, with the key's own algorithm: Ed25519, HMAC-SHA1 or, where it names `HS256`, HMAC-SHA256.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    url: &str,
    claims: &Claims,
    own: &MediaCdnPolicy,
    key: &Jwk,
    sign: super::signed_url::Sign<'_>,
) -> Result<super::signed_url::Minted, String> {
    use base64::engine::general_purpose::URL_SAFE;

    use super::signed_url::{Minted, target};

    let algorithm = match (&key.material, key.alg) {
        (_, Some(own)) => own,
        (KeyMaterial::Symmetric { .. }, None) => Algorithm::HS1,
        (_, None) => Algorithm::EdDSA,
    };
    let prefix = || claims.url_prefix.as_deref().ok_or("expected `url_prefix`");
    let fields = |separator: &str| format!("Expires={}{separator}KeyName={}", claims.exp, key.kid);
    let separator = if url.contains('?') { '&' } else { '?' };
    let plain = |token: String, url: String| Minted { token, url, cookies: Vec::new() };
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
            plain(token, url)
        }
        Form::Path => {
            let prefix = prefix()?;
            let rest = url.strip_prefix(prefix).filter(|_| prefix.ends_with('/'));
            let rest = rest.ok_or("expected a `url_prefix` of the URL that ends in `/`")?;
            let component = format!("{PATH_COMPONENT}{}", fields("&"));
            let signature = sign(algorithm, format!("{prefix}{component}").as_bytes())?;
            let token = format!("{component}&Signature={}", URL_SAFE_NO_PAD.encode(signature));
            let url = format!("{prefix}{token}/{rest}");
            plain(token, url)
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
            plain(token, url)
        }
        Form::Pod => {
            let mut parameters = claims.parameters.clone();
            parameters.insert("exp".to_owned(), claims.exp.to_string());
            let fields: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let fields = fields.join("~");
            let token = format!("{fields}~hmac={}", hex::encode(&sign(Algorithm::HS256, fields.as_bytes())?));
            let escaped: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            let url = format!("{url}{separator}{}={}", own.pod, escaped.replace('+', "%20"));
            plain(token, url)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use base64::engine::general_purpose::URL_SAFE;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::mint::PrivateKey;
    use super::super::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
    use super::super::signed_url::{Minted, authenticate};
    use super::*;
    use crate::catalog::{Acceptance, TokenPolicy};

    fn accepting() -> TokenPolicy {
        policy("media_cdn", &json!({ "keys": "cdn" }))
    }

    fn own(policy: &TokenPolicy) -> &MediaCdnPolicy {
        let [Acceptance::MediaCdn(own)] = policy.accept.as_slice() else { panic!() };
        own
    }

    /// A private key out of the base64 of its bytes.
    fn private(kid: &str, algorithm: &str, base64: &str) -> PrivateKey {
        let bytes = URL_SAFE.decode(base64).unwrap();
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let jwk = match algorithm {
            "ed25519" => json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "d": text }),
            "sha1" => json!({ "kty": "oct", "kid": kid, "alg": "HS1", "k": text }),
            "sha256" => json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": text }),
            _ => json!({ "kty": "oct", "kid": kid, "k": text }),
        };
        PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
    }

    fn minted(url: &str, claims: &Value, key: &PrivateKey) -> Minted {
        let claims: Claims = serde_json::from_value(claims.clone()).unwrap();
        mint(url, &claims, own(&accepting()), &key.public(), &|algorithm, message| match authenticate(
            &key.public(),
            algorithm,
            message,
        ) {
            Some(tag) => Ok(tag),
            None => key.sign(algorithm, message).map_err(|error| error.to_string()),
        })
        .unwrap()
    }

    const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    static TRIO: LazyLock<[PrivateKey; 3]> =
        LazyLock::new(|| ["ed25519", "sha1", "sha256"].map(|algorithm| private(algorithm, algorithm, SEED)));

    static SET: LazyLock<KeySet> = LazyLock::new(|| {
        let public: Vec<_> = TRIO.iter().map(PrivateKey::public).collect();
        keys(&json!(public))
    });

    fn ask(
        minted: &Minted,
        url: &str,
        headers: &[(&str, &str)],
        from: Option<&str>,
    ) -> Result<Grant, Denial> {
        let cookie = minted.cookies.join("; ");
        let mut headers = headers.to_vec();
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        verify(&facts(url, &headers, from), &accepting(), &SET, NOW)
    }

    fn reason(url: &str) -> Option<Reason> {
        verify(&facts(url, &[], None), &accepting(), &SET, NOW).err().map(|denial| denial.reason)
    }

    fn fixture(name: &str) -> Vec<Value> {
        let text = match name {
            "cloud" => include_str!("../../tests/fixtures/tokens/google-cloud-cdn/cdn_signed_url.json"),
            "media" => include_str!("../../tests/fixtures/tokens/google-cloud-cdn/media_cdn_ed25519.json"),
            _ => include_str!("../../tests/fixtures/tokens/google-cloud-cdn/media_cdn_dualtoken.json"),
        };
        serde_json::from_str(text).unwrap()
    }

    /// Google's own samples of signed requests; see SOURCE.txt beside the files. All of them are run.
    #[test]
    fn signed_request_vectors() {
        for (file, algorithm) in [("cloud", "sha1"), ("media", "ed25519")] {
            let vectors = fixture(file);
            assert_eq!(vectors.len(), 8);
            for vector in &vectors {
                let args: Vec<_> = vector["args"].as_array().unwrap().iter().collect();
                let expected = vector["expected"].as_str().unwrap();
                let [url, rest @ ..] = args.as_slice() else { panic!() };
                let url = url.as_str().unwrap();
                let (prefix, rest) = match (vector["op"].as_str().unwrap(), rest) {
                    ("sign_url_prefix", [prefix, rest @ ..]) => (Some(prefix.as_str().unwrap()), rest),
                    ("sign_cookie", rest) => (Some(url), rest),
                    (_, rest) => (None, rest),
                };
                let [name, base64, exp] = rest else { panic!() };
                let key = private(name.as_str().unwrap(), algorithm, base64.as_str().unwrap());
                let exp = exp.as_u64().unwrap();
                let cookie = vector["op"] == "sign_cookie";
                let form = if cookie { "cookie" } else { "url" };
                let ours = minted(url, &json!({ "form": form, "exp": exp, "url_prefix": prefix }), &key);
                let ours = if cookie { ours.cookies[0].clone() } else { ours.url };
                assert_eq!(ours, expected);

                let set = keys(&json!([key.public()]));
                let at = |url: &str, cookie: &str, now| {
                    verify(&facts(url, &[("cookie", cookie)], None), &accepting(), &set, now)
                };
                let (asked, cookie) = if cookie { (url, expected) } else { (expected, "") };
                let grant = at(asked, cookie, exp - 1).unwrap_or_else(|denial| panic!("{denial} {vector}"));
                assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp)));
                assert_eq!(at(asked, cookie, exp).unwrap_err().reason, Reason::TokenExpired);
                let other = asked.replacen("http://", "http://x", 1);
                assert!(at(&other, cookie, exp - 1).is_err(), "{other}");
            }
        }
    }

    /// Google's own samples of dual tokens and path components. All of them are run.
    #[test]
    fn dual_token_vectors() {
        let vectors = fixture("dual");
        assert_eq!(vectors.len(), 13);
        for vector in &vectors {
            let args = &vector["args"];
            let expected = vector["expected"].as_str().unwrap();
            // 2022-09-13T12:00:00Z
            let exp = 1_663_070_400;
            if vector["op"] == "sign_path_component" {
                let prefix = args["url_prefix"].as_str().unwrap();
                let key = private(
                    args["key_name"].as_str().unwrap(),
                    "ed25519",
                    args["base64_key"].as_str().unwrap(),
                );
                let url = format!("{prefix}{}", args["filename"].as_str().unwrap());
                let ours = minted(&url, &json!({ "form": "path", "exp": exp, "url_prefix": prefix }), &key);
                assert_eq!(ours.url, expected);
                let (facts, set) = (facts(expected, &[], None), keys(&json!([key.public()])));
                assert!(verify(&facts, &accepting(), &set, exp - 1).is_ok());
                continue;
            }
            let algorithm = args["signature_algorithm"].as_str().unwrap();
            let key = private("k", algorithm, args["base64_key"].as_str().unwrap());
            let headers: Vec<(String, String)> = args["headers"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|header| {
                    let text = |name: &str| header[name].as_str().unwrap().to_owned();
                    (text("name"), text("value"))
                })
                .collect();
            let claims = json!({
                "form": "token", "exp": exp, "starts": args["start_time"].as_str().map(|_| exp - 43_200),
                "url_prefix": args["url_prefix"], "path_globs": args["path_globs"], "session_id": args["session_id"],
                "data": args["data"], "headers": headers, "ip_ranges": args["ip_ranges"],
            });
            let url = "http://10.20.30.40/example.m3u8";
            let ours = minted(url, &claims, &key);
            assert_eq!(ours.token, expected, "{vector}");

            let set = keys(&json!([key.public()]));
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let at =
                |url: &str, from, now| verify(&facts(url, &headers, Some(from)), &accepting(), &set, now);
            let grant =
                at(&ours.url, "203.0.113.7", exp - 1).unwrap_or_else(|denial| panic!("{denial} {vector}"));
            assert_eq!(grant.token_id.as_deref(), args["session_id"].as_str());
            assert_eq!(grant.lock.network, !args["ip_ranges"].is_null());
            assert_eq!(at(&ours.url, "203.0.113.7", exp).unwrap_err().reason, Reason::TokenExpired);
            if !args["ip_ranges"].is_null() {
                assert_eq!(at(&ours.url, "203.0.114.7", exp - 1).unwrap_err().reason, Reason::TokenAddress);
                let early = at(&ours.url, "203.0.113.7", exp - 43_201).unwrap_err();
                assert_eq!(early.reason, Reason::TokenNotYetValid);
                // The sample's second range, `2001:db8:4a7f:a732/64`, is not one.
                assert_eq!(
                    at(&ours.url, "2001:db8:4a7f:a732::1", exp - 1).unwrap_err().reason,
                    Reason::TokenAddress
                );
            }
            if !args["full_path"].is_null() {
                let other = ours.url.replace("example.m3u8", "other.m3u8");
                assert_eq!(at(&other, "203.0.113.7", exp - 1).unwrap_err().reason, Reason::TokenSignature);
            }
        }
    }

    /// `printf TEXT | openssl dgst -sha256 -hmac EB08A5`, as Google's guide has it: the key is the text that it shows.
    #[test]
    fn pods() {
        let key = private("pods", "", &URL_SAFE.encode("EB08A5"));
        let set = keys(&json!([key.public()]));
        let path = "https://a.example/linear/pods/v1/hls/network/21775744923/custom_asset/live/pod/7.m3u8";
        let token = "custom_asset_key=live~exp=1795374000~network_code=21775744923~pd=30000~pod_id=7~hmac=54729a52ae787c8e1358dc7bebd57a82a556b1badb9bf88ddcec6834f108841d";
        let ours = minted(
            &format!("{path}?pd=30000"),
            &json!({ "form": "pod", "exp": 1_795_374_000, "parameters": {
                "custom_asset_key": "live", "network_code": "21775744923", "pd": "30000", "pod_id": "7" } }),
            &key,
        );
        assert_eq!(ours.token, token);
        let reason = |url: &str| {
            verify(&facts(url, &[], None), &accepting(), &set, NOW).err().map(|denial| denial.reason)
        };
        assert_eq!(reason(&ours.url), None);
        assert_eq!(reason(&format!("{path}?pd=30000&auth-token={token}")), None);
        for (bad, expected) in [
            (ours.url.replace("pd=30000&", "pd=30001&"), Reason::TokenUrl),
            (ours.url.replace("pd=30000&", ""), Reason::TokenUrl),
            (ours.url.replace("/7.m3u8", "/8.m3u8"), Reason::TokenUrl),
            (
                format!("{path}?pd=30000&auth-token={}", token.replace("~exp", "~a=~exp")),
                Reason::TokenMalformed,
            ),
            (
                format!("{path}?pd=30000&auth-token={}", token.replace("1795374000", "1795374001")),
                Reason::TokenSignature,
            ),
            (format!("{path}?auth-token=exp=1795374000~hmac={}", "0".repeat(64)), Reason::TokenMalformed),
            (format!("{path}?auth-token=exp=1795374000~hmac={}", "0".repeat(40)), Reason::TokenMalformed),
        ] {
            assert_eq!(reason(&bad), Some(expected), "{bad}");
        }
    }

    #[test]
    fn a_pod_is_of_the_title_that_its_token_names() {
        let key = private("pods", "", &URL_SAFE.encode("EB08A5"));
        let set = keys(&json!([key.public()]));
        let claims = json!({ "form": "pod", "exp": NOW + 60, "parameters": { "custom_asset_key": "harbour", "pd": "7" } });
        let token = minted("https://a.example/harbour/m.m3u8", &claims, &key).token;
        let named = "custom_asset_key=harbour";
        for (target, titles) in [
            ("/harbour/m.m3u8?pd=7".to_owned(), json!(["harbour"])),
            (format!("/harbour/m.m3u8?pd=7&{named}"), json!(["harbour"])),
            (format!("/lighthouse/m.m3u8?pd=7&{named}"), json!([])),
            ("/lighthouse/harbour/m.m3u8?pd=7".to_owned(), json!([])),
        ] {
            let facts = facts(&format!("https://a.example{target}&auth-token={token}"), &[], None);
            let grant = verify(&facts, &accepting(), &set, NOW).unwrap();
            assert_eq!(serde_json::to_value(grant.titles).unwrap(), titles, "{target}");
        }
    }

    #[test]
    fn a_signed_request_is_for_its_urls() {
        let url = "https://a.example/harbour/m.m3u8?a=b/c&d=%20e";
        let [ed25519, sha1, sha256] = &*TRIO;
        for key in [ed25519, sha1] {
            let exact = minted(url, &json!({ "exp": NOW + 60 }), key).url;
            let prefix =
                minted(url, &json!({ "exp": NOW + 60, "url_prefix": "https://a.example/harbour/" }), key).url;
            for (url, expected) in [
                (exact.clone(), None),
                (prefix.clone(), None),
                (appended(&exact, &[("_HLS_msn", "7"), ("_HLS_part", "2")]), None),
                (appended(&prefix, &[("CMCD", "bl=1,sid=\"x\"")]), None),
                (exact.replace("a=b", "a=c"), Some(Reason::TokenSignature)),
                (prefix.replace("a=b", "a=c"), None),
                (exact.replace("m.m3u8", "n.m3u8"), Some(Reason::TokenSignature)),
                (prefix.replace("m.m3u8", "n.m3u8"), None),
                (exact.replace("https:", "http:"), Some(Reason::TokenSignature)),
                (prefix.replace("https:", "http:"), Some(Reason::TokenUrl)),
                (prefix.replace("/harbour/", "/other/"), Some(Reason::TokenUrl)),
                (format!("{exact}&x=1"), Some(Reason::TokenMalformed)),
                (format!("{prefix}&x=1"), Some(Reason::TokenMalformed)),
                (prefix.replace("&KeyName", "&x=1&KeyName"), Some(Reason::TokenMalformed)),
                (prefix.replace("&KeyName", "&Expires=1&KeyName"), Some(Reason::TokenMalformed)),
                (exact.replace("&KeyName", "&Expires=1&KeyName"), Some(Reason::TokenMalformed)),
                (exact.replace("&KeyName=", "&KeyName=x"), Some(Reason::TokenKeyUnknown)),
                (exact.replace("Signature=", "Signatur="), Some(Reason::TokenMalformed)),
                (exact.replace("Expires=", "Expires=+"), Some(Reason::TokenMalformed)),
                (format!("{url}&KeyName=sha1&Signature=AAAA"), Some(Reason::TokenSignature)),
            ] {
                assert_eq!(reason(&url), expected, "{url}");
            }
        }
        // HMAC-SHA256 is none of signed requests'.
        let url = minted(url, &json!({ "exp": NOW + 60 }), sha256).url;
        assert_eq!(reason(&url), Some(Reason::TokenAlgorithm));
        for (url, prefix, covered) in [
            ("https://a.example/h", "https://a.example", true),
            ("https://a.example.com/h", "https://a.example", false),
            ("https://a.example/h/m", "https://a.example/h", true),
            ("https://a.example/h", "https", false),
            ("https://a.example/h", "", false),
        ] {
            assert_eq!(begins(url, prefix), covered, "{prefix}");
        }
    }

    #[test]
    fn a_path_component_is_not_of_the_path() {
        let [ed25519, ..] = &*TRIO;
        let url = "https://a.example/harbour/hd/m.m3u8";
        let path = json!({ "form": "path", "exp": NOW + 60, "url_prefix": "https://a.example/harbour/" });
        let url = minted(url, &path, ed25519).url;
        let facts = facts(&url, &[], None);
        assert_eq!(
            own(&accepting()).find(&facts, &accepting()).unwrap().unwrap().path(),
            Some("/harbour/hd/m.m3u8")
        );
        let grant = verify(&facts, &accepting(), &SET, NOW).unwrap();
        assert_eq!(grant.titles, Some(vec!["harbour".parse().unwrap()]));
        for (bad, expected) in [
            (url.replace("/hd/", "/sd/"), None),
            (url.replace("/harbour/", "/other/"), Some(Reason::TokenSignature)),
            (url.replace("/harbour/", "/harbour/x/"), Some(Reason::TokenSignature)),
            (url.replace("Expires", "Starts=1&Expires"), Some(Reason::TokenMalformed)),
        ] {
            assert_eq!(reason(&bad), expected, "{bad}");
        }
    }

    #[test]
    fn every_field_of_a_token_is_checked() {
        let url = "https://a.example/harbour/m.m3u8";
        let table = [
            (json!({}), &[][..], None, None),
            (json!({ "exp": NOW }), &[], None, Some(Reason::TokenExpired)),
            (json!({ "starts": NOW }), &[], None, None),
            (json!({ "starts": NOW + 1 }), &[], None, Some(Reason::TokenNotYetValid)),
            (json!({ "path_globs": "/other/*" }), &[], None, Some(Reason::TokenUrl)),
            (json!({ "path_globs": "/other/*,/harbour/?.m3u8" }), &[], None, None),
            (json!({ "path_globs": "/other/*!/harbour/*" }), &[], None, None),
            (json!({ "url_prefix": "https://a.example/harb" }), &[], None, None),
            (json!({ "url_prefix": "https://b.example/" }), &[], None, Some(Reason::TokenUrl)),
            (json!({ "headers": [["X-A", "1"]] }), &[("x-a", "1")], None, None),
            (json!({ "headers": [["X-A", "1"]] }), &[("x-a", "2")], None, Some(Reason::TokenSignature)),
            (json!({ "headers": [["X-A", "1"]] }), &[], None, Some(Reason::TokenClaims)),
            (json!({ "ip_ranges": "192.0.2.0/24,2001:db8::/32" }), &[], Some("2001:db8::1"), None),
            (json!({ "ip_ranges": "192.0.2.0/24" }), &[], Some("192.0.3.1"), Some(Reason::TokenAddress)),
            (json!({ "ip_ranges": "192.0.2.0/24" }), &[], None, Some(Reason::TokenAddress)),
            (json!({ "session_id": "s", "data": "a%20b" }), &[], None, None),
        ];
        for key in TRIO.iter() {
            for (extra, headers, from, expected) in &table {
                let mut claims = json!({ "form": "token", "exp": NOW + 60 });
                claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
                let minted = minted(url, &claims, key);
                let found = ask(&minted, &minted.url, headers, *from).err().map(|denial| denial.reason);
                assert_eq!(found, *expected, "{claims}");
                let played = appended(&minted.url, &[("_HLS_msn", "7")]);
                let found = ask(&minted, &played, headers, *from).err().map(|denial| denial.reason);
                // An escape within the payload is not told from the player's.
                let expected = if extra["data"].is_null() { *expected } else { Some(Reason::TokenSignature) };
                assert_eq!(found, expected, "{played}");
            }
        }
    }

    /// What the request brings into the message must not take a field's place.
    #[test]
    fn a_request_cannot_absorb_fields() {
        let [ed25519, ..] = &*TRIO;
        let url = "https://a.example/harbour/m.m3u8";
        let claims = json!({ "form": "token", "exp": NOW + 60, "path_globs": "/*", "headers": [["X-A", "1"]], "ip_ranges": "192.0.2.1" });
        let with_ip = minted(url, &claims, ed25519);
        let (token, signature) = with_ip.url.split_once("~Signature=").unwrap();
        let (token, ranges) = token.split_once("~IPRanges=").unwrap();
        let header = format!("1~IPRanges={ranges}");
        let found = ask(&with_ip, &format!("{token}~Signature={signature}"), &[("x-a", &header)], None);
        assert_eq!(found.unwrap_err().reason, Reason::TokenMalformed);
        let late = json!({ "form": "token", "exp": NOW + 60, "starts": NOW + 30 });
        let late = minted(url, &late, ed25519);
        let absorbed = late
            .url
            .replace(&format!("~Starts={}", NOW + 30), "")
            .replace("m.m3u8", &format!("m.m3u8~Starts={}", NOW + 30));
        assert_eq!(reason(&absorbed), Some(Reason::TokenMalformed), "{absorbed}");
    }

    #[test]
    fn what_is_written_wrongly_is_refused() {
        for (token, expected) in [
            ("PathGlobs=/*~hmac=", Reason::TokenMalformed),
            ("PathGlobs=/*~Expires=1", Reason::TokenMalformed),
            ("Expires=1795374000~Signature=AAAA", Reason::TokenMalformed),
            ("PathGlobs=/*~Expires=1795374000~PathGlobs=/*~Signature=AAAA", Reason::TokenMalformed),
            ("PathGlobs=/*~acl=/*~Expires=1795374000~Signature=AAAA", Reason::TokenMalformed),
            ("PathGlobs=~Expires=1795374000~Signature=AAAA", Reason::TokenMalformed),
            ("PathGlobs=/*~Expires=1795374000~Country=GB~Signature=AAAA", Reason::TokenMalformed),
            ("FullPath=/x~Expires=1795374000~Signature=AAAA", Reason::TokenMalformed),
            ("URLPrefix=!~Expires=1795374000~Signature=AAAA", Reason::TokenMalformed),
            ("PathGlobs=/*~Expires=1795374000~Signature=AAAA", Reason::TokenSignature),
        ] {
            assert_eq!(
                reason(&format!("https://a.example/harbour/m?hdnts={token}")),
                Some(expected),
                "{token}"
            );
        }
        let many = format!("PathGlobs={}~Expires=1795374000~Signature=AAAA", "/a,".repeat(20));
        assert_eq!(
            reason(&format!("https://a.example/harbour/m?hdnts={many}")),
            Some(Reason::TokenMalformed)
        );
        assert_eq!(reason("https://a.example/harbour/m"), Some(Reason::TokenMissing));
    }

    /// Every bit matters, but for the one that makes a hexadecimal digit of `hmac` a capital.
    #[test]
    fn a_changed_token_is_refused() {
        let url = "https://a.example/harbour/m.m3u8";
        for (key, claims) in TRIO.iter().flat_map(|key| {
            let token = json!({ "form": "token", "exp": NOW + 60, "path_globs": "/harbour/*" });
            let signed = json!({ "exp": NOW + 60 });
            let both = if key.kid() == Some("sha256") { vec![token] } else { vec![token, signed] };
            both.into_iter().map(move |claims| (key, claims))
        }) {
            let url = minted(url, &claims, key).url;
            let (bare, token) = url.split_once('?').unwrap();
            for changed in flipped(token) {
                let same = match (token.split_once("hmac="), changed.split_once("hmac=")) {
                    (Some((before, tag)), Some((other, changed))) => {
                        before == other && tag.eq_ignore_ascii_case(changed)
                    }
                    _ => false,
                };
                assert_eq!(reason(&format!("{bare}?{changed}")).is_none(), same, "{changed}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_grant_is_narrower_than_its_token(
            exp in NOW - 100..NOW + 100, starts in NOW - 100..NOW + 100, leeway in 0..100u64, title in "[a-z]{1,3}",
            pattern in "[a-z]{0,2}[*?]{0,2}", which in 0..3usize,
        ) {
            let policy = TokenPolicy { leeway_s: leeway, ..accepting() };
            let globs = format!("/{pattern}/*");
            let claims = json!({ "form": "token", "exp": exp, "starts": starts, "path_globs": globs });
            let url = minted(&format!("https://a.example/{title}/m.m3u8"), &claims, &TRIO[which]).url;
            let verified = verify(&facts(&url, &[], None), &policy, &SET, NOW);
            prop_assert_eq!(verified.is_ok(), NOW < exp && starts <= NOW + leeway && glob(&pattern, &title));
            if let Ok(grant) = verified {
                prop_assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp)));
                prop_assert_eq!(grant.titles, Some(vec![title.parse().unwrap()]));
            }
        }

        #[test]
        fn nothing_panics(token in ".{0,200}") {
            for url in [
                format!("https://a.example/h/m?hdnts={token}"),
                format!("https://a.example/h/m?auth-token={token}"),
                format!("https://a.example/h/m?KeyName=k&{token}&Signature=AAAA"),
                format!("https://a.example/h/edge-cache-token={token}/m"),
            ] {
                prop_assert!(reason(&url).is_some());
            }
            let headers = [("cookie", format!("Edge-Cache-Cookie={token}"))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            prop_assert!(verify(&facts("https://a.example/h/m", &headers, None), &accepting(), &SET, NOW).is_err());
        }
    }
}
