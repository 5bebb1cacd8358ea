//! A viewer's place, and which territories it is in.

use std::cell::OnceCell;

use super::continent;
use crate::catalog::{Code, CountryCode, GeographyPolicy, GroupName, Territories, Territory};
use crate::facts::Geography;

/// Whether a viewer is in a part of the world for certain.
pub fn is_inside(list: &Territories, geography: &Geography, policy: &GeographyPolicy) -> bool {
    ViewerPlace::new(geography, policy).standing(list).is_inside()
}

/// A viewer's place on a site.
#[derive(Clone, Debug)]
pub(super) struct ViewerPlace<'a> {
    policy: &'a GeographyPolicy,
    country: Option<CountryCode>,
    subdivision: Option<Code<3>>,
    continent: Option<Code<2>>,
    dma: Option<u16>,
    postal: Option<Code<10>>,
    asn: Option<u32>,
    /// The groups that the viewer is in, in their order.
    groups: Vec<&'a GroupName>,
    /// The groups that the viewer may be in, in their order. Derived on demand, because few titles need them.
    unsure: OnceCell<Vec<&'a GroupName>>,
}

impl<'a> ViewerPlace<'a> {
    pub(super) fn new(geography: &Geography, policy: &'a GeographyPolicy) -> Self {
        let country = geography.country;
        let continent = match (&geography.continent, country) {
            (Some(continent), _) => Some(continent.as_str()),
            (None, Some(country)) => continent::of(country),
            (None, None) => None,
        };
        let mut place = Self {
            policy,
            country,
            subdivision: geography.subdivision.as_deref().and_then(Code::new),
            continent: continent.and_then(Code::new),
            dma: geography.dma,
            postal: geography.postal.as_deref().and_then(Code::new),
            asn: geography.asn,
            groups: Vec::new(),
            unsure: OnceCell::new(),
        };
        let is_member = |name: &&GroupName| {
            let members = policy.group(name).unwrap_or_default();
            members.iter().any(|member| place.is_in(member))
        };
        place.groups = policy.groups.keys().filter(is_member).collect();
        place
    }

    /// The place of a viewer about whom nothing is known.
    pub(super) fn unknown(policy: &'a GeographyPolicy) -> Self {
        Self::new(&Geography::default(), policy)
    }

    /// The country, if it is known and counts.
    pub(super) const fn country(&self) -> Option<CountryCode> {
        self.country
    }

    pub(super) fn is_in(&self, territory: &Territory) -> bool {
        match territory {
            Territory::World => true,
            Territory::Continent(code) => self.continent == Some(*code),
            Territory::Group(name) => self.groups.binary_search(&name).is_ok(),
            Territory::Country(code) => self.country == Some(*code),
            Territory::Subdivision(of, code) => self.country == Some(*of) && self.subdivision == Some(*code),
            Territory::Dma(number) => self.dma == Some(*number),
            Territory::Postal(of, prefix) => {
                self.country == Some(*of)
                    && self.postal.is_some_and(|code| code.as_str().starts_with(prefix.as_str()))
            }
            Territory::Asn(number) => self.asn == Some(*number),
        }
    }

    /// Every territory that the viewer is in, the nearest first.
    pub(super) fn keys(&self) -> Vec<Territory> {
        let mut keys = Vec::with_capacity(16 + self.groups.len());
        keys.extend(self.asn.map(Territory::Asn));
        if let Some(country) = self.country {
            let postal = self.postal.as_ref().map(Code::as_str).unwrap_or_default();
            let prefixes = (1..=postal.len()).rev().filter_map(|len| Code::new(postal.get(..len)?));
            keys.extend(prefixes.map(|prefix| Territory::Postal(country, prefix)));
        }
        keys.extend(self.dma.map(Territory::Dma));
        if let Some(country) = self.country {
            keys.extend(self.subdivision.map(|code| Territory::Subdivision(country, code)));
            keys.push(Territory::Country(country));
        }
        keys.extend(self.groups.iter().map(|name| Territory::Group((*name).clone())));
        keys.extend(self.continent.map(Territory::Continent));
        keys.push(Territory::World);
        keys
    }

    /// Whether the site does not define a group.
    pub(super) fn is_undefined(&self, name: &GroupName) -> bool {
        self.policy.group(name).is_none()
    }

