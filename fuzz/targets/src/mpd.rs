//! No MPD panics. Without an edit it comes out identical. With the session, no URI leaves the title, and every address of a break that the
//! edge writes opens again.

use serde_json::json;
use stagedoor::ads::Plan;
use stagedoor::ads::address::{Listing, Seal};
use stagedoor::catalog::Caps;
use stagedoor::dash::{Edits, compile};
use stagedoor::manifest::{Frame, Query, Signing};
use stagedoor::resource::ResourcePath;
use url::Url;

/// Takes one input.
pub fn run((rewind_s, mpd): (Option<u8>, &[u8])) {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("dash/live.mpd").unwrap();
    let none = Caps::default();
    let Ok(template) = compile(mpd, None, &Edits::within(&none)) else { return };
    assert_eq!(&*template.render(""), mpd);
    let caps = Caps { rewind_s: rewind_s.map(u32::from), ..Caps::default() };
    with_breaks(mpd, &caps, &folder, &resource);
    let edits = Edits::within(&caps);
    for (signing, edge) in [
        (Signing::Inherited, "https://watch.example/~S/harbour/"),
        (Signing::Path, "https://watch.example/~S/harbour/"),
        (Signing::Query, "https://watch.example/harbour/"),
    ] {
        let Ok(template) = compile(mpd, Some(&frame(&folder, &resource, signing)), &edits) else { continue };
        let rendered = without_session(&template.render("S"));
        // A rewritten MPD is covered: below the edge's host, no URI leads elsewhere.
        let edge = Url::parse(edge).unwrap();
        let again = compile(&rendered, Some(&frame(&edge, &resource, Signing::Inherited)), &edits);
        assert!(again.is_ok(), "a URI left the title: {again:?}\n{}", String::from_utf8_lossy(&rendered));
    }
}

/// Announces breaks of a policy and of the MPD's own marks.
fn with_breaks(mpd: &[u8], caps: &Caps, folder: &Url, resource: &ResourcePath) {
    let read = "the documents of the target are valid";
    let policy = serde_json::from_value(json!({ "insertion": { "restrict": ["jump", "skip"] } })).expect(read);
    let rolls = json!({ "pre_roll": { "longest_s": 9 }, "mid_rolls": { "every_s": 10, "longest_s": 9 }, "post_roll": { "longest_s": 9 } });
    let ads = serde_json::from_value(rolls).expect(read);
    let keys = json!({ "issuer": "s", "keys": [{ "kid": "a", "kty": "oct", "alg": "HS256", "k": "A".repeat(43) }] });
    let keys = serde_json::from_value(keys).expect(read);
    let host = serde_json::from_value(json!("watch.example")).expect(read);
    let title = serde_json::from_value(json!("harbour")).expect(read);
    let seal = Seal { keys: &keys, host: &host, title: &title };
    let plan = Plan::of(&policy, Some(&ads), None, seal);
    let edits = Edits { ads: Some(&plan), ..Edits::within(caps) };
    for signing in [Signing::Inherited, Signing::Path] {
        let Ok(template) = compile(mpd, Some(&frame(folder, resource, signing)), &edits) else { continue };
        let rendered = String::from_utf8(template.render("S").into_owned()).expect("an MPD is text");
        let own = "https://watch.example/~S/harbour/dash/_stagedoor/break/";
        for address in rendered.split(own).skip(1) {
            let end = address.find(['"', '\'', '<']).expect("an attribute ends");
            let path = ["_stagedoor/break/", &address[..end]].concat();
            // An MPD may name an address that nobody has sealed.
            let Some((Listing::Mpd, sealed)) = Listing::of_path(&path) else { continue };
            assert!(seal.open(sealed).is_some() || mpd.windows(10).any(|part| part == b"_stagedoor"), "{path}");
        }
        let edge = Url::parse("https://watch.example/~S/harbour/").expect(read);
        let again = compile(rendered.as_bytes(), Some(&frame(&edge, resource, Signing::Inherited)), &Edits::within(caps));
        assert!(again.is_ok(), "a URI left the title: {again:?}\n{rendered}");
    }
}

/// A manifest without the session in queries, which would count as a parameter of its own.
pub(crate) fn without_session(rendered: &[u8]) -> Vec<u8> {
    const PLACES: [(&[u8], &[u8]); 5] = [
        (b"?sd_session=S&amp;", b"?"),
        (b"?sd_session=S&", b"?"),
        (b"?sd_session=S", b""),
        (b"&amp;sd_session=S", b""),
        (b"&sd_session=S", b""),
    ];
    replaced(rendered, &PLACES)
}

/// A text with others in place of some of its parts; of the parts that begin at one place, the first in the list counts.
pub(crate) fn replaced(text: &[u8], parts: &[(&[u8], &[u8])]) -> Vec<u8> {
    let (mut left, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, behind @ ..] = rest {
        match parts.iter().find_map(|(part, with)| Some((rest.strip_prefix(*part)?, with))) {
            Some((behind, with)) => {
                left.extend_from_slice(with);
                rest = behind;
            }
            None => {
                left.push(*first);
                rest = behind;
            }
        }
    }
    left
}

/// The place of a manifest in the title `harbour`.
pub(crate) fn frame<'a>(folder: &'a Url, resource: &'a ResourcePath, signing: Signing) -> Frame<'a> {
    Frame { query: Query::new("a=1"), ..Frame::new("https://watch.example", "harbour/", folder, resource, signing) }
}
