//! A signed request or a token, and its grant.

use crate::catalog::{Algorithm, Issuer, Jwk, KeyMaterial, KeySet, Lock};
use crate::denial::{Denial, Reason};
use crate::redacted::Redacted;
use crate::time::UnixTime;
use crate::token::compact::short;
use crate::token::dialect::Dialect;
use crate::token::network::{self, Network};
use crate::token::presented::{Asked, Presented};
use crate::token::signed_url::{
    candidates, check_expiry, check_start, folder, glob, literal, path_of, resource, titles,
};
use crate::token::{Challenge, Grant};

/// A signed request or a token.
pub(super) struct MediaCdn {
    pub(super) keys: Issuer,
    pub(super) signer: Signer,
    pub(super) signature: Vec<u8>,
    pub(super) messages: Vec<Redacted<String>>,
    pub(super) limits: Limits,
    /// The path without the token.
    pub(super) path: Option<String>,
}

/// Which key signed.
pub(super) enum Signer {
    /// The one of this name.
    Named(String),
    /// One for this algorithm.
    Any(Algorithm),
}

/// The limits of a token.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) starts: Option<UnixTime>,
    pub(super) expires: Option<UnixTime>,
    pub(super) url_prefix: Option<String>,
    /// The path up to a path component with the token.
    pub(super) path_prefix: Option<String>,
    pub(super) path_globs: Option<Vec<String>>,
    pub(super) session_id: Option<String>,
    pub(super) networks: Option<Vec<Option<Network>>>,
    pub(super) header: Option<(String, String)>,
    /// It is a token for an ad pod, and whether it names the title of the path.
    pub(super) pod: bool,
    pub(super) title_named: bool,
}

impl Presented for MediaCdn {
    fn dialect(&self) -> Dialect {
        Dialect::MediaCdn
    }

    fn keys(&self) -> &Issuer {
        &self.keys
    }

    fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn challenges<'a>(&'a self, keys: &'a KeySet) -> Result<Vec<Challenge<'a>>, Denial> {
        let keys: Vec<(&Jwk, Algorithm)> = match &self.signer {
            Signer::Any(algorithm) => {
                candidates(keys, *algorithm)?.into_iter().map(|key| (key, *algorithm)).collect()
            }
            Signer::Named(name) => {
                let key = keys.key(name).ok_or_else(|| {
                    Denial::new(Reason::TokenKeyUnknown, format!("the token names the key `{}`", short(name)))
                })?;
                let algorithm = match &key.material {
                    KeyMaterial::Symmetric { .. } => Algorithm::HS1,
                    _ => Algorithm::EdDSA,
                };
                if !key.permits(algorithm) {
                    return Err(Denial::new(
                        Reason::TokenAlgorithm,
                        format!("the key `{}` is not for {}", key.kid, algorithm.name()),
                    ));
                }
                vec![(key, algorithm)]
            }
        };
        let challenges = keys.into_iter().flat_map(|(key, algorithm)| {
            self.messages.iter().map(move |message| Challenge {
                key,
                algorithm,
                message: message.expose().as_bytes().into(),
                signature: self.signature.as_slice().into(),
            })
        });
        Ok(challenges.collect())
    }

    fn grant(&self, key: &Jwk, asked: &Asked<'_>) -> Result<Grant, Denial> {
        let Asked { facts, policy, now } = *asked;
        let limits = &self.limits;
        let expires = limits
            .expires
            .ok_or_else(|| Denial::new(Reason::TokenClaims, "expected the time of the expiry"))?;
        check_expiry(expires, now)?;
        if let Some(starts) = limits.starts {
            check_start(starts, now, policy)?;
        }
        let path = self.path.as_deref().unwrap_or(&facts.path);
        let mut below = limits.path_prefix.as_ref().and_then(|prefix| folder(path, [prefix.as_str()]));
        if let Some(prefix) = &limits.url_prefix {
            let url = format!("{}{}", facts.authority(), resource(&facts.path, facts.query.expose()));
            if !begins(&url, prefix) {
                return Err(Denial::new(Reason::TokenUrl, "the URL does not begin with `URLPrefix`"));
            }
            below = below.max(folder(path, [path_of(prefix)]));
        }
        if let Some(globs) = &limits.path_globs {
            let fitting: Vec<_> = globs.iter().filter(|own| glob(own, &facts.path)).collect();
            if fitting.is_empty() {
                return Err(Denial::new(Reason::TokenUrl, "the path fits none of `PathGlobs`"));
            }
            // All of them are folders of one path, so the longer one is narrower.
            below = below.max(folder(path, fitting.into_iter().filter_map(|own| literal(own))));
        }
        if let Some((name, value)) = &limits.header
            && facts.headers.named(name) != Some(value)
        {
            let detail = format!("the token demands another header `{}`", short(name));
            return Err(Denial::new(Reason::TokenClaims, detail));
        }
        let mut lock = Lock::default();
        if let Some(networks) = &limits.networks {
            let address = network::of_viewer(facts)?;
            let network = networks.iter().flatten().find(|network| network.contains(address));
            lock = network.ok_or_else(network::other_address)?.lock();
        }
        Ok(Grant {
            token_id: limits.session_id.clone().filter(|id| !id.is_empty()),
            expires_at: Some(expires),
            titles: if limits.pod && !limits.title_named { Some(Vec::new()) } else { titles(path) },
            folder: below,
            lock,
            ..Grant::new(Dialect::MediaCdn, self.keys.clone(), key.kid.clone())
        })
    }
}

/// Whether a URL begins with a prefix, which names the whole of its host.
pub(super) fn begins(url: &str, prefix: &str) -> bool {
    let Some(rest) = url.strip_prefix(prefix) else { return false };
    match prefix.split_once("://") {
        Some((_, after)) => after.contains('/') || rest.starts_with('/'),
        None => false,
    }
}
