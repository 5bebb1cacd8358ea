//! A question to a Durable Object.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Env, Method, Request, RequestInit};

use super::super::respond;
use super::super::runtime::within;
use crate::facts::Facts;
use crate::fault::{Fault, FaultKind};

/// The objects of a class.
pub(super) struct Objects {
    /// Their binding, which wrangler.toml sets.
    pub(super) binding: &'static str,
    /// How long an answer may take while a viewer waits for it.
    pub(super) patience: Duration,
    /// The fault of an object that does not answer.
    pub(super) unavailable: FaultKind,
}

/// The consequence when an object does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The request goes on without an answer, and the fault is logged: failing open.
    Passes,
    /// The request fails: failing closed.
    Refuses,
}

impl Objects {
    /// Checks that the deployment has these objects.
    pub(super) fn check(&self, env: &Env) -> Result<(), Fault> {
        let binding = self.binding;
        let missing = |error| Fault::new(FaultKind::Configuration, format!("{binding}: {error}"));
        env.durable_object(binding).map(drop).map_err(missing)
    }

    /// Asks the object of a name, while a viewer waits. `None`: it is silent, and silence passes.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        env: &Env,
        facts: &Facts,
        name: &str,
        question: &impl Serialize,
        silence: Silence,
    ) -> Result<Option<A>, Fault> {
        let late = || {
            let detail = format!("no answer within {} s", self.patience.as_secs());
            Err(Fault::new(self.unavailable, detail))
        };
        match (within(self.patience, self.call(env, name, question)).await.unwrap_or_else(late), silence) {
            (Ok(answer), _) => Ok(Some(answer)),
            (Err(fault), Silence::Refuses) => Err(fault),
            (Err(fault), Silence::Passes) => {
                respond::log(Some(facts), &fault.into());
                Ok(None)
            }
        }
    }

    /// Asks the object of a name, behind a reply: nobody waits.
    pub(super) async fn call<A: DeserializeOwned>(
        &self,
        env: &Env,
        name: &str,
        question: &impl Serialize,
    ) -> Result<A, Fault> {
        let answer = self.exchange(env, name, question).await;
        answer.map_err(|error| Fault::new(self.unavailable, error.to_string()))
    }

    async fn exchange<A: DeserializeOwned>(
        &self,
        env: &Env,
        name: &str,
        question: &impl Serialize,
    ) -> worker::Result<A> {
        let object = env.durable_object(self.binding)?.get_by_name(name)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(serde_json::to_string(question)?.into()));
        // An object is found by its name: the URL says nothing.
        let request = Request::new_with_init("https://object.invalid/", &init)?;
        let mut response = object.fetch_with_request(request).await?;
        match response.status_code() {
            200 => response.json().await,
            status => Err(format!("the object answered {status}").into()),
        }
    }
}
