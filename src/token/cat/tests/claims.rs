//! Algorithms, placements and claims.

use super::*;

#[test]
fn every_algorithm_makes_a_grant() {
    for alg in ALGORITHMS {
        let claims = json!({ "iss": "id", "sub": "v1", "exp": NOW + 60, "iat": NOW, "cti": "0a0b" });
        let token = mint(&key(alg, alg), claims.as_object().unwrap()).unwrap();
        let grant = verify_as(&facts(&token), &policy(&json!({}))).unwrap();
        assert_eq!((grant.key.as_str(), grant.subject.as_deref()), (alg, Some("v1")));
        assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 60)));
        assert_eq!(grant.issued_at, Some(UnixTime::from_secs(NOW)));
        assert_eq!((grant.token_id.as_deref(), grant.titles), (Some("0a0b"), None));
    }
}

#[test]
fn a_token_is_found_in_every_place_and_read_in_every_base64() {
    // `sub` brings the characters in which the two alphabets differ, and padding.
    let token = minted(&json!({ "iss": "id", "sub": "~~~~>>>>????\u{fff}\u{fff}" }));
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let texts = [token.clone(), URL_SAFE.encode(&bytes), STANDARD.encode(&bytes)];
    assert!(texts[0] != texts[1] && texts[2].contains('+') && texts[2].contains('/'));
    for text in &texts {
        assert!(verify_as(&facts(text), &policy(&json!({}))).is_ok(), "{text}");
    }
    let raw = Facts { query: Redacted::new(format!("CAT={}", texts[2])), ..facts("") };
    assert!(verify_as(&raw, &policy(&json!({}))).is_ok(), "with plus signs that are not percent-encoded");
    let with = |name: &str, value: String| Facts {
        headers: Headers { all: vec![(name.to_owned(), Redacted::new(value))], ..Headers::default() },
        query: Redacted::default(),
        ..facts("")
    };
    for facts in [
        with("cta-common-access-token", token.clone()),
        with("common-access-token", token.clone()),
        with("cookie", format!("a=b; CTA-Common-Access-Token={token}")),
        with("cookie", format!("Common-Access-Token=\"{token}\"")),
        Facts { query: Redacted::new(format!("token={token}")), ..facts("") },
    ] {
        assert!(verify_as(&facts, &policy(&json!({}))).is_ok(), "{facts:?}");
    }
    let own = json!({ "placements": [{ "path": "before" }] });
    let in_path =
        Facts { path: format!("/{token}/harbour/live/main.m3u8"), query: Redacted::default(), ..facts("") };
    let presented = present(&in_path, &policy(&own)).unwrap();
    assert_eq!(presented.path(), Some("/harbour/live/main.m3u8"));
    assert_eq!(verify_as(&facts(&token), &policy(&own)).unwrap_err().reason, Reason::TokenMissing);
}

