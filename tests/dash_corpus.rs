//! The MPDs of other projects: read and written, and signed.
//!
//! `tests/fixtures/dash/README.md` lists their sources. A second reader, which shares no code with the one under test,
//! finds the URLs that a player fetches: an MPD is signed correctly if each of them leads to the same file as before,
//! with the session.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/xml.rs"]
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use stagedoor::catalog::{Caps, ForeignPolicy, SESSION_PARAMETER};
use stagedoor::dash::{CompileError, Edits, compile};
use stagedoor::manifest::{Frame, Query, Signing};
use stagedoor::resource::{Reading, ResourcePath, TIME_RESOURCE};
use stagedoor::token::Credentials;
use url::Url;
use xml::Element;

const TOKEN: &str = "SeSsIoN";
const SIGNINGS: [Signing; 3] = [Signing::Path, Signing::Inherited, Signing::Query];

/// Files that are no MPDs: they are cut off behind their first tag.
const CUT_OFF: [&str; 2] = ["dash-mpd-rs/incomplete.mpd", "zencoder-go-dash/mpd/fixtures/invalid.mpd"];
const NO_END: &str = "line 3: expected `</MPD>`, found the end";

/// Every MPD by its path below `tests/fixtures/dash`, except those that are cut off.
fn mpds() -> BTreeMap<String, String> {
    let mut all = all();
    for name in CUT_OFF {
        assert!(all.remove(name).is_some(), "{name}");
    }
    all
}

fn all() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dash");
    let mut folders = vec![root.clone()];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "mpd" || extension == "xml") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert_eq!(found.len(), 64);
    found
}

/// The title's folder, at a media origin that no MPD here names.
fn apart() -> Url {
    Url::parse("https://media.example/vod/harbour/").unwrap()
}

/// The MPD's path in the folder.
const RESOURCE: &str = "dash/index.mpd";

/// The signed MPD of a title.
fn signed(
    mpd: &str,
    folder: &Url,
    signing: Signing,
    foreign: &ForeignPolicy,
) -> Result<String, CompileError> {
    let resource = ResourcePath::parse(RESOURCE).unwrap();
    let frame = Frame {
        folder,
        root: "harbour/",
        resource: &resource,
        query: Query::new(""),
        signing,
        foreign,
        authority: "https://edge.example",
        credentials: Credentials::SESSION,
    };
    let caps = Caps::default();
    let template = compile(mpd.as_bytes(), Some(&frame), &Edits::within(&caps))?;
    Ok(String::from_utf8(template.render(TOKEN).into_owned()).unwrap())
}

#[test]
fn without_an_edit_an_mpd_comes_out_as_it_went_in() {
    for (name, mpd) in mpds() {
        let caps = Caps::default();
        let template = compile(mpd.as_bytes(), None, &Edits::within(&caps)).unwrap();
        assert!(*template.render("") == *mpd.as_bytes(), "{name}");
    }
}

#[test]
fn what_is_cut_off_is_refused() {
    let all = all();
    for name in CUT_OFF {
        let caps = Caps::default();
        let error = compile(all[name].as_bytes(), None, &Edits::within(&caps)).unwrap_err();
        assert!(matches!(error, CompileError::Malformed(_)), "{name}: {error:?}");
        assert_eq!(error.to_string(), NO_END, "{name}");
        assert_eq!(xml::read(&all[name]), None, "{name}");
    }
    // Cut at any byte.
    let whole = &all["videojs-mpd-parser/segmentList.mpd"];
    let end = whole.trim_end().len();
    for length in (0..end).filter(|length| whole.is_char_boundary(*length)) {
        for signing in SIGNINGS {
            assert!(
                signed(&whole[..length], &apart(), signing, &ForeignPolicy::sign_all()).is_err(),
                "{length}"
            );
        }
    }
}

#[test]
fn what_is_written_reads_as_it_did_but_for_urls() {
    for (name, mpd) in mpds() {
        for signing in SIGNINGS {
            let written = signed(&mpd, &apart(), signing, &ForeignPolicy::sign_all()).unwrap();
            let caps = Caps::default();
            let again = compile(written.as_bytes(), None, &Edits::within(&caps)).unwrap();
            assert!(*again.render("") == *written.as_bytes(), "{name}, {signing:?}");
            let (mut before, mut after) = (xml::read(&mpd).unwrap(), xml::read(&written).unwrap());
            for added in ["BaseURL", "Location"] {
                if before.named(added).next().is_none() {
                    after.children.retain(|child| child.name != added);
                }
            }
            for element in [&mut before, &mut after] {
                without_urls(element);
            }
            assert!(before == after, "{name}, {signing:?}");
        }
    }
}

