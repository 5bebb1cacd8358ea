//! Why a request is refused, in words that stay.
//!
//! A denial is not an error: nothing broke. Its code is stable and documented, its body is [RFC 9457]
//! problem+json, and it is never cached for anybody else.
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

use std::fmt;

/// A refusal: the reason, and what was seen in this request. The detail never quotes a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The reason.
    pub reason: Reason,
    /// What was expected and what was found.
    pub detail: String,
}

impl Denial {
    /// Refuses for a reason.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.detail)
    }
}

macro_rules! reasons {
    ($($variant:ident $code:literal $status:literal $meaning:literal;)*) => {
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
        }
    };
}

reasons! {
    PathInvalid "path_invalid" 400 "The path is not one that a player would form.";
    NotFound "not_found" 404 "There is nothing at this path.";
    MethodNotAllowed "method_not_allowed" 405 "This path does not answer the method.";
    SiteUnknown "site_unknown" 404 "No site has this host name.";
    TitleUnknown "title_unknown" 404 "The site has no such title.";
    TokenMissing "token_missing" 401 "The request carries no viewer token.";
    TokenMalformed "token_malformed" 401 "The viewer token cannot be read.";
    TokenIssuer "token_issuer" 401 "The site does not accept tokens of this issuer.";
    TokenKeyUnknown "token_key_unknown" 401 "The issuer has no such key.";
    TokenAlgorithm "token_algorithm" 401 "The token names another algorithm than its key's own.";
    TokenSignature "token_signature" 401 "The token's signature does not fit.";
    TokenClaims "token_claims" 401 "A claim of the token is missing or cannot be read.";
    TokenExpired "token_expired" 401 "The viewer token has expired.";
    TokenNotYetValid "token_not_yet_valid" 401 "The viewer token is not valid yet.";
    TokenAudience "token_audience" 401 "The viewer token is meant for somebody else.";
    TokenTitle "token_title" 403 "The viewer token does not cover this title.";
    TokenUrl "token_url" 403 "The viewer token is for another URL.";
    TokenAddress "token_address" 403 "The viewer token is for another address.";
    TokenPlace "token_place" 403 "The viewer token is not good where the viewer is.";
    TokenBinding "token_binding" 403 "The viewer token is bound to another client or session.";
    SessionMissing "session_missing" 401 "This URL is reached through a manifest, with the session that it carries.";
    SessionMalformed "session_malformed" 401 "The session token cannot be read.";
    SessionSignature "session_signature" 401 "The session token's signature does not fit.";
    SessionExpired "session_expired" 401 "The session has ended; enter again with a viewer token.";
    SessionTitle "session_title" 403 "The session belongs to another title.";
    SessionMoved "session_moved" 401 "The viewer has left the place or network that the session is bound to; enter again with a viewer token.";
    Revoked "revoked" 401 "The session, its viewer, its token, its key or its title was revoked.";
    GeographyInvalid "geography_invalid" 400 "The development override of geography cannot be read.";
    GeographyUnknown "geography_unknown" 403 "The site serves nobody whose country is unknown.";
    Territory "territory" 403 "The title is not offered in the viewer's country.";
    WindowNotOpen "window_not_open" 403 "The title cannot be watched yet.";
    WindowClosed "window_closed" 403 "The title cannot be watched any more.";
    Plan "plan" 403 "The viewer's plan does not include the title.";
    OfferChanged "offer_changed" 403 "The offer that the session was opened under has changed; enter again with a viewer token.";
    NoOffer "no_offer" 403 "The title has no offer.";
    NoVariant "no_variant" 403 "Nothing in the manifest is within what the viewer may watch.";
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
    }
}
