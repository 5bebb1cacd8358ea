//! Elements of a document and of an ad (VAST 4.3 sections 3.1 to 3.6, 3.16 to 3.19).

use super::creative::{self, Creatives};
use super::document::{InLine, Kind, Timed, Vast, VastAd, VastError, Wrapper};
use super::reading::{Reading, extensions, name};
use super::text::boolean;
use super::{ADS_MAX, EXTENSIONS_MAX, VERIFICATIONS_MAX};
use crate::ads::xml::{Element, Tree};
use crate::ads::{AdEvent, ErrorCode, Tracking, TrackingEvent, Verification};

impl Vast {
    /// Reads a document.
    pub fn read(bytes: &[u8]) -> Result<Self, VastError> {
        let tree = Tree::read(bytes)?;
        match tree.root() {
            Some(root) => Self::of_element(root),
            None => Err(VastError::Root(String::new())),
        }
    }

    /// Reads a document that stands in another one.
    pub(in crate::ads) fn of_element(root: Element<'_, '_>) -> Result<Self, VastError> {
        if root.is("VideoAdServingTemplate") {
            return Err(VastError::Version("1.0".to_owned()));
        }
        if !root.is("VAST") {
            return Err(VastError::Root(root.shown_name()));
        }
        let version = root.attribute("version");
        let is_known =
            |version: &String| matches!(version.split('.').next().unwrap_or_default(), "2" | "3" | "4");
        if let Some(version) = version.as_ref().filter(|version| !is_known(version)) {
            return Err(VastError::Version(version.chars().take(20).collect()));
        }
        let mut reading = Reading::default();
        let errors = reading.urls(root, "Error", "");
        let mut ads = Vec::new();
        for (number, ad) in root.children_named("Ad").enumerate() {
            if ads.len() == ADS_MAX {
                let why = format!("expected {ADS_MAX} ads at most, the others are left out");
                reading.leave_out(AdEvent::InvalidAd, None, "", why);
                break;
            }
            ads.extend(reading.ad(ad, number));
        }
        Ok(Self { version, errors, ads, left_out: reading.left_out })
    }
}

