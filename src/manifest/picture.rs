//! The limit on the height of a picture.

/// Whether a picture is within a height limit: it has to fit into a 16:9 picture of that height, in landscape or
/// portrait. An unknown side, or 0, does not count; a single side counts as the height.
///
/// The shorter side is at most the limit, so a portrait picture of 1080x1920 is within 1080. The longer side is at most
/// 16/9 of it, so a wide picture of 1280x536, which is 1280x720 without its bars, exceeds 576. The padding of codecs to
/// blocks of 16 pixels does not count: 854x480 and 864x480 are within 480.
pub(crate) fn is_low_enough(limit: u32, width: Option<u64>, height: Option<u64>) -> bool {
    let side = |side: Option<u64>| side.filter(|side| *side > 0);
    let (shorter, longer) = match (side(width), side(height)) {
        (Some(width), Some(height)) => (width.min(height), width.max(height)),
        (one, other) => (one.or(other).unwrap_or(0), 0),
    };
    let limit = u64::from(limit);
    shorter <= limit && longer <= limit.div_ceil(9) * 16
}
