//! Error codes (VAST 4.3 section 2.3.6.3).

macro_rules! codes {
    ($($variant:ident $code:literal $meaning:literal;)*) => {
        /// The error codes that are reported to ad servers (VAST 4.3 section 2.3.6.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number, which takes the place of `[ERRORCODE]`.
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $code,)* }
            }

            /// One sentence, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    Xml 100 "The document is not XML, or exceeds a limit.";
    Schema 101 "The document lacks a required element, or its root is not VAST.";
    Version 102 "The version of VAST is not supported.";
    AdType 200 "The ad is of a type that is not shown, such as audio.";
    Linearity 201 "The ad has no linear creative and no non-linear one that can be shown.";
    Duration 202 "The ad is longer than the break, or has no duration.";
    Category 205 "A category of the ad is blocked by a wrapper.";
    Shortened 206 "The ad would fit into the break, but no time is left for it.";
    Wrapper 300 "A wrapper is invalid, or leads to an address that is not allowed, or in a circle.";
    WrapperTimeout 301 "A wrapper's document did not arrive, or not in time.";
    WrapperLimit 302 "There are more wrappers than the site allows.";
    NoAd 303 "No ad follows the wrappers.";
    Linear 400 "A linear creative cannot be shown.";
    MediaFile 403 "No media file is of a type that can be shown.";
    NotConditioned 407 "The creative is not conditioned yet, and is not shown meanwhile.";
    Conditional 408 "A conditional ad is not shown.";
    Interactive 409 "The interactive part of the creative is not run.";
    NonLinear 500 "A non-linear creative cannot be shown.";
    NonLinearResource 503 "A non-linear creative has no resource of a type that can be shown.";
    Undefined 900 "Another error.";
    Vpaid 901 "The ad needs VPAID, which is not run.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend() {
        assert!(ErrorCode::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }
}
