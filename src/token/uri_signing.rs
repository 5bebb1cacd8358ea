//! Signed URIs for CDN interconnection ([RFC 9246]): JSON Web Tokens that name the URIs that they are for.
//!
//! ```text
//! {path}?URISigningPackage={token}        form-style parameter
//! {path};URISigningPackage={token}/…      path-style parameter
//! Cookie: URISigningPackage={token}
//! cdniuc = "hash:sha-256;" base64url / "regex:" POSIX extended regular expression
//! ```
//!
//! | claim | | |
//! | --- | --- | --- |
//! | `cdniuc` | required | the URI without the token, normalised, or an expression that all of it fits |
//! | `iss` | optional | one of the site's issuers; without it, the site names the keys |
//! | `exp`, `nbf` | optional | without any leeway |
//! | `aud` | as the site says | |
//! | `sub` | optional | has to be encrypted; not read |
//! | `cdniip` | refused | it is encrypted, and no key for encryption is kept here |
//! | `jti` | optional | the token may be used once |
//! | `cdniv` | optional | 1 |
//! | `cdnicrit` | refused | no extension is known |
//! | `cdnistt`, `cdniets`, `cdnistd` | optional, the first two together | renewal by cookie or redirect |
//!
//! [RFC 9246]: https://www.rfc-editor.org/rfc/rfc9246

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use regex_lite::RegexBuilder;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::claims::{Claims, unreadable};
use super::compact::{Compact, malformed, short};
use super::dialect::Dialect;
use super::grant::{Renewal, Replay};
use super::jwt::{issuer, meant_for};
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{folder, path_of, titles};
use super::spot::Spot;
use super::{Challenge, Grant, posix};
use crate::catalog::{Algorithm, Issuer, Jwk, KeySet, TokenPolicy, UriSigningPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A signed URI's token.
struct UriSigning {
    keys: Issuer,
    compact: Compact,
    claims: Claims,
    audience: Option<String>,
    name: String,
    place: Surroundings,
}

/// The path and the query without the token.
struct Surroundings {
    path: String,
    query: String,
    in_path: bool,
}

/// The longest expression, and the longest URI that one is run on.
const LONGEST_EXPRESSION: usize = 1024;
const LONGEST_URI: usize = 8 * 1024;

impl Reader for UriSigningPolicy {
    /// In the URI, or else in a cookie.
    fn find(&self, facts: &Facts, policy: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let query = facts.query.expose();
        let whole = if query.is_empty() { facts.path.clone() } else { format!("{}?{query}", facts.path) };
        let (token, rest) = match package(&whole, &self.name) {
            Some((token, rest)) => (token, rest),
            None => match facts.cookie(&self.name) {
                Some(token) if !token.is_empty() => (token.to_owned(), whole.clone()),
                _ => return Ok(None),
            },
        };
        let in_path = rest.split('?').next() != Some(&facts.path);
        let (path, query) = rest.split_once('?').unwrap_or((&rest, ""));
        let place = Surroundings { path: path.to_owned(), query: query.to_owned(), in_path };
        Ok(Some(Box::new(UriSigning::parse(Redacted::new(token), place, policy, self)?)))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        vec![Spot::Delimited(&self.name), Spot::Cookie(&self.name)]
    }
}

pub(super) const USUAL: &[Spot<'static>] =
    &[Spot::Delimited("URISigningPackage"), Spot::Cookie("URISigningPackage")];

/// Takes the token out of a path and query ([RFC 9246 section 2.1.15]): with the delimiter behind it, if that is a
/// sub-delimiter, or else with the one before it.
///
/// [RFC 9246 section 2.1.15]: https://www.rfc-editor.org/rfc/rfc9246#section-2.1.15
fn package(target: &str, name: &str) -> Option<(String, String)> {
    let start = target.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = target.get(..*at).and_then(|before| before.chars().next_back());
        let after = target.get(at + name.len()..);
        before.is_some_and(|c| ":/?#[]@!$&'()*+,;=".contains(c))
            && after.is_some_and(|rest| rest.starts_with('='))
    })?;
    let value = target.get(start + name.len() + 1..)?;
    let length =
        value.find(|c: char| !(c.is_ascii_alphanumeric() || "-._~%".contains(c))).unwrap_or(value.len());
    let (token, behind) = value.split_at(length);
    let before = target.get(..start)?;
    let rest = match behind.chars().next() {
        Some(c) if "!$&'()*+,;=".contains(c) => [before, behind.get(1..)?].concat(),
        _ => [before.get(..before.len().checked_sub(1)?)?, behind].concat(),
    };
    let token = percent_decode_str(token).decode_utf8().ok()?.into_owned();
    (!token.is_empty()).then_some((token, rest))
}

