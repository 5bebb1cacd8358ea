//! The values of a decision that a URL template may use.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use super::names::MACROS;
use crate::ads::{ErrorCode, Place};

/// The values of a decision that a URL template may use.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The time, in Unix milliseconds.
    pub now_ms: u64,
    /// A random number.
    pub random: u64,
    /// The session's id.
    pub session: String,
    /// The id of the decision, from [`transaction`].
    pub transaction: String,
    /// The viewer's address.
    pub address: Option<IpAddr>,
    /// The `User-Agent` of the viewer's request.
    pub user_agent: Option<String>,
    /// The `Accept-Language` of the viewer's request.
    pub language: Option<String>,
    /// The page on which the player stands: `Referer`, else `Origin`.
    pub page: Option<String>,
    /// The site.
    pub site: String,
    /// The title.
    pub title: String,
    /// The URL of the title, without a session.
    pub content_uri: Option<String>,
    /// The id of the break.
    pub break_id: String,
    /// The place of the break.
    pub place: Option<Place>,
    /// The start of the break in the content.
    pub start: Option<Duration>,
    /// The planned duration of the break.
    pub planned: Option<Duration>,
    /// The SCTE-35 event that announced the break.
    pub event_id: Option<u32>,
    /// The most ads of a pod.
    pub most_ads: u8,
    /// The time until the break begins, if its pod is decided before the viewer asks for it.
    pub ahead: Option<Duration>,
    /// The names of parameters that the template may use as `[player_params.NAME]`.
    pub player_params: Vec<String>,
    /// The viewer's parameters, decoded.
    pub parameters: Vec<(String, String)>,
}

/// The values of one request beside those of its decision.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The number of the request within its decision, so that each has another random number.
    pub request: u64,
    /// The categories that wrappers block.
    pub blocked: Vec<String>,
    /// The code that an error URL is told.
    pub code: Option<ErrorCode>,
}

/// The value of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// It is known.
    Known(String),
    /// A macro of VAST whose value is not known.
    Unknown,
    /// A variable without a value.
    Nothing,
}

/// The parameters of consent and of devices that macros use, whatever `player_params` has.
pub const fn consent_parameters() -> &'static [&'static str] {
    &[
        "gdpr",
        "gdpr_consent",
        "us_privacy",
        "gpp",
        "gpp_sid",
        "lmt",
        "lat",
        "is_lat",
        "limit_ad_tracking",
        "coppa",
        "ifa",
        "ifa_type",
        "app_bundle",
        "store_id",
        "store_url",
        "omid_partner",
        "player_size",
        "latlong",
    ]
}

/// The longest value of a parameter, in bytes: a TCF string with all vendors has about 1,000.
const PARAMETER_MAX: usize = 4 * 1024;

/// The name and version of this software.
pub(super) const SERVER: &str = concat!("Stagedoor/", env!("CARGO_PKG_VERSION"));

