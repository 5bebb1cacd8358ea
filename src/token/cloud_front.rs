//! Viewer tokens of CloudFront: signed URLs and signed cookies, with a canned or a custom policy.
//!
//! ```text
//! URL     = base ("?" / "&") ("Expires=" seconds / "Policy=" text) "&Signature=" text "&Key-Pair-Id=" key
//!           [ "&Hash-Algorithm=SHA256" ]
//! cookies = the same under "CloudFront-Expires", "CloudFront-Policy", "CloudFront-Signature", …
//! canned  = {"Statement":[{"Resource":"base","Condition":{"DateLessThan":{"AWS:EpochTime":seconds}}}]}
//! text    = base64, in which "-" stands for "+", "_" for "=" and "~" for "/"
//! ```
//!
//! The policy is signed with RSASSA-PKCS1-v1_5 or with ECDSA (in DER), over SHA-1 or, where the token says so, SHA-256.
//! A key that names its `alg` takes that hash alone. A URL with a signature in it does not look at cookies.
//!
//! [Signed URLs], [signed cookies]
//!
//! [Signed URLs]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
//! [signed cookies]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;

use super::base64_fault::base64_fault;
use super::compact::short;
use super::dialect::Dialect;
use super::network::{self, Network};
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{
    bounded, check_expiry, check_start, decoded, folder, glob, literal, malformed, resource, spellings,
    titles, unix_seconds, without,
};
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{Algorithm, CloudFrontPolicy, Issuer, Jwk, KeyMaterial, KeySet, Lock, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// A signed URL or signed cookies.
struct CloudFront {
    keys: Issuer,
    key_pair_id: String,
    sha256: bool,
    signature: Vec<u8>,
    statement: Statement,
    messages: Vec<Redacted<Vec<u8>>>,
}

/// The query parameters that sign; as cookies they begin with `CloudFront-`.
const PARAMETERS: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];

/// The most `?` of a resource that are tried as the one before the query.
const MOST_SPLITS: usize = 32;

/// The longest policy, without its encoding.
const LONGEST_POLICY: usize = 4 * 1024;

/// A policy. A member that is not known, or stands twice, is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Statement")]
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    /// Absent: any URL.
    #[serde(rename = "Resource")]
    resource: Option<String>,
    #[serde(rename = "Condition")]
    condition: Condition,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "DateLessThan")]
    date_less_than: EpochTime,
    #[serde(rename = "DateGreaterThan")]
    date_greater_than: Option<EpochTime>,
    #[serde(rename = "IpAddress")]
    ip_address: Option<SourceIp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceIp {
    #[serde(rename = "AWS:SourceIp")]
    network: String,
}

impl Reader for CloudFrontPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let in_query = |name: &str| facts.raw_query_parameter(name).and_then(decoded);
        let in_cookie = |name: &str| facts.cookie(&format!("CloudFront-{name}")).and_then(decoded);
        let marked = |part: &dyn Fn(&str) -> Option<String>| {
            ["Policy", "Signature", "Key-Pair-Id"].iter().any(|name| part(name).is_some())
        };
        let part: &dyn Fn(&str) -> Option<String> = if marked(&in_query) {
            &in_query
        } else if marked(&in_cookie) {
            &in_cookie
        } else {
            return Ok(None);
        };
        let needed =
            |name: &str| part(name).ok_or_else(|| malformed(format!("expected `{name}` beside the others")));
        let key_pair_id = needed("Key-Pair-Id")?;
        let signature = decode("Signature", &needed("Signature")?)?;
        let sha256 = match part("Hash-Algorithm").as_deref() {
            None | Some("SHA1") => false,
            Some("SHA256") => true,
            Some(other) => {
                return Err(malformed(format!(
                    "`Hash-Algorithm`: expected SHA1 or SHA256, found `{}`",
                    short(other)
                )));
            }
        };
        let (statement, messages) = match (part("Policy"), part("Expires")) {
            (Some(_), Some(_)) => return Err(malformed("expected either `Policy` or `Expires`")),
            (None, None) => return Err(malformed("expected `Policy` or `Expires`")),
            (Some(policy), None) => {
                let policy = decode("Policy", &policy)?;
                (statement(&policy)?, vec![policy])
            }
            (None, Some(expires)) => canned(facts, &expires)?,
        };
        Ok(Some(Box::new(CloudFront {
            keys: self.keys.clone(),
            key_pair_id,
            sha256,
            signature,
            statement,
            messages: messages.into_iter().map(Redacted::new).collect(),
        })))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        USUAL.to_vec()
    }
}

