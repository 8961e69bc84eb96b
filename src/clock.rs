//! Time that never jumps: the wall clock once, at the start, and from there the time since boot.
//!
//! An NTP step, a leap second or an operator's `date` must not shorten a hold-down (DESIGN
//! section 5), and a suspended host must not think that no time passed, so CLOCK_BOOTTIME and not
//! CLOCK_MONOTONIC. Deliberately absent: correcting the start. The heartbeat measures how far our
//! clock is from AWS's, and the machine corrects senders' times by it.

use drd_state_machine::time::{Span, Time};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::sync::Arc;
use std::time::Duration;

/// A clock that was set once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    wall: Time,
    boot: Span,
}

impl Clock {
    /// A clock that showed `wall` when the host was up for `boot`.
    pub const fn at(wall: Time, boot: Span) -> Clock {
        Clock { wall, boot }
    }

    /// A clock set by this host's clocks, now.
    pub fn start() -> Clock {
        Clock::at(wall(), boot())
    }

    /// What it shows when the host is up for `boot`.
    pub fn now(&self, boot: Span) -> Time {
        self.wall + (boot - self.boot)
    }

    /// What it shows now.
    pub fn read(&self) -> Time {
        self.now(boot())
    }

    /// How far the host's wall clock has been moved since the start: for people, never for
    /// decisions.
    pub fn wall_moved(&self) -> Span {
        wall() - self.read()
    }
}

/// How long this host is up, time in suspend included.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads clocks"
)]
pub fn boot() -> Span {
    Span::millis(millis(clock_gettime(ClockId::Boottime)))
}

/// Names this boot of this host (proc(5), `random/boot_id`); `None` where the kernel does not give it.
pub fn boot_id() -> Option<Arc<str>> {
    let text = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = text.trim();
    (!id.is_empty()).then(|| Arc::from(id))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the module that reads clocks"
)]
fn wall() -> Time {
    Time(millis(clock_gettime(ClockId::Realtime)))
}

/// A span as tokio wants it; one that is over already is no wait.
pub fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

fn millis(at: Timespec) -> i64 {
    at.tv_sec * 1000 + at.tv_nsec / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_since_boot_moves_it() {
        let clock = Clock::at(Time(1_000_000), Span::secs(50));
        assert_eq!(clock.now(Span::secs(50)), Time(1_000_000));
        assert_eq!(clock.now(Span::secs(110)), Time(1_060_000));
    }

    #[test]
    fn a_real_one_starts_at_the_wall_clock_and_goes_on() {
        let clock = Clock::start();
        let (first, second) = (clock.read(), clock.read());
        assert!(first <= second);
        // 10 s: a loaded machine may stop this test for a while, a wrong unit is off by years.
        assert!(clock.wall_moved().0.abs() < 10_000);
    }

    const IN_NAMESPACE: &str = "DRD_TEST_IN_TIME_NAMESPACE";

    /// In a time namespace whose boot clock is 100,000 s ahead, as after a suspend of that length.
    /// Where the kernel gives none, or `unshare` is missing, the host's own figure is compared.
    #[test]
    fn time_in_suspend_counts() {
        if std::env::var_os(IN_NAMESPACE).is_none() {
            let ahead = ["-r", "--time", "--boottime", "100000", "--fork"];
            let tests = std::env::current_exe().expect("this test's own program");
            let again = std::process::Command::new("unshare")
                .args(ahead)
                .arg(tests)
                .args(["--exact", "clock::tests::time_in_suspend_counts"])
                .env(IN_NAMESPACE, "yes")
                .output();
            let allowed = |out: &std::process::Output| !out.stdout.is_empty();
            if let Some(out) = again.ok().filter(allowed) {
                let printed = String::from_utf8_lossy(&out.stdout);
                assert!(out.status.success(), "{printed}");
                return;
            }
        }
        let uptime = std::fs::read_to_string("/proc/uptime").expect("Linux");
        let seconds: f64 = uptime
            .split(' ')
            .next()
            .and_then(|first| first.parse().ok())
            .expect("the kernel's own figure, which counts suspend");
        // 10 s: as above.
        assert!((boot().0 as f64 / 1000.0 - seconds).abs() < 10.0);
    }
}
