//! Where a viewer token stands in a request.

use super::signed_url::decoded;
use crate::catalog::{PathPlacement, Placement, TitleId};
use crate::facts::Facts;
use crate::redacted::Redacted;

/// Something in a place where a token may stand.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The token.
    pub(super) token: Redacted<String>,
    /// The path without it.
    pub(super) rest: Rest,
}

/// The rest of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// The token was not in the path.
    Whole,
    /// The path without the token: `/{title}/{resource}`.
    Path(String),
    /// The path below the title, which the token names: `/{resource}`.
    BelowTitle(String),
}

/// The tokens of the request in the placements, in order.
pub(super) fn find<'a>(facts: &'a Facts, placements: &'a [Placement]) -> impl Iterator<Item = Found> + 'a {
    placements
        .iter()
        .filter_map(|placement| look(facts, placement))
        .filter(|found| !found.token.expose().is_empty())
}

fn look(facts: &Facts, placement: &Placement) -> Option<Found> {
    let whole = |token: &str| Found { token: Redacted::new(token.to_owned()), rest: Rest::Whole };
    match placement {
        Placement::Query(name) => facts.query_parameter(name).map(|token| whole(&token)),
        Placement::Authorization => {
            facts.headers.authorization.as_ref().and_then(|value| bearer(value.expose())).map(whole)
        }
        Placement::Cookie(name) => facts.cookie(name).map(whole),
        Placement::Header(name) => facts.headers.named(name).map(|value| whole(value.trim())),
        Placement::Path(PathPlacement::Before) => {
            first_segment(facts).map(|(token, rest)| Found { token, rest: Rest::Path(rest.to_owned()) })
        }
        Placement::Path(PathPlacement::Title) => {
            first_segment(facts).map(|(token, rest)| Found { token, rest: Rest::BelowTitle(rest.to_owned()) })
        }
        Placement::Path(PathPlacement::Parameter(name)) => parameter(&facts.path, name),
    }
}

/// A first segment that is no title's: a token is longer than a title's id, or has capitals.
fn first_segment(facts: &Facts) -> Option<(Redacted<String>, &str)> {
    let path = facts.path.strip_prefix('/')?;
    let (segment, _) = path.split_once('/')?;
    if segment.parse::<TitleId>().is_ok() {
        return None;
    }
    Some((Redacted::new(decoded(segment)?), path.get(segment.len()..)?))
}

/// ```text
/// segment = *pchar, with ";" to delimit parameters and "=" before their values
/// ```
///
/// [RFC 3986 section 3.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.3)
fn parameter(path: &str, name: &str) -> Option<Found> {
    let start = path
        .match_indices(';')
        .find_map(|(at, _)| path.get(at + 1..)?.strip_prefix(name)?.strip_prefix('=').map(|_| at))?;
    let value_at = start + 1 + name.len() + 1;
    let tail = path.get(value_at..)?;
    let end = tail.find(['/', ';']).map_or(path.len(), |end| value_at + end);
    let token = Redacted::new(decoded(path.get(value_at..end)?)?);
    let rest = [path.get(..start)?, path.get(end..)?].concat();
    Some(Found { token, rest: Rest::Path(rest) })
}

/// ```text
/// credentials = "Bearer" 1*SP b64token
/// ```
///
/// [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1); the scheme's case does not
/// matter ([RFC 9110 section 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Headers;

    fn facts(path: &str, query: &str, headers: &[(&str, &str)]) -> Facts {
        let secret = |value: &str| Redacted::new(value.to_owned());
        let named = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted);
        Facts {
            path: path.to_owned(),
            query: secret(query),
            headers: Headers {
                authorization: named("authorization").map(|(_, value)| secret(value)),
                all: headers.iter().map(|(name, value)| ((*name).to_owned(), secret(value))).collect(),
                ..Headers::default()
            },
            ..Facts::default()
        }
    }

    #[test]
    fn tokens_are_found_where_they_stand() {
        use Placement::{Authorization, Cookie, Header, Path, Query};
        let parameter = || Path(PathPlacement::Parameter("t".into()));
        let rest = |path: &str| Rest::Path(path.to_owned());
        for (facts, placement, token, left) in [
            (facts("/h/a", "token=a.b%2Ec", &[]), Query("token".into()), "a.b.c", Rest::Whole),
            (facts("/h/a", "", &[("authorization", "bearer  d.e.f")]), Authorization, "d.e.f", Rest::Whole),
            (facts("/h/a", "", &[("cookie", "x=1; t=\"y\"")]), Cookie("t".into()), "y", Rest::Whole),
            (facts("/h/a", "", &[("x-token", " z ")]), Header("X-Token".into()), "z", Rest::Whole),
            (facts("/eyJ.a.b/h/a", "", &[]), Path(PathPlacement::Before), "eyJ.a.b", rest("/h/a")),
            (facts("/eyJ%7E/a", "", &[]), Path(PathPlacement::Title), "eyJ~", Rest::BelowTitle("/a".into())),
            (facts("/h/a;t=x%3D", "", &[]), parameter(), "x=", rest("/h/a")),
            (facts("/h;tt=1;t=x;u=2/a", "", &[]), parameter(), "x", rest("/h;tt=1;u=2/a")),
        ] {
            let found: Vec<_> = find(&facts, std::slice::from_ref(&placement)).collect();
            assert_eq!(found.len(), 1, "{placement:?}");
            assert_eq!((found[0].token.expose().as_str(), &found[0].rest), (token, &left), "{placement:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let all = [
            Placement::Query("token".into()),
            Placement::Authorization,
            Placement::Cookie("t".into()),
            Placement::Header("x-token".into()),
            Placement::Path(PathPlacement::Before),
            Placement::Path(PathPlacement::Parameter("t".into())),
        ];
        let nothing = facts(
            "/harbour/v/a;tt=x",
            "t=a.b.c&token=",
            &[("authorization", "Basic eDp5"), ("cookie", "tt=1"), ("x-token", "")],
        );
        assert_eq!(find(&nothing, &all).count(), 0);
    }
}