/// Each claim, met and not met. `None`: it is met.
#[test]
fn every_claim_is_held_against_the_request() {
    use Reason as R;
    for (claims, expected) in [
        (json!({}), None),
        (json!({ "sub": 7 }), Some(R::TokenClaims)),
        (json!({ "iss": "other" }), Some(R::TokenIssuer)),
        (json!({ "iss": 7 }), Some(R::TokenClaims)),
        (json!({ "aud": "tv" }), Some(R::TokenAudience)),
        (json!({ "aud": ["tv", 7] }), Some(R::TokenClaims)),
        (json!({ "exp": NOW + 1 }), None),
        (json!({ "exp": NOW }), Some(R::TokenExpired)),
        (json!({ "exp": NOW as f64 + 0.5 }), Some(R::TokenExpired)),
        (json!({ "exp": -1 }), Some(R::TokenExpired)),
        (json!({ "exp": "soon" }), Some(R::TokenClaims)),
        (json!({ "exp": 1e300 }), Some(R::TokenClaims)),
        (json!({ "exp": null }), Some(R::TokenClaims)),
        (json!({ "nbf": NOW }), None),
        (json!({ "nbf": NOW + 1 }), Some(R::TokenNotYetValid)),
        (json!({ "nbf": NOW as f64 + 0.5 }), Some(R::TokenNotYetValid)),
        (json!({ "iat": NOW + 1 }), Some(R::TokenNotYetValid)),
        (json!({ "cti": "h'01'" }), None),
        (json!({ "cti": 7 }), Some(R::TokenClaims)),
        (json!({ "cnf": {} }), Some(R::TokenClaims)),
        (json!({ "catreplay": 0 }), None),
        (json!({ "catreplay": 1, "cti": "01" }), None),
        (json!({ "catreplay": 2 }), Some(R::TokenClaims)),
        (json!({ "catreplay": 3, "cti": "01" }), Some(R::TokenClaims)),
        (json!({ "catpor": [50] }), Some(R::TokenClaims)),
        (json!({ "catv": 1 }), None),
        (json!({ "catv": 2 }), Some(R::TokenClaims)),
        (json!({ "catnip": ["192.0.2.0/24", 1] }), None),
        (json!({ "catnip": [64496] }), None),
        (json!({ "catnip": ["198.51.100.0/24", "2001:db8::/32", 1] }), Some(R::TokenAddress)),
        (json!({ "catnip": {} }), Some(R::TokenClaims)),
        (json!({ "catu": { "path": { "prefix": "/harbour/" }, "scheme": { "exact": "https" } } }), None),
        (json!({ "catu": { "query": { "exact": "q=1" } } }), None),
        (json!({ "catu": { "path": { "prefix": "/other/" } } }), Some(R::TokenUrl)),
        (json!({ "catu": { "9": { "prefix": "/" } } }), Some(R::TokenClaims)),
        (json!({ "catu": null }), Some(R::TokenClaims)),
        (json!({ "catm": ["GET", "HEAD"] }), None),
        (json!({ "catm": ["POST"] }), Some(R::TokenBinding)),
        (json!({ "catalpn": ["h2", "h'6833'"] }), None),
        (json!({ "catalpn": ["h3"] }), Some(R::TokenBinding)),
        (json!({ "cath": { "User-Agent": { "prefix": "Player/" } } }), None),
        (json!({ "cath": { "User-Agent": { "prefix": "Other/" } } }), Some(R::TokenBinding)),
        (json!({ "cath": { "X-Absent": { "prefix": "" } } }), Some(R::TokenBinding)),
        (json!({ "catgeoiso3166": ["GB", "AE-DU"] }), None),
        (json!({ "catgeoiso3166": ["GB", "AE-AZ"] }), Some(R::TokenPlace)),
        (json!({ "catgeocoord": [[25, 55, 50_000]] }), None),
        (json!({ "catgeocoord": [[51.5, -0.1, 50_000]] }), Some(R::TokenPlace)),
        (json!({ "geohash": "thrr" }), None),
        (json!({ "geohash": ["gcpv", "ezs42"] }), Some(R::TokenPlace)),
        (json!({ "catgeoalt": [0, 100] }), Some(R::TokenClaims)),
        (json!({ "cattpk": "h'01'" }), Some(R::TokenClaims)),
        (json!({ "catdpop": {} }), Some(R::TokenClaims)),
        (json!({ "cattprint": { "fingerprint-type": "JA4", "fingerprint-value": "T13D" } }), None),
        (json!({ "cattprint": { "0": 2, "1": "t12d" } }), Some(R::TokenBinding)),
        (json!({ "cattprint": { "0": 0, "1": "t13d" } }), Some(R::TokenClaims)),
        (json!({ "catif": {}, "catifdata": "x" }), None),
        (json!({ "catr": null }), None),
        (json!({ "enc": [] }), Some(R::TokenClaims)),
        (json!({ "crit": ["catu", 4] }), None),
        (json!({ "crit": ["catpor"] }), Some(R::TokenClaims)),
        (json!({ "crit": [9999] }), Some(R::TokenClaims)),
        (json!({ "crit": [] }), Some(R::TokenClaims)),
        // What is registered and restricts nothing, what is not known, and what is not a label.
        (json!({ "10": "nonce", "256": "h'01'" }), None),
        (json!({ "9": "scope" }), Some(R::TokenClaims)),
        (json!({ "325": 1 }), Some(R::TokenClaims)),
        (json!({ "-70001": 1 }), Some(R::TokenClaims)),
        (json!({ "private": 1 }), Some(R::TokenClaims)),
    ] {
        let found = verify(&claims);
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{claims}: {found:?}");
    }
}

