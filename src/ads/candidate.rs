//! Ads that may fill a break, as an ad server or the site's campaigns offer them.

use std::time::Duration;

use super::{Ad, Format, Media, NonLinear};
use crate::catalog::{CampaignId, Creative, CreativeId, CreativeKind, Label};
use crate::sorting;

/// An ad that may fill a slot of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The advertisement, with its tracking.
    pub ad: Ad,
    /// Its media.
    pub media: Media,
    /// Its duration, as its media lasts.
    pub duration: Duration,
    /// Categories of its advertiser. No two ads of one category stand in one pod.
    pub separation: Vec<Label>,
    /// Its place in the pod. `None`: it is a spare, for an ad of the pod that fails or does not fit.
    pub sequence: Option<u32>,
    /// The codecs of its media, by RFC 6381. Empty: not known.
    pub codecs: Vec<String>,
    /// The heights of its pictures, in pixels. Empty: not known.
    pub heights: Vec<u32>,
}

impl Candidate {
    /// The candidate of a creative of a campaign. `None`: the creative is not linear.
    pub fn of_campaign(campaign: &CampaignId, separation: &[Label], creative: &Creative) -> Option<Self> {
        let CreativeKind::Linear(media) = &creative.kind else { return None };
        Some(Self {
            ad: Ad::of_campaign(campaign, creative),
            media: Media::of_creative(&creative.id, media),
            duration: Duration::from_millis(media.duration_ms),
            separation: separation.to_vec(),
            sequence: None,
            codecs: media.codecs.clone(),
            heights: media.heights.clone(),
        })
    }

    /// Its creative, unless players fetch its media elsewhere.
    pub const fn creative(&self) -> Option<&CreativeId> {
        match &self.media {
            Media::Creative { id, .. } => Some(id),
            Media::Direct { .. } => None,
        }
    }
}

impl Media {
    /// Whether it can be listed in a format.
    pub fn is_listed_as(&self, format: Format) -> bool {
        match (self, format) {
            (Self::Creative { hls, .. }, Format::Hls) => hls.is_some(),
            (Self::Creative { dash, .. }, Format::Dash) => dash.is_some(),
            (Self::Direct { media_type, .. }, format) => format.is_of(media_type),
        }
    }
}

/// The ads that may fill one break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// The places of the pod, in order. `None`: the ad of this place failed.
    pub places: Vec<Option<Candidate>>,
    /// Ads for places whose own ad fails or does not fit, in the order in which they are tried.
    pub spares: Vec<Candidate>,
    /// Items that are shown beside the content.
    pub non_linear: Vec<NonLinear>,
}

impl Offered {
    /// Sorts the ads of an ad server by their sequence. Ads without one are spares, unless no ad has a sequence: then they are the
    /// pod, in their order ([VAST 4.3 section 2.4.2]). `failed` has the sequences of the ads that failed.
    ///
    /// [VAST 4.3 section 2.4.2]: https://iabtechlab.com/wp-content/uploads/2022/09/VAST_4.3.pdf
    pub fn of(candidates: Vec<Candidate>, failed: &[u32], non_linear: Vec<NonLinear>) -> Self {
        let is_pod = !failed.is_empty() || candidates.iter().any(|candidate| candidate.sequence.is_some());
        if !is_pod {
            let places = candidates.into_iter().map(Some).collect();
            return Self { places, spares: Vec::new(), non_linear };
        }
        let mut places: Vec<_> = failed.iter().map(|sequence| (*sequence, None)).collect();
        let mut spares = Vec::new();
        for candidate in candidates {
            match candidate.sequence {
                Some(sequence) => places.push((sequence, Some(candidate))),
                None => spares.push(candidate),
            }
        }
        sorting::by_key(&mut places, |(sequence, _)| *sequence);
        Self { places: places.into_iter().map(|(_, place)| place).collect(), spares, non_linear }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A candidate of so many seconds.
    pub(in super::super) fn candidate(id: &str, secs: u64, sequence: Option<u32>) -> Candidate {
        Candidate {
            ad: Ad { id: id.to_owned(), sequence, ..Ad::default() },
            media: Media::Creative { id: id.parse().unwrap(), hls: Some("m.m3u8".to_owned()), dash: None },
            duration: Duration::from_secs(secs),
            separation: Vec::new(),
            sequence,
            codecs: Vec::new(),
            heights: Vec::new(),
        }
    }

    #[test]
    fn ads_without_a_sequence_are_spares_of_a_pod_and_otherwise_the_pod() {
        let ids = |offered: &Offered| {
            let id = |candidate: &Candidate| candidate.ad.id.clone();
            let places: Vec<_> = offered.places.iter().map(|place| place.as_ref().map(id)).collect();
            (places, offered.spares.iter().map(id).collect::<Vec<_>>())
        };
        let own = |id: &str| Some(id.to_owned());
        let pod = vec![candidate("c", 1, Some(3)), candidate("s", 1, None), candidate("a", 1, Some(1))];
        assert_eq!(
            ids(&Offered::of(pod, &[2], Vec::new())),
            (vec![own("a"), None, own("c")], vec!["s".to_owned()])
        );
        let buffet = vec![candidate("b", 1, None), candidate("a", 1, None)];
        assert_eq!(ids(&Offered::of(buffet, &[], Vec::new())), (vec![own("b"), own("a")], vec![]));
        let failed = vec![candidate("s", 1, None)];
        assert_eq!(ids(&Offered::of(failed, &[1], Vec::new())), (vec![None], vec!["s".to_owned()]));
    }
}
