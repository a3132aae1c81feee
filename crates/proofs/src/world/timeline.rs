//! A value that changes over time.

use jiff::Timestamp;

/// Each value, with the time from which on it holds. Later values may be known in advance.
#[derive(Clone, Debug)]
pub struct Timeline<T>(Vec<(Timestamp, T)>);

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Timeline<T> {
    /// Sets the value from a time on, in place of every value known for a later time.
    pub fn set(&mut self, from: Timestamp, value: T) {
        self.0.retain(|(at, _)| *at <= from);
        self.0.push((from, value));
    }

    /// Returns the value at a time; `None` before the first one.
    pub fn at(&self, time: Timestamp) -> Option<&T> {
        self.until(time).last()
    }

    /// Returns every value until a time.
    pub fn until(&self, time: Timestamp) -> impl Iterator<Item = &T> {
        self.0.iter().filter(move |(from, _)| *from <= time).map(|(_, value)| value)
    }

    /// Returns when the first value began.
    pub fn began(&self) -> Option<Timestamp> {
        self.0.first().map(|(from, _)| *from)
    }
}
