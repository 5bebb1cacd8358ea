//! The sink `edge`: the Worker's own signed endpoint.

use std::time::Duration;
use std::{fmt, io};

use reqwest::{Client, StatusCode, header, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stagedoor::catalog::{SyncBatch, SyncReport, SyncSignature, WantedAnswer, WantedQuestion};
use stagedoor::control::{ControlError, ControlPlace};
use stagedoor::redacted::Redacted;
use url::Url;

use crate::clock::UnixMillis;
use crate::io_reason::io_reason;

/// The edge's sync endpoint and the shared secret.
#[derive(Clone)]
pub struct Edge {
    client: Client,
    /// Its path may hold a secret.
    endpoint: Url,
    secret: Redacted<String>,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.endpoint.origin().ascii_serialization();
        f.debug_struct("Edge").field("endpoint", &host).finish_non_exhaustive()
    }
}

/// Why the edge cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The address cannot be used.
    #[error("expected the edge's address as https://host, without a user, path or query, found `{}`", anonymous(.0))]
    Address(Url),
    /// The secret is too short.
    #[error(
        "expected at least {least} characters in the secret that is shared with the edge, found {found}; `openssl rand -hex 32` \
         makes one",
        least = Edge::MIN_SECRET_CHARS
    )]
    Secret {
        /// Its length in characters.
        found: usize,
    },
    /// The folder of the edge's endpoints cannot be used.
    #[error(transparent)]
    Folder(#[from] ControlError),
    /// The HTTP client cannot be built.
    #[error("cannot set up the HTTP client: {}", cause(.0))]
    Client(#[from] reqwest::Error),
}

/// Why a batch has no result for each of its documents.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// No connection, or no answer in time.
    #[error("cannot reach the edge: {}", cause(.0))]
    Unreachable(#[from] reqwest::Error),
    /// The edge refused the batch as a whole.
    #[error("the edge answered {0}: {1}")]
    Status(StatusCode, String),
    /// The edge's report cannot be read.
    #[error("the edge's report cannot be read: {0}")]
    Report(String),
    /// The batch cannot be written.
    #[error("the batch cannot be written: {0}")]
    Batch(serde_json::Error),
}

impl PushError {
    /// Whether the cause is the edge and not the batch: it is unreachable, does not accept the secret, or limits the rate.
    pub(super) fn is_about_the_edge(&self) -> bool {
        match self {
            Self::Unreachable(error) => error.is_connect() || error.is_builder(),
            Self::Status(status, _) => {
                matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
            }
            Self::Report(_) | Self::Batch(_) => false,
        }
    }

    /// Whether the edge refused the batch for good, so that sending it again would not help.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Status(status, _) => {
                status.is_client_error()
                    && *status != StatusCode::REQUEST_TIMEOUT
                    && !self.is_about_the_edge()
            }
            Self::Batch(_) => true,
            Self::Unreachable(_) | Self::Report(_) => false,
        }
    }
}

impl Edge {
    /// The shortest secret, in characters.
    pub const MIN_SECRET_CHARS: usize = 32;

    /// The longest answer in bytes. A hundred results have a tenth of it.
    const MAX_ANSWER_BYTES: usize = 1024 * 1024;

    /// The longest answer about wanted creatives: twenty sites with fifty long ones each have less.
    const MAX_WANTED_BYTES: usize = 8 * 1024 * 1024;

    /// Sets up the edge, by its address with any of its host names, and the shared secret.
    pub fn new(base: &Url, secret: Redacted<String>, timeout: Duration) -> Result<Self, EdgeError> {
        let chars = secret.expose().chars().count();
        if chars < Self::MIN_SECRET_CHARS {
            return Err(EdgeError::Secret { found: chars });
        }
        let bare = base.path() == "/" && base.query().is_none() && base.fragment().is_none();
        let anonymous = base.username().is_empty() && base.password().is_none();
        let endpoint = base.join(SyncBatch::PATH).ok();
        let endpoint = endpoint.filter(|_| bare && anonymous && matches!(base.scheme(), "http" | "https"));
        let endpoint = endpoint.ok_or_else(|| EdgeError::Address(base.clone()))?;
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(timeout.min(Duration::from_secs(5)))
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let client = match base.scheme() {
            // Plain HTTP needs no root certificates, and the machine may have none.
            "http" => client.tls_certs_only([]).build()?,
            _ => client.build()?,
        };
        Ok(Self { client, endpoint, secret })
    }

