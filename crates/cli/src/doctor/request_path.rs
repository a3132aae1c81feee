//! The checks of the path of a request to start-copy: bus, rule, queues and mapping.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use serde_json::{Value, json};

use super::resource_policy::ResourcePolicy;
use super::{DEPLOY_AGAIN, StackChecks, ensure_template};
use crate::check::{Finding, OrFinding, Outcome, ensure};

const NO_BUS: &str = "create it again, then deploy twice: docs/operate.md, \"The bus is gone\"";
const SEND: &str = "sqs:SendMessage";

struct Attributes(HashMap<QueueAttributeName, String>);

impl Attributes {
    fn get(&self, name: QueueAttributeName) -> &str {
        self.0.get(&name).map(String::as_str).unwrap_or_default()
    }

    fn policy(&self) -> ResourcePolicy {
        ResourcePolicy::read(self.get(QueueAttributeName::Policy))
    }
}

impl StackChecks<'_> {
    fn events(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(self.config())
    }

    /// The request rule's name and its bus.
    fn rule_name(&self) -> Result<(&str, &str), Finding> {
        // A rule's Ref is its name on the default bus and BUS|NAME on another.
        let rule = self.stack.output("RequestRule")?;
        let name = rule.split_once('|').map_or(rule, |(_, name)| name);
        Ok((name, self.stack.output("EventBusName")?))
    }

    fn rule_arn(&self) -> Result<String, Finding> {
        let (name, bus) = self.rule_name()?;
        let resource = if bus == "default" { format!("rule/{name}") } else { format!("rule/{bus}/{name}") };
        Ok(self.session.identity.arn("events", &resource))
    }

    async fn read_attributes(&self, output: &str) -> Result<Attributes, Finding> {
        let url = self.stack.output(output)?;
        let call = aws_sdk_sqs::Client::new(self.config()).get_queue_attributes().queue_url(url);
        let answer = call.attribute_names(QueueAttributeName::All).send().await;
        let answer = answer.or_missing(format!("queue `{url}`"), DEPLOY_AGAIN)?;
        Ok(Attributes(answer.attributes.unwrap_or_default()))
    }

    pub(super) async fn check_bus(&self) -> Outcome {
        let name = self.stack.output("EventBusName")?;
        let answer = self.events().describe_event_bus().name(name).send().await;
        answer.or_missing(format!("bus `{name}`"), NO_BUS)?;
        Ok(format!("`{name}` exists"))
    }

    pub(super) async fn check_request_rule(&self) -> Outcome {
        let (name, bus) = self.rule_name()?;
        let what = format!("rule `{name}` on bus `{bus}`");
        let answer = self.events().describe_rule().name(name).event_bus_name(bus).send().await;
        let rule = answer.or_missing(&what, DEPLOY_AGAIN)?;
        ensure(
            rule.state.is_some_and(|state| state.as_str() == "ENABLED"),
            format!("{what} is disabled, so no request arrives"),
            format!("aws events enable-rule --name {name} --event-bus-name {bus}"),
        )?;
        let expected = json!({
            "detail-type": [DETAIL_TYPE],
            "source": [{ "anything-but": self.stack.output("EventSource")? }],
            "replay-name": [{ "exists": false }],
        });
        let pattern = rule.event_pattern.and_then(|pattern| serde_json::from_str(&pattern).ok());
        let is_expected = pattern.is_some_and(|pattern| with_list(pattern) == with_list(expected));
        ensure_template(is_expected, format!("the pattern of {what} differs from the template's"))?;
        Ok(format!("{what} is enabled and matches requests"))
    }

    pub(super) async fn check_rule_target(&self) -> Outcome {
        let (name, bus) = self.rule_name()?;
        let what = format!("rule `{name}`");
        let (queue, dead_letters) =
            (self.queue_arn("RequestQueueUrl")?, self.queue_arn("DeadLetterQueueUrl")?);
        let answer = self.events().list_targets_by_rule().rule(name).event_bus_name(bus).send().await;
        let answer = answer.or_missing(&what, DEPLOY_AGAIN)?;
        let target = answer.targets().iter().find(|target| target.arn == queue);
        ensure_template(target.is_some(), format!("{what} does not send to `{queue}`"))?;
        let config = target.and_then(|target| target.dead_letter_config());
        ensure_template(
            config.and_then(|config| config.arn()) == Some(&dead_letters),
            format!("{what} drops requests that the queue refuses"),
        )?;
        Ok(format!("`{queue}`, and `{dead_letters}` for requests that the queue refuses"))
    }

    pub(super) async fn check_request_queue(&self) -> Outcome {
        let attributes = self.read_attributes("RequestQueueUrl").await?;
        let (policy, rule) = (attributes.policy(), self.rule_arn()?);
        ensure_template(
            policy.admits_rule(SEND, Some(&rule)),
            format!("its policy does not admit `{rule}`, so requests become dead letters"),
        )?;
        ensure_template(
            policy.denies_all_but(SEND, &rule),
            "its policy does not deny other senders, who could name any account as the requester",
        )?;
        let redrive: Value =
            serde_json::from_str(attributes.get(QueueAttributeName::RedrivePolicy)).unwrap_or_default();
        ensure_template(
            redrive.get("deadLetterTargetArn") == Some(&self.queue_arn("DeadLetterQueueUrl")?.into()),
            "it has no dead-letter queue: a request that cannot be recorded is retried for 14 days and then lost",
        )?;
        Ok("it admits the rule and nobody else, and has its dead-letter queue".to_owned())
    }

    pub(super) async fn check_dead_letter_queue(&self) -> Outcome {
        let (attributes, rule) = (self.read_attributes("DeadLetterQueueUrl").await?, self.rule_arn()?);
        ensure_template(
            attributes.policy().admits_rule(SEND, Some(&rule)),
            format!("its policy does not admit `{rule}`, so requests are lost when the queue refuses them"),
        )?;
        Ok("it admits the rule".to_owned())
    }

    pub(super) async fn check_dead_letters(&self) -> Outcome {
        let attributes = self.read_attributes("DeadLetterQueueUrl").await?;
        let count = |name| attributes.get(name).parse::<u64>().unwrap_or(0);
        let waiting = count(QueueAttributeName::ApproximateNumberOfMessages)
            + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
        let message = format!("the queue holds {waiting}; their requesters have no answer");
        ensure(waiting == 0, message, format!("model-copier dead-letters --stack {}", self.stack.name))?;
        Ok("there are none".to_owned())
    }

    pub(super) async fn check_mapping(&self) -> Outcome {
        let function = self.stack.output("StartCopyFunction")?;
        let call = aws_sdk_lambda::Client::new(self.config()).list_event_source_mappings();
        let call = call.function_name(function).event_source_arn(self.queue_arn("RequestQueueUrl")?);
        let answer = call.send().await.or_missing(format!("function `{function}`"), DEPLOY_AGAIN)?;
        let mapping = answer.event_source_mappings().first().ok_or_else(|| {
            Finding::found(format!("the queue has no mapping to `{function}`"), DEPLOY_AGAIN)
        })?;
        let (state, uuid) = (mapping.state().unwrap_or_default(), mapping.uuid().unwrap_or_default());
        match state {
            "Enabled" => Ok(format!("the queue's messages go to `{function}`")),
            "Disabling" | "Disabled" => {
                let remedy = format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled");
                Err(Finding::found("it is disabled, so requests wait in the queue", remedy))
            }
            _ => {
                Err(Finding::unknown(format!("it has state `{state}`")).with_remedy("look again in a minute"))
            }
        }
    }

    pub(super) async fn check_failed_invocations(&self) -> Outcome {
        let function = self.stack.output("StartCopyFunction")?;
        let call = aws_sdk_lambda::Client::new(self.config()).get_function_event_invoke_config();
        let answer = call.function_name(function).send().await;
        let config = answer.or_missing("a destination for them", DEPLOY_AGAIN)?;
        let on_failure = config.destination_config().and_then(|config| config.on_failure());
        let destination = on_failure.and_then(|on_failure| on_failure.destination());
        ensure_template(
            destination == Some(&self.queue_arn("DeadLetterQueueUrl")?),
            "they do not go to the dead-letter queue, so they are lost",
        )?;
        Ok("they go to the dead-letter queue".to_owned())
    }
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
