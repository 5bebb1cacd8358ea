//! The dialects of viewer tokens.

use std::fmt;

use crate::catalog::Acceptance;

macro_rules! dialects {
    ($($variant:ident $name:literal $title:literal;)*) => {
        /// The dialects of viewer tokens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Dialect {
            $(#[doc = $title] $variant,)*
        }

        impl Dialect {
            /// Every dialect.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in documents and traces.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The dialect that a site accepts.
            pub const fn of(acceptance: &Acceptance) -> Self {
                match acceptance { $(Acceptance::$variant(_) => Self::$variant,)* }
            }
        }
    };
}

dialects! {
    Jwt "jwt" "JSON Web Token (RFC 7519)";
    Cat "cat" "Common Access Token (CTA-5007)";
    UriSigning "uri_signing" "URI signing (RFC 9246)";
    EdgeAuth "edge_auth" "Akamai EdgeAuth 2.0";
    SecureMedia "secure_media" "AWS Secure Media Delivery at the Edge";
    Stream "stream" "Cloudflare Stream";
    TimedHmac "timed_hmac" "Cloudflare WAF timed HMAC";
    MediaCdn "media_cdn" "Google Media CDN and Cloud CDN";
    SecureLink "secure_link" "nginx secure_link";
    CloudFront "cloud_front" "CloudFront signed URL or cookies";
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
