//! Messages about documents are in plain words: what was expected, what was found, and where.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use stagedoor::reading::{FieldError, Tree};
use stagedoor_origin::validate::{self, Invalid};

use crate::app::{TestApp, keys, send, site, title};

/// The words of this program, and of the libraries that read JSON for it. None of them helps the author of a document.
const NOT_PLAIN: [&str; 32] = [
    "struct",
    "enum",
    "variant",
    "u8",
    "u16",
    "u32",
    "u64",
    "i8",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "usize",
    "isize",
    "tuple",
    "sequence",
    "map",
    "newtype",
    "unit",
    "option",
    "boolean",
    "floating",
    "integer `",
    "string \"",
    "symbol",
    "serde",
    "ident",
    "duplicate field",
    "missing field",
    "unknown field",
    "invalid type",
];

fn assert_plain(errors: &[FieldError], sent: &str) {
    assert!(!errors.is_empty(), "an error without a reason: {sent}");
    for FieldError { field, detail } in errors {
        assert!(!field.is_empty(), "{detail} names no field: {sent}");
        let own = plain(detail);
        assert!(!own.contains(" line ") && !own.contains(" column "), "{field}: {detail}: {sent}");
        assert!(detail.starts_with(|c: char| c.is_lowercase()), "{field}: {detail}");
    }
}

/// A message without what it quotes, which is the author's own. It has to be plain.
fn plain(message: &str) -> String {
    let own: String = message.split('`').step_by(2).collect();
    let words: Vec<_> = own.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for bad in NOT_PLAIN {
        let found = if bad.contains(' ') { own.contains(bad) } else { words.contains(&bad) };
        assert!(!found, "{message} says {bad:?}");
    }
    own
}

/// Documents of each kind, with their keys: the examples, and what they leave out.
fn documents() -> Vec<(&'static str, Tree)> {
    let read = |kind: &str| {
        let path = format!("{}/../kv-schemas/{kind}.example.json", env!("CARGO_MANIFEST_DIR"));
        Tree::parse(&fs::read(path).unwrap()).unwrap()
    };
    let tree = |json: &Value| Tree::parse(json.to_string().as_bytes()).unwrap();
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    vec![
        ("v1/site/watch.example.com", read("site")),
        ("v1/title/harbour", read("title")),
        ("v1/keys/https://id.example.com/", read("keys")),
        ("v1/revocations/watch.example.com", read("revocations")),
        ("v1/campaigns/watch.example.com", read("campaigns")),
        ("v1/creative/plum", read("creative")),
        (
            "v1/creative/frame",
            tree(&json!({
                "id": "frame", "sites": ["a.example"],
                "kind": { "non_linear": {
                    "layout": "pause", "url": "https://a.example/x.png", "media_type": "image/png", "duration_ms": 8000,
                } },
            })),
        ),
        ("v1/site/a.example", tree(&site_of_all_dialects())),
        (
            "v1/title/pier",
            tree(&json!({
                "id": "pier", "sites": ["a.example"], "offers": [],
                "blackouts": [
                    { "id": "a", "territories": { "allow": ["GB"] }, "action": "deny" },
                    { "id": "b", "territories": { "allow": ["FR"] }, "action": { "alternate": { "media": "x/" } } },
                ],
            })),
        ),
        (
            "v1/keys/k",
            tree(&json!({
                "issuer": "k",
                "keys": [
                    { "kid": "o", "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA" },
                    { "kid": "r", "kty": "RSA", "n": format!("{}{}", x.repeat(6), "A".repeat(84)), "e": "AQAB" },
                ],
            })),
        ),
        (
            "v1/revocations/a.example",
            tree(&json!({
                "host": "a.example", "generation": 9,
                "packed": {
                    "sessions": "", "subjects": "", "tokens": "", "titles": "", "keys": "AAAAAQ",
                    "everything": { "generation": 1, "at": "2026-11-22T18:00:00Z" },
                },
            })),
        ),
    ]
}

