//! Viewer tokens of AWS Secure Media Delivery at the Edge: a JSON Web Token in the first segment of the path.
//!
//! ```text
//! /{[session "."] header "." payload "." signature}/{path}          HS256, with `kid`
//! intsig = BASE64URL(HMAC-SHA256(secret, value *( ":" value )))
//! values = address, country, region, session, headers, parameters: those that the payload names, in this order
//! ```
//!
//! `paths` and `exc` are prefixes of the path without the token; below `exc` nothing but the signature and the times
//! count. `intsig` binds to the viewer without saying to what. The solution's own edge function lets everybody pass when
//! nothing that is bound is in the request, or when `intsig` is missing; both are refused here. So is `cty`: the viewer's
//! city is not known here, and the solution's own function does not check it.
//!
//! [The solution](https://github.com/aws-solutions/secure-media-delivery-at-the-edge-on-aws)

use std::borrow::Cow;
use std::net::IpAddr;

use super::claims::Claims;
use super::compact::{Compact, decode, short};
use super::dialect::Dialect;
use super::jwt::read_first;
use super::network;
use super::placement::{Found, Rest};
use super::presented::{Asked, Presented, Reader};
use super::signed_url::{folder, malformed, titles};
use super::spot::Spot;
use super::{Challenge, Grant};
use crate::catalog::{
    Algorithm, Issuer, Jwk, KeySet, Lock, PathPlacement, Placement, SecureMediaPolicy, TokenPolicy,
};
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Geography};
use crate::redacted::Redacted;

/// A token of the solution.
struct SecureMedia {
    keys: Issuer,
    session: Option<String>,
    compact: Compact,
    claims: Claims,
    path: String,
}

/// The most prefixes, headers or parameters that a token may name.
const MOST: usize = 100;

impl Reader for SecureMediaPolicy {
    fn find(&self, facts: &Facts, _: &TokenPolicy) -> Result<Option<Box<dyn Presented>>, Denial> {
        read_first(facts, &[Placement::Path(PathPlacement::Before)], |found| SecureMedia::parse(&found, self))
    }

    fn spots<'a>(&'a self, _: &'a TokenPolicy) -> Vec<Spot<'a>> {
        USUAL.to_vec()
    }
}

