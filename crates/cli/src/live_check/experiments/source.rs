//! Rows 2 and 47: which models can be copied, and from where.

use rekognition_model_copier::domain::arn::ProjectVersionArn;

use crate::exit::Failure;
use crate::live_check::answer::{Answer, Observation, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::{Copy, Lab, Shown};

/// Row 2: a copy of a version that is still being copied, and a copy of a copy. A person tests models that are running,
/// stopped or failed, because the program starts no model.
pub(super) async fn statuses(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    const INVALID: &[&str] = &["InvalidParameterException"];
    let mut seen = Observation::default();
    let answer = lab.copy(&model.copy(&lab.new_name())).await?;
    let Some(arn) = seen.need("copy", answer) else { return Ok(seen) };
    if let Some(answer) = copy_of(lab, model, &arn).await? {
        seen.either("a copy of a version that is being copied", &answer.0, INVALID);
    }
    let first = lab.first_copy(model).await?;
    if let Some(arn) = seen.need("the first copy", first.answer.clone())
        && let Some(answer) = copy_of(lab, model, &arn).await?
    {
        seen.either("a copy of a copy", &answer.0, INVALID);
    }
    Ok(seen)
}

/// Row 47: a copy within one project, and whether it shows its source.
pub(super) async fn within_project(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let first = lab.first_copy(model).await?;
    let Some(arn) = seen.need("the first copy", first.answer.clone()) else { return Ok(seen) };
    let Some((answer, name)) = copy_of(lab, model, &arn).await? else { return Ok(seen) };
    seen.accepted("a copy within a project", &answer);
    if answer.is_ok() {
        let (seen_as, verdict) = match lab.follow(&model.destination, &name).await.shown {
            Some(Shown { source: Some(source), .. }) if source == arn => ("shown", Verdict::AsAssumed),
            Some(Shown { source: Some(_), .. }) => ("another one is shown", Verdict::Otherwise),
            Some(Shown { source: None, .. }) => ("not shown", Verdict::AsAssumed),
            None => ("the copy is not shown", Verdict::Unknown),
        };
        seen.note("its source", seen_as, verdict);
    }
    Ok(seen)
}

/// Copies a copy within its project; `None` if its ARN cannot be read.
async fn copy_of(lab: &Lab, model: &Model, arn: &str) -> Result<Option<(Answer<String>, String)>, Failure> {
    let Ok(source_version) = ProjectVersionArn::parse(arn) else { return Ok(None) };
    let name = lab.new_name();
    let copy = Copy { source_project: model.destination.clone(), source_version, ..model.copy(&name) };
    Ok(Some((lab.copy(&copy).await?, name)))
}
