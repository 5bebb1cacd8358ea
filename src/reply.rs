//! What goes back to the player.

use std::borrow::Cow;

use serde::Serialize;

use crate::catalog::CorsPolicy;
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::fault::Fault;
use crate::resource::ResourceKind;

/// A reply with its whole body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, each name at most once.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body; for HEAD, what GET would have brought.
    pub body: Vec<u8>,
}

/// The web page that a request comes from, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page<'a> {
    /// A preflight asks for other headers.
    method: Method,
    /// The page's origin.
    origin: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// The same, with the page's origin only if the policy lists it by name: other origins make no difference to a
    /// reply.
    #[must_use]
    pub fn as_listed(self, policy: &'a CorsPolicy) -> Self {
        Self { origin: policy.listed(self.origin), ..self }
    }
}

impl<'a> From<&'a Facts> for Page<'a> {
    fn from(facts: &'a Facts) -> Self {
        Self { method: facts.method, origin: facts.headers.origin.as_deref() }
    }
}

impl Reply {
    /// A reply that nobody may keep.
    pub fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
            .with("Content-Type", content_type)
            .with("Cache-Control", "no-store")
    }

    /// A JSON object that nobody may keep.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string().into_bytes())
    }

    /// Sets a header, in place of an earlier one of the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        self.headers.retain(|(set, _)| !set.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// Whether the status allows no body ([RFC 9110 section 6.4.1]). A runtime makes no response of it with one.
    ///
    /// [RFC 9110 section 6.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
    pub const fn is_bare(&self) -> bool {
        matches!(self.status, 204 | 304)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(set, _)| set.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Forbids players to store the reply if `is_replaced`: a player would show the replacement after the blackout.
    #[must_use]
    pub fn not_kept_if(self, is_replaced: bool) -> Self {
        if is_replaced { self.with("Cache-Control", NOT_KEPT) } else { self }
    }

    /// Gives the body a strong entity tag, and answers 304 when the request already has it ([RFC 9110 section
    /// 13.1.2]).
    ///
    /// [RFC 9110 section 13.1.2]: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
    #[must_use]
    pub fn tagged(self, tag: &str, if_none_match: Option<&str>) -> Self {
        let known = if_none_match.is_some_and(|tags| {
            tags.trim() == "*" || tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
        });
        let reply = self.with("ETag", tag.to_owned());
        if known { Self { status: 304, body: Vec::new(), ..reply } } else { reply }
    }

    /// The reply as it is sent: no browser takes it for a page, a script or a style of the site's host; no page that it
    /// leads to learns its URL; and web pages may read it as far as the site's policy allows.
    ///
    /// Every reply of the edge goes through here, including refusals and faults. Where the site is not known, the
    /// default policy applies, which allows every page and no credentials: such a reply contains nothing about a
    /// viewer.
    #[must_use]
    pub fn guarded<'p>(self, policy: &CorsPolicy, page: impl Into<Page<'p>>) -> Self {
        // No browser treats a playlist of this type as active content. A browser that opens one plays it in a page of
        // its own, and the policy would block its media.
        let is_playlist = self.header("Content-Type") == Some(ResourceKind::Playlist.media_type());
        let reply = self.with("X-Content-Type-Options", "nosniff").with("Referrer-Policy", "no-referrer");
        let reply = if is_playlist { reply } else { reply.with("Content-Security-Policy", INERT) };
        reply.shared_with_pages(policy, page.into())
    }

    /// The [CORS] headers of a reply to this request.
    ///
    /// [CORS]: https://fetch.spec.whatwg.org/#http-cors-protocol
    fn shared_with_pages(self, policy: &CorsPolicy, Page { method, origin }: Page<'_>) -> Self {
        let listed = policy.listed(origin);
        let reply = if policy.lists_some() { self.with("Vary", "Origin") } else { self };
        let reply = match listed {
            Some(origin) => reply.with("Access-Control-Allow-Origin", origin.to_owned()),
            None if policy.allows_any() => reply.with("Access-Control-Allow-Origin", "*"),
            None => return reply,
        };
        let reply = if listed.is_some_and(|origin| policy.allows_credentials(origin)) {
            reply.with("Access-Control-Allow-Credentials", "true")
        } else {
            reply
        };
        if method == Method::Options {
            reply
                .with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
                .with("Access-Control-Allow-Headers", ALLOWED_HEADERS)
                .with("Access-Control-Max-Age", "86400")
        } else {
            reply.with("Access-Control-Expose-Headers", EXPOSED_HEADERS)
        }
    }
}