/// Removes the URIs that signing may change.
fn without_urls(element: &mut Element) {
    let name = element.name.clone();
    if is_place(&name, "") {
        element.text.clear();
    }
    element.attributes.retain(|attribute, _| !is_place(&name, attribute));
    element.children.iter_mut().for_each(without_urls);
}

/// Whether players fetch the value of an attribute; without an attribute, the content of the element.
fn is_place(element: &str, attribute: &str) -> bool {
    matches!(
        (element, attribute),
        ("BaseURL" | "Location" | "PatchLocation" | "ContentSteering", "")
            | ("SegmentTemplate", "media" | "initialization" | "index" | "bitstreamSwitching")
            | ("SegmentURL", "media" | "index")
            | ("Initialization" | "RepresentationIndex" | "BitstreamSwitching", "sourceURL")
            | ("UTCTiming", "value")
            | (_, "xlink:href")
    )
}

/// A URL that an MPD gives a player.
#[derive(Debug)]
struct Given {
    /// Its place in the MPD, or its parts.
    what: String,
    url: Url,
    /// Whether it leads to a clock, not to media.
    is_clock: bool,
}

/// The URLs that players derive from an MPD at `at`.
fn given(mpd: &Element, at: &Url) -> Vec<Given> {
    let mut found = Vec::new();
    let own = std::slice::from_ref(at);
    let bases = bases(mpd, own);
    for name in ["Location", "PatchLocation"] {
        for element in mpd.named(name) {
            found.push(Given {
                what: name.to_owned(),
                url: at.join(&element.text).unwrap(),
                is_clock: false,
            });
        }
    }
    for element in mpd.named("ContentSteering") {
        give(&mut found, "ContentSteering", &element.text, own);
        give(&mut found, "ContentSteering", &element.text, &bases);
    }
    for element in mpd.named("UTCTiming") {
        let is_web = element.value("schemeIdUri").is_some_and(|scheme| scheme.contains(":utc:http-"));
        for uri in element.value("value").unwrap_or_default().split_whitespace().filter(|_| is_web) {
            found.push(Given { what: "UTCTiming".to_owned(), url: at.join(uri).unwrap(), is_clock: true });
        }
    }
    mpd.walk(&mut |element| {
        let local = |uri: &&str| !uri.starts_with("urn:");
        if let Some(uri) = element.value("xlink:href").filter(local) {
            give(&mut found, "xlink:href", uri, own);
        }
    });
    for period in mpd.named("Period") {
        let (bases, segments) = (self::bases(period, &bases), Segments::default().below(period));
        for set in period.named("AdaptationSet") {
            let (bases, segments) = (self::bases(set, &bases), segments.below(set));
            for representation in set.named("Representation") {
                let (bases, segments) = (self::bases(representation, &bases), segments.below(representation));
                segments.give(&mut found, representation, &bases, at);
            }
        }
    }
    found
}

fn give(found: &mut Vec<Given>, what: &str, uri: &str, bases: &[Url]) {
    for base in bases {
        let url = base.join(uri).unwrap_or_else(|error| panic!("{what}: {uri}: {error}"));
        found.push(Given { what: format!("{what}: {uri}"), url, is_clock: false });
    }
}

/// The base URLs of an element: each of its own, resolved against each one above.
fn bases(element: &Element, above: &[Url]) -> Vec<Url> {
    if element.named("BaseURL").next().is_none() {
        return above.to_vec();
    }
    above.iter().flat_map(|base| element.named("BaseURL").map(|own| base.join(&own.text).unwrap())).collect()
}

/// The segment addressing of a Representation, at its own level or above: the nearest counts.
#[derive(Clone, Default)]
struct Segments<'e> {
    template: BTreeMap<&'e str, &'e str>,
    has_template: bool,
    list: Vec<&'e Element>,
    has_base: bool,
    /// `Initialization`, `RepresentationIndex` and `BitstreamSwitching`.
    others: BTreeMap<&'e str, &'e Element>,
}

impl<'e> Segments<'e> {
    fn below(&self, element: &'e Element) -> Self {
        let mut below = self.clone();
        for child in &element.children {
            match &*child.name {
                "SegmentTemplate" => {
                    below.has_template = true;
                    let attributes = child.attributes.iter();
                    below.template.extend(attributes.map(|(name, value)| (name.as_str(), value.as_str())));
                }
                "SegmentList" => {
                    let own: Vec<_> = child.named("SegmentURL").collect();
                    below.list = if own.is_empty() { below.list } else { own };
                }
                "SegmentBase" => below.has_base = true,
                _ => continue,
            }
            for other in child.children.iter().filter(|other| other.attributes.contains_key("sourceURL")) {
                below.others.insert(&other.name, other);
            }
        }
        below
    }

