//! Which rules are enforced, and for which viewers. Ops can rehearse a rule before it refuses viewers.

use serde::{Deserialize, Deserializer, Serialize, de};

/// How a rule treats a viewer whom it would refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The rule is not evaluated.
    Off,
    /// The viewer passes, and the log says that the rule would have refused.
    Log,
    /// The viewer is refused.
    #[default]
    Enforce,
}

impl Mode {
    /// The mode's name, as it stands in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Log => "log",
            Self::Enforce => "enforce",
        }
    }
}

/// How a rule is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Enforcement {
    /// The mode. Absent: `enforce`.
    #[serde(default)]
    pub mode: Mode,
    /// The percentage of viewers to whom `enforce` applies. For all other viewers, the mode is `log`. The choice is
    /// stable, and raising the number only adds viewers. Absent: 100.
    #[serde(default = "everybody", skip_serializing_if = "is_everybody", deserialize_with = "percent")]
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub percent: u8,
}

impl Enforcement {
    /// The mode for the viewer of a bucket, 0 to 99.
    pub const fn mode_for(self, bucket: u8) -> Mode {
        match self.mode {
            Mode::Enforce if bucket >= self.percent => Mode::Log,
            mode => mode,
        }
    }
}

impl Default for Enforcement {
    fn default() -> Self {
        Self { mode: Mode::Enforce, percent: everybody() }
    }
}

const fn everybody() -> u8 {
    100
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_everybody(percent: &u8) -> bool {
    *percent == everybody()
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let percent = u8::deserialize(deserializer)?;
    if percent <= 100 {
        Ok(percent)
    } else {
        Err(de::Error::custom(format_args!("expected 0 to 100 percent, found {percent}")))
    }
}

macro_rules! rules {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident $rule:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$member_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $member: Option<Enforcement>,)*
        }

        impl $name {
            /// The document's setting for a rule.
            pub const fn of(&self, rule: Rule) -> Option<Enforcement> {
                match rule {
                    $(Rule::$rule => self.$member,)*
                    #[allow(unreachable_patterns, reason = "a site names every rule")]
                    _ => None,
                }
            }

            /// Whether every member has its default.
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

/// The rules of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Tor and hosting networks.
    Anonymiser,
    /// Viewers whose country is unknown.
    UnknownGeography,
    /// A title's embargo.
    Embargo,
    /// A title's blackouts.
    Blackout,
    /// An offer's territories.
    Territory,
    /// An offer's window and premieres.
    Window,
    /// An offer's device classes.
    Device,
    /// An offer's plans.
    Plan,
    /// An offer's entitlements.
    Entitlement,
    /// A title's ratings.
    Rating,
}

impl Rule {
    /// The rule's name, as it stands in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymiser => "anonymiser",
            Self::UnknownGeography => "unknown_geography",
            Self::Embargo => "embargo",
            Self::Blackout => "blackout",
            Self::Territory => "territory",
            Self::Window => "window",
            Self::Device => "device",
            Self::Plan => "plan",
            Self::Entitlement => "entitlement",
            Self::Rating => "rating",
        }
    }
}

rules! {
    /// A site's rules. An absent rule is enforced for every viewer.
    SiteRules {
        /// Viewers who come through Tor or a hosting network. Absent: enforced.
        anonymiser Anonymiser,
        /// Viewers whose country is unknown. Absent: enforced.
        unknown_geography UnknownGeography,
        /// Titles' embargoes. Absent: enforced.
        embargo Embargo,
        /// Titles' blackouts. Absent: enforced.
        blackout Blackout,
        /// Offers' territories. Absent: enforced.
        territory Territory,
        /// Offers' windows and premieres. Absent: enforced.
        window Window,
        /// Offers' device classes. Absent: enforced.
        device Device,
        /// Offers' plans. Absent: enforced.
        plan Plan,
        /// Offers' entitlements. Absent: enforced.
        entitlement Entitlement,
        /// Titles' ratings. Absent: enforced.
        rating Rating,
    }
}

rules! {
    /// An offer's own settings for its rules, in place of the site's settings.
    OfferRules {
        /// The offer's territories. Absent: the site's setting.
        territory Territory,
        /// The offer's window and premieres. Absent: the site's setting.
        window Window,
        /// The offer's device classes. Absent: the site's setting.
        device Device,
        /// The offer's plans. Absent: the site's setting.
        plan Plan,
        /// The offer's entitlements. Absent: the site's setting.
        entitlement Entitlement,
        /// The title's ratings, for viewers under this offer. Absent: the site's setting.
        rating Rating,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_out_keeps_those_whom_it_has() {
        for percent in 0..=100 {
            let enforcement = Enforcement { mode: Mode::Enforce, percent };
            let enforced = (0..100).filter(|bucket| enforcement.mode_for(*bucket) == Mode::Enforce).count();
            assert_eq!(enforced, usize::from(percent));
            assert!((0..percent).all(|bucket| enforcement.mode_for(bucket) == Mode::Enforce));
        }
        let log = Enforcement { mode: Mode::Log, percent: 100 };
        assert_eq!(log.mode_for(0), Mode::Log);
    }

    #[test]
    fn what_is_absent_is_enforced_for_everybody() {
        let rules: SiteRules =
            serde_json::from_str(r#"{"rating":{"percent":25},"plan":{"mode":"off"}}"#).unwrap();
        assert_eq!(rules.of(Rule::Rating), Some(Enforcement { mode: Mode::Enforce, percent: 25 }));
        assert_eq!(rules.of(Rule::Plan).unwrap().mode, Mode::Off);
        assert_eq!(rules.of(Rule::Window), None);
        assert!(serde_json::from_str::<SiteRules>(r#"{"plan":{"percent":101}}"#).is_err());
    }
}
