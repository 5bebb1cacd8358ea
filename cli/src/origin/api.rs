//! The HTTP API of the origin service, as far as the commands need it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stagedoor::catalog::{DocumentKey, DocumentKind};

use super::reference::{Kind, Reference, encoded};
use crate::client::{Client, Reply};
use crate::context::Context;
use crate::failure::Failure;
use crate::text;

/// A connection to the API of a profile's origin service.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    authorization: String,
    address: String,
}

/// The reply about one document, as far as the commands look at it.
#[derive(Debug, Deserialize)]
pub(super) struct Held {
    pub(super) key: DocumentKey,
    /// Absent in a list of an older service, and null for a document that a dry run would create.
    pub(super) revision: Option<u64>,
    pub(super) document: Option<Value>,
    #[serde(default)]
    pub(super) warnings: Vec<Warning>,
    pub(super) sync: Option<Sync>,
}

/// A remark about a document that is valid, and probably not what was meant.
#[derive(Debug, Deserialize)]
pub(super) struct Warning {
    code: String,
    #[serde(default)]
    field: Option<String>,
    detail: String,
}

/// The state of a document at the edge.
#[derive(Debug, Deserialize)]
pub(super) struct Sync {
    pub(super) state: String,
    pub(super) revision_at_edge: Option<u64>,
    pub(super) last_error: Option<String>,
    pub(super) visible_within_s: u64,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    pub(super) next: Option<String>,
}

/// The problem of a refusal, as far as people read it.
#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    field: String,
    detail: String,
}

impl Api {
    /// Connects to the origin service of the profile.
    pub(super) fn new(context: &Context) -> Result<Self, Failure> {
        let profile = context.profile()?;
        let address = profile.origin()?;
        let authorization = format!("Bearer {}", profile.api_key()?.expose());
        Ok(Self {
            client: Client::new(address, context.output)?,
            authorization,
            address: address.to_string(),
        })
    }

    /// Sends a request, and refuses every reply that is no success. `path` is below `/api/v1`.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Value, Failure> {
        let reply = self.answer(method, path, headers, body)?;
        if (200..300).contains(&reply.status) { self.read(&reply) } else { Err(self.failure(&reply)) }
    }

    /// Sends a request, and returns a reply of any status.
    pub(super) fn answer(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, Failure> {
        let mut all = vec![("authorization", self.authorization.as_str())];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        all.extend(headers);
        self.client.send(method, &format!("/api/v1{path}"), &all, body)
    }

    /// The document of a reference; of revocations, all entries.
    pub(super) fn get(&self, reference: &Reference) -> Result<Value, Failure> {
        if reference.kind().0 == DocumentKind::Revocations {
            return self.revocations(reference);
        }
        self.send("GET", &reference.path(), &[], None)
    }

    /// An earlier revision of a document.
    pub(super) fn revision(&self, reference: &Reference, revision: u64) -> Result<Value, Failure> {
        self.send("GET", &format!("{}?revision={revision}", reference.path()), &[], None)
    }

    /// A page of the documents of a kind. `query` is `name=value&…`, encoded.
    pub(super) fn page(&self, kind: Kind, query: &str) -> Result<Page, Failure> {
        let path = format!("/{}?{query}", kind.folder());
        self.parse(self.send("GET", &path, &[], None)?)
    }

    /// All documents of a kind, a page at a time. `filter` is `&name=value…`, encoded.
    pub(super) fn pages<'a>(
        &'a self,
        kind: Kind,
        filter: &'a str,
    ) -> impl Iterator<Item = Result<Vec<Value>, Failure>> + 'a {
        let mut next = Some(String::new());
        std::iter::from_fn(move || {
            let after = next.take()?;
            let page = self.page(kind, &format!("limit=500{filter}{after}"));
            Some(page.map(|page| {
                next = page.next.map(|after| format!("&after={}", encoded(&after)));
                page.items
            }))
        })
    }

    /// A site's revocations with all entries.
    pub(super) fn revocations(&self, reference: &Reference) -> Result<Value, Failure> {
        let mut whole: Option<Value> = None;
        let mut after = Some(0);
        while let Some(from) = after {
            let path = format!("{}?limit=500&after={from}", reference.path());
            let page = self.send("GET", &path, &[], None)?;
            after = page.pointer("/revocations/next").and_then(Value::as_u64);
            match &mut whole {
                None => whole = Some(page),
                Some(whole) => {
                    let entries = whole.pointer_mut("/document/revoked").and_then(Value::as_array_mut);
                    let more = page.pointer("/document/revoked").and_then(Value::as_array);
                    if let (Some(entries), Some(more)) = (entries, more) {
                        entries.extend(more.iter().cloned());
                    }
                }
            }
        }
        Ok(whole.unwrap_or_default())
    }

    /// The state of a document at the edge. A deleted document has one too.
    pub(super) fn sync(&self, reference: &Reference) -> Result<Value, Failure> {
        let reply = self.answer("GET", &reference.path(), &[], None)?;
        let body: Value = self.read(&reply)?;
        match (reply.status, body.get("sync")) {
            (200 | 404, Some(sync)) => Ok(sync.clone()),
            _ => Err(self.failure(&reply)),
        }
    }

    /// Reads a reply about one document.
    pub(super) fn held(&self, reply: Value) -> Result<Held, Failure> {
        self.parse(reply)
    }

    /// Reads a reply that has the form of this version.
    pub(super) fn parse<T: DeserializeOwned>(&self, reply: Value) -> Result<T, Failure> {
        serde_json::from_value(reply).map_err(|error| self.unreadable(&error.to_string()))
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, Failure> {
        reply.json().ok_or_else(|| self.unreadable("it is not JSON"))
    }

    fn unreadable(&self, why: &str) -> Failure {
        Failure::Broken(format!(
            "{} gives a reply that this command cannot read ({why}): is it an origin service of version {}?",
            self.address,
            env!("CARGO_PKG_VERSION")
        ))
    }

    /// A reply that is no success.
    pub(super) fn failure(&self, reply: &Reply) -> Failure {
        let status = reply.status;
        let problem: Option<Problem> = reply.json();
        let Some(problem) = problem.filter(|problem| problem.kind.starts_with("urn:stagedoor:")) else {
            return Failure::Broken(format!(
                "{} answers with status {status} and without a problem of the origin service: is this its address?",
                self.address
            ));
        };
        let mut said = format!("{} ({status})", problem.title);
        match problem.errors.as_slice() {
            [] => said.push_str(&format!(": {}", problem.detail)),
            errors => {
                for FieldError { field, detail } in errors {
                    said.push('\n');
                    said.push_str(&text::wrapped(&format!("{field}: {detail}"), 2));
                }
            }
        }
        if status == 401 {
            said.push_str(&format!("\n  The API key of the profile is not one of {}.", self.address));
        }
        if status >= 500 {
            Failure::Broken(said)
        } else {
            Failure::Refused { detail: said, problem: reply.json() }
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field.as_deref().filter(|field| !field.is_empty()) {
            Some(field) => write!(f, "warning {}: {field}: {}", self.code, self.detail),
            None => write!(f, "warning {}: {}", self.code, self.detail),
        }
    }
}
