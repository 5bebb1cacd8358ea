//! No MPD panics the check. Its findings are positions in the MPD, and within their limit.

use stagedoor::dash::check;
use stagedoor::manifest::FINDINGS_MAX;

/// Takes one input.
pub fn run(mpd: &[u8]) {
    let findings = check(mpd);
    assert!(findings.len() <= FINDINGS_MAX + 1);
    assert!(findings.is_sorted_by_key(|finding| (finding.line, finding.column)));
    let lines = mpd.split(|byte| *byte == b'\n').count();
    for finding in &findings {
        assert!((1..=lines).contains(&finding.line), "{finding:?}");
        assert!((1..=mpd.len() + 1).contains(&finding.column), "{finding:?}");
        assert!(finding.message.len() < 1_000, "{finding:?}");
    }
}