pub(super) const USUAL: &[Spot<'static>] = &[Spot::FirstSegment];

impl SecureMedia {
    fn parse(found: &Found, own: &SecureMediaPolicy) -> Result<Self, Denial> {
        let Rest::Path(path) = &found.rest else {
            return Err(malformed("expected the token in the first segment of the path"));
        };
        let segment = found.token.expose();
        let (session, token) = match segment.split('.').count() {
            4 => segment.split_once('.').map_or((None, segment.as_str()), |(id, token)| (Some(id), token)),
            _ => (None, segment.as_str()),
        };
        let compact = Compact::parse(Redacted::new(token.to_owned()))?;
        if compact.header.alg != Algorithm::HS256.name() {
            return Err(Denial::new(
                Reason::TokenAlgorithm,
                format!("expected `alg` HS256, found {}", short(&compact.header.alg)),
            ));
        }
        if compact.header.kid.is_none() {
            return Err(malformed("the header: expected `kid`"));
        }
        let claims = Claims::new(compact.claims()?);
        let (session, path) = (session.map(str::to_owned), path.clone());
        Ok(Self { keys: own.keys.clone(), session, compact, claims, path })
    }

    /// A list of texts; absent is empty.
    fn list(&self, name: &str) -> Result<Vec<&str>, Denial> {
        let list = self.claims.texts(name)?.unwrap_or_default();
        if list.len() > MOST {
            return Err(super::claims::unreadable(name, &format!("{MOST} texts at most")));
        }
        Ok(list)
    }

    /// Whether none of the properties that the token binds to is known, if `intsig` is ignored: a fallback gives up all
    /// of them at once. A viewer behind Tor hides their place, which is not the same as an unknown place.
    fn may_fall_back(&self, geography: &Geography) -> Result<bool, Denial> {
        for (name, fallback) in [("co", "co_fallback"), ("reg", "reg_fallback")] {
            if self.claims.flag(name)? && !self.claims.flag(fallback)? {
                return Ok(false);
            }
        }
        let others = self.claims.flag("ip")?
            || self.claims.flag("ssn")?
            || !self.list("headers")?.is_empty()
            || !self.list("qs")?.is_empty();
        Ok(!others && !geography.tor)
    }

    /// The values that `intsig` covers, and the lock of the session. Each value comes in all spellings that may have
    /// been signed. `None` if a value is missing and the token permits that.
    fn bound<'a>(&'a self, facts: &'a Facts) -> Result<Option<(Vec<String>, Lock)>, Denial> {
        let mut inputs = vec![Vec::<Cow<'_, str>>::new()];
        let mut lock = Lock::default();
        let mut push = |value: Cow<'a, str>| inputs.iter_mut().for_each(|input| input.push(value.clone()));
        let mut restricts = false;
        if self.claims.flag("ip")? {
            restricts = true;
            lock.address = true;
            push(self.signed_address(facts)?.into());
        }
        let geography = &facts.geography;
        let place = [
            ("co", geography.country.map(|country| country.to_string())),
            ("reg", geography.subdivision.clone()),
        ];
        if self.claims.flag("cty")? {
            return Err(Denial::new(Reason::TokenPlace, "`cty`: the viewer's city is not known here"));
        }
        for (name, known) in place {
            if !self.claims.flag(name)? {
                continue;
            }
            restricts = true;
            lock.country = true;
            lock.subdivision |= name == "reg";
            match known {
                Some(value) => push(value.into()),
                None if self.may_fall_back(geography)? => return Ok(None),
                None => {
                    return Err(Denial::new(
                        Reason::TokenPlace,
                        format!("`{name}`: where the viewer is is not known"),
                    ));
                }
            }
        }
        if self.claims.flag("ssn")? {
            restricts = true;
            let session = self.session.as_deref().filter(|session| !session.is_empty());
            push(
                session
                    .ok_or_else(|| {
                        Denial::new(Reason::TokenBinding, "`ssn`: expected a session before the token")
                    })?
                    .into(),
            );
        }
        for name in self.list("headers")? {
            restricts = true;
            if let Some(value) = facts.headers.named(name).filter(|value| !value.is_empty()) {
                push(value.into());
            }
        }
        let mut decoded = inputs.clone();
        for name in self.list("qs")? {
            restricts = true;
            if let Some(value) = facts.raw_query_parameter(name).filter(|value| !value.is_empty()) {
                inputs.iter_mut().for_each(|input| input.push(value.into()));
                let plain = facts.query_parameter(name).unwrap_or_default();
                decoded.iter_mut().for_each(|input| input.push(plain.clone().into()));
            }
        }
        if !restricts {
            return Ok(Some((Vec::new(), lock)));
        }
        inputs.append(&mut decoded);
        let inputs = inputs.iter().map(|input| input.join(":")).collect();
        Ok(Some((inputs, lock)))
    }

    /// The viewer's address as it was signed: of the family that the token names, IPv6 in full.
    fn signed_address(&self, facts: &Facts) -> Result<String, Denial> {
        let (version, text) = match network::of_viewer(facts)?.to_canonical() {
            IpAddr::V4(v4) => (4, v4.to_string()),
            IpAddr::V6(v6) => (6, v6.segments().map(|hextet| format!("{hextet:04x}")).join(":")),
        };
        let named = self.claims.find("ip_ver").and_then(|named| match named {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        if named != Some(version) {
            return Err(Denial::new(
                Reason::TokenAddress,
                format!("`ip_ver`: the viewer's address is of version {version}"),
            ));
        }
        Ok(text)
    }

    /// Checks the request against the properties that the token is bound to. Returns the lock, and the session if
    /// `intsig` vouches for it: anybody can write another session in front of a token that is not bound to it.
    fn check(&self, key: &Jwk, facts: &Facts) -> Result<(Lock, Option<&str>), Denial> {
        let paths = self.list("paths")?;
        if !paths.iter().any(|prefix| below(&self.path, prefix)) {
            return Err(Denial::new(Reason::TokenUrl, "no prefix in `paths` covers the path"));
        }
        let Some((inputs, lock)) = self.bound(facts)? else { return Ok((Lock::default(), None)) };
        let intsig = self.claims.text("intsig")?.filter(|intsig| !intsig.is_empty());
        let (signature, inputs) = match (intsig, inputs.as_slice()) {
            (None, []) => return Ok((lock, None)),
            (Some(_), []) => return Err(Denial::new(Reason::TokenBinding, "`intsig` is over nothing")),
            (None, _) => return Err(Denial::new(Reason::TokenBinding, "expected `intsig`")),
            (Some(intsig), inputs) => (decode("intsig", intsig)?, inputs),
        };
        let met = inputs.iter().filter(|input| !input.is_empty()).any(|input| {
            let (message, signature) = (input.as_bytes().into(), signature.as_slice().into());
            Challenge { key, algorithm: Algorithm::HS256, message, signature }.symmetric() == Some(true)
        });
        if !met {
            return Err(Denial::new(Reason::TokenBinding, "`intsig` is not of this viewer"));
        }
        let session = if self.claims.flag("ssn")? { self.session.as_deref() } else { None };
        Ok((lock, session))
    }
}

/// Whether a path begins with a prefix, in plain sight: a path that goes up and down again is below nothing.
fn below(path: &str, prefix: &str) -> bool {
    let plain = super::signed_url::decoded(path).unwrap_or_default();
    path.starts_with(prefix) && !plain.split('/').any(|segment| segment == "." || segment == "..")
}

impl Presented for SecureMedia {
    fn dialect(&self) -> Dialect {
        Dialect::SecureMedia
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn path(&self) -> Option<&str> {
        Some(&self.path)
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        self.compact.challenges(keys, false)
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let expires_at = self.claims.alive(asked.now, 0)?;
        let mut grant = Grant {
            issued_at: self.claims.start("iat")?,
            expires_at: Some(expires_at),
            titles: titles(&self.path),
            ..Grant::new(Dialect::SecureMedia, self.keys.clone(), key.kid.clone())
        };
        let excepted: Vec<_> =
            self.list("exc")?.into_iter().filter(|prefix| below(&self.path, prefix)).collect();
        match self.check(key, asked.facts) {
            Ok((lock, session)) => {
                grant.lock = lock;
                let covering = self.list("paths")?.into_iter().filter(|prefix| below(&self.path, prefix));
                grant.folder = folder(&self.path, covering);
                grant.token_id = session.map(str::to_owned);
            }
            // The exception lets the request pass. It opens the title only if all of the title is excepted.
            Err(_) if !excepted.is_empty() => {
                let folder = grant.titles.iter().flatten().next().map(|title| format!("/{title}/"));
                let whole =
                    folder.is_some_and(|folder| excepted.iter().any(|prefix| folder.starts_with(prefix)));
                if !whole {
                    grant.titles = Some(Vec::new());
                }
            }
            Err(denial) => return Err(denial),
        }
        Ok(grant)
    }
}

/// The properties that a token is bound to, as the solution's `viewer_attributes`.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Viewer {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The country.
    pub co: Option<String>,
    /// The region within it.
    pub reg: Option<String>,
    /// The session.
    #[serde(rename = "sessionId")]
    pub session_id: Option<String>,
    /// Headers.
    pub headers: std::collections::BTreeMap<String, String>,
    /// Query parameters.
    pub qs: std::collections::BTreeMap<String, String>,
}

/// Mints a token: claims as the solution writes them, with `intsig` and `ip_ver` computed for a viewer.
#[cfg(not(target_arch = "wasm32"))]
pub fn mint(
    key: &super::mint::PrivateKey,
    mut claims: serde_json::Map<String, serde_json::Value>,
    viewer: &Viewer,
) -> Result<String, super::mint::MintError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    let mut input = Vec::new();
    let on = |name: &str| claims.get(name) == Some(&Value::Bool(true));
    let named = |name: &str| -> Vec<String> {
        let list = claims.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut version = None;
    if let (true, Some(ip)) = (on("ip"), viewer.ip) {
        match ip {
            IpAddr::V4(v4) => {
                version = Some(4);
                input.push(v4.to_string());
            }
            IpAddr::V6(v6) => {
                version = Some(6);
                input.push(v6.segments().map(|hextet| format!("{hextet:04x}")).join(":"));
            }
        }
    }
    for (name, value) in [("co", &viewer.co), ("reg", &viewer.reg), ("ssn", &viewer.session_id)] {
        if on(name) {
            input.extend(value.clone());
        }
    }
    input.extend(named("headers").iter().filter_map(|name| viewer.headers.get(name).cloned()));
    input.extend(named("qs").iter().filter_map(|name| viewer.qs.get(name).cloned()));
    claims.extend(version.map(|version| ("ip_ver".to_owned(), version.into())));
    if !input.is_empty() && !claims.contains_key("intsig") {
        let intsig = key.sign(Algorithm::HS256, input.join(":").as_bytes())?;
        claims.insert("intsig".to_owned(), URL_SAFE_NO_PAD.encode(intsig).into());
    }
    let header = serde_json::Map::from_iter([("typ".to_owned(), "JWT".into())]);
    let token = key.jws(Algorithm::HS256, header, Value::Object(claims).to_string().as_bytes())?;
    Ok(match &viewer.session_id {
        Some(session) => format!("{session}.{token}"),
        None => token,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::catalog::TokenPolicy;
    use crate::facts::Headers;
    use crate::time::UnixTime;
    use crate::token::{mint::PrivateKey, native, present};

    const NOW: u64 = 1_795_370_400;

    /// The solution's secrets are texts of 128 hexadecimal digits, used as they are.
    fn key() -> PrivateKey {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let k = URL_SAFE_NO_PAD.encode("0123456789abcdef".repeat(8));
        PrivateKey::from_jwk(json!({ "kty": "oct", "kid": "20260101_ab", "k": k }).as_object().unwrap())
            .unwrap()
    }

    fn claims(more: &Value) -> serde_json::Map<String, Value> {
        let mut claims = json!({
            "ip": false, "co": false, "cty": false, "reg": false, "ssn": false, "headers": [], "qs": [],
            "paths": ["/harbour/hls/"], "exc": ["/ads/"], "exp": NOW + 60, "iat": NOW,
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims.as_object().unwrap().clone()
    }

    fn viewer(json: Value) -> Viewer {
        serde_json::from_value(json).unwrap()
    }

    struct Request<'a> {
        path: &'a str,
        query: &'a str,
        headers: &'a [(&'a str, &'a str)],
        geo: &'a str,
        ip: Option<&'a str>,
    }

    const PLAIN: Request<'_> =
        Request { path: "/harbour/hls/a.m3u8", query: "", headers: &[], geo: "AE-DU", ip: Some("192.0.2.7") };

    fn grant(token: &str, request: &Request<'_>) -> Result<Grant, Denial> {
        let policy: TokenPolicy = serde_json::from_value(
            json!({ "leeway_s": 60, "accept": [{ "secure_media": { "keys": "media" } }] }),
        )
        .unwrap();
        let keys: KeySet =
            serde_json::from_value(json!({ "issuer": "media", "keys": [key().public()] })).unwrap();
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), Redacted::new((*value).to_owned()));
        let facts = Facts {
            path: format!("/{token}{}", request.path),
            query: Redacted::new(request.query.to_owned()),
            headers: Headers { all: request.headers.iter().map(header).collect(), ..Headers::default() },
            geography: request.geo.parse().unwrap(),
            address: request.ip.map(|ip| ip.parse().unwrap()),
            ..Facts::default()
        };
        let presented = present(&facts, &policy)?;
        assert_eq!(presented.path(), Some(request.path));
        native::prove(
            presented.as_ref(),
            &keys,
            &Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) },
        )
    }

    fn reason(token: &str, request: &Request<'_>) -> Option<Reason> {
        grant(token, request).err().map(|denial| denial.reason)
    }

    #[test]
    fn everything_that_a_token_binds_to() {
        let everything = json!({ "ip": true, "co": true, "reg": true, "ssn": true, "headers": ["user-agent", "referer"],
            "qs": ["player"] });
        let of = json!({ "ip": "192.0.2.7", "co": "AE", "reg": "DU", "sessionId": "AbC123",
            "headers": { "user-agent": "tv" }, "qs": { "player": "a b" } });
        let token = mint(&key(), claims(&everything), &viewer(of)).unwrap();
        let right = Request { query: "player=a%20b&x=1", headers: &[("user-agent", "tv")], ..PLAIN };
        let found = grant(&token, &right).unwrap();
        assert_eq!(found.token_id.as_deref(), Some("AbC123"));
        assert_eq!(found.titles, Some(vec!["harbour".parse().unwrap()]));
        assert_eq!(found.expires_at, Some(UnixTime::from_secs(NOW + 60)));
        assert_eq!(found.lock, Lock { address: true, country: true, subdivision: true, ..Lock::default() });
        let bound = Some(Reason::TokenBinding);
        for (name, request, expected) in [
            ("another address", Request { ip: Some("192.0.2.8"), ..right }, bound),
            ("another family", Request { ip: Some("2001:db8::1"), ..right }, Some(Reason::TokenAddress)),
            ("no address", Request { ip: None, ..right }, Some(Reason::TokenAddress)),
            ("another country", Request { geo: "SA-DU", ..right }, bound),
            ("another region", Request { geo: "AE-AZ", ..right }, bound),
            ("no region", Request { geo: "AE", ..right }, Some(Reason::TokenPlace)),
            ("another header", Request { headers: &[("user-agent", "phone")], ..right }, bound),
            (
                "one header more",
                Request { headers: &[("user-agent", "tv"), ("referer", "x")], ..right },
                bound,
            ),
            ("another parameter", Request { query: "player=c", ..right }, bound),
            ("another path", Request { path: "/harbour/dash/a.mpd", ..right }, Some(Reason::TokenUrl)),
            ("up and down", Request { path: "/harbour/hls/../x", ..right }, Some(Reason::TokenUrl)),
            (
                "up and down, escaped",
                Request { path: "/harbour/hls/%2e%2e/x", ..right },
                Some(Reason::TokenUrl),
            ),
        ] {
            assert_eq!(reason(&token, &request), expected, "{name}");
        }
        let another_session = token.replacen("AbC123", "AbC124", 1);
        assert_eq!(reason(&another_session, &right), bound);
        let no_session = token.split_once('.').unwrap().1;
        assert_eq!(reason(no_session, &right), bound);
    }

    #[test]
    fn rules() {
        let none = viewer(json!({}));
        let v6 = viewer(json!({ "ip": "2001:db8::1" }));
        let at_v6 = Request { ip: Some("2001:db8::1"), ..PLAIN };
        let nowhere = Request { geo: "", ..PLAIN };
        let (bound, refused) = (Some(Reason::TokenBinding), Some(Reason::TokenClaims));
        for (name, more, viewer, request, expected) in [
            ("nothing bound", json!({}), &none, &PLAIN, None),
            (
                "expired, whatever the leeway",
                json!({ "exp": NOW }),
                &none,
                &PLAIN,
                Some(Reason::TokenExpired),
            ),
            ("without exp", json!({ "exp": null }), &none, &PLAIN, refused),
            ("too early", json!({ "nbf": NOW + 1 }), &none, &PLAIN, Some(Reason::TokenNotYetValid)),
            ("no path", json!({ "paths": [] }), &none, &PLAIN, Some(Reason::TokenUrl)),
            ("IPv6 in full", json!({ "ip": true }), &v6, &at_v6, None),
            (
                "without ip_ver",
                json!({ "ip": true, "intsig": "AAAA" }),
                &none,
                &PLAIN,
                Some(Reason::TokenAddress),
            ),
            ("an intsig over nothing", json!({ "intsig": "AAAA" }), &none, &PLAIN, bound),
            ("a bound header that is absent", json!({ "headers": ["x"] }), &none, &PLAIN, bound),
            ("the same with an intsig", json!({ "headers": ["x"], "intsig": "AAAA" }), &none, &PLAIN, bound),
            ("no intsig", json!({ "co": true }), &none, &PLAIN, bound),
            (
                "no country",
                json!({ "co": true, "intsig": "AAAA" }),
                &none,
                &nowhere,
                Some(Reason::TokenPlace),
            ),
            (
                "a fallback",
                json!({ "co": true, "co_fallback": true, "intsig": "AAAA" }),
                &none,
                &nowhere,
                None,
            ),
            (
                "a fallback that is not needed",
                json!({ "co": true, "co_fallback": true, "intsig": "AAAA" }),
                &none,
                &PLAIN,
                bound,
            ),
            (
                "a region's fallback",
                json!({ "reg": true, "reg_fallback": true, "intsig": "AAAA" }),
                &none,
                &nowhere,
                None,
            ),
            ("a city", json!({ "cty": true }), &none, &PLAIN, Some(Reason::TokenPlace)),
            ("no flag", json!({ "co": "yes" }), &none, &PLAIN, refused),
            ("no list", json!({ "paths": 7 }), &none, &PLAIN, refused),
            ("a long list", json!({ "paths": vec!["/x/"; 101] }), &none, &PLAIN, refused),
        ] {
            let token = mint(&key(), claims(&more), viewer).unwrap();
            assert_eq!(reason(&token, request), expected, "{name}");
        }
    }

    #[test]
    fn the_segment_names_a_token_only_where_the_session_is_signed() {
        let session = json!({ "ssn": true, "exc": ["/free/"] });
        let of = viewer(json!({ "sessionId": "AbC123" }));
        let (bound, free) = (mint(&key(), claims(&session), &of), mint(&key(), claims(&json!({})), &of));
        let fallback = json!({ "co": true, "co_fallback": true, "intsig": "AAAA" });
        let fallback = mint(&key(), claims(&fallback), &of);
        let excepted = Request { path: "/free/a.m3u8", ..PLAIN };
        let nowhere = Request { geo: "", ..PLAIN };
        for (name, token, request, expected) in [
            ("bound", bound.as_ref(), &PLAIN, Some("AbC123")),
            ("bound, on an excepted path", bound.as_ref(), &excepted, None),
            ("not bound", free.as_ref(), &PLAIN, None),
            ("a fallback", fallback.as_ref(), &nowhere, None),
        ] {
            assert_eq!(grant(token.unwrap(), request).unwrap().token_id.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_fallback_lets_nothing_pass_that_is_known() {
        let nowhere = Request { geo: "", ..PLAIN };
        let tor = Request { geo: "T1", ..PLAIN };
        let country = Request { geo: "AE", ..PLAIN };
        let place = Some(Reason::TokenPlace);
        for (name, more, request, expected) in [
            ("alone", json!({}), &nowhere, None),
            ("both", json!({ "reg": true, "reg_fallback": true }), &nowhere, None),
            ("over Tor", json!({}), &tor, place),
            ("with an address", json!({ "ip": true, "ip_ver": 4 }), &nowhere, place),
            ("with a session", json!({ "ssn": true }), &nowhere, place),
            ("with headers", json!({ "headers": ["user-agent"] }), &nowhere, place),
            ("with parameters", json!({ "qs": ["player"] }), &nowhere, place),
            ("with a region that has none", json!({ "reg": true }), &nowhere, place),
            (
                "of a region, with a country that has none",
                json!({ "co_fallback": false, "reg": true, "reg_fallback": true }),
                &country,
                place,
            ),
        ] {
            let mut wanted = json!({ "co": true, "co_fallback": true, "intsig": "AAAA" });
            wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let token = mint(&key(), claims(&wanted), &viewer(json!({ "sessionId": "a" }))).unwrap();
            assert_eq!(reason(&token, request), expected, "{name}");
        }
    }

    #[test]
    fn an_exception_lets_the_request_pass_and_opens_no_more() {
        let bound = json!({ "ip": true, "intsig": "AAAA", "ip_ver": 4, "exc": ["/harbour/ads/", "/free/"] });
        let token = mint(&key(), claims(&bound), &Viewer::default()).unwrap();
        for (path, titles) in [("/harbour/ads/a.m3u8", json!([])), ("/free/hls/a.m3u8", json!(["free"]))] {
            let found = grant(&token, &Request { path, ..PLAIN }).unwrap();
            assert_eq!(serde_json::to_value(found.titles).unwrap(), titles, "{path}");
        }
        assert_eq!(reason(&token, &PLAIN), Some(Reason::TokenBinding));
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = mint(&key(), claims(&json!({ "co": true })), &viewer(json!({ "co": "AE" }))).unwrap();
        assert_eq!(reason(&token, &PLAIN), None);
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                if !changed.contains(['/', '?', '#']) {
                    assert!(reason(&changed, &PLAIN).is_some(), "bit {bit} of byte {at}");
                }
            }
        }
    }
}
