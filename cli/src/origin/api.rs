//! The HTTP API of the origin service, as far as the commands need it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use stagedoor::catalog::{DocumentKey, DocumentKind};
use stagedoor::reading::Tree;

use super::reference::{Kind, Reference, encoded};
use crate::client::{Client, Reply};
use crate::context::Context;
use crate::failure::Failure;
use crate::text;

/// The refusal of a revocation whose target the service does not know.
const UNKNOWN_TARGET: &str = "urn:stagedoor:problem:unknown-target";

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

/// A document with its members in the service's order.
#[derive(Deserialize)]
struct Ordered {
    key: DocumentKey,
    revision: u64,
    document: Option<Box<RawValue>>,
}

/// A document, and the whole reply with it.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) document: Tree,
    pub(super) reply: Value,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
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
        self.read(&self.success(method, path, headers, body)?)
    }

    /// Sends a request, and refuses every reply that is no success.
    fn success(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, Failure> {
        let reply = self.answer(method, path, headers, body)?;
        if (200..300).contains(&reply.status) { Ok(reply) } else { Err(self.failure(&reply)) }
    }

    /// Sends a request, and returns a reply of any status.
    fn answer(
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

    /// A document or an earlier revision of it, with the whole reply. Revocations have all their entries.
    pub(super) fn get(&self, reference: &Reference, revision: Option<u64>) -> Result<Got, Failure> {
        if reference.kind().0 == DocumentKind::Revocations {
            return self.revocations(reference);
        }
        let query = revision.map_or_else(String::new, |revision| format!("?revision={revision}"));
        let reply = self.success("GET", &format!("{}{query}", reference.path()), &[], None)?;
        let Ordered { document, .. } = self.read(&reply)?;
        Ok(Got { document: self.tree(json_of(document.as_deref()))?, reply: self.read(&reply)? })
    }

    /// All documents of a kind in full, a page at a time.
    pub(super) fn documents(
        &self,
        kind: Kind,
    ) -> impl Iterator<Item = Result<Vec<(Reference, u64, Tree)>, Failure>> {
        let whole = move |Ordered { key, revision, document }: Ordered| {
            let reference = Reference::from(key);
            // A list has revocations without their entries.
            let document = match kind.0 {
                DocumentKind::Revocations => self.revocations(&reference)?.document,
                _ => self.tree(json_of(document.as_deref()))?,
            };
            Ok((reference, revision, document))
        };
        self.pages(kind.folder(), "").map(move |page| page?.into_iter().map(whole).collect())
    }

    fn tree(&self, json: &str) -> Result<Tree, Failure> {
        Tree::parse(json.as_bytes()).map_err(|error| self.unreadable(&error.to_string()))
    }

    /// A page of the documents of a kind. `query` is `name=value&…`, encoded.
    pub(super) fn page(&self, kind: Kind, query: &str) -> Result<Page<Value>, Failure> {
        let path = format!("/{}?{query}", kind.folder());
        self.parse(self.send("GET", &path, &[], None)?)
    }

    /// All items of a list, a page at a time. `filter` is `&name=value…`, encoded.
    pub(super) fn pages<T: DeserializeOwned>(
        &self,
        list: &str,
        filter: &str,
    ) -> impl Iterator<Item = Result<Vec<T>, Failure>> {
        let mut next = Some(String::new());
        std::iter::from_fn(move || {
            let after = next.take()?;
            let page = self.success("GET", &format!("/{list}?limit=500{filter}{after}"), &[], None);
            let page = page.and_then(|reply| self.read::<Page<T>>(&reply));
            Some(page.map(|page| {
                next = page.next.map(|after| format!("&after={}", encoded(&after)));
                page.items
            }))
        })
    }

    /// A site's revocations with all entries.
    fn revocations(&self, reference: &Reference) -> Result<Got, Failure> {
        let page = |after: u64| {
            self.send("GET", &format!("{}?limit=500&after={after}", reference.path()), &[], None)
        };
        let next = |page: &Value| page.pointer("/revocations/next").and_then(Value::as_u64);
        let mut whole = page(0)?;
        let mut after = next(&whole);
        while let Some(from) = after {
            let page = page(from)?;
            after = next(&page);
            let entries = whole.pointer_mut("/document/revoked").and_then(Value::as_array_mut);
            let more = page.pointer("/document/revoked").and_then(Value::as_array);
            if let (Some(entries), Some(more)) = (entries, more) {
                entries.extend(more.iter().cloned());
            }
        }
        let document = whole.get("document").unwrap_or(&Value::Null).to_string();
        Ok(Got { document: self.tree(&document)?, reply: whole })
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

    /// Reads a reply that has the form of this version.
    pub(super) fn parse<T: DeserializeOwned>(&self, reply: Value) -> Result<T, Failure> {
        serde_json::from_value(reply).map_err(|error| self.unreadable(&error.to_string()))
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, Failure> {
        serde_json::from_slice(&reply.body).map_err(|error| {
            self.unreadable(&if error.is_data() { error.to_string() } else { "it is not JSON".to_owned() })
        })
    }

    fn unreadable(&self, why: &str) -> Failure {
        Failure::Broken(format!(
            "{} gives a reply that this command cannot read ({why}): is it an origin service of version {}?",
            self.address,
            env!("CARGO_PKG_VERSION")
        ))
    }

    /// A reply that is no success.
    fn failure(&self, reply: &Reply) -> Failure {
        let status = reply.status;
        let problem: Option<Problem> = reply.json();
        let Some(problem) = problem.filter(|problem| problem.kind.starts_with("urn:stagedoor:")) else {
            return Failure::Broken(format!(
                "{} answers with status {status} and without a problem of the origin service: is this its address?",
                self.address
            ));
        };
        let mut said = format!("{} ({status})", problem.title);
        // The API's parameter is the command's option.
        let option = |text: &str| text.replace("?force=true", "--force");
        match problem.errors.as_slice() {
            [] => said.push_str(&format!("\n{}", text::wrapped(&option(&problem.detail), 2))),
            errors => {
                for FieldError { field, detail } in errors {
                    said.push('\n');
                    said.push_str(&text::wrapped(&format!("{field}: {detail}"), 2));
                }
            }
        }
        if problem.kind == UNKNOWN_TARGET {
            said.push_str("\n  Nothing was revoked. --force revokes it all the same.");
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

/// The JSON of a document. A deleted one is null.
fn json_of(document: Option<&RawValue>) -> &str {
    document.map_or("null", RawValue::get)
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field.as_deref().filter(|field| !field.is_empty()) {
            Some(field) => write!(f, "warning {}: {field}: {}", self.code, self.detail),
            None => write!(f, "warning {}: {}", self.code, self.detail),
        }
    }
}
