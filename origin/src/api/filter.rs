//! The filter of a list: `?q=night+train&state=failed&site=watch.example.com`.

use stagedoor::catalog::DocumentKind;

use super::page::PageRequest;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::store::{Filter, Scope, State};

/// The longest search text in bytes, and the greatest number of its words. Each word is searched in each name.
const LONGEST: usize = 200;
const WORDS: usize = 10;

/// The parameters of a list of documents of a kind.
pub(super) fn parameters(query: Option<&str>, kind: DocumentKind) -> Result<Parameters, Problem> {
    let [after, limit] = PageRequest::PARAMETERS;
    let known = [after, limit, "q", "state", "site"];
    // Of the other kinds, a site has one document, or none.
    let has_sites = matches!(kind, DocumentKind::Title | DocumentKind::Creative);
    Parameters::parse(query, if has_sites { &known } else { &known[..4] })
}

/// The filter of a list.
pub(super) fn filter(parameters: &Parameters, scope: &Scope) -> Result<Filter, Problem> {
    let text = parameters.text("q").unwrap_or_default();
    let state = match parameters.text("state") {
        None => None,
        Some("pending") => Some(State::Pending),
        Some("synced") => Some(State::Done),
        Some("failed") => Some(State::Failed),
        Some(other) => {
            let detail = format!("expected `pending`, `synced` or `failed` in `state`, found `{other}`");
            return Err(Problem::bad_request(detail));
        }
    };
    let site = parameters.value("site", "a host name such as watch.example.com")?;
    if let Some(host) = &site {
        scope.check_site(host)?;
    }
    if text.len() > LONGEST {
        let detail = format!("expected {LONGEST} bytes at most in `q`, found {}", text.len());
        return Err(Problem::bad_request(detail));
    }
    let filter = Filter::new(text, state, site);
    if filter.words() > WORDS {
        let detail = format!("expected {WORDS} words at most in `q`, found {}", filter.words());
        return Err(Problem::bad_request(detail));
    }
    Ok(filter)
}