impl UriSigning {
    fn parse(
        token: Redacted<String>,
        place: Surroundings,
        policy: &TokenPolicy,
        own: &UriSigningPolicy,
    ) -> Result<Self, Denial> {
        let compact = Compact::parse(token)?;
        let claims = Claims::new(compact.claims()?);
        let keys = match claims.text("iss")? {
            Some(iss) if own.issuer_keys.contains_key(iss) => own.issuer_keys.get(iss).cloned(),
            Some(_) => issuer(&claims, own.issuers.as_ref().unwrap_or(&policy.issuers))?,
            None => own.keys.clone(),
        };
        let keys = keys.ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `iss`"))?;
        let audience = own.audience.as_ref().or(policy.audience.as_ref()).cloned();
        Ok(Self { keys, compact, claims, audience, name: own.name.clone(), place })
    }

    /// The times, to the second.
    fn timely(&self, now: UnixTime) -> Result<Option<UnixTime>, Denial> {
        let expires_at = self.claims.end("exp")?;
        if let Some(expires_at) = expires_at.filter(|expires_at| now >= *expires_at) {
            let ago = now.secs_since(expires_at);
            return Err(Denial::new(Reason::TokenExpired, format!("expired {ago} s ago")));
        }
        if let Some(start) = self.claims.start("nbf")?.filter(|start| now < *start) {
            let early = start.secs_since(now);
            return Err(Denial::new(Reason::TokenNotYetValid, format!("`nbf` is {early} s ahead")));
        }
        Ok(expires_at)
    }

    /// The claims that a reader has to understand, and unsupported ones.
    fn understood(&self) -> Result<(), Denial> {
        if self.claims.find("cdniv").is_some_and(|version| version.as_u64() != Some(1)) {
            return Err(unreadable("cdniv", "1"));
        }
        if self.claims.is_null("cdnicrit") {
            return Err(unreadable("cdnicrit", "a text"));
        }
        if let Some(names) = self.claims.text("cdnicrit")? {
            return Err(Denial::new(
                Reason::TokenClaims,
                format!("`cdnicrit` names `{}`, which is not supported", short(names)),
            ));
        }
        if let Some(subject) = self.claims.text("sub")? {
            let parts = subject.split('.').count();
            if parts != 5 {
                return Err(unreadable("sub", "five parts: an encrypted subject"));
            }
        }
        if self.claims.find("cdniip").is_some() || self.claims.is_null("cdniip") {
            return Err(Denial::new(
                Reason::TokenAddress,
                "`cdniip` is encrypted: no key for encryption is kept here",
            ));
        }
        Ok(())
    }

    /// Whether the token covers the URI without the token, and the only folder of the title that it covers.
    fn names(&self, facts: &Facts) -> Result<Option<String>, Denial> {
        let container = self
            .claims
            .text("cdniuc")?
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the claim `cdniuc`"))?;
        let uri = normalised(&facts.authority(), &self.place.path, &self.place.query)?;
        let elsewhere = || Denial::new(Reason::TokenUrl, "`cdniuc` is not of this URI");
        if let Some(digest) = container.strip_prefix("hash:") {
            let digest =
                digest.strip_prefix("sha-256;").ok_or_else(|| unreadable("cdniuc", "`hash:sha-256;…`"))?;
            let same = URL_SAFE_NO_PAD.encode(Sha256::digest(&uri)) == digest;
            return same.then_some(None).ok_or_else(elsewhere);
        }
        let expression =
            container.strip_prefix("regex:").ok_or_else(|| unreadable("cdniuc", "`hash:…` or `regex:…`"))?;
        if expression.len() > LONGEST_EXPRESSION || uri.len() > LONGEST_URI {
            return Err(unreadable("cdniuc", "an expression of 1,024 bytes at most"));
        }
        let translated = posix::translate(expression)
            .map_err(|why| Denial::new(Reason::TokenClaims, format!("`cdniuc`: {why}")))?;
        let prefix = posix::prefix(expression);
        let expression = RegexBuilder::new(&format!("^(?:{translated})$"))
            .size_limit(64 * 1024)
            .nest_limit(16)
            .build()
            .map_err(|_| unreadable("cdniuc", "a POSIX extended regular expression that is not too large"))?;
        if !expression.is_match(&uri) {
            return Err(elsewhere());
        }
        Ok(prefix.and_then(|prefix| folder(&self.place.path, [path_of(&prefix)])))
    }

