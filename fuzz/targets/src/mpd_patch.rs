//! No patch panics; one that is served has every URL signed that it puts into an MPD, and is no longer than its URIs make it.
//!
//! What it puts there is found by another reader of XML, and each URL is resolved as a player would: from the MPD that it is
//! for, wherever in the title that has its base URLs.

use stagedoor::catalog::Caps;
use stagedoor::dash::{Edits, compile_patch};
use stagedoor::manifest::{Frame, Query, Signing};
use stagedoor::resource::ResourcePath;
use url::Url;

use crate::xml::{self, Element};

const TOKEN: &str = "S";
const EDGE: &str = "https://watch.example/";

/// Takes one input.
pub fn run(patch: &[u8]) {
    let folder = Url::parse("https://media.example/vod/h/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpp").unwrap();
    let caps = Caps { rewind_s: Some(60), ..Caps::default() };
    let edits = Edits { update_within_s: Some(30), ..Edits::within(&caps) };
    for signing in [Signing::Inherited, Signing::Query] {
        let frame = Frame { query: Query::new("publishTime=1"), ..Frame::new("https://watch.example", "harbour/", &folder, &resource, signing) };
        let Ok(template) = compile_patch(patch, Some(&frame), &edits) else { continue };
        let rendered = template.render(TOKEN).into_owned();
        // A URI takes four bytes at least, `<a b=''`, and gets less than a hundred.
        assert!(rendered.len() <= 32 * patch.len(), "{} bytes of {}", rendered.len(), patch.len());
        let text = String::from_utf8(rendered).unwrap();
        let read = xml::read(&text).expect("what was served is no XML");
        read.children.iter().for_each(|operation| held(operation, signing, &text));
    }
}

/// Holds what an operation puts into an MPD against what a player asks for.
fn held(operation: &Element, signing: Signing, patch: &str) {
    if operation.name == "remove" {
        return;
    }
    let selector = operation.value("sel").unwrap_or_default();
    let mut steps = selector.rsplit('/');
    let last = steps.next().unwrap_or_default();
    let before = steps.next().unwrap_or_default();
    let name = |step: &str| step.split('[').next().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
    // A `type` says something of what is added alone (RFC 5261 section 4.3).
    let added = operation.value("type").filter(|_| operation.name == "add").and_then(|kind| kind.strip_prefix('@'));
    let attribute = added.or_else(|| last.strip_prefix('@'));
    let session = if signing == Signing::Query { String::new() } else { format!("~{TOKEN}/") };
    let folders = ["harbour/dash/", "harbour/", "harbour/a/b/"];
    let bases: Vec<_> =
        folders.iter().map(|folder| Url::parse(&format!("{EDGE}{session}{folder}x")).unwrap()).collect();
    let mut hold = |url: &str, bases: &[Url]| {
        for base in bases {
            let found = resolved(url, base).unwrap_or_else(|| panic!("`{url}` is no URL: {patch}"));
            assert!(is_signed(&found, signing), "`{url}` leads to {found}: {patch}");
        }
    };
    // The value of an attribute, and a text, are texts: an element that stands there is put in by nobody.
    if let Some(attribute) = attribute {
        if matches!(attribute, "media" | "initialization" | "index" | "bitstreamSwitching" | "sourceURL") {
            hold(&operation.text, &bases);
        }
        return;
    }
    if last.starts_with("text()") {
        if matches!(&*name(before), "BaseURL" | "Location" | "PatchLocation") {
            hold(&operation.text, &bases);
        }
        return;
    }
    for element in &operation.children {
        if matches!(&*element.name, "BaseURL" | "Location" | "PatchLocation") {
            hold(&element.text, &bases);
        } else {
            below(element, &bases, &mut hold);
        }
    }
}

/// Holds the URLs of an element that is put in, and of all in it that are no event and no licence.
fn below(element: &Element, above: &[Url], hold: &mut dyn FnMut(&str, &[Url])) {
    if matches!(&*element.name, "EventStream" | "ContentProtection" | "ProgramInformation" | "Metrics") {
        return;
    }
    let is_level = ["Period", "AdaptationSet", "EmptyAdaptationSet", "Representation", "SubRepresentation"]
        .contains(&&*element.name);
    let bases = if is_level { bases(element, above, hold) } else { above.to_vec() };
    // Segments are those of the Representations.
    let segments = if is_level { leaves(element, &bases) } else { bases.clone() };
    let mut uri = |uri: &str| {
        let is_fetched = !["data:", "urn:", "skd:"].iter().any(|scheme| uri.to_ascii_lowercase().starts_with(scheme));
        if is_fetched {
            hold(uri, &segments);
        }
    };
    let names: &[&str] = match &*element.name {
        "SegmentTemplate" => &["media", "initialization", "index", "bitstreamSwitching"],
        "SegmentURL" => &["media", "index"],
        "Initialization" | "RepresentationIndex" | "BitstreamSwitching" => &["sourceURL"],
        _ => &[],
    };
    names.iter().filter_map(|name| element.value(name)).for_each(&mut uri);
    for child in element.children.iter().filter(|child| child.name != "BaseURL") {
        let is_level = matches!(&*child.name, "Period" | "AdaptationSet" | "EmptyAdaptationSet" | "Representation" | "SubRepresentation");
        below(child, if is_level { &bases } else { &segments }, hold);
    }
}

/// The base URLs of a level, which are held themselves.
fn bases(level: &Element, above: &[Url], hold: &mut dyn FnMut(&str, &[Url])) -> Vec<Url> {
    if level.named("BaseURL").next().is_none() {
        return above.to_vec();
    }
    level.named("BaseURL").for_each(|base| hold(&base.text, above));
    let joined = |base: &Element| above.iter().filter_map(|above| resolved(&base.text, above)).collect::<Vec<_>>();
    level.named("BaseURL").flat_map(joined).collect()
}

/// The base URLs of the Representations of a level; its own, where there are none.
fn leaves(level: &Element, own: &[Url]) -> Vec<Url> {
    let levels = level.children.iter().filter(|child| matches!(&*child.name, "Period" | "AdaptationSet" | "Representation"));
    let mut found: Vec<Url> =
        levels.flat_map(|child| leaves(child, &bases(child, own, &mut |_, _| {}))).collect();
    found.sort();
    found.dedup();
    if found.is_empty() { own.to_vec() } else { found }
}

/// A URL as a player asks for it. What it puts in place of an identifier leads nowhere.
fn resolved(url: &str, base: &Url) -> Option<Url> {
    base.join(&url.trim().split('$').collect::<Vec<_>>().join("1")).ok()
}

fn is_signed(url: &Url, signing: Signing) -> bool {
    match signing {
        Signing::Query => {
            let is_title = url.as_str().starts_with(&format!("{EDGE}harbour/"));
            let has_session = url.query_pairs().any(|(name, value)| name == "sd_session" && value == TOKEN);
            // A parameter of a folder would reach nothing that lies in it.
            is_title && (has_session || url.path().ends_with('/'))
        }
        _ => url.as_str().starts_with(&format!("{EDGE}~{TOKEN}/harbour/")),
    }
}
