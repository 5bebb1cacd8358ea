//! The claims: which there are, and whether a set of them holds for a request.
//!
//! A set holds when all of its claims are met, and `or`, `nor` and `and` combine sets into a formula. A claim is met,
//! not met, or unclear: its form is not known, or the edge does not know enough about the viewer. The third answer
//! keeps `nor` from turning an unknown claim into a yes. An unclear set is refused, and so is every claim that is
//! neither in [`CLAIMS`] nor `ignored` by the site.

use super::cbor::Value;
use super::network::{self, Network};
use super::place;
use super::request;
use super::uri::{self, Target};
use crate::catalog::{Issuer, Lock};
use crate::denial::{Denial, Reason};
use crate::sorting;
use crate::time::UnixTime;
use crate::token::{Replay, compact::short, hex, jwt::ANY_AUDIENCE};

pub(super) const ISS: i64 = 1;
pub(super) const SUB: i64 = 2;
pub(super) const AUD: i64 = 3;
pub(super) const EXP: i64 = 4;
pub(super) const NBF: i64 = 5;
pub(super) const IAT: i64 = 6;
pub(super) const CTI: i64 = 7;
pub(super) const OR: i64 = 41;
pub(super) const NOR: i64 = 42;
pub(super) const AND: i64 = 43;
pub(super) const CRIT: i64 = 45;
pub(super) const GEOHASH: i64 = 282;
pub(super) const CATREPLAY: i64 = 308;
pub(super) const CATV: i64 = 310;
pub(super) const CATNIP: i64 = 311;
pub(super) const CATU: i64 = 312;
pub(super) const CATM: i64 = 313;
pub(super) const CATALPN: i64 = 314;
pub(super) const CATH: i64 = 315;
pub(super) const CATGEOISO3166: i64 = 316;
pub(super) const CATGEOCOORD: i64 = 317;
pub(super) const CATIFDATA: i64 = 320;
pub(super) const CATIF: i64 = 322;
pub(super) const CATR: i64 = 323;
pub(super) const CATTPRINT: i64 = 324;

/// The claims by their labels, and whether they are understood.
pub(super) const CLAIMS: [(i64, &str, bool); 31] = [
    (ISS, "iss", true),
    (SUB, "sub", true),
    (AUD, "aud", true),
    (EXP, "exp", true),
    (NBF, "nbf", true),
    (IAT, "iat", true),
    (CTI, "cti", true),
    // Proof of possession of a key, which no player gives.
    (8, "cnf", false),
    (OR, "or", true),
    (NOR, "nor", true),
    (AND, "and", true),
    // Encrypted claims.
    (44, "enc", false),
    (CRIT, "crit", true),
    (GEOHASH, "geohash", true),
    (CATREPLAY, "catreplay", true),
    // A probability of rejection: the edge decides the same for the same request.
    (309, "catpor", false),
    (CATV, "catv", true),
    (CATNIP, "catnip", true),
    (CATU, "catu", true),
    (CATM, "catm", true),
    (CATALPN, "catalpn", true),
    (CATH, "cath", true),
    (CATGEOISO3166, "catgeoiso3166", true),
    (CATGEOCOORD, "catgeocoord", true),
    // An altitude, which the edge never knows.
    (318, "catgeoalt", false),
    // A pinned TLS public key, which the edge never knows, and proof of possession by DPoP, which no player sends.
    (319, "cattpk", false),
    (CATIFDATA, "catifdata", true),
    (321, "catdpop", false),
    (CATIF, "catif", true),
    (CATR, "catr", true),
    (CATTPRINT, "cattprint", true),
];

/// Registered claims that inform and restrict nothing: health certificates and nonces, and the attestations of a device
/// (EAT) up to its measurements ([IANA registry]).
///
/// [IANA registry]: https://www.iana.org/assignments/cwt/cwt.xhtml
const fn informs(label: i64) -> bool {
    matches!(label, -260..=-257 | 10 | 39 | 256..=274)
}

/// The deepest nesting of `or`, `nor` and `and`, and the most sets of one.
const DEEPEST: usize = 4;
const MOST_SETS: usize = 16;

/// The request, the site and the time that claims are checked against.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) target: Target<'a>,
    /// Whose keys verify the token.
    pub(super) issuer: &'a Issuer,
    pub(super) audience: Option<&'a str>,
    /// Labels and names of claims that the site lets pass although they are not understood.
    pub(super) ignored: &'a [String],
    /// The claim with the viewer's plans.
    pub(super) plans: Option<&'a str>,
    pub(super) now: UnixTime,
    pub(super) leeway_s: u64,
}

