//! The checks of the alarms: none is missing, none is on, and each notifies the topic.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::MetricAlarm;

use super::{DEPLOY_AGAIN, Patient};
use crate::check::{Check, Trouble};

const CHECK: &str = "alarms";
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

impl Patient<'_> {
    /// One check for each alarm with a problem, else one for all alarms.
    pub(super) async fn alarms(&self) -> Vec<Check> {
        let prefix = format!("{}-", self.stack.name);
        let client = Client::new(&self.session.config.shared);
        let mut pages = client.describe_alarms().alarm_name_prefix(&prefix).into_paginator().send();
        let mut alarms = BTreeMap::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => {
                    alarms.extend(page.metric_alarms.unwrap_or_default().into_iter().filter_map(|alarm| {
                        Some((alarm.alarm_name()?.strip_prefix(&prefix)?.to_owned(), alarm))
                    }))
                }
                Err(error) => return vec![Check::of(CHECK, Err(Trouble::unread(&error, "the alarms")))],
            }
        }
        let has_value = |(_, parameter): &&(&str, &str)| !self.stack.parameter(parameter).is_empty();
        let conditional = CONDITIONAL.iter().filter(has_value).map(|(alarm, _)| *alarm);
        let troubles: Vec<Check> = ALARMS
            .into_iter()
            .chain(conditional)
            .flat_map(|name| self.alarm(name, alarms.get(name)))
            .map(|trouble| Check::of(CHECK, Err(trouble)))
            .collect();
        if !troubles.is_empty() {
            return troubles;
        }
        let told = match self.stack.parameter("AlarmTopicArn") {
            "" => "they notify nobody, because `AlarmTopicArn` is empty".to_owned(),
            topic => format!("they notify `{topic}`"),
        };
        vec![Check::of(CHECK, Ok(format!("none is on; {told}")))]
    }

    fn alarm(&self, name: &str, alarm: Option<&MetricAlarm>) -> Vec<Trouble> {
        let Some(alarm) = alarm else {
            return vec![Trouble::found(format!("`{name}` does not exist"), DEPLOY_AGAIN)];
        };
        let mut troubles = Vec::new();
        if alarm.state_value().is_some_and(|state| state.as_str() == "ALARM") {
            let message = format!("`{name}` is on: {}", alarm.state_reason().unwrap_or("no reason is given"));
            troubles.push(Trouble::found(message, format!("docs/operate.md, \"{name}\"")));
        }
        let topic = self.stack.parameter("AlarmTopicArn");
        let tells = alarm.actions_enabled() != Some(false)
            && (topic.is_empty() || alarm.alarm_actions().iter().any(|action| action == topic));
        if !tells {
            let remedy = format!(
                "aws cloudwatch enable-alarm-actions --alarm-names {}-{name}, or deploy the stack again",
                self.stack.name
            );
            troubles.push(Trouble::found(format!("`{name}` notifies nobody"), remedy));
        }
        troubles
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
