//! Aurora's version and class in a region, and the key that the data is encrypted under.
//!
//! Deliberately absent: versions of the two members against each other; readiness compares them.

use super::check::{Judged, ReadResult, on};

/// Whether a class can be ordered with a version; `offers` are the availability zones of each
/// offer that RDS makes.
pub fn orderable(
    region: &str,
    version: &str,
    class: &str,
    offers: &ReadResult<Vec<Vec<String>>>,
) -> Judged {
    on(offers, |offers| {
        let mut zones: Vec<&str> = offers.iter().flatten().map(String::as_str).collect();
        zones.sort_unstable();
        zones.dedup();
        match (offers.is_empty(), zones.len()) {
            (true, _) => Judged::red(
                format!("{region} does not offer {class} with aurora-postgresql {version}"),
                "choose a version and a class that both regions offer, e.g. db.r6g.large: \
                 aws rds describe-orderable-db-instance-options --engine aurora-postgresql",
            ),
            // A subnet group wants two zones, and so does an instance that is to be elsewhere.
            (false, 1) => Judged::red(
                format!(
                    "{region} offers {class} with {version} in {} only",
                    zones[0]
                ),
                "choose a class that two availability zones offer",
            ),
            (false, 0) => Judged::green(format!("{class} with {version} can be ordered")),
            (false, count) => Judged::green(format!(
                "{class} with {version} can be ordered in {count} zones"
            )),
        }
    })
}

/// Whether a key can be used, by its state as KMS names it. A member of a global database that
/// loses its key does not come back (Aurora User Guide, global databases).
pub fn key(id: &str, state: &ReadResult<String>) -> Judged {
    on(state, |state| {
        let short = id.rsplit('/').next().unwrap_or(id);
        let detail = format!("key {short} is {state}");
        match state.as_str() {
            "Enabled" => Judged::green(detail),
            "Creating" | "Updating" => Judged::unknown(detail, "ask again in a minute"),
            "PendingDeletion" | "PendingReplicaDeletion" => Judged::red(
                detail,
                format!("aws kms cancel-key-deletion --key-id {id}, then aws kms enable-key"),
            ),
            "Disabled" => Judged::red(detail, format!("aws kms enable-key --key-id {id}")),
            _ => Judged::red(
                detail,
                "see why in KMS; without the key the data cannot be read",
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::Verdict;
    use crate::checks::check::tests::{SILENT, failed};

    fn offered(offers: &[&[&str]]) -> Verdict {
        let owned = |zones: &&[&str]| zones.iter().map(|z| (*z).to_owned()).collect();
        let offers = Ok(offers.iter().map(owned).collect());
        orderable("eu-central-2", "16.9", "db.r6g.large", &offers).verdict()
    }

    #[test]
    fn a_class_must_be_offered_in_two_zones() {
        assert_eq!(offered(&[]), Verdict::Red);
        assert_eq!(offered(&[&["a"], &["a"]]), Verdict::Red);
        assert_eq!(offered(&[&["a"], &["b"]]), Verdict::Green);
        assert_eq!(
            offered(&[&[]]),
            Verdict::Green,
            "offered, and no zone is named"
        );
    }

    #[test]
    fn a_key_that_cannot_be_used_is_red_with_its_way_back() {
        let id = "arn:aws:kms:eu-central-2:123456789012:key/1-2-3";
        let in_state = |state: &str| key(id, &Ok(state.to_owned()));
        assert_eq!(in_state("Enabled").verdict(), Verdict::Green);
        assert_eq!(in_state("Updating").verdict(), Verdict::Unknown);
        for state in ["Disabled", "PendingDeletion", "Unavailable", "SomethingNew"] {
            assert_eq!(in_state(state).verdict(), Verdict::Red, "{state}");
        }
        assert!(in_state("PendingDeletion").says("cancel-key-deletion"));
        let silent = Err(failed(SILENT));
        assert_eq!(key(id, &silent).verdict(), Verdict::Unknown);
    }
}
