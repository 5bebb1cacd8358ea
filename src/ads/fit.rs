//! How ads become a pod that fits its break: exactly, or shorter, and never longer.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::{Break, Candidate, ErrorCode, Format, Media, Offered, Pod, Role, Slot};
use crate::catalog::{AdPolicy, Creative, CreativeKind, Join, Label, Unfilled};
use crate::sorting;

/// The terms of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The site's policy.
    pub policy: &'a AdPolicy,
    /// The time of the break that has passed, for a viewer who joins within it; `None`: the viewer sees its start.
    pub elapsed: Option<Duration>,
    /// The content that the ads stand in.
    pub content: Content<'a>,
    /// The site's bumpers and slate.
    pub furniture: &'a Furniture,
}

/// The facts about the content, and its player, that ads have to match.
#[derive(Clone, Copy, Debug, Default)]
pub struct Content<'a> {
    /// Its codecs, by RFC 6381. Empty: not known, and ads of any codec match.
    pub codecs: &'a [String],
    /// The greatest height of its pictures, in pixels. `None`: not known, and ads of any height match.
    pub max_height: Option<u32>,
    /// The format in which its ads are listed. `None`: any.
    pub format: Option<Format>,
}

/// A site's bumpers and slate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Furniture {
    /// In front of the ads.
    pub bumper_in: Option<Filler>,
    /// Behind the ads.
    pub bumper_out: Option<Filler>,
    /// In the time that no ad fills.
    pub slate: Option<Filler>,
}

/// A bumper or slate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    /// Its media.
    pub media: Media,
    /// Its duration.
    pub duration: Duration,
    /// Its codecs. Empty: not known.
    pub codecs: Vec<String>,
    /// The heights of its pictures. Empty: not known.
    pub heights: Vec<u32>,
}

impl Filler {
    /// The filler of a creative. `None`: the creative is not linear.
    pub fn of_creative(creative: &Creative) -> Option<Self> {
        let CreativeKind::Linear(media) = &creative.kind else { return None };
        Some(Self {
            media: Media::of_creative(&creative.id, media),
            duration: Duration::from_millis(media.duration_ms),
            codecs: media.codecs.clone(),
            heights: media.heights.clone(),
        })
    }
}

/// A pod, and the ads that are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// The pod. Empty: the break is left to the content.
    pub pod: Pod,
    /// The ads that were left, each with the reason.
    pub left: Vec<Left>,
    /// Whether the ads were too short for the site's `shortest_s`, and were left for this reason.
    pub abandoned: bool,
}

/// An ad that is not in the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The ad.
    pub candidate: Candidate,
    /// Why it is not in the pod.
    pub why: Unfit,
    /// Whether it was a spare for the ads of the pod.
    pub is_spare: bool,
}

impl Left {
    /// The code that its ad server is told. `None`: nothing has failed, as with a spare that no place needs. `whole`: the time of the
    /// break, for a viewer who sees its start.
    pub fn code(&self, whole: Duration) -> Option<ErrorCode> {
        Some(match self.why {
            Unfit::Codec(_) | Unfit::Height(_) | Unfit::Format(_) => ErrorCode::MediaFile,
            _ if self.is_spare => return None,
            Unfit::NoDuration => ErrorCode::Duration,
            Unfit::TooLong { .. } if self.candidate.duration > whole => ErrorCode::Duration,
            Unfit::TooLong { .. } | Unfit::TooMany | Unfit::Abandoned | Unfit::Joined => ErrorCode::Shortened,
            Unfit::Separated(_) => ErrorCode::Undefined,
            Unfit::Spare => return None,
        })
    }
}

/// Why an ad is not in a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is longer than the time that is left.
    TooLong {
        /// The time that is left.
        left: Duration,
    },
    /// Its duration is zero, or not known.
    NoDuration,
    /// The pod has the site's `most_ads`.
    TooMany,
    /// The pod has an ad of this category.
    Separated(Label),
    /// Players of the content may not have this codec.
    Codec(String),
    /// Its lowest picture is higher than the content's highest.
    Height(u32),
    /// It has no media in the format that is asked for.
    Format(Format),
    /// It is a spare, and no place needs it.
    Spare,
    /// The ads of the pod are too short together.
    Abandoned,
    /// The viewer joined within the break, and the site shows such viewers the content.
    Joined,
}

/// The time of a pod that is still free.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    content: Content<'a>,
    /// The time.
    pub time: Duration,
    /// The number of ads.
    pub ads: usize,
    /// The categories of the ads that are in.
    pub labels: BTreeSet<Label>,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { left } => write!(f, "longer than the {} ms that are left", left.as_millis()),
            Self::NoDuration => f.write_str("without a duration"),
            Self::TooMany => f.write_str("more than the site's `most_ads`"),
            Self::Separated(label) => write!(f, "a second ad of `{label}`"),
            Self::Codec(codec) => write!(f, "the codec {codec}, which the content does not use"),
            Self::Height(height) => write!(f, "pictures from {height} pixels on, higher than the content's"),
            Self::Format(Format::Hls) => f.write_str("no HLS playlist"),
            Self::Format(Format::Dash) => f.write_str("no MPD"),
            Self::Spare => f.write_str("a spare that no place needs"),
            Self::Abandoned => f.write_str("ads shorter than the site's `shortest_s`"),
            Self::Joined => f.write_str("a viewer who joined within the break"),
        }
    }
}