    fn give(&self, found: &mut Vec<Given>, representation: &Element, bases: &[Url], at: &Url) {
        for name in ["media", "initialization", "index", "bitstreamSwitching"] {
            let Some(template) = self.template.get(name) else { continue };
            for number in [0_u64, 1, 42, 158_798_136_600_000] {
                let uri = filled(template, representation, number);
                give(found, &format!("SegmentTemplate@{name}"), &uri, bases);
            }
        }
        for (name, element) in &self.others {
            give(found, &format!("{name}@sourceURL"), element.value("sourceURL").unwrap(), bases);
        }
        for segment in &self.list {
            give(found, "SegmentURL@media", segment.value("media").unwrap_or_default(), bases);
            if let Some(index) = segment.value("index") {
                give(found, "SegmentURL@index", index, bases);
            }
        }
        // A single file, named by the base URL, unless that is a folder or the MPD's own URL.
        if self.has_base || (!self.has_template && self.list.is_empty()) {
            let is_file = |base: &&Url| *base != at && !base.path().ends_with('/');
            let files: Vec<_> = bases.iter().filter(is_file).cloned().collect();
            give(found, "BaseURL", "", &files);
        }
    }
}

/// A template filled with a number for each identifier, and with the Representation's id and bandwidth.
fn filled(template: &str, representation: &Element, number: u64) -> String {
    let mut parts = template.split('$');
    let mut uri = parts.next().unwrap().to_owned();
    while let (Some(identifier), Some(behind)) = (parts.next(), parts.next()) {
        let (name, format) = identifier.split_once("%0").unwrap_or((identifier, ""));
        let width = format.trim_end_matches('d').parse().unwrap_or(1);
        let value = |name: &str| representation.value(name).unwrap().to_owned();
        uri += &match name {
            "" => "$".to_owned(),
            "RepresentationID" => value("id"),
            "Bandwidth" => format!("{:0>width$}", value("bandwidth")),
            "Number" | "Time" => format!("{number:0width$}"),
            _ => panic!("{template}"),
        };
        uri += behind;
    }
    uri
}

/// A URL of the title at the edge; any other URL unchanged.
fn at_the_edge(url: &Url, folder: &Url) -> Url {
    Url::parse(&url.as_str().replacen(folder.as_str(), "https://edge.example/harbour/", 1)).unwrap()
}

/// A URL without its session, which must occur once: in the path or in the query.
fn unsigned(url: &Url, signing: Signing) -> Option<Url> {
    if url.as_str().matches(TOKEN).count() != 1 {
        return None;
    }
    let mut without = url.clone();
    if signing == Signing::Query {
        let session = format!("{SESSION_PARAMETER}={TOKEN}");
        let pairs: Vec<_> = url.query()?.split('&').filter(|pair| *pair != session).collect();
        without.set_query(Some(pairs.join("&").as_str()).filter(|query| !query.is_empty()));
    } else {
        without.set_path(&format!("/{}", url.path().strip_prefix(&format!("/~{TOKEN}/"))?));
    }
    (!without.as_str().contains(TOKEN)).then_some(without)
}

/// A URL without the mark that says how its file is read.
fn unmarked(mut url: Url) -> Url {
    let unmarked = Reading::ALL.into_iter().find_map(|reading| url.path().strip_suffix(reading.mark()));
    if let Some(path) = unmarked.map(str::to_owned) {
        url.set_path(&path);
    }
    url
}

/// Possible title folders for an MPD: one on a host that it does not name, and all folders on each host that it names.
fn folders(mpd: &Element) -> Vec<Url> {
    let apart = apart();
    let given = given(mpd, &apart.join(RESOURCE).unwrap());
    let others: BTreeSet<_> = given.iter().map(|given| given.url.join("/").unwrap()).collect();
    let others = others.into_iter().filter(|host| host.origin() != apart.origin());
    [apart.clone()].into_iter().chain(others).collect()
}

/// How many MPDs are refused under each policy for foreign URLs: the policy `refuse` refuses exactly the MPDs with
/// a foreign URL, in each folder and signing style.
const REFUSED: [((&str, &str), usize); 1] = [(("refuse", "a URI outside the title"), 3 * 55)];

