//! Signed requests and tokens of each form.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::token::begins;
use super::*;
use crate::catalog::{Acceptance, KeySet, MediaCdnPolicy, TokenPolicy};
use crate::denial::{Denial, Reason};
use crate::time::UnixTime;
use crate::token::Grant;
use crate::token::mint::PrivateKey;
use crate::token::presented::Reader as _;
use crate::token::signed_url::testing::{NOW, appended, facts, flipped, keys, policy, verify};
use crate::token::signed_url::{Minted, authenticate, glob};

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

fn ask(minted: &Minted, url: &str, headers: &[(&str, &str)], from: Option<&str>) -> Result<Grant, Denial> {
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
        "cloud" => include_str!("../../../tests/fixtures/tokens/google-cloud-cdn/cdn_signed_url.json"),
        "media" => include_str!("../../../tests/fixtures/tokens/google-cloud-cdn/media_cdn_ed25519.json"),
        _ => include_str!("../../../tests/fixtures/tokens/google-cloud-cdn/media_cdn_dualtoken.json"),
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
            let key =
                private(args["key_name"].as_str().unwrap(), "ed25519", args["base64_key"].as_str().unwrap());
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
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let at = |url: &str, from, now| verify(&facts(url, &headers, Some(from)), &accepting(), &set, now);
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
    let reason =
        |url: &str| verify(&facts(url, &[], None), &accepting(), &set, NOW).err().map(|denial| denial.reason);
    assert_eq!(reason(&ours.url), None);
    assert_eq!(reason(&format!("{path}?pd=30000&auth-token={token}")), None);
    for (bad, expected) in [
        (ours.url.replace("pd=30000&", "pd=30001&"), Reason::TokenUrl),
        (ours.url.replace("pd=30000&", ""), Reason::TokenUrl),
        (ours.url.replace("/7.m3u8", "/8.m3u8"), Reason::TokenUrl),
        (format!("{path}?pd=30000&auth-token={}", token.replace("~exp", "~a=~exp")), Reason::TokenMalformed),
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
    let claims =
        json!({ "form": "pod", "exp": NOW + 60, "parameters": { "custom_asset_key": "harbour", "pd": "7" } });
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
    // Signed requests do not use HMAC-SHA256.
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
            // An escape within the payload looks like the player's.
            let expected = if extra["data"].is_null() { *expected } else { Some(Reason::TokenSignature) };
            assert_eq!(found, expected, "{played}");
        }
    }
}

/// A value from the request must not replace a field in the message.
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
        assert_eq!(reason(&format!("https://a.example/harbour/m?hdnts={token}")), Some(expected), "{token}");
    }
    let many = format!("PathGlobs={}~Expires=1795374000~Signature=AAAA", "/a,".repeat(20));
    assert_eq!(reason(&format!("https://a.example/harbour/m?hdnts={many}")), Some(Reason::TokenMalformed));
    assert_eq!(reason("https://a.example/harbour/m"), Some(Reason::TokenMissing));
}

/// Every bit matters, except the bit that makes a hexadecimal digit of `hmac` a capital letter.
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
