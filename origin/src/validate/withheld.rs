//! Shared secrets that a CMS sends back as the API shows them.
//!
//! The API accepts secrets and never returns one: `"k": "[redacted]"` stands in place of each. In a set of keys that is sent, the mark
//! means that the stored secret of the key with this `kid` and this `alg` stays. It is filled in where the set is written, in the same
//! transaction, so a secret that is replaced meanwhile is not brought back.

use std::borrow::Cow;

use stagedoor::catalog::{DocumentKey, DocumentKind, KeySet};
use stagedoor::reading::{FieldError, Tree};
use stagedoor::redacted::MARK;

use super::{Invalid, canonical};

/// A secret that is long enough for every algorithm, for checking a set whose secrets are not known yet.
const STAND_IN: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Checks a set as if each mark were a secret. The result is the set with its marks.
pub(super) fn check(
    mut tree: Tree,
    check: impl FnOnce(&Tree) -> Result<String, Invalid>,
) -> Result<String, Invalid> {
    let with_marks = tree.clone();
    let mut marks = 0;
    for secret in secrets(&mut tree) {
        STAND_IN.clone_into(secret);
        marks += 1;
    }
    let checked = check(&tree)?;
    if marks == 0 { Ok(checked) } else { canonical(&with_marks, DocumentKind::Keys) }
}

/// A set of keys with [`MARK`] in place of each shared secret. In a set that is written back, the mark keeps the stored secret.
pub fn without_secrets(body: &str) -> Result<String, serde_json::Error> {
    // Serializes the known members, never the stored text itself.
    let mut set = serde_json::to_value(serde_json::from_str::<KeySet>(body)?)?;
    let keys = set.get_mut("keys").and_then(|keys| keys.as_array_mut());
    for secret in keys.into_iter().flatten().filter_map(|key| key.get_mut("k")) {
        *secret = MARK.into();
    }
    serde_json::to_string(&set)
}

