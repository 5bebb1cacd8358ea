//! A site's requirements, and the replies and renewals that a token asks for.

use super::*;

#[test]
fn a_site_says_what_it_accepts() {
    let token = |claims: Json| facts(&minted(&claims));
    let verify = |claims, own: Json| verify_as(&token(claims), &policy(&own)).map_err(|denial| denial.reason);
    let unnamed = json!({ "sub": "v" });
    assert_eq!(verify(unnamed.clone(), json!({})), Err(Reason::TokenClaims));
    assert_eq!(verify(unnamed, json!({ "keys": "id" })).unwrap().issuer.as_str(), "id");
    let audience = json!({ "audience": "tv" });
    for (claims, expected) in [
        (json!({ "iss": "id", "aud": "tv" }), None),
        (json!({ "iss": "id", "aud": ["radio", "tv"] }), None),
        (json!({ "iss": "id", "or": [{ "aud": "tv" }] }), None),
        (json!({ "iss": "id", "aud": "radio" }), Some(Reason::TokenAudience)),
        (json!({ "iss": "id" }), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "nor": [{ "aud": "tv", "catm": ["PUT"] }] }), Some(Reason::TokenAudience)),
    ] {
        assert_eq!(verify(claims.clone(), audience.clone()).err(), expected, "{claims}");
    }
    for (claims, own, expected) in [
        (json!({ "iss": "id", "aud": "tv" }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "or": [{ "aud": "tv" }] }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "nor": [{ "aud": "tv" }] }), json!({}), Some(Reason::TokenAudience)),
        (json!({ "iss": "id", "aud": "tv" }), json!({ "audience": "*" }), None),
        (json!({ "iss": "id" }), json!({ "audience": "*" }), None),
    ] {
        assert_eq!(verify(claims.clone(), own).err(), expected, "{claims}");
    }
    let ignoring = json!({ "ignored": ["-70001", "private", "catpor", "exp"] });
    let private = json!({ "iss": "id", "-70001": 1, "private": 1, "catpor": [50] });
    assert!(verify(private, ignoring.clone()).is_ok());
    assert_eq!(verify(json!({ "iss": "id", "exp": NOW }), ignoring), Err(Reason::TokenExpired));
    let planned = |plans: Json| verify(json!({ "iss": "id", "-70002": plans }), json!({ "plans": "-70002" }));
    assert_eq!(planned(json!(["gold", "news"])).unwrap().plans.len(), 2);
    assert_eq!(planned(json!("gold")).unwrap().plans.len(), 1);
    assert_eq!(planned(json!(7)), Err(Reason::TokenClaims));
}

