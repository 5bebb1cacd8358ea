//! No reply of an ad server panics. What is read stays within the limits, and every URL that is requested later is one of HTTP.

use std::time::Duration;

use stagedoor::ads::macros::Values;
use stagedoor::ads::resolve::{
    Ask, Choice, Direct, Failure, Fetch, Order, PINGS_MAX, REQUESTS_MAX, Reach, Reply, Start, resolve,
};
use stagedoor::ads::vast::{ADS_MAX, Needs, TRACKERS_MAX, Vast};
use stagedoor::ads::{Format, Media};

/// Takes one input: a document that every wrapper leads to.
pub fn run(document: &[u8]) {
    if let Ok(vast) = Vast::read(document) {
        assert!(vast.ads.len() <= ADS_MAX);
        let urls: usize = vast.ads.iter().map(|ad| ad.errors.len() + ad.impressions.len()).sum();
        assert!(urls <= TRACKERS_MAX);
    }
    let values = Values { random: 7, ..Values::default() };
    let order = Order {
        start: Start::Document(document),
        values: &values,
        reach: Reach::new(None, "", None, false),
        each: Duration::from_secs(3),
        total: Duration::from_secs(8),
        wrappers: 5,
    };
    let resolution = poll(resolve(&Same(document), &order));
    let choice = Choice { format: Format::Hls, site: None, direct: Direct::Any, needs: Needs::default() };
    let chosen = resolution.choose(&order, &choice, |_| None);
    assert!(chosen.requests <= REQUESTS_MAX && chosen.pings.len() <= PINGS_MAX);
    let is_http = |url: &str| {
        let url = url.to_ascii_lowercase();
        url.starts_with("http://") || url.starts_with("https://")
    };
    assert!(chosen.pings.iter().all(|ping| is_http(&ping.url)));
    for candidate in chosen.offered.places.iter().flatten().chain(&chosen.offered.spares) {
        assert!(candidate.ad.tracking.iter().all(|tracking| is_http(&tracking.url)));
        assert!(matches!(&candidate.media, Media::Direct { url, .. } if is_http(url.as_str())));
        assert!(!candidate.duration.is_zero());
    }
}

/// An ad server that always gives the same document.
struct Same<'a>(&'a [u8]);

impl Fetch for Same<'_> {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn fetch(&self, asks: Vec<Ask>) -> Vec<Result<Reply, Failure>> {
        asks.into_iter().map(|ask| Ok(Reply { url: ask.url, bytes: self.0.to_vec() })).collect()
    }
}

/// The value of a future that never waits.
fn poll<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}
