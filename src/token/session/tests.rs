use proptest::prelude::*;

use super::*;
use crate::catalog::Site;
use crate::life::check_session;
use crate::token::{Dialect, RevocationIndex};

const NOW: UnixTime = UnixTime::from_secs(1_795_370_400);
const HOST: &str = "watch.example.com";

fn keys(kids: &[(&str, char)]) -> KeySet {
    let keys: Vec<_> = kids
        .iter()
        .map(|(kid, fill)| {
            serde_json::json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": fill.to_string().repeat(42) + "A" })
        })
        .collect();
    serde_json::from_value(serde_json::json!({ "issuer": "sessions", "keys": keys })).unwrap()
}

fn title(id: &str) -> TitleId {
    id.parse().unwrap()
}

fn facts(place: &str, address: &str) -> Facts {
    Facts { geography: place.parse().unwrap(), address: Some(address.parse().unwrap()), ..Facts::default() }
}

/// One of what may have been proved.
fn proved(number: u8) -> Proved {
    Proved {
        plan: number & 1 != 0,
        entitled: if number & 2 == 0 { Entitled::No } else { Entitled::Always },
        age: Some(number / 4).filter(|_| number < 200),
        device: Proved::device_of(number % 9),
    }
}

/// A session of the version before.
fn in_version_2(session: Session) -> Session {
    Session { proved: None, streams: session.streams.map(|_| u8::MAX), ..session }
}

fn open(id: [u8; 8], lock: Lock, life_s: u64) -> Session {
    let grant = Grant {
        subject: Some("viewer".to_owned()),
        token_id: Some("t1".to_owned()),
        max_height: Some(720),
        ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
    };
    Session::new(&Opening {
        id: SessionId(id),
        title: &title("harbour"),
        class: Class([2; 4]),
        proved: Some(proved(1)),
        grant: &grant,
        lock,
        facts: &facts("AE;asn=5384", "192.0.2.77"),
        generation: 9,
        streams: None,
        expires_at: NOW.plus_secs(life_s),
        ends_at: NOW.plus_secs(3 * life_s),
    })
}

fn wanted(path: &str) -> MediaRequest {
    MediaRequest::at_entry(path).unwrap()
}

fn check(session: &Session, id: &str, now: UnixTime, grace_s: u64) -> Option<Reason> {
    let facts = facts("AE;asn=5384", "192.0.2.77");
    session.check(&wanted(&format!("/{id}/v/1.m4s")), &facts, now, grace_s).err().map(|denial| denial.reason)
}

#[test]
fn a_token_is_small_and_url_safe() {
    let token = open([1; 8], Lock::default(), 60).mint(&keys(&[("a", 'A')]), HOST).unwrap();
    assert_eq!(token.len(), 100);
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
}

#[test]
fn it_is_good_for_its_host_title_and_time_only() {
    let keys = keys(&[("a", 'A')]);
    let session = open([1; 8], Lock::default(), 60);
    let token = session.mint(&keys, HOST).unwrap();
    assert_eq!(check(&session, "harbour", NOW.plus_secs(59), 0), None);
    assert_eq!(check(&session, "harbour", NOW.plus_secs(60), 0), Some(Reason::SessionExpired));
    assert_eq!(check(&session, "other", NOW, 0), Some(Reason::SessionTitle));
    let elsewhere = Session::open(&token, &keys, "other.example.com").unwrap_err();
    assert_eq!(elsewhere.reason, Reason::SessionSignature);
}

#[test]
fn it_may_be_for_a_folder_alone() {
    let grant = Grant {
        folder: Some("sd/".to_owned()),
        ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
    };
    let session = Session::new(&Opening {
        id: SessionId([1; 8]),
        title: &title("harbour"),
        class: Class([2; 4]),
        proved: Some(proved(0)),
        grant: &grant,
        lock: Lock::default(),
        facts: &Facts::default(),
        generation: 0,
        streams: None,
        expires_at: NOW.plus_secs(60),
        ends_at: NOW.plus_secs(60),
    });
    for (path, inside) in [
        ("/harbour/sd/main.m3u8", true),
        ("/harbour/sd/v/1.m4s", true),
        ("/harbour/hd/sd/1.m4s", false),
        ("/harbour/sd", false),
        ("/harbour/main.m3u8", false),
        ("/sd/harbour/sd/1.m4s", false),
    ] {
        assert_eq!(session.check(&wanted(path), &Facts::default(), NOW, 0).is_ok(), inside, "{path}");
    }
}

