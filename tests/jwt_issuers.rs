//! Tokens of identity providers, with the site documents of `docs/tokens/jwt.md`: each becomes the same grant.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use stagedoor::catalog::{KeySet, TokenPolicy};
use stagedoor::denial::{Denial, Reason};
use stagedoor::facts::Facts;
use stagedoor::redacted::Redacted;
use stagedoor::time::UnixTime;
use stagedoor::token::mint::PrivateKey;
use stagedoor::token::{Asked, Grant, native, present};

const NOW: u64 = 1_795_370_400;
const PAGE: &str = include_str!("../docs/tokens/jwt.md");

/// The document under a heading of the page.
fn policy(heading: &str) -> TokenPolicy {
    let section = PAGE.split(&format!("### {heading}\n")).nth(1).unwrap();
    let json = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let site: Value = serde_json::from_str(json).unwrap();
    serde_json::from_value(site["tokens"].clone()).unwrap()
}

fn key() -> PrivateKey {
    let jwk = include_str!("fixtures/tokens/ietf-jose-cookbook/jwk/3_4.rsa_private_key.json");
    PrivateKey::from_slice(jwk.as_bytes()).unwrap()
}

fn mint(typ: &str, claims: &Value) -> String {
    let header = json!({ "typ": typ }).as_object().unwrap().clone();
    key().jws(stagedoor::catalog::Algorithm::RS256, header, claims.to_string().as_bytes()).unwrap()
}

/// The grant of a token in the query, for a viewer in a place.
fn grant(policy: &TokenPolicy, token: &str, place: &str) -> Result<Grant, Denial> {
    let facts = Facts {
        query: Redacted::new(format!("token={token}&t={token}")),
        geography: place.parse().unwrap(),
        ..Facts::default()
    };
    let presented = present(&facts, policy)?;
    // The key as the issuer publishes it.
    let mut jwk = serde_json::to_value(key().public()).unwrap();
    jwk["use"] = "sig".into();
    let set = json!({ "keys": [jwk] }).to_string();
    let (keys, skipped) = KeySet::from_published(presented.keys(), set.as_bytes()).unwrap();
    assert_eq!(skipped, []);
    let asked = Asked { facts: &facts, policy, now: UnixTime::from_secs(NOW) };
    native::prove(presented.as_ref(), &keys, &asked)
}

/// The grant of some claims as JSON, or the reason of the denial.
fn found(heading: &str, claims: &Value) -> Result<Value, Reason> {
    let token = mint("JWT", claims);
    let grant = grant(&policy(heading), &token, "AE-DU").map_err(|denial| denial.reason)?;
    let mut grant = serde_json::to_value(grant).unwrap();
    let members = grant.as_object_mut().unwrap();
    for name in ["dialect", "issuer", "key", "expires_at"] {
        members.remove(name).unwrap();
    }
    Ok(grant)
}

/// The claims, with one of them replaced.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[test]
fn cognito_access_tokens() {
    let claims = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "cognito:groups": ["plan-gold", "admins", "eu-west-1_x_Google"],
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "version": 2,
        "client_id": "4example5client6id", "origin_jti": "o", "token_use": "access", "scope": "openid profile",
        "auth_time": NOW - 60, "exp": NOW + 3600, "iat": NOW - 60, "jti": "j", "username": "my-test-user",
    });
    assert_eq!(
        found("Amazon Cognito", &claims),
        Ok(json!({ "subject": "aaaaaaaa-bbbb-cccc-dddd-example", "token_id": "j",
            "issued_at": "2026-11-22T17:59:00Z", "plans": ["gold"], "titles": null }))
    );
    for (name, value, reason) in [
        ("token_use", json!("id"), Reason::TokenClaims),
        ("token_use", Value::Null, Reason::TokenClaims),
        ("client_id", json!("another"), Reason::TokenAudience),
        ("iss", json!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER"), Reason::TokenIssuer),
    ] {
        assert_eq!(found("Amazon Cognito", &with(&claims, name, value)), Err(reason), "{name}");
    }
}

#[test]
fn cognito_id_tokens() {
    let claims = json!({
        "sub": "s", "aud": "4example5client6id", "token_use": "id", "exp": NOW + 3600, "cognito:username": "ada",
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE",
        "custom:plan": "Premium,Trial", "custom:screens": "2", "custom:countries": "AE, SA",
    });
    assert_eq!(
        found("Amazon Cognito, ID tokens", &claims),
        Ok(json!({ "subject": "ada", "plans": ["gold"], "titles": null, "max_streams": 2,
            "territories": ["AE", "SA"],
            "lock": { "country": true } }))
    );
    for (name, value, reason) in [
        ("custom:countries", json!("SA"), Reason::TokenPlace),
        ("custom:countries", json!(""), Reason::TokenPlace),
        ("custom:screens", json!("many"), Reason::TokenClaims),
        ("aud", json!(["another"]), Reason::TokenAudience),
    ] {
        assert_eq!(found("Amazon Cognito, ID tokens", &with(&claims, name, value)), Err(reason), "{name}");
    }
}

