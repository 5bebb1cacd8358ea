//! What every command gets: the form of its output, and the profile.
//!
//! A command that talks to a system begins so:
//!
//! ```text
//! pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Answer, Failure> {
//!     let profile = context.profile()?;
//!     let client = Client::new(profile.edge()?, context.output)?;
//!     let secret = profile.explain_secret()?;
//!     …
//!     context.output.result(&json, || text)?;
//!     Ok(Answer::Yes)
//! }
//! ```
//!
//! [`Answer::Denied`](crate::Answer) is for a result that says no, and has been printed. Everything else that is not a success is a
//! [`Failure`](crate::failure::Failure), which `main` prints.

use crate::failure::Misuse;
use crate::output::Output;
use crate::profile::{Profile, environment};

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    /// The form of the output.
    pub(crate) output: Output,
    /// The name after `--profile`, or of `STAGEDOOR_PROFILE`.
    pub(crate) profile: Option<String>,
}

impl Context {
    /// The profile, which is read when a command needs it.
    pub(crate) fn profile(&self) -> Result<Profile, Misuse> {
        Profile::find(self.profile.as_deref(), environment)
    }
}
