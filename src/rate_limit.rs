//! Limits calls to a number per second, evenly spread. Rekognition accepts 5 calls a second for each operation,
//! account and Region. Each function instance limits its own rate; there is no shared limiter that could fail.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The rate limit of one operation.
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    next: Cell<Option<Instant>>,
}

impl RateLimit {
    /// `calls` a second; 0 counts as 1.
    pub fn per_second(calls: u32) -> Self {
        Self { interval: Duration::from_secs(1) / calls.max(1), next: Cell::default() }
    }

    /// Waits until the next call may be made.
    pub async fn wait(&self) {
        wait_until(self.reserve()).await;
    }

    /// The time of the next call, which no other call gets.
    fn reserve(&self) -> Instant {
        let now = Instant::now();
        let at = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(at + self.interval));
        at
    }
}

async fn wait_until(at: Instant) {
    // Even a timer that is already due waits a millisecond.
    if at > Instant::now() {
        sleep_until(at).await;
    }
}

/// A rate limit for each account: an account that is slow delays no other.
#[derive(Debug)]
pub struct RateLimits {
    calls_per_second: u32,
    by_account: RefCell<HashMap<String, RateLimit>>,
}

impl RateLimits {
    /// `calls` a second in each account.
    pub fn per_second(calls: u32) -> Self {
        Self { calls_per_second: calls, by_account: RefCell::default() }
    }

    /// Waits until the next call may be made in `account`.
    pub async fn wait(&self, account: &str) {
        let new = || RateLimit::per_second(self.calls_per_second);
        let at = self.by_account.borrow_mut().entry(account.to_owned()).or_insert_with(new).reserve();
        wait_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_may_be_made_does_not_wait() {
        tokio::time::advance(Duration::from_micros(1500)).await;
        let limit = RateLimit::per_second(5);
        assert!(limit.wait().now_or_never().is_some());
        assert!(limit.wait().now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn eleven_calls_at_five_a_second_take_two_seconds() {
        let (limit, start) = (RateLimit::per_second(5), Instant::now());
        for _ in 0..11 {
            limit.wait().await;
        }
        assert_eq!(start.elapsed().as_millis(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_limit_saves_nothing_up() {
        let limit = RateLimit::per_second(5);
        limit.wait().await;
        tokio::time::advance(Duration::from_secs(60)).await;
        let start = Instant::now();
        limit.wait().await;
        limit.wait().await;
        assert_eq!(start.elapsed().as_millis(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_do_not_wait_for_each_other() {
        let (limits, start) = (RateLimits::per_second(5), Instant::now());
        for account in ["111122223333", "444455556666", "111122223333"] {
            limits.wait(account).await;
        }
        assert_eq!(start.elapsed().as_millis(), 200);
    }
}
