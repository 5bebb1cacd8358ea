//! `stagedoor token mint`: one file for each dialect.

mod jwt;

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
}

/// What is to be minted.
struct Order {
    key: PrivateKey,
    claims: Map<String, Value>,
    #[expect(dead_code, reason = "for the dialects that sign one")]
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
    }?;
    input::print(&minted)?;
    Ok(Answer::Yes)
}

/// A key that cannot sign what it should.
#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn unfit(error: MintError) -> Misuse {
    Misuse(format!("--key: {error}"))
}
