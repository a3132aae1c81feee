//! Writes the results into `docs/performance.md`. Each part writes only between its own two marks.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;

/// Returns the path of a file of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// Prints a part's result and writes it into the page.
pub(crate) fn fill(part: &str, text: &str) -> Outcome<()> {
    println!("{text}");
    let page = path("docs/performance.md");
    let old = fs::read_to_string(&page)?;
    let (begin, end) = (format!("<!-- begin {part} -->"), format!("<!-- end {part} -->"));
    let place = old.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = place else {
        return Err(format!("`docs/performance.md` has no place for `{part}`").into());
    };
    fs::write(page, format!("{before}{begin}\n{}\n{end}{after}", text.trim_end()))?;
    Ok(())
}

/// Writes a table in Markdown. Every column but the first is aligned to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text += &format!("|---|{}\n", "--:|".repeat(head.len().saturating_sub(1)));
    rows.iter().for_each(|row| text += &line(row.clone()));
    text
}

/// Writes a row of a table of goals: the goal, the required figure, the measured one, and whether the goal is reached.
pub(crate) fn goal(what: &str, asked: &str, measured: String, reached: bool) -> Vec<String> {
    vec![what.to_owned(), asked.to_owned(), measured, if reached { "yes" } else { "**no**" }.to_owned()]
}

/// Writes a table of goals.
pub(crate) fn goals_table(goals: &[Vec<String>]) -> String {
    table(&["goal", "", "measured", "reached"], goals)
}

/// Writes a goal that is at most `limit` times as much as another program needs.
pub(crate) fn at_most(what: &str, limit: f64, of: &str, ratio: f64) -> Vec<String> {
    goal(what, &format!("≤ {limit} × {of}"), format!("{ratio:.2} ×"), ratio <= limit)
}

/// Writes a goal that is at most one `limit`-th of what another program needs.
pub(crate) fn at_most_one_of(what: &str, limit: f64, of: &str, ratio: f64) -> Vec<String> {
    goal(what, &format!("≤ 1/{limit} of {of}"), format!("1/{:.1}", 1.0 / ratio), ratio <= 1.0 / limit)
}

/// Returns the day of the measurement, and the measured commit if git knows it.
pub(crate) fn today() -> String {
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let git = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(path("")).output();
    match git {
        Ok(git) if git.status.success() => {
            format!("{day} at commit {}", String::from_utf8_lossy(&git.stdout).trim())
        }
        _ => day,
    }
}

/// Returns the median; of an even number of values the higher of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
