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

/// A document of each kind, with its key and every path in it.
fn examples() -> Vec<(&'static str, Tree)> {
    let read = |kind: &str| {
        let path = format!("{}/../kv-schemas/{kind}.example.json", env!("CARGO_MANIFEST_DIR"));
        Tree::parse(&fs::read(path).unwrap()).unwrap()
    };
    vec![
        ("v1/site/watch.example.com", read("site")),
        ("v1/title/harbour", read("title")),
        ("v1/keys/https://id.example.com/", read("keys")),
        ("v1/revocations/watch.example.com", read("revocations")),
    ]
}

/// Calls `change` with each variation of a tree that differs in one place.
fn each_place(tree: &Tree, change: &mut dyn FnMut(&dyn Fn(&dyn Fn(&mut Tree, usize)) -> Tree)) {
    let mut paths = vec![vec![]];
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        let children = match at(&mut tree.clone(), &path) {
            Tree::List(items) => items.len(),
            Tree::Members(members) => members.len(),
            _ => 0,
        };
        paths.extend((0..children).map(|index| [path.as_slice(), &[index]].concat()));
        next += 1;
    }
    for path in paths.iter().skip(1) {
        let (index, parent) = path.split_last().unwrap();
        change(&|edit| {
            let mut changed = tree.clone();
            edit(at(&mut changed, parent), *index);
            changed
        });
    }
}

fn at<'t>(tree: &'t mut Tree, path: &[usize]) -> &'t mut Tree {
    path.iter().fold(tree, |tree, index| match tree {
        Tree::List(items) => &mut items[*index],
        Tree::Members(members) => &mut members[*index].1,
        _ => unreachable!(),
    })
}

#[test]
fn every_error_in_an_example_is_told_in_plain_words() {
    let values =
        ["null", "true", "-1", "1.5", "1e30", "300", "\"x\"", "\"\"", "[]", "{}", "[[]]", "{\"x\":1}"];
    let values = values.map(|json| Tree::parse(json.as_bytes()).unwrap());
    let (mut tried, mut refused) = (0, 0);
    for (key, example) in examples() {
        let key = key.parse().unwrap();
        let mut read = |tree: Tree| {
            let sent = serde_json::to_string(&tree).unwrap();
            tried += 1;
            match validate::document(&key, sent.as_bytes()) {
                Ok(_) => None,
                Err(Invalid::Fields(errors)) => {
                    refused += 1;
                    assert_plain(&errors, &sent);
                    if std::env::var_os("SHOW").is_some() {
                        for e in &errors {
                            println!("MSG {} :: {}", e.field, e.detail);
                        }
                    }
                    Some(errors)
                }
                Err(other) => panic!("{other:?}: {sent}"),
            }
        };
        assert_eq!(read(example.clone()), None, "{key}");
        each_place(&example, &mut |changed| {
            for value in &values {
                read(changed(&|parent, index| *at(parent, &[index]) = value.clone()));
            }
            read(changed(&|parent, index| match parent {
                Tree::List(items) => drop(items.remove(index)),
                Tree::Members(members) => drop(members.remove(index)),
                _ => {}
            }));
            read(changed(&|parent, index| match parent {
                Tree::List(items) => items.push(items[index].clone()),
                Tree::Members(members) => members.push(members[index].clone()),
                _ => {}
            }));
            read(changed(&|parent, index| {
                if let Tree::Members(members) = parent {
                    members[index].0.push('x');
                }
            }));
        });
    }
    assert!(tried > 4_000 && refused > 2_000, "{refused} of {tried}");
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
}
