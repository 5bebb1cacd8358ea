//! One row for each kind of error, over all kinds of documents.

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{MOST_ERRORS, Unreadable, read};
use crate::catalog::{KeySet, Revocations, Site, Title};

fn errors<D: DeserializeOwned>(json: &str) -> Vec<(String, String)> {
    match read::<D>(json.as_bytes()) {
        Err(Unreadable::Fields(errors)) => {
            errors.into_iter().map(|error| (error.field, error.detail)).collect()
        }
        Err(Unreadable::Malformed(error)) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

fn title(members: &str) -> Vec<(String, String)> {
    errors::<Title>(&format!(r#"{{"id":"harbour","sites":["a.example"]{members}}}"#))
}

fn offer(members: &str) -> Vec<(String, String)> {
    title(&format!(r#","offers":[{{"id":"a","territories":{{"allow":["*"]}}{members}}}]"#))
}

fn site(members: &str) -> Vec<(String, String)> {
    errors::<Site>(&format!(
        r#"{{"host":"a.example","media":{{"origin":"https://m.example/"}},"tokens":{{"issuers":["i"]}},"sessions":{{"keys":"s"}}{members}}}"#
    ))
}

fn keys(keys: &str) -> Vec<(String, String)> {
    errors::<KeySet>(&format!(r#"{{"issuer":"i","keys":{keys}}}"#))
}

fn revocations(revoked: &str) -> Vec<(String, String)> {
    errors::<Revocations>(&format!(
        r#"{{"host":"a.example","generation":1,"revoked":[{{"what":{revoked},"generation":1,"at":"2026-11-22T18:00:00Z"}}]}}"#
    ))
}

#[test]
fn each_kind_of_error_is_in_plain_words() {
    let rows = [
        // The document itself.
        (errors::<Title>("[]"), ".", "expected an object, found an array"),
        (errors::<Site>("7"), ".", "expected an object, found 7"),
        (errors::<KeySet>("null"), ".", "expected an object, found null"),
        (errors::<Revocations>("\"x\""), ".", "expected an object, found `x`"),
        // Members.
        (title(""), "offers", "this member is required, and it is missing"),
        (errors::<Site>(r#"{"host":"a.example"}"#), "media", "this member is required, and it is missing"),
        (errors::<KeySet>(r#"{"issuer":"i"}"#), "keys", "this member is required, and it is missing"),
        (
            errors::<Revocations>(r#"{"host":"a.example","generation":1}"#),
            "revoked",
            "this member is required, and it is missing",
        ),
        (title(r#","offers":[],"colour":"blue""#), "colour", "there is no such member"),
        (
            offer(r#","caps":{"max_heigth":1}"#),
            "offers[0].caps.max_heigth",
            "there is no such member; did you mean `max_height`?",
        ),
        (
            offer(r#","caps":{"maxHeight":1}"#),
            "offers[0].caps.maxHeight",
            "there is no such member; did you mean `max_height`?",
        ),
        (offer(r#","id":"b""#), "offers[0].id", "expected this member once, found it twice"),
        (
            title(r#","offers":[],"names":{"en":"a","en":"b"}"#),
            "names.en",
            "expected this member once, found it twice",
        ),
        // Types.
        (title(r#","offers":{}"#), "offers", "expected an array, found an object"),
        (title(r#","offers":[7]"#), "offers[0]", "expected an object, found 7"),
        (title(r#","offers":[["a",{"allow":[]}]]"#), "offers[0]", "expected an object, found an array"),
        (title(r#","offers":[],"names":["Harbour"]"#), "names", "expected an object, found an array"),
        (title(r#","offers":[],"names":{"en":null}"#), "names.en", "expected a string, found null"),
        (
            title(r#","offers":[],"generation":-1"#),
            "generation",
            "expected a whole number, 0 or more, found -1",
        ),
        (
            title(r#","offers":[],"generation":1.0"#),
            "generation",
            "expected a whole number, 0 or more, found 1.0",
        ),
        (
            title(r#","offers":[],"generation":"3""#),
            "generation",
            "expected a whole number, 0 or more, found `3`",
        ),
        (
            title(r#","offers":[],"generation":1e30"#),
            "generation",
            "expected a whole number, 0 or more, found 1e30",
        ),
        (
            offer(r#","caps":{"max_height":true}"#),
            "offers[0].caps.max_height",
            "expected a whole number from 0 to 4294967295, found true",
        ),
        (
            offer(r#","caps":{"max_height":4294967296}"#),
            "offers[0].caps.max_height",
            "expected a whole number from 0 to 4294967295, found 4294967296",
        ),
        (offer(r#","caps":{"hdr":"yes"}"#), "offers[0].caps.hdr", "expected true or false, found `yes`"),
        (
            offer(r#","caps":{"max_frame_rate":"60"}"#),
            "offers[0].caps.max_frame_rate",
            "expected a number, found `60`",
        ),
        (
            offer(r#","caps":{"max_frame_rate":0}"#),
            "offers[0].caps.max_frame_rate",
            "expected 0.001 to 1000 frames a second, found 0",
        ),
        (
            site(r#","ratings":{"unrated":{"age":256}}"#),
            "ratings.unrated.age",
            "expected a whole number from 0 to 255, found 256",
        ),
        (site(r#","cors":{"origins":"*"}"#), "cors.origins", "expected an array, found `*`"),
        (site(r#","sessions":{}"#), "sessions", "expected this member once, found it twice"),
        // One of several.
        (
            offer(r#","model":"svodd""#),
            "offers[0].model",
            "expected `svod`, `avod`, `tvod` or `free`, found `svodd`; did you mean `svod`?",
        ),
        (offer(r#","model":7"#), "offers[0].model", "expected `svod`, `avod`, `tvod` or `free`, found 7"),
        (
            offer(r#","model":"""#),
            "offers[0].model",
            "expected `svod`, `avod`, `tvod` or `free`, found an empty string",
        ),
        (offer(r#","model":{"svod":1}"#), "offers[0].model", "expected the string `svod`, found an object"),
        (
            offer(r#","model":{}"#),
            "offers[0].model",
            "expected `svod`, `avod`, `tvod` or `free`, found an object with 0 members",
        ),
        (
            site(r#","playlists":{"start":{"phone":{}}}"#),
            "playlists.start.phone",
            "expected `mobile`, `tablet`, `desktop`, `tv`, `stb`, `console`, `cast` or `other`, found `phone`",
        ),
        (
            site(r#","geography":{"unknown":"wrold"}"#),
            "geography.unknown",
            "expected `deny` or `world`, found `wrold`; did you mean `world`?",
        ),
        (
            site(r#","ratings":{"unrated":"age"}"#),
            "ratings.unrated",
            "expected an object, {\"age\": …}, found `age` alone",
        ),
        (
            revocations(r#"{"everything":null}"#),
            "revoked[0].what.everything",
            "expected an object, found null",
        ),
        (
            revocations(r#""everything""#),
            "revoked[0].what",
            "expected an object, {\"everything\": {}}, found `everything` alone",
        ),
        (
            revocations(r#"{"titel":"a"}"#),
            "revoked[0].what",
            "expected `session`, `subject`, `token`, `title`, `key` or `everything`, found `titel`; did you mean `title`?",
        ),
        (
            revocations(r#"{"title":"a","session":"b"}"#),
            "revoked[0].what",
            "expected `session`, `subject`, `token`, `title`, `key` or `everything`, found an object with 2 members",
        ),
        // Texts with a form.
        (
            revocations(r#"{"session":"xyz"}"#),
            "revoked[0].what.session",
            "expected a session id: 16 hexadecimal digits",
        ),
        (offer(r#","window":{"from":7}"#), "offers[0].window.from", "expected a string, found 7"),
        (site(r#","tokens":[]"#), "tokens", "expected this member once, found it twice"),
        // Keys.
        (keys("{}"), "keys", "expected an array, found an object"),
        (keys("[7]"), "keys[0]", "expected an object, found 7"),
        (keys(r#"[{"kid":"a"}]"#), "keys[0].kty", "key `a`: `kty`: expected a string"),
        (
            keys(r#"[{"kid":"a","kty":"oct","k":"AA","k":"AA"}]"#),
            "keys[0].k",
            "expected this member once, found it twice",
        ),
        (
            keys(r#"[{"kid":"a","kty":"oct","k":"[redacted]"}]"#),
            "keys[0].k",
            "key `a`: `k`: expected base64url without padding",
        ),
        (
            keys(r#"[{"kid":"a","kty":"oct","k":"AAAA"},{"kid":"a","kty":"oct","k":"AAAA"}]"#),
            "keys",
            "expected a `kid` of its own for each key, found `a` twice",
        ),
        (
            errors::<KeySet>(r#"{"issuer":"i","keys":[],"published":{"url":"id.example.com"}}"#),
            "published.url",
            "expected a URL such as https://id.example.com/.well-known/jwks.json, found `id.example.com`",
        ),
    ];
    for (found, field, detail) in rows {
        assert_eq!(found, [(field.to_owned(), detail.to_owned())]);
    }
}

#[test]
fn checks_over_several_members_name_one() {
    let own = errors::<Site>(
        r#"{"host":"a.example","media":{"origin":"https://a.example/"},"tokens":{"issuers":["i"]},"sessions":{"keys":"s"}}"#,
    );
    assert_eq!(own[0].0, "media.origin");
    let steering = site(r#","steering":{"clones":[{"id":"b","base_id":".","host":"b.example"}]}"#);
    assert_eq!(steering[0].0, "steering.clones[0].host", "{steering:?}");
}

#[test]
fn unknown_members_are_reported_beside_the_value_that_cannot_be_read() {
    let found = title(r#","ofers":[],"x":1"#);
    let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["ofers", "x", "offers"]);
    assert!(found[0].1.ends_with("did you mean `offers`?"), "{found:?}");
}

#[test]
fn what_strangers_write_has_a_limit() {
    let many: Vec<_> = (0..10_000).map(|n| format!(r#""x{n}":1"#)).collect();
    assert_eq!(title(&format!(r#","offers":[],{}"#, many.join(","))).len(), MOST_ERRORS);
    let long = "x".repeat(100_000);
    let found = title(&format!(r#","offers":[],"{long}":{{"{long}":1}}"#));
    assert!(found[0].0.chars().count() <= 81, "{} characters", found[0].0.len());
    let found = offer(&format!(r#","model":"{long}""#));
    assert!(found[0].1.len() < 200, "{}", found[0].1);
}

#[test]
fn a_type_may_refuse_unknown_members_itself() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(default, rename = "expires")]
        _expires: Option<u32>,
    }
    let found = errors::<Vec<Strict>>(r#"[{"expire":7}]"#);
    let detail = "there is no such member; did you mean `expires`?";
    assert_eq!(found, [("[0].expire".to_owned(), detail.to_owned())]);
}

#[test]
fn nobody_descends_into_an_unknown_member() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let found = site(&format!(r#","x":{{"jwt":{deep}}}"#));
    assert_eq!(found, [("x".to_owned(), "there is no such member".to_owned())]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r#"[\[\]{}:,"a-c0-9.e\\u -]{0,60}"#) {
        let _ = read::<Site>(text.as_bytes());
        let _ = read::<Title>(format!(r#"{{"id":"a","sites":[],"offers":{text}}}"#).as_bytes());
        let _ = read::<serde_json::Value>(text.as_bytes());
    }

    #[test]
    fn what_serde_json_reads_is_read_alike(offers in 0_u8..4, height: Option<u32>, rate in 1_u32..1_000, name in ".{0,20}") {
        let offer = |n| json!({ "id": format!("o{n}"), "territories": { "allow": ["*"] }, "caps": { "max_height": height, "max_frame_rate": rate } });
        let title = json!({ "id": "a", "sites": ["a.example"], "names": { "en": name }, "offers": (0..offers).map(offer).collect::<Vec<_>>() });
        let text = title.to_string();
        prop_assert_eq!(read::<Title>(text.as_bytes()).unwrap(), serde_json::from_str::<Title>(&text).unwrap());
    }
}
