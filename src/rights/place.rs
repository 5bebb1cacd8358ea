//! A viewer's place, and which territories it is in.

use super::continent;
use crate::catalog::{Code, GeographyPolicy, GroupName, Territories, Territory};
use crate::facts::Geography;

/// A viewer's place on a site.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    policy: &'a GeographyPolicy,
    /// Every territory that the viewer is in, the nearest first.
    keys: Vec<Territory>,
}

impl<'a> Place<'a> {
    pub(super) fn new(geography: &Geography, policy: &'a GeographyPolicy) -> Self {
        let mut keys = vec![Territory::World];
        if let Some(asn) = geography.asn {
            keys.push(Territory::Asn(asn));
        }
        if let Some(number) = geography.dma {
            keys.push(Territory::Dma(number));
        }
        let continent = match (&geography.continent, geography.country) {
            (Some(continent), _) => Some(continent.as_str()),
            (None, Some(country)) => continent::of(country),
            (None, None) => None,
        };
        keys.extend(continent.and_then(Code::new).map(Territory::Continent));
        if let Some(country) = geography.country {
            keys.push(Territory::Country(country));
            let subdivision = geography.subdivision.as_deref().and_then(Code::new);
            keys.extend(subdivision.map(|code| Territory::Subdivision(country, code)));
            let postal = geography.postal.as_deref().unwrap_or_default();
            let prefixes = (1..=postal.len()).filter_map(|len| Code::new(postal.get(..len)?));
            keys.extend(prefixes.map(|prefix| Territory::Postal(country, prefix)));
        }
        let groups: Vec<_> = policy
            .groups
            .keys()
            .filter(|name| {
                policy.group(name).is_some_and(|members| members.iter().any(|one| keys.contains(one)))
            })
            .map(|name| Territory::Group(name.clone()))
            .collect();
        keys.extend(groups);
        keys.sort_by_key(|key| std::cmp::Reverse(key.nearness()));
        Self { policy, keys }
    }

    /// The place of a viewer of whom nothing is known.
    pub(super) fn unknown(policy: &'a GeographyPolicy) -> Self {
        Self::new(&Geography::default(), policy)
    }

    /// Every territory that the viewer is in, the nearest first.
    pub(super) fn keys(&self) -> &[Territory] {
        &self.keys
    }

    pub(super) fn is_in(&self, territory: &Territory) -> bool {
        self.keys.contains(territory)
    }

    /// Whether the site does not define a group.
    pub(super) fn is_undefined(&self, name: &GroupName) -> bool {
        self.policy.group(name).is_none()
    }

    /// How the viewer stands to a list.
    pub(super) fn standing<'t>(&self, list: &'t Territories) -> Standing<'t> {
        let undefined =
            |entry: &&Territory| matches!(entry, Territory::Group(name) if self.is_undefined(name));
        let nearest = |entries: &'t [Territory]| {
            entries.iter().filter(|entry| self.is_in(entry)).max_by_key(|entry| entry.nearness())
        };
        Standing {
            allow: nearest(&list.allow),
            deny: nearest(&list.deny),
            undefined_in_allow: list.allow.iter().filter(undefined).min(),
            undefined_in_deny: list.deny.iter().filter(undefined).min(),
        }
    }
}

/// How a viewer stands to a list of territories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing<'t> {
    /// The nearest entry of `allow` that the viewer is in.
    pub(super) allow: Option<&'t Territory>,
    /// The nearest entry of `deny` that the viewer is in.
    pub(super) deny: Option<&'t Territory>,
    /// A group in `allow` that the site does not define.
    pub(super) undefined_in_allow: Option<&'t Territory>,
    /// A group in `deny` that the site does not define.
    pub(super) undefined_in_deny: Option<&'t Territory>,
}

impl Standing<'_> {
    /// Whether the viewer is inside for certain: for lists that give. A group that nobody defines gives nothing, and
    /// takes all.
    pub(super) fn is_inside(&self) -> bool {
        self.undefined_in_deny.is_none() && self.is_allowed()
    }

    /// Whether the viewer may be inside: for lists that take. A group that nobody defines takes.
    pub(super) fn may_be_inside(&self) -> bool {
        self.undefined_in_allow.is_some() || self.is_allowed()
    }

    fn is_allowed(&self) -> bool {
        let nearness = |entry: Option<&Territory>| entry.map(Territory::nearness);
        self.allow.is_some() && nearness(self.allow) > nearness(self.deny)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_nearest_decides_and_of_equals_that_in_deny() {
        let policy: GeographyPolicy = serde_json::from_value(json!({ "groups": {
            "gulf": ["AE", "SA", "asn:5384"], "dubai": ["AE-DU"], "nested": ["group:gulf"] } }))
        .unwrap();
        // allow, deny, place, inside for certain, may be inside
        type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a str, bool, bool);
        let table: [Row<'_>; 31] = [
            (&["*"], &[], "", true, true),
            (&["*"], &[], "AE", true, true),
            (&["AE"], &[], "", false, false),
            (&["*"], &["AE"], "AE", false, false),
            (&["*"], &["AE"], "GB", true, true),
            (&["*"], &["AE"], "", true, true),
            (&["AE"], &["*"], "AE", true, true),
            (&["AE"], &["AE"], "AE", false, false),
            (&["AE-DU"], &["AE"], "AE-DU", true, true),
            (&["AE-DU"], &["AE"], "AE-AZ", false, false),
            (&["AE-DU"], &[], "AE", false, false),
            (&["AE"], &["AE-DU"], "AE-DU", false, false),
            (&["continent:EU"], &[], "GB", true, true),
            (&["continent:EU"], &[], "GB;continent=AS", false, false),
            (&["continent:EU"], &["GB"], "GB", false, false),
            (&["group:gulf"], &[], "AE", true, true),
            (&["group:gulf"], &[], "GB", false, false),
            (&["group:gulf"], &[], "GB;asn=5384", true, true),
            (&["group:gulf"], &["SA"], "SA", false, false),
            (&["continent:AS"], &["group:gulf"], "AE", false, false),
            (&["group:dubai"], &["group:gulf"], "AE-DU", false, false),
            (&["group:none"], &[], "AE", false, true),
            (&["AE"], &["group:none"], "AE", false, true),
            (&["group:nested"], &[], "AE", false, true),
            (&["dma:803"], &["US-CA"], "US-CA;dma=803", true, true),
            (&["US"], &["dma:803"], "US-CA;dma=803", false, false),
            (&["postal:US-902"], &["dma:803"], "US-CA;dma=803;postal=90210", true, true),
            (&["postal:US-902"], &["postal:US-90210"], "US;postal=90210", false, false),
            (&["postal:US-902"], &[], "GB;postal=90210", false, false),
            (&["postal:GB-SW1A"], &[], "GB;postal=sw1a 2aa", true, true),
            (&["asn:5384"], &["postal:AE-1"], "AE;asn=5384;postal=1", true, true),
        ];
        for (allow, deny, place, inside, maybe) in table {
            let list: Territories = serde_json::from_value(json!({ "allow": allow, "deny": deny })).unwrap();
            let standing = Place::new(&place.parse().unwrap(), &policy);
            let standing = standing.standing(&list);
            assert_eq!(
                (standing.is_inside(), standing.may_be_inside()),
                (inside, maybe),
                "allow {allow:?}, deny {deny:?}, in {place:?}"
            );
        }
    }
}
