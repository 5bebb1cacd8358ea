//! A manifest, rewritten for a viewer: its template, and the reply.
//!
//! ```text
//! of        facts, site, admission, source -> the rewriting of a manifest
//! compile   the manifest's bytes -> a template for all viewers with an equal variation
//! head      the template -> the head of a viewer's reply
//! render    the template -> its body
//! ```

use std::borrow::Cow;
use std::rc::Rc;

use crate::admission::Admission;
use crate::cache::{Source, Stamp};
use crate::catalog::{Caps, Document, Edition, Site};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::fault::Fault;
use crate::heading::{Headed, Heading};
use crate::manifest::{Own, Template};
use crate::memory_key::MemoryKey;
use crate::reply::{NOT_KEPT, Reply};
use crate::resource::{AdFile, MediaRequest, ResourceKind};
use crate::stop::Stop;
use crate::token::Credentials;
use crate::variation::{Breaks, CompileError, Variation};

/// The rewriting of a manifest for a request.
#[derive(Clone, Debug)]
pub struct Rewrite<'a> {
    facts: &'a Facts,
    request: &'a MediaRequest,
    site: Edition<'a, Site>,
    admission: &'a Admission,
    source: &'a Source,
    variation: Variation<'a>,
}

/// The inputs of a template besides its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    manifest: Rc<[u8]>,
    /// The query of the manifest's URL, if the compiler has read it.
    query: Option<String>,
    /// The folder of the ad below the title, if the template has it: URIs that lead down from the manifest do not.
    ad: Option<String>,
}

impl Basis {
    /// Its size in bytes, with the manifest.
    pub fn size_bytes(&self) -> usize {
        let texts = [&self.query, &self.ad].into_iter().flatten();
        self.manifest.len() + texts.map(String::capacity).sum::<usize>()
    }
}

impl<'a> Rewrite<'a> {
    /// Collects the inputs of a request. `caps` are those of the viewer's rights, as far as they apply to the resource.
    pub fn of(
        facts: &'a Facts,
        request: &'a MediaRequest,
        site: &'a Document<Site>,
        admission: &'a Admission,
        caps: &'a Caps,
        breaks: Option<Breaks<'a>>,
        source: &'a Source,
    ) -> Self {
        let site = Edition::of_site(site);
        let variation = Variation::of(facts, request, site, admission, caps, breaks, source);
        Self { facts, request, site, admission, source, variation }
    }

    /// The key under which its template is remembered, with the template's [`Basis`].
    pub fn key(&self) -> MemoryKey {
        MemoryKey::of(&(&*self.source.cache_key, &self.variation))
    }

    /// Whether a template under this key is valid for the request.
    ///
    /// An unchanged manifest has the same allocation, so its bytes are not compared.
    pub fn is_based_on(&self, basis: &Basis, manifest: &Rc<[u8]>) -> bool {
        let Basis { manifest: made_from, query, ad } = basis;
        Rc::ptr_eq(made_from, manifest)
            && query.as_ref().is_none_or(|query| query == self.facts.query.expose())
            && ad.as_ref().is_none_or(|folder| folder == self.ad_folder())
    }

    /// The folder of the creative below the title; empty if the manifest is the title's own.
    fn ad_folder(&self) -> &str {
        self.request.ad.as_ref().map_or("", |ad| &ad.folder)
    }

    /// Compiles a manifest.
    pub fn compile(&self, manifest: &Rc<[u8]>) -> Result<(Template, Basis), Stop> {
        let query = self.facts.query.expose();
        let refused = |error: CompileError| match error.refusal() {
            Ok(reason) => Stop::from(Denial::new(reason, error.to_string())),
            Err(kind) => Fault::new(kind, format!("{}: {error}", self.source.place())).into(),
        };
        let folder = self.ad_folder();
        let (template, is_query_read) = self.variation.compile(manifest, query, folder).map_err(refused)?;
        let query = is_query_read.then(|| query.clone());
        // The end of the folder has characters that every format writes as they are.
        let holds_folder = |ad: &&AdFile| template.holds(&ad.address.folder());
        let ad = self.request.ad.as_ref().filter(holds_folder).map(|ad| ad.folder.clone());
        Ok((template, Basis { manifest: Rc::clone(manifest), query, ad }))
    }

    /// The viewer's copy of the manifest.
    pub fn render<'t>(&self, template: &'t Template) -> Cow<'t, [u8]> {
        let kept = || Credentials::of(&self.site).without(self.facts.query.expose());
        let query = if template.takes_query() { kept() } else { String::new() };
        template.render(Own { token: self.admission.token.expose(), query: &query })
    }

    /// The viewer's reply without its body. `stamp` belongs to the manifest, `now_ms` is the time in Unix milliseconds.
    pub fn head(&self, template: &Template, stamp: &Stamp, now_ms: u64) -> Reply {
        let Self { facts, admission, request, .. } = self;
        let reply = Reply::new(200, request.kind.media_type(), Vec::new());
        let renewed = admission.renewal.iter().flat_map(|renewal| &renewal.headers);
        let reply =
            renewed.fold(reply, |reply, (name, value)| reply.with(name.clone(), value.expose().clone()));
        // At the entry it contains the viewer's session: nobody else may get it, and the next request opens another one. With a
        // renewed session, its URIs change with time, and should not be used long after the request.
        if admission.entered || admission.renewed {
            return reply.with("Cache-Control", NOT_KEPT);
        }
        let reply = reply.with("Age", stamp.age_s(now_ms).to_string());
        kept(reply, template, stamp.lifetime.for_player(), facts.headers.if_none_match.as_deref())
    }
}

/// The head of a manifest that the player may keep.
fn kept(reply: Reply, template: &Template, for_player: String, if_none_match: Option<&str>) -> Reply {
    // Token and query are in the URL, so a template has one body for each URL.
    reply.with("Cache-Control", for_player).tagged(template.tag(), if_none_match)
}

/// A template without holes, which is the same for every viewer below a session.
#[derive(Clone, Copy, Debug)]
pub struct SharedManifest<'a> {
    /// The template.
    pub template: &'a Template,
    /// Its kind.
    pub kind: ResourceKind,
}

impl SharedManifest<'_> {
    /// Its bytes.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        self.template.render("")
    }
}

impl Headed for SharedManifest<'_> {
    /// Equal to [`Rewrite::head`] for a request without conditions and without renewal.
    fn head(&self, heading: &Heading<'_>) -> Reply {
        let reply = heading.with_age(Reply::new(200, self.kind.media_type(), Vec::new()));
        kept(reply, self.template, heading.for_player(), None)
    }
}