#[test]
fn auth0() {
    let claims = json!({
        "iss": "https://example.eu.auth0.com/", "sub": "auth0|123", "azp": "client",
        "aud": ["https://watch.example.com/", "https://example.eu.auth0.com/userinfo"],
        "iat": NOW, "exp": NOW + 86400, "scope": "openid", "permissions": ["watch:film-1", "admin", "watch:film-2"],
        "https://example.com/plan": "gold", "https://example.com/quality": "hd",
    });
    assert_eq!(
        found("Auth0", &claims),
        Ok(json!({ "subject": "auth0|123", "issued_at": "2026-11-22T18:00:00Z", "plans": ["gold"],
            "titles": null, "max_height": 1080,
            "entitlements": [{ "id": "film-1" }, { "id": "film-2" }] }))
    );
    let unknown = with(&claims, "https://example.com/quality", json!("8k"));
    assert_eq!(found("Auth0", &unknown), Err(Reason::TokenClaims));
    let another_type = mint("logout+jwt", &claims);
    let denial = grant(&policy("Auth0"), &another_type, "AE").unwrap_err();
    assert_eq!(denial.reason, Reason::TokenClaims);
    assert!(grant(&policy("Auth0"), &mint("application/AT+JWT", &claims), "AE").is_ok());
}

#[test]
fn keycloak() {
    let claims = json!({
        "iss": "https://id.example.com/realms/tv", "sub": "f:1:2", "typ": "Bearer", "azp": "tv-app", "aud": "account",
        "exp": NOW + 300, "iat": NOW, "jti": "j", "realm_access": { "roles": ["offline_access", "subscriber"] },
        "resource_access": { "tv-app": { "roles": ["x"], "device": "tv" }, "account": { "roles": ["y"] } },
    });
    assert_eq!(
        found("Keycloak", &claims),
        Ok(json!({ "subject": "f:1:2", "token_id": "j", "issued_at": "2026-11-22T18:00:00Z",
            "plans": ["gold"], "titles": null, "device": "tv" }))
    );
    assert_eq!(found("Keycloak", &with(&claims, "azp", json!("radio"))), Err(Reason::TokenAudience));
    assert_eq!(found("Keycloak", &with(&claims, "typ", json!("ID"))), Err(Reason::TokenClaims));
}

#[test]
fn facebook_limited_login() {
    let claims = json!({
        "iss": "https://www.facebook.com", "aud": "1234567890", "sub": "9876543210", "iat": NOW, "exp": NOW + 3600,
        "jti": "j", "nonce": "n", "at_hash": "h", "given_name": "A", "user_age_range": { "min": 21 },
    });
    assert_eq!(found("Facebook Limited Login", &claims).unwrap()["plans"], json!(["member"]));
    assert_eq!(
        found("Facebook Limited Login", &with(&claims, "aud", json!("another app"))),
        Err(Reason::TokenAudience)
    );
}

#[test]
fn apple_and_google() {
    let apple = json!({
        "iss": "https://appleid.apple.com", "aud": "com.example.tv", "exp": NOW + 600, "iat": NOW, "sub": "001.a.1",
        "email": "x@privaterelay.appleid.com", "email_verified": "true", "nonce_supported": true,
    });
    let google = json!({
        "iss": "accounts.google.com", "azp": "a", "aud": "com.example.tv", "sub": "10769150350006150715113082367",
        "email_verified": true, "iat": NOW, "exp": NOW + 3600,
    });
    for claims in [apple, google] {
        assert_eq!(found("Apple and Google", &claims).unwrap()["plans"], json!(["member"]));
        let unverified = with(&claims, "email_verified", json!(false));
        assert_eq!(found("Apple and Google", &unverified), Err(Reason::TokenClaims));
    }
}

#[test]
fn home_grown() {
    let claims = json!({
        "iss": "tv.example.com", "uid": 4711, "exp": NOW as f64 + 60.9, "nbf": NOW as f64 + 29.5,
        "premium": true, "kids": true, "screens": 3, "films": "harbour, BAD ID", "session": { "id": "s1" },
        "rights": { "countries": "ae-du" },
        "rentals": [{ "id": "r1", "from": NOW, "until": "2026-11-24T18:00:00Z" }, { "id": "r2", "until": NOW + 9 }, "r3"],
    });
    assert_eq!(
        found("Home-grown", &claims),
        Ok(json!({
            "subject": "4711", "token_id": "s1", "plans": ["gold"], "titles": ["harbour"], "max_streams": 3,
            "age": 7, "territories": ["ae-du"],
            "entitlements": [{ "id": "r1", "from": "2026-11-22T18:00:00Z", "until": "2026-11-24T18:00:00Z" },
                { "id": "r2", "until": "2026-11-22T18:00:09Z" }, { "id": "r3" }],
            "lock": { "country": true, "subdivision": true },
        }))
    );
    for (name, value, reason) in [
        ("nbf", json!(NOW as f64 + 30.5), Reason::TokenNotYetValid),
        ("exp", json!(NOW as f64 - 29.1), Reason::TokenExpired),
        ("exp", json!((NOW + 60) * 1000), Reason::TokenClaims),
        ("exp", json!("soon"), Reason::TokenClaims),
        ("rights", json!({ "countries": ["SA"] }), Reason::TokenPlace),
        ("rentals", json!([{ "from": 1 }]), Reason::TokenClaims),
        ("rentals", json!([{ "id": "r", "until": "tomorrow" }]), Reason::TokenClaims),
        ("kids", json!("perhaps"), Reason::TokenClaims),
        ("screens", json!(-1), Reason::TokenClaims),
        ("screens", json!([1]), Reason::TokenClaims),
        ("uid", json!({}), Reason::TokenClaims),
        ("films", json!(vec!["a"; 201]), Reason::TokenClaims),
    ] {
        assert_eq!(found("Home-grown", &with(&claims, name, value.clone())), Err(reason), "{name}: {value}");
    }
}
