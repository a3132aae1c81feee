//! `clean`: deletes what the journal names, and nothing else.
//!
//! A call without an answer may still take effect while its signature is valid. So a thing that does not exist may still
//! appear until then.

use std::time::Duration;

use super::answer::{Answer, Refused};
use super::journal::{Left, Thing};
use super::lab::Lab;
use crate::confirm::Confirmed;
use crate::exit::Failure;
use crate::output::Output;

/// How long a call can take effect after it was sent: as long as its signature is valid.
const LANDS_WITHIN: Duration = Duration::from_secs(15 * 60);
/// How long to wait between two tries. A copy can be deleted only after it has ended.
const INTERVAL: Duration = Duration::from_secs(30);
/// How long `clean` waits for the end of the copies.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

/// Deletes what the run has left. Returns what still exists when the time is over.
///
/// # Errors
/// If the journal cannot be written.
pub async fn clean(lab: &Lab, output: &Output, _: Confirmed) -> Result<Vec<Left>, Failure> {
    let begun = lab.now();
    loop {
        // Copies before the projects that have them.
        let left = lab.journal.borrow().left();
        for thing in left.iter().rev() {
            if remove(lab, thing).await {
                let now = lab.now();
                lab.journal.borrow_mut().deleted(thing.id, now)?;
            }
        }
        let left = lab.journal.borrow().left();
        if left.is_empty() || lab.since(begun) > PATIENCE {
            return Ok(left);
        }
        output.status_line(&format!("{} left", left.len()));
        lab.sleep(INTERVAL).await;
    }
}

/// Whether the thing is gone for good.
async fn remove(lab: &Lab, left: &Left) -> bool {
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
    };
    match deleted {
        Some(Ok(())) => true,
        Some(Err(refused)) if !is_missing(&refused) => false,
        // It does not exist: it was deleted, or its call has not taken effect yet.
        Some(Err(_)) | None => left.is_made || lab.since(left.at) > LANDS_WITHIN,
    }
}

/// The ARN of a thing: from the journal, else from AWS by its name.
async fn arn_of(left: &Left, ask: impl AsyncFn() -> Answer<Option<String>>) -> Answer<Option<String>> {
    match &left.arn {
        Some(arn) => Ok(Some(arn.clone())),
        None => match ask().await {
            Err(refused) if is_missing(&refused) => Ok(None),
            answer => answer,
        },
    }
}

fn is_missing(refused: &Refused) -> bool {
    refused.code == "ResourceNotFoundException"
}
