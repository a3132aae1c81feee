//! Searches for a violation of the copier's invariants: a lost request, a second copy, or a second answer.
//!
//! The searches run the shipped use cases. This package is the world around their ports.
//!
//! | module | holds |
//! |---|---|
//! | [`crashes`] | the search that tries every fault at every effect of every scenario |
//! | [`simulation`] | the search that makes a random world from each seed |
//! | [`load`] | the searches with many requests, many running copies, and outages |
//! | [`mutants`] | broken versions of the shipped code, each of which a search must find |
//! | [`hostile`] | invalid requests, and the bodies of the fuzz targets |
//! | [`scenario`] | the scenarios that `crashes` runs |
//! | [`deployment`] | the functions, the queue and the schedule |
//! | [`process`] | an instance of a function, which implements the copier's ports |
//! | [`weather`] | the faults that an effect may have |
//! | [`world`] | the ledger, Custom Labels, project policies and the queue, in memory and in virtual time; `world/watch.rs` checks the invariants at every effect |

pub mod chance;
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
pub mod weather;
pub mod world;
