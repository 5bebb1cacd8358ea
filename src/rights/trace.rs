//! What a decision looked at, for those who ask why.

use serde::Serialize;

use crate::catalog::{DocumentKind, Mode, Rule};
use crate::denial::Reason;

/// What a decision looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// Each rule that was looked at, in its order.
    pub findings: Vec<Finding>,
    /// What decided.
    pub decided: Option<Decided>,
}

/// One rule, and what it made of the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is a rule of: `title`, `offer gold`, `blackout cup-final`.
    pub of: String,
    /// The rule.
    pub rule: &'static str,
    /// Its mode for this viewer; a rule that is off was not looked at.
    pub mode: &'static str,
    /// Whether the viewer meets it.
    pub passed: bool,
    /// What it asks for.
    pub wanted: String,
    /// What it saw.
    pub saw: String,
}

/// What decided: the offer that was taken, or the rule that the refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The kind of document that says so.
    pub document: DocumentKind,
    /// What it is a rule of, as in a finding.
    pub of: String,
    /// The rule; `None` for a permit, and for refusals that rest on no rule of a document.
    pub rule: Option<Rule>,
    /// The reason of the refusal.
    pub reason: Option<Reason>,
    /// What would have made it pass, or how the viewer passed.
    pub cure: String,
}

impl Serialize for Decided {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut members = serializer.serialize_struct("Decided", 5)?;
        members.serialize_field("document", self.document.name())?;
        members.serialize_field("of", &self.of)?;
        members.serialize_field("rule", &self.rule)?;
        members.serialize_field("reason", &self.reason.map(Reason::code))?;
        members.serialize_field("would_pass", &self.cure)?;
        members.end()
    }
}

/// A rule in words.
pub(super) struct Wording {
    /// What it asks for.
    pub(super) wanted: String,
    /// What it saw.
    pub(super) saw: String,
    /// What would make it pass.
    pub(super) cure: String,
}

/// What is kept of findings: nothing, unless somebody asked.
pub(super) struct Recorder(pub(super) Option<Trace>);

impl Recorder {
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Records a finding; `told` is only called where somebody asked.
    pub(super) fn found(
        &mut self,
        of: impl FnOnce() -> String,
        rule: Rule,
        mode: Mode,
        passed: bool,
        told: impl FnOnce() -> Wording,
    ) {
        if let Some(trace) = &mut self.0 {
            let Wording { wanted, saw, .. } = told();
            trace.findings.push(Finding {
                of: of(),
                rule: rule.name(),
                mode: mode.name(),
                passed,
                wanted,
                saw,
            });
        }
    }

    pub(super) fn decided(&mut self, decided: impl FnOnce() -> Decided) {
        if let Some(trace) = &mut self.0 {
            trace.decided = Some(decided());
        }
    }
}
