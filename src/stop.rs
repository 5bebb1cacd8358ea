//! Why a request is not served: a denial or a fault.

use crate::denial::Denial;
use crate::fault::{Fault, FaultKind};
use crate::reply::Reply;
use crate::shelf::Weigh;

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A rule refused the request.
    Denied(Denial),
    /// Something broke.
    Failed(Fault),
}

impl Stop {
    /// Whether the media origin has said that it does not have the file.
    pub const fn is_media_missing(&self) -> bool {
        matches!(self, Self::Failed(Fault { kind: FaultKind::MediaMissing, .. }))
    }
}

impl Weigh for Stop {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Denied(Denial { detail, reply, .. }) => {
                let headers = reply.iter().flat_map(|reply| &reply.headers);
                let texts = headers.map(|(name, value)| {
                    name.heap_bytes() + value.expose().heap_bytes() + size_of::<[String; 2]>()
                });
                detail.heap_bytes() + texts.sum::<usize>()
            }
            Self::Failed(Fault { detail, .. }) => detail.heap_bytes(),
        }
    }
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<&Stop> for Reply {
    fn from(stop: &Stop) -> Self {
        match stop {
            Stop::Denied(denial) => denial.into(),
            Stop::Failed(fault) => fault.into(),
        }
    }
}
