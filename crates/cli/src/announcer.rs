//! The event bus of a copy on this machine: it prints announcements instead of publishing them.

use std::sync::{Mutex, PoisonError};

use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::failure::Failure as Reason;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::status::Status;
use rekognition_model_copier::ports::{Bus, CallFailed, Unavailable};

use crate::arguments::Form;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::when::write_duration;

/// The remedy of a request that is invalid or not allowed. No ledger has the request, so its id is free.
pub(crate) const CORRECT: &str = "correct the request and run the command again";
/// The remedy of a request if another request has its id.
pub(crate) const NEW_ID: &str = "give this request another id with `--request-id`";

/// Writes announcements as progress, and the final one as the result.
pub struct Announcer<'a> {
    pub(crate) output: &'a Output,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    last: Option<Status>,
    /// Why a result could not be written.
    failure: Option<Failure>,
}

impl<'a> Announcer<'a> {
    pub fn new(output: &'a Output) -> Self {
        Self { output, progress: Mutex::default() }
    }

    /// Writes an announcement, unless this process has written it.
    pub(crate) fn announce(&self, announcement: &Announcement) -> Result<(), Failure> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.last == Some(announcement.status) {
            return Ok(());
        }
        let is_final = announcement.status.is_final();
        match self.output.form {
            Form::Jsonl => self.output.result(announcement, String::new)?,
            Form::Text | Form::Json if is_final => {
                self.output.result(announcement, || write_end(announcement))?;
            }
            Form::Text | Form::Json => self.output.note(&write_progress(announcement)),
        }
        progress.last = Some(announcement.status);
        Ok(())
    }

    /// Writes the end of a request, unless this process has written it. Returns the exit code.
    pub(crate) fn end(&self, record: &Record) -> Result<Exit, Failure> {
        let Some(announcement) = Announcement::of(record) else { return Ok(Exit::StillGoing) };
        self.announce(&announcement)?;
        Ok(Exit::of(announcement.status))
    }

    /// Writes a rejection that no ledger records, with what to do about it instead of its remedy. Returns the exit code.
    pub(crate) fn reject(&self, record: &Record, remedy: &str) -> Result<Exit, Failure> {
        let mut record = record.clone();
        if let Record::Rejected(rejected) = &mut record {
            rejected.failure.remedy = Some(remedy.to_owned());
        }
        self.end(&record)
    }

    /// Writes the state of a request that a command leaves before its end: in JSON, because the text is a note.
    pub(crate) fn leave(&self, record: Option<&Record>, exit: Exit) -> Result<(), Failure> {
        match (record.and_then(Announcement::of), self.output.form) {
            _ if exit == Exit::Interrupted => Ok(()),
            (Some(state), Form::Json) => self.output.result(&state, String::new),
            (Some(state), Form::Jsonl) => self.announce(&state),
            _ => Ok(()),
        }
    }

    /// Reports a result that could not be written.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).failure.take().map_or(Ok(()), Err)
    }

    fn publish_one(&self, outgoing: &Outgoing) -> Result<(), Unavailable> {
        let announcement = serde_json::from_str(outgoing.detail.get()).map_err(|error| {
            Failure::Error(format!("an announcement in the ledger cannot be read: {error}"))
        });
        announcement.and_then(|announcement| self.announce(&announcement)).map_err(|failure| {
            let error = Unavailable(failure.to_string());
            self.progress.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(failure);
            error
        })
    }
}

impl Bus for &Announcer<'_> {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        Ok(call.iter().map(|outgoing| self.publish_one(outgoing)).collect())
    }
}

fn write_progress(announcement: &Announcement) -> String {
    let mut line = announcement.status.as_str().to_owned();
    if let Some(copy) = &announcement.copy {
        let adopted = if copy.adopted { " (it already existed)" } else { "" };
        line.push_str(&format!(" {}{adopted}", copy.project_version_arn));
    }
    if let Some(Reason { code, message, remedy, .. }) = &announcement.failure {
        line.push_str(&format!(" {code}: {message}"));
        line.extend(remedy.iter().map(|remedy| format!("\n  what to do: {remedy}")));
    }
    line
}

fn write_end(announcement: &Announcement) -> String {
    let line = write_progress(announcement);
    match (announcement.status, announcement.ended_at) {
        (Status::Completed, Some(ended_at)) => {
            let lasted = write_duration(ended_at.duration_since(announcement.requested_at));
            format!("{line} after {lasted}")
        }
        _ => line,
    }
}