fn site_of_all_dialects() -> Value {
    let placements = json!([
        { "query": "t" }, "authorization", { "cookie": "c" }, { "header": "X-Token" }, { "path": "before" },
        { "path": { "parameter": "p" } },
    ]);
    let plans = json!({ "from": "roles", "prefix": "plan:", "names": { "g": "gold" }, "unknown": "drop" });
    let jwt = json!({
        "issuers": ["i"], "audience": "a", "audience_claim": "azp", "placements": placements, "types": ["at+jwt"],
        "require": { "token_use": ["access", 1] }, "claims": { "subject": "/user/id", "plans": plans },
    });
    let accept = json!([
        { "jwt": jwt },
        { "cat": { "issuers": ["i"], "keys": "k", "audience": "a", "ignored": ["-70001"], "plans": "catpor" } },
        { "uri_signing": { "issuers": ["i"], "issuer_keys": { "uCDN Inc": "k" }, "keys": "k", "name": "n" } },
        { "edge_auth": {
            "keys": "k", "algorithm": "sha1", "names": ["h"], "escape_early": true, "salt": "s", "ignore_query": true,
            "field_delimiter": "~", "acl_delimiter": "!",
        } },
        { "secure_media": { "keys": "k" } },
        { "stream": { "keys": "k", "placements": [{ "path": "title" }] } },
        { "timed_hmac": { "keys": "k", "name": "verify", "lifetime_s": 60 } },
        { "media_cdn": { "keys": "k", "names": ["a"], "pod": "b" } },
        { "secure_link": { "keys": "k", "expression": "{expires}{uri} {secret}", "hash": "md5", "expires": "e" } },
        { "cloud_front": { "keys": "k" } },
    ]);
    json!({
        "host": "a.example",
        "media": { "origin": "https://m.example/", "foreign": { "pass": ["*"] } },
        "tokens": {
            "issuers": ["i"], "longest_s": 3600, "accept": accept,
            "replay": { "once": true, "detect": true, "again_within_s": 30 },
        },
        "sessions": { "keys": "k", "signing": "query" },
        "ratings": { "ageless": "allow", "unrated": "deny" },
        "steering": { "existing": "keep" },
    })
}

/// The place of every value within a tree, by indices. The last index counts within the array or object around the value.
fn places(tree: &mut Tree) -> Vec<Vec<usize>> {
    let mut places = vec![vec![]];
    let mut next = 0;
    while let Some(place) = places.get(next).cloned() {
        let children = match at(tree, &place) {
            Tree::List(items) => items.len(),
            Tree::Members(members) => members.len(),
            _ => 0,
        };
        places.extend((0..children).map(|index| [place.as_slice(), &[index]].concat()));
        next += 1;
    }
    places.remove(0);
    places
}

fn at<'t>(tree: &'t mut Tree, place: &[usize]) -> &'t mut Tree {
    place.iter().fold(tree, |tree, index| match tree {
        Tree::List(items) => &mut items[*index],
        Tree::Members(members) => &mut members[*index].1,
        _ => unreachable!(),
    })
}

/// Leaves a value out.
fn remove(around: &mut Tree, index: usize) {
    match around {
        Tree::List(items) => drop(items.remove(index)),
        Tree::Members(members) => drop(members.remove(index)),
        _ => unreachable!(),
    }
}

/// Adds a value a second time.
fn repeat(around: &mut Tree, index: usize) {
    match around {
        Tree::List(items) => items.push(items[index].clone()),
        Tree::Members(members) => members.push(members[index].clone()),
        _ => unreachable!(),
    }
}

/// Misspells the name of a member, or a string of an array.
fn misspell(around: &mut Tree, index: usize) {
    match around {
        Tree::Members(members) => members[index].0.push('x'),
        Tree::List(items) => {
            if let Tree::Text(text) = &mut items[index] {
                text.push('x');
            }
        }
        _ => unreachable!(),
    }
}

#[test]
fn every_error_in_a_document_is_told_in_plain_words() {
    let values =
        ["null", "true", "-1", "1.5", "1e30", "300", "\"x\"", "\"\"", "[]", "{}", "[[]]", "{\"x\":1}"];
    let values = values.map(|json| Tree::parse(json.as_bytes()).unwrap());
    let (mut tried, mut refused) = (0, 0);
    for (key, mut document) in documents() {
        let key = key.parse().unwrap();
        let mut read = |tree: &Tree| {
            let sent = serde_json::to_string(tree).unwrap();
            tried += 1;
            match validate::document(&key, sent.as_bytes()) {
                Ok(_) => Vec::new(),
                Err(Invalid::Fields(errors)) => {
                    refused += 1;
                    assert_plain(&errors, &sent);
                    errors
                }
                Err(other) => panic!("{other:?}: {sent}"),
            }
        };
        assert_eq!(read(&document), [], "{key}");
        for place in places(&mut document) {
            let (index, around) = place.split_last().unwrap();
            for value in &values {
                let mut changed = document.clone();
                *at(&mut changed, &place) = value.clone();
                read(&changed);
            }
            for change in [remove, repeat, misspell] {
                let mut changed = document.clone();
                change(at(&mut changed, around), *index);
                for FieldError { field, detail } in read(&changed) {
                    let unknown = detail.starts_with("there is no such member");
                    let has_hint = detail.contains("; did you mean `");
                    // The names of claims' own members are not known where they are read.
                    assert!(
                        !unknown || has_hint || field == "revisionx" || field.contains(".claims."),
                        "{field}: {detail}"
                    );
                }
            }
        }
    }
    assert!(tried > 6_000 && refused > 4_000, "{refused} of {tried}");
}