/// What is not known of the viewer is refused, met or not.
#[test]
fn what_the_edge_does_not_know_is_refused() {
    for claims in [
        json!({ "catnip": ["0.0.0.0/0", "::/0"] }),
        json!({ "catnip": [64496] }),
        json!({ "catalpn": ["h2"] }),
        json!({ "catgeoiso3166": ["AE"] }),
        json!({ "catgeocoord": [[0, 0, 99_999_999]] }),
        json!({ "geohash": ["t", "e", "s"] }),
        json!({ "cattprint": { "0": 2, "1": "t13d" } }),
    ] {
        for claims in [claims.clone(), json!({ "nor": [claims] })] {
            let mut all = claims.clone();
            all["iss"] = "id".into();
            let known = facts(&minted(&all));
            let facts = Facts {
                address: None,
                geography: "".parse().unwrap(),
                connection: Connection::default(),
                ..known
            };
            let denial = verify_as(&facts, &policy(&json!({}))).unwrap_err();
            assert_eq!(denial.reason, Reason::TokenClaims, "{claims}: {denial}");
        }
    }
}

#[test]
fn sets_of_claims_make_a_formula() {
    use Reason as R;
    let (yes, no, unclear) =
        (json!({ "catm": ["GET"] }), json!({ "catm": ["POST"] }), json!({ "unknown": 1 }));
    let mut deep = yes.clone();
    for _ in 0..5 {
        deep = json!({ "and": [deep] });
    }
    for (claims, expected) in [
        (json!({ "or": [no, yes] }), None),
        (json!({ "or": [unclear, yes] }), None),
        (json!({ "or": [no, no] }), Some(R::TokenBinding)),
        (json!({ "or": [unclear, no] }), Some(R::TokenClaims)),
        (json!({ "or": [] }), Some(R::TokenClaims)),
        (json!({ "or": [7] }), Some(R::TokenClaims)),
        (json!({ "or": yes }), Some(R::TokenClaims)),
        (json!({ "nor": [no, no] }), None),
        (json!({ "nor": [no, yes] }), Some(R::TokenBinding)),
        (json!({ "nor": [unclear, no] }), Some(R::TokenClaims)),
        (json!({ "nor": [] }), Some(R::TokenClaims)),
        (json!({ "and": [yes, yes] }), None),
        (json!({ "and": [yes, no] }), Some(R::TokenBinding)),
        (json!({ "and": [yes, unclear] }), Some(R::TokenClaims)),
        (json!({ "and": [{ "or": [no, { "nor": [no] }] }] }), None),
        (json!({ "nor": [{ "or": [no, { "nor": [no] }] }] }), Some(R::TokenBinding)),
        (json!({ "nor": [{ "nor": [unclear] }] }), Some(R::TokenClaims)),
        (json!({ "nor": [{ "nor": [yes, unclear] }] }), None),
        (json!({ "or": [{ "iss": "id" }] }), None),
        (json!({ "or": [{ "iss": "other" }] }), Some(R::TokenIssuer)),
        (deep, Some(R::TokenClaims)),
    ] {
        let found = verify(&claims);
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{claims}: {found:?}");
    }
}

