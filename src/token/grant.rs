//! What a token proves.

use crate::catalog::{Issuer, Plan, TitleId};
use crate::time::UnixTime;

/// What a viewer token proves, whatever dialect it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who signed the token.
    pub issuer: Issuer,
    /// Who it was signed for, if it says so.
    pub subject: Option<String>,
    /// When it ends: the site's leeway is included.
    pub expires_at: UnixTime,
    /// The viewer's plans.
    pub plans: Vec<Plan>,
    /// The titles that it is limited to; `None`: any.
    pub titles: Option<Vec<TitleId>>,
}

impl Grant {
    /// Whether the grant covers a title.
    pub fn covers(&self, title: &TitleId) -> bool {
        self.titles.as_ref().is_none_or(|titles| titles.contains(title))
    }
}
