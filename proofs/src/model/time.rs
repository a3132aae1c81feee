//! The models' time: the present never moves. Every time is a number of ticks from it, and what a tick changes is
//! that number.

use jiff::{SignedDuration, Timestamp};

use crate::world::BEGINNING;

/// How long a tick is. A lease is 4 of them, a signature 3, a deletion is believed after 2.
pub const TICK: SignedDuration = SignedDuration::from_mins(5);

/// When the models' present is.
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(BEGINNING).unwrap_or_default()
}

/// So many ticks from now.
pub fn from_now(ticks: i64) -> Timestamp {
    let millis = i64::try_from(TICK.as_millis()).unwrap_or(0);
    Timestamp::from_millisecond(BEGINNING + ticks * millis).unwrap_or_default()
}

/// How many ticks from now that is; a part of one counts as one.
pub fn ticks(time: Timestamp) -> i64 {
    let (past, tick) = (time.duration_since(now()).as_millis(), TICK.as_millis());
    i64::try_from(past.div_euclid(tick) + i128::from(past.rem_euclid(tick) != 0)).unwrap_or(0)
}
