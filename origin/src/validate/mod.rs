//! Checks a document of the CMS with the same types with which the edge reads it.
//!
//! The edge ignores unknown members. Here an editor can still correct a typing error, so they are refused by name. Only a JSON Web
//! Key may have further members ([RFC 7517 section 4]). [`stagedoor::reading`] says what is wrong with a document in plain words.
//!
//! [RFC 7517 section 4]: https://www.rfc-editor.org/rfc/rfc7517#section-4

mod ads;
mod hosts;
mod manifest;
mod rules;
mod sent;
mod withheld;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stagedoor::catalog::{
    Campaigns, Creative, DocumentKey, DocumentKind, KeySet, Revocations, Site, SyncBatch, Title,
};
use stagedoor::reading::{MOST_ERRORS, Malformed, Tree, Unreadable};

pub use hosts::{clashes, fetched};
use rules::Rules;
pub use stagedoor::reading::FieldError;
pub use withheld::{with_stored_secrets, without_secrets};

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It is not JSON.
    Malformed(Malformed),
    /// Its canonical form is longer than a document of its kind may be ([`SyncBatch::longest_document`]).
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// It is not a document of its kind. All errors, in the order of the document.
    Fields(Vec<FieldError>),
}

impl From<Malformed> for Invalid {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl From<Unreadable> for Invalid {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed(error) => Self::Malformed(error),
            Unreadable::Fields(errors) => Self::Fields(errors),
        }
    }
}

/// Checks the body of a document that is to be stored under `key`. The body may be a whole reply of this API: see `sent.rs`.
///
/// Returns the canonical form that is stored and sent: defaults filled in, host names and times in their canonical spelling. In a set
/// of keys with secrets to keep, they are not filled in yet: see [`with_stored_secrets`]. Conflicts with other documents are not
/// checked here: see [`clashes`].
pub fn document(key: &DocumentKey, body: &[u8]) -> Result<String, Invalid> {
    let tree = sent::document(key, Tree::parse(body)?).map_err(|error| Invalid::Fields(vec![error]))?;
    match key.kind() {
        DocumentKind::Site => check::<Site>(key, &tree),
        DocumentKind::Title => check::<Title>(key, &tree),
        DocumentKind::Keys => withheld::check(tree, |tree| check::<KeySet>(key, tree)),
        DocumentKind::Revocations => check::<Revocations>(key, &tree),
        DocumentKind::Campaigns => check::<Campaigns>(key, &tree),
        DocumentKind::Creative => check::<Creative>(key, &tree),
    }
}

/// Reads another body than a document's. Unknown members are refused.
pub fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Invalid> {
    Ok(stagedoor::reading::read(body)?)
}

/// The member that repeats the identifier in a document of this kind.
pub const fn id_field(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Site | DocumentKind::Revocations | DocumentKind::Campaigns => "host",
        DocumentKind::Title | DocumentKind::Creative => "id",
        DocumentKind::Keys => "issuer",
    }
}

fn check<D: DeserializeOwned + Serialize + Rules>(key: &DocumentKey, tree: &Tree) -> Result<String, Invalid> {
    let (document, mut errors) = tree.read::<D>();
    let Some(document) = document else { return Err(Invalid::Fields(errors)) };
    if document.id() != key.id() {
        let detail = format!("expected `{}` as in the path, found `{}`", key.id(), document.id());
        errors.push(FieldError { field: id_field(key.kind()).to_owned(), detail });
    }
    document.rules(&mut |field, detail| errors.push(FieldError { field, detail }));
    if !errors.is_empty() {
        errors.truncate(MOST_ERRORS);
        return Err(Invalid::Fields(errors));
    }
    canonical(&document, key.kind())
}

