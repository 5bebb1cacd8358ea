//! A cut of a title.

use serde::{Deserialize, Serialize};

use super::{MediaPath, Territories, VarianceId};

/// One of several cuts of a title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variance {
    /// The cut's id, by which offers name it. It is unique within the title.
    pub id: VarianceId,
    /// The cut's folder below the site's media origin, in place of the title's folder.
    pub media: MediaPath,
    /// The territories in which offers without a `variance` show this cut. Of several cuts, the cut with the nearest
    /// territory to the viewer counts. Absent: only offers that name the cut show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territories: Option<Territories>,
}
