//! `catr`: a newer token before the old one ends.
//!
//! ```text
//! catr = { 0: type (0 automatic, 1 cookie, 2 header, 3 redirect), 1: expadd, ? 2: deadline,
//!          ? 3: cookie name, ? 4: header name, ? 5: cookie parameters, ? 6: header parameters, ? 7: status }
//! ```
//!
//! The new token has the claims of the old one, ends `expadd` seconds from now, and is signed with the same key. It is
//! made from `deadline` seconds (default 60) before the end of the old one. No token is made for a key that only
//! verifies, for a token in the path, or if it would not outlast the old one. A redirect is made only for a token in
//! the query, and only to a token that is not due for renewal itself: otherwise the viewer would be redirected forever.
//!
//! Automatic means: as the old one came, by cookie, by header, or by redirect for the query.

use sha2::{Digest, Sha256};

use super::cbor::{Map, Value, entry};
use super::claims::{CATR, CTI, EXP, IAT, time};
use super::reply::{Genuine, is_token, is_value, seconds};
use super::uri::without;
use crate::catalog::Placement;
use crate::facts::Facts;
use crate::redacted::Redacted;
use crate::token::{Renewal, Replay};

/// Seconds before the end, where a token names none.
const DEADLINE_S: u64 = 60;
/// The name of header and cookie, where a token names none.
const NAME: &str = "CTA-Common-Access-Token";

/// The renewal of a token that is due; `None` where it is not, or where there can be none.
pub(super) fn renew(
    genuine: Genuine<'_>,
    replay: Replay,
    placement: &Placement,
    facts: &Facts,
) -> Option<Renewal> {
    let catr = entry(genuine.claims, CATR)?.map()?;
    let end = time(entry(genuine.claims, EXP)?, f64::floor).ok()?;
    let number = |label| entry(catr, label).map(|value| u64::try_from(value.integer()?).ok());
    let kind = number(0)??;
    let expadd = number(1)??;
    let deadline = number(2).unwrap_or(Some(DEADLINE_S))?;
    let new_end = genuine.now.plus_secs(expadd);
    if genuine.now.plus_secs(deadline) < end || new_end <= end {
        return None;
    }
    let carrier = match (kind, placement) {
        (_, Placement::Path(_)) => return None,
        (0 | 1, Placement::Cookie(_)) | (1, _) => Carrier::Cookie,
        (0 | 2, Placement::Header(_) | Placement::Authorization) | (2, _) => Carrier::Header,
        (0 | 3, Placement::Query(name)) if expadd > deadline => Carrier::Redirect(name),
        _ => return None,
    };
    let mut claims: Map = genuine.claims.to_vec();
    for (label, value) in &mut claims {
        match label.integer() {
            Some(EXP) => *value = seconds(new_end)?,
            Some(IAT) => *value = seconds(genuine.now)?,
            // A token that may be used once gets a new name. Under the old name, the store would count it as used.
            Some(CTI) if !replay.is_permitted() => {
                let hash = Sha256::new()
                    .chain_update(value.write())
                    .chain_update(genuine.now.as_secs().to_be_bytes())
                    .finalize();
                *value = Value::Bytes(hash.iter().copied().take(16).collect());
            }
            _ => {}
        }
    }
    let token = genuine.sealed(claims)?;
    let name =
        |label| entry(catr, label).map_or(Some(NAME), |name| name.text().filter(|name| is_token(name)));
    let with_parameters = |mut value: String, label| {
        for parameter in parameters(entry(catr, label))? {
            value.push_str("; ");
            value.push_str(&parameter);
        }
        Some(Redacted::new(value))
    };
    Some(match carrier {
        Carrier::Cookie => {
            let cookie = with_parameters(format!("{}={token}", name(3)?), 5)?;
            Renewal { headers: vec![("Set-Cookie".to_owned(), cookie)], redirect: None }
        }
        Carrier::Header => {
            let header = (name(4)?.to_owned(), with_parameters(token, 6)?);
            Renewal { headers: vec![header], redirect: None }
        }
        Carrier::Redirect(name) => {
            let status = match entry(catr, 7).map(Value::integer) {
                Some(Some(303)) => 303,
                Some(Some(307)) => 307,
                // A lasting redirect would bring the token to everybody who asks later.
                _ => 302,
            };
            let mut query = without(facts.query.expose(), name);
            if !query.is_empty() {
                query.push('&');
            }
            let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let url = format!("{}{}?{query}{name}={token}", facts.authority(), facts.path);
            Renewal { headers: Vec::new(), redirect: Some((status, Redacted::new(url))) }
        }
    })
}

enum Carrier<'a> {
    Cookie,
    Header,
    Redirect(&'a str),
}

/// Parameters of a cookie or header: texts, or pairs of a name and a value, in lists or maps.
fn parameters(written: Option<&Value>) -> Option<Vec<String>> {
    let plain = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let pair = |name: &Value, value: &Value| match value {
        Value::Null | Value::Bool(true) => plain(name),
        value => Some(format!("{}={}", plain(name)?, plain(value)?)),
    };
    let one = |item: &Value| match item {
        Value::Array(pairs) => match pairs.as_slice() {
            [one] => plain(one),
            [name, value] => pair(name, value),
            _ => None,
        },
        item => plain(item),
    };
    let list: Option<Vec<_>> = match written {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Map(pairs)) => pairs.iter().map(|(name, value)| pair(name, value)).collect(),
        Some(written) => written.list().iter().map(one).collect(),
    };
    list.filter(|list| list.iter().all(|text| !text.is_empty() && is_value(text) && !text.contains(';')))
}
