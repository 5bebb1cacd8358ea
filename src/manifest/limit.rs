//! The limits on the streams of a manifest.

use crate::catalog::Caps;

/// A limit that a stream may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    MaxHeight,
    MaxBitrate,
    MaxFrameRate,
    Hdr,
    Codecs,
    Hdcp,
    AllowedCpc,
}

impl Limit {
    pub(crate) const ALL: [Self; 7] = [
        Self::MaxHeight,
        Self::MaxBitrate,
        Self::MaxFrameRate,
        Self::Hdr,
        Self::Codecs,
        Self::Hdcp,
        Self::AllowedCpc,
    ];

    /// Describes how removed streams exceed the limit: `above max_height 720`.
    pub(crate) fn describe(self, caps: &Caps) -> String {
        let above = |name: &str, limit: Option<String>| format!("above {name} {}", limit.unwrap_or_default());
        match self {
            Self::MaxHeight => above("max_height", caps.max_height.map(|height| height.to_string())),
            Self::MaxBitrate => above("max_bitrate_kbps", caps.max_bitrate_kbps.map(|kbps| kbps.to_string())),
            Self::MaxFrameRate => {
                above("max_frame_rate", caps.max_frame_rate.map(|rate| decimal(rate.thousandths())))
            }
            Self::Hdr => "with hdr".to_owned(),
            Self::Codecs => "with other codecs".to_owned(),
            Self::Hdcp => above("hdcp", caps.hdcp.map(|level| level.name().to_owned())),
            Self::AllowedCpc => "outside allowed_cpc".to_owned(),
        }
    }
}

fn decimal(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