#[test]
fn grace_and_renewal_stop_at_the_end() {
    let session = open([1; 8], Lock::default(), 60);
    assert_eq!(check(&session, "harbour", NOW.plus_secs(89), 30), None);
    assert_eq!(check(&session, "harbour", NOW.plus_secs(90), 30), Some(Reason::SessionExpired));
    let renewed = session.renewed(NOW.plus_secs(1000));
    assert_eq!(renewed.expires_at, NOW.plus_secs(180));
    assert_eq!((renewed.id, renewed.generation), (session.id, session.generation));
    assert_eq!(check(&renewed, "harbour", NOW.plus_secs(179), 30), None);
    assert_eq!(check(&renewed, "harbour", NOW.plus_secs(180), 30), Some(Reason::SessionExpired));
}

#[test]
fn a_locked_session_stays_where_it_was_opened() {
    let open_with = |lock| open([1; 8], lock, 60);
    let country = Lock { country: true, ..Lock::default() };
    let network = Lock { network: true, ..Lock::default() };
    let subdivision = Lock { country: true, subdivision: true, ..Lock::default() };
    let asn = Lock { asn: true, ..Lock::default() };
    let address = Lock { address: true, ..Lock::default() };
    for (lock, place, viewer, stays) in [
        (Lock::default(), "GB", "2001:db8::1", true),
        (country, "AE-DU", "198.51.100.1", true),
        (country, "GB;asn=5384", "192.0.2.77", false),
        (country, "", "192.0.2.77", false),
        (subdivision, "AE-DU", "192.0.2.77", false),
        (subdivision, "AE", "192.0.2.1", true),
        (network, "GB", "192.0.2.1", true),
        (network, "AE", "192.0.3.77", false),
        (network, "AE", "::ffff:192.0.2.9", true),
        (asn, "GB;asn=5384", "198.51.100.1", true),
        (asn, "AE;asn=1", "192.0.2.77", false),
        (address, "GB", "192.0.2.77", true),
        (address, "AE;asn=5384", "192.0.2.78", false),
        (country.and(network), "AE", "192.0.2.1", true),
        (country.and(network), "GB", "192.0.2.1", false),
    ] {
        let found = open_with(lock).check(&wanted("/harbour/a"), &facts(place, viewer), NOW, 0);
        let expected = if stays { None } else { Some(Reason::SessionMoved) };
        assert_eq!(found.err().map(|denial| denial.reason), expected, "{lock:?} {place} {viewer}");
    }
}

#[test]
fn an_ipv6_network_is_a_48() {
    assert_eq!(
        network::prefix("2001:db8:7::1".parse().ok()),
        network::prefix("2001:db8:7:ffff::2".parse().ok())
    );
    assert_ne!(network::prefix("2001:db8:7::1".parse().ok()), network::prefix("2001:db8:8::1".parse().ok()));
}

#[test]
fn keys_rotate_with_overlap() {
    let old = keys(&[("a", 'A')]);
    let both = keys(&[("b", 'B'), ("a", 'A')]);
    let new = keys(&[("b", 'B')]);
    let open_with = |token: &str, keys: &KeySet| Session::open(token, keys, HOST).map(|(session, _)| session);
    let session = open([1; 8], Lock::default(), 60);
    let before = session.mint(&old, HOST).unwrap();
    let after = session.mint(&both, HOST).unwrap();
    assert_eq!(open_with(&before, &both), Ok(session));
    assert_eq!(open_with(&after, &new), Ok(session));
    assert_eq!(open_with(&before, &new).unwrap_err().reason, Reason::SessionSignature);
    // The same kid with another secret is another key.
    assert_eq!(open_with(&before, &keys(&[("a", 'B')])).unwrap_err().reason, Reason::SessionSignature);
}

