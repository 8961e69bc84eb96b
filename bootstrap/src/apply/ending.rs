//! How a run of several jobs is reported as one result.
//!
//! Deliberately absent: running them; `schedule` does.

use super::schedule;
use crate::error::Error;

/// A call's failure amid the work, in AWS's words alone.
pub(super) fn in_words(error: Error) -> Error {
    if let Error::Aws(error) = error {
        return Error::Failed(error.to_string());
    }
    error
}

/// One error out of many: the first cause first, then what follows from it.
pub(super) fn conclude<K: ToString>(
    ended: schedule::Ended<K>,
    word: &str,
    suffix: &str,
) -> Result<(), Error> {
    let list = |keys: &[K]| {
        keys.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let again = format!("`drd {word} --suffix {suffix}`");
    if !ended.left.is_empty() {
        let left = list(&ended.left);
        return Err(Error::InProgress(format!(
            "stopped watching; AWS goes on with {left}.\nThe same command ({again}) picks it up."
        )));
    }
    let Some((first, _)) = ended.failed.first() else {
        return Ok(());
    };
    let mut text = format!("{word} stopped at {}", first.to_string());
    for (work, error) in &ended.failed {
        text.push_str(&format!("\n  {}: {error}", work.to_string()));
    }
    if !ended.not_begun.is_empty() {
        text.push_str(&format!("\n  not begun: {}", list(&ended.not_begun)));
    }
    text.push_str(&format!(
        "\nEverything else that was begun has ended, and nothing is running. Remove the cause and \
         run {again} again: it goes on from here."
    ));
    // One failure has its own exit code; several fail together.
    let mut failed = ended.failed;
    match (failed.len(), failed.pop()) {
        (1, Some((_, Error::Refused(_)))) => Err(Error::Refused(text)),
        (1, Some((_, Error::InProgress(_)))) => Err(Error::InProgress(text)),
        _ => Err(Error::Failed(text)),
    }
}