impl<'a> Room<'a> {
    /// The room of an empty pod without bumpers. A break whose end is not known has room for the site's longest pod.
    pub fn of(of: &Break, terms: &Terms<'a>) -> Self {
        let Terms { policy, elapsed, content, .. } = terms;
        let longest = Duration::from_secs(policy.longest_s.into());
        let whole = of.duration().map_or(longest, |duration| duration.min(longest));
        let time = match (elapsed.unwrap_or_default(), policy.join) {
            (Duration::ZERO, _) | (_, Join::Whole) => whole,
            (_, Join::Nothing) => Duration::ZERO,
            (elapsed, Join::Rest) => whole.saturating_sub(elapsed),
        };
        Self { content: *content, time, ads: policy.most_ads.into(), labels: BTreeSet::new() }
    }

    /// Takes an ad in, unless it does not fit.
    pub fn take(&mut self, candidate: &Candidate) -> Result<(), Unfit> {
        self.content.matches(&candidate.media, &candidate.codecs, &candidate.heights)?;
        if candidate.duration.is_zero() {
            return Err(Unfit::NoDuration);
        }
        if self.ads == 0 {
            return Err(Unfit::TooMany);
        }
        if let Some(label) = candidate.separation.iter().find(|label| self.labels.contains(*label)) {
            return Err(Unfit::Separated(label.clone()));
        }
        let left = self.time;
        self.time = left.checked_sub(candidate.duration).ok_or(Unfit::TooLong { left })?;
        self.ads -= 1;
        self.labels.extend(candidate.separation.iter().cloned());
        Ok(())
    }

    /// Whether an ad would fit into an empty pod of this room.
    pub fn suits(&self, candidate: &Candidate) -> Result<(), Unfit> {
        Self { labels: BTreeSet::new(), ads: 1, ..self.clone() }.take(candidate)
    }

    fn take_filler(&mut self, filler: &Filler) -> Option<Slot> {
        let fits = self.content.matches(&filler.media, &filler.codecs, &filler.heights).is_ok();
        let left = self.time.checked_sub(filler.duration).filter(|_| fits && !filler.duration.is_zero())?;
        self.time = left;
        Some(Slot { role: Role::Bumper, media: filler.media.clone(), duration: filler.duration, ad: None })
    }
}

impl Content<'_> {
    /// Whether players of the content can play media, as far as both are known.
    fn matches(&self, media: &Media, codecs: &[String], heights: &[u32]) -> Result<(), Unfit> {
        if let Some(format) = self.format.filter(|format| !media.is_listed_as(*format)) {
            return Err(Unfit::Format(format));
        }
        // A ladder may have its pictures in several codecs, of which players need one; and so its sound. Some packagers state the
        // codec of one of both only.
        for is_sound in [false, true] {
            let is_of_kind = |codec: &&String| is_of_sound(codec) == Some(is_sound);
            let known: Vec<_> = self.codecs.iter().filter(is_of_kind).map(|codec| decoder(codec)).collect();
            let mut own = codecs.iter().filter(is_of_kind).peekable();
            if let Some(first) = own.peek().copied()
                && !known.is_empty()
                && !own.any(|codec| known.contains(&decoder(codec)))
            {
                return Err(Unfit::Codec(first.clone()));
            }
        }
        match (heights.iter().min(), self.max_height) {
            (Some(lowest), Some(highest)) if *lowest > highest => Err(Unfit::Height(*lowest)),
            _ => Ok(()),
        }
    }
}

/// The decoder that a codec needs: sample entries that differ only in where parameter sets lie need the same.
fn decoder(codec: &str) -> String {
    let family = codec.split('.').next().unwrap_or_default().to_ascii_lowercase();
    match family.as_str() {
        "avc3" => "avc1".to_owned(),
        "hev1" => "hvc1".to_owned(),
        _ => family,
    }
}

