//! Pods in the data centre's cache, for the other isolates there: an ad server would hold another auction for each.
//!
//! A failing cache counts as an empty one: the pod is decided here.

use std::time::Duration;

use sha2::{Digest, Sha256};
use worker::{Cache, Headers, Response, ResponseBody};

use super::body::{self, Body};
use super::respond;
use super::runtime::{platform, within};
use crate::ads::Pod;
use crate::fault::Fault;
use crate::isolate::POD_KEPT_MS;
use crate::life::ViewersBreak;
use crate::memory_key::MemoryKey;
use crate::shelf::Purpose;
use crate::token::hex;

/// The longest pod that is shared, in bytes of JSON.
const LONGEST: usize = 256 * 1024;

/// The longest wait for the cache. The viewer waits for it.
const PATIENCE: Duration = Duration::from_millis(200);

/// The URL under which the cache has the pod. No site has a host below `.invalid`. The session makes it a secret.
fn cache_key(of: &ViewersBreak<'_>) -> String {
    let key = MemoryKey::of(of);
    let bytes: &[u8] = std::borrow::Borrow::borrow(&key);
    format!("https://pods.invalid/{}", hex::encode(&Sha256::digest(bytes)))
}

/// The pod that another isolate has decided.
pub(super) async fn find(of: &ViewersBreak<'_>) -> Option<Pod> {
    let looked = within(PATIENCE, look(of)).await?;
    looked.unwrap_or_else(|fault| {
        respond::log_for(of.host.as_str(), &fault.into());
        None
    })
}

async fn look(of: &ViewersBreak<'_>) -> Result<Option<Pod>, Fault> {
    let found = Cache::default().get(cache_key(of), false).await.map_err(|error| platform(&error))?;
    let Some(response) = found else { return Ok(None) };
    let room = (Purpose::Ads, of.host.as_str());
    match body::of_response(response, room, LONGEST, PATIENCE).await {
        Ok(Body::Whole(bytes, _)) => Ok(serde_json::from_slice(&bytes).ok()),
        _ => Ok(None),
    }
}

/// Puts a pod into the cache.
pub(super) async fn keep(host: String, key: String, json: Vec<u8>) {
    let kept = async {
        let headers = Headers::new();
        headers.set("Content-Type", "application/json")?;
        headers.set("Content-Length", &json.len().to_string())?;
        headers.set("Cache-Control", &format!("public, max-age={}", POD_KEPT_MS / 1_000))?;
        let response = Response::builder().with_headers(headers).body(ResponseBody::Body(json));
        Cache::default().put(key, response).await
    };
    if let Err(error) = kept.await {
        respond::log_for(&host, &platform(&error).into());
    }
}

/// The key and the text under which a pod is kept. `None`: it is too long.
pub(super) fn kept(of: &ViewersBreak<'_>, pod: &Pod) -> Option<(String, Vec<u8>)> {
    let json = serde_json::to_vec(pod).ok().filter(|json| json.len() <= LONGEST)?;
    Some((cache_key(of), json))
}
