//! Rows 5, 33, 34 and 35: when a project policy of another account allows a copy.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::project_policy::{CopierPolicy, POLICY_LIFETIME};

use super::policies::{document, document_for_versions};
use crate::exit::Failure;
use crate::live_check::answer::{Answer, Observation, Stop, Tested, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::Lab;

const DENIED: &[&str] = &["AccessDeniedException"];
/// How long a changed policy may take to have an effect, as the copier assumes.
const EFFECTIVE_WITHIN: Duration = Duration::from_secs(15 * 60);
const TWO_MINUTES: Duration = Duration::from_secs(120);

/// Puts a policy that lets the run copy a model of another account, unless another policy already does. `clean` deletes it.
pub(in crate::live_check) async fn admit(lab: &Lab, model: &Model) -> Result<(), Failure> {
    if lab.copy(&lab.request(model, &lab.new_name())).await?.is_err() {
        let principals = BTreeSet::from([lab.own_root()]);
        let policy = CopierPolicy { name: lab.new_name(), principals, expires: false };
        let document = policy.document(lab.now());
        let put = lab.put_policy(&model.source_project, &policy.name, &document, None).await?;
        if put.is_ok() {
            let _ = copy_until(lab, model, true, Duration::from_secs(30), EFFECTIVE_WITHIN).await?;
        }
    }
    Ok(())
}

/// Row 5: how long a policy takes to have an effect.
pub(super) async fn delay(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    let name = put_policy(lab, model, &document(lab, lab.now()), seen).await?;
    let begun = lab.now();
    let answer = copy_until(lab, model, true, Duration::from_secs(10), EFFECTIVE_WITHIN * 2).await?;
    seen.took("the policy is seen", answer.is_ok().then(|| lab.since(begun)), EFFECTIVE_WITHIN);
    withdraw(lab, model, &name, seen).await;
    Ok(())
}

/// Row 33: a policy allows copies until it expires, and none after.
pub(super) async fn condition(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    check_closed(lab, model, seen).await?;
    let name = lab.new_name();
    let put = lab.put_policy(&model.source_project, &name, &document(lab, lab.now()), None).await?;
    seen.accepted("put a policy that expires", &put);
    let Ok(revision) = put else { return Ok(()) };
    let answer = copy_until(lab, model, true, Duration::from_secs(15), EFFECTIVE_WITHIN).await?;
    seen.accepted("while it is valid", &answer);
    if answer.is_ok() {
        let document = document(lab, put_time_of_expiry(lab.now() + TWO_MINUTES));
        let put = lab.put_policy(&model.source_project, &name, &document, Some(&revision)).await?;
        if seen.need("let it expire in two minutes", put).is_ok() {
            lab.sleep(TWO_MINUTES + Duration::from_secs(60)).await;
            let answer = copy_until(lab, model, false, EFFECTIVE_WITHIN / 3, EFFECTIVE_WITHIN).await?;
            seen.refused("once it has expired", &answer, DENIED);
        }
    }
    withdraw(lab, model, &name, seen).await;
    Ok(())
}

/// Row 34: `*` and `…/version/*` allow copies of the project's versions.
pub(super) async fn resources(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    let by_name = document_for_versions(lab, &model.source_project);
    for (part, document) in [("*", document(lab, lab.now())), ("all versions by name", by_name)] {
        let name = put_policy(lab, model, &document, seen).await?;
        let answer = copy_until(lab, model, true, Duration::from_secs(15), EFFECTIVE_WITHIN).await?;
        seen.accepted(part, &answer);
        withdraw(lab, model, &name, seen).await;
    }
    Ok(())
}

/// Row 35: a policy that expires while the copy runs.
pub(super) async fn expiry_while_copying(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    check_closed(lab, model, seen).await?;
    let name = lab.new_name();
    let document = document(lab, put_time_of_expiry(lab.now() + TWO_MINUTES));
    let put = lab.put_policy(&model.source_project, &name, &document, None).await?;
    seen.need("put a policy for two minutes", put)?;
    let (begun, expiry, copy) = (lab.now(), lab.now() + TWO_MINUTES, lab.new_name());
    let answer = loop {
        let answer = lab.copy(&lab.request(model, &copy)).await?;
        if answer.is_ok() || lab.since(begun) > TWO_MINUTES {
            break answer;
        }
        lab.sleep(Duration::from_secs(5)).await;
    };
    if seen.need("copy before it expires", answer).is_ok() {
        let last = lab.follow(&model.destination, &copy).await.last;
        let (what, verdict) = match last.as_ref().map(|version| version.status.as_str()) {
            Some("COPYING_COMPLETED") if lab.now() < expiry => ("ended before the expiry", Verdict::Unknown),
            Some("COPYING_COMPLETED") => ("COPYING_COMPLETED", Verdict::AsAssumed),
            Some("COPYING_FAILED") => ("COPYING_FAILED", Verdict::Otherwise),
            _ => ("not ended", Verdict::Unknown),
        };
        seen.note("the copy, past the expiry", what, verdict);
    }
    withdraw(lab, model, &name, seen).await;
    Ok(())
}

/// When a copier puts a policy that expires at this time.
fn put_time_of_expiry(expiry: Timestamp) -> Timestamp {
    expiry - POLICY_LIFETIME
}

/// Puts a policy on the source project, if no other policy there admits the run's account. Returns its name.
async fn put_policy(
    lab: &Lab,
    model: &Model,
    document: &str,
    seen: &mut Observation,
) -> Result<String, Stop> {
    check_closed(lab, model, seen).await?;
    let name = lab.new_name();
    let put = lab.put_policy(&model.source_project, &name, document, None).await?;
    if let Err(refused) = &put
        && !refused.may_have_worked()
    {
        seen.accepted("put the policy", &put);
        return Err(Stop::Undecided);
    }
    seen.need("put the policy", put).map(|_| name)
}

/// Checks that a copy is refused while the run has no policy there. If not, the answers would prove nothing.
async fn check_closed(lab: &Lab, model: &Model, seen: &mut Observation) -> Tested {
    let answer = copy_until(lab, model, false, EFFECTIVE_WITHIN / 3, EFFECTIVE_WITHIN).await?;
    let why = match answer {
        Err(refused) if DENIED.contains(&refused.code.as_str()) => return Ok(()),
        Err(refused) => refused.code,
        Ok(_) => "another policy allows it".to_owned(),
    };
    seen.note("without the policy", why, Verdict::Unknown);
    Err(Stop::Undecided)
}

/// Copies under new names until a copy is accepted, or refused, or the time is over. Returns the last answer.
async fn copy_until(
    lab: &Lab,
    model: &Model,
    is_accepted: bool,
    interval: Duration,
    limit: Duration,
) -> Result<Answer<String>, Failure> {
    let begun = lab.now();
    loop {
        let answer = lab.copy(&lab.request(model, &lab.new_name())).await?;
        if answer.is_ok() == is_accepted || lab.since(begun) > limit {
            return Ok(answer);
        }
        lab.sleep(interval).await;
    }
}

async fn withdraw(lab: &Lab, model: &Model, name: &str, seen: &mut Observation) {
    let deleted = lab.delete_policy(&model.source_project, name).await;
    let _ = seen.need("withdraw the policy", deleted);
}
