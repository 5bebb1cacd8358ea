//! Where a viewer token stands in a request.

use serde::{Deserialize, Serialize};

/// A place in a request where a viewer token may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// A query parameter of this name.
    Query(String),
    /// `Authorization: Bearer …` ([RFC 6750 section 2.1]).
    ///
    /// [RFC 6750 section 2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    Authorization,
    /// A cookie of this name.
    Cookie(String),
    /// The whole value of a header of this name.
    Header(String),
    /// A segment of the path.
    Path(PathPlacement),
}

/// How a token stands in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PathPlacement {
    /// The first segment, before the title: `/{token}/{title}/{manifest}`.
    Before,
    /// The first segment, in place of the title, which the token names: `/{token}/{manifest}`.
    Title,
    /// A path-style parameter of this name in any segment: `/{title}/{manifest};{name}={token}` ([RFC 3986 section
    /// 3.3]).
    ///
    /// [RFC 3986 section 3.3]: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    Parameter(String),
}