/// The `Cache-Control` of a reply that no player keeps: another viewer's or another minute's may differ.
pub(crate) const NOT_KEPT: &str = "private, no-store";

/// A document with this policy has a unique origin, runs no script, and loads nothing ([CSP sandbox]).
///
/// [CSP sandbox]: https://www.w3.org/TR/CSP3/#directive-sandbox
const INERT: &str = "sandbox; default-src 'none'";

/// The header that repeats the reason of a refusal or a fault: many players show no body of an error.
pub const REASON_HEADER: &str = "Stagedoor-Reason";

/// Headers that a page may read besides those that every page may read.
const EXPOSED_HEADERS: &str = "Age, Content-Length, Content-Range, Date, ETag, Retry-After, Stagedoor-Reason";

/// Headers that players and their pages send: the token, ranges, conditions, CMCD, and the development override of
/// geography.
const ALLOWED_HEADERS: &str = "Authorization, Range, If-Match, If-None-Match, If-Modified-Since, If-Range, \
     CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session, Stagedoor-Geography";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    reason: &'static str,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

impl Problem<'_> {
    fn reply(&self) -> Reply {
        // Invariant: a struct of texts and a number always serializes.
        let body = serde_json::to_vec(self).unwrap_or_default();
        let reply =
            Reply::new(self.status, "application/problem+json", body).with(REASON_HEADER, self.reason);
        match self.retry_after_s {
            Some(secs) => reply.with("Retry-After", secs.to_string()),
            None => reply,
        }
    }
}

impl From<&Denial> for Reply {
    /// Problem+json, with the status and the headers that a genuine token asks for, if it does.
    fn from(Denial { reason, detail, reply: wanted }: &Denial) -> Self {
        let problem = Problem {
            r#type: format!("urn:stagedoor:denial:{reason}"),
            title: reason.meaning(),
            status: wanted.as_ref().map_or(reason.status(), |wanted| wanted.status),
            detail,
            reason: reason.code(),
            retry_after_s: reason.retry_after_s(),
        };
        let reply = match reason {
            // RFC 9110 section 15.5.2: a 401 names a challenge; section 15.5.6: a 405 names the methods.
            _ if problem.status == 401 => problem.reply().with("WWW-Authenticate", "Bearer"),
            Reason::MethodNotAllowed => problem.reply().with("Allow", "GET, HEAD, OPTIONS"),
            _ => problem.reply(),
        };
        let headers = wanted.iter().flat_map(|wanted| &wanted.headers);
        headers.fold(reply, |reply, (name, value)| reply.with(name.clone(), value.expose().clone()))
    }
}

impl From<&Fault> for Reply {
    /// The detail is for ops and stays in the log.
    fn from(Fault { kind, .. }: &Fault) -> Self {
        Problem {
            r#type: format!("urn:stagedoor:fault:{}", kind.code()),
            title: kind.meaning(),
            status: kind.status(),
            detail: kind.meaning(),
            reason: kind.code(),
            retry_after_s: kind.retry_after_s(),
        }
        .reply()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::WantedReply;
    use crate::facts::Headers;
    use crate::fault::FaultKind;
    use crate::redacted::Redacted;

    #[test]
    fn a_denial_is_problem_json_that_nobody_keeps() {
        let reply = Reply::from(&Denial::new(Reason::TokenExpired, "expired 7 s ago"));
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(
            str::from_utf8(&reply.body).unwrap(),
            "{\"type\":\"urn:stagedoor:denial:token_expired\",\"title\":\"The viewer token has expired.\",\
             \"status\":401,\"detail\":\"expired 7 s ago\",\"reason\":\"token_expired\"}"
        );
    }

    #[test]
    fn a_token_may_want_another_reply() {
        let wanted = WantedReply {
            status: 302,
            headers: vec![("location".to_owned(), Redacted::new("https://id.example.com/".to_owned()))],
        };
        let denial =
            Denial { reply: Some(Box::new(wanted)), ..Denial::new(Reason::TokenExpired, "expired 7 s ago") };
        let reply = Reply::from(&denial);
        assert_eq!((reply.status, reply.header("Location")), (302, Some("https://id.example.com/")));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("www-authenticate"), None);
        assert!(str::from_utf8(&reply.body).unwrap().contains("\"status\":302"));
        assert!(!format!("{denial:?}").contains("id.example.com"));
    }

    #[test]
    fn a_fault_keeps_its_detail_to_itself() {
        let reply = Reply::from(&Fault::new(FaultKind::UpstreamUnreachable, "connect 10.0.0.7:80"));
        assert_eq!(reply.status, 502);
        assert!(!String::from_utf8(reply.body).unwrap().contains("10.0.0.7"));
    }