    /// Whether the viewer may be in a territory, and too little is known to tell.
    pub(super) fn may_be_in(&self, territory: &Territory) -> bool {
        let in_country = |of: &str| self.country.is_none_or(|code| code.as_str() == of);
        match territory {
            Territory::World => false,
            Territory::Continent(_) => self.continent.is_none(),
            Territory::Group(name) => {
                let may_be_in = |name: &&GroupName| {
                    let mut members = self.policy.group(name).into_iter().flatten();
                    // A group holds no groups.
                    members.any(|member| !matches!(member, Territory::Group(_)) && self.may_be_in(member))
                };
                let unsure =
                    self.unsure.get_or_init(|| self.policy.groups.keys().filter(may_be_in).collect());
                unsure.binary_search(&name).is_ok()
            }
            Territory::Country(_) => self.country.is_none(),
            Territory::Subdivision(of, _) => in_country(of.as_str()) && self.subdivision.is_none(),
            Territory::Dma(_) => in_country("US") && self.dma.is_none(),
            Territory::Postal(of, _) => in_country(of.as_str()) && self.postal.is_none(),
            Territory::Asn(_) => self.asn.is_none(),
        }
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
            untold: None,
            untold_in_deny: None,
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
    /// The nearest entry of `allow` that the viewer may be in, if the viewer's location is too imprecise to tell; only
    /// where that matters.
    pub(super) untold: Option<&'t Territory>,
    /// An entry of `deny` that the viewer may be in: only where that matters.
    pub(super) untold_in_deny: Option<&'t Territory>,
}

impl Standing<'_> {
    /// Whether the viewer is certainly inside, for lists that grant something. An undefined group in `allow` grants
    /// nothing, and in `deny` it denies everybody.
    pub(super) fn is_inside(&self) -> bool {
        self.undefined_in_deny.is_none() && self.untold_in_deny.is_none() && self.is_allowed()
    }

    /// Whether the viewer may be inside, for lists that withhold something. An undefined group withholds from
    /// everybody.
    pub(super) fn may_be_inside(&self) -> bool {
        self.undefined_in_allow.is_some() || self.untold.is_some() || self.is_allowed()
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
    fn the_keys_are_what_the_viewer_is_in_the_nearest_first() {
        let policy: GeographyPolicy =
            serde_json::from_value(json!({ "groups": { "west": ["dma:803"], "east": ["US-NY"] } })).unwrap();
        let place = ViewerPlace::new(&"US-CA;dma=803;postal=902;asn=7".parse().unwrap(), &policy);
        let keys: Vec<_> = place.keys().iter().map(ToString::to_string).collect();
        let expected = [
            "asn:7",
            "postal:US-902",
            "postal:US-90",
            "postal:US-9",
            "dma:803",
            "US-CA",
            "US",
            "group:west",
            "continent:NA",
            "*",
        ];
        assert_eq!(keys, expected);
        assert!(place.keys().is_sorted_by(|a, b| a.nearness() > b.nearness()));
        assert!(place.keys().iter().all(|key| place.is_in(key)));
    }

    #[test]
    fn what_is_not_known_cannot_be_told() {
        let policy: GeographyPolicy =
            serde_json::from_value(json!({ "groups": { "west": ["US-CA", "dma:803"] } })).unwrap();
        let table = [
            ("*", "", false),
            ("AE", "", true),
            ("AE", "GB", false),
            ("AE-DU", "AE", true),
            ("AE-DU", "AE-AZ", false),
            ("AE-DU", "GB", false),
            ("AE-DU", "", true),
            ("dma:803", "US", true),
            ("dma:803", "US;dma=501", false),
            ("dma:803", "CA", false),
            ("postal:US-902", "US-CA", true),
            ("postal:US-902", "US;postal=10001", false),
            ("group:west", "US-CA", true),
            ("group:west", "US-NY;dma=501", false),
            ("group:none", "US", false),
            ("asn:1", "US", true),
            ("asn:1", "US;asn=2", false),
            ("continent:EU", "", true),
            ("continent:EU", "US", false),
        ];
        for (territory, place, expected) in table {
            let place = ViewerPlace::new(&place.parse().unwrap(), &policy);
            assert_eq!(place.may_be_in(&territory.parse().unwrap()), expected, "{territory} in {place:?}");
        }
    }

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
            let standing = ViewerPlace::new(&place.parse().unwrap(), &policy);
            let standing = standing.standing(&list);
            assert_eq!(
                (standing.is_inside(), standing.may_be_inside()),
                (inside, maybe),
                "allow {allow:?}, deny {deny:?}, in {place:?}"
            );
        }
    }
}
