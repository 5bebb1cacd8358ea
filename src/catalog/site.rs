//! `v1/site/{host}`: a tenant's settings.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    AdPolicy, CachePolicy, CorsPolicy, DevicePolicy, GeographyPolicy, Host, MediaPolicy, PlaylistPolicy,
    RatingPolicy, SessionPolicy, SiteRules, SteeringPolicy, TokenPolicy,
};

/// A site: one host name in front of one media origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Self")]
pub struct Site {
    /// The host name under which the document is stored and the site is reached.
    pub host: Host,
    /// The site's media origin.
    pub media: MediaPolicy,
    /// The viewer tokens that the site accepts.
    pub tokens: TokenPolicy,
    /// The sessions that the site opens.
    pub sessions: SessionPolicy,
    /// How the site treats viewers by their location.
    #[serde(default)]
    pub geography: GeographyPolicy,
    /// How the site treats titles' age ratings.
    #[serde(default, skip_serializing_if = "RatingPolicy::is_default")]
    pub ratings: RatingPolicy,
    /// How the site recognises devices.
    #[serde(default, skip_serializing_if = "DevicePolicy::is_default")]
    pub devices: DevicePolicy,
    /// How the rules of the site's titles are enforced.
    #[serde(default, skip_serializing_if = "SiteRules::is_empty")]
    pub rules: SiteRules,
    /// How the site treats playlists.
    #[serde(default, skip_serializing_if = "PlaylistPolicy::is_default")]
    pub playlists: PlaylistPolicy,
    /// How the site steers players between pathways. Absent: no steering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steering: Option<SteeringPolicy>,
    /// How long the edge keeps files of the media origin.
    #[serde(default)]
    pub cache: CachePolicy,
    /// How the site sells and fills breaks. Absent: no advertising.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ads: Option<AdPolicy>,
    /// The web pages that may play the site's media.
    #[serde(default)]
    pub cors: CorsPolicy,
}

impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Site {
    /// Reads the members, and then checks the members that depend on others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let site = Self::deserialize(deserializer)?;
        site.media.check(&site.host).map_err(de::Error::custom)?;
        match site
            .steering
            .as_ref()
            .map(|steering| steering.check(&site.host, &site.media.foreign, &site.geography))
        {
            Some(Err(error)) => Err(de::Error::custom(error)),
            Some(Ok(())) | None => Ok(site),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{DeviceClass, Placement, UnknownGeography};

    const SMALLEST: &str = r#"{
        "host": "watch.example.com",
        "media": { "origin": "https://media.example.com/vod/" },
        "tokens": { "issuers": ["https://id.example.com/"] },
        "sessions": { "keys": "watch-sessions" }
    }"#;

    #[test]
    fn defaults_are_filled_in() {
        let site: Site = serde_json::from_str(SMALLEST).unwrap();
        assert_eq!(site.tokens.placements, [Placement::Query("token".into()), Placement::Authorization]);
        assert_eq!(site.sessions.lifetime_s, 14_400);
        assert_eq!(site.geography.unknown, UnknownGeography::Deny);
        let written = serde_json::to_string(&site).unwrap();
        assert_eq!(serde_json::from_str::<Site>(&written).unwrap(), site);
    }

    #[test]
    fn a_media_origin_is_a_folder() {
        for bad in [
            "media.example.com/",
            "https://media.example.com/vod",
            "ftp://a/",
            "https://a/?x/",
            "https://u:p@a/",
        ] {
            let json = SMALLEST.replace("https://media.example.com/vod/", bad);
            assert!(serde_json::from_str::<Site>(&json).is_err(), "{bad:?} was taken for a folder");
        }
    }

    #[test]
    fn a_media_origin_is_none_of_the_edges_own() {
        for own in [
            "https://watch.example.com/",
            "https://WATCH.example.com./vod/",
            "http://watch.example.com:8080/vod/",
            "https://watch.other.example/_cache/0/https/media.example.com/vod/",
            "https://watch.other.example/%5Fcache/",
            "https://watch.other.example/%255Fcache/",
            "https://watch.other.example//_CACHE;a=b/0/",
            "https://watch.other.example/a/../_cache/",
        ] {
            let json = SMALLEST.replace("https://media.example.com/vod/", own);
            let error = serde_json::from_str::<Site>(&json).unwrap_err().to_string();
            assert!(error.starts_with("media.origin: expected a"), "{own}: {error}");
        }
        for other in ["https://media.example.com/vod/_cache/", "https://watch.example.com.cdn.example/"] {
            let json = SMALLEST.replace("https://media.example.com/vod/", other);
            assert!(serde_json::from_str::<Site>(&json).is_ok(), "{other}");
        }
        let local = SMALLEST.replace("watch.example.com", "localhost");
        let local = local.replace("https://media.example.com/vod/", "http://localhost:8788/media/");
        assert!(serde_json::from_str::<Site>(&local).is_ok(), "two programs of one machine");
    }

    #[test]
    fn clients_whose_tokens_are_not_renewed_are_known_by_a_word_of_theirs() {
        let with = |unrenewed: &str| {
            let sessions = format!(r#""watch-sessions", "lifetime_s": 600, "unrenewed": {unrenewed}"#);
            serde_json::from_str::<Site>(&SMALLEST.replace(r#""watch-sessions""#, &sessions))
        };
        let site = with(r#"{ "user_agents": ["VLC/"], "devices": ["stb"], "lifetime_s": 7200 }"#).unwrap();
        let lifetime_s = |device, user_agent| site.sessions.first_lifetime_s(device, user_agent);
        assert_eq!(lifetime_s(None, Some("VLC/3.0.24 LibVLC/3.0.24")), 7_200);
        assert_eq!(lifetime_s(Some(DeviceClass::Stb), None), 7_200);
        assert_eq!(lifetime_s(Some(DeviceClass::Tv), Some("Mozilla/5.0 VLC/3")), 600);
        assert_eq!(lifetime_s(None, None), 600);
        let shorter = with(r#"{ "devices": ["stb"], "lifetime_s": 60 }"#).unwrap();
        assert_eq!(shorter.sessions.first_lifetime_s(Some(DeviceClass::Stb), None), 600);
        assert_eq!(with(r#"{ "devices": ["stb"] }"#).unwrap().sessions.unrenewed.lifetime_s, 86_400);
        let many = format!(r#"{{ "user_agents": ["{}"] }}"#, ["a"; 17].join(r#"",""#));
        let long = format!(r#"{{ "user_agents": ["{}"] }}"#, "a".repeat(65));
        for bad in [&many, &long, r#"{ "user_agents": [""] }"#, r#"{ "lifetime_s": 604801 }"#] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_lasts_a_day_at_most() {
        let json = SMALLEST.replace(r#""watch-sessions""#, r#""watch-sessions", "lifetime_s": 86401"#);
        let error = serde_json::from_str::<Site>(&json).unwrap_err().to_string();
        assert!(error.contains("expected 60 to 86400 seconds, found 86401"), "{error}");
    }
}
