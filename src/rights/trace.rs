//! The trace of a decision, for operators who ask for its reasons.

use serde::Serialize;

use crate::catalog::{DocumentKind, Mode, Rule};
use crate::denial::Reason;

/// The trace of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trace {
    /// Each rule that was checked, in order.
    pub findings: Vec<Finding>,
    /// The deciding offer or rule.
    pub decided: Option<Decided>,
}

/// One rule, and whether the viewer meets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The owner of the rule: `title`, `offer gold`, `blackout cup-final`.
    pub of: String,
    /// The rule.
    pub rule: &'static str,
    /// Its mode for this viewer; a rule that is off is not checked.
    pub mode: &'static str,
    /// Whether the viewer meets it.
    pub passed: bool,
    /// The values that the rule asks for.
    pub wanted: String,
    /// The value that the rule found.
    pub saw: String,
}

/// The offer that was chosen, or the rule that refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The kind of document that has the rule.
    pub document: DocumentKind,
    /// The owner of the rule, as in a finding.
    pub of: String,
    /// The rule; `None` for a permit, and for refusals without a rule of a document.
    pub rule: Option<Rule>,
    /// The reason of the refusal.
    pub reason: Option<Reason>,
    /// The change with which the viewer would pass, or how the viewer passed.
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
    /// The values that the rule asks for.
    pub(super) wanted: String,
    /// The value that the rule found.
    pub(super) saw: String,
    /// The change with which the viewer would pass.
    pub(super) cure: String,
}

/// Records findings only if a trace was asked for.
pub(super) struct Recorder(pub(super) Option<Trace>);

impl Recorder {
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Records a finding that no rule of a document has; `finding` is only called if a trace was asked for.
    pub(super) fn told(&mut self, finding: impl FnOnce() -> Finding) {
        if let Some(trace) = &mut self.0 {
            trace.findings.push(finding());
        }
    }

    /// Records a finding; `wording` is only called if a trace was asked for.
    pub(super) fn found(
        &mut self,
        of: impl FnOnce() -> String,
        rule: Rule,
        mode: Mode,
        passed: bool,
        wording: impl FnOnce() -> Wording,
    ) {
        if let Some(trace) = &mut self.0 {
            let Wording { wanted, saw, .. } = wording();
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
