//! Tests of grants, with a world in memory.

mod at_once;
mod frozen;
mod world;

use super::*;
