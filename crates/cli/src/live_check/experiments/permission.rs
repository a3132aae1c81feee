//! Rows 5, 33, 34 and 35: when a project policy of another account allows a copy.

use std::collections::BTreeSet;
use std::time::Duration;

use rekognition_model_copier::domain::project_policy::{CopierPolicy, POLICY_LIFETIME};

use super::policies::{document, document_for_versions, document_put_at};
use crate::exit::Failure;
use crate::live_check::answer::{Answer, Observation, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::Lab;

const DENIED: &[&str] = &["AccessDeniedException"];
/// How long a changed policy may take to have an effect, as the copier assumes.
const SEEN_WITHIN: Duration = Duration::from_secs(15 * 60);
const TWO_MINUTES: Duration = Duration::from_secs(120);

/// Puts a policy that lets the run copy a model of another account, unless another policy already does. `clean` deletes it.
pub(in crate::live_check) async fn admit(lab: &Lab, model: &Model) -> Result<(), Failure> {
    if lab.copy(&model.copy(&lab.new_name())).await?.is_err() {
        let principals = BTreeSet::from([lab.own_root()]);
        let policy = CopierPolicy { name: lab.new_name(), principals, expires: false };
        let document = policy.document(lab.now());
        let put = lab.put_policy(&model.source_project, &policy.name, &document, None).await?;
        if put.is_ok() {
            let _ = copy_until(lab, model, true, Duration::from_secs(30), SEEN_WITHIN).await?;
        }
    }
    Ok(())
}

/// Row 5: how long a policy takes to have an effect.
pub(super) async fn delay(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let Some(name) = admitted(lab, model, &document(lab), &mut seen).await? else { return Ok(seen) };
    let begun = lab.now();
    let answer = copy_until(lab, model, true, Duration::from_secs(10), SEEN_WITHIN * 2).await?;
    seen.took("the policy is seen", answer.is_ok().then(|| lab.since(begun)), SEEN_WITHIN);
    withdraw(lab, model, &name, &mut seen).await;
    Ok(seen)
}

/// Row 33: a policy allows copies until it expires, and none after.
pub(super) async fn condition(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    if !is_closed(lab, model, &mut seen).await? {
        return Ok(seen);
    }
    let name = lab.new_name();
    let put = lab.put_policy(&model.source_project, &name, &document(lab), None).await?;
    seen.accepted("put a policy that expires", &put);
    let Ok(revision) = put else { return Ok(seen) };
    let answer = copy_until(lab, model, true, Duration::from_secs(15), SEEN_WITHIN).await?;
    seen.accepted("while it is valid", &answer);
    if answer.is_ok() {
        let put = put_expiring(lab, model, &name, Some(&revision)).await?;
        if seen.need("let it expire in two minutes", put).is_some() {
            lab.sleep(TWO_MINUTES + Duration::from_secs(60)).await;
            let answer = copy_until(lab, model, false, SEEN_WITHIN / 3, SEEN_WITHIN).await?;
            seen.refused("once it has expired", &answer, DENIED);
        }
    }
    withdraw(lab, model, &name, &mut seen).await;
    Ok(seen)
}

/// Row 34: `*` and `…/version/*` allow copies of the project's versions.
pub(super) async fn resources(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let by_name = document_for_versions(lab, &model.source_project);
    for (part, document) in [("*", document(lab)), ("all versions by name", by_name)] {
        let Some(name) = admitted(lab, model, &document, &mut seen).await? else { return Ok(seen) };
        let answer = copy_until(lab, model, true, Duration::from_secs(15), SEEN_WITHIN).await?;
        seen.accepted(part, &answer);
        withdraw(lab, model, &name, &mut seen).await;
    }
    Ok(seen)
}

/// Row 35: a policy that expires while the copy runs.
pub(super) async fn expiry_while_copying(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    const PART: &str = "the copy, past the expiry";
    let mut seen = Observation::default();
    if !is_closed(lab, model, &mut seen).await? {
        return Ok(seen);
    }
    let name = lab.new_name();
    let put = put_expiring(lab, model, &name, None).await?;
    if seen.need("put a policy for two minutes", put).is_none() {
        return Ok(seen);
    }
    let expiry = lab.now() + TWO_MINUTES;
    let copy = lab.new_name();
    let begun = lab.now();
    let answer = loop {
        let answer = lab.copy(&model.copy(&copy)).await?;
        if answer.is_ok() || lab.since(begun) > TWO_MINUTES {
            break answer;
        }
        lab.sleep(Duration::from_secs(5)).await;
    };
    if seen.need("copy before it expires", answer).is_some() {
        let followed = lab.follow(&model.destination, &copy).await;
        let status = followed.shown.map(|shown| shown.status);
        let (what, verdict) = match status.as_deref() {
            Some("COPYING_COMPLETED") if lab.now() < expiry => ("ended before the expiry", Verdict::Unknown),
            Some("COPYING_COMPLETED") => ("COPYING_COMPLETED", Verdict::AsAssumed),
            Some("COPYING_FAILED") => ("COPYING_FAILED", Verdict::Otherwise),
            _ => ("not ended", Verdict::Unknown),
        };
        seen.note(PART, what, verdict);
    }
    withdraw(lab, model, &name, &mut seen).await;
    Ok(seen)
}

/// Puts a policy on the source project, if no other policy there admits the run's account. Returns its name.
async fn admitted(
    lab: &Lab,
    model: &Model,
    document: &str,
    seen: &mut Observation,
) -> Result<Option<String>, Failure> {
    if !is_closed(lab, model, seen).await? {
        return Ok(None);
    }
    let name = lab.new_name();
    let put = lab.put_policy(&model.source_project, &name, document, None).await?;
    if let Err(refused) = &put
        && !refused.may_have_worked()
    {
        seen.accepted("put the policy", &put);
        return Ok(None);
    }
    Ok(seen.need("put the policy", put).map(|_| name))
}

/// Whether a copy is refused while the run has no policy there. If not, the answers would prove nothing.
async fn is_closed(lab: &Lab, model: &Model, seen: &mut Observation) -> Result<bool, Failure> {
    let answer = copy_until(lab, model, false, SEEN_WITHIN / 3, SEEN_WITHIN).await?;
    match answer {
        Err(refused) if DENIED.contains(&refused.code.as_str()) => return Ok(true),
        Err(refused) => seen.note("without the policy", refused.code, Verdict::Unknown),
        Ok(_) => seen.note("without the policy", "another policy allows it", Verdict::Unknown),
    }
    Ok(false)
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
        let answer = lab.copy(&model.copy(&lab.new_name())).await?;
        if answer.is_ok() == is_accepted || lab.since(begun) > limit {
            return Ok(answer);
        }
        lab.sleep(interval).await;
    }
}

/// Puts the copier's policy so that it expires in two minutes.
async fn put_expiring(
    lab: &Lab,
    model: &Model,
    name: &str,
    revision: Option<&str>,
) -> Result<Answer<String>, Failure> {
    let put_at = lab.now() + TWO_MINUTES - POLICY_LIFETIME;
    let document = document_put_at(lab, put_at);
    lab.put_policy(&model.source_project, name, &document, revision).await
}

async fn withdraw(lab: &Lab, model: &Model, name: &str, seen: &mut Observation) {
    let deleted = lab.delete_policy(&model.source_project, name).await;
    seen.need("withdraw the policy", deleted);
}