/// The id of a decision: a UUID (RFC 9562 version 8) of the session and the break.
pub fn transaction(session: &str, break_id: &str) -> String {
    let hash = Sha256::new().chain_update(session).chain_update([0]).chain_update(break_id).finalize();
    let mut number = hash.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    number = (number & !(0xf << 76)) | (8 << 76);
    number = (number & !(0b11 << 62)) | (0b10 << 62);
    let hex = format!("{number:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

impl Values {
    /// The value of a name; `None`: the name is not known.
    pub(super) fn find(&self, name: &str, extra: &Extra) -> Option<Value> {
        if let Some(parameter) = name.strip_prefix("player_params.") {
            let is_allowed = self.player_params.iter().any(|allowed| allowed == parameter);
            return Some(or_nothing(is_allowed.then(|| self.parameter(parameter)).flatten()));
        }
        if let Some(value) = self.variable(name, extra) {
            return Some(or_nothing(value));
        }
        if let Some(value) = self.consent(name) {
            return Some(or_nothing(value));
        }
        is_macro(name).then(|| {
            self.vast(name, extra).filter(|text| !text.is_empty()).map_or(Value::Unknown, Value::Known)
        })
    }

    /// The value of a name in the URL of an event, which the player requests; `None`: the macro is left to the player.
    pub(super) fn find_of_event(&self, name: &str, request: u64) -> Option<Value> {
        match name {
            // The time of the event, and the player itself.
            "TIMESTAMP" | "CLIENTUA" => None,
            // The player requests it without a server in between.
            "SERVERSIDE" => Some(Value::Known("0".to_owned())),
            _ => {
                let found = self.find(name, &Extra { request, ..Extra::default() });
                found.filter(|value| matches!(value, Value::Known(_)))
            }
        }
    }

    /// A macro of VAST.
    fn vast(&self, name: &str, extra: &Extra) -> Option<String> {
        let parameter = |name: &str| self.parameter(name);
        let number = |number: u64| Some(number.to_string());
        match name {
            "TIMESTAMP" => {
                let instant = DateTime::<Utc>::from_timestamp_millis(i64::try_from(self.now_ms).ok()?)?;
                Some(instant.to_rfc3339_opts(SecondsFormat::Millis, true))
            }
            // `RANDOM` is not of VAST, but common.
            "CACHEBUSTING" | "RANDOM" | "random" => {
                number(10_000_000 + self.random(extra.request) % 90_000_000)
            }
            "CONTENTPLAYHEAD" | "MEDIAPLAYHEAD" => self.start.map(playhead),
            "BREAKPOSITION" => number(match self.place? {
                Place::PreRoll => 1,
                Place::MidRoll => 2,
                Place::PostRoll => 3,
            }),
            "BLOCKEDADCATEGORIES" => Some(extra.blocked.join(",")),
            "ADCOUNT" | "BREAKMAXADS" => number(self.most_ads.into()).filter(|_| self.most_ads > 0),
            "TRANSACTIONID" => Some(self.transaction.clone()),
            "PLACEMENTTYPE" => number(1),
            "ADTYPE" => Some("video".to_owned()),
            "BREAKMAXDURATION" | "BREAKMAXADLENGTH" => number(self.planned?.as_secs()),
            "IFA" => parameter("ifa"),
            "IFATYPE" => parameter("ifa_type"),
            "CLIENTUA" => Some(format!("unknown {SERVER}")),
            "SERVERUA" => Some(SERVER.to_owned()),
            "DEVICEUA" => self.user_agent.clone(),
            "SERVERSIDE" => number(if self.ahead.is_some() { 2 } else { 1 }),
            "DEVICEIP" => self.address.map(|address| address.to_string()),
            "LATLONG" => parameter("latlong"),
            "DOMAIN" => Some(self.domain()),
            "PAGEURL" => self.page.clone(),
            "APPBUNDLE" => parameter("app_bundle"),
            "VASTVERSIONS" => Some("2,3,5,6,7,8,11,12,13,14,15,16".to_owned()),
            "OMIDPARTNER" => parameter("omid_partner"),
            "MEDIAMIME" => Some("video/mp4,application/x-mpegURL,application/dash+xml".to_owned()),
            "PLAYERSIZE" => parameter("player_size"),
            "CONTENTID" => Some(format!("{} {}", self.site, self.title)),
            "CONTENTURI" => self.content_uri.clone(),
            "ERRORCODE" => number(extra.code?.number().into()),
            "LIMITADTRACKING" => self.limits_tracking(),
            "REGULATIONS" => {
                let applies = |name: &&str| parameter(name).as_deref() == Some("1");
                Some(["gdpr", "coppa"].into_iter().filter(applies).collect::<Vec<_>>().join(","))
            }
            "GDPRCONSENT" => parameter("gdpr_consent"),
            "STOREID" => parameter("store_id"),
            "STOREURL" => parameter("store_url"),
            "GPPSTRING" => parameter("gpp"),
            "GPPSECTIONID" => parameter("gpp_sid"),
            _ => None,
        }
    }

    /// A variable; `None`: there is none of the name.
    fn variable(&self, name: &str, extra: &Extra) -> Option<Option<String>> {
        let millis = |duration: Duration| duration.as_millis().to_string();
        Some(match name {
            "session.id" => Some(self.session.clone()),
            "session.uuid" => Some(self.transaction.clone()),
            "session.client_ip" => self.address.map(|address| address.to_string()),
            "session.user_agent" => self.user_agent.clone(),
            "session.referer" => self.page.clone(),
            "session.avail_duration_secs" => self.planned.map(|planned| planned.as_secs().to_string()),
            "session.avail_duration_ms" => self.planned.map(millis),
            "avail.index" => None,
            "avail.random" => Some((self.random(extra.request) % 10_000_000_000).to_string()),
            "scte.event_id" => self.event_id.map(|id| id.to_string()),
            "break.starts_in_secs" => Some(self.ahead.unwrap_or_default().as_secs().to_string()),
            "break.id" => Some(self.break_id.clone()),
            "break.place" => self.place.map(|place| match place {
                Place::PreRoll => "pre_roll".to_owned(),
                Place::MidRoll => "mid_roll".to_owned(),
                Place::PostRoll => "post_roll".to_owned(),
            }),
            "site.host" => Some(self.site.clone()),
            "title.id" => Some(self.title.clone()),
            _ => return None,
        })
    }

    /// A variable or a macro of consent: TCF's and the US privacy string's `${...}`, whose names may end in a vendor's number.
    fn consent(&self, name: &str) -> Option<Option<String>> {
        Some(match name {
            "consent.gdpr" | "GDPR" => self.parameter("gdpr"),
            "consent.tcf" => self.parameter("gdpr_consent"),
            "consent.us_privacy" | "US_PRIVACY" => self.parameter("us_privacy"),
            "consent.gpp" => self.parameter("gpp"),
            "consent.gpp_sid" | "GPP_SID" => self.parameter("gpp_sid"),
            "consent.limit_ad_tracking" => self.limits_tracking(),
            "consent.coppa" => self.parameter("coppa"),
            _ if is_of_vendor(name, "GDPR_CONSENT_") => self.parameter("gdpr_consent"),
            _ if is_of_vendor(name, "GPP_STRING_") => self.parameter("gpp"),
            _ => return None,
        })
    }

    fn limits_tracking(&self) -> Option<String> {
        ["lmt", "lat", "is_lat", "limit_ad_tracking"].into_iter().find_map(|name| self.parameter(name))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).filter(|value| (1..=PARAMETER_MAX).contains(&value.len())).cloned()
    }

    /// The host of the page, else of the site.
    fn domain(&self) -> String {
        let page = self.page.as_deref().and_then(|page| url::Url::parse(page).ok());
        page.and_then(|page| page.host_str().map(str::to_owned)).unwrap_or_else(|| self.site.clone())
    }

    /// A random number of a request (splitmix64).
    const fn random(&self, request: u64) -> u64 {
        let mut number =
            self.random.wrapping_add(request.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

/// Whether a name is a macro of VAST, or `RANDOM`, which is common.
pub(super) fn is_macro(name: &str) -> bool {
    MACROS.iter().any(|(known, _, _)| *known == name) || name.eq_ignore_ascii_case("RANDOM")
}

fn or_nothing(value: Option<String>) -> Value {
    value.filter(|text| !text.is_empty()).map_or(Value::Nothing, Value::Known)
}

/// Whether a name is a macro of consent for a vendor: its number stands behind the prefix.
fn is_of_vendor(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|vendor| !vendor.is_empty() && vendor.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A time as `HH:MM:SS.mmm`.
pub(super) fn playhead(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:03}", seconds % 60, time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_the_same_along_a_chain() {
        let id = transaction("s1", "mid-1");
        assert_eq!(id, transaction("s1", "mid-1"));
        assert_ne!(id, transaction("s1", "mid-2"));
        assert_eq!((id.len(), id.get(14..15), id.matches('-').count()), (36, Some("8"), 4));
    }
}