/// The form of a document that is stored and sent. Its defaults, filled in, make it longer.
fn canonical<D: Serialize>(document: &D, kind: DocumentKind) -> Result<String, Invalid> {
    let text = serde_json::to_string(document).map_err(|error| {
        Invalid::Fields(vec![FieldError { field: ".".to_owned(), detail: error.to_string() }])
    })?;
    let limit_bytes = SyncBatch::longest_document(kind);
    if text.len() > limit_bytes { Err(Invalid::TooLarge { limit_bytes }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(key: &str, body: &str) -> Vec<(String, String)> {
        match document(&key.parse().unwrap(), body.as_bytes()) {
            Err(Invalid::Fields(errors)) => errors.into_iter().map(|e| (e.field, e.detail)).collect(),
            other => panic!("expected errors by field, found {other:?}"),
        }
    }

    const OFFER: &str = r#"{"id":"all","territories":{"allow":["*"]}}"#;

    fn title(offers: &str) -> String {
        format!(r#"{{"id":"harbour","sites":["watch.example.com"],"offers":[{offers}]}}"#)
    }

    #[test]
    fn the_canonical_spelling_counts() {
        // Host names are stored in their ASCII form, which is longer.
        let key = "v1/title/harbour".parse().unwrap();
        let written = |count: usize| {
            let sites: Vec<_> = (0..count).map(|n| format!("\"\u{fc}{n}.de\"")).collect();
            let sent = format!(r#"{{"id":"harbour","sites":[{}],"offers":[]}}"#, sites.join(","));
            (sent.len(), document(&key, sent.as_bytes()))
        };
        let (sent, kept) = written(100);
        assert!(kept.unwrap().len() > sent + sent / 4, "it does not grow: this test says nothing");
        let (sent, refused) = written(70_000);
        assert!(sent < SyncBatch::MAX_DOCUMENT_BYTES, "{sent} bytes");
        assert_eq!(refused, Err(Invalid::TooLarge { limit_bytes: SyncBatch::MAX_DOCUMENT_BYTES }));
    }

    #[test]
    fn an_edge_can_read_every_accepted_document_within_a_batch() {
        let require = |deep: &str| {
            format!(
                r#"{{"host":"a.example","media":{{"origin":"https://m.example/"}},"sessions":{{"keys":"s"}},
                    "tokens":{{"issuers":["i"],"accept":[{{"jwt":{{"require":{{"x":{deep}}}}}}}]}}}}"#
            )
        };
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let key: DocumentKey = "v1/site/a.example".parse().unwrap();
        // Six levels belong to the site.
        let kept = document(&key, require(&nested(SyncBatch::DEEPEST - 6)).as_bytes()).unwrap();
        let batch = format!(r#"{{"changes":[{{"key":"{key}","revision":1,"document":{kept}}}]}}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&batch).is_ok());
        for levels in [SyncBatch::DEEPEST - 5, 120, 100_000] {
            let found = errors("v1/site/a.example", &require(&nested(levels)));
            let (field, detail) = &found[0];
            assert!(
                field.starts_with("tokens.accept[0].jwt.require.x[0][0]") && field.len() < 200,
                "{field}"
            );
            assert!(detail.contains("expected 32 levels"), "{detail}");
        }
    }

    #[test]
    fn each_error_names_its_member() {
        let cases = [
            (
                title(r#"{"id":"a","territories":{"allow":["AE","ae"]}}"#),
                "offers[0].territories.allow[1]",
                "found `ae`",
            ),
            (
                title(r#"{"id":"a","territories":{}}"#),
                "offers[0].territories.allow",
                "this member is required, and it is missing",
            ),
            (
                title(r#"{"id":"a","territories":{"allow":[]},"caps":{"max_heigth":1}}"#),
                "offers[0].caps.max_heigth",
                "no such member",
            ),
            (
                title(&OFFER.replace("all\"", "all\",\"id\":\"b\"")),
                "offers[0].id",
                "expected this member once, found it twice",
            ),
            (title(&format!("{OFFER},{OFFER}")), "offers[1].id", "`all`"),
            (title(OFFER).replace(r#"["watch.example.com"]"#, "[]"), "sites", "at least one"),
            (
                title(OFFER).replace("harbour", "other"),
                "id",
                "expected `harbour` as in the path, found `other`",
            ),
            (
                title(OFFER).replace("]}}]", "]},\"window\":{\"from\":\"soon\"}}]"),
                "offers[0].window.from",
                "RFC 3339",
            ),
            ("[]".to_owned(), ".", "expected an object, found an array"),
        ];
        for (body, field, detail) in cases {
            let errors = errors("v1/title/harbour", &body);
            assert_eq!(errors.len(), 1, "{body}: {errors:?}");
            assert_eq!(errors[0].0, field, "{body}: {errors:?}");
            assert!(errors[0].1.contains(detail) && !errors[0].1.contains(" at line "), "{body}: {errors:?}");
        }
    }

    #[test]
    fn the_offers_compared_for_one_viewer_have_a_limit() {
        let offers = |count: usize| {
            let offer = |number: usize| {
                format!(r#"{{"id":"o{number}","territories":{{"allow":["*"]}},"plans":["a","b","c","d"]}}"#)
            };
            title(&(0..count).map(offer).collect::<Vec<_>>().join(","))
        };
        let kept = document(&"v1/title/harbour".parse().unwrap(), offers(2_000).as_bytes());
        assert!(kept.is_ok(), "{:?}", kept.err());
        let found = errors("v1/title/harbour", &offers(2_001));
        assert_eq!(found.len(), 1, "{found:?}");
        let (field, detail) = &found[0];
        assert_eq!(field, "offers");
        assert!(detail.contains("10000") && detail.ends_with("found 10005"), "{detail}");
    }

    #[test]
    fn contradictions_in_an_offer_are_reported() {
        let offer =
            |members: &str| title(&format!(r#"{{"id":"a","territories":{{"allow":["*"]}},{members}}}"#));
        let with = |members: &str| title(OFFER).replace("\"offers\"", &format!("{members},\"offers\""));
        let cut = r#"{"id":"long","media":"long/"}"#;
        let blackout = r#"{"id":"b","territories":{"allow":["US"]},"action":"deny"}"#;
        let cases = [
            (offer(r#""model":"svod""#), "offers[0].plans", "at least one plan"),
            (offer(r#""model":"tvod""#), "offers[0].entitlements", "at least one entitlement"),
            (offer(r#""model":"free","plans":["gold"]"#), "offers[0].plans", "no plans"),
            (offer(r#""rental_s":60"#), "offers[0].rental_s", "`entitlements` beside it"),
            (offer(r#""entitlements":["a"],"rental_s":0"#), "offers[0].rental_s", "one second"),
            (offer(r#""variance":"long""#), "offers[0].variance", "found `long`"),
            (
                offer(concat!(
                    r#""window":{"until":"2027-01-01T00:00:00Z"},"#,
                    r#""premieres":[{"territories":{"allow":["AE"]},"from":"2027-01-01T00:00:00Z"}]"#
                )),
                "offers[0].premieres[0].from",
                "before the window's `until`",
            ),
            (offer(r#""rules":{"embargo":{"mode":"log"}}"#), "offers[0].rules.embargo", "no such member"),
            (offer(r#""rules":{"plan":{"percent":101}}"#), "offers[0].rules.plan.percent", "0 to 100"),
            (offer(r#""devices":["fridge"]"#), "offers[0].devices[0]", "or `other`, found `fridge`"),
            (with(&format!(r#""variances":[{cut},{cut}]"#)), "variances[1].id", "`long` again"),
            (with(&format!(r#""blackouts":[{blackout},{blackout}]"#)), "blackouts[1].id", "`b` again"),
            (
                with(r#""ratings":{"fsk":"15"}"#),
                "ratings.fsk",
                "expected `0`, `6`, `12`, `16` or `18`, found `15`",
            ),
            (with(r#""ratings":{"fks":"12"}"#), "ratings.fks", "no such member"),
            (
                with(&format!(r#""blackouts":[{}]"#, blackout.replace("\"US\"", ""))),
                "blackouts[0].territories.allow",
                "nowhere",
            ),
            (
                with(&format!(
                    r#""blackouts":[{}]"#,
                    blackout.replace("\"deny\"", r#"{"slate":{"media":"s/","x":1}}"#)
                )),
                "blackouts[0].action.slate.x",
                "no such member",
            ),
        ];
        for (body, field, detail) in cases {
            let errors = errors("v1/title/harbour", &body);
            assert_eq!(errors.len(), 1, "{body}: {errors:?}");
            assert_eq!(errors[0].0, field, "{body}: {errors:?}");
            assert!(errors[0].1.contains(detail), "{body}: {errors:?}");
        }
        let whole =
            with(&format!(r#""variances":[{cut}],"blackouts":[{blackout}],"ratings":{{"fsk":"12"}}"#));
        assert!(document(&"v1/title/harbour".parse().unwrap(), whole.as_bytes()).is_ok());
    }

    #[test]
    fn groups_of_a_site_are_consistent() {
        let site = |members: &str| {
            format!(
                r#"{{"host":"watch.example.com","media":{{"origin":"https://m.example/vod/"}},
                "tokens":{{"issuers":["i"]}},"sessions":{{"keys":"k"}},{members}}}"#
            )
        };
        let key = "v1/site/watch.example.com";
        let found = errors(key, &site(r#""geography":{"groups":{"a":["AE"],"b":["SA","group:a"]}}"#));
        assert_eq!(found[0].0, "geography.groups.b[1]", "{found:?}");
        let found = errors(key, &site(r#""ratings":{"systems":{"group:a":"uae"}}"#));
        assert_eq!(found[0].0, "ratings.systems.group:a", "{found:?}");
        let good = site(r#""geography":{"groups":{"a":["AE"]}},"ratings":{"systems":{"group:a":"uae"}}"#);
        assert!(document(&key.parse().unwrap(), good.as_bytes()).is_ok());
    }

    #[test]
    fn pages_are_named_as_browsers_name_them() {
        let site = |origins: &str| {
            format!(
                r#"{{"host":"watch.example.com","media":{{"origin":"https://m.example/vod/"}},
                "tokens":{{"issuers":["i"]}},"sessions":{{"keys":"k"}},"cors":{{"origins":[{origins}]}}}}"#
            )
        };
        let key = "v1/site/watch.example.com";
        let good =
            site(r#""*","null","https://www.example.com","http://localhost:8080","file://","app://player""#);
        assert!(document(&key.parse().unwrap(), good.as_bytes()).is_ok());
        for bad in [
            "https://www.example.com/",
            "www.example.com",
            "HTTPS://a.example",
            "https://a.example:443",
            "https://*.a.example/x",
            "",
        ] {
            let found = errors(key, &site(&format!(r#""*","{bad}""#)));
            assert_eq!(found[0].0, "cors.origins[1]", "{bad}: {found:?}");
        }
    }

    #[test]
    fn a_site_passes_no_credential_on() {
        let site = |media: &str, tokens: &str| {
            let body = format!(
                r#"{{"host":"watch.example.com","media":{{"origin":"https://m.example/vod/"{media}}},
                "tokens":{{"issuers":["i"]{tokens}}},"sessions":{{"keys":"k"}}}}"#
            );
            match document(&"v1/site/watch.example.com".parse().unwrap(), body.as_bytes()) {
                Err(Invalid::Fields(errors)) => errors.into_iter().map(|error| error.field).collect(),
                Ok(_) => Vec::new(),
                Err(other) => panic!("{other:?}"),
            }
        };
        let edge_auth = r#","accept":[{"edge_auth":{"keys":"k"}}]"#;
        assert_eq!(site(r#","query":["a","hdnts"]"#, edge_auth), ["media.query[1]"]);
        assert_eq!(site(r#","query":["token","sd_session"]"#, ""), ["media.query[0]", "media.query[1]"]);
        // A parameter of the media origin's own, if the site does not accept the dialect.
        assert!(site(r#","query":["a","hdnts"]"#, "").is_empty());
        let header = r#","accept":[{"jwt":{"placements":["authorization",{"header":"range"}]}}]"#;
        assert_eq!(site("", header), ["tokens.accept[0].jwt.placements[1].header"]);
    }

    #[test]
    fn steering_of_a_site_is_consistent() {
        let site = |steering: &str| {
            let body = format!(
                r#"{{"host":"watch.example.com","media":{{"origin":"https://m.example/vod/"}},
                "tokens":{{"issuers":["i"]}},"sessions":{{"keys":"k"}},"steering":{steering}}}"#
            );
            errors("v1/site/watch.example.com", &body).remove(0)
        };
        let clone = r#"{"id":"c","base_id":".","host":"evil.example"}"#;
        let (field, detail) = site(&format!(r#"{{"clones":[{clone}]}}"#));
        assert_eq!(field, "steering.clones[0].host");
        assert!(
            detail.starts_with("expected the site's own host or one of `media.foreign.sign`"),
            "{detail}"
        );
        let (field, _) = site(r#"{"priorities":[{"territories":{"allow":["AE","UK"]},"order":[]}]}"#);
        assert_eq!(field, "steering.priorities[0].territories.allow[1]");
        let (field, _) = site(r#"{"clones":[{"id":"c","base":"."}]}"#);
        assert_eq!(field, "steering.clones[0].base");
    }

    #[test]
    fn a_code_of_no_country_is_reported() {
        let list = r#"{"allow":["GB","UK"],"deny":["XK","EU","ZZ-A","postal:UK-1"]}"#;
        let body = format!(
            r#"{{"id":"harbour","sites":["watch.example.com"],
            "variances":[{{"id":"v","media":"v/","territories":{list}}}],
            "blackouts":[{{"id":"b","action":"deny","territories":{list}}}],
            "offers":[{{"id":"o","territories":{list},
                "premieres":[{{"territories":{list},"from":"2026-12-01T00:00:00Z"}}]}}]}}"#
        );
        let found = errors("v1/title/harbour", &body);
        for list in ["variances[0]", "blackouts[0]", "offers[0]", "offers[0].premieres[0]"] {
            for (entry, detail) in [
                ("allow[1]", "found `UK`; the United Kingdom is GB"),
                ("deny[1]", "`continent:EU`"),
                ("deny[2]", "found `ZZ`"),
                ("deny[3]", "GB"),
            ] {
                let field = format!("{list}.territories.{entry}");
                assert!(
                    found.iter().any(|(at, told)| *at == field && told.contains(detail)),
                    "{field}: {found:?}"
                );
            }
        }
        assert_eq!(found.len(), 16, "{found:?}");
        let site = r#"{"host":"a.example","media":{"origin":"https://m.example/"},"tokens":{"issuers":["i"]},
            "sessions":{"keys":"s"},"geography":{"groups":{"isles":["IE","UK"]}},"ratings":{"systems":{"UK":"bbfc"}}}"#;
        let fields: Vec<_> = errors("v1/site/a.example", site).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["geography.groups.isles[1]", "ratings.systems.UK"]);
    }

    #[test]
    fn every_error_that_serde_survives_is_reported_at_once() {
        let body =
            title(&format!("{OFFER},{OFFER}")).replace("watch.example.com\"]", "a.example\"],\"colour\":1");
        let fields: Vec<_> = errors("v1/title/other", &body).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["colour", "id", "offers[1].id"]);
    }

    #[test]
    fn malformed_json_and_invalid_documents_are_different_errors() {
        let found = document(&"v1/title/harbour".parse().unwrap(), b"{\n  \"id\": harbour}").unwrap_err();
        assert!(matches!(found, Invalid::Malformed(Malformed { line: 2, column: 9, .. })), "{found:?}");
        let found = document(&"v1/title/harbour".parse().unwrap(), b"{} {}").unwrap_err();
        assert!(matches!(found, Invalid::Malformed(Malformed { line: 1, column: 4, .. })), "{found:?}");
    }

    const KEYS: &str = r#"{"issuer":"sessions","keys":[{"kty":"oct","kid":"a","alg":"HS256","use":"sig","x5t":["?"],
        "k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;

    #[test]
    fn a_jwk_may_have_more_members_and_its_set_may_not() {
        let stored = document(&"v1/keys/sessions".parse().unwrap(), KEYS.as_bytes()).unwrap();
        assert!(!stored.contains("x5t"), "{stored}");
        let found = errors("v1/keys/sessions", &KEYS.replace("{\"issuer\"", "{\"kyes\":[],\"issuer\""));
        assert_eq!(found, [("kyes".to_owned(), "there is no such member; did you mean `keys`?".to_owned())]);
    }

    #[test]
    fn errors_in_a_jwk_name_the_key_and_do_not_quote_the_secret() {
        let found = errors("v1/keys/sessions", &KEYS.replace("\"k\":", "\"kk\":"));
        assert_eq!(found[0].0, "keys[0].k", "{found:?}");
        let found = errors("v1/keys/sessions", &KEYS.replace("AAAA\"", "+secret+\""));
        assert_eq!(found[0].0, "keys[0].k");
        assert_eq!(found[0].1, "key `a`: `k`: expected base64url without padding");
        // Base64 whose last character has unused bits.
        let found = errors("v1/keys/sessions", &KEYS.replace("AAAA\"", "AAAB\""));
        assert_eq!(found[0].0, "keys[0].k", "{found:?}");
        let found = errors("v1/keys/sessions", &KEYS.replace("HS256", "HS999"));
        assert_eq!(found[0].0, "keys[0].alg", "{found:?}");
    }

    #[test]
    fn the_stored_spelling_is_canonical() {
        let body = r#"{"host":"Watch.Example.com","media":{"origin":"https://m.example/vod"},"tokens":{"issuers":["i"]},"sessions":{"keys":"k"}}"#;
        let found = errors("v1/site/watch.example.com", body);
        assert_eq!(found[0].0, "media.origin", "{found:?}");
        let stored =
            document(&"v1/site/watch.example.com".parse().unwrap(), body.replace("/vod", "/vod/").as_bytes());
        assert!(stored.unwrap().starts_with(r#"{"host":"watch.example.com","media":"#));
        let found =
            errors("v1/site/watch.example.com", &body.replace("[\"i\"]", "[]").replace("/vod", "/vod/"));
        assert_eq!(found[0].0, "tokens.issuers", "{found:?}");
    }
}
