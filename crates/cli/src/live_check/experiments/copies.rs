//! Rows 1, 2, 3, 12, 13 and 47: which copies are refused, and how copies end.

use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::request::CopyRequest;

use crate::exit::Failure;
use crate::live_check::answer::{Answer, Observation, Stop, Tested, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::{Description, Lab};

/// Row 1: the error of a taken name, in each status of the version that has it.
pub(super) async fn taken_name(lab: &Lab, seen: &mut Observation) -> Tested {
    const TAKEN: &[&str] = &["ResourceInUseException", "ResourceAlreadyExistsException"];
    let model = lab.model()?;
    let name = lab.new_name();
    let copy = lab.request(model, &name);
    let first = lab.copy(&copy).await?;
    let arn = seen.need("copy", first)?;
    let taken = lab.copy(&copy).await?;
    seen.refused("while it is copied", &taken, TAKEN);
    if lab.follow(&model.destination, &name).await.ended_after.is_some() {
        seen.refused("once it is copied", &lab.copy(&copy).await?, TAKEN);
        let deleted = lab.delete_version(&arn).await;
        let _ = seen.need("delete it", deleted);
        match lab.version(&model.destination, &name).await {
            Ok(Some(version)) if version.status == "DELETING" => {
                seen.refused("while it is deleted", &lab.copy(&copy).await?, TAKEN);
            }
            _ => seen.skip("while it is deleted", "gone at once"),
        }
    }
    match failed_copy(lab, model).await? {
        Ok((failed, _)) => seen.refused("once it has failed", &lab.copy(&failed).await?, TAKEN),
        Err(why) => seen.skip("once it has failed", &why),
    }
    if model.source_project.account() == lab.run.account {
        let trained = CopyRequest {
            destination_project_arn: model.source_project.clone(),
            ..lab.request(model, model.source_version.version_name())
        };
        seen.refused("a trained version", &lab.copy(&trained).await?, TAKEN);
    } else {
        seen.skip("a trained version", "the model is of another account");
    }
    Ok(())
}

/// Row 2: a copy of a version that is still being copied, and a copy of a copy. A person tests models that are running,
/// stopped or failed, because the program starts no model.
pub(super) async fn of_copies(lab: &Lab, seen: &mut Observation) -> Tested {
    const INVALID: &[&str] = &["InvalidParameterException"];
    let model = lab.model()?;
    let answer = lab.copy(&lab.request(model, &lab.new_name())).await?;
    let arn = seen.need("copy", answer)?;
    let answer = copy_of(lab, model, &arn, &lab.new_name()).await?;
    seen.either("a copy of a version that is being copied", &answer, INVALID);
    let first = lab.first_copy(model).await?;
    let arn = seen.need("the first copy", first.answer.clone())?;
    let answer = copy_of(lab, model, &arn, &lab.new_name()).await?;
    seen.either("a copy of a copy", &answer, INVALID);
    Ok(())
}

/// Row 47: a copy within one project, and whether it shows its source.
pub(super) async fn within_project(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    let first = lab.first_copy(model).await?;
    let arn = seen.need("the first copy", first.answer.clone())?;
    let name = lab.new_name();
    let answer = copy_of(lab, model, &arn, &name).await?;
    seen.accepted("a copy within a project", &answer);
    if answer.is_ok() {
        let (source, verdict) = match lab.follow(&model.destination, &name).await.last {
            Some(Description { source: Some(source), .. }) if source == arn => ("shown", Verdict::AsAssumed),
            Some(Description { source: Some(_), .. }) => ("another one is shown", Verdict::Otherwise),
            Some(Description { source: None, .. }) => ("not shown", Verdict::AsAssumed),
            None => ("the copy is not shown", Verdict::Unknown),
        };
        seen.note("its source", source, verdict);
    }
    Ok(())
}

/// Copies a copy within its project.
async fn copy_of(lab: &Lab, model: &Model, arn: &str, name: &str) -> Result<Answer<String>, Stop> {
    let source_project_version_arn = ProjectVersionArn::parse(arn).map_err(|_| Stop::Undecided)?;
    let copy = CopyRequest {
        source_project_arn: model.destination.clone(),
        source_project_version_arn,
        ..lab.request(model, name)
    };
    Ok(lab.copy(&copy).await?)
}

/// Row 12: the deletion of a copy in progress.
pub(super) async fn deletion(lab: &Lab, seen: &mut Observation) -> Tested {
    let model = lab.model()?;
    let name = lab.new_name();
    let answer = lab.copy(&lab.request(model, &name)).await?;
    let arn = seen.need("copy", answer)?;
    let deleted = lab.delete_version(&arn).await;
    seen.either("delete it", &deleted, &["ResourceInUseException"]);
    if deleted.is_ok() {
        match lab.version(&model.destination, &name).await {
            Ok(None) => seen.note("then", "absent", Verdict::AsAssumed),
            Ok(Some(version)) => {
                let is_assumed = version.status == "DELETING";
                seen.note("then", version.status, Verdict::of(is_assumed));
            }
            Err(refused) => seen.note("then", refused.code, Verdict::Unknown),
        }
    }
    Ok(())
}

/// Row 13: a copy that fails, because its bucket does not exist.
pub(super) async fn failure(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "copy into a bucket that does not exist";
    match failed_copy(lab, lab.model()?).await? {
        Ok((_, true)) => seen.note(PART, "COPYING_FAILED with StatusMessage", Verdict::AsAssumed),
        Ok((_, false)) => seen.note(PART, "COPYING_FAILED without StatusMessage", Verdict::Otherwise),
        Err(why) => seen.note(PART, why, Verdict::Unknown),
    }
    Ok(())
}

/// Makes a copy that should fail. Returns it, and whether it has a message; if it does not fail, what happened instead.
async fn failed_copy(lab: &Lab, model: &Model) -> Result<Result<(CopyRequest, bool), String>, Failure> {
    let name = lab.new_name();
    let mut copy = lab.request(model, &name);
    copy.output_config.s3_bucket = format!("{name}-no-bucket");
    if let Err(refused) = lab.copy(&copy).await? {
        return Ok(Err(format!("refused at once: {}", refused.code)));
    }
    Ok(match lab.follow(&model.destination, &name).await.last {
        Some(version) if version.status == "COPYING_FAILED" => Ok((copy, version.has_message)),
        Some(version) => Err(format!("ended as {}", version.status)),
        None => Err("not shown".to_owned()),
    })
}

/// Row 3: many copies at once.
pub(super) async fn many_at_once(lab: &Lab, seen: &mut Observation) -> Tested {
    const MANY: u32 = 20;
    const LIMITED: &[&str] = &["LimitExceededException", "ServiceQuotaExceededException"];
    let model = lab.model()?;
    for number in 1..=MANY {
        let answer = lab.copy(&lab.request(model, &lab.new_name())).await?;
        if answer.is_err() {
            seen.refused(&format!("copy {number} at once"), &answer, LIMITED);
            return Ok(());
        }
    }
    seen.accepted(&format!("{MANY} copies at once"), &Answer::Ok(()));
    Ok(())
}
