//! A cut of a title.

use serde::{Deserialize, Serialize};

use super::{MediaPath, Territories, VarianceId};

/// One of several cuts of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variance {
    /// Names it in offers; unique within the title.
    pub id: VarianceId,
    /// Its folder below the site's media origin, in place of the title's.
    pub media: MediaPath,
    /// Where it is shown by offers that name no variance: of several, the one whose territory is nearest to the viewer.
    /// Absent: only where an offer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territories: Option<Territories>,
}
