//! `model-copier` from outside: the program against the sandbox, and its loop at the ports in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod crashes;
mod credentials;
mod dry_run;
mod examples;
mod file_ledger;
mod live_check;
mod program;
mod reference;
mod stack;
mod stack_changes;
mod stack_requests;
mod support;
mod ten_thousand;
