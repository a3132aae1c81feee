//! The assumptions that only a live account can confirm: the rows of docs/live-checklist.md.

use serde::Serialize;

const PAGE: &str = include_str!("../../../../docs/live-checklist.md");

/// An assumption about AWS. Its texts are Markdown.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Its number. A row keeps it, because code and documents refer to it.
    #[serde(rename = "row")]
    pub(crate) number: u8,
    /// The assumption, with its mark: doc, model, captured, inferred or open.
    pub(crate) assumption: &'static str,
    /// How to test it.
    pub(crate) check: &'static str,
    /// What to change if the assumption is wrong.
    pub(crate) otherwise: &'static str,
    /// The tester: a level of `live-check`, a stack, or a person.
    pub(crate) by: &'static str,
}

/// Every row, in the order of the page.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    PAGE.lines().filter_map(Row::read)
}

impl Row {
    /// Reads a line of the page; `None` if it is not a row.
    fn read(line: &'static str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        // The rows about a stack have no column for what the code does.
        let ([number, assumption, _, check, otherwise, by] | [number, assumption, check, otherwise, by]) =
            cells[..]
        else {
            return None;
        };
        Some(Self { number: number.parse().ok()?, assumption, check, otherwise, by })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::live_check::experiments::{EXPERIMENTS, Needs, experiment_of};

    #[test]
    fn the_checklist_has_every_row_once_and_says_who_tests_it() {
        let numbers: Vec<u8> = rows().map(|row| row.number).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| # |");
        assert_eq!(numbers.len(), PAGE.lines().filter(is_row).count(), "a row has too many or too few cells");
        assert!(EXPERIMENTS.iter().all(|it| numbers.contains(&it.row)));
        for row in rows() {
            let by = match experiment_of(row.number).map(|it| it.needs) {
                Some(Needs::Intrusive) => "`--stack` with `--intrusive`",
                Some(Needs::Stack) => "`--stack`",
                Some(Needs::Nothing) => "`free`",
                Some(Needs::Copies) => "`copies`",
                Some(Needs::TwoAccounts) => "`two-accounts`",
                None if row.assumption.contains("[captured") => "you; others have captured it",
                None => "you",
            };
            assert_eq!(row.by, by, "row {}", row.number);
        }
    }
}
