//! Longer tokens for running sessions, and the replies that lead players to them.

use std::borrow::Cow;

use super::shown;
use crate::admission::{Admission, path_at_session};
use crate::catalog::{KeySet, SessionPolicy, Site, SteeringPolicy, Title};
use crate::dash;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::manifest::Signing;
use crate::redacted::Redacted;
use crate::reply::{NOT_KEPT, Reply};
use crate::resource::{MediaRequest, ResourceKind};
use crate::stop::Stop;
use crate::time::UnixTime;
use crate::token::Renewal;
use crate::token::session::Session;
use crate::variation::SKIP_PARAMETER;

/// Renews the session token with a request for a manifest or for the pod of a break, if renewal is due. Returns the reply in place of the manifest, if
/// there is one.
///
/// - At the entry, a viewer token may ask for a redirect.
/// - Below the entry, the URIs of the manifest lead to the same session under a longer token. The manifest's own URL may stay:
///   many players request their first URL to the end, and resolve relative URIs against it even after a redirect. Segments use
///   the old token until their manifest is requested again, or until the grace is over.
/// - A patch cannot change the URIs of an MPD, because players would not find their position again. A patch that fits nothing
///   is sent instead, and makes them request the whole MPD. The same holds under caps with which an MPD has no patches, and for
///   an MPD whose marks open breaks.
pub(super) fn renew(
    request: &MediaRequest,
    admission: &mut Admission,
    (site, title): (&Site, &Title),
    keys: &KeySet,
    now: UnixTime,
) -> Result<Option<Reply>, Fault> {
    if let Some(Renewal { redirect: Some((status, place)), .. }) = &admission.renewal {
        return Ok(Some(redirect(*status, place.expose())));
    }
    if matches!(request.kind, ResourceKind::Segment | ResourceKind::Steering | ResourceKind::Time) {
        return Ok(None);
    }
    let is_patch = request.kind == ResourceKind::Patch;
    let permit = &admission.permit;
    if is_patch && (!dash::are_patched(&permit.caps) || shown::marks(site, title, permit)) {
        return Ok(Some(void_patch()));
    }
    let renewal_s = site.sessions.renewal_s();
    let Some(token) = longer_token(admission, site, keys, now, renewal_s)? else { return Ok(None) };
    if is_patch {
        return Ok(Some(void_patch()));
    }
    // The longer token was first given out when it lasted for a whole lifetime.
    let whole = now.plus_secs(site.sessions.lifetime_s);
    let expires_at = longer(&site.sessions, admission.session.expires_at, now, renewal_s);
    admission.moved = expires_at.is_some_and(|expires_at| whole < expires_at.plus_secs(DELTA_S));
    admission.token = token;
    admission.renewed = true;
    if admission.signing == Signing::Inherited {
        admission.signing = Signing::Renewed;
    }
    Ok(None)
}

/// The request without its wish for a Playlist Delta Update, for some time after the URIs of a playlist have changed to another
/// token. Otherwise a player would keep the skipped segments' old URIs, and could not go back in time once the old token has
/// expired.
pub(super) fn without_skip<'f>(facts: &'f Facts, admission: &Admission) -> Cow<'f, Facts> {
    let query = facts.query.expose();
    if !admission.moved || !query.contains(SKIP_PARAMETER) {
        return Cow::Borrowed(facts);
    }
    let is_skip = |pair: &str| pair.split('=').next() == Some(SKIP_PARAMETER);
    let others: Vec<_> = query.split('&').filter(|pair| !is_skip(pair)).collect();
    Cow::Owned(Facts { query: Redacted::new(others.join("&")), ..facts.clone() })
}

/// How long playlists are sent whole, in seconds. A player asks for a delta update if its playlist is no older than half of
/// the Skip Boundary ([section 6.3.7]), which is six target durations or more.
///
/// [section 6.3.7]: https://datatracker.ietf.org/doc/html/draft-pantos-hls-rfc8216bis-22#section-6.3.7
const DELTA_S: u64 = 60;

fn redirect(status: u16, place: &str) -> Reply {
    let reply = Reply { status, ..Reply::default() };
    reply.with("Location", place.to_owned()).with("Cache-Control", NOT_KEPT)
}

/// The reply in place of a manifest that cannot be written, and the fault for the log.
///
/// If the URIs of a manifest cannot be changed to the longer token, the player is redirected to the manifest's URL under that
/// token. If a patch cannot be written, the player is made to request the whole MPD: after an error it would stop, or request
/// the same patch for ever.
pub(super) fn instead_of_manifest(
    facts: &Facts,
    request: &MediaRequest,
    admission: &Admission,
    stop: Stop,
) -> Result<(Reply, Fault), Stop> {
    match stop {
        Stop::Failed(fault) if request.kind == ResourceKind::Patch => Ok((void_patch(), fault)),
        Stop::Failed(fault)
            if admission.renewed
                && matches!(fault.kind, FaultKind::ManifestForeignUri | FaultKind::ManifestTooLarge) =>
        {
            let place = path_at_session(request, admission.signing, &admission.token, facts.query.expose());
            Ok((redirect(307, &place), fault))
        }
        stop => Err(stop),
    }
}

