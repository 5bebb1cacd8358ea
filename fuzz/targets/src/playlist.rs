//! No playlist panics; without an edit it comes out identical; with the session, no URI leaves the title.

use stagedoor::catalog::Caps;
use stagedoor::hls::{Frame, Reach, compile};
use stagedoor::route::ResourcePath;
use url::Url;

/// Takes one input.
pub fn run((playlist, max_height): (&[u8], Option<u32>)) {
    let folder = Url::parse("https://media.example/vod/harbour/").unwrap();
    let resource = ResourcePath::parse("hls/index.m3u8").unwrap();
    let frame = |reach| Frame { folder: &folder, resource: &resource, reach };
    if let Ok(template) = compile(playlist, &frame(Reach::Inherit), &Caps::default())
        && template.is_shared()
    {
        assert_eq!(&*template.render(""), playlist);
    }
    if let Ok(template) = compile(playlist, &frame(Reach::Prefix), &Caps { max_height, ..Caps::default() }) {
        let rendered = template.render("/~S/harbour/");
        // What was rewritten once is covered: below the edge's own host, nothing is left to rewrite.
        let edge = Url::parse("https://edge.example/~S/harbour/").unwrap();
        let below = Frame { folder: &edge, resource: &resource, reach: Reach::Inherit };
        assert!(compile(&rendered, &below, &Caps { max_height, ..Caps::default() }).is_ok(), "a URI left the title");
    }
}
