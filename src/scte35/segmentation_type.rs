//! The segmentation types (section 10.3.3.1, table 23).

use std::fmt;

/// `segmentation_type_id`: what begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentationType(pub u8);

/// Types by number, with their names.
const NAMES: &[(u8, &str)] = &[
    (0x00, "Not Indicated"),
    (0x01, "Content Identification"),
    (0x02, "Call Ad Server"),
    (0x10, "Program Start"),
    (0x11, "Program End"),
    (0x12, "Program Early Termination"),
    (0x13, "Program Breakaway"),
    (0x14, "Program Resumption"),
    (0x15, "Program Runover Planned"),
    (0x16, "Program Runover Unplanned"),
    (0x17, "Program Overlap Start"),
    (0x18, "Program Blackout Override"),
    (0x19, "Program Join"),
    (0x1a, "Program Immediate Resumption"),
    (0x20, "Chapter Start"),
    (0x21, "Chapter End"),
    (0x22, "Break Start"),
    (0x23, "Break End"),
    (0x24, "Opening Credit Start"),
    (0x25, "Opening Credit End"),
    (0x26, "Closing Credit Start"),
    (0x27, "Closing Credit End"),
    (0x30, "Provider Advertisement Start"),
    (0x31, "Provider Advertisement End"),
    (0x32, "Distributor Advertisement Start"),
    (0x33, "Distributor Advertisement End"),
    (0x34, "Provider Placement Opportunity Start"),
    (0x35, "Provider Placement Opportunity End"),
    (0x36, "Distributor Placement Opportunity Start"),
    (0x37, "Distributor Placement Opportunity End"),
    (0x38, "Provider Overlay Placement Opportunity Start"),
    (0x39, "Provider Overlay Placement Opportunity End"),
    (0x3a, "Distributor Overlay Placement Opportunity Start"),
    (0x3b, "Distributor Overlay Placement Opportunity End"),
    (0x3c, "Provider Promo Start"),
    (0x3d, "Provider Promo End"),
    (0x3e, "Distributor Promo Start"),
    (0x3f, "Distributor Promo End"),
    (0x40, "Unscheduled Event Start"),
    (0x41, "Unscheduled Event End"),
    (0x42, "Alternate Content Opportunity Start"),
    (0x43, "Alternate Content Opportunity End"),
    (0x44, "Provider Ad Block Start"),
    (0x45, "Provider Ad Block End"),
    (0x46, "Distributor Ad Block Start"),
    (0x47, "Distributor Ad Block End"),
    (0x50, "Network Start"),
    (0x51, "Network End"),
];

impl SegmentationType {
    /// Every type of the standard, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(kind, _)| Self(*kind))
    }

    /// Its name; `Reserved` if the standard has none.
    pub fn name(self) -> &'static str {
        let found = NAMES.binary_search_by_key(&self.0, |(kind, _)| *kind);
        found.ok().and_then(|at| NAMES.get(at)).map_or("Reserved", |(_, name)| name)
    }

    /// Whether segments of this type are numbered within a collection.
    pub(super) const fn has_sub_segments(self) -> bool {
        matches!(self.0, 0x30 | 0x32 | 0x34 | 0x36 | 0x38 | 0x3a | 0x44 | 0x46)
    }
}

impl fmt::Display for SegmentationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x} {}", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_the_names_of_the_standard() {
        assert!(NAMES.is_sorted_by_key(|(kind, _)| *kind));
        assert_eq!(SegmentationType(0x34).to_string(), "0x34 Provider Placement Opportunity Start");
        assert_eq!(SegmentationType(0x60).to_string(), "0x60 Reserved");
    }
}
