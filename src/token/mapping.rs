//! The meaning of an issuer's claims.
//!
//! | grant | claim, unless the site maps another | |
//! | --- | --- | --- |
//! | subject | `sub` | the viewer, for revocation |
//! | token id | `jti` | the token, for revocation |
//! | plans | `plan` | a plan or a list of them |
//! | titles | `titles` | the only titles that the token covers |
//! | territories | `territories` | countries and subdivisions that it is limited to |
//! | max_height | `max_height` | pixels |
//! | max_streams | `max_streams` | at a time |
//! | device | `device` | the kind of device |
//! | entitlements | `entitlements` | ids, or `{id, from, until}` |
//! | age | `age` | of the profile, in years |

use std::borrow::Cow;

use serde_json::Value;

use super::Grant;
use super::claims::{Claims, inside, seconds, unreadable};
use crate::catalog::{Claim, ClaimMapping, DeviceClass, Entitlement, TitleId, UnknownName};
use crate::denial::{Denial, Reason};
use crate::facts::Geography;

/// The most values of one claim.
const MOST: usize = 200;

/// How one claim is read.
struct Reader<'a> {
    name: &'a str,
    mapped: Option<&'a Claim>,
}

impl<'a> Reader<'a> {
    fn new(mapped: Option<&'a Claim>, own: &'a str) -> Self {
        let name = match mapped {
            None => own,
            Some(Claim::Named(name)) => name,
            Some(Claim::Mapped(claim)) => &claim.from,
        };
        Self { name, mapped }
    }

    /// One value in our words; `None` where it means nothing.
    fn translate<'v>(&self, value: &'v str) -> Option<Cow<'v, str>> {
        let Some(Claim::Mapped(claim)) = self.mapped else { return Some(value.into()) };
        let value = value.strip_prefix(claim.prefix.as_deref().unwrap_or_default())?;
        match (claim.names.get(value), claim.unknown) {
            (Some(name), _) => Some(name.clone().into()),
            (None, UnknownName::Keep) => Some(value.into()),
            (None, UnknownName::Drop) => None,
        }
    }

    /// The claim's values. In our own vocabulary, a claim is a text or a list of texts; a mapped claim may have any
    /// form.
    fn values<'v>(&self, claims: &'v Claims) -> Result<Option<Vec<Cow<'v, str>>>, Denial> {
        let Some(value) = claims.find(self.name) else { return Ok(None) };
        let found: Option<Vec<Cow<'_, str>>> = match (value, self.mapped) {
            (Value::String(text), None) => Some(vec![text.as_str().into()]),
            (Value::String(text), Some(_)) => Some(
                text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty()).map(Cow::from).collect(),
            ),
            (Value::Array(list), None) => list.iter().map(|one| one.as_str().map(Cow::from)).collect(),
            (Value::Array(list), Some(_)) => Some(list.iter().filter_map(scalar).collect()),
            (value, Some(_)) => scalar(value).map(|one| vec![one]),
            (_, None) => None,
        };
        let found = found
            .filter(|values| values.len() <= MOST)
            .ok_or_else(|| unreadable(self.name, &format!("a text or a list of {MOST} texts at most")))?;
        Ok(Some(found.iter().filter_map(|value| Some(self.translate(value)?.into_owned().into())).collect()))
    }

    /// The claim's values as identifiers. Mapped values that cannot be identifiers are left out.
    fn names<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        claims: &Claims,
    ) -> Result<Option<Vec<T>>, Denial> {
        let Some(values) = self.values(claims)? else { return Ok(None) };
        let mut names = Vec::new();
        for value in values {
            match value.parse() {
                Ok(name) => names.push(name),
                Err(error) if self.mapped.is_none() => {
                    return Err(unreadable(self.name, &format!("names: {error}")));
                }
                Err(_) => {}
            }
        }
        Ok(Some(names))
    }

    /// The claim's single value. An unreadable value refuses the token, since it may be a restriction.
    fn one<'v>(&self, claims: &'v Claims) -> Result<Option<Cow<'v, str>>, Denial> {
        let Some(value) = claims.find(self.name) else { return Ok(None) };
        let value = scalar(value).ok_or_else(|| unreadable(self.name, "one value"))?;
        match self.translate(&value) {
            Some(value) => Ok(Some(value.into_owned().into())),
            None => Err(unreadable(self.name, "a value that the site's `claims` name")),
        }
    }

    fn number<T: std::str::FromStr>(&self, claims: &Claims, unit: &str) -> Result<Option<T>, Denial> {
        let Some(value) = self.one(claims)? else { return Ok(None) };
        let digits = value.strip_suffix(unit).unwrap_or(&value);
        digits.parse().map(Some).map_err(|_| unreadable(self.name, "a whole number that is not too large"))
    }
}

