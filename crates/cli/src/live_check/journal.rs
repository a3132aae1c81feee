//! The journal of a run: JSON lines. A line is on the disk before the thing that it names is made.
//!
//! `resume` and `clean` read it. A last line that was cut off when the process died is ignored.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use serde::{Deserialize, Serialize};

use super::answer::RowAnswer;
use super::run::Run;
use crate::exit::Failure;
use crate::file_ledger::{make_private_folder, private, state_folder, sync_folder};

/// Something that a run makes or changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) enum Thing {
    Project {
        name: String,
    },
    Policy {
        project: ProjectArn,
        name: String,
    },
    Copy {
        project: ProjectArn,
        name: String,
        /// The version that already has the name. The run did not make it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<ProjectVersionArn>,
    },
    /// A queue's policy without the statement that admits the request rule; the whole policy has to be put back.
    QueuePolicy {
        queue: String,
        whole: String,
    },
    /// The dead letter of the request with this id.
    DeadLetter {
        request: String,
    },
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project { name } => write!(f, "project {name}"),
            Self::Policy { project, name } => write!(f, "policy {name} of {project}"),
            Self::Copy { project, name, .. } => write!(f, "copy {name} in {project}"),
            Self::QueuePolicy { queue, .. } => write!(f, "policy of {queue} that refuses requests"),
            Self::DeadLetter { request } => write!(f, "dead letter of request {request}"),
        }
    }
}

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    at: Timestamp,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "entry")]
pub(super) enum Entry {
    Begun(Box<Run>),
    Making {
        id: usize,
        thing: Thing,
    },
    Made {
        id: usize,
        arn: Option<String>,
    },
    /// Was not made, or is deleted.
    Gone {
        id: usize,
    },
    Observed(RowAnswer),
}

/// Something that may exist.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Its number in the journal.
    pub(crate) id: usize,
    pub(crate) thing: Thing,
    /// Whether AWS confirmed that it was made.
    pub(crate) is_made: bool,
    /// Its ARN, if the answer had one.
    pub(crate) arn: Option<String>,
    pub(crate) at: Timestamp,
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    pub(crate) run: Run,
    folder: PathBuf,
    file: File,
    lines: Vec<Line>,
}

impl Journal {
    /// The folder of all runs of the user.
    pub(crate) fn folder() -> Result<PathBuf, Failure> {
        Ok(state_folder()?.join("model-copier").join("live-check"))
    }

    /// Begins the journal of a new run below this folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(folder: &Path, run: Run, now: Timestamp) -> Result<Self, Failure> {
        let folder = folder.join(&run.id);
        let file = make_private_folder(&folder).and_then(|()| open(&folder));
        let file = file.map_err(|error| failed(&folder, &error))?;
        let begun = Entry::Begun(Box::new(run.clone()));
        let mut journal = Self { run, folder, file, lines: Vec::new() };
        journal.write(begun, now)?;
        // The file's name is on the disk once its folder is.
        sync_folder(&journal.folder).map_err(|error| failed(&journal.folder, &error))?;
        Ok(journal)
    }

    /// Opens the journal of a run.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub fn open(folder: &Path, run: &str) -> Result<Self, Failure> {
        let is_id = run.len() == 8 && run.chars().all(|c| c.is_ascii_hexdigit());
        let folder = folder.join(run);
        let text = fs::read_to_string(path(&folder)).ok().filter(|_| is_id);
        let text =
            text.ok_or_else(|| Failure::Usage(format!("there is no run `{run}` in `{}`", folder.display())))?;
        // The rest was cut off: no call was made for it.
        let whole = text.get(..text.rfind('\n').map_or(0, |end| end + 1)).unwrap_or_default();
        let lines = whole.lines().map(serde_json::from_str).collect::<Result<Vec<Line>, _>>();
        let lines = lines.map_err(|error| failed(&folder, &error))?;
        let Some(Entry::Begun(run)) = lines.first().map(|line| line.entry.clone()) else {
            return Err(failed(&folder, &"it has no first line"));
        };
        let file = open(&folder).and_then(|file| file.set_len(whole.len() as u64).map(|()| file));
        let file = file.map_err(|error| failed(&folder, &error))?;
        Ok(Self { run: *run, folder, file, lines })
    }

    /// The answers to the rows that were tested.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &RowAnswer> {
        self.lines.iter().filter_map(|line| match &line.entry {
            Entry::Observed(answer) => Some(answer),
            _ => None,
        })
    }

    /// When the last line was written.
    pub(crate) fn last_written(&self) -> Timestamp {
        self.lines.last().map_or(Timestamp::UNIX_EPOCH, |line| line.at)
    }

    /// What may still exist, in the order in which it was made.
    pub fn left(&self) -> Vec<Leftover> {
        let mut left: Vec<Leftover> = Vec::new();
        for Line { at, entry } in &self.lines {
            match entry {
                Entry::Making { id, thing } => {
                    let (id, thing, at) = (*id, thing.clone(), *at);
                    left.push(Leftover { id, thing, is_made: false, arn: None, at });
                }
                Entry::Made { id, arn } => {
                    let made = left.iter_mut().filter(|left| left.id == *id);
                    made.for_each(|left| (left.is_made, left.arn) = (true, arn.clone()));
                }
                Entry::Gone { id } => left.retain(|left| left.id != *id),
                Entry::Begun(_) | Entry::Observed(_) => {}
            }
        }
        left
    }

    /// The file of this name beside the journal.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The number of the next thing.
    pub(super) fn next_id(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn write(&mut self, entry: Entry, at: Timestamp) -> Result<(), Failure> {
        let line = Line { at, entry };
        let text = serde_json::to_string(&line).map_err(|error| failed(&self.folder, &error))?;
        let written = self.file.write_all(format!("{text}\n").as_bytes());
        written.and_then(|()| self.file.sync_data()).map_err(|error| failed(&self.folder, &error))?;
        self.lines.push(line);
        Ok(())
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("journal.jsonl")
}

fn open(folder: &Path) -> io::Result<File> {
    private().create(true).append(true).open(path(folder))
}

fn failed(folder: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Error(format!("the journal in `{}` cannot be used: {error}", folder.display()))
}
