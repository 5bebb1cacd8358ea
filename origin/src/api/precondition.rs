//! `If-Match` and `If-None-Match`, so that two editors do not overwrite each other's work.
//!
//! [RFC 9110 section 13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)

use axum::http::{HeaderMap, HeaderName, header};

use super::problem::Problem;
use crate::store::Expectation;

/// The state that a write expects, from its headers.
///
/// `If-Match: *` or a list of ETags, or `If-None-Match: *`. A deleted document counts as absent.
pub(super) fn expectation(headers: &HeaderMap) -> Result<Expectation, Problem> {
    match (value(headers, &header::IF_MATCH)?, value(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(Expectation::Any),
        (None, Some("*")) => Ok(Expectation::Absent),
        (Some("*"), None) => Ok(Expectation::Present),
        // A foreign or weak entity tag matches nothing.
        (Some(tags), None) => Ok(Expectation::Revision(tags.split(',').filter_map(revision).collect())),
        _ => Err(Problem::bad_request("expected If-Match: \"<revision>\" or If-None-Match: *, and not both")),
    }
}

fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text.trim())),
        _ => Err(Problem::bad_request(format!("expected one header {name} of visible ASCII"))),
    }
}

fn revision(tag: &str) -> Option<u64> {
    tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_preconditions() {
        let read = |pairs: &[(&HeaderName, &str)]| {
            expectation(
                &pairs.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap())).collect(),
            )
        };
        let (matches, none_match) = (&header::IF_MATCH, &header::IF_NONE_MATCH);
        assert_eq!(read(&[]).unwrap(), Expectation::Any);
        assert_eq!(read(&[(none_match, "*")]).unwrap(), Expectation::Absent);
        assert_eq!(read(&[(matches, "*")]).unwrap(), Expectation::Present);
        assert_eq!(read(&[(matches, "\"7\" , \"8\"")]).unwrap(), Expectation::Revision(vec![7, 8]));
        assert_eq!(
            read(&[(matches, "W/\"7\"")]).unwrap(),
            Expectation::Revision(vec![]),
            "weak tags never match"
        );
        assert!(read(&[(none_match, "\"7\"")]).is_err());
        assert!(read(&[(none_match, "*"), (matches, "*")]).is_err());
    }
}
