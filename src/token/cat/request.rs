//! `catm`, `cath`, `catalpn` and `cattprint`: how the token may be presented.
//!
//! ```text
//! catm      = [+ method: text]
//! cath      = { + header name: text => { + match type => value } }
//! catalpn   = [+ protocol: bstr / text]
//! cattprint = { 0: type: int / text, 1: fingerprint: text / [+ text] }
//! ```
//!
//! They are checked against the entry request only: the token's issuer cannot foresee how players request files below
//! it.

use super::cbor::{Value, entry};
use super::matching::matches;
use crate::facts::{Connection, Facts};

/// The most entries of a claim.
const MOST: usize = 64;

/// Whether the method is one of those listed. Methods are case-sensitive; GET does not stand for HEAD.
pub(super) fn has_method(catm: &Value, facts: &Facts) -> Result<bool, String> {
    let methods = entries(catm)?.iter().map(|method| method.text().ok_or("expected the names of methods"));
    let methods = methods.collect::<Result<Vec<_>, _>>()?;
    Ok(methods.iter().any(|method| !method.is_empty() && *method == facts.method.name()))
}

/// The first header that is absent or does not match.
pub(super) fn wrong_header<'a>(cath: &'a Value, facts: &Facts) -> Result<Option<&'a str>, String> {
    let headers = cath.map().filter(|headers| (1..=MOST).contains(&headers.len()));
    let headers = headers.ok_or_else(|| format!("expected a map of 1 to {MOST} headers"))?;
    let mut wrong = None;
    for (name, matching) in headers {
        let name = name.text().ok_or("expected the names of headers")?;
        let value = facts.headers.named(name).map(str::trim);
        // An absent header matches nothing, but an unknown match is noticed all the same.
        let met = matches(matching, value.as_slice(), false).map_err(|error| format!("a header: {error}"))?;
        if !met {
            wrong = wrong.or(Some(name));
        }
    }
    Ok(wrong)
}

/// Whether the connection speaks one of the protocols.
pub(super) fn has_protocol(catalpn: &Value, connection: &Connection) -> Result<bool, String> {
    let spoken = connection.alpn.as_deref().ok_or("the connection's protocol is not known")?;
    let mut found = false;
    for protocol in entries(catalpn)? {
        let protocol = if let Value::Tag(_, inner) = protocol { inner } else { protocol };
        let name = protocol.bytes().or_else(|| protocol.text().map(str::as_bytes));
        found |= name.ok_or("expected the names of protocols")? == spoken.as_bytes();
    }
    Ok(found)
}

/// Whether the TLS handshake has one of the fingerprints. Of the types in use, a runtime may provide JA3 (0) and JA4
/// (2).
pub(super) fn has_fingerprint(cattprint: &Value, connection: &Connection) -> Result<bool, String> {
    let parts = cattprint.map().ok_or("expected a map of type and fingerprint")?;
    let seen = match entry(parts, 0) {
        Some(Value::Integer(0)) => &connection.ja3,
        Some(Value::Integer(2)) => &connection.ja4,
        Some(Value::Text(name)) if name.eq_ignore_ascii_case("JA3") => &connection.ja3,
        Some(Value::Text(name)) if name.eq_ignore_ascii_case("JA4") => &connection.ja4,
        _ => return Err("a type of fingerprint that is not supported".to_owned()),
    };
    let wanted = entries(entry(parts, 1).ok_or("expected a fingerprint")?)?;
    if parts.len() != 2 || wanted.iter().any(|wanted| wanted.text().is_none_or(str::is_empty)) {
        return Err("expected a type and a fingerprint".to_owned());
    }
    let seen = seen.as_deref().ok_or("the connection's fingerprint is not known")?;
    Ok(wanted.iter().filter_map(Value::text).any(|wanted| wanted.eq_ignore_ascii_case(seen)))
}