#[test]
fn a_token_says_how_it_wants_to_be_refused() {
    let denied = |claims: Json| verify(&claims).unwrap_err();
    let reply = |claims: Json| denied(claims).reply.map(|reply| *reply);
    let catif = |wanted: Json| json!({ "exp": NOW, "catif": { "exp": wanted } });
    let wanted = reply(catif(json!([307, { "Location": "https://id.example.com/", "X-A": "b" }]))).unwrap();
    let headers: Vec<_> =
        wanted.headers.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    assert_eq!((wanted.status, headers), (307, vec![("x-a", "b"), ("location", "https://id.example.com/")]));

    // A new token behind the URL.
    let claims = json!({ "1": null, "6": null, "2": null, "4": NOW + 10, "999": null });
    let mut token = catif(json!([302, { "Location": ["https://id.example.com/?CAT=", claims] }, "HS256"]));
    token["sub"] = "v1".into();
    let wanted = reply(token).unwrap();
    let (_, new) = wanted.headers[0].1.expose().split_once("?CAT=").unwrap();
    let grant = verify_as(&facts(new), &policy(&json!({}))).unwrap();
    assert_eq!((grant.subject.as_deref(), grant.issued_at), (Some("v1"), Some(UnixTime::from_secs(NOW))));
    assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 10)));

    let no_reply = [
        catif(json!([200, {}])),
        catif(json!([304, {}])),
        catif(json!([600, {}])),
        catif(json!([302, {}])),
        catif(json!([302, { "Location": "a\r\nb: c" }])),
        catif(json!([302, { "Loc ation": "a" }])),
        catif(json!([302, { "Location": ["a", {}] }, "other"])),
        catif(json!([302])),
        json!({ "catm": ["PUT"], "catif": { "exp": [403, {}] } }),
        json!({ "nor": [{ "exp": NOW + 1 }], "catif": { "exp": [403, {}] } }),
    ];
    for claims in no_reply {
        let denial = denied(claims.clone());
        assert_eq!(denial.reply, None, "{claims}");
    }
    // A claim within a formula is the formula's; headers of how the reply is sent stay ours.
    let formula = json!({ "or": [{ "exp": NOW }], "catif": { "or": [403, { "Cache-Control": "public", "Retry-After": "9" }] } });
    let wanted = reply(formula).unwrap();
    assert_eq!((wanted.status, wanted.headers.len()), (403, 1));
    // Nobody gets a reply that a forged token wants.
    let mut bytes = URL_SAFE_NO_PAD
        .decode(minted(&json!({ "iss": "id", "exp": 1, "catif": { "exp": [403, {}] } })))
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let denial = verify_as(&facts(&URL_SAFE_NO_PAD.encode(bytes)), &policy(&json!({}))).unwrap_err();
    assert_eq!((denial.reason, denial.reply), (Reason::TokenSignature, None));
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let claims = |exp: u64, catr: Json| json!({ "iss": "id", "sub": "v1", "cti": "01", "iat": 1, "exp": NOW + exp, "catr": catr });
    let at = |facts: &Facts| verify_as(facts, &policy(&json!({}))).unwrap().renewal;
    let renewal = |exp, catr: Json| at(&facts(&minted(&claims(exp, catr))));
    let redirect = json!({ "type": "redirect", "expadd": 120, "deadline": 30 });
    let (status, url) = renewal(30, redirect.clone()).unwrap().redirect.unwrap();
    let (before, new) = url.expose().split_once("CAT=").unwrap();
    assert_eq!((status, before), (302, "https://watch.example.com/harbour/live/main.m3u8?q=1&"));
    let grant = verify_as(&facts(new), &policy(&json!({}))).unwrap();
    assert_eq!(grant.expires_at, Some(UnixTime::from_secs(NOW + 120)));
    assert_eq!((grant.issued_at, grant.subject.as_deref()), (Some(UnixTime::from_secs(NOW)), Some("v1")));
    assert_eq!((grant.token_id.as_deref(), grant.renewal), (Some("01"), None), "the same token, and not due");

    for (name, exp, catr) in [
        ("not due", 31, redirect),
        ("it would be due again at once", 5, json!({ "type": 3, "expadd": 30, "deadline": 30 })),
        ("no longer than the old one", 60, json!({ "type": 2, "expadd": 60 })),
        ("no type", 5, json!({ "expadd": 60 })),
        ("no expadd", 5, json!({ "type": 2 })),
        ("an unknown type", 5, json!({ "type": 4, "expadd": 60 })),
        ("a bad name", 5, json!({ "type": "cookie", "expadd": 60, "cookie-name": "a b" })),
        ("a bad parameter", 5, json!({ "type": "cookie", "expadd": 60, "cookie-params": ["a\nb"] })),
        ("a nested parameter", 5, json!({ "type": "header", "expadd": 60, "header-params": [[["a"]]] })),
    ] {
        assert_eq!(renewal(exp, catr), None, "{name}");
    }
    for (catr, name, ending) in [
        (json!({ "type": "header", "expadd": 99 }), "CTA-Common-Access-Token", ""),
        (json!({ "type": 2, "expadd": 99, "header-name": "X-T", "header-params": "a=1" }), "X-T", "; a=1"),
        (
            json!({ "type": "cookie", "expadd": 99, "cookie-params": ["Secure", ["Max-Age", 60], ["HttpOnly", true]] }),
            "Set-Cookie",
            "; Secure; Max-Age=60; HttpOnly",
        ),
        (json!({ "type": 1, "expadd": 99, "cookie-params": { "Path": "/" } }), "Set-Cookie", "; Path=/"),
    ] {
        let found = renewal(60, catr.clone()).unwrap();
        let (header, value) = &found.headers[0];
        assert_eq!(header, name, "{catr}");
        assert!(value.expose().ends_with(ending) && found.redirect.is_none(), "{catr}");
    }
    // Automatic: as it came.
    let automatic = minted(&claims(5, json!({ "type": "automatic", "expadd": 99 })));
    let with = |name: &str, value: &str| Facts {
        headers: Headers {
            all: vec![(name.to_owned(), Redacted::new(value.to_owned()))],
            ..Headers::default()
        },
        query: Redacted::default(),
        ..facts("")
    };
    assert!(at(&facts(&automatic)).unwrap().redirect.is_some());
    let header = at(&with("cta-common-access-token", &automatic)).unwrap();
    assert_eq!(header.headers[0].0, "CTA-Common-Access-Token");
    let cookie = at(&with("cookie", &format!("CTA-Common-Access-Token={automatic}"))).unwrap();
    assert_eq!(cookie.headers[0].0, "Set-Cookie");
    // A token that may be used once gets a new name. A token that a public key verifies is not renewed.
    let mut once = claims(5, json!({ "type": "header", "expadd": 99 }));
    once["catreplay"] = 1.into();
    let renewed = at(&facts(&minted(&once))).unwrap().headers[0].1.expose().clone();
    assert_ne!(verify_as(&facts(&renewed), &policy(&json!({}))).unwrap().token_id.as_deref(), Some("01"));
    let signed = mint(&key("ES256", "ES256"), once.as_object().unwrap()).unwrap();
    assert_eq!(at(&facts(&signed)), None);
}
