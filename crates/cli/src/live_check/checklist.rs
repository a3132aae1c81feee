//! Writes docs/live-checklist.md from the rows.

use super::experiments::experiment_of;
use super::rows::{Row, SECTIONS, Section};

const HEAD: &str = "\
# What only a live account can confirm

Generated from the rows in crates/cli/src/live_check by `UPDATE=1 cargo test --workspace --test command_line checklist`.

This project was built without an AWS account. Where AWS's documentation and service model say nothing, the code \
makes an assumption. This page lists the assumptions, how to test each one, and what to change if it is wrong. Most wrong \
assumptions do no harm, because the code asks AWS again before it decides.

A row keeps its number. Each assumption has a mark. [doc]: AWS documents it. [model]: it follows from AWS's service \
model. [captured]: others have recorded AWS's answer, and a test confirms their record. [inferred]: it is reasoned, and \
nobody documents it. [open]: the answer is not known.

**Rows for the program**: [`model-copier live-check`](cli.md#model-copier-live-check) tests the rows whose last column \
names a level or `--stack`. `free` makes projects and policies. `copies` also copies a model. `two-accounts` copies a \
model of another account and puts policies on its project. `--stack NAME` reads the metrics of a deployed stack and sends \
it a request that it rejects. With `--intrusive`, the stack's queue also refuses requests for some minutes. `plan` shows what a run makes, what that may cost, and which permissions it needs. `run` \
asks for confirmation, tests the rows, and exits with 8 if an assumption is wrong. `clean` deletes the projects, \
policies and copies, and puts a changed queue policy back; the copies' files stay in the bucket.

**Send the answers**: `run` and `report` write `answers.json`, which has no account, name or ARN of yours. Open an issue \
and attach the file. The project writes the answers into the column \"seen\" of [sandbox.md](sandbox.md#choices). If an \
assumption is wrong, it changes the code and the sandbox's defaults.

**Rows for you**: the last column says \"you\". Deploy `template.yaml` in one account and `source-account.yaml` in the \
other ([cross-account.md](cross-account.md)). Send the events of both detail-types to a log group, and run `aws logs tail` \
on both functions. Note the answer, the date and the request id for each row.
";

/// The page.
pub fn markdown() -> String {
    let sections = SECTIONS.iter().map(section);
    format!("{HEAD}{}", sections.collect::<String>())
}

fn section(section: &Section) -> String {
    let has_code = section.rows.iter().any(|row| !row.code.is_empty());
    let (code, rule) = if has_code { (" what the code does |", "---|") } else { ("", "") };
    let head = format!("| # | assumption |{code} check | if it is wrong | by |\n|---|---|{rule}---|---|---|");
    let rows = section.rows.iter().map(|row| line(row, has_code));
    format!("\n## {}\n\n{head}\n{}", section.title, rows.collect::<String>())
}

fn line(row: &Row, has_code: bool) -> String {
    let code = if has_code { format!("{} | ", row.code) } else { String::new() };
    let cells = [row.assumption, row.check, row.otherwise].map(|cell| cell.replace('|', "\\|"));
    let [assumption, check, otherwise] = cells;
    format!("| {} | {assumption} | {code}{check} | {otherwise} | {} |\n", row.number, by(row))
}

/// Who tests it.
fn by(row: &Row) -> String {
    match experiment_of(row.number) {
        Some(experiment) if experiment.is_intrusive() => "`--stack` with `--intrusive`".to_owned(),
        Some(experiment) if experiment.needs_stack() => "`--stack`".to_owned(),
        Some(experiment) => format!("`{}`", experiment.level().as_str()),
        None if row.is_captured() => "you; others have captured it".to_owned(),
        None => "you".to_owned(),
    }
}