    /// The next token, where this one asks for it, and it can be signed here: with the shared secret that verified it.
    ///
    /// A redirect is made only once half of the new token's time is left to the old one, or it would go on forever.
    fn renewal(
        &self,
        key: &Jwk,
        facts: &Facts,
        expires_at: Option<UnixTime>,
        now: UnixTime,
    ) -> Result<Option<Renewal>, Denial> {
        let (transport, seconds) = match (self.claims.find("cdnistt"), self.claims.find("cdniets")) {
            (None, None) => return Ok(None),
            (Some(transport), Some(seconds)) => (transport.as_u64(), seconds.as_f64()),
            _ => return Err(Denial::new(Reason::TokenClaims, "expected both of `cdnistt` and `cdniets`")),
        };
        let seconds = seconds.filter(|seconds| (0.0..1e9).contains(seconds));
        let seconds = seconds.ok_or_else(|| unreadable("cdniets", "a number of seconds"))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked above"
        )]
        let seconds = seconds as u64;
        let transport = transport
            .filter(|transport| *transport <= 2)
            .ok_or_else(|| unreadable("cdnistt", "0, 1 or 2"))?;
        let depth = match self.claims.find("cdnistd") {
            None => 0,
            Some(depth) => depth
                .as_u64()
                .and_then(|depth| usize::try_from(depth).ok())
                .ok_or_else(|| unreadable("cdnistd", "a whole number"))?,
        };
        let ends_at = now.plus_secs(seconds);
        let due = expires_at.is_some_and(|expires_at| expires_at.secs_since(now) <= seconds / 2);
        let Some(path) = scope(&self.place.path, depth) else { return Ok(None) };
        if transport == 0 || seconds == 0 || (transport == 2 && !due) {
            return Ok(None);
        }
        let Some(token) = self.sign_anew(key, ends_at, now)? else { return Ok(None) };
        if transport == 1 {
            let cookie = format!("{}={token}; Path={path}; Max-Age={seconds}; Secure; HttpOnly", self.name);
            let headers = vec![("Set-Cookie".to_owned(), Redacted::new(cookie))];
            return Ok(Some(Renewal { headers, redirect: None }));
        }
        let Surroundings { path, query, .. } = &self.place;
        let separator = if query.is_empty() { "" } else { "&" };
        let url = format!("{}{path}?{query}{separator}{}={token}", facts.authority(), self.name);
        Ok(Some(Renewal { headers: Vec::new(), redirect: Some((302, Redacted::new(url))) }))
    }

    fn sign_anew(&self, key: &Jwk, ends_at: UnixTime, now: UnixTime) -> Result<Option<String>, Denial> {
        let Some(algorithm) = Algorithm::named(&self.compact.header.alg) else { return Ok(None) };
        let mut claims = self.compact.claims()?;
        claims.insert("exp".to_owned(), ends_at.as_secs().into());
        claims.insert("iat".to_owned(), now.as_secs().into());
        // A token that may be used once gets a new name. Under the old name, the store would count it as used.
        if let Some(used) = self.claims.text("jti")? {
            let hash =
                Sha256::new().chain_update(used).chain_update(ends_at.as_secs().to_be_bytes()).finalize();
            let half: Vec<u8> = hash.into_iter().take(16).collect();
            claims.insert("jti".to_owned(), URL_SAFE_NO_PAD.encode(half).into());
        }
        let header = Map::from_iter([
            ("alg".to_owned(), algorithm.name().into()),
            ("kid".to_owned(), key.kid.as_str().into()),
        ]);
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(Value::Object(part).to_string()));
        let message = parts.join(".");
        let tag = super::challenge::authenticate(key, algorithm, message.as_bytes());
        Ok(tag.map(|tag| format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))))
    }
}