/// A document with its stored secrets in place of its marks. `stored` is the document that it replaces.
pub fn with_stored_secrets<'a>(
    key: &DocumentKey,
    document: &'a str,
    stored: Option<&str>,
) -> Result<Cow<'a, str>, Vec<FieldError>> {
    if key.kind() != DocumentKind::Keys || !document.contains(MARK) {
        return Ok(Cow::Borrowed(document));
    }
    let mut tree = Tree::parse(document.as_bytes()).map_err(|error| whole(error.to_string()))?;
    let mut known = stored.and_then(|stored| Tree::parse(stored.as_bytes()).ok()).unwrap_or(Tree::Null);
    let mut errors = Vec::new();
    for (index, key) in keys(&mut tree).enumerate() {
        if key.member("k").and_then(Tree::text) != Some(MARK) {
            continue;
        }
        match kept(key, &mut known) {
            Ok(secret) => {
                if let Some(mark) = key.member_mut("k") {
                    *mark = secret;
                }
            }
            Err(detail) => errors.push(FieldError { field: format!("keys[{index}].k"), detail }),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (set, errors) = tree.read::<KeySet>();
    let set = set.ok_or(errors)?;
    canonical(&set, DocumentKind::Keys).map(Cow::Owned).map_err(|error| match error {
        Invalid::Fields(errors) => errors,
        Invalid::TooLarge { .. } | Invalid::Malformed(_) => {
            whole("expected fewer keys: with the stored secrets, the set is too large".to_owned())
        }
    })
}

/// The stored secret that a key keeps.
fn kept(key: &Tree, stored: &mut Tree) -> Result<Tree, String> {
    let name = |key: &Tree| key.member("kid").cloned();
    let kid = name(key);
    let shown = kid.as_ref().and_then(Tree::text).unwrap_or("without a name").to_owned();
    let Some(known) = keys(stored).find(|known| known.member("k").is_some() && name(known) == kid) else {
        return Err(format!(
            "key `{shown}`: expected its secret, found `{MARK}`, which keeps a stored secret: no shared secret is stored under this `kid`"
        ));
    };
    let alg = |key: &Tree| key.member("alg").cloned().unwrap_or(Tree::Null);
    if alg(known) != alg(key) {
        let stored = alg(known).text().map_or_else(|| "no `alg`".to_owned(), |alg| format!("`alg` {alg}"));
        return Err(format!(
            "key `{shown}`: expected its secret, found `{MARK}`, which keeps the stored secret: it is stored for {stored}"
        ));
    }
    Ok(known.member("k").cloned().unwrap_or(Tree::Null))
}

/// The keys of a set.
fn keys(set: &mut Tree) -> impl Iterator<Item = &mut Tree> {
    match set.member_mut("keys") {
        Some(Tree::List(keys)) => keys.iter_mut(),
        _ => [].iter_mut(),
    }
}

/// The marks of a set.
fn secrets(set: &mut Tree) -> impl Iterator<Item = &mut String> {
    keys(set).filter_map(|key| match key.member_mut("k") {
        Some(Tree::Text(secret)) if secret == MARK => Some(secret),
        _ => None,
    })
}

fn whole(detail: String) -> Vec<FieldError> {
    vec![FieldError { field: ".".to_owned(), detail }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_secrets_are_withheld_and_public_keys_are_not() {
        let set = r#"{"issuer":"i","keys":[
            {"kid":"a","alg":"HS256","kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
            {"kid":"b","alg":"ES256","kty":"EC","crv":"P-256",
             "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let shown = without_secrets(set).unwrap();
        assert!(!shown.contains("AAAA") && shown.contains(r#""k":"[redacted]""#), "{shown}");
        assert!(shown.contains("f83OJ3D2xF1B"), "{shown}");
        assert!(serde_json::from_str::<KeySet>(&shown).is_err(), "the mark is a secret");
    }

    const KEY: &str = "v1/keys/sessions";
    const SECRET: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I";

    fn key(kid: &str, k: &str) -> String {
        format!(r#"{{"kty":"oct","kid":"{kid}","alg":"HS256","k":"{k}"}}"#)
    }

    fn set(keys: &[String]) -> String {
        format!(r#"{{"issuer":"sessions","keys":[{}]}}"#, keys.join(","))
    }

    /// What a set becomes when it replaces a stored set.
    fn written(sent: &str, stored: Option<&str>) -> Result<String, Vec<(String, String)>> {
        let at = KEY.parse().unwrap();
        let fields = |errors: Vec<FieldError>| errors.into_iter().map(|e| (e.field, e.detail)).collect();
        match super::super::document(&at, sent.as_bytes()) {
            Ok(document) => with_stored_secrets(&at, &document, stored).map(Cow::into_owned).map_err(fields),
            Err(Invalid::Fields(errors)) => Err(fields(errors)),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mark_keeps_the_stored_secret() {
        let stored = written(&set(&[key("a", SECRET)]), None).unwrap();
        assert_eq!(written(&set(&[key("a", MARK)]), Some(&stored)).as_ref(), Ok(&stored));
        // A new key in front, as in a rotation.
        let new = SECRET.replace('c', "d");
        let rotated = written(&set(&[key("b", &new), key("a", MARK)]), Some(&stored)).unwrap();
        assert_eq!(rotated, written(&set(&[key("b", &new), key("a", SECRET)]), None).unwrap());
    }

    #[test]
    fn a_mark_without_a_stored_secret_names_the_key() {
        let stored = written(&set(&[key("a", SECRET)]), None).unwrap();
        let alg = key("a", MARK).replace("HS256", "HS512");
        for (sent, stored, field, why) in [
            (set(&[key("a", MARK)]), None, "keys[0].k", "key `a`: expected its secret"),
            (
                set(&[key("a", MARK), key("b", MARK)]),
                Some(&*stored),
                "keys[1].k",
                "no shared secret is stored under this `kid`",
            ),
            (set(&[alg]), Some(&*stored), "keys[0].k", "it is stored for `alg` HS256"),
        ] {
            let errors = written(&sent, stored).unwrap_err();
            assert_eq!((errors.len(), errors[0].0.as_str()), (1, field), "{errors:?}");
            assert!(errors[0].1.contains(why), "{errors:?}");
        }
    }

    #[test]
    fn a_mark_is_no_other_value() {
        for bad in ["[REDACTED]", "[redacted] ", "\u{5b}redacted"] {
            let errors = written(&set(&[key("a", bad)]), None).unwrap_err();
            assert_eq!(errors[0].0, "keys[0].k", "{bad}: {errors:?}");
        }
        // Other errors are reported too, with marks in the set.
        let errors = written(&set(&[key("a", MARK), key("a", MARK)]), None).unwrap_err();
        assert_eq!(errors[0].0, "keys", "{errors:?}");
    }
}
