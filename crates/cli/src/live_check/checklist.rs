//! docs/live-checklist.md, from the rows.

use super::experiments::experiment_of;
use super::rows::{Row, SECTIONS, Section};

const HEAD: &str = "\
# What only a live account can settle

Generated from the rows that `model-copier live-check` works on: `UPDATE=1 cargo test --workspace --test \
command_line checklist` writes it.

This project was built without an AWS account. Where AWS's documentation and service model are silent, the \
code takes an assumption. Most are harmless either way, because the code asks again instead of concluding. \
This page says which they are, how to check each, and what to change if it is otherwise.

A row's number never changes. [doc]: AWS documents it. [captured]: others have recorded AWS's answer; a \
check confirms their record. [inferred]: reasoned, written nowhere. [open]: nobody knows.

**With the program**: [`model-copier live-check`](cli.md#model-copier-live-check) tries the rows whose last column \
names a level or `--stack`. `free` makes projects and policies, `copies` copies a model, and `two-accounts` copies a model of \
another account and puts policies there. `--stack NAME` reads the metrics of a deployed stack, and sends it a request \
that it rejects. `plan` says what a run makes, what that may cost, and which rights it needs. \
`run` asks before it begins, and ends with code 8 if something is otherwise than assumed. `clean` deletes what the run \
has made.

**Send the answers back**: `report` writes `answers.json`, which has no account, name or ARN of yours. Open an issue \
and attach it. The answers then come into the column \"seen\" of [sandbox.md](sandbox.md#choices), and into the \
sandbox's defaults and the code where they are otherwise.

**By hand**: the rows of \"you\". Deploy `template.yaml` in one account and `source-account.yaml` in the other \
([cross-account.md](cross-account.md)). Subscribe a log group to both detail-types, and keep `aws logs tail` open on \
both functions. Write the answer, the date and the request id next to the row.
";

/// The page.
pub fn markdown() -> String {
    let sections = SECTIONS.iter().map(section);
    format!("{HEAD}{}", sections.collect::<String>())
}

fn section(section: &Section) -> String {
    let has_code = section.rows.iter().any(|row| !row.code.is_empty());
    let (code, rule) = if has_code { (" the code, either way |", "---|") } else { ("", "") };
    let head =
        format!("| # | assumption |{code} check | if it is otherwise | by |\n|---|---|{rule}---|---|---|");
    let rows = section.rows.iter().map(|row| line(row, has_code));
    format!("\n## {}\n\n{head}\n{}", section.title, rows.collect::<String>())
}

fn line(row: &Row, has_code: bool) -> String {
    let code = if has_code { format!("{} | ", row.code) } else { String::new() };
    let cells = [row.assumption, row.check, row.otherwise].map(|cell| cell.replace('|', "\\|"));
    let [assumption, check, otherwise] = cells;
    format!("| {} | {assumption} | {code}{check} | {otherwise} | {} |\n", row.number, by(row))
}

/// Who tries it.
fn by(row: &Row) -> String {
    match experiment_of(row.number) {
        Some(experiment) if experiment.needs_stack() => "`--stack`".to_owned(),
        Some(experiment) => format!("`{}`", experiment.level().as_str()),
        None if row.is_captured() => "you; others have captured it".to_owned(),
        None => "you".to_owned(),
    }
}
