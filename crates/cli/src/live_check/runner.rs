//! Runs the remaining experiments of a run, one after the other.

use super::clean::put_policies_back;
use super::experiments::{Needs, admit};
use super::lab::Lab;
use super::level::Level;
use super::plan::selected;
use crate::confirm::Confirmation;
use crate::exit::Failure;
use crate::output::Output;

/// Runs the remaining experiments. First it puts back what an interrupted one has changed.
///
/// # Errors
/// If a queue's policy cannot be put back, or the journal cannot be written.
pub async fn run(lab: &Lab, output: &Output, _: Confirmation) -> Result<(), Failure> {
    put_policies_back(lab).await?;
    // If another account owns the model, a project policy has to admit the run before the first copy.
    let mut closed = lab.run.model.as_ref().filter(|_| lab.run.level == Level::TwoAccounts);
    for experiment in selected(&lab.run) {
        let is_done = lab.journal.borrow().answers().any(|answer| answer.row == experiment.row);
        if is_done {
            continue;
        }
        output.status_line(&format!("row {}", experiment.row));
        if experiment.needs == Needs::Copies
            && let Some(model) = closed.take()
        {
            admit(lab, model).await?;
        }
        let observation = experiment.observe(lab).await?;
        output.note(&format!("row {:>2}: {}", experiment.row, observation.verdict().as_str()));
        lab.conclude(experiment.row, observation)?;
    }
    Ok(())
}
