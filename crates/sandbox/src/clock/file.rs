//! The sandbox's clock in a file, from which programs in other processes read the time.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::ports;
use serde::{Deserialize, Serialize};

use super::{Pace, later};

/// The variable that names the file. The shipped functions do not read it.
pub(crate) const CLOCK_FILE: &str = "SANDBOX_CLOCK_FILE";

/// What the file holds, as JSON.
#[derive(Serialize, Deserialize)]
struct Reading {
    /// Sandbox time at `since`.
    at: Timestamp,
    /// Machine time.
    since: Timestamp,
    /// Sandbox seconds per second of the machine.
    speed: f64,
    paused: bool,
}

/// The clock of a sandbox in another process, read from the file that [`Clock::write_to`](super::Clock::write_to) names.
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
        Self::open(PathBuf::from(file))
    }

    /// The clock in this file.
    ///
    /// # Errors
    /// When the file can't be read as a clock.
    fn open(file: PathBuf) -> io::Result<Self> {
        read(&file)?;
        Ok(Self(file))
    }

    /// Sandbox time now; machine time once the sandbox and its file are gone.
    fn time(&self) -> Timestamp {
        read(&self.0).map_or_else(|_| Timestamp::now(), |reading| reading.now())
    }
}

impl ports::Clock for FileClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time().as_millisecond()).unwrap_or(Timestamp::MAX)
    }
}

impl Reading {
    fn now(&self) -> Timestamp {
        if self.paused {
            return self.at;
        }
        let passed = Timestamp::now().duration_since(self.since).as_secs_f64() * self.speed;
        later(self.at, SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::MAX))
    }
}

fn read(file: &Path) -> io::Result<Reading> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// Renamed into place, so that nobody reads half a clock.
pub(super) fn write(file: &Path, pace: &Pace) -> io::Result<()> {
    let since = Timestamp::try_from(SystemTime::now()).map_err(io::Error::other)?;
    let reading = Reading { at: pace.now(), since, speed: pace.speed, paused: pace.paused };
    let fresh = file.with_extension("new");
    fs::write(&fresh, serde_json::to_vec(&reading)?)?;
    fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_clock_in_a_file_shows_what_the_sandboxs_shows() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock.json");
        let noon = "2026-11-24T12:00:00Z".parse().unwrap();
        let clock = Clock::paused_at(noon);
        clock.write_to(file.clone()).unwrap();
        let read = FileClock::open(file).unwrap();
        assert_eq!(read.time(), noon);

        clock.advance(SignedDuration::from_hours(35));
        assert_eq!(read.time(), later(noon, SignedDuration::from_hours(35)));

        clock.set_speed(1e9);
        clock.resume();
        let (before, read, after) = (clock.now(), read.time(), clock.now());
        let tolerance = SignedDuration::from_hours(24 * 365);
        assert!(
            later(before, -tolerance) < read && read < later(after, tolerance),
            "{before} {read} {after}"
        );
        assert!(read > later(noon, SignedDuration::from_hours(35)));
    }

    #[test]
    fn a_file_that_holds_no_clock_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock.json");
        assert!(FileClock::open(file.clone()).is_err());
        fs::write(&file, "{}").unwrap();
        assert!(FileClock::open(file).is_err());
    }
}
