//! The sandbox as a client sees it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says where"
)]

mod command_line;
mod copies;
mod front_door;
mod page;
mod projects;
mod roles;
mod rust_sdk;
mod support;
mod world;
