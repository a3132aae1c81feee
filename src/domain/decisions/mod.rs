//! Decides every transition of a [`Record`](super::record::Record). Each decision is a pure function of the record, an
//! answer of AWS and the time.
//!
//! | file | decides |
//! |---|---|
//! | [`starting`] | whether a record may be started, and until when its call may be sent |
//! | [`policy_missing`] | what happens when the source project has no policy that admits the copier |
//! | [`copy_answer`] | what an answer of CopyProjectVersion leads to |
//! | [`name_holder`] | what the version that has the name means, after a taken name or a lost answer |
//! | [`polling`] | what a poll of a running copy leads to |
//! | [`cancelling`] | whether a person may end a request |
//! | [`waiting`] | how long a refused start waits, and when a refusal is final |
//!
//! INVARIANTS, each with a test that fails without it:
//! - CopyProjectVersion is called for a record in [`State::Starting`](super::record::State::Starting) only: never for
//!   one that has an ARN or an outcome.
//! - No failure is recorded while a call that was sent could still take effect.
//! - A record ends once; nothing leads out of [`State::Ended`](super::record::State::Ended).

pub mod cancelling;
pub mod copy_answer;
pub mod name_holder;
pub mod policy_missing;
pub mod polling;
pub mod starting;
#[cfg(test)]
mod tests;
pub mod waiting;
