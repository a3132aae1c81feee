//! `live-check`: settles, in a live account, what AWS does not document.
//!
//! | module | holds |
//! |---|---|
//! | [`rows`] | the assumptions, and what to change if one is wrong |
//! | [`checklist`] | docs/live-checklist.md |

pub mod checklist;
pub mod rows;
