//! The assumptions that only a live account can confirm: the rows of docs/live-checklist.md.
//!
//! A row keeps its number, because code and documents refer to it.

mod api;
mod stack;

/// An assumption about AWS.
#[derive(Debug)]
pub struct Row {
    /// Its number.
    pub number: u8,
    /// What the project assumes, with a mark: doc, captured, inferred or open.
    pub assumption: &'static str,
    /// What the code does about it; may be empty.
    pub code: &'static str,
    /// How to test it.
    pub check: &'static str,
    /// What to change if the assumption is wrong.
    pub otherwise: &'static str,
}

/// Rows under one heading.
#[derive(Debug)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// The rows.
    pub rows: &'static [Row],
}

/// Every section, in the order of the page.
pub const SECTIONS: [Section; 7] = [
    Section { title: "The call", rows: api::CALL },
    Section { title: "The copy", rows: api::COPY },
    Section { title: "Permissions", rows: api::PERMISSIONS },
    Section { title: "Across accounts", rows: api::ACROSS_ACCOUNTS },
    Section { title: "Project policies", rows: api::POLICIES },
    Section { title: "The rest", rows: stack::REST },
    Section { title: "What the templates ask of AWS", rows: stack::TEMPLATES },
];

/// Every row, in the order of the page.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

impl Row {
    const fn new(
        number: u8,
        assumption: &'static str,
        code: &'static str,
        check: &'static str,
        otherwise: &'static str,
    ) -> Self {
        Self { number, assumption, code, check, otherwise }
    }

    /// Whether others have recorded AWS's answer. A test then confirms their record.
    pub fn is_captured(&self) -> bool {
        self.assumption.contains("[captured")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_is_given_once() {
        let numbers: Vec<u8> = rows().map(|row| row.number).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    }
}