fn entries(claim: &Value) -> Result<&[Value], String> {
    let entries = claim.list();
    if entries.is_empty() || entries.len() > MOST {
        return Err(format!("expected 1 to {MOST} entries"));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Headers, Method};
    use crate::redacted::Redacted;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn texts(list: &[&str]) -> Value {
        Value::Array(list.iter().map(|item| text(item)).collect())
    }

    #[test]
    fn methods() {
        let facts = |method: &str| Facts { method: Method::from_name(method), ..Facts::default() };
        for (list, method, expected) in [
            (&["GET", "HEAD"][..], "GET", Ok(true)),
            (&["GET", "HEAD"], "HEAD", Ok(true)),
            (&["GET"], "HEAD", Ok(false)),
            (&["get"], "GET", Ok(false)),
            (&["BREW", ""], "BREW", Ok(false)),
            (&[], "GET", Err(())),
        ] {
            assert_eq!(
                has_method(&texts(list), &facts(method)).map_err(|_| ()),
                expected,
                "{list:?} {method}"
            );
        }
        assert_eq!(has_method(&text("GET"), &facts("GET")), Ok(true));
        assert!(has_method(&Value::Array(vec![text("GET"), Value::Null]), &facts("GET")).is_err());
    }

    #[test]
    fn headers() {
        let header = |name: &str, value: &str| (name.to_owned(), Redacted::new(value.to_owned()));
        let all = vec![header("user-agent", " Player/7 "), header("x-id", "42")];
        let facts = Facts { headers: Headers { all, ..Headers::default() }, ..Facts::default() };
        let cath = |list: &[(&str, i64, &str)]| {
            let one = |(name, kind, value): &(&str, i64, &str)| {
                (text(name), Value::Map(vec![(Value::Integer(*kind), text(value))]))
            };
            Value::Map(list.iter().map(one).collect())
        };
        for (list, wrong) in [
            (&[("User-Agent", 1, "Player/"), ("X-ID", 0, "42")][..], None),
            (&[("User-Agent", 1, "Player/"), ("X-ID", 0, "43")], Some("X-ID")),
            (&[("User-Agent", 0, "player/7")], Some("User-Agent")),
            (&[("X-Absent", 3, "")], Some("X-Absent")),
        ] {
            assert_eq!(wrong_header(&cath(list), &facts), Ok(wrong), "{list:?}");
        }
        for unclear in [cath(&[("x-absent", 9, "")]), cath(&[]), Value::Null, texts(&["x-id"])] {
            assert!(wrong_header(&unclear, &facts).is_err(), "{unclear:?}");
        }
    }

    #[test]
    fn protocols() {
        let connection = Connection { alpn: Some("h2".to_owned()), ..Connection::default() };
        let bytes = |name: &str| Value::Bytes(name.as_bytes().to_vec());
        let tagged = Value::Tag(24, Box::new(bytes("h2")));
        for (list, expected) in [
            (Value::Array(vec![bytes("h3"), bytes("h2")]), Ok(true)),
            (texts(&["h3", "h2"]), Ok(true)),
            (Value::Array(vec![tagged]), Ok(true)),
            (texts(&["h3"]), Ok(false)),
            (texts(&["H2"]), Ok(false)),
            (Value::Array(vec![bytes("h2"), Value::Null]), Err(())),
            (texts(&[]), Err(())),
        ] {
            assert_eq!(has_protocol(&list, &connection).map_err(|_| ()), expected, "{list:?}");
        }
        assert!(has_protocol(&texts(&["h2"]), &Connection::default()).is_err());
    }

    #[test]
    fn fingerprints() {
        let ja4 = "t13d1516h2_8daaf6152771_b186095e22b6";
        let connection = Connection { ja4: Some(ja4.to_owned()), ..Connection::default() };
        let print = |kind: Value, value: Value| {
            Value::Map(vec![(Value::Integer(0), kind), (Value::Integer(1), value)])
        };
        for (claim, expected) in [
            (print(Value::Integer(2), text(ja4)), Ok(true)),
            (print(text("JA4"), text(&ja4.to_uppercase())), Ok(true)),
            (print(text("JA4"), texts(&["other", ja4])), Ok(true)),
            (print(text("JA4"), text("other")), Ok(false)),
            (print(text("JA3"), text(ja4)), Err(())),
            (print(Value::Integer(3), text(ja4)), Err(())),
            (print(text("JA4"), text("")), Err(())),
            (print(text("JA4"), Value::Null), Err(())),
            (Value::Map(vec![(Value::Integer(0), text("JA4"))]), Err(())),
            (Value::Null, Err(())),
        ] {
            assert_eq!(has_fingerprint(&claim, &connection).map_err(|_| ()), expected, "{claim:?}");
        }
        assert!(has_fingerprint(&print(Value::Integer(2), text(ja4)), &Connection::default()).is_err());
    }
}
