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

impl Objects {
    /// Checks that the deployment has these objects.
    pub(super) fn check(&self, env: &Env) -> Result<(), Fault> {
        let binding = self.binding;
        let missing = |error| Fault::new(FaultKind::Configuration, format!("{binding}: {error}"));
        env.durable_object(binding).map(drop).map_err(missing)
    }

    /// Asks the object of a name, while a viewer waits. An object that is silent, or missing, stops the request: failing closed.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        env: &Env,
        name: &str,
        question: &impl Serialize,
    ) -> Result<A, Fault> {
        self.check(env)?;
        let late = || {
            let detail = format!("no answer within {} ms", self.patience.as_millis());
            Err(Fault::new(self.unavailable, detail))
        };
        within(self.patience, self.call(env, name, question)).await.unwrap_or_else(late)
    }

    /// Asks the object of a name, while a viewer waits. `None`: it is silent, or missing. The fault is logged, and the request goes
    /// on without an answer: failing open.
    pub(super) async fn try_ask<A: DeserializeOwned>(
        &self,
        env: &Env,
        facts: &Facts,
        name: &str,
        question: &impl Serialize,
    ) -> Option<A> {
        match self.ask(env, name, question).await {
            Ok(answer) => Some(answer),
            Err(fault) => {
                respond::log(Some(facts), &fault.into());
                None
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
