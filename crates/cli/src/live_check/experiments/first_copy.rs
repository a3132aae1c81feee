//! Rows 7 to 10, and 50: how a copy is shown, how long it takes, and where its files are.

use std::time::Duration;

use aws_sdk_rekognition::types::ProjectVersionStatus;
use rekognition_model_copier::domain::request::CopyRequest;

use crate::live_check::answer::{Tested, Verdict};
use crate::live_check::lab::Lab;

/// Row 7: how soon a copy is shown.
pub(super) async fn visibility(lab: &Lab) -> Tested {
    let copy = lab.first_copy().await?;
    lab.took("shown", copy.course.visible_after, Duration::from_secs(600));
    Ok(())
}

/// Row 10: how long a copy takes.
pub(super) async fn duration(lab: &Lab) -> Tested {
    let copy = lab.first_copy().await?;
    lab.took("ended", copy.course.ended_after, Duration::from_secs(2 * 3600));
    Ok(())
}

/// Row 8: which fields of its request a copy shows.
pub(super) async fn fields(lab: &Lab) -> Tested {
    const PART: &str = "describe the copy";
    let (copy, model) = (lab.first_copy().await?, lab.model()?);
    // Describe it again, so that this row's record has the members.
    match lab.need(PART, lab.version(&model.destination, &copy.name).await)? {
        Some(version) => {
            let source = version.source_project_version_arn();
            let bucket = version.output_config().and_then(|output| output.s3_bucket());
            note_member(lab, "SourceProjectVersionArn", source, model.source_version.as_str());
            note_member(lab, "OutputConfig", bucket, &model.bucket);
        }
        None => lab.note(PART, "not shown", Verdict::Unknown),
    }
    Ok(())
}

/// Row 50: under which keys Rekognition writes the files of a copy.
pub(super) async fn keys(lab: &Lab) -> Tested {
    const PART: &str = "the keys of its files";
    let copy = lab.first_copy().await?;
    let is_copied = |status| status == Some(&ProjectVersionStatus::CopyingCompleted);
    if !copy.course.last.as_ref().is_some_and(|version| is_copied(version.status())) {
        lab.note(PART, "the copy has not succeeded", Verdict::Unknown);
        return Ok(());
    }
    let forms = lab.need(PART, lab.key_forms(lab.model()?).await)?;
    match forms.into_iter().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => lab.note(PART, "none below the prefix", Verdict::Otherwise),
        forms => lab.note(PART, forms, Verdict::AsAssumed),
    }
    Ok(())
}

/// Row 9: the form in which a copy shows its key.
pub(super) async fn key_form(lab: &Lab) -> Tested {
    const PART: &str = "the key's form";
    let model = lab.model()?;
    let Some(key) = &model.key else {
        lab.note(PART, "no key is given", Verdict::Skipped);
        return Ok(());
    };
    let name = lab.new_name();
    let copy = CopyRequest { kms_key_id: Some(key.clone()), ..lab.request(&name)? };
    lab.need("copy with a key", lab.copy(&copy).await?)?;
    match lab.follow(&model.destination, &name).await.last {
        Some(version) => note_member(lab, PART, version.kms_key_id(), key),
        None => lab.note(PART, "the copy is not shown", Verdict::Unknown),
    }
    Ok(())
}

/// Notes a member of a description that should have this value.
fn note_member(lab: &Lab, member: &str, value: Option<&str>, expected: &str) {
    match value {
        Some(value) if value == expected => lab.note(member, "as asked", Verdict::AsAssumed),
        Some(_) => lab.note(member, "another value", Verdict::Otherwise),
        None => lab.note(member, "not shown", Verdict::Otherwise),
    }
}
