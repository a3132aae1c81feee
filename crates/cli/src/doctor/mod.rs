//! `doctor`: checks a deployed stack.

mod alarms;
mod functions;
mod keeping;
mod logs;
mod places;
mod policy;
mod release;
mod source_accounts;
mod way_in;

pub use release::Release;

use crate::check::{Check, Outcome, Trouble};
use crate::session::Session;
use crate::stack::Stack;

/// The remedy for a resource that differs from template.yaml.
const DEPLOY_AGAIN: &str = "deploy the stack again";

/// A stack, and what its checks need.
#[derive(Debug)]
pub struct Patient<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Its account and Region.
    pub session: &'a Session,
    /// Sessions in source accounts.
    pub sources: &'a [Session],
    /// The release that should be deployed.
    pub release: Option<&'a Release>,
}

impl Patient<'_> {
    /// Makes every check.
    pub async fn examine(&self) -> Vec<Check> {
        let mut checks = vec![
            Check::of("stack", self.status()),
            Check::of("event bus", self.bus().await),
            Check::of("request rule", self.request_rule().await),
            Check::of("rule's target", self.rule_target().await),
            Check::of("request queue", self.request_queue().await),
            Check::of("dead-letter queue", self.dead_letter_queue().await),
            Check::of("dead letters", self.dead_letters().await),
            Check::of("queue's mapping", self.mapping().await),
            Check::of("failed invocations", self.failed_invocations().await),
            Check::of("schedule", self.schedule().await),
            Check::of("ledger", self.ledger().await),
            Check::of("ledger's expiry", self.expiry().await),
            Check::of("ledger's backups", self.backups().await),
        ];
        checks.extend(self.function("start-copy", "StartCopyFunction").await);
        checks.extend(self.function("check-copies", "CheckCopiesFunction").await);
        checks.extend(self.encryption_key().await);
        checks.extend(self.alarms().await);
        checks.extend(self.logs().await);
        checks.extend(self.buckets().await);
        checks.extend(self.destination_projects().await);
        checks.extend(self.source_accounts().await);
        checks
    }

    fn status(&self) -> Outcome {
        let status = &self.stack.status;
        let is_settled = status.ends_with("_COMPLETE") && !status.starts_with("ROLLBACK");
        if is_settled && !status.starts_with("DELETE") {
            return Ok(format!("it has status {status}"));
        }
        let remedy = match status.ends_with("_IN_PROGRESS") {
            true => "wait until the stack's update has ended",
            false => "look at the stack's events in CloudFormation, fix the cause and deploy again",
        };
        Err(Trouble::found(format!("it has status {status}"), remedy))
    }

    /// The ARN of a resource in the stack's account and Region.
    fn arn(&self, service: &str, resource: &str) -> String {
        let identity = &self.session.identity;
        format!("arn:{}:{service}:{}:{}:{resource}", identity.partition, identity.region, identity.account)
    }

    /// The ARN of the queue whose URL is this output.
    fn queue_arn(&self, output: &str) -> Result<String, Trouble> {
        let url = self.stack.output(output)?;
        Ok(self.arn("sqs", url.rsplit('/').next().unwrap_or_default()))
    }

    /// The entries of a parameter that is a list.
    fn list(&self, parameter: &str) -> impl Iterator<Item = &str> {
        self.stack.parameter(parameter).split(',').filter(|entry| !entry.is_empty())
    }
}
