//! What elements are to the signer, by their names.

/// Whether what stands between the tags of an element is a URI.
pub(super) fn holds_uri(name: &str) -> bool {
    matches!(name, "BaseURL" | "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "Event")
}

/// Whether an element has base URLs of its own for what lies in it.
pub(super) fn is_level(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "EmptyAdaptationSet" | "Representation" | "SubRepresentation")
}

/// Whether what an element's parent says of segments is said of those of the element.
pub(super) fn holds_media(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "Representation")
}

/// Whether an event of this name presents another MPD (ISO/IEC 23009-1, alternative MPD events).
pub(super) fn is_presented(name: &str) -> bool {
    matches!(
        name,
        "InsertPresentation"
            | "ReplacePresentation"
            | "OverwritePresentation"
            | "AlternativeMPD"
            | "StatusPresentation"
    )
}
