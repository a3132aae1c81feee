//! The checks of the path of a request to start-copy: bus, rule, queues and mapping.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use serde_json::{Value, json};

use super::policy::Policy;
use super::{DEPLOY_AGAIN, Patient};
use crate::check::{Outcome, Trouble};

const NO_BUS: &str = "create it again, then deploy twice: docs/operate.md, \"The bus is gone\"";
const SEND: &str = "sqs:SendMessage";

impl Patient<'_> {
    fn events(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.session.config.shared)
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.session.config.shared)
    }

    /// The request rule's name and its bus.
    fn rule_name(&self) -> Result<(&str, &str), Trouble> {
        // A rule's Ref is its name on the default bus and BUS|NAME on another.
        let rule = self.stack.output("RequestRule")?;
        let name = rule.split_once('|').map_or(rule, |(_, name)| name);
        Ok((name, self.stack.output("EventBusName")?))
    }

    fn rule_arn(&self) -> Result<String, Trouble> {
        let (name, bus) = self.rule_name()?;
        let resource = if bus == "default" { format!("rule/{name}") } else { format!("rule/{bus}/{name}") };
        Ok(self.arn("events", &resource))
    }

    pub(super) async fn bus(&self) -> Outcome {
        let name = self.stack.output("EventBusName")?;
        let call = self.events().describe_event_bus().name(name).send();
        call.await.map_err(|error| Trouble::missing(&error, format!("bus `{name}`"), NO_BUS))?;
        Ok(format!("`{name}` exists"))
    }

    pub(super) async fn request_rule(&self) -> Outcome {
        let (name, bus) = self.rule_name()?;
        let what = format!("rule `{name}` on bus `{bus}`");
        let call = self.events().describe_rule().name(name).event_bus_name(bus).send();
        let rule = call.await.map_err(|error| Trouble::missing(&error, &what, DEPLOY_AGAIN))?;
        if rule.state.as_ref().is_none_or(|state| state.as_str() != "ENABLED") {
            let remedy = format!("aws events enable-rule --name {name} --event-bus-name {bus}");
            return Err(Trouble::found(format!("{what} is disabled, so no request arrives"), remedy));
        }
        let expected = json!({
            "detail-type": [DETAIL_TYPE],
            "source": [{ "anything-but": self.stack.output("EventSource")? }],
            "replay-name": [{ "exists": false }],
        });
        let pattern: Value =
            serde_json::from_str(rule.event_pattern().unwrap_or_default()).unwrap_or_default();
        if with_list(pattern) != with_list(expected) {
            return Err(Trouble::found(
                format!("the pattern of {what} differs from the template's"),
                DEPLOY_AGAIN,
            ));
        }
        Ok(format!("{what} is enabled and matches requests"))
    }

    pub(super) async fn rule_target(&self) -> Outcome {
        let (name, bus) = self.rule_name()?;
        let (queue, dead_letters) =
            (self.queue_arn("RequestQueueUrl")?, self.queue_arn("DeadLetterQueueUrl")?);
        let call = self.events().list_targets_by_rule().rule(name).event_bus_name(bus).send();
        let answer =
            call.await.map_err(|error| Trouble::missing(&error, format!("rule `{name}`"), DEPLOY_AGAIN))?;
        let Some(target) = answer.targets().iter().find(|target| target.arn == queue) else {
            return Err(Trouble::found(format!("rule `{name}` does not send to `{queue}`"), DEPLOY_AGAIN));
        };
        if target.dead_letter_config().and_then(|config| config.arn()) != Some(&dead_letters) {
            let message = format!("rule `{name}` drops requests that the queue refuses");
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        Ok(format!("`{queue}`, and `{dead_letters}` for requests that the queue refuses"))
    }

    async fn attributes(&self, output: &str) -> Result<HashMap<QueueAttributeName, String>, Trouble> {
        let url = self.stack.output(output)?;
        let call = self.sqs().get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = call.send().await;
        let answer =
            answer.map_err(|error| Trouble::missing(&error, format!("queue `{url}`"), DEPLOY_AGAIN))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    pub(super) async fn request_queue(&self) -> Outcome {
        let attributes = self.attributes("RequestQueueUrl").await?;
        let (policy, rule) =
            (Policy::read(attribute(&attributes, QueueAttributeName::Policy)), self.rule_arn()?);
        if !policy.admits_rule(SEND, Some(&rule)) {
            let message = format!("its policy does not admit `{rule}`, so requests become dead letters");
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        if !policy.denies_all_but(SEND, &rule) {
            let message =
                "its policy does not deny other senders, who could name any account as the requester";
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        let dead_letters = self.queue_arn("DeadLetterQueueUrl")?;
        let redrive: Value = serde_json::from_str(attribute(&attributes, QueueAttributeName::RedrivePolicy))
            .unwrap_or_default();
        if redrive.get("deadLetterTargetArn").is_none_or(|target| *target != *dead_letters) {
            let message = "it has no dead-letter queue: a request that cannot be recorded is retried for 14 days and then lost";
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        Ok("it admits the rule and nobody else, and has its dead-letter queue".to_owned())
    }

    pub(super) async fn dead_letter_queue(&self) -> Outcome {
        let attributes = self.attributes("DeadLetterQueueUrl").await?;
        let rule = self.rule_arn()?;
        if !Policy::read(attribute(&attributes, QueueAttributeName::Policy)).admits_rule(SEND, Some(&rule)) {
            let message = format!(
                "its policy does not admit `{rule}`, so requests are lost when the queue refuses them"
            );
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        Ok("it admits the rule".to_owned())
    }

    pub(super) async fn dead_letters(&self) -> Outcome {
        let attributes = self.attributes("DeadLetterQueueUrl").await?;
        let count = |name| attribute(&attributes, name).parse::<u64>().unwrap_or(0);
        let waiting = count(QueueAttributeName::ApproximateNumberOfMessages)
            + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        if waiting == 0 {
            return Ok("there are none".to_owned());
        }
        let remedy = format!("model-copier dead-letters --stack {}", self.stack.name);
        Err(Trouble::found(format!("{waiting} dead letters: their requesters have no answer"), remedy))
    }

    pub(super) async fn mapping(&self) -> Outcome {
        let function = self.stack.output("StartCopyFunction")?;
        let client = aws_sdk_lambda::Client::new(&self.session.config.shared);
        let call = client.list_event_source_mappings().function_name(function);
        let call = call.event_source_arn(self.queue_arn("RequestQueueUrl")?);
        let answer = call.send().await;
        let answer = answer
            .map_err(|error| Trouble::missing(&error, format!("function `{function}`"), DEPLOY_AGAIN))?;
        let Some(mapping) = answer.event_source_mappings().first() else {
            return Err(Trouble::found(format!("the queue has no mapping to `{function}`"), DEPLOY_AGAIN));
        };
        let (state, uuid) = (mapping.state().unwrap_or_default(), mapping.uuid().unwrap_or_default());
        match state {
            "Enabled" => Ok(format!("the queue's messages go to `{function}`")),
            "Disabling" | "Disabled" => {
                let remedy = format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled");
                Err(Trouble::found("it is disabled, so requests wait in the queue", remedy))
            }
            _ => {
                Err(Trouble::unknown(format!("it has state `{state}`")).with_remedy("look again in a minute"))
            }
        }
    }

    pub(super) async fn failed_invocations(&self) -> Outcome {
        let function = self.stack.output("StartCopyFunction")?;
        let dead_letters = self.queue_arn("DeadLetterQueueUrl")?;
        let client = aws_sdk_lambda::Client::new(&self.session.config.shared);
        let answer = client.get_function_event_invoke_config().function_name(function).send().await;
        let config =
            answer.map_err(|error| Trouble::missing(&error, "a destination for them", DEPLOY_AGAIN))?;
        let on_failure = config.destination_config().and_then(|config| config.on_failure());
        if on_failure.and_then(|on_failure| on_failure.destination()) != Some(&dead_letters) {
            return Err(Trouble::found(
                "they do not go to the dead-letter queue, so they are lost",
                DEPLOY_AGAIN,
            ));
        }
        Ok("they go to the dead-letter queue".to_owned())
    }
}

fn attribute(attributes: &HashMap<QueueAttributeName, String>, name: QueueAttributeName) -> &str {
    attributes.get(&name).map(String::as_str).unwrap_or_default()
}

/// The pattern with `anything-but` as a list: EventBridge may return it as a string or as a list.
fn with_list(mut pattern: Value) -> Value {
    if let Some(source) = pattern.pointer_mut("/source/0/anything-but")
        && source.is_string()
    {
        *source = json!([source.take()]);
    }
    pattern
}