/// The consequences of the deciding claims for the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// When the answer may be another one.
    pub(super) expires_at: Option<UnixTime>,
    pub(super) lock: Lock,
    pub(super) replay: Replay,
    /// The token is for the path of this request alone.
    pub(super) one_path: bool,
    /// The slashes of the folder that the path has to be in.
    pub(super) depth: usize,
    /// `aud` names the site's audience.
    pub(super) audience: bool,
}

impl Findings {
    fn until(&mut self, end: UnixTime) {
        self.expires_at = Some(self.expires_at.map_or(end, |earlier| earlier.min(end)));
    }

    fn add(&mut self, other: Self) {
        if let Some(end) = other.expires_at {
            self.until(end);
        }
        self.lock = self.lock.and(other.lock);
        self.one_path |= other.one_path;
        self.depth = self.depth.max(other.depth);
        self.audience |= other.audience;
        self.replay = match (self.replay, other.replay) {
            (Replay::Prohibit, _) | (_, Replay::Prohibit) => Replay::Prohibit,
            (Replay::Detect, _) | (_, Replay::Detect) => Replay::Detect,
            (Replay::Permit, Replay::Permit) => Replay::Permit,
        };
    }
}

/// Why a set of claims does not hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    /// The claim of the set.
    pub(super) label: Value,
    /// It is unclear whether the claim is met.
    unclear: bool,
    pub(super) denial: Denial,
}

/// A claim's answer: met, or why not.
enum Miss {
    Unmet(Denial),
    Unclear(Denial),
}

impl From<String> for Miss {
    fn from(what: String) -> Self {
        Self::Unclear(Denial::new(Reason::TokenClaims, what))
    }
}

impl From<&str> for Miss {
    fn from(what: &str) -> Self {
        what.to_owned().into()
    }
}

fn unmet(reason: Reason, detail: impl Into<String>) -> Miss {
    Miss::Unmet(Denial::new(reason, detail))
}

/// Whether all claims of a set hold. What decided goes to `findings`, even where they do not hold.
pub(super) fn check(
    claims: &[(Value, Value)],
    context: Context<'_>,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    check_set(claims, context, findings, DEEPEST)
}

fn check_set(
    claims: &[(Value, Value)],
    context: Context<'_>,
    findings: &mut Findings,
    depth: usize,
) -> Result<(), Refusal> {
    // Sorted by label, so that the answer does not depend on the written order.
    let mut sorted: Vec<_> = claims.iter().collect();
    sorting::by_key(&mut sorted, |(label, _)| label.integer().unwrap_or(i64::MAX));
    for (label, value) in sorted {
        claim(label, value, context, findings, depth).map_err(|miss| {
            let (unclear, denial) = match miss {
                Miss::Unmet(denial) => (false, denial),
                Miss::Unclear(denial) => (true, denial),
            };
            let detail = format!("`{}`: {}", name(label), denial.detail);
            Refusal { label: label.clone(), unclear, denial: Denial { detail, ..denial } }
        })?;
    }
    Ok(())
}

