//! A second opinion on what comes in: slow, simple, and sharing no code with what is shipped.

pub mod json;
mod request;
pub mod wrapping;

pub use request::Oracle;
