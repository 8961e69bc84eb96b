//! Where traffic goes: the latch, one object in each of its stores (the standby's region, and the
//! witness's where one is configured), whose presence in any of them turns the failover pair over.
//!
//! Deliberately absent: any change in Route 53. Its control plane is in us-east-1; the flip is a
//! data-plane write of ours and a health check of theirs (DESIGN section 7).

use super::clients::{Clients, LatchStore};
use super::error::AwsError;
use super::latch_object::{LatchObject, Moved, find_in, move_in};
use drd_state_machine::event::Side;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long the other store is waited for once one has the object: a request and its look within a
/// region take a tenth of it. Its own request may still land, which is what is wanted.
const OTHER_STORE: Duration = Duration::from_secs(1);

/// What each store holds, in the order of the configuration; a store that gave no answer is its
/// error.
#[derive(Debug)]
pub struct StoresFound(pub Vec<Result<Option<LatchObject>, AwsError>>);

impl StoresFound {
    /// Where the latch sends users, by the stores that answer: PRIMARY gives way to one object in any of
    /// them, and a store that answers nobody counts as empty (edge.yaml).
    ///
    /// # Errors
    /// The first store's, where none answers.
    pub fn asks_for(&self) -> Result<Side, &AwsError> {
        let mut answers = self.0.iter().filter_map(|store| store.as_ref().ok());
        if answers.clone().any(Option::is_some) {
            return Ok(Side::Standby);
        }
        match (answers.next(), self.0.iter().find_map(|s| s.as_ref().err())) {
            (None, Some(error)) => Err(error),
            _ => Ok(Side::Primary),
        }
    }
}

/// Reads every store at once.
pub async fn find(aws: &Clients) -> StoresFound {
    StoresFound(in_each(aws, |store| find_in(aws, store)).await)
}

/// A read of each store, none waiting for another. There are two at most.
async fn in_each<'a, T, F: Future<Output = T>>(
    aws: &'a Clients,
    read: impl Fn(&'a LatchStore) -> F,
) -> Vec<T> {
    let mut reads = aws.latch_stores().iter().map(read);
    let (first, second) = tokio::join!(ended(reads.next()), ended(reads.next()));
    first.into_iter().chain(second).collect()
}

async fn ended<T>(read: Option<impl Future<Output = T>>) -> Option<T> {
    Some(read?.await)
}

/// Whether Route 53's checkers, who have no credentials, can read each store.
pub async fn read_as_outsider(aws: &Clients) -> Vec<Result<(), AwsError>> {
    let deadline = aws.timers().attempt;
    in_each(aws, |store| store.outsider.read(&store.bucket, deadline)).await
}

/// Sends traffic to `to` in every store at once. One object is enough to throw the latch, and none may be
/// left to clear it (DESIGN section 7).
///
/// # Errors
/// The failed call: of every store for a throw, of any for a clearing. A conflict where a newer
/// incident moved it.
pub async fn move_to(aws: &Clients, to: Side, incident_id: u64) -> Result<Moved, AwsError> {
    let mut moves = JoinSet::new();
    for place in 0..aws.latch_stores().len() {
        let aws = aws.clone();
        moves
            .spawn(async move { move_in(&aws, &aws.latch_stores()[place], to, incident_id).await });
    }
    let mut ends = Vec::new();
    while let Some(end) = next_end(&mut moves, to, &ends).await {
        ends.push(end);
    }
    all_in_all(to, ends)
}

/// The next store's end; no longer waited for than [`OTHER_STORE`] once a throw is done in one of them.
async fn next_end(
    moves: &mut JoinSet<Result<Moved, AwsError>>,
    to: Side,
    ends: &[Result<Moved, AwsError>],
) -> Option<Result<Moved, AwsError>> {
    let thrown = to == Side::Standby && ends.iter().any(Result::is_ok);
    loop {
        let next = moves.join_next();
        let joined = match thrown {
            true => tokio::time::timeout(OTHER_STORE, next).await.ok().flatten(),
            false => next.await,
        };
        // A task that panicked ended nothing: the others decide.
        match joined? {
            Ok(end) => return Some(end),
            Err(_) => continue,
        }
    }
}

fn all_in_all(to: Side, ends: Vec<Result<Moved, AwsError>>) -> Result<Moved, AwsError> {
    let (mut moved, mut failed) = (Vec::new(), None);
    for end in ends {
        match end {
            Ok(end) => moved.push(end),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        Some(error) if to == Side::Primary || moved.is_empty() => Err(error),
        _ if moved.contains(&Moved::Now) => Ok(Moved::Now),
        _ => Ok(Moved::Before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> AwsError {
        AwsError::no_answer("s3:GetObject", "bucket/active-side", Duration::from_secs(5))
    }

    #[test]
    fn one_object_throws_the_latch_and_a_store_that_is_away_moves_nobody_back() {
        let object = || LatchObject {
            etag: "\"e\"".to_owned(),
            incident_id: Some(7),
        };
        let thrown = || Ok(Some(object()));
        let asks = |stores: Vec<_>| StoresFound(stores).asks_for().ok();
        assert_eq!(asks(vec![thrown(), Ok(None)]), Some(Side::Standby));
        assert_eq!(asks(vec![Ok(None), thrown()]), Some(Side::Standby));
        assert_eq!(asks(vec![Err(failed()), thrown()]), Some(Side::Standby));
        assert_eq!(asks(vec![Err(failed()), Ok(None)]), Some(Side::Primary));
        assert_eq!(asks(vec![Ok(None)]), Some(Side::Primary));
        assert_eq!(asks(vec![Err(failed()), Err(failed())]), None);
    }

    #[test]
    fn a_throw_is_done_by_one_store_and_a_clearing_by_both() {
        use Moved::{Before, Now};
        let end = |to, ends| all_in_all(to, ends).ok();
        let (throw, clear) = (Side::Standby, Side::Primary);
        assert_eq!(end(throw, vec![Ok(Now), Err(failed())]), Some(Now));
        assert_eq!(end(throw, vec![Err(failed()), Ok(Before)]), Some(Before));
        assert_eq!(end(throw, vec![Err(failed()), Err(failed())]), None);
        assert_eq!(end(throw, vec![Ok(Before), Ok(Now)]), Some(Now));
        assert_eq!(end(throw, vec![Ok(Before), Ok(Before)]), Some(Before));
        assert_eq!(end(clear, vec![Ok(Now), Err(failed())]), None);
        assert_eq!(end(clear, vec![Ok(Now), Ok(Before)]), Some(Now));
        assert_eq!(end(clear, vec![Ok(Before)]), Some(Before));
    }
}
