//! The algorithms of signatures.

use serde::{Deserialize, Serialize};

macro_rules! algorithms {
    ($($(#[$attribute:meta])* $variant:ident $name:literal $needs:literal $doc:literal;)*) => {
        /// Signature algorithms, by their JWA names where they have one ([RFC 7518 section 3.1], [RFC 8037 section
        /// 3.1], and `HS1` and `RS1` of the [IANA registry], which only older CDN dialects use). `Ed25519` ([RFC 9864])
        /// is another name of `EdDSA` here, since no other curve of it is supported.
        ///
        /// [RFC 7518 section 3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
        /// [RFC 8037 section 3.1]: https://www.rfc-editor.org/rfc/rfc8037#section-3.1
        /// [IANA registry]: https://www.iana.org/assignments/jose/jose.xhtml#web-signature-encryption-algorithms
        /// [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864#section-2.2
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Algorithm {
            $(#[doc = $doc] $(#[$attribute])* $variant,)*
        }

        impl Algorithm {
            /// Every algorithm.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in a token's header and in a key's `alg`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The algorithm of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    "Ed25519" => Some(Self::EdDSA),
                    _ => Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name),
                }
            }

            /// Whether a JWS may name it: the others are for dialects that have no header.
            pub const fn is_jose(self) -> bool {
                !matches!(self, Self::HS1 | Self::HMD5 | Self::MD5 | Self::RS1 | Self::ES1)
            }

            /// What a key has to be for it.
            pub(crate) const fn needs(self) -> &'static str {
                match self { $(Self::$variant => $needs,)* }
            }
        }
    };
}

algorithms! {
    HS256 "HS256" "`kty` oct with 32 bytes or more in `k`" "HMAC with SHA-256.";
    HS384 "HS384" "`kty` oct with 48 bytes or more in `k`" "HMAC with SHA-384.";
    HS512 "HS512" "`kty` oct with 64 bytes or more in `k`" "HMAC with SHA-512.";
    RS256 "RS256" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-256.";
    RS384 "RS384" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-384.";
    RS512 "RS512" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-512.";
    PS256 "PS256" "`kty` RSA" "RSASSA-PSS with SHA-256.";
    PS384 "PS384" "`kty` RSA" "RSASSA-PSS with SHA-384.";
    PS512 "PS512" "`kty` RSA" "RSASSA-PSS with SHA-512.";
    ES256 "ES256" "`kty` EC with `crv` P-256" "ECDSA with P-256 and SHA-256.";
    ES384 "ES384" "`kty` EC with `crv` P-384" "ECDSA with P-384 and SHA-384.";
    ES512 "ES512" "`kty` EC with `crv` P-521" "ECDSA with P-521 and SHA-512.";
    #[serde(alias = "Ed25519")]
    EdDSA "EdDSA" "`kty` OKP with `crv` Ed25519" "Ed25519.";
    HS1 "HS1" "`kty` oct" "HMAC with SHA-1, of Akamai's and Google's tokens.";
    HMD5 "HMD5" "`kty` oct" "HMAC with MD5, of Akamai's tokens.";
    MD5 "MD5" "`kty` oct" "An MD5 over a text that holds the secret, of nginx's secure_link.";
    RS1 "RS1" "`kty` RSA" "RSASSA-PKCS1-v1_5 with SHA-1, of CloudFront's signatures.";
    ES1 "ES1" "`kty` EC with `crv` P-256" "ECDSA with P-256 and SHA-1, of CloudFront's signatures.";
}
