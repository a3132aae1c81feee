//! The checks of the alarms: none is missing, none is on, and each notifies the topic.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::MetricAlarm;

use super::{DEPLOY_AGAIN, StackChecks};
use crate::check::{Finding, OrFinding, Outcome};

/// The alarms of template.yaml, without the stack's name before them.
const ALARMS: [&str; 8] = [
    "announcements-unpublished",
    "checker-silent",
    "dead-letters",
    "describe-errors",
    "ledger-errors",
    "requests-lost",
    "requests-not-taken",
    "unknown-status",
];
/// The alarms that exist only if a parameter has a value.
const CONDITIONAL: [(&str, &str); 2] =
    [("policy-errors", "SourceAccountRoles"), ("requests-failed", "AlarmTopicArn")];

impl StackChecks<'_> {
    /// One finding for each problem, else one outcome for all alarms.
    pub(super) async fn check_alarms(&self) -> Result<Vec<Outcome>, Finding> {
        let prefix = format!("{}-", self.stack.name);
        let call = Client::new(self.config()).describe_alarms().alarm_name_prefix(&prefix);
        let pages: Result<Vec<_>, _> = call.into_paginator().send().collect().await;
        let pages = pages.or_unread("the alarms")?.into_iter();
        let alarms: BTreeMap<String, MetricAlarm> = pages
            .flat_map(|page| page.metric_alarms.unwrap_or_default())
            .filter_map(|alarm| Some((alarm.alarm_name()?.strip_prefix(&prefix)?.to_owned(), alarm)))
            .collect();
        let conditional =
            CONDITIONAL.iter().filter(|(_, parameter)| !self.stack.parameter(parameter).is_empty());
        let expected = ALARMS.into_iter().chain(conditional.map(|(alarm, _)| *alarm));
        let found = expected.flat_map(|name| self.find_problems(name, alarms.get(name)));
        let found: Vec<Outcome> = found.map(Err).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let notified = match self.stack.parameter("AlarmTopicArn") {
            "" => "they notify nobody, because `AlarmTopicArn` is empty".to_owned(),
            topic => format!("they notify `{topic}`"),
        };
        Ok(vec![Ok(format!("none is on; {notified}"))])
    }

    fn find_problems(&self, name: &str, alarm: Option<&MetricAlarm>) -> Vec<Finding> {
        let Some(alarm) = alarm else {
            return vec![Finding::found(format!("`{name}` does not exist"), DEPLOY_AGAIN)];
        };
        let mut found = Vec::new();
        if alarm.state_value().is_some_and(|state| state.as_str() == "ALARM") {
            let message = format!("`{name}` is on: {}", alarm.state_reason().unwrap_or("no reason is given"));
            found.push(Finding::found(message, format!("docs/operate.md, \"{name}\"")));
        }
        let topic = self.stack.parameter("AlarmTopicArn");
        let has_topic = topic.is_empty() || alarm.alarm_actions().iter().any(|action| action == topic);
        if alarm.actions_enabled() == Some(false) || !has_topic {
            let stack = &self.stack.name;
            let remedy = format!(
                "aws cloudwatch enable-alarm-actions --alarm-names {stack}-{name}, or deploy the stack again"
            );
            found.push(Finding::found(format!("`{name}` notifies nobody"), remedy));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{ALARMS, CONDITIONAL};

    #[test]
    fn every_alarm_of_the_template_is_checked() {
        let template = include_str!("../../../../template.yaml");
        let name = |line: &'static str| line.trim().strip_prefix("AlarmName: !Sub ${AWS::StackName}-");
        let mut of_template: Vec<_> = template.lines().filter_map(name).collect();
        let mut checked: Vec<_> = ALARMS.into_iter().chain(CONDITIONAL.map(|(alarm, _)| alarm)).collect();
        of_template.sort_unstable();
        checked.sort_unstable();
        assert_eq!(checked, of_template);
    }
}
