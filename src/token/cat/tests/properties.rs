//! Formulas of claims as properties.

use proptest::prelude::*;

use super::*;

/// A set of claims in which some hold and some do not.
fn claim_sets() -> impl Strategy<Value = Json> {
    let claim = prop_oneof![
        (0..40_u64).prop_map(|late| json!({ "exp": NOW + late })),
        (0..40_u64).prop_map(|late| json!({ "nbf": NOW - 20 + late })),
        prop::bool::ANY.prop_map(|get| json!({ "catm": [if get { "GET" } else { "PUT" }] })),
        prop::sample::select(vec!["192.0.2.0/24", "192.0.2.9", "10.0.0.0/8"])
            .prop_map(|net| json!({ "catnip": [net] })),
        (64_495..64_498_u32).prop_map(|asn| json!({ "catnip": [asn] })),
        prop::sample::select(vec!["AE", "GB", "AE-DU", "AE-AZ"])
            .prop_map(|place| json!({ "catgeoiso3166": [place] })),
        prop::sample::select(vec!["/harbour/", "/other/"])
            .prop_map(|path| json!({ "catu": { "path": { "prefix": path } } })),
        Just(json!({ "unknown": 1 })),
    ];
    claim.prop_recursive(3, 16, 3, |set| {
        (prop::sample::select(vec!["or", "nor", "and"]), prop::collection::vec(set, 1..3))
            .prop_map(|(formula, sets)| json!({ formula: sets }))
    })
}

proptest! {
    /// As long as a session lasts, and for everybody whom its lock lets by, the token itself would be good.
    #[test]
    fn a_grant_is_narrower_than_its_token(
        one in claim_sets(), other in claim_sets(), later in 0..50_u64, moved in prop::bool::ANY,
        roamed in prop::bool::ANY, travelled in 0..3, turned in prop::bool::ANY,
    ) {
        let claims = json!({ "iss": "id", "and": [one, other] });
        let policy = policy(&json!({}));
        let at_entry = facts(&minted(&claims));
        if let Ok(grant) = verify_as(&at_entry, &policy) {
            let mut then = at_entry;
            // The address moves within its /24, then to another network, then to another emirate or
            // country.
            if moved {
                then.address = "192.0.2.200".parse().ok();
            }
            if roamed {
                then.address = "10.1.2.3".parse().ok();
                then.geography.asn = Some(64_497);
            }
            if travelled == 1 {
                then.geography.subdivision = Some("AZ".to_owned());
            } else if travelled == 2 {
                then.geography.country = "GB".parse().ok();
            }
            if turned {
                then.path = "/other/main.m3u8".to_owned();
            }
            let lock = grant.lock;
            let held = (!lock.address || !(moved || roamed))
                && (!lock.network || !roamed)
                && (!lock.asn || !roamed)
                && (!lock.country || travelled != 2)
                && (!lock.subdivision || travelled == 0)
                && (grant.titles.is_none() || !turned);
            let now = UnixTime::from_secs(NOW + later);
            if held && grant.expires_at.is_none_or(|end| now < end) {
                let presented = present(&then, &policy).unwrap();
                let again = prove(presented.as_ref(), &keys(), &Asked { facts: &then, policy: &policy, now });
                prop_assert!(again.is_ok(), "{claims}: {again:?}");
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = cose::Message::read(&bytes);
        if let Ok(value) = Value::read(&bytes) {
            // `NaN` is no two times the same.
            let again = Value::read(&value.write()).unwrap();
            prop_assert_eq!(again.write(), value.write());
        }
    }

    #[test]
    fn no_claims_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let header = |label, value| Value::Map(vec![(Value::Integer(label), value)]);
        let token = message(&[], &header(1, Value::Integer(5)), Value::Map(vec![]), Value::Bytes(bytes));
        let _ = verify_as(&facts(&token), &policy(&json!({ "keys": "id" })));
    }
}

#[test]
fn head_is_not_get() {
    let facts = Facts { method: Method::Head, ..facts(&minted(&json!({ "iss": "id", "catm": ["GET"] }))) };
    assert_eq!(verify_as(&facts, &policy(&json!({}))).unwrap_err().reason, Reason::TokenBinding);
}
