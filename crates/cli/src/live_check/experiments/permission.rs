//! Rows 5, 33, 34 and 35: when a project policy of another account allows a copy.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_rekognition::types::ProjectVersionStatus;
use jiff::Timestamp;
use rekognition_model_copier::domain::project_policy::{CopierPolicy, POLICY_LIFETIME};

use super::policies::{document, document_for_versions};
use crate::live_check::answer::{Answer, Stop, Tested, Verdict};
use crate::live_check::lab::{ACCEPTED, Lab};

const DENIED: &str = "AccessDeniedException";
/// How long a changed policy may take to have an effect, as the copier assumes.
const EFFECTIVE_WITHIN: Duration = Duration::from_secs(15 * 60);
const TWO_MINUTES: Duration = Duration::from_secs(120);

/// Puts a policy that lets the run copy a model of another account, unless another policy already does. `clean` deletes it.
pub(super) async fn admit(lab: &Lab) -> Tested {
    if lab.copy(&lab.request(&lab.new_name())?).await?.is_err() {
        let principals = BTreeSet::from([lab.run.identity.root()]);
        let policy = CopierPolicy { name: lab.new_name(), principals, expires: false };
        let project = &lab.model()?.source_project;
        let put = lab.put_policy(project, &policy.name, &policy.document(lab.now()), None).await?;
        if put.is_ok() {
            let _ = copy_until(lab, true, Duration::from_secs(30), EFFECTIVE_WITHIN).await?;
        }
    }
    Ok(())
}

/// Row 5: how long a policy takes to have an effect.
pub(super) async fn delay(lab: &Lab) -> Tested {
    let name = put_policy(lab, &document(lab, lab.now())).await?;
    let begun = lab.now();
    let answer = copy_until(lab, true, Duration::from_secs(10), EFFECTIVE_WITHIN * 2).await?;
    lab.took("the policy is seen", answer.is_ok().then(|| lab.since(begun)), EFFECTIVE_WITHIN);
    withdraw(lab, &name).await
}

/// Row 33: a policy allows copies until it expires, and none after.
pub(super) async fn condition(lab: &Lab) -> Tested {
    check_closed(lab).await?;
    let (name, project) = (lab.new_name(), &lab.model()?.source_project);
    let put = lab.put_policy(project, &name, &document(lab, lab.now()), None).await?;
    lab.expect("put a policy that expires", &put, &[ACCEPTED]);
    let Ok(revision) = put else { return Ok(()) };
    let answer = copy_until(lab, true, Duration::from_secs(15), EFFECTIVE_WITHIN).await?;
    lab.expect("while it is valid", &answer, &[ACCEPTED]);
    if answer.is_ok() {
        let document = document(lab, put_time_of_expiry(lab.now() + TWO_MINUTES));
        let put = lab.put_policy(project, &name, &document, Some(&revision)).await?;
        if lab.need("let it expire in two minutes", put).is_ok() {
            lab.sleep(TWO_MINUTES + Duration::from_secs(60)).await;
            let answer = copy_until(lab, false, EFFECTIVE_WITHIN / 3, EFFECTIVE_WITHIN).await?;
            lab.expect("once it has expired", &answer, &[DENIED]);
        }
    }
    withdraw(lab, &name).await
}

/// Row 34: `*` and `…/version/*` allow copies of the project's versions.
pub(super) async fn resources(lab: &Lab) -> Tested {
    let by_name = document_for_versions(lab, &lab.model()?.source_project);
    for (part, document) in [("*", document(lab, lab.now())), ("all versions by name", by_name)] {
        let name = put_policy(lab, &document).await?;
        let answer = copy_until(lab, true, Duration::from_secs(15), EFFECTIVE_WITHIN).await?;
        lab.expect(part, &answer, &[ACCEPTED]);
        withdraw(lab, &name).await?;
    }
    Ok(())
}

/// Row 35: a policy that expires while the copy runs.
pub(super) async fn expiry_while_copying(lab: &Lab) -> Tested {
    check_closed(lab).await?;
    let (name, model) = (lab.new_name(), lab.model()?);
    let document = document(lab, put_time_of_expiry(lab.now() + TWO_MINUTES));
    let put = lab.put_policy(&model.source_project, &name, &document, None).await?;
    lab.need("put a policy for two minutes", put)?;
    let (begun, expiry) = (lab.now(), lab.now() + TWO_MINUTES);
    let copy = lab.request(&lab.new_name())?;
    let answer = loop {
        let answer = lab.copy(&copy).await?;
        if answer.is_ok() || lab.since(begun) > TWO_MINUTES {
            break answer;
        }
        lab.sleep(Duration::from_secs(5)).await;
    };
    if lab.need("copy before it expires", answer).is_ok() {
        let last = lab.follow(&model.destination, &copy.version_name).await.last;
        let (what, verdict) = match last.and_then(|version| version.status) {
            Some(ProjectVersionStatus::CopyingCompleted) if lab.now() < expiry => {
                ("ended before the expiry", Verdict::Unknown)
            }
            Some(ProjectVersionStatus::CopyingCompleted) => ("COPYING_COMPLETED", Verdict::AsAssumed),
            Some(ProjectVersionStatus::CopyingFailed) => ("COPYING_FAILED", Verdict::Otherwise),
            _ => ("not ended", Verdict::Unknown),
        };
        lab.note("the copy, past the expiry", what, verdict);
    }
    withdraw(lab, &name).await
}

/// When a copier puts a policy that expires at this time.
fn put_time_of_expiry(expiry: Timestamp) -> Timestamp {
    expiry - POLICY_LIFETIME
}

/// Puts a policy on the source project, if no other policy there admits the run's account. Returns its name.
async fn put_policy(lab: &Lab, document: &str) -> Result<String, Stop> {
    check_closed(lab).await?;
    let name = lab.new_name();
    let put = lab.put_policy(&lab.model()?.source_project, &name, document, None).await?;
    if put.is_err() {
        lab.expect("put the policy", &put, &[ACCEPTED]);
        return Err(Stop::Undecided);
    }
    Ok(name)
}

/// Checks that a copy is refused while the run has no policy there. If not, the answers would prove nothing.
async fn check_closed(lab: &Lab) -> Tested {
    let why = match copy_until(lab, false, EFFECTIVE_WITHIN / 3, EFFECTIVE_WITHIN).await? {
        Err(refused) if refused.code == DENIED => return Ok(()),
        Err(refused) => refused.code,
        Ok(_) => "another policy allows it".to_owned(),
    };
    lab.note("without the policy", why, Verdict::Unknown);
    Err(Stop::Undecided)
}

/// Copies under new names until a copy is accepted, or refused, or the time is over. Returns the last answer.
async fn copy_until(
    lab: &Lab,
    is_accepted: bool,
    interval: Duration,
    limit: Duration,
) -> Result<Answer<String>, Stop> {
    let begun = lab.now();
    loop {
        let answer = lab.copy(&lab.request(&lab.new_name())?).await?;
        if answer.is_ok() == is_accepted || lab.since(begun) > limit {
            return Ok(answer);
        }
        lab.sleep(interval).await;
    }
}

async fn withdraw(lab: &Lab, name: &str) -> Tested {
    let deleted = lab.delete_policy(&lab.model()?.source_project, name).await;
    lab.need("withdraw the policy", deleted)
}
