//! What an ad server is asked for a break.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use url::Url;

use super::Decided;
use crate::ads::macros::{Values, consent_parameters, transaction};
use crate::ads::resolve::Start;
use crate::ads::vmap::{AdBreak, AdSource, Vmap};
use crate::ads::{AdTag, Opening};
use crate::catalog::{AdPolicy, AdServer, AdTemplate, Host, TitleAds, host_name};
use crate::memory_key::MemoryKey;
use crate::token::Credentials;

/// The source of the ads of a break, and how it is asked.
pub(super) struct AdSupply<'a> {
    /// The settings: the site's, or the usual ones.
    pub(super) server: Cow<'a, AdServer>,
    /// The break of the VMAP document, if the break is one of it.
    pub(super) scheduled: Option<(Rc<Vmap>, String)>,
    /// The URL of the ad server that the operator has chosen: the title's, else the site's. Empty: none was chosen, and the URL of a
    /// mark or of a VMAP document is a stranger's.
    pub(super) chosen: &'a str,
    template: Option<&'a str>,
}

impl<'a> AdSupply<'a> {
    /// The supply of a break: its own tag, or the break of the VMAP document, or the title's URL, or the site's. `None`: no ad
    /// server is asked. `own`: the title's breaks; `None`: the site's.
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
        let site = policy.server.as_ref().map(|server| &server.url);
        let own = AdPolicy::breaks_of(Some(policy), own).and_then(|own| own.vast.as_ref()).or(site);
        let chosen = own.map_or("", |AdTemplate(url)| url);
        match &opening.tag {
            Some(AdTag::Url(url)) => {
                let server = server(&AdTemplate(url.clone()));
                Some(Self { server, scheduled: None, chosen, template: Some(url) })
            }
            Some(AdTag::Vmap(id)) => {
                let vmap = vmap?;
                let url = match &vmap.find(id)?.source {
                    AdSource::Tag(url) => url.clone(),
                    AdSource::Vast(_) => String::new(),
                };
                let server = server(&AdTemplate(url));
                Some(Self { server, scheduled: Some((vmap, id.clone())), chosen, template: None })
            }
            None => {
                let url = own?;
                Some(Self { server: server(url), scheduled: None, chosen, template: Some(&url.0) })
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

/// Whether an ad server may be asked for a break, or its document has come with a VMAP document. `own`: the title's breaks; `None`:
/// the site's.
pub(super) fn may_ask(policy: &AdPolicy, own: Option<&TitleAds>, opening: &Opening) -> bool {
    let names_one = || AdPolicy::breaks_of(Some(policy), own).is_some_and(|own| own.vast.is_some());
    policy.server.is_some() || opening.tag.is_some() || names_one()
}

/// The values of a decision that URL templates may use. `time`: the time that is to be filled.
pub(super) fn values<S>(
    decided: &Decided<'_, S>,
    policy: &AdPolicy,
    opening: &Opening,
    time: Duration,
    now_ms: u64,
) -> Values {
    let Decided { facts, site, title, admission, .. } = decided;
    let session = admission.session.id.to_string();
    let credentials = Credentials::of(&site.body);
    let header = |name: &str| {
        // A template may ask for it a thousand times.
        let value = facts.headers.named(name).filter(|value| value.len() <= LONGEST_HEADER);
        let value = value.filter(|_| !credentials.holds_header(name));
        value.map(str::to_owned)
    };
    let query = credentials.without(facts.query.expose());
    // Each macro looks through them, so those that no macro asks for are left out.
    let player_params: Vec<_> =
        policy.server.iter().flat_map(|server| &server.player_params).map(ToString::to_string).collect();
    let is_asked_for = |(name, _): &(String, String)| {
        consent_parameters().contains(&name.as_str()) || player_params.contains(name)
    };
    let parameters = url::form_urlencoded::parse(query.as_bytes()).into_owned().filter(is_asked_for);
    let parameters = parameters.take(PARAMETERS_MAX).collect();
    let referer = header("Referer").or_else(|| header("Origin"));
    Values {
        now_ms,
        random: number(&(&session, &opening.id, now_ms)),
        transaction: transaction(&session, opening.id.as_str()),
        session,
        address: facts.address,
        user_agent: header("User-Agent"),
        language: header("Accept-Language"),
        page: referer.and_then(|referer| page(&referer, &site.body.host, &credentials)),
        site: site.body.host.to_string(),
        title: title.body.id.to_string(),
        content_uri: Some(format!("{}/{}/", facts.authority(), title.body.id)),
        break_id: opening.id.to_string(),
        place: Some(opening.place),
        start: opening.start,
        planned: Some(time),
        event_id: opening.event_id,
        most_ads: policy.most_ads,
        ahead: decided.ahead,
        parameters,
        player_params,
    }
}

/// The longest header whose value ad servers are told, in bytes.
const LONGEST_HEADER: usize = 1_024;

/// The most parameters: all names that macros ask for, and some again.
const PARAMETERS_MAX: usize = 64;

/// The page as ad servers are told it: without the parts that may hold a credential. Of the site's own pages, nothing but the origin
/// is told: a player that was given the URL of a manifest sends that, with the viewer's token or session.
fn page(referer: &str, host: &Host, credentials: &Credentials<'_>) -> Option<String> {
    let mut url = Url::parse(referer).ok().filter(Url::has_host)?;
    url.set_fragment(None);
    // They are there to be set, since the URL has a host.
    let (Ok(()), Ok(())) = (url.set_username(""), url.set_password(None)) else { return None };
    let is_own = url.host_str().is_some_and(|name| host_name(name) == host.as_str());
    if is_own || credentials.holds_path(url.path()) {
        url.set_path("/");
        url.set_query(None);
    } else if let Some(query) = url.query() {
        let kept = credentials.without(query);
        url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
    }
    Some(url.into())
}

/// A number that looks random, and differs between decisions.
fn number(of: &(impl std::hash::Hash + Eq)) -> u64 {
    use sha2::{Digest, Sha256};
    let key = MemoryKey::of(of);
    let bytes: &[u8] = std::borrow::Borrow::borrow(&key);
    let hash = Sha256::digest(bytes);
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::{Place, Site};

    #[test]
    fn a_page_is_told_without_credentials() {
        let site: Site = serde_json::from_value(json!({
            "host": "watch.example.com", "media": { "origin": "https://media.example.com/" },
            "tokens": { "issuers": ["id"], "placements": [{ "query": "ticket" }] }, "sessions": { "keys": "s" },
        }))
        .unwrap();
        let credentials = Credentials::of(&site);
        let below = format!("https://other.example.com/~{}/gala/master.m3u8", "S".repeat(100));
        for (referer, told) in [
            ("https://www.example.com/film?page=1#part", Some("https://www.example.com/film?page=1")),
            (
                "https://www.example.com/film?page=1&ticket=T&token=T&sd_session=S",
                Some("https://www.example.com/film?page=1"),
            ),
            ("https://www.example.com/film?ticket=T", Some("https://www.example.com/film")),
            ("https://user:secret@www.example.com/", Some("https://www.example.com/")),
            (&below, Some("https://other.example.com/")),
            // The page of a player that was given the URL of a manifest.
            ("https://watch.example.com/gala/master.m3u8?ticket=T", Some("https://watch.example.com/")),
            ("https://watch.example.com/~SESSION/gala/master.m3u8", Some("https://watch.example.com/")),
            ("https://WATCH.example.com.:8443/page?a=1", Some("https://watch.example.com.:8443/")),
            ("https://www.example.com", Some("https://www.example.com/")),
            ("null", None),
            ("data:text/html,ticket=T", None),
        ] {
            assert_eq!(page(referer, &site.host, &credentials).as_deref(), told, "{referer}");
        }
    }

    #[test]
    fn only_the_operator_chooses_the_ad_server_whose_port_is_free() {
        let policy = |ads| serde_json::from_value::<AdPolicy>(ads).unwrap();
        let opening = |tag| Opening {
            id: "pre".parse().unwrap(),
            place: Place::PreRoll,
            start: None,
            date: None,
            planned: None,
            event_id: None,
            tag,
        };
        let (plain, cue) = (opening(None), opening(Some(AdTag::Url("http://a.example:6379/".to_owned()))));
        let own = TitleAds {
            vast: Some(AdTemplate("https://own.example:8443/vast".to_owned())),
            ..TitleAds::default()
        };
        let with = policy(json!({ "server": { "url": "https://ads.example:8443/vast" } }));
        let of_breaks = policy(json!({ "breaks": { "vast": "https://breaks.example:8443/vast" } }));
        let without = policy(json!({}));
        for (policy, own, opening, asked, chosen) in [
            (&with, None, &plain, "https://ads.example:8443/vast", "https://ads.example:8443/vast"),
            (&with, None, &cue, "http://a.example:6379/", "https://ads.example:8443/vast"),
            (&with, Some(&own), &plain, "https://own.example:8443/vast", "https://own.example:8443/vast"),
            (
                &of_breaks,
                None,
                &plain,
                "https://breaks.example:8443/vast",
                "https://breaks.example:8443/vast",
            ),
            (&without, None, &cue, "http://a.example:6379/", ""),
        ] {
            let supply = AdSupply::of(policy, own, opening, None).unwrap();
            assert!(matches!(supply.start(), Start::Template(template) if template == asked), "{asked}");
            assert_eq!(supply.chosen, chosen, "{asked}");
        }
        assert!(AdSupply::of(&without, None, &plain, None).is_none());
    }
}
