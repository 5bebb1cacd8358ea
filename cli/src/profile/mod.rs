//! The systems that a command talks to, and where its secrets are.
//!
//! A profile names the addresses of an origin service and an edge. Secrets are named by a file or an environment variable, never
//! written into the profile or on the command line. Paths are relative to the folder of the profiles' file.
//!
//! ```toml
//! default = "demo"
//!
//! [profiles.demo]
//! origin = "http://127.0.0.1:8788"
//! edge = "http://localhost:8787"
//! api_key_file = "api-key"               # or api_key_env = "NAME"
//! explain_secret_file = "explain-secret" # or explain_secret_env
//! control_path_file = "control-path"     # or control_path, or control_path_env; only if the Worker has CONTROL_PATH
//! wrangler_env = "production"
//! ```

pub(crate) mod show;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use stagedoor::redacted::Redacted;
use url::Url;

use crate::failure::{Misuse, io_reason};

/// The systems of one environment.
#[derive(Debug)]
pub(crate) struct Profile {
    /// How messages call it: ``the profile `demo` ``, or `the environment`.
    name: String,
    origin: Option<Url>,
    edge: Option<Url>,
    api_key: Vec<Place>,
    explain_secret: Vec<Place>,
    control_path: Vec<Place>,
    wrangler_env: Option<String>,
    environment: Environment,
}

/// Where a setting is.
#[derive(Debug)]
enum Place {
    /// Here: only for settings that may be written into a profile.
    Here(String),
    /// In a file, whose text it is.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
}

/// Reads environment variables. Empty ones count as absent.
pub(crate) type Environment = fn(&str) -> Option<String>;

/// Reads the environment of this process.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfilesFile {
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    origin: Option<String>,
    edge: Option<String>,
    api_key_file: Option<PathBuf>,
    api_key_env: Option<String>,
    explain_secret_file: Option<PathBuf>,
    explain_secret_env: Option<String>,
    control_path: Option<String>,
    control_path_file: Option<PathBuf>,
    control_path_env: Option<String>,
    wrangler_env: Option<String>,
    /// Refused, with the members that are meant.
    api_key: Option<IgnoredAny>,
    /// Refused, with the members that are meant.
    explain_secret: Option<IgnoredAny>,
}

