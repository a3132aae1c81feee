//! Row 13: a copy that fails, because its bucket does not exist.

use crate::exit::Failure;
use crate::live_check::answer::{Observation, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::{Copy, Lab};

/// A copy that ended as COPYING_FAILED.
pub(super) struct FailedCopy {
    pub(super) copy: Copy,
    has_message: bool,
}

/// Makes a copy that should fail. If it does not fail, returns what happened instead.
pub(super) async fn make(lab: &Lab, model: &Model) -> Result<Result<FailedCopy, String>, Failure> {
    let name = lab.new_name();
    let copy = Copy { bucket: format!("{name}-no-bucket"), ..model.copy(&name) };
    if let Err(refused) = lab.copy(&copy).await? {
        return Ok(Err(format!("refused at once: {}", refused.code)));
    }
    Ok(match lab.follow(&model.destination, &name).await.shown {
        Some(shown) if shown.status == "COPYING_FAILED" => {
            Ok(FailedCopy { copy, has_message: shown.has_message })
        }
        Some(shown) => Err(format!("ended as {}", shown.status)),
        None => Err("not shown".to_owned()),
    })
}

pub(super) async fn observe(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    const PART: &str = "copy into a bucket that does not exist";
    let mut seen = Observation::default();
    match make(lab, model).await? {
        Ok(failed) if failed.has_message => {
            seen.note(PART, "COPYING_FAILED with StatusMessage", Verdict::AsAssumed);
        }
        Ok(_) => seen.note(PART, "COPYING_FAILED without StatusMessage", Verdict::Otherwise),
        Err(why) => seen.note(PART, why, Verdict::Unknown),
    }
    Ok(seen)
}
