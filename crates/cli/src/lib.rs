//! `model-copier`: copies a model from the command line, and looks after a copier's stack.
//!
//! | module | holds |
//! |---|---|
//! | [`arguments`] | the command line: global flags and commands |
//! | [`commands`] | a file for each command |
//! | [`session`] | Region, credentials, account and caller |
//! | [`confirm`] | the statement of what changes, the question, and the token that proves the answer |
//! | [`output`], [`when`], [`request_view`] | results and progress; times; a request as it is listed and shown |
//! | [`file_ledger`] | the ledger of files |
//! | [`exit`] | exit codes and errors |
//!
//! The states and decisions of a copy are those of the functions, in `rekognition_model_copier`.

pub mod arguments;
pub mod commands;
pub mod confirm;
pub mod exit;
pub mod file_ledger;
pub mod output;
pub mod request_view;
pub mod session;
pub mod when;
