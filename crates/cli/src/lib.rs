//! `model-copier`: copies a model from the command line, and looks after a copier's stack.
//!
//! | module | holds |
//! |---|---|
//! | [`arguments`], [`global`] | the command line; the flags of every command |
//! | [`commands`] | a file for each command |
//! | [`session`] | Region, credentials, account and caller |
//! | [`stack`], [`stack_ledger`], [`stack_copy`] | what a deployed stack says of itself; its ledger; a request to it |
//! | [`requests`] | where `list` and `show` read requests, and which are wanted |
//! | [`confirm`] | the statement of what changes, the question, and the token that proves the answer |
//! | [`output`], [`when`], [`request_view`] | results and progress; times; a request as it is listed and shown |
//! | [`request_logs`] | what a stack's functions logged about a request |
//! | [`request_text`], [`local_rules`] | what `copy` is asked for; the rules of a copy on this machine |
//! | [`local_copy`], [`announcer`], [`file_ledger`] | the functions' use cases in a loop; their bus; their ledger of files |
//! | [`check`] | a check and what it says |
//! | [`dry_run`], [`doctor`] | the checks of `copy --dry-run`; those of a stack |
//! | [`dead_letters`] | what a stack could not record |
//! | [`buckets`], [`keys`], [`projects`] | what both ask about buckets, keys and projects |
//! | [`interrupt`] | Ctrl-C |
//! | [`live_check`] | what only a live account can settle |
//! | [`reference`] | docs/cli.md |
//! | [`exit`] | exit codes and errors |
//!
//! The states and decisions of a copy are those of the functions, in `rekognition_model_copier`.

pub mod announcer;
pub mod arguments;
pub mod buckets;
pub mod check;
pub mod commands;
pub mod confirm;
pub mod dead_letters;
pub mod doctor;
pub mod dry_run;
pub mod exit;
pub mod file_ledger;
pub mod global;
pub mod interrupt;
pub mod keys;
pub mod live_check;
pub mod local_copy;
pub mod local_rules;
pub mod output;
pub mod projects;
pub mod reference;
pub mod request_logs;
pub mod request_text;
pub mod request_view;
pub mod requests;
pub mod session;
pub mod stack;
pub mod stack_copy;
pub mod stack_ledger;
pub mod when;
