//! `stagedoor token mint`: one file for each dialect.

mod jwt;
mod secure_media;
mod stream;
mod uri_signing;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Map, Value};
use stagedoor::time::UnixTime;
use stagedoor::token::mint::{MintError, PrivateKey};
use url::Url;

use crate::Answer;
use crate::input::{self, Misuse};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The token's dialect.
    #[arg(long, value_enum, default_value_t = Dialect::Jwt)]
    dialect: Dialect,
    /// The private key, as a JWK: `oct` with `k`, `EC` or `OKP` with `d`, `RSA` with `n`, `e` and `d`; it may have `kid`
    /// and `alg`. `-` reads standard input.
    #[arg(long, value_name = "KEY.json")]
    key: PathBuf,
    /// What the token says, as a JSON object: for each dialect in its own words.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// The URL that the token is for, in dialects that sign one.
    #[arg(long)]
    url: Option<Url>,
    /// Ends the token this many seconds from now, unless the claims say otherwise.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    expires_in: u64,
    /// The time, in Unix seconds; this machine's if absent.
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dialect {
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// A signed URI (RFC 9246).
    UriSigning,
    /// A token of AWS Secure Media Delivery at the Edge; the claim `viewer` is what it is bound to.
    SecureMedia,
    /// A token of Cloudflare Stream.
    Stream,
}

/// What is to be minted.
struct Order {
    key: PrivateKey,
    claims: Map<String, Value>,
    url: Option<Url>,
    #[expect(dead_code, reason = "for the dialects that write it")]
    now: UnixTime,
    expires_at: UnixTime,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let claims = serde_json::from_str(&arguments.claims)
        .map_err(|error| Misuse(format!("--claims: expected a JSON object: {error}")))?;
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
        Dialect::UriSigning => uri_signing::mint(order),
        Dialect::SecureMedia => secure_media::mint(order),
        Dialect::Stream => stream::mint(order),
    }?;
    input::print(&minted)?;
    Ok(Answer::Yes)
}

/// A URL with a token as its first segment, in place of the one that is there or before it.
fn placed_first(url: &Url, token: &str, in_place: bool) -> String {
    let mut placed = url.clone();
    let rest = match url.path().strip_prefix('/').and_then(|path| path.find('/')) {
        Some(at) if in_place => url.path().get(at + 1..).unwrap_or_default(),
        None if in_place => "/",
        _ => url.path(),
    };
    placed.set_path(&format!("/{token}{rest}"));
    placed.to_string()
}

/// A key that cannot sign what it should.
#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn unfit(error: MintError) -> Misuse {
    Misuse(format!("--key: {error}"))
}
