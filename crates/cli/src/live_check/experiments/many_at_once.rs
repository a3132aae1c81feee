//! Row 3: many copies at once.

use crate::exit::Failure;
use crate::live_check::answer::{Answer, Observation};
use crate::live_check::journal::Model;
use crate::live_check::lab::Lab;

pub(super) const COUNT: u32 = 20;

pub(super) async fn observe(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    for number in 1..=COUNT {
        let answer = lab.copy(&model.copy(&lab.new_name())).await?;
        if answer.is_err() {
            let errors = ["LimitExceededException", "ServiceQuotaExceededException"];
            seen.refused(&format!("copy {number} at once"), &answer, &errors);
            return Ok(seen);
        }
    }
    seen.accepted(&format!("{COUNT} copies at once"), &Answer::Ok(()));
    Ok(seen)
}
