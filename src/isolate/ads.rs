//! Replies of ad servers that viewers share, where their site allows it.

use std::rc::Rc;

use crate::ads::resolve::{Failure, Reply};
use crate::shelf::{Fetched, Slot, Weigh};

/// An isolate's memory of a URL of an ad server.
#[derive(Debug, Default)]
pub struct KnownAdReply {
    /// The reply.
    pub fetched: Fetched<SharedReply, Failure>,
}

/// A reply that viewers share.
#[derive(Clone, Debug)]
pub struct SharedReply(pub Rc<Reply>);

impl Weigh for SharedReply {
    fn heap_bytes(&self) -> usize {
        self.0.bytes.capacity() + 2 * self.0.url.as_str().len() + 128
    }
}

impl Weigh for Failure {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Unreachable(why) | Self::Disallowed(why) => why.capacity(),
            _ => 0,
        }
    }
}

impl Weigh for KnownAdReply {
    fn heap_bytes(&self) -> usize {
        self.fetched.heap_bytes()
    }
}

impl Slot for KnownAdReply {
    fn is_spent(&self, now_ms: u64) -> bool {
        self.fetched.is_spent(now_ms)
    }

    fn is_busy(&self, now_ms: u64) -> bool {
        self.fetched.is_busy(now_ms)
    }
}
