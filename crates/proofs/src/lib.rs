//! Searches for a way to make the copier lose a request, copy twice, or answer twice.
//!
//! What runs is the shipped code: the use cases behind their ports. This package is the world around it.
//!
//! | module | holds |
//! |---|---|
//! | [`crashes`] | every fault at every effect of every scenario, and pairs of faults |
//! | [`simulation`] | worlds by chance, one for each seed |
//! | [`load`] | many requests at once, a backlog, and outages |
//! | [`mutants`] | the shipped code broken on purpose; the searches have to find it |
//! | [`hostile`] | bad requests, and the bodies of the fuzz targets |
//! | [`scenario`] | the stories that faults are tried on |
//! | [`deployment`] | the functions as they are deployed, the queue and the schedule |
//! | [`process`] | a function instance: the copier's ports into the world |
//! | [`watch`] | the invariants, checked at every effect |
//! | [`weather`] | what can go wrong at an effect, by aim or by chance |
//! | [`world`] | the ledger, Custom Labels, project policies and the queue, in memory and in virtual time |

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
pub mod watch;
pub mod weather;
pub mod world;