fn claim(
    label: &Value,
    value: &Value,
    context: Context<'_>,
    findings: &mut Findings,
    depth: usize,
) -> Result<(), Miss> {
    let Context { target, now, .. } = context;
    let facts = target.facts;
    match label.integer().unwrap_or(i64::MAX) {
        ISS => match value.text() {
            Some(issuer) if issuer == context.issuer.as_str() => {}
            Some(issuer) => {
                return Err(unmet(Reason::TokenIssuer, format!("another issuer, `{}`", short(issuer))));
            }
            None => return Err("expected a text".into()),
        },
        AUD => {
            let names = value.list();
            if names.iter().any(|name| name.text().is_none()) {
                return Err("expected a text or an array of texts".into());
            }
            if context.audience != Some(ANY_AUDIENCE) {
                let Some(audience) = context.audience else {
                    let detail = "the token names an audience, the site none";
                    return Err(Miss::Unclear(Denial::new(Reason::TokenAudience, detail)));
                };
                if !names.iter().any(|name| name.text() == Some(audience)) {
                    return Err(unmet(Reason::TokenAudience, format!("expected it to name `{audience}`")));
                }
                findings.audience = true;
            }
        }
        EXP => {
            let end = time(value, f64::floor)?.plus_secs(context.leeway_s);
            if now >= end {
                return Err(unmet(Reason::TokenExpired, format!("expired {} s ago", now.secs_since(end))));
            }
            findings.until(end);
        }
        NBF | IAT => {
            let start = time(value, f64::ceil)?;
            if now.plus_secs(context.leeway_s) < start {
                findings.until(UnixTime::from_secs(start.as_secs().saturating_sub(context.leeway_s)));
                return Err(unmet(
                    Reason::TokenNotYetValid,
                    format!("it is {} s ahead", start.secs_since(now)),
                ));
            }
        }
        SUB if value.text().is_none() => return Err("expected a text".into()),
        CTI if token_id(value).is_none() => return Err("expected 1 to 64 bytes".into()),
        OR => alternatives(value, context, findings, depth)?,
        NOR => exclusions(value, context, findings, depth)?,
        AND => {
            for (set, depth) in sets(value, depth)? {
                check_set(set, context, findings, depth).map_err(inner)?;
            }
        }
        CRIT => {
            let labels = value.array().filter(|labels| !labels.is_empty());
            for label in labels.ok_or("expected an array of labels")? {
                let known = CLAIMS.iter().find(|(known, ..)| Some(*known) == label.integer());
                if !known.is_some_and(|(.., understood)| *understood) {
                    return Err(format!("it names `{}`, which is not supported", name(label)).into());
                }
            }
        }
        CATREPLAY => {
            let replay = match value.integer() {
                Some(0) => Replay::Permit,
                Some(1) => Replay::Prohibit,
                Some(2) => Replay::Detect,
                _ => return Err("expected 0, 1 or 2".into()),
            };
            findings.add(Findings { replay, ..Findings::default() });
        }
        CATV if value.integer() != Some(1) => return Err("expected version 1".into()),
        CATNIP => match network::look(value, facts)? {
            Network::Named(lock) => findings.lock = findings.lock.and(lock),
            Network::Foreign(lock) => {
                findings.lock = findings.lock.and(lock);
                return Err(unmet(Reason::TokenAddress, "the viewer's network is not among them"));
            }
        },
        CATU => {
            findings.one_path |= uri::restricts_path(value);
            findings.depth = findings.depth.max(uri::depth(value));
            if let Some(component) = uri::mismatch(value, target)? {
                return Err(unmet(Reason::TokenUrl, format!("the URL's {component} does not match")));
            }
        }
        CATM if !request::has_method(value, facts)? => {
            return Err(unmet(Reason::TokenBinding, "the method is not among them"));
        }
        CATALPN if !request::has_protocol(value, &facts.connection)? => {
            return Err(unmet(Reason::TokenBinding, "the connection's protocol is not among them"));
        }
        CATH => {
            if let Some(header) = request::wrong_header(value, facts)? {
                let detail = format!("the header `{}` is absent or does not match", short(header));
                return Err(unmet(Reason::TokenBinding, detail));
            }
        }
        CATTPRINT if !request::has_fingerprint(value, &facts.connection)? => {
            return Err(unmet(Reason::TokenBinding, "the connection has another fingerprint"));
        }
        label @ (CATGEOISO3166 | CATGEOCOORD | GEOHASH) => {
            let known = facts.geography.subdivision.is_some();
            let (inside, by_subdivision) = match label {
                CATGEOISO3166 => place::in_country(value, &facts.geography)?,
                CATGEOCOORD => (place::in_circle(value, &facts.geography)?, known),
                _ => (place::in_cell(value, &facts.geography)?, known),
            };
            findings.lock.country = true;
            findings.lock.subdivision |= by_subdivision;
            if !inside {
                return Err(unmet(Reason::TokenPlace, "the viewer is elsewhere"));
            }
        }
        // Instructions for the reply, which restrict nothing.
        CATIF | CATIFDATA | CATR => {}
        known if CLAIMS.iter().any(|(label, _, understood)| *label == known && *understood) => {}
        known if label.integer().is_some() && informs(known) => {}
        _ if context.ignored.iter().any(|ignored| is_named(label, ignored)) => {}
        _ if context.plans.is_some_and(|plans| is_named(label, plans)) => {}
        _ => return Err("the claim is not supported".into()),
    }
    Ok(())
}

/// When a set of claims cannot hold for any request any more: the first end among the claims that have to hold, and the
/// last end among alternatives. `None`: it may hold forever.
pub(super) fn accepted_until(claims: &[(Value, Value)], leeway_s: u64) -> Option<UnixTime> {
    bound(claims, leeway_s, DEEPEST)
}

fn bound(claims: &[(Value, Value)], leeway_s: u64, depth: usize) -> Option<UnixTime> {
    let of = |(label, value): &(Value, Value)| {
        let bounds = || {
            let (sets, depth) = (value.array().unwrap_or_default(), depth.checked_sub(1)?);
            Some(sets.iter().map(move |set| bound(set.map().unwrap_or_default(), leeway_s, depth)))
        };
        match label.integer()? {
            EXP => time(value, f64::floor).ok().map(|end| end.plus_secs(leeway_s)),
            AND => bounds()?.flatten().min(),
            OR => bounds()?.collect::<Option<Vec<_>>>()?.into_iter().max(),
            _ => None,
        }
    };
    claims.iter().filter_map(of).min()
}

