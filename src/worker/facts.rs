//! Reads a request once.

use std::str::FromStr;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::{Env, Request};

use super::platform;
use crate::denial::{Denial, Reason};
use crate::facts::{Connection, Coordinates, Facts, Geography, Headers, Method, Scheme};
use crate::pipeline::Stop;
use crate::redacted::Redacted;
use crate::route;

/// The variable that lets a request name its own place: for development, never set in production.
const OVERRIDE_VARIABLE: &str = "GEOGRAPHY_OVERRIDE";
const OVERRIDE_HEADER: &str = "Stagedoor-Geography";

pub(super) fn read(request: &Request, env: &Env) -> Result<Facts, Stop> {
    let url = request.url().map_err(|error| platform(&error))?;
    let header = |name: &str| request.headers().get(name).map_err(|error| platform(&error));
    let cf = Cf::of(request);
    // A session's token says all that the path does not: what viewer tokens may need is read at the entry alone.
    let below_a_session = route::session_prefix(url.path()).is_some();
    let all = if below_a_session {
        Vec::new()
    } else {
        request.headers().entries().map(|(name, value)| (name, Redacted::new(value))).collect()
    };
    Ok(Facts {
        method: Method::from_name(request.method().as_ref()),
        scheme: if url.scheme() == "http" { Scheme::Http } else { Scheme::Https },
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port(),
        path: url.path().to_owned(),
        query: Redacted::new(url.query().unwrap_or_default().to_owned()),
        headers: Headers {
            authorization: header("Authorization")?.map(Redacted::new),
            origin: header("Origin")?,
            range: header("Range")?,
            if_range: header("If-Range")?,
            if_none_match: header("If-None-Match")?,
            if_modified_since: header("If-Modified-Since")?,
            all,
        },
        address: header("CF-Connecting-IP")?.and_then(|address| address.parse().ok()),
        geography: match header(OVERRIDE_HEADER)?.filter(|_| override_allowed(env)) {
            Some(place) => place.parse().map_err(|error| {
                Denial::new(Reason::GeographyInvalid, format!("{OVERRIDE_HEADER}: {error}"))
            })?,
            None => cf.geography(),
        },
        connection: if below_a_session { Connection::default() } else { cf.connection() },
    })
}

fn override_allowed(env: &Env) -> bool {
    env.var(OVERRIDE_VARIABLE).is_ok_and(|value| value.to_string() == "header")
}

/// What Cloudflare tells of a request. The crate's own accessors panic on a member that is absent or of another
/// type, so that it is read by name here.
///
/// <https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties>
struct Cf(Option<JsValue>);

impl Cf {
    fn of(request: &Request) -> Self {
        let cf = Reflect::get(request.inner(), &JsValue::from_str("cf")).ok();
        Self(cf.filter(JsValue::is_object))
    }

    fn member(&self, name: &str) -> Option<JsValue> {
        Reflect::get(self.0.as_ref()?, &JsValue::from_str(name)).ok()
    }

    /// A text, or a number as one.
    fn text(&self, name: &str) -> Option<String> {
        let member = self.member(name)?;
        member.as_string().or_else(|| member.as_f64().map(|number| number.to_string()))
    }

    fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    fn geography(&self) -> Geography {
        let place = self.text("country").map(|code| Geography::in_country_of_cloudflare(&code));
        let coordinates =
            self.number("latitude").and_then(|latitude| Some((latitude, self.number("longitude")?)));
        Geography {
            subdivision: self.text("regionCode"),
            continent: self.text("continent"),
            dma: self.number("metroCode"),
            postal: self.text("postalCode").map(|code| Geography::canonical_postal(&code)),
            coordinates: coordinates
                .and_then(|(latitude, longitude)| Coordinates::from_degrees(latitude, longitude)),
            asn: self.number("asn"),
            ..place.unwrap_or_default()
        }
    }

    fn connection(&self) -> Connection {
        // Cloudflare writes `HTTP/2` where ALPN writes `h2`.
        let alpn = match self.text("httpProtocol").as_deref() {
            Some("HTTP/1.0") => Some("http/1.0"),
            Some("HTTP/1.1") => Some("http/1.1"),
            Some("HTTP/2") => Some("h2"),
            Some("HTTP/3") => Some("h3"),
            _ => None,
        };
        let bots = Self(self.member("botManagement").filter(JsValue::is_object));
        Connection { alpn: alpn.map(str::to_owned), ja3: bots.text("ja3Hash"), ja4: bots.text("ja4") }
    }
}
