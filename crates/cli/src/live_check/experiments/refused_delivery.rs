//! Row 32: what EventBridge does with an event that its target refuses. The stack takes no requests for some minutes.

use std::time::Duration;

use crate::live_check::answer::{Tested, Verdict};
use crate::live_check::clean::put_policies_back;
use crate::live_check::journal::Thing;
use crate::live_check::lab::{Lab, without_rule};

/// SQS applies a change of a queue's attributes within this time.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// How long to look for the dead letter.
const LONGEST: Duration = Duration::from_secs(120);
/// How often to put the policy back, and the wait between two tries.
const TRIES: usize = 10;
const INTERVAL: Duration = Duration::from_secs(5);

pub(super) async fn refused_delivery(lab: &Lab) -> Tested {
    let refused = refuse(lab).await;
    // INVARIANT: the policy is put back, also after a failure. After Ctrl-C the command puts it back.
    let mut is_back = put_policies_back(lab).await;
    for _ in 1..TRIES {
        if is_back.is_ok() {
            break;
        }
        lab.sleep(INTERVAL).await;
        is_back = put_policies_back(lab).await;
    }
    is_back?;
    refused
}

/// Has a request refused and looks for its dead letter.
async fn refuse(lab: &Lab) -> Tested {
    const PART: &str = "the dead letter";
    let stack = lab.stack()?;
    let (requests, dead_letters) = (stack.output("RequestQueueUrl")?, stack.output("DeadLetterQueueUrl")?);
    let whole = lab.need("read the queue's policy", lab.queue_policy(requests).await)?;
    let Some(rest) = without_rule(&whole) else {
        lab.note("the rule's statement", "not there", Verdict::Unknown);
        return Ok(());
    };
    let replaced = lab.replace_policy(requests, &whole, &rest).await?;
    lab.need("take the rule's statement out", replaced)?;
    lab.sleep(SETTLES_WITHIN).await;
    let (id, begun) = (lab.new_name(), lab.now());
    lab.need("send a request", lab.send_request_to_refuse(&id).await?)?;
    let letter = loop {
        let found = lab.need(PART, lab.dead_letter(dead_letters, &id).await)?;
        if found.is_some() || lab.since(begun) > LONGEST {
            break found;
        }
        lab.sleep(Duration::from_secs(2)).await;
    };
    let Some(letter) = letter else {
        match lab.need(PART, lab.record_of(&id).await?)? {
            None => lab.note(PART, "not there", Verdict::Otherwise),
            Some(_) => lab.note(PART, "the request was not refused", Verdict::Unknown),
        }
        return Ok(());
    };
    lab.took(PART, Some(lab.since(begun)), LONGEST / 2);
    let code = letter.code.as_deref().unwrap_or("none");
    lab.note("ERROR_CODE", code, Verdict::of(code == "NO_PERMISSIONS"));
    lab.need("delete the dead letter", lab.delete_letter(dead_letters, &letter).await)?;
    let thing = Thing::DeadLetter { request: id };
    let mut deleted = lab.journal.borrow().left().into_iter().filter(|left| left.thing == thing);
    Ok(deleted.try_for_each(|left| lab.forget(left.id))?)
}