pub(super) const USUAL: &[Spot<'static>] = &[
    Spot::Parameter(PARAMETERS[0]),
    Spot::Parameter(PARAMETERS[1]),
    Spot::Parameter(PARAMETERS[2]),
    Spot::Parameter(PARAMETERS[3]),
    Spot::Parameter(PARAMETERS[4]),
    Spot::Cookie("CloudFront-Expires"),
    Spot::Cookie("CloudFront-Policy"),
    Spot::Cookie("CloudFront-Signature"),
    Spot::Cookie("CloudFront-Key-Pair-Id"),
    Spot::Cookie("CloudFront-Hash-Algorithm"),
];

/// Reads the one statement of a custom policy.
fn statement(policy: &[u8]) -> Result<Statement, Denial> {
    if policy.len() > LONGEST_POLICY {
        return Err(malformed(format!(
            "`Policy`: expected {LONGEST_POLICY} bytes at most, found {}",
            policy.len()
        )));
    }
    let Policy { statement } =
        serde_json::from_slice(policy).map_err(|error| malformed(format!("`Policy`: {error}")))?;
    let found = statement.len();
    let mut statements = statement.into_iter();
    match (statements.next(), statements.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(malformed(format!("`Policy`: expected one statement, found {found}"))),
    }
}

/// The canned policy of a request, for each spelling in which its URL may have been signed.
fn canned(facts: &Facts, expires: &str) -> Result<(Statement, Vec<Vec<u8>>), Denial> {
    let seconds =
        unix_seconds(expires).ok_or_else(|| malformed("`Expires`: expected Unix seconds"))?.as_secs();
    let authority = facts.authority();
    let queries = spellings(&without(facts.query.expose(), &PARAMETERS));
    let urls = queries.iter().map(|query| format!("{authority}{}", resource(&facts.path, query)));
    let mut messages = Vec::new();
    for url in urls {
        // In the policy it would be another text than the URL.
        if url.contains(['"', '\\']) || url.chars().any(char::is_control) {
            return Err(malformed("expected a URL without quotes, backslashes and control characters"));
        }
        messages.push(canned_policy(&url, expires).into_bytes());
    }
    let date_less_than = EpochTime { seconds };
    let condition = Condition { date_less_than, date_greater_than: None, ip_address: None };
    Ok((Statement { resource: None, condition }, messages))
}

fn canned_policy(url: &str, expires: &str) -> String {
    format!(
        r#"{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}"#
    )
}

fn decode(name: &str, text: &str) -> Result<Vec<u8>, Denial> {
    let text: String = bounded(text)?
        .trim_end_matches('_')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '~' => '/',
            // None of CloudFront's alphabet.
            '+' | '/' => '!',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD
        .decode(text)
        .map_err(|error| malformed(format!("`{name}`: expected base64: {}", base64_fault(&error))))
}

