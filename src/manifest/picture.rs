//! The height of a picture, as a limit has it.

/// Whether a picture of these sides is within a limit of its height: that of a picture of 16:9, lying or standing, in which
/// it fits. A side that is not known, or 0, does not count; one side alone is the height, whatever it stands for.
///
/// The shorter side is at most the limit, so that a standing picture of 1080x1920 is within 1080; the longer one at most
/// 16/9 of it, so that a wide picture of 1280x536, which is one of 1280x720 without its bars, is above 576. What codecs
/// add to a side to get whole blocks of 16 pixels does not count: 854x480 and 864x480 are within 480.
pub(crate) fn is_low_enough(limit: u32, width: Option<u64>, height: Option<u64>) -> bool {
    let side = |side: Option<u64>| side.filter(|side| *side > 0);
    let (shorter, longer) = match (side(width), side(height)) {
        (Some(width), Some(height)) => (width.min(height), width.max(height)),
        (one, other) => (one.or(other).unwrap_or(0), 0),
    };
    let limit = u64::from(limit);
    shorter <= limit && longer <= limit.div_ceil(9) * 16
}