/// Put together by hand, after the layout of version 2, with the key `a` of `keys`.
const BEFORE: &str =
    "AsqXawMt3GsDLlQBAQEBAQEBAap09v0Dv2i-AgICAgLQ3pQ2x-R0_tXRJx-hoVSdQwAAAAkisTxyasDMEdVTbLdQVbGwMdyFnvcn";

#[test]
fn a_token_of_the_version_before_goes_on_as_it_is() {
    let keys = keys(&[("a", 'A')]);
    let session = in_version_2(Session {
        streams: Some(1),
        ..open([1; 8], Lock { network: true, ..Lock::default() }, 60)
    });
    let (opened, _) = Session::open(BEFORE, &keys, HOST).unwrap();
    assert_eq!((opened.proved, opened.streams), (None, Some(u8::MAX)));
    assert_eq!((opened.id, opened.class, opened.lock), (session.id, session.class, session.lock));
    assert_eq!(opened.mint(&keys, HOST).as_deref(), Some(BEFORE));
    let renewed = opened.renewed(NOW.plus_secs(100)).mint(&keys, HOST).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(renewed).unwrap()[0], 2);
    assert_eq!(check(&opened, "harbour", NOW, 0), None);
    let elsewhere = opened.check(&wanted("/harbour/a"), &facts("AE", "192.0.3.77"), NOW, 0);
    assert_eq!(elsewhere.unwrap_err().reason, Reason::SessionMoved);
}

/// A revocation of a session may be dropped after seven days.
#[test]
fn a_session_of_the_version_before_outlives_no_revocation() {
    let site: Site = serde_json::from_value(serde_json::json!({
        "host": HOST, "media": { "origin": "https://m.example/" }, "tokens": {},
        "sessions": { "keys": "s", "lifetime_s": 14_400 },
    }))
    .unwrap();
    let keys = keys(&[("a", 'A')]);
    let [key] = &*keys.keys else { panic!("one key") };
    let year_s = 31_536_000;
    // Made, or renewed, when it was revoked.
    let token_s = site.sessions.lifetime_s;
    let session = open([1; 8], Lock::default(), token_s);
    let session = in_version_2(Session { ends_at: NOW.plus_secs(year_s), ..session });
    let revoked_until = NOW.plus_secs(SessionPolicy::MOST_S);
    let revocations = RevocationIndex::default();
    let at = |session: &Session, path: &str, now| {
        let request = wanted(path);
        check_session(&Facts::default(), &request, session, key, &site, &revocations, now)
            .map_err(|denial| denial.reason)
    };
    for path in ["/harbour/a.m3u8", "/harbour/a.m4s"] {
        assert_eq!(at(&session, path, NOW), Ok(()));
        assert_eq!(at(&session, path, revoked_until), Err(Reason::SessionExpired), "{path}");
    }
    // It goes on after a pause, as before, and ends where it says so.
    assert_eq!(at(&session, "/harbour/a.m3u8", NOW.plus_secs(token_s + 86_400)), Ok(()));
    let short = Session { ends_at: NOW.plus_secs(2 * token_s), ..session };
    assert_eq!(short.ends_by(&site.sessions), short.ends_at);
    // One of today's says when it ends.
    let present = open([1; 8], Lock::default(), token_s);
    assert_eq!(present.ends_by(&site.sessions), present.ends_at);
}

#[test]
fn what_is_not_a_token_is_malformed() {
    for bad in [
        "",
        "abc",
        &"A".repeat(68),
        &"A".repeat(99),
        &"A".repeat(101),
        &"=".repeat(100),
        &"A".repeat(100),
        &"\u{e9}".repeat(50),
    ] {
        let denial = Session::open(bad, &keys(&[("a", 'A')]), HOST).unwrap_err();
        assert_eq!(denial.reason, Reason::SessionMalformed, "{bad}");
    }
}

