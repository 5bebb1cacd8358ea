//! The documents of a decision, their ads, and the wrappers between them.

use std::collections::VecDeque;

use url::Url;

use super::fetch::{Ask, Failure, Reply};
use super::merge::wrapper;
use super::order::Order;
use super::{ADS_MAX, AT_ONCE_MAX, BYTES_MAX, PINGS_MAX, REQUESTS_MAX};
use crate::ads::macros::{Extra, LONGEST_URL, Values, fill, headers};
use crate::ads::vast::{Kind, Vast, VastAd, VastError};
use crate::ads::{AdEvent, ErrorCode, Happening};
use crate::sorting;

/// The documents of a decision so far.
pub(super) struct Tree<'o> {
    pub(super) order: &'o Order<'o>,
    /// Every ad behind the wrapper that leads to it.
    pub(super) nodes: Vec<Node>,
    /// Wrappers whose documents are to be asked for.
    queue: VecDeque<Errand>,
    pub(super) requests: usize,
    bytes: usize,
    pub(super) events: Vec<Happening>,
    pub(super) pings: Vec<Ping>,
}

/// An ad of a document.
pub(super) struct Node {
    /// The wrapper that leads to its document.
    pub(super) parent: Option<usize>,
    pub(super) ad: VastAd,
    /// The URL of its document.
    base: Option<Url>,
    /// The URL to which it leads, if it is a wrapper.
    leads_to: Option<Url>,
    /// Whether the document is of VAST 2, which has no rule for several ads behind a wrapper.
    is_older: bool,
    /// Whether it failed.
    pub(super) failed: bool,
}

/// A URL that an ad server is told of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The URL, with the code filled in.
    pub url: String,
    /// The code.
    pub code: ErrorCode,
}

/// A document that is to be asked for.
pub(super) struct Errand {
    /// The wrapper; `None`: the first document.
    wrapper: Option<usize>,
    url: Url,
}

impl<'o> Tree<'o> {
    pub(super) const fn new(order: &'o Order<'o>) -> Self {
        Self {
            order,
            nodes: Vec::new(),
            queue: VecDeque::new(),
            requests: 0,
            bytes: 0,
            events: Vec::new(),
            pings: Vec::new(),
        }
    }

    /// Begins with a template.
    pub(super) fn begin(&mut self, template: &str) {
        match self.address(template, None, None) {
            Ok(url) => self.queue.push_back(Errand { wrapper: None, url }),
            Err((event, why)) => self.events.push(Happening::new(event, why)),
        }
    }

    /// The documents that are to be asked for next.
    pub(super) fn next(&mut self) -> Vec<Errand> {
        let number = self.queue.len().min(AT_ONCE_MAX);
        let next: Vec<_> = self.queue.drain(..number).collect();
        let room = if self.bytes < BYTES_MAX { REQUESTS_MAX.saturating_sub(self.requests) } else { 0 };
        let mut errands = Vec::new();
        for errand in next {
            if errands.len() < room {
                errands.push(errand);
            } else if let Some(wrapper) = errand.wrapper {
                let why =
                    format!("expected {REQUESTS_MAX} requests and {BYTES_MAX} bytes of replies at most");
                self.fail(wrapper, ErrorCode::WrapperLimit, AdEvent::RedirectLimit, why);
            }
        }
        self.requests += errands.len();
        errands
    }

    /// The question for a document.
    pub(super) fn ask(&mut self, errand: &Errand, within: std::time::Duration) -> Ask {
        let event = if errand.wrapper.is_some() { AdEvent::VastRedirect } else { AdEvent::MakingRequest };
        self.events.push(Happening::new(event, String::new()).at_host(errand.url.host_str()));
        Ask { url: errand.url.clone(), headers: headers(self.order.values), within }
    }

    /// Takes an answer.
    pub(super) fn arrived(&mut self, errand: &Errand, answer: Result<Reply, Failure>) {
        let host = errand.url.host_str();
        match answer {
            Ok(reply) => {
                self.bytes = self.bytes.saturating_add(reply.bytes.len());
                self.take(errand.wrapper, Some(&reply.url), &reply.bytes);
            }
            Err(failure) => {
                self.events.push(Happening::new(failure.event(), failure.to_string()).at_host(host));
                if let Some(wrapper) = errand.wrapper {
                    let code = match failure {
                        Failure::Disallowed(_) | Failure::Redirects(_) => ErrorCode::Wrapper,
                        _ => ErrorCode::WrapperTimeout,
                    };
                    self.fail(wrapper, code, AdEvent::RedirectFailed, failure.to_string());
                }
            }
        }
    }

