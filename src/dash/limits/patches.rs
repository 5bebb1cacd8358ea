//! Patches of an MPD (ISO/IEC 23009-1 section 5.15).
//!
//! A patch addresses elements by their position in the origin's MPD: in an edited MPD, that is another element or none.
//! A patch may also add content outside the limits. Without `PatchLocation`, players request the whole MPD.

use super::erase;
use crate::dash::change::Changes;
use crate::dash::document::Element;

/// Removes `PatchLocation`.
pub(in crate::dash) fn leave_out(mpd: Element<'_, '_>, changes: &mut Changes) {
    for location in mpd.children_named("PatchLocation") {
        erase::element(location, changes);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::dash::limits::testing::{edited, try_rows};

    #[test]
    fn an_mpd_that_limits_change_offers_no_patches() {
        let mpd = |sets: &str| {
            format!("<MPD>\n  <PatchLocation ttl='60'>p</PatchLocation>\n  <Period>{sets}</Period></MPD>")
        };
        let set = |lang: &str| {
            format!("<AdaptationSet contentType='audio' lang='{lang}'><Representation/></AdaptationSet>")
        };
        let caps = json!({ "audio": ["en", "ar"] });
        let expected =
            |sets: &str| Ok(mpd(sets).replace("\n  <PatchLocation ttl='60'>p</PatchLocation>", ""));
        let left_out = mpd(&(set("en") + &set("fr")));
        assert_eq!(edited(&left_out, &caps), expected(&set("en")));
        let moved = mpd(&(set("ar") + &set("en")));
        assert_eq!(edited(&moved, &caps), expected(&(set("en") + &set("ar"))));
        let same = mpd(&(set("en") + &set("ar")));
        assert_eq!(edited(&same, &caps), expected(&(set("en") + &set("ar"))));
        assert_eq!(edited(&left_out, &json!({})), Ok(left_out.clone()));
        try_rows(&[(
            "all of them",
            "<MPD>
               <PatchLocation>a</PatchLocation> =>
               <d:PatchLocation>b</d:PatchLocation> =>
               <Location>c</Location>
               <Period><AdaptationSet contentType='video' maxHeight='9'><Representation height='9'/><Representation height='1'/></AdaptationSet></Period> => <Period><AdaptationSet contentType='video' maxHeight='1'><Representation height='1'/></AdaptationSet></Period>
             </MPD>",
            json!({ "max_height": 1 }),
        )]);
    }
}
