//! Runs jobs side by side: each as soon as those it waits for are done.
//!
//! A failed job's dependents are not begun; the others are allowed to finish. Deliberately absent:
//! what a job is.

use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How the jobs ended.
#[derive(Debug)]
pub(crate) struct Ended<K> {
    /// Those that failed, the first first.
    pub(crate) failed: Vec<(K, Error)>,
    /// Those that were not begun, since one before them failed or was not begun.
    pub(crate) not_begun: Vec<K>,
    /// Those that were being watched when the caller asked to stop.
    pub(crate) left: Vec<K>,
}

/// Runs the jobs: each key with the keys that it waits for (those that are no job are done).
pub(crate) async fn run<K, F, Fut>(
    jobs: &BTreeMap<K, Vec<K>>,
    mut stop: watch::Receiver<bool>,
    mut begin: F,
) -> Ended<K>
where
    K: Copy + Ord + Send + 'static,
    F: FnMut(K) -> Fut,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut waiting: BTreeSet<K> = jobs.keys().copied().collect();
    let mut running = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut failed = Vec::new();
    let mut set: JoinSet<(K, Result<(), Error>)> = JoinSet::new();
    loop {
        let ready: Vec<K> = waiting
            .iter()
            .copied()
            .filter(|k| is_ready(jobs, &done, *k))
            .collect();
        for key in ready {
            waiting.remove(&key);
            running.insert(key);
            let job = begin(key);
            set.spawn(async move { (key, job.await) });
        }
        let next = tokio::select! {
            biased;
            asked = asked_to_stop(&mut stop), if !running.is_empty() => {
                let () = asked;
                set.abort_all();
                break;
            }
            next = set.join_next() => next,
        };
        match next {
            None => break,
            Some(Ok((key, Ok(())))) => {
                running.remove(&key);
                done.insert(key);
            }
            Some(Ok((key, Err(error)))) => {
                running.remove(&key);
                failed.push((key, error));
            }
            // A panic of a job; its key stays in `running` and is reported as left.
            Some(Err(_)) => {}
        }
    }
    Ended {
        failed,
        not_begun: waiting.into_iter().collect(),
        left: running.into_iter().collect(),
    }
}

fn is_ready<K: Ord>(jobs: &BTreeMap<K, Vec<K>>, done: &BTreeSet<K>, key: K) -> bool {
    let needed = jobs.get(&key).into_iter().flatten();
    needed
        .into_iter()
        .all(|n| done.contains(n) || !jobs.contains_key(n))
}

async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    // No one can ask any more when the sender is gone: wait for ever.
    if stop.wait_for(|asked| *asked).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn jobs(list: &[(u8, &[u8])]) -> BTreeMap<u8, Vec<u8>> {
        list.iter().map(|(k, after)| (*k, after.to_vec())).collect()
    }

    async fn order(jobs: &BTreeMap<u8, Vec<u8>>, failing: u8) -> (Vec<u8>, Ended<u8>) {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let (_stop, asked) = watch::channel(false);
        let ended = run(jobs, asked, |key| {
            begun.lock().expect("unpoisoned").push(key);
            async move {
                match key == failing {
                    true => Err(Error::Failed("as wanted".to_owned())),
                    false => Ok(()),
                }
            }
        })
        .await;
        let begun = begun.lock().expect("unpoisoned").clone();
        (begun, ended)
    }

    #[tokio::test]
    async fn a_job_begins_after_those_it_waits_for() {
        let (begun, ended) = order(&jobs(&[(1, &[3]), (2, &[]), (3, &[2, 9])]), 0).await;
        assert_eq!(begun, [2, 3, 1]);
        assert!(ended.failed.is_empty() && ended.not_begun.is_empty());
    }

    #[tokio::test]
    async fn dependents_of_a_failed_job_are_not_begun_and_the_others_finish() {
        let (begun, ended) = order(&jobs(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[])]), 1).await;
        assert_eq!(begun, [1, 4]);
        assert_eq!(ended.not_begun, [2, 3]);
        assert_eq!(ended.failed.len(), 1);
    }

    #[tokio::test]
    async fn asked_to_stop_it_says_what_it_was_watching() {
        let (stop, asked) = watch::channel(false);
        let jobs = jobs(&[(1, &[]), (2, &[1])]);
        let ended = run(&jobs, asked, |_| {
            stop.send_replace(true);
            std::future::pending()
        })
        .await;
        assert_eq!((ended.left, ended.not_begun), (vec![1], vec![2]));
    }
}
