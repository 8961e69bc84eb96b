//! Watches one stack until CloudFormation is done with it.
//!
//! Deliberately absent: a limit of time. CloudFormation has its own for every resource, and
//! who stops watching does not stop the work.

use super::progress::News;
use super::site::Site;
use crate::aws::error::AwsError;
use crate::estate::observed::{Phase, StackState};
use crate::observe::stacks::{ResourceCount, count, describe};
use crate::plan::Work;
use std::time::Duration;

/// The first look comes soon: small stacks are done within seconds.
const FIRST: Duration = Duration::from_millis(200);
/// Twenty stacks in five regions at this pace stay far below DescribeStacks' throttle.
const PACE: Duration = Duration::from_secs(5);

/// Waits until the stack is at rest; none when it is gone. `expected` is how many resources it
/// will have, for the bar.
pub(super) async fn settle(
    site: &Site,
    work: Work,
    arn: &str,
    expected: usize,
) -> Result<Option<StackState>, AwsError> {
    let region = site.region(work.stack()).to_owned();
    let mut pause = Duration::ZERO;
    let mut reported = None;
    let mut most = expected;
    loop {
        tokio::time::sleep(pause).await;
        pause = next(pause);
        let Some(seen) = describe(&site.aws, &region, arn).await? else {
            return Ok(None);
        };
        if seen.phase() != Phase::Moving {
            return Ok(Some(seen));
        }
        let deleting = seen.status.starts_with("DELETE");
        let counted = count(&site.aws, &region, arn, deleting).await?;
        most = most.max(counted.begun);
        let news = so_far(counted, most, deleting);
        if reported.as_ref() != Some(&news) {
            site.report(work, news.clone());
            reported = Some(news);
        }
    }
}

fn next(pause: Duration) -> Duration {
    (pause * 2).clamp(FIRST, PACE)
}

/// On the way down, a resource that is no longer listed is done.
fn so_far(count: ResourceCount, most: usize, deleting: bool) -> News {
    let unlisted = if deleting { most - count.begun } else { 0 };
    News::At {
        done: count.done + unlisted,
        total: most,
        waits_for: count.waits_for,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_looks_come_soon_and_later_ones_are_bounded() {
        let mut pause = Duration::ZERO;
        let mut waited = Vec::new();
        for _ in 0..8 {
            pause = next(pause);
            waited.push(pause.as_millis());
        }
        assert_eq!(waited, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    }

    #[test]
    fn a_resource_that_is_no_longer_listed_is_gone() {
        let count = ResourceCount {
            done: 1,
            begun: 5,
            waits_for: None,
        };
        assert_eq!(so_far(count.clone(), 9, true).to_string(), "5/9");
        assert_eq!(so_far(count, 9, false).to_string(), "1/9");
    }
}
