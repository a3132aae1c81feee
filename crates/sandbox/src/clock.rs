//! Sandbox time, and the file through which programs in other processes read it.
//!
//! Everything in the sandbox that takes time (training, copying, a policy change) reads this clock, so a test can let
//! two hours pass at once. The clock starts at the machine's time and speed. It can be paused, advanced, set and sped
//! up.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::ports;
use serde::{Deserialize, Serialize};

/// The variable that names the clock's file. The shipped functions do not read it.
pub(crate) const CLOCK_FILE: &str = "SANDBOX_CLOCK_FILE";

/// A handle on the sandbox's time. Clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    setting: Setting,
    /// Where programs in other processes read the setting.
    file: Option<PathBuf>,
}

/// A reading, and the machine's time of it. The clock's file holds this as JSON.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Setting(ClockReading, Timestamp);

/// The clock's time, speed and state, as `GET /_sandbox/clock` returns them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockReading {
    /// Sandbox time.
    pub now: Timestamp,
    /// Sandbox seconds per second of the machine.
    pub speed: f64,
    pub paused: bool,
}

impl Clock {
    /// A clock that shows the machine's time and runs at its speed.
    pub fn real() -> Self {
        Self::new(Timestamp::now(), false)
    }

    /// A clock that shows `at` until it is advanced.
    pub fn paused_at(at: Timestamp) -> Self {
        Self::new(at, true)
    }

    fn new(now: Timestamp, paused: bool) -> Self {
        let setting = Setting(ClockReading { now, speed: 1.0, paused }, Timestamp::now());
        Self(Arc::new(Mutex::new(State { setting, file: None })))
    }

    pub fn now(&self) -> Timestamp {
        self.reading().now
    }

    pub fn reading(&self) -> ClockReading {
        self.lock().setting.reading()
    }

    pub fn set_paused(&self, paused: bool) {
        self.change(|clock| clock.paused = paused);
    }

    /// Moves time forward. A negative duration changes nothing.
    pub fn advance(&self, by: SignedDuration) {
        self.change(|clock| clock.now = later(clock.now, by.max(SignedDuration::ZERO)));
    }

    pub fn set(&self, to: Timestamp) {
        self.change(|clock| clock.now = to);
    }

    /// Sets the speed, in sandbox seconds per second of the machine. A speed that is not a positive number changes
    /// nothing.
    pub fn set_speed(&self, speed: f64) {
        if is_speed(speed) {
            self.change(|clock| clock.speed = speed);
        }
    }

    /// Writes the clock to this file now and after every change, for [`FileClock`]s to read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_to(&self, file: PathBuf) -> io::Result<()> {
        let mut state = self.lock();
        state.setting.write(&file)?;
        state.file = Some(file);
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut ClockReading)) {
        let mut state = self.lock();
        let mut reading = state.setting.reading();
        change(&mut reading);
        state.setting = Setting(reading, Timestamp::now());
        // INVARIANT: written under the lock. Otherwise an older change could overwrite a newer one, and the functions
        // would read a wrong time.
        if let Some(Err(error)) = state.file.as_ref().map(|file| state.setting.write(file)) {
            tracing::error!(%error, "the functions do not see the change of the clock");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Setting {
    /// The reading now. It is never before the set one, even if the machine's clock was set back.
    fn reading(self) -> ClockReading {
        let Self(set, at) = self;
        if set.paused {
            return set;
        }
        let passed = Timestamp::now().duration_since(at).as_secs_f64() * set.speed;
        let passed = SignedDuration::try_from_secs_f64(passed.max(0.0)).unwrap_or(SignedDuration::MAX);
        ClockReading { now: later(set.now, passed), ..set }
    }

    fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }

    /// Writes a new file and renames it, so that no reader sees half of it.
    fn write(&self, file: &Path) -> io::Result<()> {
        let new = file.with_extension("new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(new, file)
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

/// The clock of a sandbox in another process, read from its file.
#[derive(Clone, Debug)]
pub struct FileClock(PathBuf);

impl FileClock {
    /// The clock of the sandbox that started this process.
    ///
    /// # Errors
    /// When `SANDBOX_CLOCK_FILE` names no clock.
    pub fn from_env() -> io::Result<Self> {
        let file = std::env::var_os(CLOCK_FILE).ok_or_else(|| {
            io::Error::other(format!("`{CLOCK_FILE}` is not set: only the sandbox runs this program"))
        })?;
        Self::open(file.into())
    }

    fn open(file: PathBuf) -> io::Result<Self> {
        Setting::read(&file)?;
        Ok(Self(file))
    }
}

impl ports::Clock for FileClock {
    /// Sandbox time in milliseconds; the machine's time once the sandbox and its file are gone.
    fn now(&self) -> Timestamp {
        let now = Setting::read(&self.0).map_or_else(|_| Timestamp::now(), |clock| clock.reading().now);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(Timestamp::MAX)
    }
}

/// Whether time can run at this speed.
pub(crate) fn is_speed(speed: f64) -> bool {
    speed.is_finite() && speed > 0.0
}

/// `at` plus `by`, or the latest possible time.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use rekognition_model_copier::ports::Clock as _;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_paused_clock_moves_only_forward_and_only_when_it_is_advanced() {
        let clock = Clock::paused_at(noon());
        for hours in [2, -2] {
            clock.advance(SignedDuration::from_hours(hours));
            assert_eq!(clock.now(), "2026-11-24T14:00:00Z".parse().unwrap());
        }
    }

    #[test]
    fn an_impossible_speed_changes_nothing_and_time_ends_at_its_maximum() {
        let clock = Clock::paused_at(noon());
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            clock.set_speed(speed);
            assert_eq!(clock.reading().speed, 1.0);
        }
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn the_file_shows_the_clock_and_the_clock_runs_on_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock.json");
        assert!(FileClock::open(file.clone()).is_err());
        fs::write(&file, "{}").unwrap();
        assert!(FileClock::open(file.clone()).is_err(), "a file without a clock is refused");
        let clock = Clock::paused_at(noon());
        clock.write_to(file.clone()).unwrap();
        let read = FileClock::open(file).unwrap();
        assert_eq!(read.now(), noon());
        clock.advance(SignedDuration::from_hours(35));
        assert_eq!(read.now(), clock.now());
        clock.set_paused(false);
        let (before, between, after) = (clock.now(), read.now(), clock.now());
        let millisecond = SignedDuration::from_millis(1);
        assert!(before <= later(between, millisecond) && between <= after, "{before} {between} {after}");

        folder.close().unwrap();
        clock.advance(SignedDuration::from_hours(1));
        assert!(clock.now() > later(noon(), SignedDuration::from_hours(36)));
    }
}
