//! An object that keeps rows until they end.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Method, Request, Response, ScheduledTime, State};

use super::super::runtime::now;
use super::{Schema, Table};

/// An object that keeps rows, under the name of its class: the runtime's way to its [`Store`].
macro_rules! object {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[worker::durable_object(alarm)]
        pub struct $name {
            state: worker::State,
        }

        impl worker::DurableObject for $name {
            fn new(state: worker::State, _: worker::Env) -> Self {
                Self { state }
            }

            async fn fetch(&self, request: worker::Request) -> worker::Result<worker::Response> {
                $crate::worker::objects::store::fetch::<Self>(&self.state, request).await
            }

            async fn alarm(&self) -> worker::Result<worker::Response> {
                $crate::worker::objects::store::alarm::<Self>(&self.state).await
            }
        }
    };
}

pub(super) use object;

/// The objects of a class, from inside.
pub(super) trait Store {
    /// The table of an object.
    const SCHEMA: Schema;

    /// For how many seconds a row is kept after it has ended: clocks of two machines may disagree.
    const MARGIN_S: u64;

    /// The body of a request.
    type Question: DeserializeOwned;

    /// The body of a reply.
    type Answer: Serialize;

    /// The body of a reply to GET, for tests and for people.
    type Census: Serialize;

    /// Answers a question, and tells when its row ends, in Unix seconds. There is no await between reading and writing, so the
    /// object answers two simultaneous questions one after the other.
    fn answer(table: &Table, question: Self::Question) -> worker::Result<(Self::Answer, u64)>;

    /// Counts what the object keeps.
    fn census(table: &Table) -> worker::Result<Self::Census>;
}

/// The longest and the shortest time between two alarms, in seconds.
const LONGEST_PAUSE_S: u64 = 3_600;
const SHORTEST_PAUSE_S: u64 = 10;

/// Answers a request to an object.
pub(super) async fn fetch<S: Store>(state: &State, mut request: Request) -> worker::Result<Response> {
    let table = Table::open(state, &S::SCHEMA)?;
    if request.method() == Method::Get {
        return Response::from_json(&S::census(&table)?);
    }
    let (answer, ends_at_s) = S::answer(&table, request.json().await?)?;
    let storage = state.storage();
    if storage.get_alarm().await?.is_none() {
        storage.set_alarm(alarm_at::<S>(ends_at_s, 0)).await?;
    }
    Response::from_json(&answer)
}

/// Removes the rows that have ended. An object without rows keeps nothing.
pub(super) async fn alarm<S: Store>(state: &State) -> worker::Result<Response> {
    let table = Table::open(state, &S::SCHEMA)?;
    table.remove_ended(now().as_secs().saturating_sub(S::MARGIN_S))?;
    let storage = state.storage();
    match table.next_end_s()? {
        Some(ends_at_s) => storage.set_alarm(alarm_at::<S>(ends_at_s, SHORTEST_PAUSE_S)).await?,
        None => storage.delete_all().await?,
    }
    Response::empty()
}

/// When rows are to be removed, of which the first ends at this time.
fn alarm_at<S: Store>(ends_at_s: u64, shortest_s: u64) -> ScheduledTime {
    let pause_s = ends_at_s.saturating_add(S::MARGIN_S).saturating_sub(now().as_secs());
    Duration::from_secs(pause_s.max(shortest_s).min(LONGEST_PAUSE_S) + 1).into()
}
