//! No path panics; a resource path is canonical, and stays within its title.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stagedoor::facts::Facts;
use stagedoor::route::{ResourcePath, Route, route};

fuzz_target!(|path: &str| {
    let facts = Facts { path: path.to_owned(), ..Facts::default() };
    if let Ok(Route::Media(request)) = route(&facts) {
        let resource = request.resource.as_str();
        assert_eq!(ResourcePath::parse(resource).unwrap(), request.resource, "not canonical");
        assert!(!resource.starts_with('/') && !resource.split('/').any(|segment| segment == ".."));
    }
});
