//! Requests that are delayed before they are answered.

/// The delays under way, up to a number. They are counted by their ends, since a request that is cut off does not say so.
#[derive(Debug, Default)]
pub struct Delays {
    ends_at_ms: Vec<u64>,
}

/// The most requests that are delayed at a time.
const MOST: usize = 200;

impl Delays {
    /// Whether one more request is to be delayed, for so long.
    pub fn begin(&mut self, now_ms: u64, delay_ms: u64) -> bool {
        if self.ends_at_ms.len() >= MOST {
            self.ends_at_ms.retain(|ends_at_ms| *ends_at_ms > now_ms);
        }
        let is_room = self.ends_at_ms.len() < MOST;
        if is_room {
            self.ends_at_ms.push(now_ms.saturating_add(delay_ms));
        }
        is_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_requests_is_delayed_at_a_time() {
        let mut delays = Delays::default();
        assert_eq!((0..1_000).filter(|_| delays.begin(0, 1_000)).count(), MOST);
        assert!(!delays.begin(999, 1_000));
        assert_eq!((0..1_000).filter(|_| delays.begin(1_000, 1_000)).count(), MOST);
        assert_eq!(delays.ends_at_ms.len(), MOST);
    }
}
