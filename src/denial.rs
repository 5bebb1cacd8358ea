//! The reasons for which a request is refused.
//!
//! A denial is not an error: nothing broke. Its code is stable and documented, its body is [RFC 9457]
//! problem+json, and it is never cached for anybody else.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

use std::fmt;

use crate::redacted::Redacted;

/// A refusal: the reason, and the details of this request. The details never quote a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The reason.
    pub reason: Reason,
    /// The value that was expected and the value that was found.
    pub detail: String,
    /// The reply that a refused but genuine token asks for (`catif` of CTA-5007).
    pub reply: Option<Box<WantedReply>>,
}

/// The status and the headers of a reply that a token asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedReply {
    /// The HTTP status, 300 to 599.
    pub status: u16,
    /// Headers, such as `Location`. A value may hold a token.
    pub headers: Vec<(String, Redacted<String>)>,
}

impl Denial {
    /// Refuses for a reason.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), reply: None }
    }

    /// Refuses a path that names no title.
    pub(crate) fn unknown_path() -> Self {
        Self::new(Reason::NotFound, "expected /{title}/{manifest} or /~{session}/{title}/{resource}")
    }

    /// Refuses a method that the path does not answer.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(Reason::MethodNotAllowed, "expected GET, HEAD or OPTIONS")
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.detail)
    }
}

