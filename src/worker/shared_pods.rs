//! Pods in the data centre's cache, for the other isolates there: an ad server would hold another auction for each.
//!
//! A failing cache counts as an empty one: the pod is decided here.

use std::time::Duration;

use sha2::{Digest, Sha256};
use worker::{Cache, Headers, Response, ResponseBody};

use super::body::{self, Body};
use super::respond;
use super::runtime::{now_ms, platform, within};
use crate::fault::Fault;
use crate::life::{SharedPod, ViewersBreak};
use crate::memory_key::MemoryKey;
use crate::shelf::Purpose;
use crate::token::hex;

/// The form of the JSON. Another form has another number: a Worker of another version may run in the same data centre.
const FORM: u8 = 1;

/// The longest pod that is shared, in bytes of JSON.
const LONGEST: usize = 256 * 1024;

/// The longest wait for the cache. The viewer waits for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// The URL under which the cache has the pod. No site has a host below `.invalid`. The session makes it a secret.
fn cache_key(of: &ViewersBreak<'_>) -> String {
    let key = MemoryKey::of(of);
    let bytes: &[u8] = std::borrow::Borrow::borrow(&key);
    format!("https://pods.invalid/{FORM}/{}", hex::encode(&Sha256::digest(bytes)))
}

/// The pod that another isolate has decided.
pub(super) async fn find(of: &ViewersBreak<'_>) -> Option<SharedPod> {
    let looked = within(PATIENCE, look(of)).await?;
    looked.unwrap_or_else(|fault| {
        respond::log_for(of.host.as_str(), &fault.into());
        None
    })
}

async fn look(of: &ViewersBreak<'_>) -> Result<Option<SharedPod>, Fault> {
    let found = Cache::default().get(cache_key(of), false).await.map_err(|error| platform(&error))?;
    let Some(response) = found else { return Ok(None) };
    let room = (Purpose::Ads, of.host.as_str());
    match body::of_response(response, room, LONGEST, PATIENCE).await {
        Ok(Body::Whole(bytes, _)) => Ok(serde_json::from_slice(&bytes).ok()),
        _ => Ok(None),
    }
}

/// A pod as the cache keeps it.
pub(super) struct Kept {
    key: String,
    json: Vec<u8>,
    lasts: Duration,
}

impl Kept {
    /// `None`: it is too long, or no longer holds.
    pub(super) fn of(of: &ViewersBreak<'_>, pod: &SharedPod) -> Option<Self> {
        let json = serde_json::to_vec(pod).ok().filter(|json| json.len() <= LONGEST)?;
        let lasts = Duration::from_millis(pod.until_ms.checked_sub(now_ms())?);
        Some(Self { key: cache_key(of), json, lasts })
    }

    /// Puts it into the cache.
    pub(super) async fn put(self, host: String) {
        let Self { key, json, lasts } = self;
        let kept = async {
            let headers = Headers::new();
            headers.set("Content-Type", "application/json")?;
            headers.set("Content-Length", &json.len().to_string())?;
            headers.set("Cache-Control", &format!("public, max-age={}", lasts.as_secs()))?;
            let response = Response::builder().with_headers(headers).body(ResponseBody::Body(json));
            Cache::default().put(key, response).await
        };
        if let Err(error) = kept.await {
            respond::log_for(&host, &platform(&error).into());
        }
    }
}