/// The first segments of a path, for a cookie; `None` where it has fewer.
fn scope(path: &str, depth: usize) -> Option<String> {
    if depth == 0 {
        return Some("/".to_owned());
    }
    let segments: Vec<_> = path.strip_prefix('/')?.split('/').take(depth).collect();
    let usable =
        |segment: &str| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_graphic() && b != b';');
    (segments.len() == depth && segments.iter().all(|segment| usable(segment)))
        .then(|| format!("/{}", segments.join("/")))
}

/// A URI in the form for comparison ([RFC 3986 section 6.2.2] and [section 6.2.3]): characters that need no escape are
/// unescaped, the digits of other escapes are in capitals, and the path has no dot segments. The authority is already
/// in lower case and without the default port.
///
/// [RFC 3986 section 6.2.2]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
/// [section 6.2.3]: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.3
fn normalised(authority: &str, path: &str, query: &str) -> Result<String, Denial> {
    let (path, query) = (unescaped(path)?, unescaped(query)?);
    let mut segments = Vec::new();
    let mut parts = path.strip_prefix('/').unwrap_or(&path).split('/').peekable();
    while let Some(segment) = parts.next() {
        let last = parts.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    segments.pop();
                }
                if last {
                    segments.push("");
                }
            }
            segment => segments.push(segment),
        }
    }
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(format!("{authority}/{}{mark}{query}", segments.join("/")))
}

fn unescaped(text: &str) -> Result<String, Denial> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let digits = from.get(1..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let byte = byte.ok_or_else(|| malformed("the URI: expected two hexadecimal digits after `%`"))?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            plain.push(char::from(byte));
        } else {
            plain.push_str(&format!("%{byte:02X}"));
        }
        rest = from.get(3..).unwrap_or_default();
    }
    plain.push_str(rest);
    Ok(plain)
}

impl Presented for UriSigning {
    fn dialect(&self) -> Dialect {
        Dialect::UriSigning
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn path(&self) -> Option<&str> {
        self.place.in_path.then_some(&self.place.path)
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        self.compact.challenges(keys, true)
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, now, .. } = *asked;
        let expires_at = self.timely(now)?;
        self.understood()?;
        meant_for(&self.claims, "aud", self.audience.as_deref())?;
        // The expression comes last, and never before the signature: RFC 9246 section 2.1.15.2.
        let folder = self.names(facts)?;
        let token_id = self.claims.text("jti")?.map(str::to_owned);
        Ok(Grant {
            replay: if token_id.is_some() { Replay::Prohibit } else { Replay::Permit },
            token_id,
            issued_at: self.claims.start("iat")?,
            expires_at,
            titles: titles(&self.place.path),
            folder,
            renewal: self.renewal(key, facts, expires_at, now)?,
            ..Grant::new(Dialect::UriSigning, self.keys.clone(), key.kid.clone())
        })
    }
}