/// A session may last, and move, no further than the claims that let it in would let it.
#[test]
fn a_grant_is_as_narrow_as_the_claims_that_decided() {
    let open = Lock::default();
    let asn = Lock { asn: true, ..open };
    for (claims, end, lock, titles) in [
        (json!({}), None, open, None),
        (json!({ "exp": NOW + 60, "and": [{ "exp": NOW + 30 }] }), Some(30), open, None),
        (json!({ "exp": NOW + 60, "or": [{ "exp": NOW }, { "exp": NOW + 30 }] }), Some(30), open, None),
        (json!({ "or": [{ "exp": NOW + 10, "catm": ["PUT"] }, { "exp": NOW + 30 }] }), Some(30), open, None),
        // In ten seconds, what must not hold will hold.
        (json!({ "nor": [{ "nbf": NOW + 10 }] }), Some(10), open, None),
        (json!({ "catnip": [64496] }), None, asn, None),
        (json!({ "catnip": ["192.0.2.0/24"] }), None, Lock { network: true, ..open }, None),
        (json!({ "catnip": ["192.0.2.0/28"] }), None, Lock { address: true, ..open }, None),
        (json!({ "nor": [{ "catnip": [1, "10.0.0.0/8"] }] }), None, Lock { address: true, ..asn }, None),
        (
            json!({ "or": [{ "catnip": [1] }, { "catgeoiso3166": ["AE"] }] }),
            None,
            Lock { country: true, ..open },
            None,
        ),
        (json!({ "geohash": "t" }), None, Lock { country: true, subdivision: true, ..open }, None),
        (json!({ "catgeoiso3166": ["AE", "GB"] }), None, Lock { country: true, ..open }, None),
        (
            json!({ "catgeoiso3166": ["AE-DU"] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (
            json!({ "nor": [{ "catgeoiso3166": ["AE-AZ"] }] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (
            json!({ "catgeocoord": [[25, 55, 99_000]] }),
            None,
            Lock { country: true, subdivision: true, ..open },
            None,
        ),
        (json!({ "catu": { "path": { "prefix": "/" } } }), None, open, Some(vec!["harbour"])),
        (json!({ "catu": { "host": { "suffix": ".com" } } }), None, open, None),
        (
            json!({ "nor": [{ "catu": { "extension": { "exact": ".mpd" } } }] }),
            None,
            open,
            Some(vec!["harbour"]),
        ),
    ] {
        let grant = verify(&claims).unwrap_or_else(|denial| panic!("{claims}: {denial}"));
        assert_eq!(grant.expires_at, end.map(|end| UnixTime::from_secs(NOW + end)), "{claims}");
        assert_eq!(grant.lock, lock, "{claims}");
        let found = grant.titles.map(|titles| titles.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found, titles.map(|titles| titles.iter().map(ToString::to_string).collect()), "{claims}");
    }
    for (catreplay, replay) in [(0, Replay::Permit), (1, Replay::Prohibit), (2, Replay::Detect)] {
        let grant = verify(&json!({ "and": [{ "catreplay": catreplay }], "cti": "01" })).unwrap();
        assert_eq!(grant.replay, replay);
    }
    let elsewhere = Facts {
        path: "/_/x".to_owned(),
        ..facts(&minted(&json!({ "iss": "id", "catu": { "path": { "prefix": "/" } } })))
    };
    assert_eq!(verify_as(&elsewhere, &policy(&json!({}))).unwrap().titles, Some(vec![]));
}

#[test]
fn a_use_is_remembered_until_no_alternative_is_left() {
    let until = |mut claims: Json| {
        claims["iss"] = "id".into();
        let grant = verify_as(&facts(&minted(&claims)), &policy(&json!({}))).unwrap();
        (grant.expires_at.map(UnixTime::as_secs), grant.accepted_until.map(UnixTime::as_secs))
    };
    let (soon, late) = (json!({ "exp": NOW + 10 }), json!({ "exp": NOW + 900 }));
    let leeway = until(soon.clone()).0.unwrap() - NOW - 10;
    let at = |seconds| Some(NOW + leeway + seconds);
    for (claims, expected) in [
        (soon.clone(), (at(10), at(10))),
        (json!({ "or": [soon, late] }), (at(10), at(900))),
        (json!({ "or": [soon, late], "exp": NOW + 60 }), (at(10), at(60))),
        (json!({ "or": [soon, { "sub": "v" }] }), (at(10), None)),
        (json!({ "and": [soon, late] }), (at(10), at(10))),
        (json!({ "and": [{ "or": [soon, late] }, { "sub": "v" }] }), (at(10), at(900))),
        (json!({ "nor": [{ "exp": NOW + 900, "catm": ["PUT"] }] }), (at(900), None)),
    ] {
        assert_eq!(until(claims.clone()), expected, "{claims}");
    }
}
