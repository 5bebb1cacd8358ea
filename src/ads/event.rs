//! Named events of a decision, for the log. The names are MediaTailor's where one fits.

use serde::Serialize;

use super::ErrorCode;

macro_rules! events {
    ($($variant:ident $name:literal $meaning:literal;)*) => {
        /// An event of a decision ([MediaTailor's events] and our own).
        ///
        /// [MediaTailor's events]: https://docs.aws.amazon.com/mediatailor/latest/ug/ads-log-format.html
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum AdEvent {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl AdEvent {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

events! {
    DecidedAhead "DECIDED_AHEAD" "The pod is decided before the viewer's player asks for it.";
    MakingRequest "MAKING_ADS_REQUEST" "The ad server is asked.";
    VastResponse "VAST_RESPONSE" "The ad server answered with ads.";
    VastRedirect "VAST_REDIRECT" "A wrapper leads to another document.";
    RedirectedResponse "REDIRECTED_VAST_RESPONSE" "A wrapper's document arrived.";
    EmptyVast "EMPTY_VAST_RESPONSE" "The ad server answered without an ad.";
    VmapResponse "VMAP_RESPONSE" "A VMAP document arrived.";
    EmptyVmap "EMPTY_VMAP_RESPONSE" "A VMAP document has no break.";
    FilledAvail "FILLED_AVAIL" "A break has a pod.";
    FilledOverlay "FILLED_OVERLAY_AVAIL" "A break has non-linear items.";
    NoAdvertisements "WARNING_NO_ADVERTISEMENTS" "A break has no ad, and the content plays on.";
    VpaidDropped "WARNING_VPAID_AD_DROPPED" "A media file needs VPAID, which is not run.";
    InteractiveDropped "WARNING_INTERACTIVE_CREATIVE_DROPPED" "An interactive creative (SIMID) is not run.";
    ElementIgnored "WARNING_ELEMENT_IGNORED" "An element is not used, such as icons and companions.";
    VariableFailed "WARNING_URL_VARIABLE_SUBSTITUTION_FAILED" "A variable of a URL template has no value.";
    CreativeUnknown "WARNING_CREATIVE_NOT_CONDITIONED" "A creative is not conditioned yet, and is skipped.";
    AdLeftOut "WARNING_AD_LEFT_OUT" "An ad does not fit into the break, or is not of the content's kind.";
    CategoryBlocked "WARNING_CATEGORY_BLOCKED" "A wrapper blocks a category of the ad.";
    Timeout "ERROR_ADS_TIMEOUT" "The ad server did not answer in time.";
    Io "ERROR_ADS_IO" "The ad server cannot be reached, or its reply breaks off.";
    InvalidResponse "ERROR_ADS_INVALID_RESPONSE" "The ad server answered with a status other than 200 and 204.";
    ResponseTooLarge "ERROR_ADS_RESPONSE_TOO_LARGE" "The reply is longer than the limit.";
    Parse "ERROR_ADS_RESPONSE_PARSE" "The reply is not XML, or exceeds a limit.";
    UnknownRoot "ERROR_ADS_RESPONSE_UNKNOWN_ROOT_ELEMENT" "The root element is not VAST, or the version is not supported.";
    DisallowedHost "ERROR_DISALLOWED_HOST" "A URL leads to an address that is not allowed.";
    TooManyRedirects "ERROR_ADS_TOO_MANY_REDIRECTS" "A reply redirects too often.";
    CircuitOpen "ERROR_ADS_CIRCUIT_OPEN" "The ad server failed repeatedly, and is not asked for a while.";
    RateExceeded "ERROR_ADS_RATE_EXCEEDED" "The ad server has had its most requests a second.";
    RedirectFailed "ERROR_VAST_REDIRECT_FAILED" "A wrapper's document did not arrive.";
    RedirectEmpty "ERROR_VAST_REDIRECT_EMPTY_RESPONSE" "A wrapper's document has no ad.";
    RedirectLimit "ERROR_VAST_REDIRECT_LIMIT" "There are more wrappers than the site allows, or they lead in a circle.";
    InvalidTagUri "ERROR_VAST_INVALID_VAST_AD_TAG_URI" "The address of a wrapper's document is invalid.";
    MissingCreatives "ERROR_VAST_MISSING_CREATIVES" "An ad has no creative that can be shown.";
    MissingImpression "ERROR_VAST_MISSING_IMPRESSION" "An ad has no impression to report.";
    MissingMediaFiles "ERROR_VAST_MISSING_MEDIAFILES" "An ad has no media file that can be shown.";
    MissingOverlays "ERROR_VAST_MISSING_OVERLAYS" "A non-linear creative has no resource that can be shown.";
    MultipleLinear "ERROR_VAST_MULTIPLE_LINEAR" "An ad has several linear creatives, of which the first counts.";
    InvalidMediaFile "ERROR_VAST_INVALID_MEDIA_FILE" "A media file has no valid URL or type.";
    InvalidAd "ERROR_VAST_INVALID_AD" "An ad lacks a required part, or exceeds a limit.";
    BeaconFailed "ERROR_FIRING_BEACON_FAILED" "A URL of an error could not be requested.";
    Unknown "ERROR_UNKNOWN" "Something else went wrong.";
}

/// An event as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// The event.
    pub event: AdEvent,
    /// The host that was asked, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The id of the ad, if it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad: Option<String>,
    /// The code that its ad server is told.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub code: Option<ErrorCode>,
    /// What was expected, and what was found.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

fn number<S: serde::Serializer>(code: &Option<ErrorCode>, serializer: S) -> Result<S::Ok, S::Error> {
    match code {
        Some(code) => serializer.serialize_u16(code.number()),
        None => serializer.serialize_none(),
    }
}

impl Happening {
    /// An event. Its texts are of strangers, so they are shortened: a decision has many events, and remembers each.
    pub fn new(event: AdEvent, detail: impl Into<String>) -> Self {
        Self { event, host: None, ad: None, code: None, detail: shortened(detail.into()) }
    }

    /// The event of an ad, of whose failure the ad server is told.
    #[must_use]
    pub fn of_ad(self, ad: &str, code: Option<ErrorCode>) -> Self {
        Self { ad: Some(shortened(ad.to_owned())), code, ..self }
    }

    /// The event of a request to a host.
    #[must_use]
    pub fn at_host(self, host: Option<&str>) -> Self {
        Self { host: host.map(|host| shortened(host.to_owned())), ..self }
    }
}

/// The longest text of an event, in bytes.
const LONGEST: usize = 300;

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_are_shortened() {
        let long = "ü".repeat(100_000);
        let event = Happening::new(AdEvent::Unknown, long.as_str()).of_ad(&long, None).at_host(Some(&long));
        for text in [Some(event.detail), event.ad, event.host] {
            assert_eq!(text, Some("ü".repeat(LONGEST / 2)));
        }
    }

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> = AdEvent::ALL.iter().map(|event| event.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AdEvent::ALL.len());
    }
}
