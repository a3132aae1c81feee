//! `model-copier`: copies a model from the command line, and operates a copier's stack.
//!
//! | module | holds |
//! |---|---|
//! | [`arguments`], [`global`] | the command line; the flags of every command |
//! | [`commands`] | a file for each command |
//! | [`session`] | Region, credentials, account and caller |
//! | [`stack`], [`stack_ledger`], [`stack_copy`] | a deployed stack's outputs and parameters; its ledger; a request to it |
//! | [`requests`] | reads and filters requests, of this machine or of a stack |
//! | [`confirm`] | states what will change, asks, and proves the answer |
//! | [`output`], [`when`], [`request_view`] | results and progress; times; a request as `list` and `show` print it |
//! | [`request_logs`] | what a stack's functions logged about a request |
//! | [`request_text`], [`local_rules`] | the request that `copy` is given; the rules of a copy on this machine |
//! | [`local_copy`], [`announcer`], [`file_ledger`] | runs the functions' use cases in a loop; prints announcements; a ledger of files |
//! | [`check`] | a check and its verdict |
//! | [`dry_run`], [`doctor`] | the checks of `copy --dry-run`; the checks of a stack |
//! | [`dead_letters`] | a stack's dead letters |
//! | [`buckets`], [`keys`], [`projects`] | the checks of buckets, keys and projects that both use |
//! | [`interrupt`] | Ctrl-C |
//! | [`live_check`] | tests what this project assumes about AWS |
//! | [`reference`] | writes docs/cli.md |
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
