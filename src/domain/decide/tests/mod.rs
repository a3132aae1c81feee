//! Table tests: every answer, every status, every state is a row.

mod look;
mod name;
mod start;
