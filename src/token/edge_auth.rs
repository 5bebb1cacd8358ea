//! Viewer tokens of Akamai's EdgeAuth 2.0, for one URL or for a list of path patterns.
//!
//! ```text
//! token   = [ "ip=" address "~" ] [ "st=" seconds "~" ] "exp=" seconds [ "~acl=" patterns ]
//!           [ "~id=" text ] [ "~data=" text ] "~hmac=" hex
//! hmac    = HMAC(key, the fields before it [ "~url=" URL ] [ "~salt=" salt ])
//! patterns = pattern *( "!" pattern ) ; "*" any characters, "?" any one
//! ```
//!
//! Without `acl`, the token is for one URL: the path and the query without the token, which are hashed and not sent.
//! Fields may come in any order, once each. A piece that is no field belongs to `data` if it follows `data`, and is
//! refused otherwise.
//!
//! [Akamai's reference implementations](https://github.com/akamai/EdgeAuth-Token-Python)

use std::net::IpAddr;

use super::dialect::Dialect;
use super::network;
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{
    bounded, candidates, check_expiry, check_start, decoded, distinct, folder, glob, iri, literal, malformed,
    resource, spellings, titles, unix_seconds, without,
};
use super::spot::Spot;
use super::{Challenge, Grant, hex};
use crate::catalog::{Algorithm, EdgeAuthAlgorithm, EdgeAuthPolicy, Issuer, Jwk, KeySet, Lock, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::time::UnixTime;

/// An EdgeAuth token.
struct EdgeAuth {
    keys: Issuer,
    algorithm: Algorithm,
    acl_delimiter: char,
    readings: Vec<Reading>,
}

/// The token in one of the spellings that may have been signed.
struct Reading {
    fields: Fields,
    tag: Vec<u8>,
    messages: Vec<Redacted<String>>,
}

/// The token's fields.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fields {
    ip: Option<String>,
    st: Option<UnixTime>,
    exp: Option<UnixTime>,
    acl: Option<String>,
    id: Option<String>,
    data: Option<String>,
}

/// The longest path and query that is hashed, in each of its spellings with each of the keys.
const LONGEST_URL: usize = 4 * 1024;
/// The most pieces between delimiters.
const MOST_PIECES: usize = 64;
/// The most patterns of an ACL.
const MOST_PATTERNS: usize = 64;

impl Reader for EdgeAuthPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        let query = facts.query.expose();
        let in_query = self.names.iter().find_map(|name| {
            let token = facts.raw_query_parameter(name).filter(|token| !token.is_empty())?;
            // A form's spelling of a space, which a player may have put there.
            let spaced = token.replace('+', " ");
            Some((token, decoded(&spaced), without(query, &[name])))
        });
        let in_cookie_or_header = || {
            let cookies = self.names.iter().filter_map(|name| facts.cookie(name));
            let headers = self.names.iter().filter_map(|name| facts.headers.named(name).map(str::trim));
            let token = cookies.chain(headers).find(|token| !token.is_empty())?;
            Some((token, decoded(token), query.clone()))
        };
        let Some((token, decoded, query)) = in_query.or_else(in_cookie_or_header) else { return Ok(None) };
        bounded(token)?;
        let urls = if self.ignore_query { vec![String::new()] } else { spellings(&query) };
        let urls = urls.iter().flat_map(|query| {
            [resource(&facts.path, query), resource(&iri(&facts.path), query)].map(|url| self.escaped(&url))
        });
        let urls = distinct(urls);
        let as_it_came = Reading::parse(token, self, &urls, false);
        let mut readings = Vec::new();
        if let Some(decoded) = decoded.filter(|decoded| decoded != token).as_deref() {
            readings.extend(Reading::parse(decoded, self, &urls, false).ok());
            if self.escape_early {
                readings.extend(Reading::parse(decoded, self, &urls, true).ok());
            }
        }
        match as_it_came {
            Ok(reading) => readings.insert(0, reading),
            Err(denial) if readings.is_empty() => return Err(denial),
            Err(_) => {}
        }
        Ok(Some(Box::new(EdgeAuth {
            keys: self.keys.clone(),
            algorithm: self.algorithm.of_hmac(),
            acl_delimiter: self.acl_delimiter,
            readings,
        })))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        let of = |name| [Spot::Parameter(name), Spot::Cookie(name), Spot::Header(name)];
        self.names.iter().flat_map(|name| of(name.as_str())).collect()
    }
}