/// Mints a token for a URL: with the hash of the URL, unless the claims say what it covers.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    key: &super::mint::PrivateKey,
    mut claims: Map<String, Value>,
    url: &url::Url,
    name: &str,
) -> Result<(String, String), super::mint::MintError> {
    if !claims.contains_key("cdniuc") {
        let authority = url.as_str().split_inclusive('/').take(3).collect::<String>();
        let authority = authority.trim_end_matches('/');
        let uri = normalised(authority, url.path(), url.query().unwrap_or_default())
            .map_err(|_| super::mint::MintError::Numbers("a URL that is escaped rightly"))?;
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(uri));
        claims.insert("cdniuc".to_owned(), format!("hash:sha-256;{hash}").into());
    }
    let token = key.jws(key.algorithm(), Map::new(), Value::Object(claims).to_string().as_bytes())?;
    let mark = if url.query().is_some() { "&" } else { "?" };
    let signed = format!("{url}{mark}{name}={token}");
    Ok((token, signed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::{Headers, Scheme};
    use crate::token::mint::PrivateKey;
    use crate::token::{native, present};

    const NOW: u64 = 1_646_867_000;
    const KEY: &str = "Kh_RkUMj-fzbD37qBnDf_3e_RvQ3RP9PaSmVEpE24AM";
    const ES256_KID: &str = "P5UpOv0eMq1wcxLf7WxIg09JdSYGYFDOWkldueaImf0";

    fn key() -> PrivateKey {
        let jwk = json!({ "kty": "oct", "kid": "First", "alg": "HS256", "k": KEY });
        PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
    }

    fn grant(url: &str, cookie: Option<&str>, own: &Value, now: u64) -> Result<Grant, Denial> {
        let mut mine = json!({ "keys": "ucdn", "issuer_keys": { "uCDN Inc": "ucdn" } });
        mine.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let policy: TokenPolicy =
            serde_json::from_value(json!({ "leeway_s": 60, "accept": [{ "uri_signing": mine }] })).unwrap();
        let keys: KeySet = serde_json::from_value(json!({ "issuer": "ucdn", "keys": [
            key().public(),
            { "kty": "EC", "kid": ES256_KID, "use": "sig", "alg": "ES256", "crv": "P-256",
              "x": "be807S4O7dzB6I4hTiCUvmxCI6FuxWba1xYBlLSSsZ8", "y": "rOGC4vI69g-WF9AGEVI37sNNwbjIzBxSjLvIL7f3RBA" },
        ]}))
        .unwrap();
        let url = url::Url::parse(url).unwrap();
        let all = cookie.map(|cookie| ("cookie".to_owned(), Redacted::new(cookie.to_owned())));
        let facts = Facts {
            scheme: if url.scheme() == "http" { Scheme::Http } else { Scheme::Https },
            host: url.host_str().unwrap().to_owned(),
            port: url.port(),
            path: url.path().to_owned(),
            query: Redacted::new(url.query().unwrap_or_default().to_owned()),
            headers: Headers { all: all.into_iter().collect(), ..Headers::default() },
            ..Facts::default()
        };
        let presented = present(&facts, &policy)?;
        let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(now) };
        native::prove(presented.as_ref(), &keys, &asked)
    }

    fn signed(claims: &Value) -> String {
        key().jws(Algorithm::HS256, Map::new(), claims.to_string().as_bytes()).unwrap()
    }

    fn reason(claims: &Value, url: &str) -> Option<Reason> {
        let url = format!("{url}?URISigningPackage={}", signed(claims));
        grant(&url, None, &json!({}), NOW).err().map(|denial| denial.reason)
    }

    /// RFC 9246 appendix A.1.
    const SIMPLE: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IlA1VXBPdjBlTXExd2N4TGY3V3hJZzA5SmRTWUdZRkRPV2tsZHVlYUltZjAifQ.eyJleHAiOjE2NDY4NjczNjksImlzcyI6InVDRE4gSW5jIiwiY2RuaXVjIjoiaGFzaDpzaGEtMjU2OzJ0ZGVyZldQYTg2S3U3WW56VzUxWVVwN2RHVWpCU18zU1czRUx4NGhtV1kifQ.TaNlJM3D96i_9J9XvlICO6FUIDFTqt3E2YJkEUOLfcH0b89wYRKTbJ9Yj6h_GRgSoZoQO0cps3yUPcWGK3smCw";

    /// RFC 9246 appendix A.2: with an encrypted address.
    const COMPLEX: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IlA1VXBPdjBlTXExd2N4TGY3V3hJZzA5SmRTWUdZRkRPV2tsZHVlYUltZjAifQ.eyJhdWQiOiJkQ0ROIExMQyIsInN1YiI6ImV5SmxibU1pT2lKQk1USTRSME5OSWl3aVlXeG5Jam9pWkdseUlpd2lhMmxrSWpvaVppMVhZbXA0UWtNelpGQjFTVE5rTWpSclVESm9ablp2Y3pkUmVqWTRPRlZVYVRaaFFqQm9Uams1T0NKOS4uQ0xBdTgweGNsYzhCcC1VaS42UDFBM0Y2aXAyRHYuQ29oZHRMTHBnQm5UdlJKUUNGdXotZyIsImNkbmlpcCI6ImV5SmxibU1pT2lKQk1USTRSME5OSWl3aVlXeG5Jam9pWkdseUlpd2lhMmxrSWpvaVppMVhZbXA0UWtNelpGQjFTVE5rTWpSclVESm9ablp2Y3pkUmVqWTRPRlZVYVRaaFFqQm9Uams1T0NKOS4uYVVEREZFUUJJYzNuV2pPYi5iR1hXVEhQa250bVBDS24wcFBQTkVRLml5VHR0bkZ5Yk8yWUJMcXdsX1lTakEiLCJjZG5pdiI6MSwiZXhwIjoxNjQ2ODY3MzY5LCJpYXQiOjE2NDY2OTQ1NjksImlzcyI6InVDRE4gSW5jIiwianRpIjoiNURBYWZMaFpBZmhzYmUiLCJuYmYiOjE2NDY3ODA5NjksImNkbml1YyI6InJlZ2V4Omh0dHA6Ly9jZG5pXFwuZXhhbXBsZS9mb28vYmFyL1swLTldezN9XFwucG5nIn0.IjmVX0uD5MYqArc-M08uEsEeoDQn8kuYXZ9HGHDmDDxsHikT0c8jcX8xYD0z3LzQclMG65i1kT2sRbZ7isUw8w";

    /// RFC 9246 appendix A.3, before and after its renewal.
    const RENEWAL: [&str; 2] = [
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IlA1VXBPdjBlTXExd2N4TGY3V3hJZzA5SmRTWUdZRkRPV2tsZHVlYUltZjAifQ.eyJjZG5pZXRzIjozMCwiY2RuaXN0dCI6MSwiY2RuaXN0ZCI6MiwiZXhwIjoxNjQ2ODY3MzY5LCJjZG5pdWMiOiJyZWdleDpodHRwOi8vY2RuaVxcLmV4YW1wbGUvZm9vL2Jhci9bMC05XXszfVxcLnRzIn0.tlPvoKw3BCClw4Lx9PQu7MK6b2IN55ZoCPSaxovGK0zS53Wpb1MbJBow7G8LiGR39h6-2Iq7PWUSr3MdTIzHYw",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IlA1VXBPdjBlTXExd2N4TGY3V3hJZzA5SmRTWUdZRkRPV2tsZHVlYUltZjAifQ.eyJjZG5pZXRzIjozMCwiY2RuaXN0dCI6MSwiY2RuaXN0ZCI6MiwiZXhwIjoxNjQ2ODY3Mzk5LCJjZG5pdWMiOiJyZWdleDpodHRwOi8vY2RuaVxcLmV4YW1wbGUvZm9vL2Jhci9bMC05XXszfVxcLnRzIn0.ivY5d_fKGd-OHTpUs8uJUrnHvt-rduzu5H4zM7167pUUAghub53FqDQ5G16jRYX2sY73mA_uLpYDdb-CPts8FA",
    ];

    #[test]
    fn the_examples_of_the_specification() {
        let own = json!({ "audience": "dCDN LLC" });
        let at = |path: &str, token: &str, own: &Value| {
            grant(&format!("http://cdni.example{path}?URISigningPackage={token}"), None, own, NOW)
        };
        let simple = at("/foo/bar", SIMPLE, &json!({})).unwrap();
        assert_eq!(simple.expires_at, Some(UnixTime::from_secs(1_646_867_369)));
        assert_eq!(simple.titles, Some(vec!["foo".parse().unwrap()]));
        assert_eq!(at("/foo/baz", SIMPLE, &json!({})).unwrap_err().reason, Reason::TokenUrl);
        // The address is encrypted, and the edge has no key to decrypt it: the viewer cannot be compared with it.
        let complex = at("/foo/bar/123.png", COMPLEX, &own).unwrap_err();
        assert_eq!(complex.reason, Reason::TokenAddress);
        for token in RENEWAL {
            let found = at("/foo/bar/123.ts", token, &json!({})).unwrap();
            // A public key signs nothing.
            assert_eq!(found.renewal, None);
            assert_eq!(at("/foo/bar/1234.ts", token, &json!({})).unwrap_err().reason, Reason::TokenUrl);
        }
    }

    #[test]
    fn the_token_is_taken_out_of_the_uri() {
        for (target, token, rest) in [
            ("/a/b?N=t.t.t", "t.t.t", "/a/b"),
            ("/a/b?N=t&c=d", "t", "/a/b?c=d"),
            ("/a/b?c=d&N=t", "t", "/a/b?c=d"),
            ("/a/b?c=d&N=t&e=f", "t", "/a/b?c=d&e=f"),
            ("/a;N=t/b", "t", "/a/b"),
            ("/a;N=t;x=1/b?c", "t", "/a;x=1/b?c"),
            ("/a/b;N=t", "t", "/a/b"),
            ("/a/b;N=t?c=d", "t", "/a/b?c=d"),
            ("/a/N=t/b", "t", "/a/b"),
            ("/a?N=a%2Eb", "a.b", "/a"),
        ] {
            assert_eq!(package(target, "N"), Some((token.to_owned(), rest.to_owned())), "{target}");
        }
        for nothing in ["/a/b", "/a?XN=t", "/a?N", "/a?N=", "/aN=t", "/a?NN=t"] {
            assert_eq!(package(nothing, "N"), None, "{nothing}");
        }
    }

    #[test]
    fn uris_are_compared_in_one_form() {
        for (path, query, expected) in [
            ("", "", "https://a/"),
            ("/%7ea/%2fb", "c=%7E", "https://a/~a/%2Fb?c=~"),
            ("/a/./b/../c", "", "https://a/a/c"),
            ("/a/..", "", "https://a/"),
            ("/a/b/.", "", "https://a/a/b/"),
            ("/%2e%2e/a//b/", "", "https://a/a//b/"),
            ("/\u{e9}", "", "https://a/\u{e9}"),
        ] {
            assert_eq!(normalised("https://a", path, query).unwrap(), expected, "{path}");
        }
        for bad in ["/%", "/%4", "/%zz", "/%+1"] {
            assert_eq!(normalised("https://a", bad, "").unwrap_err().reason, Reason::TokenMalformed, "{bad}");
        }
    }

    #[test]
    fn every_claim_is_checked() {
        let at = "https://watch.example.com/harbour/a.m3u8";
        let right = || json!({ "cdniuc": "regex:https://[^/]*/harbour/.*", "exp": NOW + 1 });
        let (claims, url) = (Some(Reason::TokenClaims), Some(Reason::TokenUrl));
        for (name, value, expected) in [
            ("exp", json!(NOW + 1), None),
            // No leeway, though the site has one.
            ("exp", json!(NOW), Some(Reason::TokenExpired)),
            ("exp", Value::Null, None),
            ("nbf", json!(NOW), None),
            ("nbf", json!(NOW + 1), Some(Reason::TokenNotYetValid)),
            ("iss", json!("uCDN Inc"), None),
            ("iss", json!("another"), Some(Reason::TokenIssuer)),
            ("aud", json!("dCDN LLC"), Some(Reason::TokenAudience)),
            ("sub", json!("ada"), claims),
            ("sub", json!("a..b.c.d"), None),
            ("cdniip", json!("192.0.2.0/24"), Some(Reason::TokenAddress)),
            ("cdniv", json!(1), None),
            ("cdniv", json!(2), claims),
            ("cdniv", json!("1"), claims),
            ("cdnicrit", json!("ext"), claims),
            ("cdnicrit", json!(""), claims),
            ("cdniuc", Value::Null, claims),
            ("cdniuc", json!("regex:https://[^/]*/harbour/"), url),
            ("cdniuc", json!("regex:harbour"), url),
            ("cdniuc", json!("regex:(?i).*"), claims),
            ("cdniuc", json!("regex:nothing)|(.*"), claims),
            ("cdniip", Value::Null, Some(Reason::TokenAddress)),
            ("cdnicrit", Value::Null, claims),
            ("cdniuc", json!("regex:(((.{255}){255}){255})"), claims),
            ("cdniuc", json!(format!("regex:{}", "a".repeat(1025))), claims),
            ("cdniuc", json!("hash:sha-256;AAAA"), url),
            ("cdniuc", json!("hash:sha-256-128;AAAA"), claims),
            ("cdniuc", json!("uri:https://watch.example.com/"), claims),
            ("cdnistt", json!(1), claims),
            ("cdniets", json!(30), claims),
            ("jti", json!("once"), None),
        ] {
            let mut token = right();
            token[name] = value.clone();
            assert_eq!(reason(&token, at), expected, "{name}: {value}");
        }
        let mut once = right();
        once["jti"] = "once".into();
        let found =
            grant(&format!("{at};URISigningPackage={}", signed(&once)), None, &json!({}), NOW).unwrap();
        assert_eq!((found.replay, found.token_id.as_deref()), (Replay::Prohibit, Some("once")));
        let unnamed = format!("{at}?URISigningPackage={}", signed(&right()));
        let denial = grant(&unnamed, None, &json!({ "keys": null }), NOW).unwrap_err();
        assert_eq!(denial.reason, Reason::TokenClaims);
    }

    #[test]
    fn a_cookie_and_its_renewal() {
        let at = "https://watch.example.com/harbour/v/a.m3u8?x=1";
        let token = |transport: u64, depth: u64, left: u64| {
            signed(&json!({ "cdniuc": "regex:https://watch\\.example\\.com/harbour/.*", "exp": NOW + left,
                "cdnistt": transport, "cdniets": 30, "cdnistd": depth }))
        };
        let renewed = |transport, depth, left| {
            let cookie = format!("a=b; URISigningPackage={}", token(transport, depth, left));
            grant(at, Some(&cookie), &json!({}), NOW).unwrap().renewal
        };
        for (depth, path) in [(0, "/"), (1, "/harbour"), (2, "/harbour/v"), (3, "/harbour/v/a.m3u8")] {
            let Renewal { headers, redirect } = renewed(1, depth, 60).unwrap();
            assert_eq!((redirect, headers[0].0.as_str()), (None, "Set-Cookie"));
            let cookie = headers[0].1.expose();
            assert!(cookie.ends_with(&format!("; Path={path}; Max-Age=30; Secure; HttpOnly")), "{cookie}");
            let pair = cookie.split(';').next().unwrap();
            let next = grant(at, Some(pair), &json!({}), NOW).unwrap();
            assert_eq!(next.expires_at, Some(UnixTime::from_secs(NOW + 30)));
            assert_eq!(grant(at, Some(pair), &json!({}), NOW + 30).unwrap_err().reason, Reason::TokenExpired);
        }
        assert_eq!(renewed(1, 4, 60), None);
        assert_eq!(renewed(0, 0, 60), None);
        assert_eq!(renewed(2, 0, 16), None);
        let (status, url) = renewed(2, 0, 15).unwrap().redirect.unwrap();
        assert_eq!(status, 302);
        assert!(url.expose().starts_with(&format!("{at}&URISigningPackage=ey")), "{}", url.expose());
        // It comes to rest.
        let next = grant(url.expose(), None, &json!({}), NOW).unwrap();
        assert_eq!((next.renewal, next.expires_at), (None, Some(UnixTime::from_secs(NOW + 30))));
    }

    #[test]
    fn a_renewed_token_is_another() {
        let at = "https://watch.example.com/harbour/v/a.m3u8";
        let token = signed(
            &json!({ "cdniuc": "regex:.*", "exp": NOW + 9, "cdnistt": 1, "cdniets": 30, "jti": "once" }),
        );
        let renewed = |token: &str, now| {
            let found = grant(at, Some(&format!("URISigningPackage={token}")), &json!({}), now).unwrap();
            let header = found.renewal.unwrap().headers[0].1.expose().clone();
            let pair = header.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
            (found.token_id.unwrap(), pair)
        };
        let (first, next) = renewed(&token, NOW);
        let (second, _) = renewed(&next, NOW + 1);
        assert_eq!((first.as_str(), second.len()), ("once", 22));
        // The same for the same, so that it is renewed once at a time; another later.
        assert_eq!(renewed(&renewed(&token, NOW).1, NOW).0, second);
        assert_ne!(renewed(&renewed(&token, NOW + 1).1, NOW + 1).0, second);
    }

    #[test]
    fn what_is_minted_is_for_its_url() {
        let url = url::Url::parse("https://watch.example.com:8443/harbour/a.m3u8?x=%7e").unwrap();
        let claims = json!({ "exp": NOW + 60 }).as_object().unwrap().clone();
        let (token, signed) = mint(&key(), claims, &url, "URISigningPackage").unwrap();
        assert!(signed.ends_with(&token));
        assert!(grant(&signed, None, &json!({}), NOW).is_ok());
        for other in
            [signed.replace("a.m3u8", "b.m3u8"), signed.replace("8443", "8444"), signed.replace("x=", "y=")]
        {
            assert_eq!(grant(&other, None, &json!({}), NOW).unwrap_err().reason, Reason::TokenUrl, "{other}");
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = signed(&json!({ "cdniuc": "regex:.*", "exp": NOW + 1 }));
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                // In the cookie, where nothing ends it but a semicolon.
                let cookie = format!("URISigningPackage={changed}");
                assert!(
                    grant("https://a.example/b/c", Some(&cookie), &json!({}), NOW).is_err(),
                    "bit {bit} of byte {at}"
                );
            }
        }
    }
}