    /// Takes a document: the first one, or the one to which a wrapper leads.
    pub(super) fn take(&mut self, parent: Option<usize>, base: Option<&Url>, bytes: &[u8]) {
        let host = base.and_then(Url::host_str).map(str::to_owned);
        if bytes.trim_ascii().is_empty() {
            return self.empty(parent, &[], host.as_deref());
        }
        let vast = match Vast::read(bytes) {
            Ok(vast) => vast,
            Err(error) => {
                let event = match &error {
                    VastError::Xml(_) => AdEvent::Parse,
                    VastError::Root(_) | VastError::Version(_) => AdEvent::UnknownRoot,
                };
                self.events.push(Happening::new(event, error.to_string()).at_host(host.as_deref()));
                if let Some(wrapper) = parent {
                    self.fail(wrapper, error.code(), AdEvent::RedirectFailed, error.to_string());
                }
                return;
            }
        };
        let Vast { version, errors, ads, left_out } = vast;
        self.events.extend(left_out);
        let is_older = version.is_some_and(|version| version.starts_with('2'));
        let ads = self.admitted(parent, ads);
        if ads.is_empty() {
            return self.empty(parent, &errors, host.as_deref());
        }
        let event = if parent.is_some() { AdEvent::RedirectedResponse } else { AdEvent::VastResponse };
        let number = ads.len();
        self.events.push(Happening::new(event, format!("ads: {number}")).at_host(host.as_deref()));
        for ad in ads {
            self.add(parent, ad, base, is_older);
        }
    }

    /// The ads of a document that its wrapper allows.
    fn admitted(&self, parent: Option<usize>, mut ads: Vec<VastAd>) -> Vec<VastAd> {
        let Some(parent) = parent.and_then(|id| self.nodes.get(id)) else { return ads };
        let Some(rules) = wrapper(&parent.ad) else { return ads };
        if rules.follows == Some(false) {
            ads.retain(|ad| wrapper(ad).is_none());
        }
        if rules.allows_pod == Some(true) || (rules.allows_pod.is_none() && parent.is_older) {
            return ads;
        }
        // One ad: the first that stands alone, else the first of the pod.
        sorting::by_key(&mut ads, |ad| ad.sequence);
        ads.truncate(1);
        ads
    }

    /// A document without an ad.
    fn empty(&mut self, parent: Option<usize>, errors: &[String], host: Option<&str>) {
        match parent {
            Some(wrapper) => {
                self.fail(wrapper, ErrorCode::NoAd, AdEvent::RedirectEmpty, "expected an ad, found none");
            }
            None => self.events.push(Happening::new(AdEvent::EmptyVast, String::new()).at_host(host)),
        }
        self.ping(errors, ErrorCode::NoAd);
    }

    fn add(&mut self, parent: Option<usize>, ad: VastAd, base: Option<&Url>, is_older: bool) {
        if self.nodes.len() == ADS_MAX {
            let why = format!("expected {ADS_MAX} ads at most, with wrappers");
            self.events.push(Happening::new(AdEvent::InvalidAd, why).of_ad(&told(&ad), None));
            return;
        }
        let id = self.nodes.len();
        let lead = match &ad.kind {
            Kind::InLine(_) => None,
            Kind::Wrapper(wrapper) => Some(wrapper.uri.clone()),
        };
        let refused = ad.refused;
        self.nodes.push(Node { parent, ad, base: base.cloned(), leads_to: None, is_older, failed: false });
        if let Some(code) = refused {
            self.fail(id, code, AdEvent::InvalidAd, code.meaning());
        } else if let Some(uri) = lead {
            self.follow(id, &uri);
        }
    }

