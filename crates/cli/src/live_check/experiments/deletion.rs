//! Row 12: the deletion of a copy in progress.

use crate::exit::Failure;
use crate::live_check::answer::{Observation, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::Lab;

pub(super) async fn while_copying(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let name = lab.new_name();
    let answer = lab.copy(&model.copy(&name)).await?;
    let Some(arn) = seen.need("copy", answer) else { return Ok(seen) };
    let deleted = lab.delete_version(&arn).await;
    seen.either("delete it", &deleted, &["ResourceInUseException"]);
    if deleted.is_ok() {
        match lab.version(&model.destination, &name).await {
            Ok(None) => seen.note("then", "absent", Verdict::AsAssumed),
            Ok(Some(shown)) if shown.status == "DELETING" => {
                seen.note("then", "DELETING", Verdict::AsAssumed)
            }
            Ok(Some(shown)) => seen.note("then", shown.status, Verdict::Otherwise),
            Err(refused) => seen.note("then", refused.code, Verdict::Unknown),
        }
    }
    Ok(seen)
}
