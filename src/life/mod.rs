//! The life of a request, as steps that a caller strings together: `worker` with its awaits, the tests and the
//! command without.

pub mod below;
pub mod clock;
pub mod entry;
pub mod renewal;

use crate::catalog::{Host, Title};
use crate::denial::{Denial, Reason};

/// Checks that a title may be served by a site.
pub fn check_site(title: &Title, host: &Host) -> Result<(), Denial> {
    if title.sites.contains(host) {
        Ok(())
    } else {
        Err(Denial::new(Reason::TitleUnknown, format!("`{}` is not a title of {host}", title.id)))
    }
}
