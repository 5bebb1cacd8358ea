//! `stagedoor origin` against a running origin service, which sends its changes to a stand-in for the edge.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod documents;
mod edge;
mod exit_codes;
mod history;
mod revocations;
mod service;

/// The service: the tests start this test again as a process of its own. So it is always the service of this build.
#[test]
fn the_service_itself() {
    service::serve_if_asked();
}