fn void_patch() -> Reply {
    let reply = Reply::new(200, ResourceKind::Patch.media_type(), dash::VOID_PATCH.into());
    reply.with("Cache-Control", NOT_KEPT)
}

/// A longer token of the same session, if the present one ends before the player reloads the steering manifest.
pub(super) fn until_reload(
    admission: &Admission,
    site: &Site,
    policy: &SteeringPolicy,
    keys: &KeySet,
    now: UnixTime,
) -> Result<Option<Redacted<String>>, Fault> {
    longer_token(admission, site, keys, now, site.sessions.renewal_s().max(policy.ttl_s))
}

/// A longer token of the same session, if the present one lasts for `least_s` seconds at most.
fn longer_token(
    Admission { session, .. }: &Admission,
    site: &Site,
    keys: &KeySet,
    now: UnixTime,
    least_s: u64,
) -> Result<Option<Redacted<String>>, Fault> {
    let Some(expires_at) = longer(&site.sessions, session.expires_at, now, least_s) else { return Ok(None) };
    // Sessions of an older version have no end. They get one now, the same with each reload.
    let mut longer = *session;
    longer.ends_at = session.ends_by(&site.sessions);
    let longer = longer.renewed(expires_at);
    if longer.expires_at > session.expires_at { sign(&longer, site, keys).map(Some) } else { Ok(None) }
}

/// The expiry of a longer token, if the present one expires within `least_s` seconds.
///
/// Expiries lie on a grid that begins with the session's first one. Its step is `lifetime_s` less the time of renewal. So a
/// player that goes on with the URL of an old token is led to one longer token until that token is due itself. Otherwise the
/// URIs of keys and initialization segments would change with each reload.
fn longer(policy: &SessionPolicy, expires_at: UnixTime, now: UnixTime, least_s: u64) -> Option<UnixTime> {
    let least = now.plus_secs(least_s);
    if least < expires_at {
        return None;
    }
    let step_s = policy.lifetime_s.saturating_sub(policy.renewal_s()).max(1);
    let steps = least.secs_since(expires_at) / step_s + 1;
    let on_grid = expires_at.plus_secs(steps.saturating_mul(step_s));
    Some(on_grid.min(now.plus_secs(policy.lifetime_s)))
}

/// Signs the token of a session.
pub(super) fn sign(session: &Session, site: &Site, keys: &KeySet) -> Result<Redacted<String>, Fault> {
    session.mint(keys, site.host.as_str()).map(Redacted::new).ok_or_else(|| {
        let detail = format!("v1/keys/{} has no HS256 key in front", site.sessions.keys);
        Fault::new(FaultKind::DocumentInvalid, detail)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(lifetime_s: u64, renew_before_s: u64) -> SessionPolicy {
        let json = format!(r#"{{"keys":"s","lifetime_s":{lifetime_s},"renew_before_s":{renew_before_s}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn at(secs: u64) -> UnixTime {
        UnixTime::from_secs(secs)
    }

    #[test]
    fn an_old_token_leads_to_one_longer_token_for_a_whole_step() {
        let policy = policy(600, 150);
        let longer = |now| longer(&policy, at(10_600), at(now), policy.renewal_s());
        assert_eq!(longer(10_449), None);
        for (from, to, expiry) in
            [(10_450, 10_899, 11_050), (10_900, 11_349, 11_500), (11_350, 11_799, 11_950)]
        {
            assert_eq!([longer(from), longer(to)], [Some(at(expiry)); 2], "{from} to {to}");
        }
    }

    proptest! {
        /// Who went on to a longer token is led to the same ones as who kept the first URL.
        #[test]
        fn whatever_token_a_player_kept_it_is_led_to_the_same_one(
            lifetime_s in 60u64..86_400, share in 0u64..1_000, later in 0u64..1_000_000,
        ) {
            let policy = policy(lifetime_s, lifetime_s * share / 1_000);
            let (first, now) = (at(1_000_000), at(1_000_000 + later));
            let renewal_s = policy.renewal_s();
            let kept = longer(&policy, first, now, renewal_s).unwrap();
            // It is not due itself, and lasts no longer than a new session.
            prop_assert_eq!(longer(&policy, kept, now, renewal_s), None);
            prop_assert!(kept <= now.plus_secs(lifetime_s));
            let followed = longer(&policy, first, at(1_000_000 + later / 2), renewal_s).unwrap_or(first);
            prop_assert_eq!(longer(&policy, followed, now, renewal_s).unwrap_or(followed), kept);
        }
    }
}