pub(super) const USUAL: &[Spot<'static>] = &{
    let [a, b, c, d] = EdgeAuthPolicy::NAMES;
    [
        Spot::Parameter(a),
        Spot::Parameter(b),
        Spot::Parameter(c),
        Spot::Parameter(d),
        Spot::Cookie(a),
        Spot::Cookie(b),
        Spot::Cookie(c),
        Spot::Cookie(d),
        Spot::Header(a),
        Spot::Header(b),
        Spot::Header(c),
        Spot::Header(d),
    ]
};

impl EdgeAuthAlgorithm {
    /// The HMAC with this hash.
    const fn of_hmac(self) -> Algorithm {
        match self {
            Self::Sha256 => Algorithm::HS256,
            Self::Sha1 => Algorithm::HS1,
            Self::Md5 => Algorithm::HMD5,
        }
    }
}

impl EdgeAuthPolicy {
    fn escaped(&self, text: &str) -> String {
        if self.escape_early { escape(text) } else { text.to_owned() }
    }
}

impl Reading {
    /// Takes a token apart. `unescaped`: a player took the early escapes away, and they are put back for the hash.
    fn parse(text: &str, own: &EdgeAuthPolicy, urls: &[String], unescaped: bool) -> Result<Self, Denial> {
        let delimiter = own.field_delimiter;
        let (body, tag) = text.rsplit_once(&format!("{delimiter}hmac=")).ok_or_else(|| {
            malformed(format!("expected fields that `{delimiter}` separates, and `hmac` as the last"))
        })?;
        let tag = hex::decode(tag).ok_or_else(|| malformed("`hmac`: expected hexadecimal"))?;
        let pieces = pieces(body, delimiter)?;
        let early = |name: &str| matches!(name, "ip" | "id" | "data");
        let signed = if unescaped {
            let escaped = pieces.iter().map(|(name, value)| {
                let value = if early(name) { escape(value) } else { value.clone() };
                format!("{name}={value}")
            });
            escaped.collect::<Vec<_>>().join(&delimiter.to_string())
        } else {
            body.to_owned()
        };
        let mut fields = Fields::default();
        for (name, value) in pieces {
            let value = if own.escape_early && early(name) && !unescaped { unescape(&value) } else { value };
            let time =
                || unix_seconds(&value).ok_or_else(|| malformed(format!("`{name}`: expected Unix seconds")));
            match name {
                "st" => fields.st = Some(time()?),
                "exp" => fields.exp = Some(time()?),
                "ip" => fields.ip = Some(value),
                "acl" => fields.acl = Some(value),
                "id" => fields.id = Some(value),
                _ => fields.data = Some(value),
            }
        }
        let salt = own.salt.as_ref().map(|salt| format!("{delimiter}salt={}", salt.expose()));
        let salt = salt.unwrap_or_default();
        let url = format!("{delimiter}url=");
        if fields.acl.is_none() && urls.iter().any(|own| own.len() > LONGEST_URL) {
            return Err(malformed(format!("expected {LONGEST_URL} bytes of path and query at most")));
        }
        // It would run into the fields before it.
        if fields.acl.is_none() && urls.iter().any(|own| own.contains(&url)) {
            return Err(malformed(format!("expected a URL without `{url}`")));
        }
        let messages = if fields.acl.is_some() {
            vec![format!("{signed}{salt}")]
        } else {
            urls.iter().map(|own| format!("{signed}{url}{own}{salt}")).collect()
        };
        Ok(Self { fields, tag, messages: messages.into_iter().map(Redacted::new).collect() })
    }

    fn challenges<'a>(&'a self, key: &'a Jwk, algorithm: Algorithm) -> impl Iterator<Item = Challenge<'a>> {
        self.messages.iter().map(move |message| Challenge {
            key,
            algorithm,
            message: message.expose().as_bytes().into(),
            signature: self.tag.as_slice().into(),
        })
    }
}

