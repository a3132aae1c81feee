//! Row 32: what EventBridge does with an event that its target refuses. The stack takes no requests for some minutes.

use std::time::Duration;

use crate::live_check::answer::{Observation, Tested, Verdict};
use crate::live_check::clean::put_policies_back;
use crate::live_check::journal::{DeployedStack, Thing};
use crate::live_check::lab::{Lab, without_rule};

/// SQS applies a change of a queue's attributes within this time.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// How long to look for the dead letter.
const LONGEST: Duration = Duration::from_secs(120);
/// How often to put the policy back, and the wait between two tries.
const TRIES: usize = 10;
const INTERVAL: Duration = Duration::from_secs(5);

pub(super) async fn refused_delivery(lab: &Lab, seen: &mut Observation) -> Tested {
    let refused = refuse(lab, lab.deployed()?, seen).await;
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
async fn refuse(lab: &Lab, stack: &DeployedStack, seen: &mut Observation) -> Tested {
    const PART: &str = "the dead letter";
    let policy = lab.queue_policy(&stack.requests).await;
    let whole = seen.need("read the queue's policy", policy)?;
    let Some(rest) = without_rule(&whole) else {
        seen.note("the rule's statement", "not there", Verdict::Unknown);
        return Ok(());
    };
    let replaced = lab.replace_policy(&stack.requests, &whole, &rest).await?;
    seen.need("take the rule's statement out", replaced)?;
    lab.sleep(SETTLES_WITHIN).await;
    let (id, begun) = (lab.new_name(), lab.now());
    let sent = lab.send_request_to_refuse(stack, &id).await?;
    seen.need("send a request", sent)?;
    let letter = loop {
        let found = lab.dead_letter(stack, &id).await;
        let found = seen.need(PART, found)?;
        if found.is_some() || lab.since(begun) > LONGEST {
            break found;
        }
        lab.sleep(Duration::from_secs(2)).await;
    };
    let Some(letter) = letter else {
        match seen.need(PART, lab.record_of(stack, &id).await)? {
            None => seen.note(PART, "not there", Verdict::Otherwise),
            Some(_) => seen.note(PART, "the request was not refused", Verdict::Unknown),
        }
        return Ok(());
    };
    seen.took(PART, Some(lab.since(begun)), LONGEST / 2);
    let code = letter.code.as_deref().unwrap_or("none");
    seen.note("ERROR_CODE", code, Verdict::of(code == "NO_PERMISSIONS"));
    let deleted = lab.delete_letter(stack, &letter).await;
    seen.need("delete the dead letter", deleted)?;
    Ok(lab.is_gone(&Thing::DeadLetter { request: id })?)
}
