//! Rows 1, 2, 3, 12, 13 and 47: which copies are refused, and how copies end.

use aws_sdk_rekognition::types::ProjectVersionStatus;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::request::CopyRequest;

use crate::live_check::answer::{Answer, Stop, Tested, Verdict};
use crate::live_check::lab::{ACCEPTED, Lab, status_of};

/// Row 1: the error of a taken name, in each status of the version that has it.
pub(super) async fn taken_name(lab: &Lab) -> Tested {
    const TAKEN: &[&str] = &["ResourceInUseException", "ResourceAlreadyExistsException"];
    let model = lab.model()?;
    let (name, arn) = lab.new_copy().await?;
    let copy = lab.request(&name)?;
    lab.expect("while it is copied", &lab.copy(&copy).await?, TAKEN);
    if lab.follow(&model.destination, &name).await.ended_after.is_some() {
        lab.expect("once it is copied", &lab.copy(&copy).await?, TAKEN);
        let _ = lab.need("delete it", lab.delete_version(&arn).await);
        match lab.version(&model.destination, &name).await {
            Ok(Some(version)) if version.status == Some(ProjectVersionStatus::Deleting) => {
                lab.expect("while it is deleted", &lab.copy(&copy).await?, TAKEN);
            }
            _ => lab.note("while it is deleted", "gone at once", Verdict::Skipped),
        }
    }
    match failed_copy(lab).await? {
        Ok((failed, _)) => lab.expect("once it has failed", &lab.copy(&failed).await?, TAKEN),
        Err(why) => lab.note("once it has failed", why, Verdict::Skipped),
    }
    if model.source_project.account() == lab.run.identity.account {
        let trained = CopyRequest {
            destination_project_arn: model.source_project.clone(),
            ..lab.request(model.source_version.version_name())?
        };
        lab.expect("a trained version", &lab.copy(&trained).await?, TAKEN);
    } else {
        lab.note("a trained version", "the model is of another account", Verdict::Skipped);
    }
    Ok(())
}

/// Row 2: a copy of a version that is still being copied, and a copy of a copy. A person tests models that are running,
/// stopped or failed, because the program starts no model.
pub(super) async fn of_copies(lab: &Lab) -> Tested {
    const COPIED_OR_INVALID: &[&str] = &[ACCEPTED, "InvalidParameterException"];
    let (_, arn) = lab.new_copy().await?;
    let answer = copy_of(lab, &arn, &lab.new_name()).await?;
    lab.expect("a copy of a version that is being copied", &answer, COPIED_OR_INVALID);
    let first = lab.first_copy().await?;
    let answer = copy_of(lab, &first.arn, &lab.new_name()).await?;
    lab.expect("a copy of a copy", &answer, COPIED_OR_INVALID);
    Ok(())
}

/// Row 47: a copy within one project, and whether it shows its source.
pub(super) async fn within_project(lab: &Lab) -> Tested {
    let first = lab.first_copy().await?;
    let name = lab.new_name();
    let answer = copy_of(lab, &first.arn, &name).await?;
    lab.expect("a copy within a project", &answer, &[ACCEPTED]);
    if answer.is_ok() {
        let last = lab.follow(&lab.model()?.destination, &name).await.last;
        let (source, verdict) = match last.as_ref().map(|version| version.source_project_version_arn()) {
            Some(Some(source)) if source == first.arn => ("shown", Verdict::AsAssumed),
            Some(Some(_)) => ("another one is shown", Verdict::Otherwise),
            Some(None) => ("not shown", Verdict::AsAssumed),
            None => ("the copy is not shown", Verdict::Unknown),
        };
        lab.note("its source", source, verdict);
    }
    Ok(())
}

/// Copies a copy within its project.
async fn copy_of(lab: &Lab, arn: &str, name: &str) -> Result<Answer<String>, Stop> {
    let source_project_version_arn = ProjectVersionArn::parse(arn).map_err(|_| Stop::Undecided)?;
    let source_project_arn = lab.model()?.destination.clone();
    let copy = CopyRequest { source_project_arn, source_project_version_arn, ..lab.request(name)? };
    Ok(lab.copy(&copy).await?)
}

/// Row 12: the deletion of a copy in progress.
pub(super) async fn deletion(lab: &Lab) -> Tested {
    let (name, arn) = lab.new_copy().await?;
    let deleted = lab.delete_version(&arn).await;
    lab.expect("delete it", &deleted, &[ACCEPTED, "ResourceInUseException"]);
    if deleted.is_ok() {
        match lab.need("then", lab.version(&lab.model()?.destination, &name).await)? {
            None => lab.note("then", "absent", Verdict::AsAssumed),
            Some(version) => {
                let is_deleting = version.status == Some(ProjectVersionStatus::Deleting);
                lab.note("then", status_of(&version), Verdict::of(is_deleting));
            }
        }
    }
    Ok(())
}

/// Row 13: a copy that fails, because its bucket does not exist.
pub(super) async fn failure(lab: &Lab) -> Tested {
    const PART: &str = "copy into a bucket that does not exist";
    match failed_copy(lab).await? {
        Ok((_, true)) => lab.note(PART, "COPYING_FAILED with StatusMessage", Verdict::AsAssumed),
        Ok((_, false)) => lab.note(PART, "COPYING_FAILED without StatusMessage", Verdict::Otherwise),
        Err(why) => lab.note(PART, why, Verdict::Unknown),
    }
    Ok(())
}

/// Makes a copy that should fail. Returns it, and whether it has a message; if it does not fail, what happened instead.
async fn failed_copy(lab: &Lab) -> Result<Result<(CopyRequest, bool), String>, Stop> {
    let name = lab.new_name();
    let mut copy = lab.request(&name)?;
    copy.output_config.s3_bucket = format!("{name}-no-bucket");
    if let Err(refused) = lab.copy(&copy).await? {
        return Ok(Err(format!("refused at once: {}", refused.code)));
    }
    Ok(match lab.follow(&copy.destination_project_arn, &name).await.last {
        Some(version) if version.status == Some(ProjectVersionStatus::CopyingFailed) => {
            Ok((copy, version.status_message().is_some_and(|message| !message.is_empty())))
        }
        Some(version) => Err(format!("ended as {}", status_of(&version))),
        None => Err("not shown".to_owned()),
    })
}

/// Row 3: many copies at once.
pub(super) async fn many_at_once(lab: &Lab) -> Tested {
    const MANY: u32 = 20;
    const LIMITED: &[&str] = &["LimitExceededException", "ServiceQuotaExceededException"];
    for number in 1..=MANY {
        let answer = lab.copy(&lab.request(&lab.new_name())?).await?;
        if answer.is_err() {
            lab.expect(&format!("copy {number} at once"), &answer, LIMITED);
            return Ok(());
        }
    }
    lab.note(&format!("{MANY} copies at once"), ACCEPTED, Verdict::AsAssumed);
    Ok(())
}
