//! The roles of elements for the signer, by name.

/// Whether the content of an element is a URI.
pub(super) fn holds_uri(name: &str) -> bool {
    matches!(name, "BaseURL" | "Location" | "PatchLocation" | "ContentSteering" | "ImportedMPD" | "Event")
}

/// Whether an element is a level with base URLs.
pub(super) fn is_level(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "EmptyAdaptationSet" | "Representation" | "SubRepresentation")
}

/// Whether segment URIs of the parent apply to an element.
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
