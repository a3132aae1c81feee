//! Faults: which calls go wrong, and how. Decides for each call which effects strike it; carries none of them out.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{error::AwsError, status::Status};

/// A fault: every call it matches is counted, and the effect strikes those that `after`, `times` and `rate` select.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// `rekognition:CopyProjectVersion`, a whole service as `dynamodb:*`, or `*`. Services are `rekognition`,
    /// `dynamodb`, `events` and `sts`.
    pub action: String,
    /// Only calls whose body contains this text, for instance a version's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containing: Option<String>,
    /// How many matching calls pass before the first is struck.
    #[serde(default)]
    pub after: u64,
    /// How many calls are struck; left out: all that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The share of calls that is struck, 0 to 1; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// What happens.
    pub effect: Effect,
}

/// What happens to a call that a fault strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// The call is answered with this error and does nothing; or, with `afterEffect`, does its work first.
    Error {
        /// The exception's name.
        code: String,
        /// The text for people.
        #[serde(default)]
        message: String,
        /// The HTTP status; left out: what AWS gives this code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Whether the work is done all the same.
        #[serde(default)]
        after_effect: bool,
    },
    /// The work is done and the connection closed without an answer.
    LoseAnswer,
    /// The connection is closed and nothing done.
    LoseRequest,
    /// The call is carried out this much later, in real time, even if the client has gone by then.
    Delay(#[serde(with = "crate::duration")] SignedDuration),
    /// A copy that this call starts ends like this instead of COPYING_COMPLETED.
    EndCopy {
        /// The status it ends in.
        status: Status,
        /// The text beside it.
        #[serde(default)]
        status_message: Option<String>,
        /// How long it takes; left out: as long as any copy.
        #[serde(default, with = "crate::duration::optional")]
        after: Option<SignedDuration>,
    },
}

impl Effect {
    /// An error with AWS's usual HTTP status, in place of the call's work.
    pub fn error(code: &str) -> Self {
        let message = format!("{code}, as the sandbox was told");
        Self::Error { code: code.to_owned(), message, status: None, after_effect: false }
    }

    /// An error after the work was done.
    pub fn error_after_effect(code: &str) -> Self {
        match Self::error(code) {
            Self::Error { code, message, status, .. } => {
                Self::Error { code, message, status, after_effect: true }
            }
            other => other,
        }
    }
}

impl Fault {
    /// `effect` on every call of `action`.
    pub fn new(action: &str, effect: Effect) -> Self {
        Self { action: action.to_owned(), containing: None, after: 0, times: None, rate: None, effect }
    }

    /// Everything of one service answers 503 ServiceUnavailable.
    pub fn outage(service: &str) -> Self {
        Self::new(&format!("{service}:*"), Effect::error("ServiceUnavailable"))
    }

    /// Only the `n`-th matching call, counted from 1.
    pub fn on_call(self, n: u64) -> Self {
        Self { after: n.saturating_sub(1), times: Some(1), ..self }
    }

    /// Only the first `n` calls (after those let through).
    pub fn times(self, n: u64) -> Self {
        Self { times: Some(n), ..self }
    }

    /// Each call with this probability.
    pub fn at_rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// Only calls whose body contains `text`.
    pub fn containing(self, text: &str) -> Self {
        Self { containing: Some(text.to_owned()), ..self }
    }

    fn matches(&self, action: &str, body: &str) -> bool {
        let named = self.action == "*"
            || self.action == action
            || self
                .action
                .strip_suffix('*')
                .is_some_and(|service| service.ends_with(':') && action.starts_with(service));
        named && self.containing.as_deref().is_none_or(|text| body.contains(text))
    }
}

/// The faults that are set, with their counts.
#[derive(Debug)]
pub(crate) struct Faults {
    set: Vec<(Fault, u64)>,
    chance: fastrand::Rng,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self { set: Vec::new(), chance: fastrand::Rng::with_seed(SEED) }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.set.push((fault, 0));
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.set.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// The faults as JSON, each with `seen`: how many calls it has counted.
    pub(crate) fn counted(&self) -> Value {
        let counted = |(fault, seen): &(Fault, u64)| {
            let mut fault = json!(fault);
            if let Some(fault) = fault.as_object_mut() {
                fault.insert("seen".to_owned(), json!(seen));
            }
            fault
        };
        self.set.iter().map(counted).collect()
    }