impl Presented for CloudFront {
    fn dialect(&self) -> Dialect {
        Dialect::CloudFront
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let key = keys.key(&self.key_pair_id).ok_or_else(|| {
            Denial::new(
                Reason::TokenKeyUnknown,
                format!("the token names the key `{}`", short(&self.key_pair_id)),
            )
        })?;
        let algorithm = match (&key.material, self.sha256) {
            (KeyMaterial::Rsa { .. }, false) => Algorithm::RS1,
            (KeyMaterial::Rsa { .. }, true) => Algorithm::RS256,
            (_, false) => Algorithm::ES1,
            (_, true) => Algorithm::ES256,
        };
        if !key.permits(algorithm) {
            return Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("the key `{}` is not for {}", key.kid, algorithm.name()),
            ));
        }
        let signature = match &key.material {
            KeyMaterial::Rsa { .. } => self.signature.clone(),
            _ => fixed(&self.signature)
                .ok_or_else(|| malformed("`Signature`: expected the DER of an ECDSA signature with P-256"))?,
        };
        let challenges = self.messages.iter().map(|message| Challenge {
            key,
            algorithm,
            message: message.expose().as_slice().into(),
            signature: signature.clone().into(),
        });
        Ok(challenges.collect())
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let Statement { resource: pattern, condition } = &self.statement;
        let expires = UnixTime::from_secs(condition.date_less_than.seconds);
        check_expiry(expires, now)?;
        if let Some(start) = &condition.date_greater_than {
            // Greater: not yet in that second.
            check_start(UnixTime::from_secs(start.seconds).plus_secs(1), now, policy)?;
        }
        let mut lock = Lock::default();
        if let Some(SourceIp { network }) = &condition.ip_address {
            let network = Network::parse(network)
                .ok_or_else(|| Denial::new(Reason::TokenClaims, "`AWS:SourceIp`: expected a network"))?;
            if !network.is_any() && !network.contains(network::of_viewer(facts)?) {
                return Err(network::other_address());
            }
            lock = network.lock();
        }
        let mut below = None;
        if let Some(pattern) = pattern {
            let query = without(facts.query.expose(), &PARAMETERS);
            let queries = spellings(&query);
            if !queries.iter().any(|query| fits(pattern, facts, query)) {
                return Err(Denial::new(
                    Reason::TokenUrl,
                    "the URL does not fit the `Resource` of the policy",
                ));
            }
            // In a single URL, `?` separates the query.
            let url = |query| format!("{}{}", facts.authority(), resource(&facts.path, query));
            if !queries.iter().any(|query| url(query) == *pattern) {
                below = folder(&facts.path, literal(target_of(pattern)));
            }
        }
        Ok(Grant {
            expires_at: Some(expires),
            titles: titles(&facts.path),
            folder: below,
            lock,
            ..Grant::new(Dialect::CloudFront, self.keys.clone(), key.kid.clone())
        })
    }
}

/// Whether the URL of a request fits a resource with the wildcards `*` and `?`.
///
/// A wildcard stays within its part of the URL, the scheme, the host, the path or the query, but for a `*` at the end,
/// which covers all that follows.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html>
fn fits(pattern: &str, facts: &Facts, query: &str) -> bool {
    let Some((scheme, rest)) = pattern.split_once("://") else {
        // `*` and `*/harbour/*`: any scheme and host.
        let Some(path) = pattern.strip_prefix('*') else { return false };
        return path.is_empty() || (path.starts_with('/') && fits_target(path, &facts.path, query));
    };
    let authority = facts.authority();
    let host = authority.split_once("://").map_or("", |(_, host)| host);
    glob(scheme, facts.scheme.name())
        && match rest.find('/') {
            Some(at) => {
                let (own, target) = rest.split_at(at);
                glob(own, host) && fits_target(target, &facts.path, query)
            }
            None => rest.ends_with('*') && glob(rest, host),
        }
}

/// The part of a resource that is for the path and the query.
fn target_of(pattern: &str) -> &str {
    let rest = match pattern.split_once("://") {
        Some((_, rest)) => rest,
        None => return pattern.strip_prefix('*').unwrap_or(pattern),
    };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}

fn fits_target(pattern: &str, path: &str, query: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*').filter(|start| !start.contains(['*', '?'])) {
        return resource(path, query).starts_with(start);
    }
    // Each `?` of the pattern may be the one before the query.
    let split = pattern.match_indices('?').take(MOST_SPLITS).any(|(at, _)| {
        let (own_path, own_query) = (pattern.get(..at), pattern.get(at + 1..));
        own_path.zip(own_query).is_some_and(|(own_path, own_query)| {
            !query.is_empty() && glob(own_path, path) && glob(own_query, query)
        })
    });
    let whole = glob(pattern, path) && (query.is_empty() || pattern.ends_with('*'));
    split || whole
}

