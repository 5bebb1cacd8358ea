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
//! 2. Its file here has the object: a struct with its `state`, which [`worker::durable_object`] exports under the name of
//!    the class, and a [`Store`] with the table, the question, the answer, and how the one leads to the other. `fetch` and
//!    `alarm` call the kit's functions.
//! 3. Above it, the Worker's side: [`Objects`] with the binding and the patience, and [`Silence`], which says whether a
//!    request goes on without an answer.
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

use call::{Objects, Silence};
use store::Store;
use table::{Schema, Table};
