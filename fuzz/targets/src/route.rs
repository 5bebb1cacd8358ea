//! No path panics; a resource path is canonical, and stays within its title.

use stagedoor::facts::Facts;
use stagedoor::route::{Route, route};
use stagedoor::resource::{MediaRequest, ResourcePath};

/// Takes one input.
pub fn run(path: &str) {
    let facts = Facts { path: path.to_owned(), ..Facts::default() };
    let request = match route(&facts) {
        Ok(Route::Below(request, _)) => Ok(request),
        _ => MediaRequest::at_entry(path),
    };
    if let Ok(request) = request {
        let resource = request.resource.as_str();
        assert_eq!(ResourcePath::parse(resource).unwrap(), request.resource, "not canonical");
        assert!(!resource.starts_with('/') && !resource.split('/').any(|segment| segment == ".."));
    }
}
