//! `live-check`: settles, in a live account, what AWS does not document.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the assumptions, and what to change if one is wrong |
//! | [`checklist`] | docs/live-checklist.md |
//! | [`experiments`] | what a program can try |
//! | [`accounts`] | whose credentials a run has |
//! | [`lab`], [`journal`] | the clients that experiments use; what a run has made |
//! | [`answer`] | what AWS answered, and the verdict |
//! | [`plan`], [`runner`], [`clean`] | before, during and after a run |
//! | [`answers`], [`report`] | the record that comes back; the page about it |

pub mod accounts;
pub mod answer;
pub mod answers;
pub mod checklist;
pub mod clean;
pub mod experiments;
pub mod journal;
pub mod lab;
pub mod plan;
pub mod report;
pub mod rows;
pub mod runner;