    /// The effects that strike this call, in the order their faults were set.
    pub(crate) fn strike(&mut self, action: &str, body: &str) -> Struck {
        let mut struck = Struck::default();
        for (fault, seen) in &mut self.set {
            if !fault.matches(action, body) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let last = fault.times.map_or(u64::MAX, |times| fault.after.saturating_add(times));
            let selected = *seen > fault.after && *seen <= last;
            if selected && fault.rate.is_none_or(|rate| self.chance.f64() < rate) {
                struck.add(&fault.effect);
            }
        }
        struck
    }
}

/// The same calls meet the same faults in every run.
const SEED: u64 = 7;

/// All that strikes one call.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(crate) delay: std::time::Duration,
    pub(crate) instead: Option<Instead>,
    pub(crate) afterwards: Option<Instead>,
    pub(crate) copy_end: Option<CopyEnd>,
}

/// In place of an answer.
#[derive(Debug)]
pub(crate) enum Instead {
    Error(AwsError),
    Nothing,
}

/// How a copy ends when a fault says so.
#[derive(Clone, Debug)]
pub(crate) struct CopyEnd {
    pub(crate) status: Status,
    pub(crate) status_message: Option<String>,
    pub(crate) after: Option<SignedDuration>,
}

impl Struck {
    fn add(&mut self, effect: &Effect) {
        match effect {
            Effect::Error { code, message, status, after_effect } => {
                let error = AwsError::new(code, message);
                let status = status.unwrap_or(error.status);
                let slot = if *after_effect { &mut self.afterwards } else { &mut self.instead };
                slot.get_or_insert(Instead::Error(error.with_status(status)));
            }
            Effect::LoseRequest => {
                self.instead.get_or_insert(Instead::Nothing);
            }
            Effect::LoseAnswer => {
                self.afterwards.get_or_insert(Instead::Nothing);
            }
            Effect::Delay(by) => self.delay += std::time::Duration::try_from(*by).unwrap_or_default(),
            Effect::EndCopy { status, status_message, after } => {
                self.copy_end.get_or_insert(CopyEnd {
                    status: status.clone(),
                    status_message: status_message.clone(),
                    after: *after,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, calls: &[(&str, &str)]) -> Vec<bool> {
        let mut faults = Faults::none();
        faults.add(fault);
        calls.iter().map(|(action, body)| faults.strike(action, body).instead.is_some()).collect()
    }

    #[test]
    fn a_fault_on_the_nth_call_strikes_that_call_alone() {
        let fault =
            Fault::new("rekognition:CopyProjectVersion", Effect::error("ThrottlingException")).on_call(2);
        let copy = ("rekognition:CopyProjectVersion", "");
        let other = ("rekognition:DescribeProjects", "");
        assert_eq!(strikes(fault, &[copy, other, copy, copy]), [false, false, true, false]);
    }

    #[test]
    fn an_outage_strikes_every_call_of_its_service_and_no_other() {
        let calls = [("dynamodb:PutItem", ""), ("events:PutEvents", ""), ("dynamodb:Query", "")];
        assert_eq!(strikes(Fault::outage("dynamodb"), &calls), [true, false, true]);
    }

    #[test]
    fn a_fault_by_rate_strikes_about_that_share_and_the_same_calls_every_time() {
        let fault = Fault::new("*", Effect::error("InternalServerError")).at_rate(0.25);
        let calls = [("events:PutEvents", ""); 1000];
        let first = strikes(fault.clone(), &calls);
        let struck = first.iter().filter(|struck| **struck).count();
        assert!((200..300).contains(&struck), "{struck}");
        assert_eq!(strikes(fault, &calls), first);
    }

    #[test]
    fn a_fault_can_ask_for_a_text_in_the_body() {
        let fault = Fault::new("*", Effect::LoseRequest).containing("flowers.a");
        assert_eq!(strikes(fault, &[("x:Y", "flowers.b"), ("x:Y", "flowers.a")]), [false, true]);
    }
}
