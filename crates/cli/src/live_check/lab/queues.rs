//! The calls to a stack's queues: the policy of the request queue, and the dead letter of a request.

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use serde_json::Value;

use super::Lab;
use crate::exit::Failure;
use crate::live_check::answer::{Answer, word};
use crate::live_check::journal::Thing;

/// The statement that admits the request rule: `RequestQueuePolicy` in template.yaml.
const STATEMENT: &str = "OurRuleMaySend";
/// How long SQS hides the letters that a search receives: less than the interval of `clean`.
const HELD_SECONDS: i32 = 20;
/// The most calls of a search: a call returns at most ten letters.
const MAX_PAGES: u32 = 100;

/// A dead letter.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    /// EventBridge's `ERROR_CODE`, if there is one.
    pub(crate) code: Option<String>,
    receipt: String,
}

/// A queue's policy without the statement that admits the request rule; `None` if it does not admit the rule.
pub(crate) fn without_rule(policy: &str) -> Option<String> {
    let mut policy: Value = serde_json::from_str(policy).ok()?;
    let statements = policy.get_mut("Statement")?.as_array_mut()?;
    let count = statements.len();
    statements.retain(|statement| statement.get("Sid").and_then(Value::as_str) != Some(STATEMENT));
    (statements.len() < count).then(|| policy.to_string())
}

impl Lab {
    /// A queue's policy; empty if it has none. Without a wait, because no wait ends after Ctrl-C.
    pub(crate) async fn queue_policy(&self, queue: &str) -> Answer<String> {
        let call = self.clients.sqs.get_queue_attributes().queue_url(queue);
        let call = call.attribute_names(QueueAttributeName::Policy).send();
        let answer = self.record("GetQueueAttributes", call, |_| Vec::new()).await?;
        let policy = answer.attributes.and_then(|mut it| it.remove(&QueueAttributeName::Policy));
        Ok(policy.unwrap_or_default())
    }

    /// Replaces a queue's policy. The journal has the whole policy before.
    pub(crate) async fn replace_policy(
        &self,
        queue: &str,
        whole: &str,
        new: &str,
    ) -> Result<Answer<()>, Failure> {
        let thing = Thing::QueuePolicy { queue: queue.to_owned(), whole: whole.to_owned() };
        let call = self.clients.sqs.set_queue_attributes().queue_url(queue);
        let call = call.attributes(QueueAttributeName::Policy, new).send();
        Ok(self.make("SetQueueAttributes", thing, call, |_| None).await?.map(|_| ()))
    }

    /// Puts a queue's whole policy back, without a wait as above.
    pub(crate) async fn put_policy_back(&self, queue: &str, whole: &str) -> Answer<()> {
        let call = self.clients.sqs.set_queue_attributes().queue_url(queue);
        let call = call.attributes(QueueAttributeName::Policy, whole).send();
        self.record("SetQueueAttributes", call, |_| Vec::new()).await.map(|_| ())
    }

    /// The dead letter of a request, if it is among the letters that SQS shows now.
    pub(crate) async fn dead_letter(&self, queue: &str, request: &str) -> Answer<Option<DeadLetter>> {
        for _ in 0..MAX_PAGES {
            let call = self.clients.sqs.receive_message().queue_url(queue);
            let call = call.max_number_of_messages(10).message_attribute_names("ERROR_CODE");
            // With a wait time, SQS asks all its servers.
            let call = call.visibility_timeout(HELD_SECONDS).wait_time_seconds(1).send();
            let page = self.call("ReceiveMessage", call).await?.messages.unwrap_or_default();
            if page.is_empty() {
                break;
            }
            if let Some(message) = page.into_iter().find(|message| is_of(message, request)) {
                let code = message.message_attributes.as_ref().and_then(|it| it.get("ERROR_CODE"));
                let code = code.and_then(|code| code.string_value()).map(word);
                return Ok(Some(DeadLetter { code, receipt: message.receipt_handle.unwrap_or_default() }));
            }
        }
        Ok(None)
    }

    pub(crate) async fn delete_letter(&self, queue: &str, letter: &DeadLetter) -> Answer<()> {
        let call = self.clients.sqs.delete_message().queue_url(queue).receipt_handle(&letter.receipt);
        self.call("DeleteMessage", call.send()).await.map(|_| ())
    }
}

fn is_of(message: &Message, request: &str) -> bool {
    let event: Value = serde_json::from_str(message.body().unwrap_or_default()).unwrap_or_default();
    event.pointer("/detail/requestId").and_then(Value::as_str) == Some(request)
}