macro_rules! reasons {
    ($($variant:ident $code:literal $status:literal $meaning:literal $remedy:literal;)*) => {
        /// The reasons for which a request is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $meaning] $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code, for programs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status of the reply.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// One sentence, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The remedy, for the viewer or for operators.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

reasons! {
    PathInvalid "path_invalid" 400 "The edge does not request this path from the media origin." "Ask for the URL exactly as the manifest gives it. Look for a proxy or a player that rewrites paths.";
    PathTooLong "path_too_long" 414 "The path is longer than the edge accepts." "Keep the path below the title within 1,024 bytes, and a token in the path within 8 KiB.";
    QueryTooLong "query_too_long" 414 "The query is longer than the edge accepts." "Keep the parameters that the site's `media.query` lists within 1,024 bytes, and the whole query within 10 KiB.";
    DirectiveInvalid "directive_invalid" 400 "The edge cannot answer a delivery directive in the playlist's URL." "Compare `_HLS_msn`, `_HLS_part` and `_HLS_skip` with the values that the detail expects. Look for a player that asks for parts too far in the future.";
    NotFound "not_found" 404 "There is nothing at this path." "Compare the path with `/{title}/{manifest}`.";
    MethodNotAllowed "method_not_allowed" 405 "This path does not support the method." "Use one of the methods in the reply's `Allow` header.";
    SiteUnknown "site_unknown" 404 "No site has this host name." "Publish `v1/site/{host}`, or correct the host name. A new site is served within the time that any change takes.";
    TitleUnknown "title_unknown" 404 "The site has no title with this id." "Publish the title, add the site to its `sites`, or correct the id in the URL.";
    TokenMissing "token_missing" 401 "The request carries no viewer token." "Send the viewer token in one of the site's `tokens.placements`.";
    TokenMalformed "token_malformed" 401 "The viewer token cannot be read." "Send the whole token, exactly as the issuer wrote it. Look for a truncated or doubly encoded token.";
    TokenIssuer "token_issuer" 401 "The site does not accept tokens from this issuer." "Add the issuer to the site's `tokens.issuers`, or mint the token with an issuer in that list.";
    TokenKeyUnknown "token_key_unknown" 401 "The issuer has no key with this id." "Publish the key under `v1/keys/{issuer}` before the issuer signs tokens with it.";
    TokenAlgorithm "token_algorithm" 401 "The token's algorithm differs from its key's algorithm." "Sign with the algorithm in the key's `alg`.";
    TokenSignature "token_signature" 401 "The token's signature is wrong." "Compare the issuer's signing key with the key under `v1/keys/{issuer}`.";
    TokenClaims "token_claims" 401 "A claim of the token is missing or cannot be read." "Correct the claim that the detail names, in the code that mints the token.";
    TokenExpired "token_expired" 401 "The viewer token has expired." "Fetch a new viewer token. If the token is new, compare the clocks and the site's `tokens.leeway_s`.";
    TokenNotYetValid "token_not_yet_valid" 401 "The viewer token is not valid yet." "Compare the issuer's clock with the site's `tokens.leeway_s`.";
    TokenLifetime "token_lifetime" 401 "The viewer token's lifetime is unknown or longer than the site allows." "Mint the token with `iat` and with an `exp` within the site's `tokens.longest_s`.";
    TokenAudience "token_audience" 401 "The viewer token is for another audience." "Mint the token with the `aud` in the site's `tokens.audience`.";
    TokenTitle "token_title" 403 "The viewer token does not cover this title." "Mint a token whose `titles` include this title.";
    TokenUrl "token_url" 403 "The viewer token is for another URL." "Ask for the URL that the token was signed for, or sign a token that covers this URL.";
    TokenAddress "token_address" 403 "The viewer token is for another IP address." "Mint the token for the address that the edge sees. A viewer may have both an IPv4 and an IPv6 address.";
    TokenPlace "token_place" 403 "The viewer token is not valid in the viewer's location." "Mint a token that is valid in the viewer's location.";
    TokenBinding "token_binding" 403 "The viewer token is bound to another client or session." "Use the token with the client, headers and method for which it was minted.";
    TokenCookie "token_cookie" 403 "The viewer token came in a cookie, and the request does not come from a player on an allowed page." "List the origin of the player's page by name in the site's `cors.origins`, and send the request with credentials. Or send the token in the query or a header. Look for an `<img>`, a frame or a link that leads to the manifest.";
    TokenReplayed "token_replayed" 401 "The viewer token may be used once, and was used before." "Fetch a new viewer token for each start of playback. A second player, a reload and a shared link each need their own token.";
    TokenReplayStore "token_replay_store" 401 "The viewer token may be used once, and the site has no store of used tokens." "Give the site `tokens.replay`, or mint tokens that may be used again.";
    SessionMissing "session_missing" 401 "The URL lacks the session that the URLs of a manifest carry." "Open the manifest first, and follow its URLs.";
    SessionMalformed "session_malformed" 401 "The session token cannot be read." "Follow the manifest's URLs without changes. Open the manifest again.";
    SessionSignature "session_signature" 401 "The session token's signature is wrong." "Open the manifest again. If the refusal repeats, compare `v1/keys/{sessions.keys}` with the steps of a key rotation.";
    SessionExpired "session_expired" 401 "The session has ended. Enter again with a viewer token." "Open the manifest again with a viewer token. If sessions end too early, raise `sessions.lifetime_s`.";
    SessionTitle "session_title" 403 "The session belongs to another title." "Open the manifest of this title.";
    SessionMoved "session_moved" 401 "The viewer has left the place or network to which the session is bound. Enter again with a viewer token." "Open the manifest again with a viewer token. If honest viewers are refused often, loosen `sessions.lock`.";
    Revoked "revoked" 401 "The session, or its viewer, token, key or title, was revoked." "Look the entry up in `v1/revocations/{host}`. Sign in again for a new token, or remove the entry.";
    GeographyInvalid "geography_invalid" 400 "The development override of geography cannot be read." "Write the place as `AE`, `AE-DU` or `US-CA;asn=7922`.";
    GeographyUnknown "geography_unknown" 403 "The viewer's country is unknown, and the site refuses such viewers." "Set the site's `geography.unknown` to `world`. Viewers without a known country may then watch what is offered to `*`.";
    Territory "territory" 403 "The title is not offered in the viewer's country." "Watch from a territory that an offer allows, or extend an offer's `territories`.";
    WindowNotOpen "window_not_open" 403 "The title is not available yet." "Wait until the offer opens, or move its `window.from` or premiere.";
    WindowClosed "window_closed" 403 "The title is no longer available." "Extend the offer's `window.until`, or add an offer.";
    Plan "plan" 403 "The viewer's plan does not include the title." "Subscribe to a plan that an offer names. Check that the token carries the plan.";
    Anonymiser "anonymiser" 403 "The request came through an anonymising network." "Turn the VPN, proxy or Tor off. If the network belongs to viewers' homes, correct the site's `geography.hosting`.";
    Embargo "embargo" 403 "The title is under embargo." "Wait until the title's `embargo` has passed, or move it.";
    Blackout "blackout" 403 "The title is blacked out at the viewer's location." "Wait until the blackout's window has closed. If the blackout covers too many places, correct its territories.";
    Device "device" 403 "The title is not offered on this kind of device." "Use a device that an offer's `devices` name, or extend `devices`. Check how the device was recognised.";
    Entitlement "entitlement" 403 "The viewer has not bought or rented the title." "Rent or buy the title. Check that the token carries one of the offer's `entitlements`.";
    RentalExpired "rental_expired" 403 "The viewer's rental has ended." "Rent the title again. Check the offer's `rental_s`, and the entitlement's `from` and `until`.";
    Rating "rating" 403 "The title's age rating is above the viewer's age." "Use another profile. Check the profile's age in the token, the title's `ratings` and the site's `ratings`.";
    VarianceUnknown "variance_unknown" 403 "The offer names a cut that the title does not have." "Add the cut to the title's `variances`, or correct the offer's `variance`.";
    OfferChanged "offer_changed" 403 "The offer under which the session was opened has changed. Enter again with a viewer token." "Open the manifest again with a viewer token.";
    Streams "streams" 403 "The viewer already watches as many streams as allowed." "End another stream and wait `sessions.streams_idle_s`. If honest viewers are refused, raise `max_streams` of the offer or token.";
    NoOffer "no_offer" 403 "The title has no offer." "Give the title an offer.";
    BreakUnknown "break_unknown" 404 "No manifest of the title has this break." "Follow the manifest's URLs without changes. If the site's session keys were changed, keep the old key in the set for as long as sessions last.";
    BreakEmpty "break_empty" 404 "No ad is shown in the break." "Nothing is to be done: the player goes on with the content. The log tells why the break is empty.";
    AdUnknown "ad_unknown" 404 "The site shows no such ad to the viewer." "Check that `v1/creative/{id}` is a linear creative of the site, and that the viewer's offer has advertising.";
    NoVariant "no_variant" 403 "Nothing in the manifest is within the viewer's limits." "Raise the caps of the offer or token, or give the title a rendition within them.";
}

impl Reason {
    /// Seconds after which a client may ask again (`Retry-After`). Set for the reasons where an immediate repetition, as
    /// some players make it for hours, brings the same refusal.
    pub const fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::SessionExpired
            | Self::SessionMoved
            | Self::Revoked
            | Self::OfferChanged
            | Self::TokenExpired
            | Self::TokenReplayed
            | Self::Streams => Some(10),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_statuses_are_client_errors() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| (400..500).contains(&reason.status())));
        assert!(Reason::ALL.iter().all(|reason| reason.remedy().ends_with('.')));
    }
}
