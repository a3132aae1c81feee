//! `doctor`: checks a deployed stack.

mod alarms;
mod destinations;
mod functions;
mod ledger;
mod logs;
mod request_path;
mod resource_policy;
mod source_accounts;

pub(crate) use functions::Release;

use aws_config::SdkConfig;

use crate::check::{Check, Finding, Outcome, ensure};
use crate::session::Session;
use crate::stack::Stack;

/// The remedy for a resource that differs from template.yaml.
const DEPLOY_AGAIN: &str = "deploy the stack again";

/// A stack, and what its checks need.
#[derive(Debug)]
pub(crate) struct StackChecks<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) session: &'a Session,
    /// Sessions in source accounts.
    pub(crate) sources: &'a [Session],
    /// The release that should be deployed.
    pub(crate) release: Option<&'a Release>,
}

impl StackChecks<'_> {
    pub(crate) async fn run(&self) -> Vec<Check> {
        let mut checks = vec![
            Check::of("stack", self.check_status()),
            Check::of("event bus", self.check_bus().await),
            Check::of("request rule", self.check_request_rule().await),
            Check::of("rule's target", self.check_rule_target().await),
            Check::of("request queue", self.check_request_queue().await),
            Check::of("dead-letter queue", self.check_dead_letter_queue().await),
            Check::of("dead letters", self.check_dead_letters().await),
            Check::of("queue's mapping", self.check_mapping().await),
            Check::of("failed invocations", self.check_failed_invocations().await),
            Check::of("schedule", self.check_schedule().await),
            Check::of("ledger", self.check_ledger().await),
            Check::of("ledger's expiry", self.check_expiry().await),
            Check::of("ledger's backups", self.check_backups().await),
        ];
        checks.extend(self.check_function("start-copy", "StartCopyFunction").await);
        checks.extend(self.check_function("check-copies", "CheckCopiesFunction").await);
        checks.extend(self.check_encryption_key().await);
        checks.extend(Check::of_each("alarms", self.check_alarms().await));
        checks.extend(Check::of_each("log", Ok(self.check_logs().await)));
        checks.extend(Check::of_each("output bucket", Ok(self.check_output_buckets().await)));
        checks.extend(Check::of_each("destination project", self.check_destination_projects().await));
        checks.extend(self.check_source_accounts().await);
        checks
    }

    fn check_status(&self) -> Outcome {
        let status = &self.stack.status;
        let message = format!("it has status {status}");
        let is_settled = status.ends_with("_COMPLETE") && !status.starts_with("ROLLBACK");
        if is_settled && !status.starts_with("DELETE") {
            return Ok(message);
        }
        let remedy = match status.ends_with("_IN_PROGRESS") {
            true => "wait until the stack's update has ended",
            false => "look at the stack's events in CloudFormation, fix the cause and deploy again",
        };
        Err(Finding::found(message, remedy))
    }

    fn config(&self) -> &SdkConfig {
        &self.session.config.shared
    }

    /// The ARN of the queue whose URL is this output.
    fn queue_arn(&self, output: &str) -> Result<String, Finding> {
        Ok(self.session.identity.queue_arn(self.stack.output(output)?))
    }

    /// The entries of a parameter that is a list.
    fn list(&self, parameter: &str) -> impl Iterator<Item = &str> {
        self.stack.parameter(parameter).split(',').filter(|entry| !entry.is_empty())
    }
}

/// The outcome of a check that something is as template.yaml has it.
fn ensure_template(is_so: bool, message: impl Into<String>) -> Result<(), Finding> {
    ensure(is_so, message, DEPLOY_AGAIN)
}
