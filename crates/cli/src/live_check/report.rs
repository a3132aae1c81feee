//! `report`: a Markdown page about a run.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::answer::{Part, RowAnswer, Verdict};
use super::answers::Answers;
use super::rows::{Row, rows};

/// How to send the answers to the project.
pub(crate) const SEND_BACK: &str = "\
Please send `answers.json` to the project: open an issue and attach the file. If a verdict is `otherwise`, put that word \
into the title. The file has no account, no name and no ARN of yours; read it before you send it.";

/// The page in Markdown.
pub fn markdown(answers: &Answers) -> String {
    let Answers { program, date, region, .. } = answers;
    let mut page = format!(
        "# What AWS answered\n\nObserved on {date} in {region} by `model-copier live-check` {program}.\n\n\
         | # | verdict | assumption | observed |\n|---|---|---|---|\n"
    );
    let mut changes = String::new();
    for row in rows() {
        let Some(answer) = answers.rows.iter().find(|answer| answer.row == row.number) else {
            continue;
        };
        page += &write_row(&row, answer);
        if answer.verdict == Verdict::Otherwise {
            let _ = writeln!(changes, "- {}: {}", row.number, row.otherwise);
        }
    }
    if !changes.is_empty() {
        let _ = write!(page, "\n## What to change\n\n{changes}");
    }
    let is_tried = |number: u8| answers.rows.iter().any(|answer| answer.row == number);
    let untried: BTreeSet<u8> = rows().map(|row| row.number).filter(|number| !is_tried(*number)).collect();
    let untried: Vec<String> = untried.iter().map(u8::to_string).collect();
    let _ = write!(page, "\nNot tested: {}.\n\n{SEND_BACK}\n", untried.join(", "));
    page
}

fn write_row(row: &Row, answer: &RowAnswer) -> String {
    let parts = answer.parts.iter().map(write_part).collect::<Vec<_>>().join("; ");
    format!("| {} | {} | {} | {parts} |\n", row.number, answer.verdict, row.assumption)
}

fn write_part(part: &Part) -> String {
    let seconds = part.seconds.map(|seconds| format!(" after {seconds} s")).unwrap_or_default();
    format!("{}: {}{seconds}", part.part, part.seen)
}