/// A text, a number, or true or false, as text.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

/// Reads the claims into a grant.
pub(super) fn fill(
    grant: &mut Grant,
    claims: &Claims,
    mapping: &ClaimMapping,
    geography: &Geography,
) -> Result<(), Denial> {
    let reader = |mapped, own| Reader::new(mapped, own);
    let owned = |value: Option<Cow<'_, str>>| value.map(Cow::into_owned);
    grant.subject = match &mapping.subject {
        None => claims.text("sub")?.map(str::to_owned),
        mapped => owned(reader(mapped.as_ref(), "sub").one(claims)?),
    };
    grant.token_id = match &mapping.token_id {
        None => claims.text("jti")?.map(str::to_owned),
        mapped => owned(reader(mapped.as_ref(), "jti").one(claims)?),
    };
    let restricting = [
        (mapping.titles.as_ref(), "titles"),
        (mapping.territories.as_ref(), "territories"),
        (mapping.max_height.as_ref(), "max_height"),
        (mapping.max_streams.as_ref(), "max_streams"),
        (mapping.age.as_ref(), "age"),
        (mapping.device.as_ref(), "device"),
    ];
    for (mapped, own) in restricting {
        let name = reader(mapped, own).name;
        if claims.is_null(name) {
            return Err(unreadable(name, "a value, or no claim"));
        }
    }
    grant.plans = reader(mapping.plans.as_ref(), "plan").names(claims)?.unwrap_or_default();
    grant.titles = reader(mapping.titles.as_ref(), "titles").names::<TitleId>(claims)?;
    grant.max_height = reader(mapping.max_height.as_ref(), "max_height").number(claims, "p")?;
    grant.max_streams = reader(mapping.max_streams.as_ref(), "max_streams").number(claims, "")?;
    grant.age = reader(mapping.age.as_ref(), "age").number(claims, "")?;
    if let Some(name) = reader(mapping.device.as_ref(), "device").one(claims)? {
        let known = DeviceClass::from_name(&name);
        grant.device = Some(known.ok_or_else(|| unreadable("device", "a device class"))?);
    }
    grant.entitlements = entitlements(&reader(mapping.entitlements.as_ref(), "entitlements"), claims)?;
    if let Some(places) = reader(mapping.territories.as_ref(), "territories").values(claims)? {
        let places: Vec<_> = places.into_iter().map(Cow::into_owned).collect();
        if !inside(geography, &places) {
            return Err(Denial::new(Reason::TokenPlace, format!("the token is not good in {geography}")));
        }
        if !places.iter().any(|place| place == "*") {
            grant.lock.country = true;
            grant.lock.subdivision |= places.iter().any(|place| place.contains('-'));
        }
        grant.territories = Some(places);
    }
    Ok(())
}

/// Ids, or objects with `id`, `from` and `until`: seconds since 1970, or a date and time of RFC 3339.
fn entitlements(reader: &Reader<'_>, claims: &Claims) -> Result<Vec<Entitlement>, Denial> {
    let list = match claims.find(reader.name) {
        Some(Value::Array(list)) if list.iter().any(Value::is_object) => list,
        _ => {
            let ids = reader.names(claims)?.unwrap_or_default();
            return Ok(ids.into_iter().map(|id| Entitlement { id, from: None, until: None }).collect());
        }
    };
    let expected = || unreadable(reader.name, "ids, or objects with `id`, `from` and `until`");
    if list.len() > MOST {
        return Err(expected());
    }
    let mut found = Vec::new();
    for one in list {
        let instant = |name: &str, round| match one.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(_)) => one
                .get(name)
                .cloned()
                .and_then(|text| serde_json::from_value(text).ok())
                .map(Some)
                .ok_or_else(expected),
            Some(value) => seconds(value, round).map(Some).ok_or_else(expected),
        };
        let id = one.get("id").unwrap_or(one);
        let id = scalar(id).ok_or_else(expected)?;
        let (from, until) = (instant("from", f64::ceil)?, instant("until", f64::floor)?);
        match reader.translate(&id).map(|id| id.parse()) {
            Some(Ok(id)) => found.push(Entitlement { id, from, until }),
            // Mapped values that cannot be identifiers are left out.
            Some(Err(_)) if reader.mapped.is_some() => {}
            Some(Err(error)) => return Err(unreadable(reader.name, &format!("ids: {error}"))),
            None => {}
        }
    }
    Ok(found)
}