#[tokio::test]
async fn every_refusal_of_the_api_is_told_in_plain_words() {
    let app = TestApp::start().await;
    assert_eq!(app.api.put("/sites/watch.example.com", &site("watch.example.com")).await.status, 201);
    let body = |value: &Value| value.to_string();
    let with = |member: &str, value: Value| {
        let mut title = title("harbour", "Harbour");
        title[member] = value;
        title.to_string()
    };
    let key = |member: &str, value: Value| {
        let mut keys = keys("watch-sessions");
        keys["keys"][0][member] = value;
        keys.to_string()
    };
    let (put, post, get, delete) = (Method::PUT, Method::POST, Method::GET, Method::DELETE);
    let (titles, revocations) = ("/titles/harbour", "/revocations/watch.example.com");
    let sessions = "/keys/watch-sessions";
    let rows = [
        // Bodies that are not JSON.
        (
            &put,
            titles,
            "{\n  \"id\": harbour}".to_owned(),
            400,
            "line 2, column 9: expected a value, found `h`",
        ),
        (&put, titles, String::new(), 400, "line 1, column 1: expected a JSON document, found nothing"),
        (
            &put,
            titles,
            "{\"id\":\"harbour\",}".to_owned(),
            400,
            "line 1, column 17: expected no comma after the last entry",
        ),
        (
            &post,
            revocations,
            "{what}".to_owned(),
            400,
            "line 1, column 2: expected a member's name in double quotes, found `w`",
        ),
        // Documents.
        (&put, titles, "[]".to_owned(), 422, "expected an object, found an array"),
        (
            &put,
            titles,
            body(&json!({ "id": "harbour" })),
            422,
            "sites: this member is required, and it is missing",
        ),
        (
            &put,
            titles,
            with("generation", json!("3")),
            422,
            "generation: expected a whole number, 0 or more, found `3`",
        ),
        (&put, titles, with("offers", json!({})), 422, "offers: expected an array, found an object"),
        (
            &put,
            titles,
            with("embargo", json!("tomorrow")),
            422,
            "embargo: expected an RFC 3339 date and time with an offset, such as 2026-11-22T18:00:00Z, found `tomorrow`",
        ),
        (
            &put,
            titles,
            with("ofers", json!([])),
            422,
            "ofers: there is no such member; did you mean `offers`?",
        ),
        (
            &put,
            titles,
            with("sites", json!([])),
            422,
            "sites: expected at least one site, or nobody can reach the title",
        ),
        (&put, titles, with("id", json!("pier")), 422, "id: expected `harbour` as in the path, found `pier`"),
        (
            &put,
            titles,
            with("manifest", json!("../pier/master.m3u8")),
            422,
            "manifest: expected a path below the title's folder, such as master.m3u8, found `../pier/master.m3u8`, which leaves the folder",
        ),
        (
            &put,
            titles,
            with("manifest", json!("/master.m3u8")),
            422,
            "manifest: expected a path below the title's folder, such as master.m3u8, found `/master.m3u8`, which begins at the site's root",
        ),
        (
            &put,
            titles,
            with("manifest", json!("%2e%2e/x.mpd")),
            422,
            "manifest: expected a path below the title's folder, such as master.m3u8, found `%2e%2e/x.mpd`, which leaves the folder",
        ),
        (
            &put,
            titles,
            with("manifest", json!("https://a.example/x.mpd")),
            422,
            "manifest: expected a path below the title's folder, such as master.m3u8, found `https://a.example/x.mpd`, which is a URL",
        ),
        (
            &put,
            "/titles/Harbour",
            with("id", json!("Harbour")),
            422,
            "id: in the path: expected a title id: 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit, and not `healthz` or `version`, found `Harbour`",
        ),
        // Keys, whose secrets are not quoted.
        (
            &put,
            sessions,
            key("k", json!("[secret]")),
            422,
            "keys[0].k: key `one`: `k`: expected base64url without padding",
        ),
        (
            &put,
            sessions,
            key("k", json!("c2hvcnQ")),
            422,
            "keys[0]: key `one`: expected `kty` oct with 32 bytes or more in `k` for `alg` HS256",
        ),
        (
            &put,
            sessions,
            key("kty", json!("octet")),
            422,
            "keys[0].kty: key `one`: `kty`: expected EC, RSA, OKP or oct, found `octet`",
        ),
        (
            &put,
            sessions,
            key("k", json!("[redacted]")),
            422,
            "keys[0].k: key `one`: expected its secret, found `[redacted]`, which keeps a stored secret: no shared secret is stored under this `kid`",
        ),
        // Revocations.
        (&post, revocations, body(&json!({})), 422, "what: this member is required, and it is missing"),
        (
            &post,
            revocations,
            body(&json!({ "what": "everything" })),
            422,
            "what: expected an object, {\"everything\": {}}, found `everything` alone",
        ),
        (
            &post,
            revocations,
            body(&json!({ "what": { "titel": "harbour" } })),
            422,
            "what: expected `session`, `subject`, `token`, `title`, `key` or `everything`, found `titel`; did you mean `title`?",
        ),
        (
            &post,
            revocations,
            body(&json!({ "what": { "title": 7 } })),
            422,
            "what.title: expected a string, found 7",
        ),
        (
            &post,
            revocations,
            body(&json!({ "what": { "session": "xyz" } })),
            422,
            "what.session: expected a session id: 16 hexadecimal digits",
        ),
        (
            &post,
            revocations,
            body(&json!({ "what": { "subject": { "issuer": "i" } } })),
            422,
            "what.subject.subject: this member is required, and it is missing",
        ),
        (
            &post,
            revocations,
            body(&json!({ "what": { "everything": {} }, "expire": "x" })),
            422,
            "expire: there is no such member; did you mean `expires`?",
        ),
        (
            &post,
            "/revocations/a%20b",
            body(&json!({ "what": { "everything": {} } })),
            404,
            "expected a host name without a port, such as watch.example.com, found `a b`",
        ),
        (
            &delete,
            "/revocations/watch.example.com/first",
            String::new(),
            404,
            "expected the generation of a revocation, a whole number, found `first`",
        ),
        (
            &delete,
            "/revocations/watch.example.com/99999999999",
            String::new(),
            404,
            "expected the generation of a revocation, a whole number, found `99999999999`",
        ),
        (
            &put,
            revocations,
            body(&json!({})),
            405,
            "/api/v1/revocations/watch.example.com does not take PUT: POST adds one revocation, and DELETE of its generation takes it back",
        ),
        // Paths and queries.
        (
            &get,
            "/title/harbour",
            String::new(),
            404,
            "there is nothing at /api/v1/title/harbour; did you mean /api/v1/titles?",
        ),
        (
            &get,
            "/titles/",
            String::new(),
            404,
            "there is nothing at /api/v1/titles/; the list is at /api/v1/titles",
        ),
        (
            &put,
            "/keys/https://id.example.com/",
            String::new(),
            404,
            "there is nothing at /api/v1/keys/https://id.example.com/; if `https://id.example.com/` is an id, its path is /api/v1/keys/https%3A%2F%2Fid.example.com%2F",
        ),
        (&get, "/titles/%FF", String::new(), 404, "expected an id in percent-encoded UTF-8"),
        (&get, "/revocations/%FF", String::new(), 404, "expected an id in percent-encoded UTF-8"),
        (
            &delete,
            "/revocations/watch.example.com/%FF",
            String::new(),
            404,
            "expected an id in percent-encoded UTF-8",
        ),
        (&get, "/titles?limit=many", String::new(), 400, "expected 1 to 500 in `limit`, found `many`"),
        (
            &get,
            "/titles?limit=99999999999999999999999",
            String::new(),
            400,
            "expected 1 to 500 in `limit`, found `99999999999999999999999`",
        ),
        (
            &get,
            "/revocations/watch.example.com?after=first",
            String::new(),
            400,
            "expected a generation in `after`",
        ),
        (
            &post,
            "/titles/harbour",
            String::new(),
            405,
            "/api/v1/titles/harbour does not take POST, but the methods of the header Allow",
        ),
    ];
    for (method, path, body, status, detail) in rows {
        let request = app.api.request(method.clone(), path).header("content-type", "application/json");
        let answer = send(request.body(body.clone())).await;
        let found = answer.body["detail"].as_str().unwrap_or_default();
        assert_eq!((answer.status, found), (status, detail), "{method} {path} {body}");
        plain(found);
        if status == 405 {
            assert!(!answer.header("allow").is_empty(), "{answer:?}");
        }
    }
    for (name, value, status, detail) in [
        (
            "content-type",
            "application/x-www-form-urlencoded",
            415,
            "expected Content-Type: application/json, found application/x-www-form-urlencoded",
        ),
        ("content-type", "", 415, "expected Content-Type: application/json, found none"),
        ("if-match", "7, \u{e9}", 400, "expected one header if-match of visible ASCII"),
        (
            "if-none-match",
            "\"7\"",
            400,
            "expected If-Match: \"<revision>\" or If-None-Match: *, and not both",
        ),
    ] {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert(name, reqwest::header::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let request = app.api.request(Method::PUT, "/titles/harbour").headers(headers);
        let answer = send(request.body(title("harbour", "Harbour").to_string())).await;
        assert_eq!(
            (answer.status, answer.body["detail"].as_str()),
            (status, Some(detail)),
            "{name}: {value}"
        );
        plain(detail);
    }
}