/// The fields by their names, each once.
fn pieces(body: &str, delimiter: char) -> Result<Vec<(&str, String)>, Denial> {
    let mut pieces: Vec<(&str, String)> = Vec::new();
    for (at, piece) in body.split(delimiter).enumerate() {
        if at >= MOST_PIECES {
            return Err(malformed(format!("expected {MOST_PIECES} fields at most")));
        }
        match piece.split_once('=') {
            Some((name @ ("ip" | "st" | "exp" | "acl" | "id" | "data"), value)) => {
                if pieces.iter().any(|(known, _)| *known == name) {
                    return Err(malformed(format!("expected `{name}` once")));
                }
                if value.is_empty() && !matches!(name, "id" | "data") {
                    return Err(malformed(format!("`{name}`: expected a value")));
                }
                pieces.push((name, value.to_owned()));
            }
            Some(("url" | "salt" | "hmac", _)) => {
                return Err(malformed("`url` and `salt` are hashed and not sent, and `hmac` stands once"));
            }
            _ => match pieces.last_mut() {
                Some(("data", data)) => {
                    data.push(delimiter);
                    data.push_str(piece);
                }
                _ => return Err(malformed("expected the fields ip, st, exp, acl, id and data alone")),
            },
        }
    }
    Ok(pieces)
}

impl Presented for EdgeAuth {
    fn dialect(&self) -> Dialect {
        Dialect::EdgeAuth
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let keys = candidates(keys, self.algorithm)?;
        let challenges = keys.into_iter().flat_map(|key| {
            self.readings.iter().flat_map(move |reading| reading.challenges(key, self.algorithm))
        });
        Ok(challenges.collect())
    }

    /// The fields of the signed reading count.
    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let signed = match self.readings.as_slice() {
            // It was met, whichever of its spellings was signed.
            [only] => Some(only),
            several => several.iter().find(|reading| {
                reading.challenges(key, self.algorithm).any(|challenge| challenge.symmetric() == Some(true))
            }),
        };
        let fields = &signed
            .ok_or_else(|| Denial::new(Reason::TokenSignature, "the `hmac` was not made with this key"))?
            .fields;
        let expires =
            fields.exp.ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the field `exp`"))?;
        check_expiry(expires, now)?;
        if let Some(start) = fields.st {
            check_start(start, now, policy)?;
        }
        let mut lock = Lock::default();
        if let Some(ip) = &fields.ip {
            let bound: IpAddr =
                ip.parse().map_err(|_| Denial::new(Reason::TokenClaims, "`ip`: expected an address"))?;
            if bound.to_canonical() != network::of_viewer(facts)?.to_canonical() {
                return Err(network::other_address());
            }
            lock.address = true;
        }
        let mut below = None;
        if let Some(acl) = &fields.acl {
            let paths = distinct([facts.path.clone(), iri(&facts.path)]);
            let patterns = acl.split(self.acl_delimiter).take(MOST_PATTERNS);
            let fitting: Vec<_> =
                patterns.filter(|pattern| paths.iter().any(|path| glob(pattern, path))).collect();
            if fitting.is_empty() {
                return Err(Denial::new(Reason::TokenUrl, "the path fits no pattern of `acl`"));
            }
            below = folder(&facts.path, fitting.into_iter().filter_map(literal));
        }
        Ok(Grant {
            token_id: fields.id.clone().filter(|id| !id.is_empty()),
            expires_at: Some(expires),
            titles: titles(&facts.path),
            folder: below,
            lock,
            ..Grant::new(Dialect::EdgeAuth, self.keys.clone(), key.kid.clone())
        })
    }
}

/// Akamai's early escape: as in a form, with hexadecimal in lower case.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.' | b'-' | b'~' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            _ => {
                escaped.push('%');
                escaped.extend(
                    [byte >> 4, byte & 15].iter().filter_map(|half| char::from_digit(u32::from(*half), 16)),
                );
            }
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    decoded(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned())
}

/// The contents of a minted token.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The viewer's address.
    pub ip: Option<String>,
    /// When it begins, in Unix seconds.
    pub st: Option<u64>,
    /// When it ends, in Unix seconds.
    pub exp: u64,
    /// The path patterns; absent: the token is for the URL alone.
    pub acl: Option<Vec<String>>,
    /// The session's name.
    pub id: Option<String>,
    /// Any payload.
    pub data: Option<String>,
}

