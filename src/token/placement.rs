//! Where a viewer token stands in a request.

use crate::catalog::Placement;
use crate::denial::{Denial, Reason};
use crate::facts::Facts;
use crate::redacted::Redacted;

/// Finds the viewer token: the first of the site's placements that holds one counts.
pub fn find(facts: &Facts, placements: &[Placement]) -> Result<Redacted<String>, Denial> {
    placements.iter().find_map(|placement| look(facts, placement)).ok_or_else(|| {
        let places: Vec<_> = placements.iter().map(name).collect();
        Denial::new(Reason::TokenMissing, format!("expected a viewer token in {}", places.join(" or ")))
    })
}

fn look(facts: &Facts, placement: &Placement) -> Option<Redacted<String>> {
    let token = match placement {
        Placement::Query(name) => facts.query_parameter(name)?,
        Placement::Authorization => bearer(facts.headers.authorization.as_ref()?.expose())?.to_owned(),
    };
    Some(token).filter(|token| !token.is_empty()).map(Redacted::new)
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

fn name(placement: &Placement) -> String {
    match placement {
        Placement::Query(name) => format!("the query parameter `{name}`"),
        Placement::Authorization => "the header `Authorization: Bearer`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Headers;

    fn facts(query: &str, authorization: Option<&str>) -> Facts {
        Facts {
            query: Redacted::new(query.to_owned()),
            headers: Headers {
                authorization: authorization.map(|value| Redacted::new(value.to_owned())),
                ..Headers::default()
            },
            ..Facts::default()
        }
    }

    #[test]
    fn the_first_placement_that_holds_one_counts() {
        let placements = [Placement::Query("token".into()), Placement::Authorization];
        let find = |facts: &Facts| find(facts, &placements).map(|token| token.expose().clone());
        assert_eq!(find(&facts("token=a.b.c", Some("Bearer d.e.f"))).unwrap(), "a.b.c");
        assert_eq!(find(&facts("token=", Some("bearer  d.e.f"))).unwrap(), "d.e.f");
        for nothing in [facts("", None), facts("t=a.b.c", Some("Basic eDp5")), facts("", Some("Bearer "))] {
            let denial = find(&nothing).unwrap_err();
            assert_eq!(denial.reason, Reason::TokenMissing);
            assert_eq!(
                denial.detail,
                "expected a viewer token in the query parameter `token` or the header `Authorization: Bearer`"
            );
        }
    }
}
