//! Keeps calls to so many a second, evenly spread: Rekognition takes 5 of each operation per account and
//! Region, and a burst would take them from others.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// One operation's pace.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `calls` a second; 0 counts as 1.
    pub fn per_second(calls: u32) -> Self {
        Self { interval: Duration::from_secs(1) / calls.max(1), next: Mutex::new(None) }
    }

    /// Waits for its turn.
    pub async fn turn(&self) {
        let turn = {
            let mut next = self.next.lock().await;
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(turn + self.interval);
            turn
        };
        // Even a timer that is due already lets a millisecond pass.
        if turn > Instant::now() {
            sleep_until(turn).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_has_come_is_not_waited_for() {
        tokio::time::advance(Duration::from_micros(1500)).await;
        let pace = Pace::per_second(5);
        assert!(pace.turn().now_or_never().is_some());
        assert!(pace.turn().now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn eleven_turns_at_five_a_second_take_two_seconds() {
        let (pace, start) = (Pace::per_second(5), Instant::now());
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_millis(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_pace_saves_nothing_up() {
        let pace = Pace::per_second(5);
        pace.turn().await;
        tokio::time::advance(Duration::from_secs(60)).await;
        let start = Instant::now();
        pace.turn().await;
        pace.turn().await;
        assert_eq!(start.elapsed().as_millis(), 200);
    }
}
