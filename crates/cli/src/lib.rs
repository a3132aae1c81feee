//! `model-copier`: copies a model from the command line, and operates a copier's stack.
//!
//! | module | holds |
//! |---|---|
//! | [`commands`] | the command line, and a file for each command |
//! | [`arguments`] | the arguments that several commands share |
//! | [`session`] | Region, credentials, account and caller |
//! | [`stack`], [`stack_ledger`], `stack_copy` | a deployed stack's outputs and parameters; its ledger; a request to it |
//! | `requests`, [`records`] | reads and filters requests, of this machine or of a stack |
//! | [`confirm`] | states what will change, asks, and returns a token without which no change compiles |
//! | [`output`], `when`, `request_view` | results and progress; times; a request as `list` and `show` print it |
//! | `logs` | what a stack's functions logged |
//! | [`request_text`], [`local_rules`] | the request that `copy` is given; the rules of a copy on this machine |
//! | [`local_copy`], [`announcer`], [`file_ledger`] | runs the functions' use cases in a loop; prints announcements; a ledger of files |
//! | [`waiting`], [`interrupt`] | how long a command waits; Ctrl-C |
//! | `check`, `resources` | a check and its verdict; the checks of buckets, keys and projects |
//! | `dry_run`, `doctor` | the checks of `copy --dry-run`; the checks of a stack |
//! | `dead_letters` | a stack's dead letters |
//! | [`live_check`] | tests what this project assumes about AWS |
//! | [`reference`] | writes docs/cli.md |
//! | [`exit`] | exit codes and errors |
//!
//! The states and decisions of a copy are those of the functions, in `rekognition_model_copier`. The modules that are `pub`
//! are those that the program and the tests use.

pub mod announcer;
pub mod arguments;
mod check;
pub mod commands;
pub mod confirm;
mod dead_letters;
mod doctor;
mod dry_run;
pub mod exit;
pub mod file_ledger;
pub mod interrupt;
pub mod live_check;
pub mod local_copy;
pub mod local_rules;
mod logs;
pub mod output;
pub mod records;
pub mod reference;
pub mod request_text;
mod request_view;
mod requests;
mod resources;
pub mod session;
pub mod stack;
mod stack_copy;
pub mod stack_ledger;
pub mod waiting;
mod when;
