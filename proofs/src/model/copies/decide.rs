//! The shipped decisions over compact records, each made once and remembered.

use std::cell::RefCell;
use std::collections::HashMap;

use rekognition_model_copier::domain::decide::look::{self, looked};
use rekognition_model_copier::domain::decide::name::{take_over, take_over_blindly, taken};
use rekognition_model_copier::domain::decide::start::{Answered, Start, answered, may_call, start};
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::refusal::{CopyAnswer, Refusal};

use super::record::{Arn, Rec, TIMES, arn};
use crate::model::time::now;
use crate::request::source_version;

/// What a version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// COPYING_IN_PROGRESS
    Copying,
    /// COPYING_COMPLETED, or any word of hosting.
    Copied,
    /// COPYING_FAILED
    CopyingFailed,
    /// FAILED: hosting failed.
    HostingFailed,
    /// TRAINING_COMPLETED
    Trained,
    /// DELETING
    Deleting,
}

/// The version that has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    /// What it is a copy of: 1 or 2 for the two source models, 0 for nothing.
    pub source: u8,
    /// What it reads.
    pub word: Word,
    /// Whether it is gone since it was seen.
    pub gone: bool,
}

/// What a decision is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The record is due.
    Start,
    /// The call was taken, as this version.
    Accepted(Arn),
    /// The call was refused with this.
    Refused(&'static str),
    /// The call has no answer.
    Unanswered,
    /// The name was looked up after it was found taken.
    Taken(Option<Model>),
    /// The name was looked up after a start without an outcome.
    TakeOver(Option<Model>),
    /// It could not be.
    TakeOverBlindly,
    /// The copy was looked at; what has its name now.
    Look(Option<Model>),
    /// It could not be.
    LookBlindly,
}

impl Input {
    /// The same after the version that has the name is gone.
    pub fn forget(&mut self) {
        match self {
            Self::Accepted(arn) => *arn = Arn::Gone,
            Self::Taken(Some(model)) | Self::TakeOver(Some(model)) | Self::Look(Some(model)) => {
                model.gone = true
            }
            _ => {}
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to write.
    Nothing,
    /// Write this.
    Write(Rec),
    /// Write this, then call.
    Call(Rec),
    /// Look the name up.
    LookUp,
}

thread_local! {
    static MADE: RefCell<HashMap<(Rec, u8, Input), Decision>> = RefCell::default();
}

/// The decision for a request's record.
pub fn decide(beginnings: &[Record], request: u8, rec: Rec, input: Input) -> Decision {
    let made = MADE.with_borrow(|made| made.get(&(rec, request, input)).copied());
    made.unwrap_or_else(|| {
        let Some(beginning) = beginnings.get(usize::from(request)) else { return Decision::Nothing };
        let decision = make(rec.whole(beginning), input);
        MADE.with_borrow_mut(|made| made.insert((rec, request, input), decision));
        decision
    })
}

/// Whether the holder of this record's lease may call now.
pub fn calls(beginnings: &[Record], request: u8, rec: Rec) -> bool {
    beginnings.get(usize::from(request)).is_some_and(|beginning| may_call(&rec.whole(beginning), now()))
}

fn make(record: Record, input: Input) -> Decision {
    let write = |record: Record| Decision::Write(Rec::of(&record));
    let started = |decided: Start| match decided {
        Start::NotDue => Decision::Nothing,
        Start::Ended(record) => write(record),
        Start::Call(record) => Decision::Call(Rec::of(&record)),
    };
    let answer = |record: Record, answer: CopyAnswer| match answered(record, answer, now(), &TIMES) {
        Answered::Write(record) => write(record),
        Answered::LookUpName(_) => Decision::LookUp,
    };
    match input {
        Input::Start => started(start(record, "owner", now(), &TIMES)),
        Input::Accepted(which) => match arn(which) {
            Some(arn) => answer(record, CopyAnswer::Accepted(arn)),
            None => Decision::Nothing,
        },
        Input::Refused(code) => {
            let refusal = Refusal { code: code.to_owned(), message: "says the model".to_owned() };
            answer(record, CopyAnswer::Refused(refusal))
        }
        Input::Unanswered => answer(record, CopyAnswer::Unanswered { reason: String::new() }),
        Input::Taken(model) => write(taken(record, model.and_then(version).as_ref(), now(), &TIMES)),
        Input::TakeOver(model) => {
            started(take_over(record, model.and_then(version).as_ref(), "owner", now(), &TIMES))
        }
        Input::TakeOverBlindly => take_over_blindly(record, now(), &TIMES).map_or(Decision::Nothing, write),
        Input::Look(model) => {
            let own =
                model.and_then(version).filter(|version| Some(&version.arn) == record.project_version_arn());
            let seen = own.map_or(look::Seen::Absent, look::Seen::Version);
            looked(record, &seen, now(), &TIMES).map_or(Decision::Nothing, write)
        }
        Input::LookBlindly => {
            looked(record, &look::Seen::Nothing, now(), &TIMES).map_or(Decision::Nothing, write)
        }
    }
}

fn version(model: Model) -> Option<Version> {
    let status = match model.word {
        Word::Copying => ModelStatus::CopyingInProgress,
        Word::Copied => ModelStatus::Running,
        Word::CopyingFailed => ModelStatus::CopyingFailed,
        Word::HostingFailed => ModelStatus::Failed,
        Word::Trained => ModelStatus::TrainingCompleted,
        Word::Deleting => ModelStatus::Deleting,
    };
    let source = (model.source > 0).then(|| source_version(&format!("flowers.{}", model.source)));
    Some(Version {
        arn: arn(if model.gone { Arn::Gone } else { Arn::Present })?,
        status,
        status_message: None,
        source_project_version_arn: source,
        s3_bucket: None,
        kms_key_id: None,
    })
}
