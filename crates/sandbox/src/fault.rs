//! Faults: they make chosen calls fail. This file decides which effects a call meets; `front` carries them out.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::{Status, answer::AwsError};

/// A fault counts every call that it matches. Its effect hits the calls that `after`, `times` and `rate` select.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// An operation such as `rekognition:CopyProjectVersion`, a service such as `dynamodb:*`, or `*`.
    pub action: String,
    /// Only calls whose body contains this text, for instance a version's name.
    pub containing: Option<String>,
    /// How many matching calls pass before the first one fails.
    #[serde(default)]
    pub after: u64,
    /// How many calls fail at most; `None`: all that follow.
    pub times: Option<u64>,
    /// The share of calls that fail, from 0 to 1; `None`: all.
    pub rate: Option<f64>,
    pub effect: Effect,
}

/// The effect of a fault on a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// The call answers with this error and does nothing. With `after_effect` it does its work first.
    Error {
        code: String,
        #[serde(default)]
        message: String,
        /// The HTTP status; `None`: the status that AWS gives this code.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(default)]
        after_effect: bool,
    },
    /// The call does its work, and the connection is closed without an answer.
    LoseAnswer,
    /// The connection is closed, and the call does nothing.
    LoseRequest,
    /// The call does its work after this time (of the machine's clock), even if the client has disconnected.
    Delay(#[serde(deserialize_with = "crate::duration::read")] SignedDuration),
    /// The copy that this call starts ends like this.
    EndCopy(CopyEnd),
}

/// The end of a copy, instead of COPYING_COMPLETED.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopyEnd {
    pub status: Status,
    pub status_message: Option<String>,
    /// How long the copy takes; `None`: as long as any copy.
    #[serde(default, deserialize_with = "crate::duration::read")]
    pub after: Option<SignedDuration>,
}

impl Effect {
    /// An error instead of the call's work, with the HTTP status that AWS gives it.
    pub fn error(code: &str) -> Self {
        Self::new_error(code, false)
    }

    /// An error after the call's work, with the HTTP status that AWS gives it.
    pub fn error_after_effect(code: &str) -> Self {
        Self::new_error(code, true)
    }

    fn new_error(code: &str, after_effect: bool) -> Self {
        let message = format!("{code}, as the sandbox was told");
        Self::Error { code: code.to_owned(), message, status: None, after_effect }
    }
}

impl Fault {
    pub fn new(action: &str, effect: Effect) -> Self {
        Self { action: action.to_owned(), containing: None, after: 0, times: None, rate: None, effect }
    }

    /// A fault by which every call of a service answers 503 ServiceUnavailable.
    pub fn outage(service: &str) -> Self {
        Self::new(&format!("{service}:*"), Effect::error("ServiceUnavailable"))
    }

    /// Only the `n`-th matching call, counted from 1.
    pub fn on_call(self, n: u64) -> Self {
        Self { after: n.saturating_sub(1), times: Some(1), ..self }
    }

    pub fn times(self, n: u64) -> Self {
        Self { times: Some(n), ..self }
    }

    pub fn containing(self, text: &str) -> Self {
        Self { containing: Some(text.to_owned()), ..self }
    }

    fn matches(&self, action: &str, body: &str) -> bool {
        let is_named = match self.action.strip_suffix('*') {
            Some(service) => service.is_empty() || service.ends_with(':') && action.starts_with(service),
            None => self.action == action,
        };
        is_named && self.containing.as_deref().is_none_or(|text| body.contains(text))
    }
}

#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) set: Vec<Counted>,
    random: fastrand::Rng,
}

/// A fault with the number of calls that it has counted.
#[derive(Debug, Serialize)]
pub(crate) struct Counted {
    #[serde(flatten)]
    pub(crate) fault: Fault,
    seen: u64,
}

impl Default for Faults {
    fn default() -> Self {
        // A fixed seed: the same calls meet the same faults in every run.
        Self { set: Vec::new(), random: fastrand::Rng::with_seed(7) }
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.set.push(Counted { fault, seen: 0 });
    }

    /// Counts the call, and returns the effects that it meets.
    pub(crate) fn strike(&mut self, action: &str, body: &str) -> Strike {
        let mut strike = Strike::default();
        for Counted { fault, seen } in self.set.iter_mut().filter(|it| it.fault.matches(action, body)) {
            *seen += 1;
            let last = fault.times.map_or(u64::MAX, |times| fault.after.saturating_add(times));
            let is_selected = *seen > fault.after && *seen <= last;
            if is_selected && fault.rate.is_none_or(|rate| self.random.f64() < rate) {
                strike.add(&fault.effect);
            }
        }
        strike
    }
}

/// All effects on one call. Of two that exclude each other, the fault that was set first counts.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Duration,
    /// What happens instead of the call's work.
    pub(crate) instead: Option<Failure>,
    /// What happens instead of the answer, after the call's work.
    pub(crate) afterwards: Option<Failure>,
    pub(crate) copy_end: Option<CopyEnd>,
}

/// The outcome of a call that a fault hits.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(AwsError),
    NoAnswer,
}

impl Strike {
    fn add(&mut self, effect: &Effect) {
        match effect.clone() {
            Effect::Error { code, message, status, after_effect } => {
                let error = AwsError::new(code, message);
                let status = status.unwrap_or(error.status);
                let failure = if after_effect { &mut self.afterwards } else { &mut self.instead };
                failure.get_or_insert(Failure::Error(AwsError { status, ..error }));
            }
            Effect::LoseRequest => {
                self.instead.get_or_insert(Failure::NoAnswer);
            }
            Effect::LoseAnswer => {
                self.afterwards.get_or_insert(Failure::NoAnswer);
            }
            Effect::Delay(by) => {
                self.delay = self.delay.saturating_add(Duration::try_from(by).unwrap_or_default());
            }
            Effect::EndCopy(end) => {
                self.copy_end.get_or_insert(end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, calls: &[(&str, &str)]) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(fault);
        calls.iter().map(|(action, body)| faults.strike(action, body).instead.is_some()).collect()
    }

    #[test]
    fn a_fault_hits_the_calls_of_its_action_body_and_number() {
        let copy = |body| ("rekognition:CopyProjectVersion", body);
        let calls = [copy("a"), ("dynamodb:PutItem", "a"), copy("b"), copy("a"), copy("a")];
        let fault = |action| Fault::new(action, Effect::LoseRequest);
        for (fault, hit) in [
            (fault("*"), [true, true, true, true, true]),
            (fault("rekognition:CopyProjectVersion").on_call(2), [false, false, true, false, false]),
            (fault("rekognition:CopyProjectVersion").times(2), [true, false, true, false, false]),
            (Fault::outage("dynamodb"), [false, true, false, false, false]),
            (fault("rekognition:*").containing("a").on_call(2), [false, false, false, true, false]),
        ] {
            assert_eq!(strikes(fault.clone(), &calls), hit, "{fault:?}");
        }
    }

    #[test]
    fn a_fault_with_a_rate_hits_about_that_share_and_the_same_calls_in_every_run() {
        let fault = Fault { rate: Some(0.25), ..Fault::new("*", Effect::error("InternalServerError")) };
        let calls = [("events:PutEvents", ""); 1000];
        let first = strikes(fault.clone(), &calls);
        let count = first.iter().filter(|is_hit| **is_hit).count();
        assert!((200..300).contains(&count), "{count}");
        assert_eq!(strikes(fault, &calls), first);
    }
}
