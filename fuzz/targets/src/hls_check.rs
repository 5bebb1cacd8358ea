//! No playlist panics the check. Its findings are positions in the playlist, and within their limit.

use stagedoor::hls::{check, events};
use stagedoor::manifest::FINDINGS_MAX;

/// Takes one input.
pub fn run(playlist: &[u8]) {
    let findings = check(playlist);
    assert!(findings.len() <= FINDINGS_MAX + 1);
    assert!(findings.is_sorted_by_key(|finding| (finding.line, finding.column)));
    let lines = events(playlist).count().max(1);
    for finding in &findings {
        assert!((1..=lines).contains(&finding.line), "{finding:?}");
        assert!((1..=playlist.len() + 1).contains(&finding.column), "{finding:?}");
        assert!(finding.message.len() < 1_000, "{finding:?}");
    }
}
