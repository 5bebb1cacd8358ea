//! The fuzz targets and their properties. `fuzz_targets/` runs them by libFuzzer for minutes,
//! `tests/seconds.rs` runs them for seconds with a stable toolchain.

use arbitrary::{Arbitrary, Unstructured};

#[path = "../../../tests/support/edge.rs"]
mod edge;
#[path = "../../../tests/support/live_edits.rs"]
mod live_edits;
#[path = "../../../tests/support/naive_playlist.rs"]
mod naive_playlist;
#[path = "../../../tests/support/offer.rs"]
mod offer;
#[path = "../../../tests/support/viewers.rs"]
mod shared_isolate;
mod signed_url;
#[path = "../../../tests/support/xml.rs"]
mod xml;

macro_rules! targets {
    ($($name:ident)*) => {
        $(mod $name;

        #[doc = concat!("Runs the target `", stringify!($name), "` with one input.")]
        pub fn $name(bytes: &[u8]) {
            with(bytes, $name::run);
        })*

        /// Every target, by name.
        pub const ALL: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    cat
    cloud_front
    cue
    edge_auth
    emsg
    hls_ads
    hls_check
    hls_events
    hls_window
    jws_json
    jwt
    media_cdn
    mpd
    mpd_check
    mpd_limits
    mpd_patch
    playlist
    route
    secure_link
    secure_media
    session
    timed_hmac
    token
    uri_signing
    vast
    viewers
    vmap
}

/// Reads an input like libFuzzer; `None` if it is too short.
fn with<'a, T: Arbitrary<'a>>(bytes: &'a [u8], run: fn(T)) {
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(bytes)) {
        run(input);
    }
}