    /// Sets the folder of the edge's endpoints: the Worker's `CONTROL_PATH`.
    pub fn below(mut self, folder: &str) -> Result<Self, EdgeError> {
        ControlPlace::new("", folder)?;
        if !folder.is_empty() {
            self.endpoint.set_path(&format!("/{folder}{}", SyncBatch::PATH));
        }
        Ok(self)
    }

    /// Sends a batch and reads the report.
    pub(super) async fn push(&self, batch: &SyncBatch) -> Result<SyncReport, PushError> {
        self.post(self.endpoint.clone(), batch, Self::MAX_ANSWER_BYTES).await
    }

    /// Asks which creatives are wanted.
    pub(super) async fn ask_wanted(&self, question: &WantedQuestion) -> Result<WantedAnswer, PushError> {
        let mut endpoint = self.endpoint.clone();
        let folder = endpoint.path().strip_suffix(SyncBatch::PATH).unwrap_or_default().to_owned();
        endpoint.set_path(&format!("{folder}{}", WantedQuestion::PATH));
        self.post(endpoint, question, Self::MAX_WANTED_BYTES).await
    }

    /// Sends a signed body, and reads an answer of some bytes at most.
    async fn post<A: DeserializeOwned>(
        &self,
        endpoint: Url,
        body: &impl Serialize,
        most: usize,
    ) -> Result<A, PushError> {
        let body = serde_json::to_vec(body).map_err(PushError::Batch)?;
        let signature = SyncSignature::sign(&self.secret, &body, UnixMillis::now().seconds());
        let mut request =
            self.client.post(endpoint).header(header::CONTENT_TYPE, "application/json").body(body);
        for (name, value) in signature.headers() {
            request = request.header(name, value);
        }
        // The folder in the URL is a secret, and errors are logged and stored.
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            answer.extend_from_slice(&chunk);
            if answer.len() > most {
                return Err(PushError::Report(format!("it is longer than {most} bytes")));
            }
        }
        if response.status() != StatusCode::OK {
            let quoted = String::from_utf8_lossy(&answer).chars().take(200).collect();
            return Err(PushError::Status(response.status(), quoted));
        }
        serde_json::from_slice(&answer).map_err(|error| PushError::Report(error.to_string()))
    }
}

/// An address without its user and password.
fn anonymous(url: &Url) -> Url {
    let mut url = url.clone();
    // They fail for addresses that can have no user.
    let _ = (url.set_username(""), url.set_password(None));
    url
}

/// The innermost cause of an error, such as `Connection refused`. The outer ones only say that sending failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.downcast_ref::<io::Error>() {
        Some(error) => io_reason(error),
        None => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_secrets() {
        let new = |base: &str, secret: &str| {
            Edge::new(&base.parse().unwrap(), Redacted::new(secret.to_owned()), Duration::from_secs(1))
        };
        let secret = "s".repeat(32);
        let edge = new("https://watch.example.com", &secret).unwrap();
        assert_eq!(edge.endpoint.as_str(), "https://watch.example.com/_stagedoor/sync");
        assert!(!format!("{edge:?}").contains(&secret));
        for bad in ["ftp://a", "http://a/path", "http://a/?q", "http://u:p@a/"] {
            assert!(matches!(new(bad, &secret), Err(EdgeError::Address(_))), "{bad} was taken");
        }
        let shown = new("http://user:hunter2@a/", &secret).unwrap_err().to_string();
        assert!(!shown.contains("hunter2") && shown.contains("`http://a/`"), "{shown}");
        for bad in ["watch.example.com:8787", "mailto:me"] {
            assert!(matches!(new(bad, &secret), Err(EdgeError::Address(_))), "{bad} was taken");
        }
        assert!(matches!(new("http://a", "short"), Err(EdgeError::Secret { found: 5 })));
    }

    /// The folder, the Worker's `CONTROL_PATH`, appears in no output.
    #[test]
    fn the_folder_of_the_edges_endpoints() {
        let address = "https://control.example".parse().unwrap();
        let edge = Edge::new(&address, Redacted::new("s".repeat(32)), Duration::from_secs(1)).unwrap();
        let folder = "Zx81-not-to-be-guessed";
        let below = edge.clone().below(folder).unwrap();
        assert_eq!(below.endpoint.as_str(), format!("https://control.example/{folder}/_stagedoor/sync"));
        assert!(!format!("{below:?}").contains(folder));
        assert_eq!(edge.clone().below("").unwrap().endpoint, edge.endpoint);
        assert!(matches!(edge.below("../x"), Err(EdgeError::Folder(_))));
    }
}
