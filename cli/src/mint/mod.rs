//! `stagedoor token mint`: one file for each dialect.

mod cat;
mod cloud_front;
mod edge_auth;
mod jwt;
mod media_cdn;
mod secure_link;
mod secure_media;
mod stream;
mod timed_hmac;
mod uri_signing;

use std::path::PathBuf;

use clap::ValueEnum;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stagedoor::catalog::Algorithm;
use stagedoor::reading;
use stagedoor::time::UnixTime;
use stagedoor::token::mint::{MintError, PrivateKey};
use stagedoor::token::signed_url::{Minted, authenticate};
use url::Url;

use crate::context::Context;
use crate::failure::{Failure, Misuse};
use crate::{Answer, input, request, text};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  stagedoor token mint --raw --key issuer-key.json --claims \\
    '{\"iss\": \"https://id.example.com/\", \"aud\": \"tv\", \"sub\": \"viewer-1\"}'
  stagedoor token mint --dialect edge-auth --key key.json --expires-in 600 \\
    --url https://watch.example.com/harbour/master.m3u8")]
pub(crate) struct Arguments {
    /// The token's dialect.
    #[arg(long, value_enum, default_value_t = Dialect::Jwt)]
    dialect: Dialect,
    /// The private key, as a JWK: `oct` with `k`, `EC` or `OKP` with `d`, `RSA` with `n`, `e` and `d`. `kid` and `alg`
    /// are optional. `-` reads standard input.
    #[arg(long, value_name = "KEY.json")]
    key: PathBuf,
    /// The claims of the token as a JSON object, with the member names of the dialect.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// The URL to sign, in dialects that sign a URL.
    #[arg(long, value_parser = url)]
    url: Option<Url>,
    /// The token expires this many seconds from now, unless the claims set the time.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=MOST_S))]
    expires_in: u64,
    /// Print only the token, for use in `?token=$(...)`.
    #[arg(long)]
    raw: bool,
    /// The time in Unix seconds. Default: this machine's clock.
    #[arg(long, value_name = "UNIX", value_parser = input::whole)]
    now: Option<u64>,
}

/// A hundred years: enough for tests, and far from the end of what a claim can say.
const MOST_S: u64 = 100 * 366 * 86_400;

#[derive(Clone, Copy, ValueEnum)]
enum Dialect {
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// A Common Access Token (CTA-5007).
    Cat,
    /// A signed URI (RFC 9246).
    UriSigning,
    /// A token of AWS Secure Media Delivery at the Edge. The claim `viewer` binds the token to a viewer.
    SecureMedia,
    /// A token of Cloudflare Stream.
    Stream,
    /// A token of Akamai EdgeAuth 2.0.
    EdgeAuth,
    /// A timed HMAC of Cloudflare's WAF.
    TimedHmac,
    /// A signed request or token of Google Media CDN or Cloud CDN.
    MediaCdn,
    /// A secure link of nginx (secure_link).
    SecureLink,
    /// A signed URL or signed cookies of CloudFront.
    CloudFront,
}

fn url(text: &str) -> Result<Url, String> {
    request::expect_url(text).map_err(|Misuse(why)| why)?;
    text.parse().map_err(|error| format!("expected an absolute URL: {error}"))
}

/// A token to mint.
struct Order {
    key: PrivateKey,
    claims: Map<String, Value>,
    url: Option<Url>,
    now: UnixTime,
    expires_at: UnixTime,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
    let claims =
        reading::read(arguments.claims.as_bytes()).map_err(|error| Misuse(format!("--claims: {error}")))?;
    let now = input::now(arguments.now)?;
    let jwk: Map<String, Value> = input::json(&arguments.key)?;
    let order = Order {
        key: PrivateKey::from_jwk(&jwk).map_err(|error| Misuse(format!("--key: {error}")))?,
        claims,
        url: arguments.url.clone(),
        now,
        expires_at: now.plus_secs(arguments.expires_in),
    };
    let minted = match arguments.dialect {
        Dialect::Jwt => jwt::mint(order),
        Dialect::Cat => cat::mint(order),
        Dialect::UriSigning => uri_signing::mint(order),
        Dialect::SecureMedia => secure_media::mint(order),
        Dialect::Stream => stream::mint(order),
        Dialect::EdgeAuth => edge_auth::mint(order),
        Dialect::TimedHmac => timed_hmac::mint(order),
        Dialect::MediaCdn => media_cdn::mint(order),
        Dialect::SecureLink => secure_link::mint(order),
        Dialect::CloudFront => cloud_front::mint(order),
    }?;
    match minted.get("token").and_then(Value::as_str) {
        Some(token) if arguments.raw => context.output.result(&token, || token.to_owned())?,
        None if arguments.raw => {
            return Err(Failure::Misuse("--raw: this dialect has no token alone: it signs a URL".to_owned()));
        }
        _ => context.output.result(&minted, || text::members(&minted))?,
    }
    Ok(Answer::Yes)
}

/// A URL with a token as its first segment: in place of the first segment, or in front of it.
fn placed_first(url: &Url, token: &str, in_place: bool) -> String {
    let mut placed = url.clone();
    let behind_first = url.path().match_indices('/').nth(1).map(|(at, _)| url.path().split_at(at).1);
    let rest = match behind_first {
        Some(rest) if in_place => rest,
        None if in_place => "/",
        _ => url.path(),
    };
    placed.set_path(&format!("/{token}{rest}"));
    placed.to_string()
}

impl Order {
    /// The URL, in dialects that sign a URL.
    fn url(&self) -> Result<&str, Misuse> {
        self.url
            .as_ref()
            .map(Url::as_str)
            .ok_or_else(|| Misuse("--url: expected the URL that this dialect signs".to_owned()))
    }

    /// Sets a claim of the dialect, unless it was given.
    fn default(&mut self, claim: &str, time: UnixTime) {
        self.claims.entry(claim).or_insert_with(|| time.as_secs().into());
    }

    /// The claims in the type of the dialect.
    fn claims<T: DeserializeOwned>(&self) -> Result<T, Misuse> {
        input::typed(&Value::Object(self.claims.clone()))
            .map_err(|error| Misuse(format!("--claims: {error}")))
    }

    /// The site's policy, from the member `policy` of the claims. The name of the key document does not matter.
    fn policy<T: DeserializeOwned>(&mut self) -> Result<T, Misuse> {
        let mut policy = match self.claims.remove("policy") {
            None => Map::new(),
            Some(Value::Object(policy)) => policy,
            Some(_) => return Err(Misuse("--claims: `policy`: expected an object".to_owned())),
        };
        policy.entry("keys").or_insert_with(|| "keys".into());
        input::typed(&Value::Object(policy)).map_err(|error| Misuse(format!("--claims: `policy`: {error}")))
    }

    /// Signs; a shared secret may have any length.
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, String> {
        match authenticate(&self.key.public(), algorithm, message) {
            Some(tag) => Ok(tag),
            None => self.key.sign(algorithm, message).map_err(|error| format!("--key: {error}")),
        }
    }

    /// The minted token, as the command prints it.
    fn minted(&self, minted: Result<Minted, String>) -> Result<Value, Misuse> {
        let mut minted =
            serde_json::to_value(minted.map_err(Misuse)?).map_err(|error| Misuse(error.to_string()))?;
        if let Value::Object(members) = &mut minted {
            members.insert("claims".to_owned(), Value::Object(self.claims.clone()));
        }
        Ok(minted)
    }
}

/// A key that does not fit the signature.
#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn unfit(error: MintError) -> Misuse {
    Misuse(format!("--key: {error}"))
}
