//! `live-check`: tests, in a live account, what this project assumes about AWS.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the assumptions, read from docs/live-checklist.md |
//! | [`experiments`] | what a program can test |
//! | [`level`], [`accounts`] | what a run may do, and whose credentials it has |
//! | [`lab`], [`journal`] | the clients that experiments use; what a run has made |
//! | [`answer`] | what AWS answered, and the verdict |
//! | [`plan`], [`runner`], [`clean`] | before, during and after a run |
//! | [`answers`], [`report`] | the record to send back; the report |

pub mod accounts;
pub mod answer;
pub mod answers;
pub mod clean;
pub mod experiments;
pub mod journal;
pub mod lab;
pub mod level;
pub mod plan;
pub mod report;
pub mod rows;
pub mod runner;
