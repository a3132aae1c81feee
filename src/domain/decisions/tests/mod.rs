//! Tests of the decisions, mostly tables: each answer or status, and the state that follows.

mod cancelling;
mod copy_answer;
mod name_holder;
mod policy_missing;
mod polling;
