//! Where the edge's own endpoints answer: on any of its hosts at their plain paths, or at a secret place.
//!
//! ```text
//! POST /_stagedoor/sync
//! POST /{folder}/_stagedoor/sync
//! POST /_stagedoor/wanted
//! POST /_stagedoor/explain
//! ```
//!
//! With the variable `CONTROL_HOST`, they answer on that host only. With `CONTROL_PATH`, they answer below that folder
//! only. Anywhere else, their paths answer like any path that takes no POST.

use sha2::{Digest, Sha256};

use crate::catalog::Host;
use crate::denial::Denial;
use crate::facts::Facts;
use crate::redacted::Redacted;

/// The variable that names the only host on which the edge's own endpoints answer.
pub const HOST_VARIABLE: &str = "CONTROL_HOST";

/// The variable, or better the secret, that names the folder below which they answer.
pub const PATH_VARIABLE: &str = "CONTROL_PATH";

/// The path of the endpoint that explains decisions.
pub const EXPLAIN_PATH: &str = "/_stagedoor/explain";

/// The place of the edge's own endpoints, as the deployment sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlPlace {
    host: Option<Host>,
    folder: Option<Redacted<String>>,
}

/// An invalid setting of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Not a host name.
    #[error("CONTROL_HOST: expected a host name without a port")]
    Host,
    /// Not a folder's name, or easy to guess. The value is secret, so it is not quoted.
    #[error("CONTROL_PATH: expected 16 to 128 of A-Z, a-z, 0-9, `-` and `_`")]
    Path,
}

impl ControlPlace {
    /// Reads the settings; an empty one counts as absent.
    pub fn new(host: &str, folder: &str) -> Result<Self, ControlError> {
        let host = match host {
            "" => None,
            host => Some(host.parse().map_err(|_| ControlError::Host)?),
        };
        let folder = match folder {
            "" => None,
            folder if is_folder(folder) => Some(Redacted::new(folder.to_owned())),
            _ => return Err(ControlError::Path),
        };
        Ok(Self { host, folder })
    }

    /// Checks that a request for one of the endpoints, which had this folder in front of its path, came to their place.
    pub fn check(&self, facts: &Facts, folder: Option<&Redacted<String>>) -> Result<(), Denial> {
        let on_host = self.host.as_ref().is_none_or(|host| host.as_str() == facts.host);
        // Hashes are compared: the time until they differ reveals nothing about the folder.
        let hash = |folder: &Redacted<String>| Sha256::digest(folder.expose());
        let in_folder = self.folder.as_ref().map(hash) == folder.map(hash);
        if on_host && in_folder { Ok(()) } else { Err(Denial::method_not_allowed()) }
    }
}

fn is_folder(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The folder in front of an endpoint's path: `Some(None)` without a folder, `None` for any other path.
pub(crate) fn folder_before<'a>(path: &'a str, endpoint: &str) -> Option<Option<&'a str>> {
    let folder = path.strip_suffix(endpoint)?;
    match folder.strip_prefix('/') {
        None => folder.is_empty().then_some(None),
        Some(folder) => is_folder(folder).then_some(Some(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::Reason;
    use crate::facts::Method;
    use crate::route::{Route, route};

    const FOLDER: &str = "Zx81-not-to-be-guessed";

    /// Whether a request gets through to the sync endpoint.
    fn reaches(place: &ControlPlace, host: &str, path: &str) -> bool {
        let facts =
            Facts { method: Method::Post, host: host.to_owned(), path: path.to_owned(), ..Facts::default() };
        let reached = match route(&facts) {
            Ok(Route::Sync(folder)) => place.check(&facts, folder.as_ref()),
            Ok(other) => panic!("{other:?}"),
            Err(denial) => Err(denial),
        };
        // A stranger who guesses at the place learns nothing: every refusal is the same.
        if let Err(denial) = &reached {
            assert_eq!(*denial, route(&Facts { path: "/other".to_owned(), ..facts }).unwrap_err());
            assert_eq!(denial.reason, Reason::MethodNotAllowed);
        }
        reached.is_ok()
    }

    #[test]
    fn the_endpoints_answer_at_their_place_alone() {
        let plain = "/_stagedoor/sync";
        let below = format!("/{FOLDER}/_stagedoor/sync");
        for (host, folder, reached) in [
            ("", "", [true, false, true, false]),
            ("control.example", "", [true, false, false, false]),
            ("", FOLDER, [false, true, false, true]),
            ("control.example", FOLDER, [false, true, false, false]),
        ] {
            let place = ControlPlace::new(host, folder).unwrap();
            let asked = [
                ("control.example", plain),
                ("control.example", &below),
                ("a.example", plain),
                ("a.example", &below),
            ];
            assert_eq!(asked.map(|(host, path)| reaches(&place, host, path)), reached, "{host} {folder}");
            assert!(!reaches(&place, "control.example", &format!("/{FOLDER}x/_stagedoor/sync")));
            assert!(!reaches(&place, "control.example", "/short/_stagedoor/sync"));
            assert!(!format!("{place:?}").contains(FOLDER));
        }
    }

    #[test]
    fn settings_that_hide_nothing_are_refused() {
        for host in ["https://a.example", "a.example:8443"] {
            assert_eq!(ControlPlace::new(host, ""), Err(ControlError::Host), "{host}");
        }
        for folder in ["short", "a/b/c/d/e/f/g/h/i", "with a space in the middle", &"a".repeat(129)] {
            assert_eq!(ControlPlace::new("", folder), Err(ControlError::Path), "{folder}");
        }
    }
}
