//! Searches for a way to make the copier lose a request, copy twice, or answer twice.
//!
//! What runs is the shipped code: the real use cases behind their ports, and the pure functions of
//! `domain::decide`. What is ours is the world around it.
//!
//! | module | holds |
//! |---|---|
//! | [`world`] | the ledger, Custom Labels, the bus and the queue, in memory and in virtual time |
//! | [`process`] | a function instance: the copier's four ports into that world |
//! | [`weather`] | what can go wrong at an effect, by aim or by chance |
//! | [`watch`] | the invariants, checked at every effect |
//! | [`sweeps`] | the rules on grants |
//! | [`deployment`] | starters, checkers, the queue and the schedule |

pub mod chance;
pub mod commands;
pub mod crashes;
pub mod deployment;
pub mod hostile;
pub mod load;
pub mod mutants;
pub mod process;
pub mod report;
pub mod request;
pub mod scenario;
pub mod simulation;
pub mod sweeps;
pub mod watch;
pub mod weather;
pub mod world;
