//! The questions of a decision: documents, signatures, the time and random names. None of them has an effect.

use std::rc::Rc;
use std::sync::LazyLock;

use serde_json::Value;

use crate::ads::vmap::Vmap;
use crate::cache::{self, SourceError};
use crate::catalog::{
    AdTemplate, Campaigns, Caps, Creative, CreativeId, Document, Host, Issuer, Jwk, KeySet, SessionId, Site,
    Title, TitleId,
};
use crate::denial::Denial;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};
use crate::resource::MediaRequest;
use crate::time::UnixTime;
use crate::token::session::Session;
use crate::token::{Challenge, Presented, RevocationIndex};

/// Answers the questions of a decision ([`Decided`](super::Decided)).
#[expect(async_fn_in_trait, reason = "lives stay on the thread that began them")]
pub trait Evidence {
    /// A source, and what the driver remembers beside it.
    type Source: AsRef<cache::Source>;

    /// The time, in Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// The time, in Unix seconds.
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.now_ms() / 1000)
    }

    /// The document of the site with this host name. `None`: there is no such site, or the text is no host name.
    async fn site(&self, host: &str) -> Result<Option<Rc<Document<Site>>>, Fault>;

    /// The documents by which a site's sessions are verified.
    async fn session_documents(&self, site: &Site) -> Result<SessionDocuments, Fault>;

    /// The documents of a session that is to be opened, and the keys of a viewer token's issuer, read together.
    ///
    /// If several documents are missing or broken, the fault names the first in the order of the members: session keys,
    /// revocations, token keys.
    async fn entry_documents(&self, site: &Site, token: &dyn Presented) -> Result<EntryDocuments, Fault>;

    /// Whether an asymmetric signature is genuine.
    async fn is_genuine(&self, challenge: &Challenge<'_>) -> Result<bool, Fault>;

    /// Whether the secret of a key is withheld from this driver. A decision then goes on as if the signature were right. Only
    /// an explanation may do so, and it records that nothing was verified.
    fn is_withheld(&self, issuer: &Issuer, key: &Jwk) -> bool {
        let _ = (issuer, key);
        false
    }

    /// The document of a title.
    async fn title(&self, id: &TitleId) -> Result<Option<Rc<Document<Title>>>, Fault>;

    /// A site's own campaigns.
    async fn campaigns(&self, host: &Host) -> Result<Option<Rc<Document<Campaigns>>>, Fault>;

    /// The document of a creative.
    async fn creative(&self, id: &CreativeId) -> Result<Option<Rc<Document<Creative>>>, Fault>;

    /// The documents of several creatives, read together, in the order of their ids.
    async fn creatives(&self, ids: &[CreativeId]) -> Result<Vec<Option<Rc<Document<Creative>>>>, Fault> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(self.creative(id).await?);
        }
        Ok(found)
    }

    /// The VMAP document at a URL, which schedules the breaks of a site's title. `None`: it cannot be had, and the title has the
    /// breaks of its media alone. The driver tells the log why.
    async fn vmap(&self, facts: &Facts, site: &Site, url: &AdTemplate) -> Option<Rc<Vmap>>;

    /// A random name for a new session.
    fn session_id(&self) -> Result<SessionId, Fault>;

    /// The session of a token, and the key that verified it. A pure function of its arguments, which a driver may remember.
    fn open<'k>(
        &self,
        token: &str,
        site: &Site,
        keys: &'k Document<KeySet>,
    ) -> Result<(Session, &'k Jwk), Denial> {
        Session::open(token, &keys.body, site.host.as_str())
    }

    /// The URL of a resource at the media origin, and its cache key ([`Permitted::source`]). A pure function of its argument,
    /// which a driver may remember.
    fn source(&self, resource: &Permitted<'_>) -> Result<Self::Source, SourceError>;

    /// Whether [`record`](Self::record) does anything.
    const RECORDS: bool = false;

    /// Takes down a step of the decision and what it saw. `saw` is called only by a driver that explains.
    fn record(&self, step: &'static str, saw: impl FnOnce() -> Value) {
        let _ = (step, saw);
    }
}

/// A resource that the rights permit, as far as its URL at the media origin depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Permitted<'a> {
    /// The request, as it is served.
    pub facts: &'a Facts,
    /// The requested resource.
    pub request: &'a MediaRequest,
    /// The site.
    pub site: &'a Document<Site>,
    /// The folder below the media origin: of the title, of its cut or replacement, or of the creative of an ad.
    pub folder: &'a str,
    /// The generation of the title or creative.
    pub generation: u64,
    /// The limits of the viewer's rights.
    pub caps: &'a Caps,
}

impl Permitted<'_> {
    /// Finds the URL at the media origin, and the cache key.
    pub fn source(&self) -> Result<cache::Source, SourceError> {
        let Self { facts, request, site, folder, generation, caps } = self;
        cache::source(facts, request, &site.body, folder, caps, *generation)
    }
}

/// The documents by which a site's sessions are verified.
#[derive(Debug)]
pub struct SessionDocuments {
    /// The keys.
    pub keys: Rc<Document<KeySet>>,
    /// The revocations; `None`: nothing was ever revoked.
    pub revocations: Option<Rc<Document<RevocationIndex>>>,
}

impl SessionDocuments {
    /// The site's revocations. They are empty if the site has none.
    pub fn revocations(&self) -> &RevocationIndex {
        static NOTHING: LazyLock<RevocationIndex> = LazyLock::new(RevocationIndex::default);
        self.revocations.as_ref().map_or(&NOTHING, |document| &document.body)
    }
}

/// The documents by which an entry is verified.
#[derive(Debug)]
pub struct EntryDocuments {
    /// The documents of the session that is to be opened.
    pub session: SessionDocuments,
    /// The keys of the viewer token's issuer.
    pub token_keys: TokenKeys,
}

/// The keys of a viewer token's issuer.
#[derive(Debug)]
pub enum TokenKeys {
    /// The keys of the issuer's document.
    Document(Rc<Document<KeySet>>),
    /// The keys of the issuer's document, together with the keys that the issuer publishes.
    Published(Rc<KeySet>),
}

impl TokenKeys {
    /// The keys.
    pub fn set(&self) -> &KeySet {
        match self {
            Self::Document(document) => &document.body,
            Self::Published(keys) => keys,
        }
    }
}

/// The fault if nobody has stored the set of keys that a site names. Without the set, nobody can be let in.
pub fn keys_missing(issuer: &Issuer) -> Fault {
    Fault::new(FaultKind::DocumentMissing, format!("v1/keys/{issuer} is missing"))
}
