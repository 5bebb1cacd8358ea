//! The parameters of a request, in its query string.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::form_urlencoded;

use super::problem::Problem;
use crate::store::Manner;

/// The parameters by name.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// Reads a query string. Another parameter than these is refused by its name, and so is a second one of a name: with a typing
    /// error, `dry_run` would otherwise write.
    pub(super) fn parse(query: Option<&str>, known: &[&'static str]) -> Result<Self, Problem> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let Some(known) = known.iter().find(|known| **known == name) else {
                return Err(Problem::bad_request(unknown(&name, known)));
            };
            if found.insert(*known, value.into_owned()).is_some() {
                return Err(Problem::bad_request(format!(
                    "expected the parameter `{known}` once, found it twice"
                )));
            }
        }
        Ok(Self(found))
    }

    /// The manner of a change: `dry_run`, and `force` where the request takes it.
    pub(super) fn manner(&self) -> Result<Manner, Problem> {
        Ok(Manner { dry_run: self.flag("dry_run")?, force: self.flag("force")? })
    }

    /// A parameter as text.
    pub(super) fn text(&self, name: &'static str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter as a value of its type.
    pub(super) fn value<T: FromStr>(&self, name: &'static str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Problem::bad_request(format!("expected {expected} in `{name}`, found `{text}`"))),
        }
    }

    fn flag(&self, name: &'static str) -> Result<bool, Problem> {
        Ok(self.value(name, "`true` or `false`")?.unwrap_or_default())
    }
}

fn unknown(name: &str, known: &[&'static str]) -> String {
    match known {
        [] => format!("expected no parameter, found `{name}`"),
        [only] => format!("expected no parameter but `{only}`, found `{name}`"),
        _ => format!("expected the parameters `{}`, found `{name}`", known.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_parameter_is_refused() {
        let manner =
            |query| Parameters::parse(Some(query), &["dry_run", "force"]).and_then(|read| read.manner());
        assert_eq!(manner("").unwrap(), Manner::default());
        assert_eq!(manner("dry_run=true&force=false").unwrap(), Manner { dry_run: true, force: false });
        for bad in
            ["dryrun=true", "dry_run=yes", "dry_run", "dry_run=true&dry_run=false", "force=1", "DRY_RUN=true"]
        {
            assert!(manner(bad).is_err(), "{bad} was taken");
        }
        assert!(Parameters::parse(Some("force=true"), &["dry_run"]).is_err());
    }
}
