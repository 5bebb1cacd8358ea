//! The breaks that a VMAP document schedules ([VMAP 1.0.1]), before the duration of the content is known.
//!
//! [VMAP 1.0.1]: https://www.iab.com/wp-content/uploads/2015/06/VMAPv1_0.pdf

use std::time::Duration;

/// A break that a VMAP document schedules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scheduled {
    /// Where it lies.
    pub at: Offset,
    /// The `breakId`, by which its ads are found again.
    pub id: String,
    /// The time after which it lies again, and again until the content ends (`repeatAfter`).
    pub repeat_after: Option<Duration>,
}

/// The `timeOffset` of a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// `start`.
    Start,
    /// `end`.
    End,
    /// `hh:mm:ss.mmm`.
    Time(Duration),
    /// `n%`, in thousandths of a per cent.
    Share(u32),
    /// `#n`: the break with this number, from 1, that the content's own media marks.
    Mark(u32),
}

impl Offset {
    /// Where it lies in content of this duration. `None`: it does not lie at a time within the content.
    ///
    /// Renditions differ in their durations by some milliseconds, and a break lies at the same time in all of them: so a share
    /// is a share of whole seconds, and lies at a whole second.
    pub(super) fn in_content(self, duration: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Time(time) => Some(time),
            Self::Share(thousandths) => {
                let secs = u128::from(whole_seconds(duration?)) * u128::from(thousandths) / 100_000;
                Some(Duration::from_secs(u64::try_from(secs).ok()?))
            }
            Self::Start | Self::End | Self::Mark(_) => None,
        }
    }
}

/// The nearest number of seconds.
pub(super) const fn whole_seconds(duration: Duration) -> u64 {
    duration.saturating_add(Duration::from_millis(500)).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_same_time_in_renditions_of_nearly_the_same_duration() {
        for millis in [599_501, 599_980, 600_000, 600_021, 600_499] {
            let duration = Some(Duration::from_millis(millis));
            assert_eq!(Offset::Share(50_000).in_content(duration), Some(Duration::from_secs(300)));
            assert_eq!(Offset::Share(33_333).in_content(duration), Some(Duration::from_secs(199)));
        }
        assert_eq!(Offset::Share(50_000).in_content(None), None);
        assert_eq!(Offset::Share(u32::MAX).in_content(Some(Duration::MAX)).map(|time| time.as_secs()), None);
    }
}
