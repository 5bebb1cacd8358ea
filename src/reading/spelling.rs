//! The known name that was probably meant.

/// Longer names are not compared, because a comparison costs the product of both lengths.
const LONGEST: usize = 64;

/// The known name that differs least from a misspelt name, if one is near. Case does not matter.
pub fn nearest<'n>(found: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = found.chars().count();
    if length > LONGEST {
        return None;
    }
    let written = found.to_lowercase();
    let near = |name: &'n str| {
        let distance = strsim::osa_distance(&written, &name.to_lowercase());
        // One error in three characters: with more, any short name would be near any other.
        let most = (name.chars().count().min(length) / 3).max(1);
        (distance <= most && distance < name.chars().count() && name != found).then_some((distance, name))
    };
    let names = known.into_iter().filter(|name| name.len() <= LONGEST * 4);
    names.filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// `; did you mean …?`, if a known name is near.
pub(super) fn hint(found: &str, known: &[&str]) -> String {
    nearest(found, known.iter().copied()).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant() {
        let known = ["id", "sites", "offers", "max_height", "max_bitrate_kbps", "svod", "tvod"];
        for (found, meant) in [
            ("ofers", Some("offers")),
            ("maxHeight", Some("max_height")),
            ("max-height", Some("max_height")),
            ("max_heigth", Some("max_height")),
            ("Offers", Some("offers")),
            ("di", Some("id")),
            ("svodd", Some("svod")),
            ("offers", None),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, known), meant, "{found}");
        }
        assert_eq!(nearest(&"offers".repeat(100_000), known), None);
    }
}
