//! Whether Route 53's checkers, who have no credentials, can read the latch.
//!
//! Deliberately absent: reading it (`aws::outsider`).

use super::check::{Judged, ReadResult, not_known};
use crate::aws::error::Class;

/// What to do where outsiders are refused.
const BLOCKED: &str = "S3 Block Public Access of the account or the organisation forbids public \
                           objects: allow them (BlockPublicPolicy and RestrictPublicBuckets off), or \
                           build in an account of its own; the bucket opens two keys and nothing else";

/// Judges one read without credentials of the object that is always there. Where outsiders are
/// refused the record would never turn over.
pub fn public(read: &ReadResult<()>) -> Judged {
    match read {
        Ok(()) => Judged::green("read without credentials"),
        Err(error) if error.class == Class::Denied => Judged::red(error.to_string(), BLOCKED),
        Err(error) if error.class == Class::Gone => Judged::red(
            error.to_string(),
            "run the same `drd bootstrap` again: it writes what is not there",
        ),
        Err(error) => not_known(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Verdict;
    use crate::checks::check::tests::{DENIED, NOT_FOUND, SILENT, failed};

    #[test]
    fn a_latch_that_outsiders_may_not_read_is_red_and_a_silent_store_is_unknown() {
        let judged = |code| public(&Err(failed(code)));
        assert_eq!(public(&Ok(())).verdict(), Verdict::Green);
        assert_eq!(judged(DENIED).verdict(), Verdict::Red);
        assert!(judged(DENIED).says("Block Public Access"));
        assert_eq!(judged(NOT_FOUND).verdict(), Verdict::Red);
        assert_eq!(judged(SILENT).verdict(), Verdict::Unknown);
    }
}
