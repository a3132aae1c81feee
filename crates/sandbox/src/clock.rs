//! Sandbox time: decides what time it is, and nothing about what happens then.
//!
//! Everything in the sandbox that takes time (training, copying, a policy becoming visible) reads this clock, so
//! a two-hour copy passes in a moment when a test says so. It starts at real time and real speed; it can be paused,
//! advanced, set, and run faster or slower. It never goes back while it runs.

mod file;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub(crate) use self::file::CLOCK_FILE;
pub use self::file::FileClock;

/// A handle on the sandbox's time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock {
    pace: Arc<Mutex<Pace>>,
    changes: watch::Sender<()>,
}

#[derive(Debug)]
struct Pace {
    /// Sandbox time at `since`.
    at: Timestamp,
    since: Instant,
    /// Sandbox seconds per real second.
    speed: f64,
    paused: bool,
    /// Where programs in other processes read the clock.
    file: Option<PathBuf>,
}

/// What the clock shows, as `GET /_sandbox/clock` answers it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClockReading {
    /// Sandbox time.
    pub now: Timestamp,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Whether time stands still.
    pub paused: bool,
}

/// A change of the clock, as `POST /_sandbox/clock` takes it. Applied in the order of the fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockChange {
    /// Sets sandbox time.
    pub now: Option<Timestamp>,
    /// Moves sandbox time forward, for instance `"2h"`.
    #[serde(with = "crate::duration::optional")]
    pub advance: Option<SignedDuration>,
    /// Sandbox seconds per real second, above 0.
    pub speed: Option<f64>,
    /// Stops time, or lets it run again.
    pub paused: Option<bool>,
}

impl Clock {
    /// A clock that shows real time and runs at real speed.
    pub fn real() -> Self {
        Self::new(Timestamp::now(), false)
    }

    /// A clock that stands at `at` until it is advanced: for tests that want every moment to be their own.
    pub fn paused_at(at: Timestamp) -> Self {
        Self::new(at, true)
    }

    fn new(at: Timestamp, paused: bool) -> Self {
        let pace = Pace { at, since: Instant::now(), speed: 1.0, paused, file: None };
        Self { pace: Arc::new(Mutex::new(pace)), changes: watch::Sender::new(()) }
    }

    /// Sandbox time now.
    pub fn now(&self) -> Timestamp {
        self.lock().now()
    }

    /// What the clock shows.
    pub fn reading(&self) -> ClockReading {
        let pace = self.lock();
        ClockReading { now: pace.now(), speed: pace.speed, paused: pace.paused }
    }

    /// Stops time.
    pub fn pause(&self) {
        self.apply(&ClockChange { paused: Some(true), ..ClockChange::default() });
    }

    /// Lets time run again.
    pub fn resume(&self) {
        self.apply(&ClockChange { paused: Some(false), ..ClockChange::default() });
    }

    /// Moves time forward. A negative duration changes nothing.
    pub fn advance(&self, by: SignedDuration) {
        self.apply(&ClockChange { advance: Some(by), ..ClockChange::default() });
    }

    /// Sets the time.
    pub fn set(&self, to: Timestamp) {
        self.apply(&ClockChange { now: Some(to), ..ClockChange::default() });
    }

    /// Lets `speed` sandbox seconds pass in a real one. A speed that is not a positive number changes nothing.
    pub fn set_speed(&self, speed: f64) {
        self.apply(&ClockChange { speed: Some(speed), ..ClockChange::default() });
    }

    /// Applies a change as the HTTP interface takes it, all at one moment.
    pub fn apply(&self, wanted: &ClockChange) {
        self.change(|pace| {
            if let Some(now) = wanted.now {
                pace.at = now;
            }
            if let Some(by) = wanted.advance {
                pace.at = later(pace.at, by.max(SignedDuration::ZERO));
            }
            if let Some(speed) = wanted.speed.filter(|speed| is_speed(*speed)) {
                pace.speed = speed;
            }
            pace.paused = wanted.paused.unwrap_or(pace.paused);
        });
    }

    /// Writes the clock to this file from now on, after every change, for [`FileClock`]s to read.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_to(&self, file: PathBuf) -> io::Result<()> {
        let mut pace = self.lock();
        file::write(&file, &pace)?;
        pace.file = Some(file);
        Ok(())
    }

    /// Waits for a stretch of sandbox time. Wakes early when somebody advances the clock, sleeps on while it is
    /// paused.
    pub async fn sleep(&self, for_: SignedDuration) {
        self.sleep_until(later(self.now(), for_)).await;
    }

    /// Waits until sandbox time has reached `until`.
    pub async fn sleep_until(&self, until: Timestamp) {
        let mut changes = self.changes.subscribe();
        loop {
            let ClockReading { now, speed, paused } = self.reading();
            if now >= until {
                return;
            }
            let left = until.duration_since(now).as_secs_f64() / speed;
            // Rounded up by a millisecond: waking a hair early would only mean another round.
            let left =
                std::time::Duration::try_from_secs_f64(left + 0.001).unwrap_or(std::time::Duration::MAX);
            if paused {
                // The sender lives in `self`: this ends only by a change.
                let _ = changes.changed().await;
            } else {
                let _ = tokio::time::timeout(left, changes.changed()).await;
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Pace)) {
        let mut pace = self.lock();
        pace.at = pace.now();
        pace.since = Instant::now();
        change(&mut pace);
        // INVARIANT: under the lock, so that the file holds the last change.
        if let Some(Err(error)) = pace.file.as_ref().map(|file| file::write(file, &pace)) {
            tracing::error!(%error, "the functions do not see that the clock was turned");
        }
        drop(pace);
        self.changes.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn now(&self) -> Timestamp {
        if self.paused {
            return self.at;
        }
        let passed = self.since.elapsed().as_secs_f64() * self.speed;
        later(self.at, SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::MAX))
    }
}

impl dynoxide::storage_backend::Clock for Clock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.now().as_second()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.now().duration_since(Timestamp::UNIX_EPOCH).as_secs_f64().max(0.0)
    }
}

/// Whether time can run at this speed.
pub(crate) fn is_speed(speed: f64) -> bool {
    speed.is_finite() && speed > 0.0
}

/// `at` plus `by`, held at the end of representable time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_paused_clock_moves_only_when_advanced() {
        let clock = Clock::paused_at(noon());
        assert_eq!(clock.now(), noon());
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(clock.now(), "2026-11-24T14:00:00Z".parse().unwrap());
        clock.advance(SignedDuration::from_hours(-2));
        assert_eq!(clock.now(), "2026-11-24T14:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_nonsensical_speed_or_a_distant_future_changes_nothing_and_panics_nowhere() {
        let clock = Clock::paused_at(noon());
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            clock.set_speed(speed);
            assert_eq!(clock.reading().speed, 1.0);
        }
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn a_clock_whose_file_can_no_longer_be_written_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::paused_at(noon());
        clock.write_to(folder.path().join("clock.json")).unwrap();
        folder.close().unwrap();
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(clock.now(), later(noon(), SignedDuration::from_hours(1)));
    }

    #[tokio::test]
    async fn a_sleeper_on_a_paused_clock_wakes_when_time_is_advanced_past_its_moment() {
        let clock = Clock::paused_at(noon());
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(later(noon(), SignedDuration::from_hours(1))).await }
        });
        clock.advance(SignedDuration::from_mins(61));
        sleeper.await.unwrap();
    }
}