    /// Queues the document of a wrapper.
    fn follow(&mut self, id: usize, uri: &str) {
        let chain = self.chain(id);
        if chain.len() > usize::from(self.order.wrappers) {
            let why = format!("expected {} wrappers at most", self.order.wrappers);
            return self.fail(id, ErrorCode::WrapperLimit, AdEvent::RedirectLimit, why);
        }
        let base = self.nodes.get(id).and_then(|node| node.base.clone());
        let url = match self.address(uri, base.as_ref(), Some(id)) {
            Ok(url) => url,
            Err((event, why)) => return self.fail(id, ErrorCode::Wrapper, event, why),
        };
        // A random number makes another URL of the same address, so the text with its macros is compared too.
        let is_circle = chain
            .iter()
            .filter(|other| **other != id)
            .filter_map(|other| self.nodes.get(*other))
            .any(|other| {
                other.leads_to.as_ref() == Some(&url)
                    || (wrapper(&other.ad).is_some_and(|other| other.uri == uri) && Url::parse(uri).is_ok())
            });
        let is_itself = self.nodes.get(id).is_some_and(|node| node.base.as_ref() == Some(&url));
        if is_circle || is_itself {
            return self.fail(
                id,
                ErrorCode::Wrapper,
                AdEvent::RedirectLimit,
                "the wrappers lead in a circle",
            );
        }
        if let Some(node) = self.nodes.get_mut(id) {
            node.leads_to = Some(url.clone());
        }
        self.queue.push_back(Errand { wrapper: Some(id), url });
    }

    /// The URL of a template, if a request may go there.
    fn address(
        &mut self,
        template: &str,
        base: Option<&Url>,
        wrapper: Option<usize>,
    ) -> Result<Url, (AdEvent, String)> {
        let extra = Extra {
            request: u64::try_from(self.requests + self.queue.len()).unwrap_or_default(),
            blocked: wrapper.map(|id| self.blocked(id)).unwrap_or_default(),
            code: None,
        };
        let filled = fill(template, self.order.values, &extra);
        if !filled.missing.is_empty() && wrapper.is_none() {
            let missing = filled.missing.join(", ");
            self.events.push(Happening::new(AdEvent::VariableFailed, format!("no value for {missing}")));
        }
        if filled.is_too_long {
            return Err((AdEvent::InvalidTagUri, format!("expected a URL of {LONGEST_URL} bytes at most")));
        }
        let parsed = match base {
            Some(base) => base.join(filled.url.trim()),
            None => Url::parse(filled.url.trim()),
        };
        let mut url = parsed.map_err(|error| (AdEvent::InvalidTagUri, format!("expected a URL: {error}")))?;
        url.set_fragment(None);
        self.order.reach.check(&url).map_err(|why| (AdEvent::DisallowedHost, why))?;
        Ok(url)
    }

    /// A wrapper and those in front of it, the outermost first.
    pub(super) fn chain(&self, id: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(node) = next.and_then(|id| self.nodes.get(id)) {
            chain.extend(next);
            next = node.parent;
        }
        chain.reverse();
        chain
    }

    /// Whether a spare takes the place of an ad that fails.
    pub(super) fn falls_back(&self, id: usize) -> bool {
        let wrappers = self.chain(id).into_iter().filter_map(|id| wrapper(&self.nodes.get(id)?.ad));
        wrappers.into_iter().all(|wrapper| wrapper.falls_back != Some(false))
    }

    fn blocked(&self, id: usize) -> Vec<String> {
        let wrappers = self.chain(id).into_iter().filter_map(|id| wrapper(&self.nodes.get(id)?.ad));
        wrappers.flat_map(|wrapper| wrapper.blocked.clone()).collect()
    }

    /// An ad fails: its ad servers are told, and the log.
    pub(super) fn fail(&mut self, id: usize, code: ErrorCode, event: AdEvent, why: impl Into<String>) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        node.failed = true;
        let told = told(&node.ad);
        let chain = self.chain(id);
        let errors: Vec<String> = chain
            .into_iter()
            .filter_map(|id| self.nodes.get(id))
            .flat_map(|node| &node.ad.errors)
            .take(PINGS_MAX.saturating_sub(self.pings.len()))
            .cloned()
            .collect();
        self.events.push(Happening::new(event, why).of_ad(&told, Some(code)));
        self.ping(&errors, code);
    }

    /// Tells ad servers of an error.
    fn ping(&mut self, errors: &[String], code: ErrorCode) {
        for template in errors {
            if self.pings.len() == PINGS_MAX {
                return;
            }
            self.pings.extend(Ping::new(template, code, self.order.values));
        }
    }
}

impl Ping {
    /// Fills in the code. `None`: the URL would be too long.
    pub fn new(template: &str, code: ErrorCode, values: &Values) -> Option<Self> {
        let extra = Extra { code: Some(code), ..Extra::default() };
        let filled = fill(template, values, &extra);
        (!filled.is_too_long).then_some(Self { url: filled.url, code })
    }
}

/// The name of an ad in the log.
pub(super) fn told(ad: &VastAd) -> String {
    ad.id.clone().unwrap_or_else(|| "without an id".to_owned())
}
