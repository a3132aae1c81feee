//! Policies, of projects and of roles: whether a statement's Principal, Action, Resource and Condition allow a call.
//! Pure: what is asked, by whom and when are arguments, and nothing is looked up.
//! <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-project-policy.html>

mod condition;
mod document;
mod element;
mod principal;
mod wildcard;

use std::collections::BTreeMap;

pub(crate) use document::Policy;

use crate::caller::Caller;

/// What a policy is asked.
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    /// Condition keys in lower case (they are case-insensitive), with their values.
    pub(crate) context: BTreeMap<String, Vec<String>>,
}

/// What the policies together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever others say.
    Denied,
    /// No statement speaks of it.
    NotAllowed,
}

/// The verdict of all policies together.
pub(crate) fn ask(policies: &[Policy], question: &Question<'_>) -> Verdict {
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let mut speaking = statements.filter(|statement| statement.speaks_of(question)).peekable();
    if speaking.peek().is_none() {
        Verdict::NotAllowed
    } else if speaking.all(|statement| statement.allow) {
        Verdict::Allowed
    } else {
        Verdict::Denied
    }
}

#[cfg(test)]
mod tests;
