//! COSE messages.

use super::*;

#[test]
fn the_envelope_is_read_and_nothing_else() {
    use Reason as R;
    let map = |entries: &[(i64, Value)]| {
        Value::Map(entries.iter().map(|(label, value)| (Value::Integer(*label), value.clone())).collect())
    };
    let int = Value::Integer;
    let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    let claims = bytes("\u{0}");
    let claims = match claims {
        Value::Bytes(_) => Value::Bytes(map(&[(1, Value::Text("id".to_owned()))]).write()),
        other => other,
    };
    let alg = map(&[(1, int(5))]);
    let kid = map(&[(4, bytes("HS256"))]);
    let none = map(&[]);
    let with_crit = |labels: Vec<Value>| map(&[(1, int(5)), (2, Value::Array(labels))]);
    for (name, token, expected) in [
        ("with tag 61", message(&[61, 17], &alg, kid.clone(), claims.clone()), None),
        ("without tag 61", message(&[17], &alg, kid.clone(), claims.clone()), None),
        ("without any tag", message(&[], &alg, kid.clone(), claims.clone()), None),
        ("tag 61 alone", message(&[61], &alg, kid.clone(), claims.clone()), None),
        ("without `kid`", message(&[17], &alg, none.clone(), claims.clone()), None),
        (
            "`kid` as text, protected",
            message(
                &[17],
                &map(&[(1, int(5)), (4, Value::Text("HS256".to_owned()))]),
                none.clone(),
                claims.clone(),
            ),
            None,
        ),
        (
            "unprotected `alg`",
            message(&[17], &none, map(&[(1, int(5)), (4, bytes("HS256"))]), claims.clone()),
            None,
        ),
        (
            "unknown header",
            message(&[17], &map(&[(1, int(5)), (99, int(1))]), kid.clone(), claims.clone()),
            None,
        ),
        (
            "`crit` that is understood",
            message(&[17], &with_crit(vec![int(1)]), kid.clone(), claims.clone()),
            None,
        ),
        (
            "`crit` that is not",
            message(
                &[17],
                &map(&[(1, int(5)), (2, Value::Array(vec![int(99)])), (99, int(1))]),
                kid.clone(),
                claims.clone(),
            ),
            Some(R::TokenMalformed),
        ),
        (
            "empty `crit`",
            message(&[17], &with_crit(vec![]), kid.clone(), claims.clone()),
            Some(R::TokenMalformed),
        ),
        (
            "`crit` of what is not there",
            message(&[17], &with_crit(vec![int(4)]), kid.clone(), claims.clone()),
            Some(R::TokenMalformed),
        ),
        (
            "unprotected `crit`",
            message(&[17], &alg, map(&[(2, Value::Array(vec![int(1)]))]), claims.clone()),
            Some(R::TokenMalformed),
        ),
        ("`alg` twice", message(&[17], &alg, alg.clone(), claims.clone()), Some(R::TokenMalformed)),
        (
            "`kid` twice",
            message(
                &[17],
                &alg,
                Value::Map(vec![(int(4), bytes("HS256")), (Value::Text("4".to_owned()), bytes("HS256"))]),
                claims.clone(),
            ),
            Some(R::TokenMalformed),
        ),
        ("no `alg`", message(&[17], &none, kid.clone(), claims.clone()), Some(R::TokenAlgorithm)),
        ("a signature's tag", message(&[18], &alg, kid.clone(), claims.clone()), Some(R::TokenAlgorithm)),
        (
            "a MAC's tag",
            message(&[17], &map(&[(1, int(-7))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "a tag of 64 bits",
            message(&[17], &map(&[(1, int(4))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "the algorithm of another key",
            message(&[17], &map(&[(1, int(6))]), kid.clone(), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        (
            "an unknown `kid`",
            message(&[17], &alg, map(&[(4, bytes("x"))]), claims.clone()),
            Some(R::TokenKeyUnknown),
        ),
        (
            "a MAC with a public key",
            message(&[17], &alg, map(&[(4, bytes("ES256"))]), claims.clone()),
            Some(R::TokenAlgorithm),
        ),
        ("another tag", message(&[96], &alg, kid.clone(), claims.clone()), Some(R::TokenMalformed)),
        ("tag 61 twice", message(&[61, 61, 17], &alg, kid.clone(), claims.clone()), Some(R::TokenMalformed)),
        ("no map of claims", message(&[17], &alg, kid.clone(), bytes("\u{1}")), Some(R::TokenMalformed)),
        (
            "a text of no digits",
            message(&[17], &alg, kid.clone(), Value::Text("xy".to_owned())),
            Some(R::TokenMalformed),
        ),
        ("no payload", message(&[17], &alg, kid, Value::Null), Some(R::TokenMalformed)),
        ("no base64url", "a.b.c".to_owned(), Some(R::TokenMalformed)),
        ("too long", "A".repeat(8193), Some(R::TokenMalformed)),
    ] {
        let found = verify_as(&facts(&token), &policy(&json!({})));
        assert_eq!(found.as_ref().err().map(|denial| denial.reason), expected, "{name}: {found:?}");
    }
}

#[test]
fn a_binary_kid_is_named_by_its_digits_or_base64url() {
    let claims = Value::Bytes(Value::Map(vec![(Value::Integer(1), Value::Text("id".to_owned()))]).write());
    let header = |label, value| Value::Map(vec![(Value::Integer(label), value)]);
    let kid = header(4, Value::Bytes(vec![0, 255, 7]));
    let token = message(&[61, 17], &header(1, Value::Integer(5)), kid, claims);
    for (name, expected) in [("00ff07", true), ("00FF07", true), ("AP8H", true), ("00ff08", false)] {
        let mut keys = keys();
        keys.keys = vec![key(name, "HS256").public()];
        let facts = facts(&token);
        let policy = policy(&json!({}));
        let presented = present(&facts, &policy).unwrap();
        let asked = Asked { facts: &facts, policy: &policy, now: UnixTime::from_secs(NOW) };
        assert_eq!(prove(presented.as_ref(), &keys, &asked).is_ok(), expected, "{name}");
    }
}

#[test]
fn no_secret_is_quoted() {
    let token = minted(&json!({ "iss": "id", "exp": 1, "cath": { "x": { "exact": "s3cret" } } }));
    let denial = verify_as(&facts(&token), &policy(&json!({}))).unwrap_err();
    assert!(!denial.to_string().contains(&token[..20]) && !denial.to_string().contains("s3cret"));
}

/// Flipping any bit leaves no genuine token, but for the unprotected header, which nobody signs: there it may leave one
/// that names no key, and proves the same.
#[test]
fn no_bit_of_a_token_can_be_flipped() {
    for alg in ["HS256", "ES256", "EdDSA"] {
        let claims = json!({ "iss": "id", "exp": NOW + 60, "catu": { "path": { "prefix": "/harbour/" } } });
        let token = mint(&key(alg, alg), claims.as_object().unwrap()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        let whole = verify_as(&facts(&token), &policy(&json!({}))).unwrap();
        // 61(18([h'a1…', {4: …: the map begins behind tags, the array's head and the protected header.
        let protected = usize::from(bytes[4] & 0x1f);
        let header = 5 + protected..5 + protected + 3 + alg.len();
        assert_eq!(&bytes[header.clone()][..2], &[0xa1, 0x04]);
        // Of a signature that takes long to verify, one bit of each byte.
        let bits = (0..bytes.len() * 8).filter(|at| alg == "HS256" || at % 8 == at / 8 % 8);
        for at in bits {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let found = verify_as(&facts(&URL_SAFE_NO_PAD.encode(&flipped)), &policy(&json!({})));
            if let Ok(grant) = found {
                assert!(header.contains(&(at / 8)), "bit {at} of a token with {alg}");
                assert_eq!(grant, whole);
            }
        }
    }
    // In the text, too: what would decode to the same bytes is not the same text.
    let token = minted(&json!({ "iss": "id", "sub": "a" }));
    for at in 0..token.len() * 7 {
        let mut flipped = token.clone().into_bytes();
        flipped[at / 7] ^= 1 << (at % 7);
        let flipped = String::from_utf8(flipped).unwrap();
        let header = |name: &str| (name.to_owned(), Redacted::new(flipped.clone()));
        let all = vec![header("cta-common-access-token")];
        let facts =
            Facts { query: Redacted::default(), headers: Headers { all, ..Headers::default() }, ..facts("") };
        if let Ok(grant) = verify_as(&facts, &policy(&json!({}))) {
            assert_eq!(grant.subject.as_deref(), Some("a"), "bit {at}: {flipped}");
            assert!((8..28).contains(&(at / 7)), "bit {at}: {flipped}");
        }
    }
}
