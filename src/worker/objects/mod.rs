//! Durable Objects: small stores that see one request after the other, wherever in the world the requests come from.
//!
//! ```text
//! call      the Worker's side: a question to an object, how long it may take, and what follows from silence
//! store     the object's side: a question in, an answer out, and an alarm that removes the rows that have ended
//! table     the object's rows, in its SQLite
//!
//! ad_rate   when an ad server may be asked
//! caps      how often campaigns with a cap were taken
//! replay    which tokens have been used
//! streams   which streams are on
//! viewers   what viewers have seen of a site's campaigns
//! wanted    which creatives nobody has conditioned
//! ```
//!
//! Another kind of object takes four steps. `replay.rs` is an example of all of them.
//!
//! 1. Its decision is a pure function of the core, which native tests reach: [`crate::token::Record::count`].
//! 2. Its file here has the object: [`object!`](store::object) with the name of the class, and its [`Store`] with the table, the
//!    question, the answer, and how the one leads to the other.
//! 3. Above it, the Worker's side: [`Objects`] with the binding and the patience. A request that cannot go on without an answer
//!    calls [`Objects::ask`], any other [`Objects::try_ask`].
//! 4. `wrangler.toml` has the class among `new_sqlite_classes`, in a migration of its own, and a binding in each
//!    environment.
//!
//! Questions and answers are JSON. Both sides of a deployment change at different moments, so a member that is added has a
//! default, and so has a column ([`Schema::added`]).
//!
//! <https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/>

pub(super) mod ad_rate;
mod call;
pub(super) mod caps;
pub(super) mod replay;
mod store;
pub(super) mod streams;
mod table;
pub(super) mod viewers;
pub(super) mod wanted;

use call::Objects;
use store::{Store, object};
use table::{Schema, Table};