/// Whether a codec is for sound or for pictures. `None`: neither, or not known.
fn is_of_sound(codec: &str) -> Option<bool> {
    const SOUND: [&str; 9] = ["mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "mha1", "mhm1", "dtsc"];
    const PICTURES: [&str; 14] = [
        "avc1", "hvc1", "dvh1", "dvhe", "dva1", "dvav", "dav1", "av01", "vp08", "vp09", "vp8", "vp9", "vvc1",
        "vvi1",
    ];
    let decoder = decoder(codec);
    let is_in = |list: &[&str]| list.contains(&decoder.as_str());
    is_in(&SOUND).then_some(true).or_else(|| is_in(&PICTURES).then_some(false))
}

/// The most slates behind one another.
const MOST_SLATES: usize = 60;

/// Fits ads into a break.
///
/// Each place of the pod gets its own ad. If that failed or does not fit, the first spare that fits takes the place. Time for the
/// bumpers is set aside first; without them if no ad fits beside them. In live, the site's slate fills the time that is left, as often
/// as it fits as a whole; on demand, the content goes on where it stopped, so there is no time to fill.
pub fn fit(of: &Break, offered: Offered, terms: &Terms<'_>) -> Fitted {
    let room = Room::of(of, terms);
    let Offered { places, spares, mut non_linear } = offered;
    let Furniture { bumper_in, bumper_out, slate } = terms.furniture;
    let mut arranged = None;
    for bumpers in [[bumper_in, bumper_out], [bumper_in, &None], [&None, bumper_out], [&None, &None]] {
        let mut room = room.clone();
        let [first, last] = bumpers.map(|bumper| bumper.as_ref().map(|bumper| room.take_filler(bumper)));
        if first == Some(None) || last == Some(None) {
            continue;
        }
        let chosen = choose(&places, &spares, &mut room);
        if chosen.iter().any(|taken| matches!(taken, Taken::In { .. })) {
            arranged = Some((first.flatten(), last.flatten(), chosen, room));
            break;
        }
    }
    let (first, last, chosen, mut room) = arranged.unwrap_or_else(|| {
        let mut room = room.clone();
        (None, None, choose(&places, &spares, &mut room), room)
    });
    let mut ads = Vec::new();
    let mut left = Vec::new();
    let own = places.into_iter().flatten().map(|candidate| (candidate, false));
    let candidates = own.chain(spares.into_iter().map(|candidate| (candidate, true)));
    for ((candidate, is_spare), taken) in candidates.zip(chosen) {
        match taken {
            Taken::In { place } => ads.push((place, candidate)),
            Taken::Out(why) => left.push(Left { candidate, why, is_spare }),
        }
    }
    sorting::by_key(&mut ads, |(place, _)| *place);
    let duration = ads.iter().map(|(_, ad)| ad.duration).fold(Duration::ZERO, Duration::saturating_add);
    let joined =
        terms.elapsed.is_some_and(|elapsed| !elapsed.is_zero()) && terms.policy.join == Join::Nothing;
    let abandoned = !joined && duration < Duration::from_secs(terms.policy.shortest_s.into());
    if joined || abandoned {
        let why = if joined { Unfit::Joined } else { Unfit::Abandoned };
        if joined {
            left.iter_mut().for_each(|left| left.why = Unfit::Joined);
        }
        left.extend(ads.into_iter().map(|(_, candidate)| Left {
            candidate,
            why: why.clone(),
            is_spare: false,
        }));
        return Fitted { pod: Pod::empty(of.opening.id.clone()), left, abandoned };
    }
    let slot = |(_, candidate): (usize, Candidate)| {
        let Candidate { ad, media, duration, .. } = candidate;
        Slot { role: Role::Ad, media, duration, ad: Some(ad) }
    };
    let mut slots: Vec<_> = first.into_iter().chain(ads.into_iter().map(slot)).collect();
    // A break with a date takes the place of content that goes on meanwhile.
    let fills = terms.policy.unfilled == Unfilled::Slate && of.opening.date.is_some();
    if let Some(slate) = slate.as_ref().filter(|_| fills) {
        let again = std::iter::repeat_with(|| room.take_filler(slate)).map_while(|slot| slot);
        slots.extend(again.take(MOST_SLATES).map(|slot| Slot { role: Role::Slate, ..slot }));
    }
    slots.extend(last);
    let whole = Room::of(of, &Terms { elapsed: None, ..*terms }).time;
    non_linear.retain_mut(|item| {
        item.duration = item.duration.min(whole.saturating_sub(item.start));
        !item.duration.is_zero()
    });
    Fitted { pod: Pod { break_id: of.opening.id.clone(), slots, non_linear }, left, abandoned }
}

/// The outcome for a candidate.
enum Taken {
    In { place: usize },
    Out(Unfit),
}

/// Chooses the ads of the places. The outcomes are in the order of the places' candidates, then of the spares.
fn choose(places: &[Option<Candidate>], spares: &[Candidate], room: &mut Room<'_>) -> Vec<Taken> {
    let mut own = Vec::new();
    let mut spared: Vec<Option<Taken>> = spares.iter().map(|_| None).collect();
    for (place, candidate) in places.iter().enumerate() {
        if let Some(candidate) = candidate {
            match room.take(candidate) {
                Ok(()) => {
                    own.push(Taken::In { place });
                    continue;
                }
                Err(why) => own.push(Taken::Out(why)),
            }
        }
        let unused =
            spares.iter().zip(&mut spared).filter(|(_, taken)| !matches!(taken, Some(Taken::In { .. })));
        for (spare, taken) in unused {
            match room.take(spare) {
                Ok(()) => {
                    *taken = Some(Taken::In { place });
                    break;
                }
                // A pod that has all its ads takes none of the others.
                Err(why) => *taken = Some(Taken::Out(why)),
            }
        }
    }
    own.extend(spared.into_iter().map(|taken| taken.unwrap_or(Taken::Out(Unfit::Spare))));
    own
}

#[cfg(test)]
mod tests;
