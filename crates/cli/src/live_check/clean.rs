//! `clean`: deletes what the journal names, and nothing else. A queue's policy is put back.
//!
//! A call without an answer may still take effect while its signature is valid. So a thing that does not exist now may
//! still appear, until the signature of its call has expired.

use std::time::Duration;

use super::answer::{Answer, CallError, NOT_FOUND};
use super::journal::{Leftover, Thing};
use super::lab::{Lab, without_rule};
use crate::confirm::Confirmation;
use crate::exit::Failure;
use crate::output::Output;

/// How long a call can take effect after it was sent: as long as its signature is valid.
const EFFECT_DELAY: Duration = Duration::from_secs(15 * 60);
/// How long to wait between two tries. A copy can perhaps be deleted only after it has ended.
const INTERVAL: Duration = Duration::from_secs(30);
/// How long `clean` waits for the end of the copies.
const CLEAN_TIMEOUT: Duration = Duration::from_secs(3 * 3600);

/// Deletes what the run has left. Returns what still exists when the time is over.
///
/// # Errors
/// If the journal cannot be written.
pub async fn clean(lab: &Lab, output: &Output, _: Confirmation) -> Result<Vec<Leftover>, Failure> {
    let begun = lab.now();
    loop {
        // First a queue's policy, because the stack takes no requests until it is back; copies before their projects.
        let mut left = lab.journal.borrow().left();
        left.reverse();
        left.sort_by_key(|left| !matches!(left.thing, Thing::QueuePolicy { .. }));
        for left in &left {
            let is_gone = match remove(lab, left).await {
                Ok(is_gone) => is_gone,
                // It was deleted, or its call has not taken effect yet.
                Err(refused) => refused.is_missing() && is_final(lab, left),
            };
            if is_gone {
                lab.forget(left.id)?;
            }
        }
        let left = lab.journal.borrow().left();
        if left.is_empty() || lab.since(begun) > CLEAN_TIMEOUT {
            return Ok(left);
        }
        output.status_line(&format!("{} left", left.len()));
        lab.sleep(INTERVAL).await;
    }
}

/// Puts the policies back that the run has changed: once, and without a wait.
pub(crate) async fn put_policies_back(lab: &Lab) -> Result<(), Failure> {
    let left = lab.journal.borrow().left();
    for left in left {
        let Thing::QueuePolicy { queue, whole } = &left.thing else { continue };
        let is_done = put_back(lab, &left, queue, whole).await.map_err(|refused| {
            Failure::Error(format!(
                "the policy of `{queue}` may still refuse requests, because it could not be put back: {}: run \
                 `model-copier live-check clean {}`",
                refused.code, lab.run.id
            ))
        })?;
        if is_done {
            lab.forget(left.id)?;
        }
    }
    Ok(())
}

/// Puts a queue's policy back. Returns `false` if the call that changed the policy may still take effect.
async fn put_back(lab: &Lab, left: &Leftover, queue: &str, whole: &str) -> Answer<bool> {
    let is_final = is_final(lab, left);
    // 15 minutes after the change, a policy that admits the rule is left alone: a deployment may have put it there.
    // Earlier it proves nothing, because SQS may still answer with an older policy.
    if lab.since(left.at) > EFFECT_DELAY
        && lab.queue_policy(queue).await.is_ok_and(|policy| without_rule(&policy).is_some())
    {
        return Ok(true);
    }
    match lab.put_policy_back(queue, whole).await {
        Err(refused) if refused.is_missing() => Ok(true),
        answer => answer.map(|()| is_final),
    }
}

/// Whether the call that made it has taken effect or never will. A dead letter comes some time after its call.
fn is_final(lab: &Lab, left: &Leftover) -> bool {
    let is_made = left.is_made && !matches!(left.thing, Thing::DeadLetter { .. });
    is_made || lab.since(left.at) > EFFECT_DELAY
}

/// Deletes a thing. Returns whether it is gone for good.
async fn remove(lab: &Lab, left: &Leftover) -> Answer<bool> {
    match &left.thing {
        Thing::Policy { project, name } => lab.delete_policy(project, name).await?,
        Thing::Project { name } => {
            let arn = arn_of(left, lab.project(name)).await?;
            lab.delete_project(&arn).await?;
        }
        Thing::Copy { project, name, owner } => {
            let described = async {
                let arn = lab.version(project, name).await?.and_then(|version| version.project_version_arn);
                let owner = owner.as_ref().map(|owner| owner.as_str());
                Ok(arn.filter(|arn| owner != Some(arn.as_str())))
            };
            lab.delete_version(&arn_of(left, described).await?).await?;
        }
        Thing::QueuePolicy { queue, whole } => return put_back(lab, left, queue, whole).await,
        Thing::DeadLetter { request } => delete_letter(lab, request).await?,
    }
    Ok(true)
}

async fn delete_letter(lab: &Lab, request: &str) -> Answer<()> {
    let queue = lab.run.stack.as_ref().and_then(|stack| stack.output("DeadLetterQueueUrl").ok());
    let queue = queue.ok_or_else(missing)?;
    let mut letter = lab.dead_letter(queue, request).await?;
    if letter.is_none() {
        // An earlier search of this run may still hide it.
        lab.sleep(INTERVAL).await;
        letter = lab.dead_letter(queue, request).await?;
    }
    lab.delete_letter(queue, &letter.ok_or_else(missing)?).await
}

/// The ARN of a thing: from the journal, else from AWS by its name.
async fn arn_of(left: &Leftover, ask: impl Future<Output = Answer<Option<String>>>) -> Answer<String> {
    match &left.arn {
        Some(arn) => Ok(arn.clone()),
        None => ask.await?.ok_or_else(missing),
    }
}

fn missing() -> CallError {
    CallError::in_answer(NOT_FOUND)
}