/// `or`: at least one set holds. The requirements of the first such set are enough.
fn alternatives(
    value: &Value,
    context: Context<'_>,
    findings: &mut Findings,
    depth: usize,
) -> Result<(), Miss> {
    let mut missed = Findings::default();
    let mut first = None;
    let mut unclear = false;
    for (set, depth) in sets(value, depth)? {
        let mut found = Findings::default();
        match check_set(set, context, &mut found, depth) {
            Ok(()) => {
                findings.add(found);
                return Ok(());
            }
            Err(refusal) => {
                missed.add(found);
                unclear |= refusal.unclear;
                first = first.or(Some(refusal));
            }
        }
    }
    findings.add(missed);
    Err(match first {
        Some(first) => inner(Refusal { unclear, ..first }),
        None => "expected a set of claims".into(),
    })
}

/// `nor`: no set holds. The findings say for which properties each set failed: with others, it might hold.
fn exclusions(
    value: &Value,
    context: Context<'_>,
    findings: &mut Findings,
    depth: usize,
) -> Result<(), Miss> {
    let mut unclear = None;
    for (set, depth) in sets(value, depth)? {
        let mut found = Findings::default();
        let held = check_set(set, context, &mut found, depth);
        // A folder that the path is not in does not become the folder of the session.
        findings.add(Findings { audience: false, replay: Replay::Permit, depth: 0, ..found });
        match held {
            Ok(()) => return Err(unmet(Reason::TokenBinding, "a set of claims holds that must not")),
            Err(refusal) if refusal.unclear => unclear = unclear.or(Some(refusal)),
            Err(_) => {}
        }
    }
    unclear.map_or(Ok(()), |refusal| Err(inner(refusal)))
}

type Set<'a> = &'a [(Value, Value)];

/// Sets of claims, and how deep others may stand in them.
fn sets(value: &Value, depth: usize) -> Result<Vec<(Set<'_>, usize)>, Miss> {
    let depth = depth.checked_sub(1).ok_or_else(|| format!("expected {DEEPEST} levels at most"))?;
    let sets = value.array().filter(|sets| (1..=MOST_SETS).contains(&sets.len()));
    let sets = sets.ok_or_else(|| format!("expected an array of 1 to {MOST_SETS} sets of claims"))?;
    let maps: Option<Vec<_>> = sets.iter().map(Value::map).collect();
    let maps = maps.ok_or("expected sets of claims, which are maps")?;
    Ok(maps.into_iter().map(|set| (set, depth)).collect())
}

fn inner(refusal: Refusal) -> Miss {
    if refusal.unclear { Miss::Unclear(refusal.denial) } else { Miss::Unmet(refusal.denial) }
}

/// The name of a claim, for people.
pub(super) fn name(label: &Value) -> String {
    match label {
        Value::Integer(label) => match CLAIMS.iter().find(|(known, ..)| known == label) {
            Some((_, name, _)) => (*name).to_owned(),
            None => label.to_string(),
        },
        Value::Text(label) => short(label),
        _ => "?".to_owned(),
    }
}

/// Whether a site's document means this claim: by its label, by its digits or by its name.
pub(super) fn is_named(label: &Value, named: &str) -> bool {
    match label {
        Value::Integer(number) => number.to_string() == named || name(label) == named,
        Value::Text(text) => text == named,
        _ => false,
    }
}

/// `cti` in hexadecimal digits.
pub(super) fn token_id(value: &Value) -> Option<String> {
    let bytes = match value {
        Value::Bytes(bytes) => bytes.as_slice(),
        Value::Text(text) => text.as_bytes(),
        _ => return None,
    };
    (1..=64).contains(&bytes.len()).then(|| hex::encode(bytes))
}

/// `NumericDate`: seconds, as an integer or a floating-point number, which is rounded to the stricter side. A tag 1 in
/// front is not what RFC 8392 says, but what some write.
pub(super) fn time(value: &Value, round: fn(f64) -> f64) -> Result<UnixTime, String> {
    let value = if let Value::Tag(1, inner) = value { inner } else { value };
    match value {
        // A time before 1970 is long ago.
        Value::Integer(seconds) => Ok(UnixTime::from_secs(u64::try_from(*seconds).unwrap_or(0))),
        #[expect(clippy::cast_possible_truncation, reason = "the number is in the range of exact integers")]
        #[expect(clippy::cast_sign_loss, reason = "it is not negative")]
        Value::Float(seconds) if seconds.is_finite() && seconds.abs() < 9e15 => {
            Ok(UnixTime::from_secs(round(seconds.max(0.0)) as u64))
        }
        _ => Err("expected a time in seconds".to_owned()),
    }
}
