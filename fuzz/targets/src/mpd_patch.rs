//! No patch panics. In a served patch, every URL that it adds to an MPD is signed, and its length is bounded by its URIs.
//!
//! An independent XML reader finds the added URLs. Each is resolved like in a player, against any base URL in the title that the MPD
//! may have.

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
        // A URI takes at least four bytes, `<a b=''`, and grows by less than a hundred.
        assert!(rendered.len() <= 32 * patch.len(), "{} bytes of {}", rendered.len(), patch.len());
        let text = String::from_utf8(rendered).unwrap();
        let read = xml::read(&text).expect("what was served is no XML");
        read.children.iter().for_each(|operation| held(operation, signing, &text));
    }
}

/// Checks the URLs that an operation adds to an MPD.
fn held(operation: &Element, signing: Signing, patch: &str) {
    if operation.name == "remove" {
        return;
    }
    let selector = operation.value("sel").unwrap_or_default();
    let mut steps = selector.rsplit('/');
    let last = steps.next().unwrap_or_default();
    let before = steps.next().unwrap_or_default();
    let name = |step: &str| step.split('[').next().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
    // A `type` concerns only what is added (RFC 5261 section 4.3).
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
    // The value of an attribute or a text is text. No player inserts an element there.
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

/// Checks the URLs of an added element and its descendants, except events and licences.
fn below(element: &Element, above: &[Url], hold: &mut dyn FnMut(&str, &[Url])) {
    if matches!(&*element.name, "EventStream" | "ContentProtection" | "ProgramInformation" | "Metrics") {
        return;
    }
    let is_level = ["Period", "AdaptationSet", "EmptyAdaptationSet", "Representation", "SubRepresentation"]
        .contains(&&*element.name);
    let bases = if is_level { bases(element, above, hold) } else { above.to_vec() };
    // Segments belong to Representations.
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

/// The base URLs of a level, which are checked themselves.
fn bases(level: &Element, above: &[Url], hold: &mut dyn FnMut(&str, &[Url])) -> Vec<Url> {
    if level.named("BaseURL").next().is_none() {
        return above.to_vec();
    }
    level.named("BaseURL").for_each(|base| hold(&base.text, above));
    let joined = |base: &Element| above.iter().filter_map(|above| resolved(&base.text, above)).collect::<Vec<_>>();
    level.named("BaseURL").flat_map(joined).collect()
}

/// The base URLs of a level's Representations, or its own if there are none.
fn leaves(level: &Element, own: &[Url]) -> Vec<Url> {
    let levels = level.children.iter().filter(|child| matches!(&*child.name, "Period" | "AdaptationSet" | "Representation"));
    let mut found: Vec<Url> =
        levels.flat_map(|child| leaves(child, &bases(child, own, &mut |_, _| {}))).collect();
    found.sort();
    found.dedup();
    if found.is_empty() { own.to_vec() } else { found }
}

/// A URL as a player requests it. The replacement of an identifier does not change its target.
fn resolved(url: &str, base: &Url) -> Option<Url> {
    base.join(&url.trim().split('$').collect::<Vec<_>>().join("1")).ok()
}

fn is_signed(url: &Url, signing: Signing) -> bool {
    match signing {
        Signing::Query => {
            let is_title = url.as_str().starts_with(&format!("{EDGE}harbour/"));
            let has_session = url.query_pairs().any(|(name, value)| name == "sd_session" && value == TOKEN);
            // A parameter of a folder would not reach the files in it.
            is_title && (has_session || url.path().ends_with('/'))
        }
        _ => url.as_str().starts_with(&format!("{EDGE}~{TOKEN}/harbour/")),
    }
}
