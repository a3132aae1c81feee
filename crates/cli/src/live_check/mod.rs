//! `live-check`: tests, in a live account, what this project assumes about AWS.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the assumptions, read from docs/live-checklist.md |
//! | [`experiments`] | what a program can test, and the run that tests it |
//! | [`run`], [`accounts`] | what a run works on and may do; whose credentials it has |
//! | [`lab`], [`journal`] | the calls that experiments make; what a run has made |
//! | [`answer`] | what AWS answered, and the verdict |
//! | [`plan`], [`clean`] | before and after a run |
//! | [`answers`], [`report`] | the record to send back; the report |

pub mod accounts;
pub mod answer;
pub mod answers;
pub mod clean;
pub mod experiments;
pub mod journal;
pub mod lab;
pub mod plan;
pub mod report;
pub mod rows;
pub mod run;
