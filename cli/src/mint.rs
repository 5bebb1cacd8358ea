//! `stagedoor token mint`

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use jwt_simple::prelude::{ECDSAP256KeyPairLike, ES256KeyPair, HS256Key, JWTClaims, MACLike};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Answer;
use crate::input::{self, Misuse};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The token's dialect.
    #[arg(long, value_enum, default_value_t = Dialect::Jwt)]
    dialect: Dialect,
    /// The private key, as a JWK with `kid` and `alg`: `oct` with `k` for HS256, `EC` with `d` for ES256; `-` reads
    /// standard input.
    #[arg(long, value_name = "KEY.json")]
    key: PathBuf,
    /// The claims, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// Sets `exp` to this many seconds from now, unless the claims say otherwise.
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

#[derive(Deserialize)]
#[serde(tag = "alg")]
enum PrivateKey {
    HS256 { kid: Option<String>, k: String },
    ES256 { kid: Option<String>, d: String },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Misuse> {
    let Dialect::Jwt = arguments.dialect;
    let mut claims: Map<String, Value> = serde_json::from_str(&arguments.claims)
        .map_err(|error| Misuse(format!("--claims: expected a JSON object: {error}")))?;
    let expiry = input::now(arguments.now)?.plus_secs(arguments.expires_in).as_secs();
    claims.entry("exp").or_insert(json!(expiry));
    let token = sign(&input::json(&arguments.key)?, claims.clone())?;
    input::print(&json!({ "token": token, "claims": claims }))?;
    Ok(Answer::Yes)
}

fn sign(key: &PrivateKey, claims: Map<String, Value>) -> Result<String, Misuse> {
    let claims: JWTClaims<Map<String, Value>> = serde_json::from_value(Value::Object(claims))
        .map_err(|error| Misuse(format!("--claims: {error}")))?;
    // The errors say what is wrong with a key, never what is in it.
    let bytes = |member: &str, text: &str| {
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|error| Misuse(format!("--key: `{member}`: expected base64url: {error}")))
    };
    let failed = |error: jwt_simple::Error| Misuse(format!("--key: {error}"));
    match key {
        PrivateKey::HS256 { kid, k } => {
            let k = bytes("k", k)?;
            if k.len() < 32 {
                return Err(Misuse(format!("--key: `k`: expected 32 bytes or more, found {}", k.len())));
            }
            let key = HS256Key::from_bytes(&k);
            let key = kid.iter().fold(key, |key, kid| key.with_key_id(kid));
            key.authenticate(claims).map_err(failed)
        }
        PrivateKey::ES256 { kid, d } => {
            let key = ES256KeyPair::from_bytes(&bytes("d", d)?).map_err(failed)?;
            let key = kid.iter().fold(key, |key, kid| key.with_key_id(kid));
            key.sign(claims).map_err(failed)
        }
    }
}
