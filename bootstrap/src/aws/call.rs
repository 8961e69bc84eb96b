//! The one function that makes a call to AWS here: a deadline, a bounded number of attempts, a
//! class that decides what may be done next.
//!
//! Unlike the daemon, whose retries are states of its machine, provisioning may wait: throttles,
//! server faults and silence are tried again, and every call here is one that may be repeated. A
//! request that was not sent is not: without credentials no repetition helps.
//! Deliberately absent: the SDK's own retries and waiters.

use super::error::{AwsError, Class, Reached};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::Pin;
use std::time::Duration;

/// One attempt. CloudFormation answers a CreateStack of a 50 kB template within seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// With the waits below: half a minute of throttling is survived.
const ATTEMPTS_MAX: u32 = 9;
/// The first wait; each one doubles.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// The longest wait between two attempts.
const WAIT_MAX: Duration = Duration::from_secs(6);

/// Makes a call once, within a deadline.
///
/// # Errors
/// The failed call; no answer within the deadline is one.
pub(crate) async fn once<T, E>(
    operation: &'static str,
    object: &str,
    deadline: Duration,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Result<T, AwsError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    // Boxed: unboxed, the SDK's futures grow into every caller's, at minutes of compile time.
    let sent: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(request);
    match tokio::time::timeout(deadline, sent).await {
        Ok(answer) => answer.map_err(|error| AwsError::from_sdk(operation, object, &error)),
        Err(_) => Err(AwsError::no_answer(operation, object, deadline)),
    }
}

/// Makes a call until it is answered, at most [`ATTEMPTS_MAX`] times. `request` must be safe to
/// repeat: a read, or a change that is the same when made twice.
///
/// # Errors
/// The failure of the last attempt.
pub(crate) async fn call<T, E, F, Fut>(
    operation: &'static str,
    object: &str,
    mut request: F,
) -> Result<T, AwsError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let mut attempt = 1;
    loop {
        let error = match once(operation, object, ATTEMPT, request()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.class != Class::Transient || error.reached == Reached::NotSent {
            return Err(error);
        }
        if attempt == ATTEMPTS_MAX {
            return Err(given_up(error));
        }
        tokio::time::sleep(wait(operation, object, attempt)).await;
        attempt += 1;
    }
}

fn given_up(mut error: AwsError) -> AwsError {
    error.message = format!("{} (tried {ATTEMPTS_MAX} times)", error.message);
    error
}

/// Doubles, and differs between objects, so that stacks that were throttled together do not come
/// back together. Without a random number: the same run waits the same way.
fn wait(operation: &str, object: &str, attempt: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (operation, object, attempt).hash(&mut hasher);
    let doubled = WAIT_FIRST.saturating_mul(1 << attempt.min(8).saturating_sub(1));
    let share = 500 + u32::try_from(hasher.finish() % 500).unwrap_or(0);
    doubled.min(WAIT_MAX) * share / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let waits: Vec<Duration> = (1..ATTEMPTS_MAX).map(|n| wait("a:B", "c", n)).collect();
        assert!(waits.iter().all(|w| *w <= WAIT_MAX), "{waits:?}");
        let all: Duration = waits.iter().sum();
        assert!(all > Duration::from_secs(8), "{all:?}");
    }
}
