//! "Did you mean": the nearest known word.
//!
//! Deliberately absent: any guess that is applied by itself.

/// The candidate nearest to `given`, if it is near enough to be a slip of the fingers: one edit
/// per three letters, and always at least one.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let edits_max = (given.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `did you mean X?`, or the list of what is known when nothing is near.
pub(crate) fn did_you_mean(given: &str, candidates: &[&str]) -> String {
    match nearest(given, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_is_suggested() {
        assert_eq!(nearest("quorom", ["rto", "quorum"]), Some("quorum"));
        assert_eq!(nearest("regoin", ["region", "asg"]), Some("region"));
        assert_eq!(nearest("colour", ["region", "quorum"]), None);
    }
}
