//! Secure links of nginx.

use serde::{Deserialize, Serialize};

use crate::catalog::Issuer;

/// A site's requirements for nginx's secure links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecureLinkPolicy {
    /// The name of the document `v1/keys/{keys}`, with keys of type `oct`. `k` is the base64url of the secret's text,
    /// which replaces `{secret}`.
    pub keys: Issuer,
    /// The text that is hashed: the value of nginx's `secure_link_md5`.
    pub expression: SecureLinkExpression,
    /// The name of the query parameter with the hash.
    #[serde(default = "SecureLinkPolicy::default_hash")]
    pub hash: String,
    /// The name of the query parameter with the expiry, in Unix seconds.
    #[serde(default = "SecureLinkPolicy::default_expires")]
    pub expires: String,
}

impl SecureLinkPolicy {
    fn default_hash() -> String {
        "md5".to_owned()
    }

    fn default_expires() -> String {
        "expires".to_owned()
    }
}

/// The text that a secure link hashes, with variables. `{secret}` is required. `{expires}{uri}{address} {secret}` is
/// nginx's `"$secure_link_expires$uri$remote_addr secret"`.
///
/// | variable | | nginx |
/// | --- | --- | --- |
/// | `{secret}` | the key | the secret's text |
/// | `{expires}` | the expiry as it came; without it, a link does not say when it ends | `$secure_link_expires`, `$arg_expires` |
/// | `{uri}` | the path without percent-encoding | `$uri` |
/// | `{path}` | the path as it came | |
/// | `{folder}` | the path without percent-encoding up to its last `/` | a `map` of `$uri` |
/// | `{title}` | the first segment of the path | a capture of `location` |
/// | `{address}` | the viewer's address; the session stays bound to it | `$remote_addr` |
/// | `{host}`, `{scheme}` | of the URL | `$host`, `$scheme` |
/// | `{arg:name}` | the query parameter as it came, or nothing | `$arg_name` |
/// | `{header:name}` | the header, or nothing | `$http_name` |
/// | `{cookie:name}` | the cookie, or nothing | `$cookie_name` |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct SecureLinkExpression(Vec<SecureLinkPart>);

/// A part of the text that a secure link hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecureLinkPart {
    /// Text as it stands.
    Text(String),
    /// `{secret}`
    Secret,
    /// `{expires}`
    Expires,
    /// `{uri}`
    Uri,
    /// `{path}`
    Path,
    /// `{folder}`
    Folder,
    /// `{title}`
    Title,
    /// `{address}`
    Address,
    /// `{host}`
    Host,
    /// `{scheme}`
    Scheme,
    /// `{arg:…}`
    Argument(String),
    /// `{header:…}`
    Header(String),
    /// `{cookie:…}`
    Cookie(String),
}

/// The reason why a text is not a valid expression of a secure link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecureLinkExpressionError {
    /// A variable that is not in the list.
    #[error("expected a variable such as {{uri}}, found `{{{0}}}`")]
    Variable(String),
    /// A brace without its other half.
    #[error("expected each `{{` with its `}}`")]
    Brace,
    /// Anybody could make the hash.
    #[error("expected {{secret}} in the expression")]
    Secret,
    /// It is longer than 512 characters.
    #[error("expected 512 characters at most")]
    Length,
}

impl SecureLinkExpression {
    /// The parts in their order.
    pub fn parts(&self) -> &[SecureLinkPart] {
        &self.0
    }
}

impl TryFrom<String> for SecureLinkExpression {
    type Error = SecureLinkExpressionError;

    fn try_from(text: String) -> Result<Self, SecureLinkExpressionError> {
        use SecureLinkPart as Part;
        if text.len() > 512 {
            return Err(SecureLinkExpressionError::Length);
        }
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, from)) = rest.split_once('{') {
            let (name, after) = from.split_once('}').ok_or(SecureLinkExpressionError::Brace)?;
            if before.contains('}') {
                return Err(SecureLinkExpressionError::Brace);
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match name.split_once(':') {
                Some(("arg", name)) if !name.is_empty() => Part::Argument(name.to_owned()),
                Some(("header", name)) if !name.is_empty() => Part::Header(name.to_owned()),
                Some(("cookie", name)) if !name.is_empty() => Part::Cookie(name.to_owned()),
                _ => match name {
                    "secret" => Part::Secret,
                    "expires" => Part::Expires,
                    "uri" => Part::Uri,
                    "path" => Part::Path,
                    "folder" => Part::Folder,
                    "title" => Part::Title,
                    "address" => Part::Address,
                    "host" => Part::Host,
                    "scheme" => Part::Scheme,
                    _ => {
                        return Err(SecureLinkExpressionError::Variable(name.chars().take(80).collect()));
                    }
                },
            });
            rest = after;
        }
        if rest.contains('}') {
            return Err(SecureLinkExpressionError::Brace);
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if !parts.contains(&Part::Secret) {
            return Err(SecureLinkExpressionError::Secret);
        }
        Ok(Self(parts))
    }
}

impl From<SecureLinkExpression> for String {
    fn from(expression: SecureLinkExpression) -> Self {
        use SecureLinkPart as Part;
        let parts = expression.0.into_iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Secret => "{secret}".to_owned(),
            Part::Expires => "{expires}".to_owned(),
            Part::Uri => "{uri}".to_owned(),
            Part::Path => "{path}".to_owned(),
            Part::Folder => "{folder}".to_owned(),
            Part::Title => "{title}".to_owned(),
            Part::Address => "{address}".to_owned(),
            Part::Host => "{host}".to_owned(),
            Part::Scheme => "{scheme}".to_owned(),
            Part::Argument(name) => format!("{{arg:{name}}}"),
            Part::Header(name) => format!("{{header:{name}}}"),
            Part::Cookie(name) => format!("{{cookie:{name}}}"),
        });
        parts.collect()
    }
}
