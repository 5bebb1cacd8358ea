//! Where the parts of a signed request stand, and how they are read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::token::{Limits, MediaCdn, Signer};
use crate::catalog::{Algorithm, MediaCdnPolicy, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::base64_fault::base64_fault;
use crate::token::compact::short;
use crate::token::hex;
use crate::token::network::Network;
use crate::token::presented::{Presented, Reader};
use crate::token::signed_url::{
    bounded, decoded, distinct, malformed, resource, unescaped_query, unix_seconds, without_appended,
};
use crate::token::spot::Spot;

/// The most fields of a token.
const MOST_FIELDS: usize = 32;

/// The most globs, networks or headers of a token; Google allows five.
const MOST_ENTRIES: usize = 16;

pub(super) const PATH_COMPONENT: &str = "edge-cache-token=";

pub(super) const COOKIES: [&str; 2] = ["Edge-Cache-Cookie", "Cloud-CDN-Cookie"];

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

pub(in crate::token) const USUAL: &[Spot<'static>] = &{
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
    let messages = distinct([url(signed), url(&unescaped_query(signed))]);
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

/// The signed text, which stands before the signature, and the signature.
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

/// Reads a token for an ad pod. The request has to contain the values that it names: as a query parameter of the name,
/// or as a segment of the path, with or without its extension. It opens the title whose id is one of its values. The
/// viewer can add parameters and lower path segments, so only the first segment names the title.
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
    unix_seconds(value).ok_or_else(|| malformed(format!("`{name}`: expected Unix seconds")))
}

fn base64(name: &str, text: &str) -> Result<Vec<u8>, Denial> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|error| malformed(format!("`{name}`: expected base64url: {}", base64_fault(&error))))
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

/// Networks, separated by `,`; an unreadable network contains no viewer.
fn networks(value: &str) -> Result<Vec<Option<Network>>, Denial> {
    let text = base64_text("IPRanges", value)?;
    let networks: Vec<_> = text.split(',').take(MOST_ENTRIES + 1).map(Network::parse).collect();
    if networks.len() > MOST_ENTRIES {
        return Err(malformed(format!("`IPRanges`: expected {MOST_ENTRIES} at most")));
    }
    Ok(networks)
}
