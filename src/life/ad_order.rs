//! What an ad server is asked for a break.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use super::Decided;
use crate::ads::macros::{Values, transaction};
use crate::ads::resolve::{Source, Start};
use crate::ads::vmap::{AdBreak, AdSource, Vmap};
use crate::ads::{AdTag, Opening};
use crate::catalog::{AdPolicy, AdServer, AdTemplate, TitleAds, UniversalAdId, WantedCreative, WantedFile};
use crate::memory_key::MemoryKey;

/// The source of the ads of a break, and how it is asked.
pub(super) struct AdSupply<'a> {
    /// The settings: the site's, or the usual ones.
    pub(super) server: Cow<'a, AdServer>,
    /// The break of the VMAP document, if the break is one of it.
    pub(super) scheduled: Option<(Rc<Vmap>, String)>,
    template: Option<&'a str>,
}

impl<'a> AdSupply<'a> {
    /// The supply of a break: its own tag, or the break of the VMAP document, or the title's URL, or the site's. `None`: no ad
    /// server is asked.
    pub(super) fn of(
        policy: &'a AdPolicy,
        own: Option<&'a TitleAds>,
        opening: &'a Opening,
        vmap: Option<Rc<Vmap>>,
    ) -> Option<Self> {
        let server = |template: &AdTemplate| match &policy.server {
            Some(server) => Cow::Borrowed(server),
            None => Cow::Owned(AdServer::at(template.clone())),
        };
        match &opening.tag {
            Some(AdTag::Url(url)) => {
                let server = server(&AdTemplate(url.clone()));
                Some(Self { server, scheduled: None, template: Some(url) })
            }
            Some(AdTag::Vmap(id)) => {
                let vmap = vmap?;
                let url = match &vmap.find(id)?.source {
                    AdSource::Tag(url) => url.clone(),
                    AdSource::Vast(_) => String::new(),
                };
                let server = server(&AdTemplate(url));
                Some(Self { server, scheduled: Some((vmap, id.clone())), template: None })
            }
            None => {
                let site = policy.server.as_ref().map(|server| &server.url);
                let url = own.and_then(|own| own.vast.as_ref()).or(site)?;
                Some(Self { server: server(url), scheduled: None, template: Some(&url.0) })
            }
        }
    }

    /// The break of the VMAP document.
    pub(super) fn scheduled(&self) -> Option<&AdBreak> {
        self.scheduled.as_ref().and_then(|(vmap, id)| vmap.find(id))
    }

    /// Where the decision starts.
    pub(super) fn start(&self) -> Start<'_> {
        match self.scheduled().map(|scheduled| &scheduled.source) {
            Some(AdSource::Vast(document)) => Start::Document(document.as_bytes()),
            Some(AdSource::Tag(url)) => Start::Template(url),
            None => Start::Template(self.template.unwrap_or_default()),
        }
    }

    /// The most wrappers in front of an ad.
    pub(super) fn wrappers(&self) -> u8 {
        let follows = self.scheduled().is_none_or(|scheduled| scheduled.follows != Some(false));
        if follows { self.server.wrappers } else { 0 }
    }
}

/// The values of a decision that URL templates may use. `time`: the time that is to be filled.
pub(super) fn values<S>(
    decided: &Decided<'_, S>,
    policy: &AdPolicy,
    server: &AdServer,
    opening: &Opening,
    time: Duration,
    now_ms: u64,
) -> Values {
    let Decided { facts, site, title, admission, .. } = decided;
    let session = admission.session.id.to_string();
    let header = |name: &str| facts.headers.named(name).map(str::to_owned);
    let parameters = url::form_urlencoded::parse(facts.query.expose().as_bytes()).into_owned();
    Values {
        now_ms,
        random: number(&(&session, &opening.id, now_ms)),
        transaction: transaction(&session, opening.id.as_str()),
        session,
        address: facts.address,
        user_agent: header("User-Agent"),
        language: header("Accept-Language"),
        page: header("Referer").or_else(|| header("Origin")),
        site: site.body.host.to_string(),
        title: title.body.id.to_string(),
        content_uri: Some(format!("{}/{}/", facts.authority(), title.body.id)),
        break_id: opening.id.to_string(),
        break_number: None,
        place: Some(opening.place),
        start: opening.start,
        planned: Some(time),
        event_id: opening.event_id,
        most_ads: policy.most_ads,
        is_prefetch: false,
        player_params: server.player_params.iter().map(ToString::to_string).collect(),
        parameters: parameters.collect(),
    }
}

/// The report of a creative that nobody has conditioned.
pub(super) fn wanted(source: &Source) -> WantedCreative {
    let ids = source
        .identifiers
        .iter()
        .map(|known| UniversalAdId { registry: known.scheme.clone(), id: known.value.clone() });
    let file = source.url.as_ref().map(|url| WantedFile {
        url: url.clone(),
        media_type: source.media_type.clone().unwrap_or_default(),
        codec: None,
        width: None,
        height: None,
        bitrate_kbps: None,
    });
    WantedCreative {
        id: source.id.clone(),
        universal_ad_ids: ids.collect(),
        file,
        duration_ms: source.duration.and_then(|duration| u64::try_from(duration.as_millis()).ok()),
    }
}

/// A number that looks random, and differs between decisions.
fn number(of: &(impl std::hash::Hash + Eq)) -> u64 {
    use sha2::{Digest, Sha256};
    let key = MemoryKey::of(of);
    let bytes: &[u8] = std::borrow::Borrow::borrow(&key);
    let hash = Sha256::digest(bytes);
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