impl Profile {
    /// Finds the profile: the named one; else the environment, if it has an address; else the file's default, or its only profile.
    pub(crate) fn find(name: Option<&str>, environment: Environment) -> Result<Self, Misuse> {
        let addressed = ["STAGEDOOR_ORIGIN_URL", "STAGEDOOR_EDGE_URL"].map(environment);
        if name.is_none() && addressed.iter().any(Option::is_some) {
            let [origin, edge] = addressed;
            return Self::of_environment(origin, edge, environment);
        }
        let path = file(environment);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Misuse(format!(
                    "expected the addresses of the systems: there is no {}. Write a profile into it, point \
                     STAGEDOOR_PROFILES at a file of profiles, or set STAGEDOOR_ORIGIN_URL and STAGEDOOR_EDGE_URL",
                    path.display()
                )));
            }
            Err(error) => return Err(Misuse(format!("{}: {}", path.display(), io_reason(&error)))),
        };
        Self::read(&text, &path, name, environment)
    }

    fn of_environment(
        origin: Option<String>,
        edge: Option<String>,
        environment: Environment,
    ) -> Result<Self, Misuse> {
        let address = |variable: &str, given: Option<String>| {
            let address = given.map(|given| address(&given));
            address.transpose().map_err(|why| Misuse(format!("{variable}: {why}")))
        };
        let places = |name: &str| vec![Place::Variable(name.to_owned())];
        Ok(Self {
            name: "the environment".to_owned(),
            origin: address("STAGEDOOR_ORIGIN_URL", origin)?,
            edge: address("STAGEDOOR_EDGE_URL", edge)?,
            api_key: places("STAGEDOOR_API_KEY"),
            explain_secret: places("EXPLAIN_SECRET"),
            control_path: places("CONTROL_PATH"),
            wrangler_env: None,
            environment,
        })
    }

    fn read(text: &str, path: &Path, name: Option<&str>, environment: Environment) -> Result<Self, Misuse> {
        let failed = |why: &dyn std::fmt::Display| Misuse(format!("{}: {why}", path.display()));
        let ProfilesFile { default, mut profiles } = toml::from_str(text).map_err(|error| {
            let at =
                error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            let at = at.map_or_else(String::new, |line| format!("line {line}: "));
            failed(&format!("{at}{}", error.message()))
        })?;
        let names = profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let name = match (name.or(default.as_deref()), profiles.len()) {
            (_, 0) => return Err(failed(&"expected a profile, such as [profiles.demo], found none")),
            (Some(name), _) => name.to_owned(),
            (None, 1) => names.clone(),
            (None, _) => return Err(failed(&format!("expected --profile or `default`, one of: {names}"))),
        };
        let Some(entry) = profiles.remove(&name) else {
            return Err(failed(&format!("there is no profile `{name}`, only: {names}")));
        };
        entry.profile(&name, path.parent().unwrap_or(Path::new("")), environment).map_err(|why| failed(&why))
    }

    /// The address of the origin service.
    pub(crate) fn origin(&self) -> Result<&Url, Misuse> {
        self.origin.as_ref().ok_or_else(|| self.lacks("`origin`", "STAGEDOOR_ORIGIN_URL"))
    }

    /// The address of the edge.
    pub(crate) fn edge(&self) -> Result<&Url, Misuse> {
        self.edge.as_ref().ok_or_else(|| self.lacks("`edge`", "STAGEDOOR_EDGE_URL"))
    }

    /// The API key of the origin service.
    pub(crate) fn api_key(&self) -> Result<Redacted<String>, Misuse> {
        let found = self.setting(&self.api_key)?;
        found
            .map(Redacted::new)
            .ok_or_else(|| self.lacks("`api_key_file` or `api_key_env`", "STAGEDOOR_API_KEY"))
    }

    /// The secret of the edge's explain endpoint.
    pub(crate) fn explain_secret(&self) -> Result<Redacted<String>, Misuse> {
        let found = self.setting(&self.explain_secret)?;
        let lacks = || self.lacks("`explain_secret_file` or `explain_secret_env`", "EXPLAIN_SECRET");
        found.map(Redacted::new).ok_or_else(lacks)
    }

    /// The folder below which the edge's endpoints answer, if the Worker has one (`CONTROL_PATH`).
    pub(crate) fn control_path(&self) -> Result<Option<Redacted<String>>, Misuse> {
        Ok(self.setting(&self.control_path)?.map(Redacted::new))
    }

    /// The environment of `wrangler.toml` in which the Worker runs.
    pub(crate) fn wrangler_env(&self) -> Option<&str> {
        self.wrangler_env.as_deref()
    }

    /// The text of a setting, without white space around it. Empty text counts as absent.
    fn setting(&self, places: &[Place]) -> Result<Option<String>, Misuse> {
        for place in places {
            let text = match place {
                Place::Here(text) => Some(text.clone()),
                Place::Variable(name) => {
                    (self.environment)(name).or(match (self.environment)(&format!("{name}_FILE")) {
                        Some(path) => Some(text_of(Path::new(&path))?),
                        None => None,
                    })
                }
                Place::File(path) => Some(text_of(path)?),
            };
            let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            match (place, text) {
                (_, Some(text)) if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                    return Err(Misuse(format!(
                        "{}: expected one line of visible ASCII in {place}",
                        self.name
                    )));
                }
                (_, Some(text)) => return Ok(Some(text)),
                (Place::File(_), None) => {
                    return Err(Misuse(format!("{}: expected text in {place}, found none", self.name)));
                }
                (_, None) => {}
            }
        }
        Ok(None)
    }

    fn lacks(&self, member: &str, variable: &str) -> Misuse {
        Misuse(if self.name == "the environment" {
            format!("expected the environment variable {variable}, or a profile (--profile)")
        } else {
            format!("{} has no value of {member}", self.name)
        })
    }
}

