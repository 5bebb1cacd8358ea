//! What goes back to the player.

use std::borrow::Cow;

use serde::Serialize;

use crate::catalog::CorsPolicy;
use crate::denial::{Denial, Reason};
use crate::facts::{Facts, Method};
use crate::fault::Fault;

/// A reply whose body is at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, each name at most once.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; for HEAD, what GET would have brought.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply that nobody may keep.
    pub fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
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
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(set, _)| !set.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(set, _)| set.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
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
        let reply = self.with("ETag", tag);
        if known { Self { status: 304, body: Vec::new(), ..reply } } else { reply }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    reason: &'a str,
}

impl Problem<'_> {
    fn reply(&self) -> Reply {
        // Invariant: a struct of texts and a number always serializes.
        let body = serde_json::to_vec(self).unwrap_or_default();
        Reply::new(self.status, "application/problem+json", body)
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
        };
        let reply = match reason {
            // RFC 9110 section 15.5.2: a 401 names a challenge; section 15.5.6: a 405 names the methods.
            _ if problem.status == 401 => problem.reply().with("WWW-Authenticate", "Bearer"),
            Reason::MethodNotAllowed => problem.reply().with("Allow", "GET, HEAD, OPTIONS"),
            _ => problem.reply(),
        };
        let headers = wanted.iter().flat_map(|wanted| &wanted.headers);
        headers.fold(reply, |reply, (name, value)| reply.with(name.clone(), value.expose()))
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
        }
        .reply()
    }
}

/// The CORS headers of a reply to this request. The tokens are in the URL, so no credentials are allowed.
pub fn cors(policy: &CorsPolicy, facts: &Facts) -> Vec<(&'static str, String)> {
    let any = policy.origins.iter().any(|origin| origin == "*");
    let listed = facts.headers.origin.as_ref().filter(|origin| policy.origins.contains(origin));
    let allowed = if any { Some("*".to_owned()) } else { listed.cloned() };
    let mut headers = Vec::new();
    if !any {
        headers.push(("Vary", "Origin".to_owned()));
    }
    let Some(origin) = allowed else { return headers };
    headers.push(("Access-Control-Allow-Origin", origin));
    if facts.method == Method::Options {
        headers.push(("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS".to_owned()));
        headers.push(("Access-Control-Allow-Headers", ALLOWED_HEADERS.to_owned()));
        headers.push(("Access-Control-Max-Age", "86400".to_owned()));
    } else {
        headers.push((
            "Access-Control-Expose-Headers",
            "Age, Content-Length, Content-Range, Date, ETag".to_owned(),
        ));
    }
    headers
}

/// What players and their pages send: the token, ranges, conditions, CMCD, and the development override of geography.
const ALLOWED_HEADERS: &str = "Authorization, Range, If-Match, If-None-Match, If-Modified-Since, If-Range, \
     CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session, Stagedoor-Geography";

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

    #[test]
    fn only_listed_pages_are_allowed() {
        let facts = |origin: &str| Facts {
            headers: Headers { origin: Some(origin.to_owned()), ..Headers::default() },
            ..Facts::default()
        };
        let allowed = |origins: &[&str], origin: &str| {
            let policy = CorsPolicy { origins: origins.iter().map(|&origin| origin.to_owned()).collect() };
            let headers = cors(&policy, &facts(origin));
            let found = headers.iter().find(|(name, _)| *name == "Access-Control-Allow-Origin");
            (found.map(|(_, value)| value.clone()), headers.iter().any(|(name, _)| *name == "Vary"))
        };
        let page = "https://www.example.com";
        assert_eq!(allowed(&["*"], page), (Some("*".into()), false));
        assert_eq!(allowed(&[page], page), (Some(page.into()), true));
        assert_eq!(allowed(&[page], "https://evil.example"), (None, true));
    }
}
