//! Reads a request once.

use worker::{Env, Request};

use super::platform;
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Geography, Headers, Method};
use crate::pipeline::Stop;
use crate::redacted::Redacted;

/// The variable that lets a request name its own place: for development, never set in production.
const OVERRIDE_VARIABLE: &str = "GEOGRAPHY_OVERRIDE";
const OVERRIDE_HEADER: &str = "Stagedoor-Geography";

pub(super) fn read(request: &Request, env: &Env) -> Result<Facts, Stop> {
    let url = request.url().map_err(|error| platform(&error))?;
    let header = |name: &str| request.headers().get(name).map_err(|error| platform(&error));
    Ok(Facts {
        method: Method::from_name(request.method().as_ref()),
        host: url.host_str().unwrap_or_default().to_owned(),
        path: url.path().to_owned(),
        query: Redacted::new(url.query().unwrap_or_default().to_owned()),
        headers: Headers {
            authorization: header("Authorization")?.map(Redacted::new),
            origin: header("Origin")?,
            range: header("Range")?,
            if_range: header("If-Range")?,
            if_none_match: header("If-None-Match")?,
            if_modified_since: header("If-Modified-Since")?,
        },
        geography: match header(OVERRIDE_HEADER)?.filter(|_| override_allowed(env)) {
            Some(place) => place.parse().map_err(|error| {
                Denial::new(Reason::GeographyInvalid, format!("{OVERRIDE_HEADER}: {error}"))
            })?,
            None => geography(request),
        },
    })
}

fn override_allowed(env: &Env) -> bool {
    env.var(OVERRIDE_VARIABLE).is_ok_and(|value| value.to_string() == "header")
}

/// <https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties>
fn geography(request: &Request) -> Geography {
    let Some(cf) = request.cf() else { return Geography::default() };
    Geography {
        country: cf.country().and_then(|code| Geography::country_from_cloudflare(&code)),
        subdivision: cf.region_code(),
        asn: cf.asn(),
    }
}
