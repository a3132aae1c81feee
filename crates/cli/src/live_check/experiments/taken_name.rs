//! Row 1: the error of a taken name, in each status of the version that has it.

use crate::exit::Failure;
use crate::live_check::answer::Observation;
use crate::live_check::experiments::failed_copy;
use crate::live_check::journal::Model;
use crate::live_check::lab::{Copy, Lab};

const TAKEN: &[&str] = &["ResourceInUseException", "ResourceAlreadyExistsException"];

pub(super) async fn observe(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let name = lab.new_name();
    let copy = model.copy(&name);
    let first = lab.copy(&copy).await?;
    let Some(arn) = seen.need("copy", first) else { return Ok(seen) };
    let taken = lab.copy(&copy).await?;
    seen.refused("while it is copied", &taken, TAKEN);
    if lab.follow(&model.destination, &name).await.ended_after.is_some() {
        seen.refused("once it is copied", &lab.copy(&copy).await?, TAKEN);
        let deleted = lab.delete_version(&arn).await;
        seen.need("delete it", deleted);
        match lab.version(&model.destination, &name).await {
            Ok(Some(shown)) if shown.status == "DELETING" => {
                seen.refused("while it is deleted", &lab.copy(&copy).await?, TAKEN);
            }
            _ => seen.skip("while it is deleted", "gone at once"),
        }
    }
    match failed_copy::make(lab, model).await? {
        Ok(failed) => seen.refused("once it has failed", &lab.copy(&failed.copy).await?, TAKEN),
        Err(why) => seen.skip("once it has failed", &why),
    }
    if model.source_project.account() == lab.begun.account {
        let trained = Copy {
            destination: model.source_project.clone(),
            owner: Some(model.source_version.clone()),
            ..model.copy(model.source_version.version_name())
        };
        seen.refused("a trained version", &lab.copy(&trained).await?, TAKEN);
    } else {
        seen.skip("a trained version", "the model is of another account");
    }
    Ok(seen)
}