/// An ECDSA signature with `r` and `s` side by side, out of its DER ([RFC 3279 section 2.2.3]).
///
/// ```text
/// Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
/// ```
///
/// [RFC 3279 section 2.2.3]: https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
fn fixed(der: &[u8]) -> Option<Vec<u8>> {
    let (body, rest) = element(0x30, der)?;
    let (r, body) = element(0x02, body)?;
    let (s, body) = element(0x02, body)?;
    if !rest.is_empty() || !body.is_empty() {
        return None;
    }
    let mut fixed = Vec::with_capacity(64);
    for integer in [r, s] {
        // Unsigned and minimal: a zero stands in front of a high bit, and nowhere else.
        let digits = match integer {
            [0, second, ..] if second & 0x80 != 0 => integer.get(1..)?,
            [0, ..] => return None,
            [first, ..] if first & 0x80 != 0 => return None,
            digits => digits,
        };
        fixed.extend(std::iter::repeat_n(0, 32usize.checked_sub(digits.len())?));
        fixed.extend(digits);
    }
    Some(fixed)
}

/// A DER element with a tag and a length of one byte each, and the bytes behind it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = der.split_at_checked(2)?;
    match header {
        [found, length] if *found == tag && (1..0x80).contains(length) => {
            rest.split_at_checked(usize::from(*length))
        }
        _ => None,
    }
}

/// The contents of a minted token. With anything but `exp`, its policy is a custom one.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// When it ends, in Unix seconds.
    pub exp: u64,
    /// When it begins, in Unix seconds.
    pub nbf: Option<u64>,
    /// The viewer's network, such as `192.0.2.0/24`.
    pub ip: Option<String>,
    /// The URLs, with wildcards; absent: the URL alone.
    pub resource: Option<String>,
    /// Whether the hash is SHA-256; absent: SHA-1, as CloudFront has it.
    #[serde(default)]
    pub sha256: bool,
}

