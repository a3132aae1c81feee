//! `clean`: deletes what the journal names, and nothing else. A queue's policy is put back.
//!
//! A call without an answer may still take effect while its signature is valid. So a thing that does not exist now may
//! still appear, until the signature of its call has expired.

use std::time::Duration;

use super::answer::{Answer, CallError};
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
        for thing in &left {
            if remove(lab, thing).await {
                lab.deleted(thing.id)?;
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
            lab.deleted(left.id)?;
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
        Ok(()) => Ok(is_final),
        Err(refused) if is_missing(&refused) => Ok(true),
        Err(refused) => Err(refused),
    }
}

/// Whether the call that made it has taken effect or never will.
fn is_final(lab: &Lab, left: &Leftover) -> bool {
    left.is_made || lab.since(left.at) > EFFECT_DELAY
}

/// Whether the thing is gone for good.
async fn remove(lab: &Lab, left: &Leftover) -> bool {
    let deleted = match &left.thing {
        Thing::Policy { project, name } => Some(lab.delete_policy(project, name).await),
        Thing::Project { name } => match arn_of(left, async || lab.project(name).await).await {
            Ok(Some(arn)) => Some(lab.delete_project(&arn).await),
            Ok(None) => None,
            Err(_) => return false,
        },
        Thing::Copy { project, name, owner } => {
            let describe = async || {
                let version = lab.version(project, name).await?;
                let owner = owner.as_ref().map(|owner| owner.as_str());
                Ok(version.map(|version| version.arn).filter(|arn| owner != Some(arn.as_str())))
            };
            match arn_of(left, describe).await {
                Ok(Some(arn)) => Some(lab.delete_version(&arn).await),
                Ok(None) => None,
                Err(_) => return false,
            }
        }
        Thing::QueuePolicy { queue, whole } => {
            return put_back(lab, left, queue, whole).await.unwrap_or(false);
        }
        Thing::DeadLetter { request } => {
            let is_late = lab.since(left.at) > EFFECT_DELAY;
            let answer = delete_letter(lab, request).await;
            return answer.map_or_else(|refused| is_missing(&refused), |is_deleted| is_deleted || is_late);
        }
    };
    match deleted {
        Some(Ok(())) => true,
        Some(Err(refused)) if !is_missing(&refused) => false,
        // It does not exist: it was deleted, or its call has not taken effect yet.
        Some(Err(_)) | None => is_final(lab, left),
    }
}

/// Deletes the dead letter of a request. Returns whether there was one.
async fn delete_letter(lab: &Lab, request: &str) -> Answer<bool> {
    let Some(stack) = &lab.run.stack else { return Ok(false) };
    let mut letter = lab.dead_letter(stack, request).await?;
    if letter.is_none() {
        // An earlier search of this run may still hide it.
        lab.sleep(INTERVAL).await;
        letter = lab.dead_letter(stack, request).await?;
    }
    match letter {
        Some(letter) => lab.delete_letter(stack, &letter).await.map(|()| true),
        None => Ok(false),
    }
}

/// The ARN of a thing: from the journal, else from AWS by its name.
async fn arn_of(left: &Leftover, ask: impl AsyncFn() -> Answer<Option<String>>) -> Answer<Option<String>> {
    match &left.arn {
        Some(arn) => Ok(Some(arn.clone())),
        None => match ask().await {
            Err(refused) if is_missing(&refused) => Ok(None),
            answer => answer,
        },
    }
}

fn is_missing(refused: &CallError) -> bool {
    // SQS has two names for it.
    let codes = ["ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];
    codes.contains(&refused.code.as_str())
}
