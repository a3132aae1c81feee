//! Tables of what leads where.

mod cancelling;
mod copy_answer;
mod name_owner;
mod policy_missing;
mod polling;