/// Mints a signed URL, and the cookies that do the same.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    url: &str,
    claims: &Claims,
    key: &Jwk,
    sign: super::signed_url::Sign<'_>,
) -> Result<super::signed_url::Minted, String> {
    use serde_json::json;

    let custom = claims.nbf.is_some() || claims.ip.is_some() || claims.resource.is_some();
    let policy = if custom {
        let mut condition = serde_json::Map::new();
        condition.insert("DateLessThan".to_owned(), json!({ "AWS:EpochTime": claims.exp }));
        if let Some(start) = claims.nbf {
            condition.insert("DateGreaterThan".to_owned(), json!({ "AWS:EpochTime": start }));
        }
        if let Some(network) = &claims.ip {
            condition.insert("IpAddress".to_owned(), json!({ "AWS:SourceIp": network }));
        }
        let resource = claims.resource.as_deref().unwrap_or(url);
        json!({ "Statement": [{ "Resource": resource, "Condition": condition }] }).to_string()
    } else {
        canned_policy(url, &claims.exp.to_string())
    };
    let (algorithm, elliptic) = match (&key.material, claims.sha256) {
        (KeyMaterial::Rsa { .. }, false) => (Algorithm::RS1, false),
        (KeyMaterial::Rsa { .. }, true) => (Algorithm::RS256, false),
        (_, false) => (Algorithm::ES1, true),
        (_, true) => (Algorithm::ES256, true),
    };
    let signature = sign(algorithm, policy.as_bytes())?;
    let signature = encode(&if elliptic { der(&signature)? } else { signature });
    let limit =
        if custom { ("Policy", encode(policy.as_bytes())) } else { ("Expires", claims.exp.to_string()) };
    let mut parts = vec![limit, ("Signature", signature), ("Key-Pair-Id", key.kid.to_string())];
    if claims.sha256 {
        parts.push(("Hash-Algorithm", "SHA256".to_owned()));
    }
    let pairs: Vec<_> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let token = pairs.join("&");
    let separator = if url.contains('?') { '&' } else { '?' };
    Ok(super::signed_url::Minted {
        url: format!("{url}{separator}{token}"),
        token,
        cookies: pairs.iter().map(|pair| format!("CloudFront-{pair}")).collect(),
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn encode(bytes: &[u8]) -> String {
    use base64::engine::general_purpose::STANDARD;
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

/// The DER of an ECDSA signature with P-256.
#[cfg(not(target_arch = "wasm32"))]
fn der(fixed: &[u8]) -> Result<Vec<u8>, String> {
    let unfit = || "expected an RSA key or one with P-256".to_owned();
    let (r, s) = fixed.split_at_checked(32).filter(|(_, s)| s.len() == 32).ok_or_else(unfit)?;
    let mut body = Vec::with_capacity(72);
    for integer in [r, s] {
        let zeros = integer.iter().take_while(|byte| **byte == 0).count().min(31);
        let digits = integer.get(zeros..).ok_or_else(unfit)?;
        let sign = digits.first().is_some_and(|first| first & 0x80 != 0);
        body.extend([2, u8::try_from(digits.len()).unwrap_or(32) + u8::from(sign)]);
        body.extend(sign.then_some(0));
        body.extend(digits);
    }
    let length = u8::try_from(body.len()).map_err(|_| unfit())?;
    Ok([&[0x30, length], body.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::mint::PrivateKey;
    use super::super::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
    use super::*;
    use crate::catalog::TokenPolicy;

    fn accepting() -> TokenPolicy {
        policy("cloud_front", &json!({ "keys": "cdn" }))
    }

    static KEY: LazyLock<PrivateKey> = LazyLock::new(|| {
        let jwk = json!({ "kty": "EC", "kid": "K", "crv": "P-256", "d": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" });
        PrivateKey::from_jwk(jwk.as_object().unwrap()).unwrap()
    });

    static SET: LazyLock<KeySet> = LazyLock::new(|| keys(&json!([KEY.public()])));

    fn minted(url: &str, claims: &Value) -> super::super::signed_url::Minted {
        let key = &*KEY;
        let claims: Claims = serde_json::from_value(claims.clone()).unwrap();
        mint(url, &claims, &key.public(), &|algorithm, message| {
            key.sign(algorithm, message).map_err(|error| error.to_string())
        })
        .unwrap()
    }

    /// A signed URL with any text for its policy.
    fn with_policy(url: &str, policy: &str) -> String {
        let signature = KEY.sign(Algorithm::ES1, policy.as_bytes()).unwrap();
        let (policy, signature) = (encode(policy.as_bytes()), encode(&der(&signature).unwrap()));
        format!("{url}?Policy={policy}&Signature={signature}&Key-Pair-Id=K")
    }

    fn reason(url: &str, from: Option<&str>) -> Option<Reason> {
        verify(&facts(url, &[], from), &accepting(), &SET, NOW).err().map(|denial| denial.reason)
    }

    /// Made by AWS's own library, with signatures of others; see SOURCE.txt beside the file.
    #[test]
    fn vectors() {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/fixtures/tokens/cloud-front/vectors.json"))
                .unwrap();
        let set = keys(&file["keys"]);
        let vectors = file["vectors"].as_array().unwrap();
        let expires = file["expires"].as_u64().unwrap();
        assert_eq!(vectors.len(), 24);
        for vector in vectors {
            let signed = vector["signed"].as_str().unwrap();
            let ask = |url: &str, headers: &[(&str, &str)], now| {
                verify(&facts(url, headers, Some("192.0.2.7")), &accepting(), &set, now)
            };
            let grant = ask(signed, &[], expires - 1).unwrap_or_else(|denial| panic!("{denial} {vector}"));
            assert_eq!(grant.key.as_str(), vector["key"]);
            assert_eq!(grant.expires_at, Some(UnixTime::from_secs(expires)));
            assert_eq!(grant.lock.network, vector["name"] == "custom");
            assert_eq!(ask(signed, &[], expires).unwrap_err().reason, Reason::TokenExpired);
            let other = signed.replace("/harbour/", "/harbor/");
            assert!(ask(&other, &[], expires - 1).is_err(), "{other}");

            let bare = vector["url"].as_str().unwrap();
            let signing = &signed[bare.len() + 1..];
            let cookies: Vec<_> = signing.split('&').map(|pair| format!("CloudFront-{pair}")).collect();
            let cookies = cookies.join("; ");
            assert_eq!(ask(bare, &[("cookie", &cookies)], expires - 1).unwrap(), grant);
            // The parameters of a URL are taken and the cookies are not.
            let broken = format!("{bare}{}Signature=AAAA", if bare.contains('?') { '&' } else { '?' });
            assert!(ask(&broken, &[("cookie", &cookies)], expires - 1).is_err());

            // Another hash than the signature was made with.
            let confused = match signed.strip_suffix("&Hash-Algorithm=SHA256") {
                Some(sha1) => sha1.to_owned(),
                None => format!("{signed}&Hash-Algorithm=SHA256"),
            };
            assert_eq!(ask(&confused, &[], expires - 1).unwrap_err().reason, Reason::TokenSignature);
        }
    }

    #[test]
    fn every_condition_is_checked() {
        let path = "https://a.example/harbour/m.m3u8";
        let table = [
            (json!({ "exp": NOW + 1 }), None, None),
            (json!({ "exp": NOW + 1, "sha256": true }), None, None),
            (json!({ "exp": NOW }), None, Some(Reason::TokenExpired)),
            (json!({ "exp": NOW + 1, "nbf": NOW - 1 }), None, None),
            (json!({ "exp": NOW + 1, "nbf": NOW }), None, Some(Reason::TokenNotYetValid)),
            (json!({ "exp": NOW + 1, "ip": "192.0.2.0/24" }), Some("192.0.2.7"), None),
            (json!({ "exp": NOW + 1, "ip": "192.0.2.7" }), Some("192.0.2.7"), None),
            (json!({ "exp": NOW + 1, "ip": "192.0.2.0/24" }), Some("192.0.3.7"), Some(Reason::TokenAddress)),
            (
                json!({ "exp": NOW + 1, "ip": "192.0.2.0/24" }),
                Some("2001:db8::1"),
                Some(Reason::TokenAddress),
            ),
            (json!({ "exp": NOW + 1, "ip": "192.0.2.0/24" }), None, Some(Reason::TokenAddress)),
            (json!({ "exp": NOW + 1, "ip": "192.0.2" }), Some("192.0.2.7"), Some(Reason::TokenClaims)),
            (json!({ "exp": NOW + 1, "ip": "0.0.0.0/0" }), Some("2001:db8::1"), None),
            (json!({ "exp": NOW + 1, "resource": "https://a.example/harbour/*" }), None, None),
            (
                json!({ "exp": NOW + 1, "resource": "https://a.example/other/*" }),
                None,
                Some(Reason::TokenUrl),
            ),
        ];
        for (claims, from, expected) in table {
            assert_eq!(reason(&minted(path, &claims).url, from), expected, "{claims}");
        }
        let url = minted(path, &json!({ "exp": NOW + 1, "ip": "192.0.2.7/32" })).url;
        let grant = verify(&facts(&url, &[], Some("192.0.2.7")), &accepting(), &SET, NOW).unwrap();
        assert!(grant.lock.address && !grant.lock.network);
        assert_eq!(grant.titles, Some(vec!["harbour".parse().unwrap()]));
    }

    #[test]
    fn wildcards_stay_in_their_part() {
        for (pattern, url, expected) in [
            ("*", "https://a.example/h/m", true),
            ("*/h/*", "https://a.example/h/m", true),
            ("*/h/*", "https://a.example/i/h/m", false),
            ("h/m", "https://a.example/h/m", false),
            ("https://a.example/h/m", "https://a.example/h/m", true),
            ("https://a.example/h/m", "https://a.example/h/mm", false),
            ("https://a.example/h/m", "https://a.example/h/m?a=1", false),
            ("https://a.example/h/m?a=*", "https://a.example/h/m?a=1", true),
            ("https://a.example/h/?.m3u8", "https://a.example/h/m.m3u8", true),
            ("https://a.example/h/?.m3u8?a=?", "https://a.example/h/m.m3u8?a=1", true),
            ("https://a.example/h/?.m3u8?a=?", "https://a.example/h/m.m3u8?a=12", false),
            ("https://a.example/h/*", "https://a.example/h/m?a=1", true),
            ("https://a.example/h*/m", "https://a.example/harbour/m", true),
            ("https://a.example/h*m", "https://a.example/h?m", false),
            ("https://a.example/*/hd/*", "https://a.example/h/hd/m?a=1", true),
            ("http://a.example/h/*", "https://a.example/h/m", false),
            ("http*://a.example/h/*", "https://a.example/h/m", true),
            ("http*://a.example/h/*", "http://a.example/h/m", true),
            ("http*://b.example/h/*", "https://a.example/x://b.example/h/m", false),
            ("https://*.example/h/*", "https://a.example/h/m", true),
            ("https://*/h/*", "https://a.example/x/h/m", false),
            ("https://*", "https://a.example/h/m", true),
            ("https://a.example", "https://a.example/h/m", false),
            ("https://a.example*", "https://a.example/h/m", true),
            ("https://b.example*", "https://a.example/h/m", false),
        ] {
            let facts = facts(url, &[], None);
            assert_eq!(fits(pattern, &facts, facts.query.expose()), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn a_policy_says_one_thing_once() {
        let path = "https://a.example/harbour/m.m3u8";
        let until = format!(r#""DateLessThan":{{"AWS:EpochTime":{}}}"#, NOW + 60);
        let statement = format!(r#"{{"Resource":"https://a.example/*","Condition":{{{until}}}}}"#);
        for (policy, expected) in [
            (format!(r#"{{"Statement":[{statement}]}}"#), None),
            (format!(r#"{{"Statement":[{{"Condition":{{{until}}}}}]}}"#), None),
            (format!(r#"{{"Statement":[{statement},{statement}]}}"#), Some("found 2")),
            (r#"{"Statement":[]}"#.to_owned(), Some("found 0")),
            (format!(r#"{{"Statement":[{statement}],"Statement":[]}}"#), Some("duplicate field")),
            (format!(r#"{{"Statement":[{{"Condition":{{{until},{until}}}}}]}}"#), Some("duplicate field")),
            (format!(r#"{{"Version":"1","Statement":[{statement}]}}"#), Some("unknown field")),
            (format!(r#"{{"Statement":[{{"Condition":{{{until},"Geo":"GB"}}}}]}}"#), Some("unknown field")),
            (r#"{"Statement":[{"Condition":{}}]}"#.to_owned(), Some("missing field")),
            (until.replace("DateLessThan", "x"), Some("Policy")),
            (format!(r#"{{"Statement":[{statement}]}}{}"#, " ".repeat(5000)), Some("4096 bytes at most")),
            (format!(r#"{{"Statement":[{}]}}"#, statement.replace("}}}", ".5}}}")), Some("floating point")),
        ] {
            let verified = verify(&facts(&with_policy(path, &policy), &[], None), &accepting(), &SET, NOW);
            match (verified, expected) {
                (Ok(_), None) => {}
                (Err(denial), Some(why)) => {
                    assert_eq!(denial.reason, Reason::TokenMalformed, "{policy}");
                    assert!(denial.detail.contains(why), "{} does not say {why}", denial.detail);
                }
                (found, _) => panic!("{policy}: {found:?}"),
            }
        }
    }

    #[test]
    fn what_belongs_together_has_to_be_there() {
        let url = minted("https://a.example/harbour/m.m3u8?a=b/c&d=%20e", &json!({ "exp": NOW + 60 })).url;
        for (bad, expected) in [
            (url.replace("&Key-Pair-Id=K", ""), Reason::TokenMalformed),
            (url.replace("&Signature", "&S"), Reason::TokenMalformed),
            (url.replace("&Expires", "&E"), Reason::TokenMalformed),
            (url.replace("&Expires=", "&Expires=+"), Reason::TokenMalformed),
            (format!("{url}&Policy=AAAA"), Reason::TokenMalformed),
            (format!("{url}&Hash-Algorithm=MD5"), Reason::TokenMalformed),
            (url.replace("Id=K", "Id=L"), Reason::TokenKeyUnknown),
            (url.replace("Signature=", "Signature=/"), Reason::TokenMalformed),
            (url.replace("a=b", "a=c"), Reason::TokenSignature),
            (url.replace("https:", "http:"), Reason::TokenSignature),
            (url.replace("a.example", "b.example"), Reason::TokenSignature),
            (url.replace("a=b", "a=\"b"), Reason::TokenMalformed),
            (format!("{url}&x=1"), Reason::TokenSignature),
            ("https://a.example/harbour/m.m3u8?Expires=1".to_owned(), Reason::TokenMissing),
        ] {
            assert_eq!(reason(&bad, None), Some(expected), "{bad}");
        }
        for added in [vec![("_HLS_msn", "7"), ("_HLS_part", "2")], vec![("CMCD", "bl=1,sid=\"x\"")]] {
            assert_eq!(reason(&appended(&url, &added), None), None, "{added:?}");
            let custom =
                minted("https://a.example/harbour/m.m3u8", &json!({ "exp": NOW + 60, "ip": "0.0.0.0/0" }))
                    .url;
            assert_eq!(reason(&appended(&custom, &added), None), None, "{added:?}");
        }
        let pinned = |alg: &str| {
            let mut key = json!(KEY.public());
            key["alg"] = json!(alg);
            verify(&facts(&url, &[], None), &accepting(), &keys(&json!([key])), NOW)
                .err()
                .map(|denial| denial.reason)
        };
        assert_eq!((pinned("ES1"), pinned("ES256")), (None, Some(Reason::TokenAlgorithm)));
    }

    #[test]
    fn signatures_in_der() {
        for (r, s) in [([1; 32], [0x80; 32]), ([0xff; 32], [0; 32])] {
            let mut side_by_side = [r, s].concat();
            side_by_side[63] = 5;
            assert_eq!(fixed(&der(&side_by_side).unwrap()), Some(side_by_side));
        }
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 7, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 0x80, 2, 1, 1],
            &[0x30, 6, 2, 1, 0, 2, 1, 1],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
        ] {
            assert_eq!(fixed(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        for claims in [json!({ "exp": NOW + 60 }), json!({ "exp": NOW + 60, "nbf": NOW - 60 })] {
            let url = minted("https://a.example/harbour/m.m3u8", &claims).url;
            let (bare, token) = url.split_once('?').unwrap();
            for changed in flipped(token) {
                assert!(reason(&format!("{bare}?{changed}"), None).is_some(), "{changed}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_grant_is_narrower_than_its_token(
            exp in NOW - 100..NOW + 100, nbf in NOW - 100..NOW + 100, leeway in 0..100u64, length in 0..=32u32,
            last in 0..=255u8,
        ) {
            let policy = TokenPolicy { leeway_s: leeway, ..accepting() };
            let claims = json!({ "exp": exp, "nbf": nbf, "ip": format!("192.0.2.7/{length}") });
            let url = minted("https://a.example/harbour/m.m3u8", &claims).url;
            let from = format!("192.0.2.{last}");
            let verified = verify(&facts(&url, &[], Some(&from)), &policy, &SET, NOW);
            let inside = length == 0 || (u32::from(last) ^ 7) >> (32 - length) == 0;
            prop_assert_eq!(verified.is_ok(), NOW < exp && nbf < NOW + leeway && inside);
            if let Ok(grant) = verified {
                prop_assert_eq!(grant.expires_at, Some(UnixTime::from_secs(exp)));
                prop_assert_eq!(grant.lock.address, length > 24);
                prop_assert_eq!(grant.lock.network, (1..=24).contains(&length));
            }
        }

        #[test]
        fn nothing_panics(policy in ".{0,100}", signature in ".{0,60}") {
            let policy = [policy.clone(), encode(policy.as_bytes())];
            for policy in policy {
                let url = format!("https://a.example/h/m?Policy={policy}&Signature={signature}&Key-Pair-Id=K");
                prop_assert!(reason(&url, None).is_some());
            }
        }
    }
}
