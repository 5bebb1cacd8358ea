//! A revocation names something that exists: a typing error in an emergency does not pass in silence.

use serde_json::{Value, json};
use stagedoor::catalog::DocumentKind;
use stagedoor_origin::store::Scope;

use crate::app::{Answer, TestApp, keys, site, title};

/// Two sites with one issuer each, a title on each and one on both, and keys.
async fn app() -> TestApp {
    let app = TestApp::start().await;
    for host in ["a.example", "b.example"] {
        let issuer = format!("https://id.{host}/");
        let mut document = site(host);
        document["tokens"]["issuers"] = json!([issuer]);
        document["sessions"]["keys"] = json!(format!("sessions-{host}"));
        assert_eq!(app.api.put(&format!("/sites/{host}"), &document).await.status, 201);
        for set in [issuer, format!("sessions-{host}")] {
            let path = format!("/keys/{}", set.replace(':', "%3A").replace('/', "%2F"));
            assert_eq!(app.api.put(&path, &keys(&set)).await.status, 201);
        }
    }
    for (id, sites) in [
        ("harbour", json!(["a.example"])),
        ("lighthouse", json!(["b.example"])),
        ("festival", json!(["a.example", "b.example"])),
    ] {
        let mut document = title(id, id);
        document["sites"] = sites;
        assert_eq!(app.api.put(&format!("/titles/{id}"), &document).await.status, 201);
    }
    let mut published = keys("https://id.public.example/");
    published["published"] = json!({ "url": "https://id.public.example/jwks.json" });
    app.api.put("/keys/https%3A%2F%2Fid.public.example%2F", &published).await;
    app
}

fn title_of(id: &str) -> Value {
    json!({ "what": { "title": id } })
}

fn viewer_of(issuer: &str) -> Value {
    json!({ "what": { "subject": { "issuer": issuer, "subject": "v" } } })
}

fn token_of(issuer: &str) -> Value {
    json!({ "what": { "token": { "issuer": issuer, "id": "t" } } })
}

fn key_of(issuer: &str, kid: &str) -> Value {
    json!({ "what": { "key": { "issuer": issuer, "kid": kid } } })
}