#[test]
fn a_bucket_is_the_subjects_at_the_entry_and_below() {
    let (one, two) = (open([1; 8], Lock::default(), 60), open([2; 8], Lock::default(), 60));
    let grant = |subject: Option<String>, token_id: Option<String>| Grant {
        subject,
        token_id,
        ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
    };
    let viewer = grant(Some("viewer".to_owned()), None);
    assert_eq!([one.bucket(), two.bucket()], [bucket_of(&viewer, SessionId([3; 8])); 2]);
    let named = grant(None, Some("t1".to_owned()));
    assert_eq!(bucket_of(&named, SessionId([1; 8])), bucket_of(&named, SessionId([2; 8])));
    let buckets = |of: &dyn Fn(u64) -> u8| (0..1_000).map(of).collect::<std::collections::BTreeSet<_>>();
    let subjects = buckets(&|number| bucket_of(&grant(Some(number.to_string()), None), SessionId([1; 8])));
    let sessions = buckets(&|number| bucket_of(&grant(None, None), SessionId(number.to_be_bytes())));
    assert_eq!((subjects.len(), sessions.len()), (100, 100));
}

#[test]
fn one_token_opens_one_session_of_a_title_in_a_network() {
    let name = |id: &str| {
        let grant = Grant {
            token_id: Some(id.to_owned()),
            ..Grant::new(Dialect::Jwt, "id".parse().unwrap(), "k".parse().unwrap())
        };
        let keys = keys(&[("k", 'A')]);
        let met = super::super::Challenge {
            key: &keys.keys[0],
            algorithm: Algorithm::HS256,
            message: b"m".as_slice().into(),
            signature: Vec::new().into(),
        };
        TokenName::of_token(&"a.example".parse().unwrap(), &grant, &met)
    };
    let of = |host: &str, id: &str, token: &str, address: &str| {
        SessionId::of(&facts("AE", address), &host.parse().unwrap(), &title(id), &name(token))
    };
    let usual = of("a.example", "harbour", "t1", "192.0.2.1");
    assert_eq!(of("a.example", "harbour", "t1", "192.0.2.254"), usual);
    let all = [
        usual,
        of("b.example", "harbour", "t1", "192.0.2.1"),
        of("a.example", "other", "t1", "192.0.2.1"),
        of("a.example", "harbour", "t2", "192.0.2.1"),
        of("a.example", "harbour", "t1", "192.0.3.1"),
        of("a.example", "harbour", "t1", "2001:db8::1"),
    ];
    assert!(all.iter().all(|one| all.iter().filter(|other| *other == one).count() == 1), "{all:?}");
    let nowhere = Facts::default();
    assert_eq!(SessionId::of(&nowhere, &"a.example".parse().unwrap(), &title("harbour"), &name("t1")), None);
}

#[test]
fn session_ids_read_back() {
    let id = SessionId([0, 1, 2, 3, 4, 5, 0xfe, 0xff]);
    assert_eq!(id.to_string().parse(), Ok(id));
    for bad in ["", "0", "+001020304050607", "000102030405060708"] {
        assert!(bad.parse::<SessionId>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn what_was_minted_opens(
        id: [u8; 8], bits in 0u8..32, streams in prop::option::of(1u8..), life in 1u64..86_400, number: u8,
    ) {
        let keys = keys(&[("a", 'A')]);
        let session = open(id, Lock::from_bits([bits]), life);
        let proved = Some(proved(number).carried(session.ends_at));
        let session = Session { streams, proved, ..session };
        for session in [session, in_version_2(session)] {
            let token = session.mint(&keys, HOST).unwrap();
            prop_assert_eq!(token.len(), 100);
            prop_assert_eq!(Session::open(&token, &keys, HOST).map(|(session, _)| session), Ok(session));
        }
    }

    #[test]
    fn a_token_with_one_bit_changed_is_refused(id: [u8; 8], bit in 0usize..75 * 8) {
        let keys = keys(&[("a", 'A')]);
        let session = open(id, Lock::default(), 60);
        for session in [session, in_version_2(session)] {
            let mut bytes = URL_SAFE_NO_PAD.decode(session.mint(&keys, HOST).unwrap()).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert!(Session::open(&changed, &keys, HOST).is_err());
        }
    }
}
