//! The documents, and the parts of other documents, that a document names.

use stagedoor::catalog::{Acceptance, GroupName, Issuer, Site, Territories, Territory, Title};

/// A set of keys that a site names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeysReference<'a> {
    /// The member of the site that names it.
    pub(super) field: String,
    /// The name of the set.
    pub(super) issuer: &'a Issuer,
    /// The use of the set.
    pub(super) role: Role,
}

/// The use of a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It verifies the viewer tokens of an issuer.
    Issuer,
    /// It verifies the viewer tokens of a dialect without an issuer.
    Dialect,
    /// It signs and verifies sessions.
    Sessions,
}

/// The sets of keys that a site names, in the order of the document.
pub(super) fn keys_of(site: &Site) -> Vec<KeysReference<'_>> {
    let mut found = Vec::new();
    let mut add = |field: String, issuer, role| found.push(KeysReference { field, issuer, role });
    for (index, issuer) in site.tokens.issuers.iter().enumerate() {
        add(format!("tokens.issuers[{index}]"), issuer, Role::Issuer);
    }
    for (index, acceptance) in site.tokens.accept.iter().enumerate() {
        let at = |member: &str| format!("tokens.accept[{index}].{member}");
        let (name, issuers, keys) = match acceptance {
            Acceptance::Jwt(own) => ("jwt", own.issuers.as_ref(), None),
            Acceptance::Cat(own) => ("cat", own.issuers.as_ref(), own.keys.as_ref()),
            Acceptance::UriSigning(own) => ("uri_signing", own.issuers.as_ref(), own.keys.as_ref()),
            Acceptance::EdgeAuth(own) => ("edge_auth", None, Some(&own.keys)),
            Acceptance::SecureMedia(own) => ("secure_media", None, Some(&own.keys)),
            Acceptance::Stream(own) => ("stream", None, Some(&own.keys)),
            Acceptance::TimedHmac(own) => ("timed_hmac", None, Some(&own.keys)),
            Acceptance::MediaCdn(own) => ("media_cdn", None, Some(&own.keys)),
            Acceptance::SecureLink(own) => ("secure_link", None, Some(&own.keys)),
            Acceptance::CloudFront(own) => ("cloud_front", None, Some(&own.keys)),
        };
        for (number, issuer) in issuers.into_iter().flatten().enumerate() {
            add(at(&format!("{name}.issuers[{number}]")), issuer, Role::Issuer);
        }
        if let Acceptance::UriSigning(own) = acceptance {
            for (issuer, keys) in &own.issuer_keys {
                add(at(&format!("{name}.issuer_keys.{issuer}")), keys, Role::Dialect);
            }
        }
        if let Some(keys) = keys {
            add(at(&format!("{name}.keys")), keys, Role::Dialect);
        }
    }
    add("sessions.keys".to_owned(), &site.sessions.keys, Role::Sessions);
    found
}

/// The groups of territories that a title names, each with its member.
pub(super) fn groups_of(title: &Title) -> Vec<(String, &GroupName)> {
    let mut found = Vec::new();
    let mut add = |place: &dyn Fn() -> String, territories| groups_in(&mut found, place, territories);
    for (index, offer) in title.offers.iter().enumerate() {
        add(&|| format!("offers[{index}].territories"), &offer.territories);
        for (number, premiere) in offer.premieres.iter().enumerate() {
            add(&|| format!("offers[{index}].premieres[{number}].territories"), &premiere.territories);
        }
    }
    for (index, variance) in title.variances.iter().enumerate() {
        if let Some(territories) = &variance.territories {
            add(&|| format!("variances[{index}].territories"), territories);
        }
    }
    for (index, blackout) in title.blackouts.iter().enumerate() {
        add(&|| format!("blackouts[{index}].territories"), &blackout.territories);
    }
    found
}

fn groups_in<'a>(
    found: &mut Vec<(String, &'a GroupName)>,
    place: &dyn Fn() -> String,
    territories: &'a Territories,
) {
    for (list, entries) in [("allow", &territories.allow), ("deny", &territories.deny)] {
        for (index, entry) in entries.iter().enumerate() {
            if let Territory::Group(name) = entry {
                found.push((format!("{}.{list}[{index}]", place()), name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_a_site_that_names_keys_is_found() {
        let site: Site = serde_json::from_str(
            r#"{"host":"a.example","media":{"origin":"https://m.example/"},"sessions":{"keys":"s"},
                "tokens":{"issuers":["i0","i1"],"accept":[
                    {"jwt":{}},{"jwt":{"issuers":["j"]}},{"cat":{"issuers":["c"],"keys":"ck"}},
                    {"uri_signing":{"issuers":["u"],"keys":"uk","issuer_keys":{"uCDN Inc":"ui"}}},
                    {"edge_auth":{"keys":"e"}},{"secure_media":{"keys":"sm"}},{"stream":{"keys":"st"}},
                    {"timed_hmac":{"keys":"th","lifetime_s":60}},{"media_cdn":{"keys":"mc"}},
                    {"cloud_front":{"keys":"cf"}}]}}"#,
        )
        .unwrap();
        let found: Vec<_> =
            keys_of(&site).iter().map(|named| format!("{}={}", named.field, named.issuer)).collect();
        assert_eq!(
            found,
            [
                "tokens.issuers[0]=i0",
                "tokens.issuers[1]=i1",
                "tokens.accept[1].jwt.issuers[0]=j",
                "tokens.accept[2].cat.issuers[0]=c",
                "tokens.accept[2].cat.keys=ck",
                "tokens.accept[3].uri_signing.issuers[0]=u",
                "tokens.accept[3].uri_signing.issuer_keys.uCDN Inc=ui",
                "tokens.accept[3].uri_signing.keys=uk",
                "tokens.accept[4].edge_auth.keys=e",
                "tokens.accept[5].secure_media.keys=sm",
                "tokens.accept[6].stream.keys=st",
                "tokens.accept[7].timed_hmac.keys=th",
                "tokens.accept[8].media_cdn.keys=mc",
                "tokens.accept[9].cloud_front.keys=cf",
                "sessions.keys=s",
            ]
        );
    }

    #[test]
    fn every_list_of_territories_of_a_title_is_searched_for_groups() {
        let list = r#"{"allow":["*","group:a"],"deny":["group:b"]}"#;
        let title: Title = serde_json::from_str(&format!(
            r#"{{"id":"t","sites":["a.example"],
                "variances":[{{"id":"v","media":"v/","territories":{list}}},{{"id":"w","media":"w/"}}],
                "blackouts":[{{"id":"b","action":"deny","territories":{list}}}],
                "offers":[{{"id":"o","territories":{list},
                    "premieres":[{{"territories":{list},"from":"2026-12-01T00:00:00Z"}}]}}]}}"#
        ))
        .unwrap();
        let found = groups_of(&title);
        for place in ["offers[0]", "offers[0].premieres[0]", "variances[0]", "blackouts[0]"] {
            for (entry, name) in [("allow[1]", "a"), ("deny[0]", "b")] {
                let field = format!("{place}.territories.{entry}");
                assert!(found.iter().any(|(at, group)| *at == field && group.as_str() == name), "{field}");
            }
        }
        assert_eq!(found.len(), 8, "{found:?}");
    }
}