/// Mints a token, and puts it into the URL as the parameter of the policy's first name.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    url: &str,
    claims: &Claims,
    own: &EdgeAuthPolicy,
    sign: super::signed_url::Sign<'_>,
) -> Result<super::signed_url::Minted, String> {
    if claims.st.is_some_and(|start| start >= claims.exp) {
        return Err("expected `st` before `exp`".to_owned());
    }
    if claims.acl.as_ref().is_some_and(|acl| acl.iter().all(String::is_empty)) {
        return Err("expected a pattern in `acl`".to_owned());
    }
    let delimiter = own.field_delimiter.to_string();
    let text = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!("{name}={}", own.escaped(value)))
    };
    let fields = [
        text("ip", &claims.ip),
        claims.st.map(|st| format!("st={st}")),
        Some(format!("exp={}", claims.exp)),
        claims.acl.as_ref().map(|acl| format!("acl={}", acl.join(&own.acl_delimiter.to_string()))),
        text("id", &claims.id),
        text("data", &claims.data),
    ];
    let fields = fields.into_iter().flatten().collect::<Vec<_>>().join(&delimiter);
    let mut message = fields.clone();
    if claims.acl.is_none() {
        let target = super::signed_url::target(url);
        let target = if own.ignore_query { target.split('?').next().unwrap_or_default() } else { target };
        message.push_str(&format!("{delimiter}url={}", own.escaped(target)));
    }
    if let Some(salt) = &own.salt {
        message.push_str(&format!("{delimiter}salt={}", salt.expose()));
    }
    let tag = sign(own.algorithm.of_hmac(), message.as_bytes())?;
    let token = format!("{fields}{delimiter}hmac={}", hex::encode(&tag));
    let name = own.names.first().ok_or("expected a name in the policy's `names`")?;
    let separator = if url.contains('?') { '&' } else { '?' };
    // What would end the parameter, or be taken for an escape.
    let safe = token
        .replace('%', "%25")
        .replace('&', "%26")
        .replace('#', "%23")
        .replace('+', "%2B")
        .replace(' ', "%20");
    Ok(super::signed_url::Minted {
        url: format!("{url}{separator}{name}={}", if own.escape_early { &token } else { &safe }),
        token,
        cookies: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
    use super::super::signed_url::{Sign, authenticate};
    use super::*;
    use crate::catalog::{Acceptance, TokenPolicy};

    /// The bytes 52 a1 52 a1 …, fourteen of them, as the vectors have them.
    const K: &str = "UqFSoVKhUqFSoVKhUqE";

    fn set() -> KeySet {
        keys(&json!([
            { "kty": "oct", "kid": "transition", "k": "b3RoZXI" },
            { "kty": "oct", "kid": "current", "k": K },
        ]))
    }

    fn own(extra: &Value) -> Value {
        let mut own = json!({ "keys": "cdn", "names": ["hdnts"] });
        own.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        own
    }

    fn edge_auth(policy: &TokenPolicy) -> &EdgeAuthPolicy {
        let [Acceptance::EdgeAuth(own)] = policy.accept.as_slice() else { panic!() };
        own
    }

    fn minted(url: &str, claims: &Value, policy: &TokenPolicy) -> String {
        let set = set();
        let sign: Sign<'_> =
            &|algorithm, message| authenticate(&set.keys[1], algorithm, message).ok_or_else(String::new);
        let claims: Claims = serde_json::from_value(claims.clone()).unwrap();
        mint(url, &claims, edge_auth(policy), sign).unwrap().url
    }

    fn reason(url: &str, policy: &TokenPolicy, from: Option<&str>) -> Option<Reason> {
        verify(&facts(url, &[], from), policy, &set(), NOW).err().map(|denial| denial.reason)
    }

    /// Akamai's own library made them; see SOURCE.txt beside the file. All of them are run.
    #[test]
    fn akamai_vectors() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!(
            "../../tests/fixtures/tokens/akamai-edgeauth-generated/vectors.json"
        ))
        .unwrap();
        assert_eq!(vectors.len(), 37);
        let set = set();
        let sign: Sign<'_> =
            &|algorithm, message| authenticate(&set.keys[1], algorithm, message).ok_or_else(String::new);
        for vector in &vectors {
            let args = &vector["args"];
            assert_eq!(args["key"], "52a152a152a152a152a152a152a1");
            let mut extra = json!({});
            for (theirs, ours) in [
                ("algorithm", "algorithm"),
                ("escape_early", "escape_early"),
                ("salt", "salt"),
                ("field_delimiter", "field_delimiter"),
                ("acl_delimiter", "acl_delimiter"),
            ] {
                if !args[theirs].is_null() {
                    extra[ours] = args[theirs].clone();
                }
            }
            let policy = policy("edge_auth", &own(&extra));
            let paths: Vec<&str> = match &vector["path"] {
                Value::Array(paths) => paths.iter().map(|path| path.as_str().unwrap()).collect(),
                path => vec![path.as_str().unwrap()],
            };
            let acl = vector["fn"] == "generate_acl_token";
            let start = args["start_time"].as_u64().unwrap();
            let claims = Claims {
                ip: args["ip"].as_str().map(str::to_owned),
                st: Some(start),
                exp: args["end_time"]
                    .as_u64()
                    .unwrap_or(start + args["window_seconds"].as_u64().unwrap_or(0)),
                acl: acl.then(|| paths.iter().map(|path| (*path).to_owned()).collect()),
                id: args["session_id"].as_str().map(str::to_owned),
                data: args["payload"].as_str().map(str::to_owned),
            };
            let url =
                if acl { "https://a.example/x".to_owned() } else { format!("https://a.example{}", paths[0]) };
            let ours = mint(&url, &claims, edge_auth(&policy), sign);
            let Some(token) = vector["token"].as_str() else {
                assert!(vector["error"].is_string() && ours.is_err(), "{vector}");
                continue;
            };
            assert_eq!(ours.unwrap().token, token, "{vector}");

            // A browser sends the path of another script in escapes.
            let path = paths[0].replace("안녕", "%EC%95%88%EB%85%95").replace("세상", "%EC%84%B8%EC%83%81");
            let path = if acl { path.replace("/*", "/x/y").replace("??", "ab") } else { path };
            let header = [("hdnts", token)];
            let facts = facts(&format!("https://a.example{path}"), &header, Some("192.0.2.7"));
            let now = start + 1;
            let grant =
                verify(&facts, &policy, &set, now).unwrap_or_else(|denial| panic!("{denial} {vector}"));
            assert_eq!(grant.expires_at, Some(UnixTime::from_secs(claims.exp)));
            assert_eq!(grant.key.as_str(), "current");
            assert_eq!(grant.lock.address, claims.ip.is_some());
            assert_eq!(grant.token_id.as_deref(), args["session_id"].as_str());
            for now in [start - 1, claims.exp] {
                assert!(verify(&facts, &policy, &set, now).is_err(), "{vector} at {now}");
            }
        }
    }

    #[test]
    fn every_field_is_checked() {
        let plain = policy("edge_auth", &own(&json!({})));
        let mut lenient = plain.clone();
        lenient.leeway_s = 30;
        let acl = |extra: Value| {
            let mut claims = json!({ "exp": NOW + 60, "acl": ["/harbour/*"] });
            claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            claims
        };
        let path = "https://a.example/harbour/m.m3u8";
        let table = [
            (&plain, acl(json!({})), path, None, None),
            (&plain, acl(json!({ "exp": NOW + 1 })), path, None, None),
            (&plain, acl(json!({ "exp": NOW })), path, None, Some(Reason::TokenExpired)),
            (&lenient, acl(json!({ "exp": NOW })), path, None, Some(Reason::TokenExpired)),
            (&plain, acl(json!({ "st": NOW })), path, None, None),
            (&plain, acl(json!({ "st": NOW + 1 })), path, None, Some(Reason::TokenNotYetValid)),
            (&lenient, acl(json!({ "st": NOW + 30 })), path, None, None),
            (&lenient, acl(json!({ "st": NOW + 31 })), path, None, Some(Reason::TokenNotYetValid)),
            (&plain, acl(json!({ "ip": "192.0.2.7" })), path, Some("192.0.2.7"), None),
            (&plain, acl(json!({ "ip": "192.0.2.7" })), path, Some("::ffff:192.0.2.7"), None),
            (&plain, acl(json!({ "ip": "192.0.2.7" })), path, Some("192.0.2.8"), Some(Reason::TokenAddress)),
            (&plain, acl(json!({ "ip": "192.0.2.7" })), path, None, Some(Reason::TokenAddress)),
            (&plain, acl(json!({ "ip": "2001:db8::1" })), path, Some("2001:db8:0::1"), None),
            (
                &plain,
                acl(json!({ "ip": "192.0.2.0/24" })),
                path,
                Some("192.0.2.7"),
                Some(Reason::TokenClaims),
            ),
            (&plain, acl(json!({ "acl": ["/other/*"] })), path, None, Some(Reason::TokenUrl)),
            (&plain, acl(json!({ "acl": ["/other/*", "/harbour/?.m3u8"] })), path, None, None),
            (&plain, acl(json!({ "acl": ["/harbour/??.m3u8"] })), path, None, Some(Reason::TokenUrl)),
            (&plain, acl(json!({ "acl": ["/*"], "id": "s1", "data": "a~b&c" })), path, None, None),
            (&plain, json!({ "exp": NOW + 60 }), path, None, None),
            (&plain, json!({ "exp": NOW + 60 }), "https://a.example/harbour/m.m3u8?a=1&b=%20", None, None),
        ];
        for (policy, claims, url, from, expected) in table {
            let url = minted(url, &claims, policy);
            assert_eq!(reason(&url, policy, from), expected, "{url}");
        }
        let opened = verify(
            &facts(&minted(path, &acl(json!({ "id": "s1" })), &plain), &[], None),
            &plain,
            &set(),
            NOW,
        );
        let opened = opened.unwrap();
        assert_eq!(
            (opened.token_id.as_deref(), opened.titles.unwrap()),
            (Some("s1"), vec!["harbour".parse().unwrap()])
        );
    }

    #[test]
    fn what_is_written_wrongly_is_refused() {
        let plain = policy("edge_auth", &own(&json!({})));
        let set = set();
        let tag = |fields: &str| {
            let tag = authenticate(&set.keys[1], Algorithm::HS256, fields.as_bytes()).unwrap();
            hex::encode(&tag)
        };
        let whole = |fields: &str| format!("{fields}~hmac={}", tag(fields));
        for (token, expected) in [
            (whole("exp=1900000000~acl=/*"), None),
            (whole("acl=/*~exp=1900000000"), None),
            (whole("acl=/*~exp=1900000000").replace("hmac=", "HMAC="), Some(Reason::TokenMalformed)),
            (whole("acl=/*"), Some(Reason::TokenClaims)),
            (whole("exp=1900000000~exp=1900000001~acl=/*"), Some(Reason::TokenMalformed)),
            (whole("exp=1900000000~acl=/*~data=x~acl=/y"), Some(Reason::TokenMalformed)),
            (whole("exp=1900000000~acl=/*~data=x~y=1~z"), None),
            (whole("exp=1900000000~acl=/*~geo=GB"), Some(Reason::TokenMalformed)),
            (whole("geo=GB~exp=1900000000~acl=/*"), Some(Reason::TokenMalformed)),
            (whole("exp=1900000000~url=/harbour/m.m3u8"), Some(Reason::TokenMalformed)),
            (whole("exp=1900000000~acl=/*~salt=x"), Some(Reason::TokenMalformed)),
            (whole("exp=19e8~acl=/*"), Some(Reason::TokenMalformed)),
            (whole("exp=1900000000~acl="), Some(Reason::TokenMalformed)),
            ("exp=1900000000~acl=/*~hmac=".to_owned(), Some(Reason::TokenSignature)),
            ("exp=1900000000~acl=/*~hmac=zz".to_owned(), Some(Reason::TokenMalformed)),
            ("hmac=00".to_owned(), Some(Reason::TokenMalformed)),
            (whole(&format!("exp=1900000000~acl=/*~data={}", "~".repeat(64))), Some(Reason::TokenMalformed)),
            (whole(&format!("exp=1900000000~acl=/{}", "a".repeat(9000))), Some(Reason::TokenMalformed)),
        ] {
            let facts = facts("https://a.example/harbour/m.m3u8", &[("hdnts", &token)], None);
            let found = verify(&facts, &plain, &set, NOW).err().map(|denial| denial.reason);
            assert_eq!(found, expected, "{token}");
        }
    }

    /// Data that a viewer chose may hold `~url=`; it must not become the URL.
    #[test]
    fn a_url_cannot_absorb_data() {
        let plain = policy("edge_auth", &own(&json!({})));
        let claims = json!({ "exp": NOW + 60, "data": "x~url=/harbour/m.m3u8" });
        let url = minted("https://a.example/trailer/m.m3u8", &claims, &plain);
        let token = url.split_once("hdnts=").unwrap().1.replace("~url=/harbour/m.m3u8", "");
        let absorbed = format!("https://a.example/harbour/m.m3u8~url=/trailer/m.m3u8?hdnts={token}");
        assert_eq!(reason(&absorbed, &plain, None), Some(Reason::TokenMalformed), "{absorbed}");
    }

    #[test]
    fn a_token_survives_what_players_do_to_it() {
        let plain = policy("edge_auth", &own(&json!({})));
        let early = policy("edge_auth", &own(&json!({ "escape_early": true })));
        let salted = policy("edge_auth", &own(&json!({ "salt": "pepper", "algorithm": "sha1" })));
        for policy in [&plain, &early, &salted] {
            for claims in [
                json!({ "exp": NOW + 60, "acl": ["/harbour/*"], "id": "s 1", "data": "user=42~a&b" }),
                json!({ "exp": NOW + 60, "ip": "2001:db8::7" }),
            ] {
                for target in ["/harbour/m.m3u8", "/harbour/m.m3u8?a=b/c&d=%20e"] {
                    let url = minted(&format!("https://a.example{target}"), &claims, policy);
                    let from = Some("2001:db8::7");
                    assert_eq!(reason(&url, policy, from), None, "{url}");
                    for added in [
                        vec![("_HLS_msn", "7"), ("_HLS_part", "2")],
                        vec![("CMCD", "bl=100,sid=\"x\"")],
                        vec![("_HLS_skip", "YES"), ("CMCD", "su")],
                    ] {
                        let url = appended(&url, &added);
                        assert!(url.contains("%7E"), "{url}");
                        assert_eq!(reason(&url, policy, from), None, "{url}");
                    }
                    // A parameter of the viewer's own is not of the URL that was signed, where one was.
                    let own = appended(&url, &[("x", "1")]);
                    let bound = claims["acl"].is_null();
                    assert_eq!(reason(&own, policy, from), bound.then_some(Reason::TokenSignature), "{own}");
                }
            }
        }
        // Wildcards in escapes, as some encoders write them.
        let url = minted(
            "https://a.example/harbour/m.m3u8",
            &json!({ "exp": NOW + 60, "acl": ["/harbour/*"] }),
            &plain,
        );
        let url = url.replace("/harbour/*", "%2Fharbour%2F%2a");
        assert_eq!(reason(&url, &plain, None), None, "{url}");
        // An escaped wildcard is no wildcard.
        let url = minted(
            "https://a.example/harbour/m.m3u8",
            &json!({ "exp": NOW + 60, "acl": ["/harbour/%2a"] }),
            &early,
        );
        assert_eq!(reason(&url, &early, None), Some(Reason::TokenUrl), "{url}");
    }

    #[test]
    fn places_of_a_token() {
        let policy = policy("edge_auth", &json!({ "keys": "cdn" }));
        let url =
            minted("https://a.example/harbour/m.m3u8", &json!({ "exp": NOW + 60, "acl": ["/*"] }), &policy);
        let (bare, token) = url.split_once("?__token__=").unwrap();
        for name in ["__token__", "hdnts", "hdnea", "__hdnea__"] {
            assert_eq!(reason(&format!("{bare}?{name}={token}"), &policy, None), None);
            for header in [("cookie", format!("a=b; {name}={token}")), (name, token.to_owned())] {
                let facts = facts(bare, &[(header.0, &header.1)], None);
                assert!(verify(&facts, &policy, &set(), NOW).is_ok(), "{header:?}");
            }
        }
        assert_eq!(reason(bare, &policy, None), Some(Reason::TokenMissing));
        let own: EdgeAuthPolicy =
            serde_json::from_value(json!({ "keys": "cdn", "ignore_query": true })).unwrap();
        let policy = TokenPolicy { accept: vec![Acceptance::EdgeAuth(own)], ..policy };
        let url = minted("https://a.example/harbour/m.m3u8?a=1", &json!({ "exp": NOW + 60 }), &policy);
        assert_eq!(reason(&url.replace("a=1", "a=2"), &policy, None), None);
    }

    /// Every bit matters, except the bit that makes a hexadecimal digit of `hmac` a capital letter.
    #[test]
    fn a_changed_token_is_refused() {
        for extra in [json!({}), json!({ "escape_early": true })] {
            let policy = policy("edge_auth", &own(&extra));
            for claims in [
                json!({ "exp": NOW + 60, "st": NOW, "acl": ["/harbour/*"], "id": "s1", "data": "d" }),
                json!({ "exp": NOW + 60, "ip": "192.0.2.7" }),
            ] {
                let url = minted("https://a.example/harbour/m.m3u8", &claims, &policy);
                let (url, token) = url.split_once("?hdnts=").unwrap();
                for changed in flipped(token) {
                    let facts = facts(url, &[("hdnts", &changed)], Some("192.0.2.7"));
                    let same = changed.eq_ignore_ascii_case(token)
                        && changed.split("hmac=").next() == token.split("hmac=").next()
                        && changed.contains("hmac=");
                    assert_eq!(verify(&facts, &policy, &set(), NOW).is_ok(), same, "{changed}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_grant_is_narrower_than_its_token(
            exp in NOW - 100..NOW + 100, st in proptest::option::of(NOW - 200..NOW + 100), leeway in 0..300u64,
            title in "[a-z]{1,4}", pattern in "[a-z]{0,3}[*?]{0,2}", bound in any::<bool>(),
        ) {
            let mut policy = policy("edge_auth", &own(&json!({})));
            policy.leeway_s = leeway;
            prop_assume!(st.is_none_or(|st| st < exp));
            let ip = bound.then_some("192.0.2.7");
            let claims = json!({ "exp": exp, "st": st, "ip": ip, "acl": [format!("/{pattern}/*")] });
            let url = minted(&format!("https://a.example/{title}/m.m3u8"), &claims, &policy);
            if let Ok(grant) = verify(&facts(&url, &[], ip), &policy, &set(), NOW) {
                prop_assert!(NOW < exp && grant.expires_at == Some(UnixTime::from_secs(exp)));
                prop_assert!(st.is_none_or(|st| st <= NOW + leeway));
                prop_assert!(glob(&pattern, &title));
                prop_assert_eq!(grant.titles, Some(vec![title.parse().unwrap()]));
                prop_assert_eq!(grant.lock.address, bound);
            } else {
                prop_assert!(NOW >= exp || st.is_some_and(|st| st > NOW + leeway) || !glob(&pattern, &title));
            }
        }

        #[test]
        fn no_more_than_4_kib_are_hashed(more in 0usize..40) {
            let policy = policy("edge_auth", &own(&json!({})));
            let path = format!("/harbour/{}", "a".repeat(LONGEST_URL - 29 + more));
            let url = minted(&format!("https://a.example{path}"), &json!({ "exp": NOW + 60 }), &policy);
            let expected = (path.len() > LONGEST_URL).then_some(Reason::TokenMalformed);
            prop_assert_eq!(reason(&url, &policy, None), expected);
        }

        #[test]
        fn nothing_panics(token in ".{0,200}", early in any::<bool>()) {
            let policy = policy("edge_auth", &own(&json!({ "escape_early": early })));
            let facts = facts(&format!("https://a.example/h/m?hdnts={token}"), &[("hdnea", &token)], None);
            prop_assert!(verify(&facts, &policy, &set(), NOW).is_err());
        }
    }
}
