//! The event bus of a copy on this machine: it prints announcements instead of publishing them.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rekognition_model_copier::domain::announcement::{Announcement, Status};
use rekognition_model_copier::domain::failure::Failure as WhyNot;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::ports::{Bus, CallFailed, Unavailable};
use serde_json::value::RawValue;

use crate::exit::Failure;
use crate::global::Form;
use crate::output::Output;
use crate::when::duration;

/// Writes announcements as progress, and the final one as the result.
pub struct Announcer<'a> {
    output: &'a Output,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    last: Option<Status>,
    failure: Option<Failure>,
}

impl<'a> Announcer<'a> {
    /// An announcer that has written nothing yet.
    pub fn new(output: &'a Output) -> Self {
        Self { output, said: Mutex::default() }
    }

    /// Writes what this process has not written yet.
    ///
    /// # Errors
    /// If the result cannot be written.
    pub fn announce(&self, announcement: &Announcement) -> Result<(), Failure> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last == Some(announcement.status) {
            return Ok(());
        }
        let is_final = announcement.status.is_final();
        match self.output.form {
            Form::Jsonl => self.output.result(announcement, String::new)?,
            Form::Text | Form::Json if is_final => {
                self.output.result(announcement, || final_lines(announcement))?;
            }
            Form::Text | Form::Json => self.output.note(&progress_line(announcement)),
        }
        said.last = Some(announcement.status);
        Ok(())
    }

    /// Reports a result that could not be written.
    ///
    /// # Errors
    /// If a result could not be written.
    pub fn check(&self) -> Result<(), Failure> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).failure.take().map_or(Ok(()), Err)
    }

    fn publish_one(&self, outgoing: &Outgoing) -> Result<(), Unavailable> {
        let announced = read(&outgoing.detail).and_then(|announcement| self.announce(&announcement));
        announced.map_err(|failure| {
            let error = Unavailable(failure.to_string());
            self.said.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(failure);
            error
        })
    }
}

impl Bus for &Announcer<'_> {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        Ok(call.iter().map(|outgoing| self.publish_one(outgoing)).collect())
    }
}

fn read(detail: &RawValue) -> Result<Announcement, Failure> {
    serde_json::from_str(detail.get())
        .map_err(|error| Failure::Error(format!("an announcement in the ledger cannot be read: {error}")))
}

fn progress_line(announcement: &Announcement) -> String {
    let mut line = announcement.status.as_str().to_owned();
    if let Some(copy) = &announcement.copy {
        let adopted = if copy.adopted { " (it already existed)" } else { "" };
        line.push_str(&format!(" {}{adopted}", copy.project_version_arn));
    }
    if let Some(why) = &announcement.failure {
        line.push_str(&format!(" {}", failure_lines(why)));
    }
    line
}

fn final_lines(announcement: &Announcement) -> String {
    let mut line = progress_line(announcement);
    let lasted = |ended: Timestamp| duration(ended.duration_since(announcement.requested_at));
    if let (Status::Completed, Some(ended_at)) = (announcement.status, announcement.ended_at) {
        line.push_str(&format!(" after {}", lasted(ended_at)));
    }
    line
}

fn failure_lines(why: &WhyNot) -> String {
    let remedy = why.remedy.as_ref().map(|remedy| format!("\n  what to do: {remedy}")).unwrap_or_default();
    format!("{}: {}{remedy}", why.code, why.message)
}