fn warnings(answer: &Answer) -> Vec<(&str, &str)> {
    let list = answer.body["warnings"].as_array().unwrap_or_else(|| panic!("no warnings in {answer:?}"));
    list.iter().map(|one| (one["code"].as_str().unwrap(), one["field"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn an_unknown_target_is_refused_with_the_nearest_known_name_unless_it_is_forced() {
    let app = app().await;
    let id = "https://id.a.example/";
    let session = json!({ "what": { "session": "0123456789abcdef" } });
    let everything = json!({ "what": { "everything": {} } });
    for (host, body, field, code, near) in [
        ("a.exmaple", everything, "host", "unknown_site", Some("a.example")),
        ("a.exampl", session, "host", "unknown_site", Some("a.example")),
        ("elsewhere.test", title_of("harbour"), "host", "unknown_site", None),
        ("a.example", title_of("harbor"), "what.title", "unknown_title", Some("harbour")),
        ("a.example", title_of("nothing-like-it"), "what.title", "unknown_title", None),
        ("a.example", viewer_of("https://id.a.example"), "what.subject.issuer", "unknown_issuer", Some(id)),
        ("a.example", token_of("https://id.a.exampel/"), "what.token.issuer", "unknown_issuer", Some(id)),
        (
            "a.example",
            key_of("session-a.example", "one"),
            "what.key.issuer",
            "unknown_issuer",
            Some("sessions-a.example"),
        ),
        ("a.example", key_of(id, "onee"), "what.key.kid", "unknown_key", Some("one")),
        ("a.example", key_of(id, "two-thousand"), "what.key.kid", "unknown_key", None),
    ] {
        let refused = app.api.post(&format!("/revocations/{host}"), &body).await;
        assert_eq!(
            (refused.status, &refused.body["type"]),
            (422, &json!("urn:stagedoor:problem:unknown-target")),
            "{host} {body}: {refused:?}"
        );
        assert_eq!(refused.fields(), [field], "{body}");
        let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
        let asked = near.map(|near| format!("did you mean `{near}`?"));
        assert_eq!(detail.contains("did you mean"), near.is_some(), "{detail}");
        assert!(asked.is_none_or(|asked| detail.ends_with(&asked)), "{detail}");
        assert!(refused.body["detail"].as_str().unwrap().contains("?force=true"), "{refused:?}");
        assert_eq!(
            app.api.get(&format!("/revocations/{host}")).await.status,
            404,
            "it was revoked all the same"
        );
        // In an emergency, an operator may know better.
        let forced = app.api.post(&format!("/revocations/{host}?force=true"), &body).await;
        assert_eq!((forced.status, warnings(&forced)), (200, vec![(code, field)]), "{forced:?}");
        let generation = forced.body["document"]["revoked"][0]["generation"].as_u64().unwrap();
        assert_eq!(app.api.delete(&format!("/revocations/{host}/{generation}")).await.status, 200);
        // The document is deleted behind the API, so that the next row begins without one.
        let pool = crate::app::rows(&app.folder).await;
        for statement in [
            "DELETE FROM outbox WHERE kind = 'revocations'",
            "DELETE FROM documents WHERE kind = 'revocations'",
        ] {
            sqlx::query(statement).execute(&pool).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_known_target_is_revoked_and_a_doubtful_one_warns() {
    let app = app().await;
    for (body, expected) in [
        (title_of("harbour"), vec![]),
        (title_of("festival"), vec![]),
        (title_of("lighthouse"), vec![("title_not_on_site", "what.title")]),
        (viewer_of("https://id.a.example/"), vec![]),
        (viewer_of("https://id.b.example/"), vec![("issuer_not_of_site", "what.subject.issuer")]),
        (key_of("sessions-a.example", "one"), vec![]),
        (
            key_of("https://id.public.example/", "rotated"),
            vec![("issuer_not_of_site", "what.key.issuer"), ("unverified_key", "what.key.kid")],
        ),
        (json!({ "what": { "session": "0123456789abcdef" } }), vec![]),
        (json!({ "what": { "everything": {} } }), vec![]),
    ] {
        let revoked = app.api.post("/revocations/a.example", &body).await;
        assert_eq!((revoked.status, warnings(&revoked)), (200, expected), "{body}: {revoked:?}");
    }
    // The site names an issuer of which no set of keys has a document.
    let mut document = site("c.example");
    document["tokens"]["issuers"] = json!(["https://id.c.example/"]);
    app.api.put("/sites/c.example", &document).await;
    let viewer = app.api.post("/revocations/c.example", &viewer_of("https://id.c.example/")).await;
    assert_eq!((viewer.status, warnings(&viewer)), (200, vec![]), "{viewer:?}");
    let key = app.api.post("/revocations/c.example", &key_of("https://id.c.example/", "one")).await;
    assert_eq!((key.status, key.fields()), (422, vec!["what.key.kid"]), "{key:?}");
    // A deleted title is unknown, and so is an issuer that the site names no more.
    app.api.delete("/titles/harbour").await;
    assert_eq!(app.api.post("/revocations/a.example", &title_of("harbour")).await.status, 422);
    document["tokens"]["issuers"] = json!(["https://id.a.example/"]);
    app.api.put("/sites/c.example", &document).await;
    assert_eq!(app.api.post("/revocations/c.example", &viewer_of("https://id.c.example/")).await.status, 422);
}

#[tokio::test]
async fn a_limited_key_learns_no_name_of_others() {
    let app = app().await;
    let tenant = app.client("tenant", &Scope::new([], ["a.example".parse().unwrap()]).unwrap()).await;
    // What others have is as unknown as what nobody has.
    for (others, nobodys) in [
        (title_of("lighthouse"), title_of("lighthous-")),
        (viewer_of("https://id.b.example/"), viewer_of("https://id.b.exampl-/")),
        (key_of("sessions-b.example", "one"), key_of("sessions-b.exampl-", "one")),
        (key_of("https://id.public.example/", "one"), key_of("https://id.public.exampl-/", "one")),
    ] {
        let [one, other] = [others, nobodys].map(|body| {
            let tenant = tenant.clone();
            async move { tenant.post("/revocations/a.example", &body).await }
        });
        let (one, other) = (one.await, other.await);
        assert_eq!((one.status, other.status), (422, 422), "{one:?}");
        let text = |answer: &Answer| {
            answer.body.to_string().replace("exampl-", "example").replace("lighthous-", "lighthouse")
        };
        assert_eq!(text(&one), text(&other));
    }
    // It is told the names that it may read itself.
    let near = tenant.post("/revocations/a.example", &title_of("harbor")).await;
    assert!(near.body["detail"].as_str().unwrap().contains("did you mean `harbour`?"), "{near:?}");
    let near = tenant.post("/revocations/a.example", &viewer_of("https://id.a.exampl/")).await;
    assert!(
        near.body["detail"].as_str().unwrap().contains("did you mean `https://id.a.example/`?"),
        "{near:?}"
    );
    // A title that another site shows too is known, but is not the tenant's to read.
    assert_eq!(tenant.post("/revocations/a.example", &title_of("festival")).await.status, 200);
    let near = tenant.post("/revocations/a.example", &title_of("festivall")).await;
    assert!(near.status == 422 && !near.body.to_string().contains("did you mean"), "{near:?}");
    // Neither is the id of a key, which belongs to no site.
    let near = tenant.post("/revocations/a.example", &key_of("https://id.a.example/", "onee")).await;
    assert!(near.status == 422 && !near.body.to_string().contains("did you mean"), "{near:?}");
    assert_eq!(
        tenant.post("/revocations/a.example", &key_of("https://id.a.example/", "one")).await.status,
        200
    );

    let revoker = app.client("revoker", &Scope::new([DocumentKind::Revocations], []).unwrap()).await;
    for (host, body) in [
        ("a.exampl", json!({ "what": { "everything": {} } })),
        ("a.example", title_of("harbor")),
        ("a.example", viewer_of("https://id.a.exampl/")),
        ("a.example", key_of("https://id.a.example/", "onee")),
    ] {
        let refused = revoker.post(&format!("/revocations/{host}"), &body).await;
        assert!(refused.status == 422 && !refused.body.to_string().contains("did you mean"), "{refused:?}");
    }
    assert_eq!(revoker.post("/revocations/a.example", &title_of("harbour")).await.status, 200);
}

#[tokio::test]
async fn a_dry_run_of_a_revocation_checks_everything_and_revokes_nothing() {
    let app = app().await;
    let refused = app.api.post("/revocations/a.example?dry_run=true", &title_of("harbor")).await;
    assert_eq!(refused.status, 422);
    let would = app.api.post("/revocations/a.example?dry_run=true", &title_of("lighthouse")).await;
    assert_eq!(
        (would.status, &would.body["would"], &would.body["revision"]),
        (200, &json!("revoke"), &Value::Null)
    );
    assert_eq!(
        (&would.body["key"], &would.body["dry_run"]),
        (&json!("v1/revocations/a.example"), &json!(true))
    );
    assert_eq!(would.body["document"]["revoked"][0]["what"], json!({ "title": "lighthouse" }));
    assert_eq!(warnings(&would), [("title_not_on_site", "what.title")]);
    assert_eq!(app.api.get("/revocations/a.example").await.status, 404, "it was revoked all the same");

    let done = app.api.post("/revocations/a.example", &title_of("harbour")).await;
    let generation = done.body["document"]["revoked"][0]["generation"].as_u64().unwrap();
    let path = format!("/revocations/a.example/{generation}");
    let would = app.api.delete(&format!("{path}?dry_run=true")).await;
    assert_eq!(
        (&would.body["would"], &would.body["revision"]),
        (&json!("delete"), &done.body["revision"]),
        "{would:?}"
    );
    let held = app.api.get("/revocations/a.example").await;
    assert_eq!((held.revision(), &held.body["revocations"]["count"]), (done.revision(), &json!(1)));
    // A mistyped parameter does not revoke.
    for query in ["dryrun=true", "dry_run=1", "dry_run", "dry-run=true"] {
        let refused = app.api.post(&format!("/revocations/a.example?{query}"), &title_of("harbour")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
    assert_eq!(app.api.get("/revocations/a.example").await.body["revocations"]["count"], 1);
}