impl Reading {
    fn ad(&mut self, element: Element<'_, '_>, number: usize) -> Option<VastAd> {
        let id = name(element.attribute("id"));
        let told = id.clone().unwrap_or_else(|| format!("ad {}", number + 1));
        let inline = element.child("InLine");
        let Some(body) = inline.or_else(|| element.child("Wrapper")) else {
            let why = "expected `InLine` or `Wrapper`";
            self.leave_out(AdEvent::InvalidAd, Some(ErrorCode::Schema), &told, why);
            return None;
        };
        let is_true = |name| element.attribute(name).as_deref().and_then(boolean) == Some(true);
        let ad_type = element.attribute("adType");
        let refused = if is_true("conditionalAd") {
            self.leave_out(
                AdEvent::InvalidAd,
                Some(ErrorCode::Conditional),
                &told,
                "a conditional ad is not shown: nothing decides here whether it is",
            );
            Some(ErrorCode::Conditional)
        } else if ad_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("audio")) {
            self.leave_out(
                AdEvent::InvalidAd,
                Some(ErrorCode::AdType),
                &told,
                "expected a video ad, found audio",
            );
            Some(ErrorCode::AdType)
        } else if inline.is_none() && tag_uri(body).is_empty() {
            let why = "expected the URL of another document in `VASTAdTagURI`";
            self.leave_out(AdEvent::InvalidTagUri, Some(ErrorCode::Schema), &told, why);
            Some(ErrorCode::Schema)
        } else {
            None
        };
        let errors = self.urls(body, "Error", &told);
        let impressions = self.impressions(body, &told);
        let mut verifications = Vec::new();
        let mut not_executed = Vec::new();
        self.verifications(body, &told, &mut verifications, &mut not_executed);
        let extensions = self.extensions(body, &told);
        let creatives = creative::read(self, body, &told);
        let kind = match inline {
            Some(inline) => Kind::InLine(self.inline(inline, creatives, &impressions, &told)),
            None => Kind::Wrapper(wrapper(body, creatives)),
        };
        let mut impressions = impressions;
        impressions.append(&mut not_executed);
        Some(VastAd {
            id,
            sequence: element
                .attribute("sequence")
                .and_then(|text| text.parse().ok())
                .filter(|place| *place > 0),
            system: name(body.child("AdSystem").and_then(Element::some_text)),
            errors,
            impressions,
            verifications,
            extensions,
            refused,
            kind,
        })
    }

    fn impressions(&mut self, body: Element<'_, '_>, ad: &str) -> Vec<Timed> {
        let timed = |event| move |url| Timed { event, offset: None, url };
        let urls = self.urls(body, "Impression", ad);
        let mut found: Vec<_> = urls.into_iter().map(timed(TrackingEvent::Impression)).collect();
        for viewable in body.children_named("ViewableImpression") {
            for (name, event) in [
                ("Viewable", TrackingEvent::Viewable),
                ("NotViewable", TrackingEvent::NotViewable),
                ("ViewUndetermined", TrackingEvent::ViewUndetermined),
            ] {
                found.extend(self.urls(viewable, name, ad).into_iter().map(timed(event)));
            }
        }
        found
    }

    /// `AdVerifications`, which VAST 2.0 and 3.0 have in an extension.
    fn verifications(
        &mut self,
        body: Element<'_, '_>,
        ad: &str,
        found: &mut Vec<Verification>,
        not_executed: &mut Vec<Timed>,
    ) {
        let in_extensions = extensions(body).filter(|extension| {
            extension.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("AdVerifications"))
        });
        let parents = std::iter::once(body).chain(in_extensions);
        let all = parents.flat_map(|parent| parent.children_named("AdVerifications"));
        for verification in all.flat_map(|parent| parent.children_named("Verification")) {
            let parameters = verification.child("VerificationParameters").and_then(Element::some_text);
            let parameters = parameters.filter(|parameters| parameters.len() <= PARAMETERS_MAX);
            for script in verification.children_named("JavaScriptResource") {
                if found.len() == VERIFICATIONS_MAX {
                    break;
                }
                let Some(resource) = self.tracker(script, ad) else { continue };
                found.push(Verification {
                    vendor: name(verification.attribute("vendor")).unwrap_or_default(),
                    resource,
                    parameters: parameters.clone(),
                });
            }
            for events in verification.children_named("TrackingEvents") {
                not_executed.extend(creative::tracking(self, events, ad, true));
            }
        }
    }

    fn extensions(&mut self, body: Element<'_, '_>, ad: &str) -> Vec<String> {
        let mut room = EXTENSIONS_MAX;
        let mut kept = Vec::new();
        for extension in extensions(body) {
            let text = extension.as_it_came();
            match room.checked_sub(text.len()) {
                Some(rest) => {
                    room = rest;
                    kept.push(text.to_owned());
                }
                None => {
                    let why = format!("expected {EXTENSIONS_MAX} bytes of extensions at most");
                    self.leave_out(AdEvent::ElementIgnored, None, ad, why);
                    break;
                }
            }
        }
        kept
    }

    fn inline(
        &mut self,
        inline: Element<'_, '_>,
        creatives: Creatives,
        impressions: &[Timed],
        ad: &str,
    ) -> InLine {
        if !impressions.iter().any(|timed| timed.event == TrackingEvent::Impression) {
            self.leave_out(AdEvent::MissingImpression, None, ad, "expected an `Impression` with a URL");
        }
        if creatives.linears.len() > 1 {
            let why = format!("expected one linear creative, found {}", creatives.linears.len());
            self.leave_out(AdEvent::MultipleLinear, None, ad, why);
        }
        InLine {
            title: name(inline.child("AdTitle").and_then(Element::some_text)),
            serving_id: name(inline.child("AdServingId").and_then(Element::some_text)),
            advertiser: name(inline.child("Advertiser").and_then(Element::some_text)),
            categories: codes(inline.children_named("Category").filter_map(Element::some_text)),
            linears: creatives.linears,
            non_linears: creatives.non_linears,
            non_linear_tracking: creatives.non_linear_tracking,
        }
    }
}

/// The codes of categories, as many as are compared.
fn codes(all: impl Iterator<Item = String>) -> Vec<String> {
    all.filter(|code| (1..=CODE_MAX).contains(&code.len())).take(CODES_MAX).collect()
}

/// The most categories that an ad has or a wrapper blocks: each of one is compared with each of the other.
const CODES_MAX: usize = 64;

/// The longest code of a category, in bytes.
const CODE_MAX: usize = 64;

/// The longest parameters of a verification, in bytes: each of its scripts gets a copy.
const PARAMETERS_MAX: usize = 4 * 1024;

/// The address of a wrapper's document. VAST 1 wrote `VASTAdTagURL`, and some still do.
fn tag_uri<'t>(body: Element<'t, '_>) -> &'t str {
    let uri = body.child("VASTAdTagURI").or_else(|| body.child("VASTAdTagURL"));
    uri.map(|uri| uri.child("URL").unwrap_or(uri).text()).unwrap_or_default()
}

fn wrapper(body: Element<'_, '_>, creatives: Creatives) -> Wrapper {
    let flag = |name| body.attribute(name).as_deref().and_then(boolean);
    let linear = creatives.linears.into_iter().fold((Vec::new(), None), |(mut urls, click), mut linear| {
        urls.append(&mut linear.tracking);
        (urls, click.or(linear.click_through))
    });
    Wrapper {
        uri: tag_uri(body).to_owned(),
        follows: flag("followAdditionalWrappers"),
        allows_pod: flag("allowMultipleAds"),
        falls_back: flag("fallbackOnNoAd"),
        blocked: body
            .children_named("BlockedAdCategories")
            .filter_map(Element::some_text)
            .flat_map(|list| codes(list.split(',').map(|code| code.trim().to_owned())))
            .take(CODES_MAX)
            .collect(),
        linear_tracking: linear.0,
        click_through: linear.1,
        non_linear_tracking: creatives.non_linear_tracking,
    }
}