impl Entry {
    fn profile(self, name: &str, folder: &Path, environment: Environment) -> Result<Profile, String> {
        let secrets = [("api_key", self.api_key), ("explain_secret", self.explain_secret)];
        if let Some((member, _)) = secrets.iter().find(|(_, written)| written.is_some()) {
            return Err(format!(
                "profiles.{name}.{member}: a secret is not written into this file: put it into a file and name it with \
                 `{member}_file`, or name an environment variable with `{member}_env`"
            ));
        }
        let address = |member: &str, given: Option<String>| {
            let address = given.map(|given| address(&given));
            address.transpose().map_err(|why| format!("profiles.{name}.{member}: {why}"))
        };
        let places = |here: Option<String>, file: Option<PathBuf>, variable: Option<String>| {
            let file = file.map(|path| Place::File(folder.join(path)));
            [here.map(Place::Here), file, variable.map(Place::Variable)].into_iter().flatten().collect()
        };
        Ok(Profile {
            name: format!("the profile `{name}`"),
            origin: address("origin", self.origin)?,
            edge: address("edge", self.edge)?,
            api_key: places(None, self.api_key_file, self.api_key_env),
            explain_secret: places(None, self.explain_secret_file, self.explain_secret_env),
            control_path: places(self.control_path, self.control_path_file, self.control_path_env),
            wrangler_env: self.wrangler_env.filter(|name| !name.is_empty()),
            environment,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(_) => f.write_str("the profile"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
        }
    }
}

fn text_of(path: &Path) -> Result<String, Misuse> {
    fs::read_to_string(path).map_err(|error| Misuse(format!("{}: {}", path.display(), io_reason(&error))))
}

/// The file of profiles.
fn file(environment: Environment) -> PathBuf {
    if let Some(path) = environment("STAGEDOOR_PROFILES") {
        return path.into();
    }
    let home = || PathBuf::from(environment("HOME").unwrap_or_default()).join(".config");
    environment("XDG_CONFIG_HOME").map_or_else(home, PathBuf::from).join("stagedoor/profiles.toml")
}

/// The address of a system: scheme, host and port.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| {
        // The part before an `@` may be a password.
        let found =
            if text.contains('@') { "an address with a user".to_owned() } else { format!("`{text}`") };
        format!("expected an address such as https://origin.example.com, found {found}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const PROFILES: &str = r#"
        default = "demo"
        [profiles.demo]
        origin = "http://127.0.0.1:8788"
        edge = "http://localhost:8787"
        api_key_file = "api-key"
        explain_secret_env = "DEMO_SECRET"
        wrangler_env = "production"
        [profiles.live]
        origin = "https://origin.example.com"
        api_key_env = "LIVE_KEY"
        control_path = "a-folder-that-nobody-guesses"
    "#;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn variables(name: &str) -> Option<String> {
        let value = match name {
            "DEMO_SECRET" => "the-secret",
            "LIVE_KEY" => "sdk_live\n",
            "STAGEDOOR_ORIGIN_URL" => "http://127.0.0.1:1",
            "STAGEDOOR_API_KEY" => "sdk_environment",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api-key"), "sdk_demo\n").unwrap();
        folder
    }

    fn read(folder: &TempDir, text: &str, name: Option<&str>) -> Result<Profile, String> {
        let path = folder.path().join("profiles.toml");
        Profile::read(text, &path, name, variables).map_err(|Misuse(why)| why)
    }

    #[test]
    fn a_profile_has_addresses_and_names_its_secrets() {
        let folder = folder();
        let demo = read(&folder, PROFILES, None).unwrap();
        assert_eq!(demo.origin().unwrap().as_str(), "http://127.0.0.1:8788/");
        assert_eq!(demo.edge().unwrap().as_str(), "http://localhost:8787/");
        assert_eq!(demo.api_key().unwrap().expose(), "sdk_demo");
        assert_eq!(demo.explain_secret().unwrap().expose(), "the-secret");
        assert_eq!((demo.control_path().unwrap(), demo.wrangler_env()), (None, Some("production")));
        let live = read(&folder, PROFILES, Some("live")).unwrap();
        assert_eq!(live.api_key().unwrap().expose(), "sdk_live");
        assert_eq!(live.control_path().unwrap().unwrap().expose(), "a-folder-that-nobody-guesses");
        assert_eq!(live.edge().unwrap_err().0, "the profile `live` has no value of `edge`");
        assert!(!format!("{live:?}{demo:?}").contains("sdk_"), "a secret is in the profile");
    }

    #[test]
    fn a_profile_is_found_by_name_or_default_or_alone() {
        let folder = folder();
        let only = "[profiles.only]\norigin = \"https://origin.example.com\"";
        assert!(read(&folder, only, None).is_ok());
        let two = format!("{only}\n[profiles.other]\n");
        assert!(
            read(&folder, &two, None)
                .unwrap_err()
                .contains("expected --profile or `default`, one of: only, other")
        );
        assert!(
            read(&folder, &two, Some("x"))
                .unwrap_err()
                .contains("there is no profile `x`, only: only, other")
        );
        assert!(read(&folder, "", None).unwrap_err().contains("expected a profile"));
        assert!(read(&folder, "", Some("x")).unwrap_err().contains("expected a profile"));
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_said_with_its_place() {
        let folder = folder();
        for (line, expected) in [
            ("api_key = \"sdk_1\"", "profiles.a.api_key: a secret is not written into this file"),
            ("origins = \"https://a.example\"", "line 2: unknown field `origins`"),
            ("origin = \"origin.example.com\"", "profiles.a.origin: expected an address such as https://"),
            ("origin = \"https://u:secret@a.example\"", "example.com, found an address with a user"),
            ("origin = \"https://origin.example.com/api\"", "profiles.a.origin: expected an address"),
            ("edge = \"ftp://edge.example.com\"", "profiles.a.edge: expected an address"),
            ("origin = 7", "line 2: invalid type"),
            ("origin", "line 2: "),
        ] {
            let why = read(&folder, &format!("[profiles.a]\n{line}"), None).unwrap_err();
            assert!(why.contains("profiles.toml: ") && why.contains(expected), "{line}: {why}");
        }
        let absent = read(&folder, "[profiles.a]\napi_key_file = \"absent\"", None).unwrap();
        assert!(absent.api_key().unwrap_err().0.contains("absent: No such file"));
        fs::write(folder.path().join("empty"), "\n").unwrap();
        let empty = read(&folder, "[profiles.a]\napi_key_file = \"empty\"", None).unwrap();
        assert!(empty.api_key().unwrap_err().0.contains("expected text in"));
    }

    #[test]
    fn without_a_name_the_environment_counts_before_the_file() {
        let found = Profile::find(None, variables).unwrap();
        assert_eq!(found.origin().unwrap().as_str(), "http://127.0.0.1:1/");
        assert_eq!(found.api_key().unwrap().expose(), "sdk_environment");
        let lacks = found.explain_secret().unwrap_err().0;
        assert_eq!(lacks, "expected the environment variable EXPLAIN_SECRET, or a profile (--profile)");
        let nowhere = Profile::find(None, nothing).unwrap_err().0;
        assert!(nowhere.contains("expected the addresses of the systems"), "{nowhere}");
    }
}
