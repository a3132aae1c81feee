//! `answers.json`: what a run observed, without anything that identifies its accounts.
//!
//! Its words come from fixed lists and from AWS's names of operations, errors, statuses and members. The writer checks the
//! finished text as well, and refuses it if something in it looks like an identifier.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer::{RowAnswer, Verdict};
use super::journal::Journal;
use super::run::Run;
use crate::exit::Failure;

/// A record of answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    /// The release of the program.
    pub(crate) program: String,
    pub(crate) date: String,
    pub(crate) region: String,
    /// The rows, by number.
    pub rows: Vec<RowAnswer>,
}

impl Answers {
    /// The answers in a journal, by row.
    pub fn of(journal: &Journal) -> Self {
        let mut rows: Vec<RowAnswer> = journal.answers().cloned().collect();
        rows.sort_by_key(|row| row.row);
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            date: journal.last_written().strftime("%Y-%m-%d").to_string(),
            region: journal.run.identity.region.clone(),
            rows,
        }
    }

    /// The record as it may be published.
    ///
    /// # Errors
    /// If something in it identifies the accounts.
    pub fn publishable(&self, run: &Run) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::Error(format!("the answers cannot be written as JSON: {error}")))?;
        match find_identifier(&text, run) {
            None => Ok(text + "\n"),
            Some(what) => Err(Failure::Error(format!(
                "the answers are not written, because they contain {what}: please report this as a bug"
            ))),
        }
    }

    /// Where another record has other answers than this one: a line for each. Times are not compared.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.parts(), other.parts());
        let differs = |(key, seen): (&(u8, &str), &&str)| {
            let answer = theirs.get(key)?;
            (answer != seen).then(|| format!("row {}, {}: `{seen}`, not `{answer}`", key.0, key.1))
        };
        ours.iter().filter_map(differs).collect()
    }

    fn parts(&self) -> BTreeMap<(u8, &str), &str> {
        let mut parts = BTreeMap::new();
        for row in &self.rows {
            let tried = row.parts.iter().filter(|part| part.verdict != Verdict::Skipped);
            parts.extend(tried.map(|part| ((row.row, part.part.as_str()), part.seen.as_str())));
        }
        parts
    }
}

/// The part of a text that identifies the accounts, if there is one.
fn find_identifier(text: &str, run: &Run) -> Option<&'static str> {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_account = |word: &str| word.len() == 12 && word.chars().all(|c| c.is_ascii_digit());
    // Access keys and the unique ids of users and roles: `AKIA`, `ASIA`, `AIDA`, `AROA` and more.
    let is_key = |word: &str| {
        word.len() >= 16
            && word.starts_with('A')
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    let has_uuid = text.as_bytes().windows(36).any(|window| Uuid::try_parse_ascii(window).is_ok());
    let own = run.model.iter().flat_map(|model| {
        let names = [model.source_project.project_name(), model.destination.project_name(), &model.bucket];
        names.into_iter().chain([model.source_version.version_name()]).chain(model.key.as_deref())
    });
    let of_stack = run.stack.iter().flat_map(|stack| {
        let outputs = ["RequestRule", "CheckCopiesFunction", "LedgerTable"];
        outputs.into_iter().filter_map(|name| stack.output(name).ok()).chain([stack.name.as_str()])
    });
    let own = own.chain(of_stack);
    let found = [
        ("an account id", words().any(is_account)),
        ("an ARN", text.contains("arn:")),
        ("the id of a key or role", words().any(is_key) || has_uuid || text.contains("mrk-")),
        ("the run's id", text.contains(&run.id)),
        ("a name of yours", own.into_iter().any(|name| text.contains(&format!("\"{name}\"")))),
    ];
    found.into_iter().find_map(|(what, is_there)| is_there.then_some(what))
}
