//! Why a request is refused, in words that stay.
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
    PathInvalid "path_invalid" 400 "The path is not one that a player would form." "Ask for the URL as the manifest gives it; look for a proxy or player that rewrites paths.";
    PathTooLong "path_too_long" 414 "The path is longer than the edge takes." "Keep the path below the title within 1,024 bytes, and a token in it within 8 KiB.";
    QueryTooLong "query_too_long" 414 "The query is longer than the edge takes." "Keep the parameters that the site's `media.query` lists within 1,024 bytes, and the whole query within 10 KiB.";
    DirectiveInvalid "directive_invalid" 400 "A delivery directive of the playlist's URL cannot be answered." "Compare `_HLS_msn`, `_HLS_part` and `_HLS_skip` with what the detail expects; look for a player that asks for parts which are not to come soon.";
    NotFound "not_found" 404 "There is nothing at this path." "Compare the path with `/{title}/{manifest}`.";
    MethodNotAllowed "method_not_allowed" 405 "This path does not answer the method." "Use one of the methods that the reply's `Allow` names.";
    SiteUnknown "site_unknown" 404 "No site has this host name." "Publish `v1/site/{host}`, or correct the host name; a new site is there within the bound of a change.";
    TitleUnknown "title_unknown" 404 "The site has no such title." "Publish the title, add the site to its `sites`, or correct the id in the URL.";
    TokenMissing "token_missing" 401 "The request carries no viewer token." "Send the viewer token in one of the site's `tokens.placements`.";
    TokenMalformed "token_malformed" 401 "The viewer token cannot be read." "Send the token whole and as the issuer wrote it; look for a cut or doubly encoded one.";
    TokenIssuer "token_issuer" 401 "The site does not accept tokens of this issuer." "Add the issuer to the site's `tokens.issuers`, or mint with one that is there.";
    TokenKeyUnknown "token_key_unknown" 401 "The issuer has no such key." "Publish the key under `v1/keys/{issuer}` before tokens are signed with it.";
    TokenAlgorithm "token_algorithm" 401 "The token names another algorithm than its key's own." "Sign with the algorithm that the key's `alg` names.";
    TokenSignature "token_signature" 401 "The token's signature does not fit." "Compare the issuer's signing key with the one under `v1/keys/{issuer}`.";
    TokenClaims "token_claims" 401 "A claim of the token is missing or cannot be read." "Correct the claim that the detail names, where the token is minted.";
    TokenExpired "token_expired" 401 "The viewer token has expired." "Fetch a new viewer token; if it is new, compare the clocks and the site's `tokens.leeway_s`.";
    TokenNotYetValid "token_not_yet_valid" 401 "The viewer token is not valid yet." "Compare the issuer's clock with the site's `tokens.leeway_s`.";
    TokenLifetime "token_lifetime" 401 "The viewer token lives longer than the site allows, or does not say how long." "Mint the token with `iat` and with an `exp` within the site's `tokens.longest_s`.";
    TokenAudience "token_audience" 401 "The viewer token is meant for somebody else." "Mint the token with the `aud` that the site's `tokens.audience` names.";
    TokenTitle "token_title" 403 "The viewer token does not cover this title." "Mint a token whose `titles` has this one.";
    TokenUrl "token_url" 403 "The viewer token is for another URL." "Ask for the URL that the token was signed for, or sign one that covers it.";
    TokenAddress "token_address" 403 "The viewer token is for another address." "Mint the token for the address that the viewer has at the edge; beware of IPv4 and IPv6.";
    TokenPlace "token_place" 403 "The viewer token is not good where the viewer is." "Mint a token that is good where the viewer is.";
    TokenBinding "token_binding" 403 "The viewer token is bound to another client or session." "Use the token with the client, headers and method that it was minted for.";
    TokenCookie "token_cookie" 403 "The viewer token came in a cookie, with a request that no player of an allowed page makes." "Let the player's page be one of the site's `cors.origins` by name, and ask with credentials; or send the token in the query or a header. Look for an `<img>`, a frame or a link that leads to the manifest.";
    TokenReplayed "token_replayed" 401 "The viewer token may be used once, and has been." "Fetch a new viewer token for each start of playback; a second player, a reload or a shared link needs one of its own.";
    TokenReplayStore "token_replay_store" 401 "The viewer token may be used once, and the site keeps no store of used tokens." "Give the site `tokens.replay`, or mint tokens that may be used again.";
    SessionMissing "session_missing" 401 "This URL is reached through a manifest, with the session that it carries." "Open the manifest first, and follow its URLs.";
    SessionMalformed "session_malformed" 401 "The session token cannot be read." "Follow the manifest's URLs as they are; open the manifest anew.";
    SessionSignature "session_signature" 401 "The session token's signature does not fit." "Open the manifest anew; if it stays, compare `v1/keys/{sessions.keys}` with the rotation's steps.";
    SessionExpired "session_expired" 401 "The session has ended; enter again with a viewer token." "Open the manifest anew with a viewer token; raise `sessions.lifetime_s` if it comes too early.";
    SessionTitle "session_title" 403 "The session belongs to another title." "Open this title's own manifest.";
    SessionMoved "session_moved" 401 "The viewer has left the place or network that the session is bound to; enter again with a viewer token." "Open the manifest anew with a viewer token; loosen `sessions.lock` if honest viewers meet it often.";
    Revoked "revoked" 401 "The session, its viewer, its token, its key or its title was revoked." "Look the entry up in `v1/revocations/{host}`; sign in again for a new token, or take the entry back.";
    GeographyInvalid "geography_invalid" 400 "The development override of geography cannot be read." "Write the place as `AE`, `AE-DU` or `US-CA;asn=7922`.";
    GeographyUnknown "geography_unknown" 403 "The site serves nobody whose country is unknown." "Set the site's `geography.unknown` to `world` to let such viewers have what is offered to `*`.";
    Territory "territory" 403 "The title is not offered in the viewer's country." "Watch from a territory that an offer allows, or extend the `territories` of an offer.";
    WindowNotOpen "window_not_open" 403 "The title cannot be watched yet." "Wait until the offer opens, or move its `window.from` or premiere.";
    WindowClosed "window_closed" 403 "The title cannot be watched any more." "Extend the offer's `window.until`, or add an offer.";
    Plan "plan" 403 "The viewer's plan does not include the title." "Subscribe to a plan that an offer names; check that the token carries it.";
    Anonymiser "anonymiser" 403 "The request came through an anonymising network." "Turn the VPN, proxy or Tor off; correct the site's `geography.hosting` if the network is a viewer's own.";
    Embargo "embargo" 403 "The title is under embargo." "Wait until the title's `embargo` has passed, or move it.";
    Blackout "blackout" 403 "The title is blacked out where the viewer is." "Wait until the blackout's window has closed; correct its territories if it reaches too far.";
    Device "device" 403 "The title is not offered on this kind of device." "Use a device that an offer's `devices` names, or extend them; check how the device was recognised.";
    Entitlement "entitlement" 403 "The viewer has not bought or rented the title." "Rent or buy it; check that the token carries one of the offer's `entitlements`.";
    RentalExpired "rental_expired" 403 "The viewer's rental has ended." "Rent it again; check `rental_s` of the offer, and `from` and `until` of the entitlement.";
    Rating "rating" 403 "The title is rated above the viewer's age." "Use another profile; check the profile's age in the token, the title's `ratings` and the site's.";
    VarianceUnknown "variance_unknown" 403 "The offer names a cut that the title does not have." "Add the cut to the title's `variances`, or correct the offer's `variance`.";
    OfferChanged "offer_changed" 403 "The offer that the session was opened under has changed; enter again with a viewer token." "Open the manifest anew with a viewer token.";
    Streams "streams" 403 "The viewer watches as many streams as allowed already." "End another stream and wait `sessions.streams_idle_s`; if it meets honest viewers, raise `max_streams` of the offer or token.";
    NoOffer "no_offer" 403 "The title has no offer." "Give the title an offer.";
    NoVariant "no_variant" 403 "Nothing in the manifest is within what the viewer may watch." "Raise the caps of the offer or token, or give the title a rendition within them.";
}

impl Reason {
    /// After how many seconds a client that knows no better may ask again (`Retry-After`): where asking at once, as some
    /// players do for hours, brings the same refusal.
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