#[test]
fn every_url_is_signed_exactly_once() {
    let (mut signed_urls, mut passed_urls) = (0, 0);
    let mut refused: BTreeMap<_, usize> = BTreeMap::new();
    for (name, mpd) in mpds() {
        let read = xml::read(&mpd).unwrap();
        for folder in folders(&read) {
            let media = folder.join(RESOURCE).unwrap();
            let is_own = |url: &Url| url.as_str().starts_with(folder.as_str());
            // A steering server outside the title is removed.
            let mut before = given(&read, &media);
            before.retain(|given| given.what != "ContentSteering" || is_own(&given.url));
            let leads_elsewhere = before.iter().any(|given| !given.is_clock && !is_own(&given.url));
            for (policy, foreign) in [
                ("refuse", ForeignPolicy::REFUSE),
                ("pass", ForeignPolicy::pass_all()),
                ("sign", ForeignPolicy::sign_all()),
            ] {
                for signing in SIGNINGS {
                    let told = format!("{name} in {folder}, {policy}, {signing:?}");
                    let written = match signed(&mpd, &folder, signing, &foreign) {
                        Ok(written) => written,
                        Err(CompileError::Uncovered { why, .. }) => {
                            assert!(policy != "refuse" || leads_elsewhere, "{told}: {why}");
                            *refused.entry((policy, why)).or_default() += 1;
                            continue;
                        }
                        Err(error) => panic!("{told}: {error}"),
                    };
                    assert!(policy != "refuse" || !leads_elsewhere, "{told}");
                    let session =
                        if signing == Signing::Inherited { format!("/~{TOKEN}") } else { String::new() };
                    let edge =
                        Url::parse(&format!("https://edge.example{session}/harbour/{RESOURCE}")).unwrap();
                    let mut after = given(&xml::read(&written).unwrap(), &edge);
                    let has_location = read.named("Location").next().is_some();
                    let added =
                        after.iter().position(|given| given.what == "Location").filter(|_| !has_location);
                    let is_live = read.value("type") == Some("dynamic");
                    assert_eq!(
                        added.is_some(),
                        is_live && !has_location && signing != Signing::Inherited,
                        "{told}"
                    );
                    if let Some(own) = added.map(|at| after.remove(at)) {
                        assert_eq!(unsigned(&own.url, signing), Some(at_the_edge(&media, &folder)), "{told}");
                    }
                    assert_eq!(before.len(), after.len(), "{told}");
                    for (before, after) in before.iter().zip(&after) {
                        let told = format!("{told}: {} became {}, {}", before.url, after.what, after.url);
                        // The edge serves no empty path segment.
                        let is_odd = before.is_clock && before.url.path().starts_with("//");
                        // A clock outside the title is requested without the token, on every host.
                        let is_passed = (policy != "sign" || before.is_clock) && !is_own(&before.url);
                        if is_passed || (is_odd && is_own(&before.url)) {
                            assert!(policy == "pass" || before.is_clock, "{told}");
                            assert_eq!(after.url, before.url, "{told}");
                            passed_urls += 1;
                        } else {
                            // Within the title, the edge tells the time itself.
                            let is_told = before.is_clock && is_own(&before.url);
                            let url = if is_told { &media.join(TIME_RESOURCE).unwrap() } else { &before.url };
                            let expected = at_the_edge(url, &folder);
                            assert_eq!(unsigned(&after.url, signing).map(unmarked), Some(expected), "{told}");
                            signed_urls += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(refused, REFUSED.into());
    assert!(signed_urls > 30_000 && passed_urls > 10_000, "{signed_urls} signed, {passed_urls} passed");
}

/// Places of texts that look like a URL but that no player fetches as media, manifest or time: names, and URLs for
/// people and licence servers.
const NOT_GIVEN: &[&str] = &[
    "EssentialProperty@schemeIdUri",
    "InbandEventStream@schemeIdUri",
    "MPD@profiles",
    "MPD@xmlns:ck",
    "MPD@xmlns:dashif",
    "MPD@xmlns:dolby",
    "MPD@xmlns:ns1",
    "MPD@xmlns:ns2",
    "MPD@xmlns:scte35",
    "MPD@xmlns:xlink",
    "MPD@xmlns:xsi",
    "MPD@xsi:schemaLocation",
    "ProgramInformation@moreInformationURL",
    "Signal@namespace",
    "Signal@xmlns",
];

/// The independent reader overlooks nothing that looks like an absolute URL.
#[test]
fn every_place_of_a_url_is_known() {
    let media = apart().join(RESOURCE).unwrap();
    let mut others = BTreeSet::new();
    for mpd in mpds().values() {
        let mpd = xml::read(mpd).unwrap();
        let given: BTreeSet<String> =
            given(&mpd, &media).into_iter().map(|given| given.url.origin().ascii_serialization()).collect();
        mpd.walk(&mut |element| {
            let text = ("", element.text.as_str());
            let attributes = element.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            for (attribute, value) in attributes.chain([text]) {
                if !value.contains("://") {
                    continue;
                }
                let is_given = is_place(&element.name, attribute);
                let origin = Url::parse(value).map(|url| url.origin().ascii_serialization());
                // If the URL's place in the MPD is known, players were given its host.
                if is_given {
                    assert!(origin.is_ok_and(|origin| given.contains(&origin)), "{value}");
                } else {
                    others.insert(format!("{}@{attribute}", element.name));
                }
            }
        });
    }
    assert_eq!(others.iter().map(String::as_str).collect::<Vec<_>>(), NOT_GIVEN);
}
