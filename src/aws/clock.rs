//! The machine's clock, and the copier's clock as the SDK uses it.

use std::fmt::Debug;
use std::time::SystemTime;

use aws_types::sdk_config::TimeSource;
use jiff::Timestamp;

use crate::ports::Clock;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }
}

/// The copier's clock for the SDK, which uses it for signatures and for the expiry of credentials.
#[derive(Debug)]
pub(super) struct SdkClock<C>(pub(super) C);

impl<C: Clock + Debug> TimeSource for SdkClock<C> {
    fn now(&self) -> SystemTime {
        self.0.now().try_into().unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// A time of the SDK's, in whole milliseconds.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis())
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .unwrap_or(Timestamp::MAX)
}
