//! Who is asking: viewer tokens, which a site's issuers sign, and the session tokens that we sign.

mod compact;
mod grant;
mod jwt;
pub mod native;
mod placement;
pub mod session;

pub use grant::Grant;
pub use jwt::{Challenge, Presented};
pub use placement::find;