impl Timed {
    /// The URL with its time, in an ad of this duration. `None`: the time is a part of a duration that is not known.
    pub fn tracking(&self, duration: Option<std::time::Duration>) -> Option<Tracking> {
        let offset = match self.offset {
            Some(offset) => Some(offset.time(duration)?),
            None => None,
        };
        Some(Tracking { event: self.event, offset, url: self.url.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::vast::reading::NAME_MAX;

    fn only(body: &str) -> VastAd {
        let vast = format!("<VAST version=\"4.3\"><Ad id=\"a\">{body}</Ad></VAST>");
        Vast::read(vast.as_bytes()).unwrap().ads.remove(0)
    }

    #[test]
    fn parts_that_would_multiply_are_few_and_short() {
        let script = "<JavaScriptResource>https://v.example/v.js</JavaScriptResource>".repeat(500);
        let parameters = "p".repeat(PARAMETERS_MAX + 1);
        let item = "<NonLinear minSuggestedDuration=\"00:00:05\" plcmt=\"7\"><StaticResource creativeType=\"image/png\">\
            https://p.example/p.png</StaticResource></NonLinear>";
        let ad = only(&format!(
            "<InLine><AdVerifications><Verification vendor=\"v\">{script}<VerificationParameters>{parameters}\
             </VerificationParameters></Verification></AdVerifications>{}<Creatives><Creative><NonLinearAds>{}</NonLinearAds>\
             </Creative></Creatives></InLine>",
            "<Category>c</Category>".repeat(5_000),
            item.repeat(500),
        ));
        assert_eq!(ad.verifications.len(), VERIFICATIONS_MAX);
        assert!(ad.verifications.iter().all(|found| found.parameters.is_none()));
        let Kind::InLine(inline) = ad.kind else { panic!("expected an InLine") };
        assert_eq!(inline.categories.len(), CODES_MAX);
        assert!(
            !inline.non_linears.is_empty() && inline.non_linears.len() <= crate::ads::vast::NON_LINEARS_MAX
        );

        let blocked = "a,".repeat(100_000);
        let ad = only(&format!(
            "<Wrapper><VASTAdTagURI>https://x.example/</VASTAdTagURI><BlockedAdCategories>{blocked}</BlockedAdCategories></Wrapper>"
        ));
        let Kind::Wrapper(wrapper) = ad.kind else { panic!("expected a Wrapper") };
        assert_eq!(wrapper.blocked.len(), CODES_MAX);
    }

    #[test]
    fn a_wrapper_without_an_address_fails_by_itself() {
        for uri in ["", "<VASTAdTagURI> </VASTAdTagURI>", "<VASTAdTagURI><![CDATA[]]></VASTAdTagURI>"] {
            let ad = only(&format!("<Wrapper>{uri}<Error>https://x.example/e</Error></Wrapper>"));
            assert_eq!(ad.refused, Some(ErrorCode::Schema), "{uri}");
        }
        let ad = only("<Wrapper><VASTAdTagURL><URL>https://x.example/</URL></VASTAdTagURL></Wrapper>");
        assert_eq!(ad.refused, None);
    }

    #[test]
    fn a_name_of_any_length_is_none() {
        for length in [NAME_MAX, NAME_MAX + 1] {
            let long = "a".repeat(length);
            let vast = format!(
                "<VAST version=\"4.3\"><Ad id=\"{long}\"><InLine><AdSystem>{long}</AdSystem><AdTitle>{long}</AdTitle>\
                 <AdServingId>{long}</AdServingId><Advertiser>{long}</Advertiser><AdVerifications><Verification vendor=\"{long}\">\
                 <JavaScriptResource>//v.example/</JavaScriptResource></Verification></AdVerifications><Creatives><Creative id=\"{long}\">\
                 <UniversalAdId idRegistry=\"ad-id.org\">{long}</UniversalAdId><Linear><MediaFiles>\
                 <MediaFile type=\"video/mp4\" codec=\"{long}\">//f.example/</MediaFile></MediaFiles></Linear></Creative></Creatives>\
                 </InLine></Ad></VAST>"
            );
            let ad = Vast::read(vast.as_bytes()).unwrap().ads.remove(0);
            let Kind::InLine(inline) = ad.kind else { panic!("expected an InLine") };
            let linear = &inline.linears[0];
            let vendor =
                ad.verifications.into_iter().map(|found| found.vendor).find(|vendor| !vendor.is_empty());
            let identifier = linear.named.identifiers.first().map(|identifier| identifier.value.clone());
            let codec = linear.files[0].codec.clone();
            let names = [ad.id, ad.system, inline.title, inline.serving_id, inline.advertiser, vendor];
            for name in names.into_iter().chain([linear.named.id.clone(), identifier, codec]) {
                assert_eq!(name, (length == NAME_MAX).then(|| long.clone()));
            }
        }
    }
}