    #[test]
    fn a_known_entity_tag_brings_304() {
        let reply = |known| Reply::new(200, "text/plain", b"a".to_vec()).tagged("\"t\"", known);
        for known in ["\"t\"", "\"x\", W/\"t\"", "*"] {
            let reply = reply(Some(known));
            assert_eq!(
                (reply.status, reply.body.len(), reply.header("ETag")),
                (304, 0, Some("\"t\"")),
                "{known}"
            );
        }
        assert_eq!(reply(Some("\"x\"")).status, 200);
    }

    fn from_page(origin: &str, method: Method) -> Facts {
        Facts {
            method,
            headers: Headers { origin: Some(origin.to_owned()), ..Headers::default() },
            ..Facts::default()
        }
    }

    fn policy(origins: &[&str]) -> CorsPolicy {
        CorsPolicy { origins: origins.iter().map(|&origin| origin.to_owned()).collect() }
    }

    #[test]
    fn pages_that_are_listed_by_name_may_send_credentials_and_no_others() {
        let page = "https://www.example.com";
        for (origins, origin, allowed, credentials, varies) in [
            (&["*"][..], page, Some("*"), false, false),
            (&["*"], "*", Some("*"), false, false),
            (&[page], page, Some(page), true, true),
            (&[page], "https://evil.example", None, false, true),
            (&[page], "https://www.example.com.evil.example", None, false, true),
            (&[page, "*"], page, Some(page), true, true),
            (&["*", page], "https://other.example", Some("*"), false, true),
            // Every sandboxed frame is `null`.
            (&["null"], "null", Some("null"), false, true),
            (&[], page, None, false, false),
        ] {
            for method in [Method::Get, Method::Head, Method::Options] {
                let denied = Reply::from(&Denial::new(Reason::PathInvalid, "no"));
                for reply in [Reply::new(200, "text/plain", Vec::new()), denied] {
                    let reply = reply.guarded(&policy(origins), &from_page(origin, method));
                    let told = format!("{origins:?} {origin} {method:?}");
                    assert_eq!(reply.header("Access-Control-Allow-Origin"), allowed, "{told}");
                    let expected = credentials.then_some("true");
                    assert_eq!(reply.header("Access-Control-Allow-Credentials"), expected, "{told}");
                    assert_eq!(reply.header("Vary"), varies.then_some("Origin"), "{told}");
                    let is_preflight = allowed.is_some() && method == Method::Options;
                    assert_eq!(
                        reply.header("Access-Control-Allow-Methods").is_some(),
                        is_preflight,
                        "{told}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_that_leaves_is_active_content() {
        let denied = Reply::from(&Denial::new(Reason::TokenMissing, "none"));
        let fault = Reply::from(&Fault::new(FaultKind::Platform, "x"));
        let types = ["application/dash+xml", "text/plain", "video/mp4", "application/json"];
        let replies = types.map(|media_type| Reply::new(200, media_type, Vec::new())).into_iter();
        for reply in replies.chain([denied, fault, Reply { status: 307, ..Reply::default() }]) {
            let reply = reply.guarded(&CorsPolicy::default(), &Facts::default());
            assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"), "{reply:?}");
            assert_eq!(reply.header("Referrer-Policy"), Some("no-referrer"), "{reply:?}");
            let policy = reply.header("Content-Security-Policy");
            assert_eq!(policy, Some("sandbox; default-src 'none'"), "{reply:?}");
        }
        let playlist = Reply::new(200, ResourceKind::Playlist.media_type(), Vec::new());
        let playlist = playlist.guarded(&CorsPolicy::default(), &Facts::default());
        assert_eq!(playlist.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(playlist.header("Content-Security-Policy"), None, "Safari plays it in a page of its own");
    }

    #[test]
    fn a_refusal_tells_its_reason_in_a_header_that_pages_may_read() {
        let denied = Reply::from(&Denial::new(Reason::SessionExpired, "expired"));
        let fault = Reply::from(&Fault::new(FaultKind::MediaMissing, "x"));
        for (reply, reason) in [(denied, "session_expired"), (fault, "media_missing")] {
            let reply = reply.guarded(&CorsPolicy::default(), &Facts::default());
            assert_eq!(reply.header(REASON_HEADER), Some(reason));
            assert!(reply.header("Access-Control-Expose-Headers").unwrap().contains(REASON_HEADER));
        }
    }
}
