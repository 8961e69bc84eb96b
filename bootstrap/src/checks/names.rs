//! Names: the suffix, and whether what will be called so exists already and is not ours.
//!
//! Deliberately absent: IAM roles, topics and the rest: CloudFormation refuses those by name
//! within seconds. What is asked here is taken world-wide (buckets) or found out after minutes.

use super::check::{Judged, ReadResult, not_known};
use super::wanted::Requirements;
use crate::aws::error::{AwsError, Class};
use crate::estate::naming::Suffix;
use crate::estate::stacks::StackId;

/// A stack's name and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
}

/// A stack of one of our names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackOwner {
    /// Its owner: the value of its tag `drd:suffix`, else its parameter `Suffix`.
    pub suffix: Option<String>,
    /// CloudFormation's word for its state.
    pub status: String,
}

/// Who has a bucket's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketOwner {
    /// No account.
    Free,
    /// This account, in the region it is wanted in.
    Ours,
    /// Another account, or this one in another region, or a denied request: S3 gives one answer for all.
    Taken(u16),
}

/// Whether the suffix can be the end of every name.
pub fn suffix(text: &str) -> Judged {
    match Suffix::new(text) {
        Ok(suffix) => Judged::green(format!("names end in -{suffix}")),
        Err(error) => Judged::red(error.to_string(), "choose another --suffix, such as shop1"),
    }
}

/// Every stack that bootstrap makes, with its region.
pub fn stacks(wanted: &Requirements) -> Vec<Location> {
    let [primary, standby] = &wanted.sides;
    let place = |id: StackId| Location {
        region: id
            .region_of(&primary.region, &standby.region, &wanted.witness_region)
            .to_owned(),
        name: format!("stack-{id}-{}", wanted.suffix),
    };
    StackId::all().into_iter().map(place).collect()
}

/// Every bucket, with the region it is wanted in and the stack that makes it.
pub fn buckets(wanted: &Requirements) -> Vec<(Location, String)> {
    let suffix = &wanted.suffix;
    let bucket = |region: &str, kind: &str, stack: &str| {
        let place = Location {
            region: region.to_owned(),
            name: format!("bucket-{kind}-{suffix}"),
        };
        (place, format!("stack-{stack}-{suffix}"))
    };
    let sided = wanted.sides.iter().flat_map(|side| {
        let (region, role) = (&side.region, side.role);
        ["artefact", "config"].map(|kind| {
            bucket(
                region,
                &format!("{kind}-{role}"),
                &format!("storage-{role}"),
            )
        })
    });
    let latch = bucket(&wanted.sides[1].region, "latch-standby", "latch");
    sided.chain([latch]).collect()
}

/// Whether a stack of that name exists and is ours; unknown counts as not.
pub fn exists(
    found: &[(Location, ReadResult<Option<StackOwner>>)],
    name: &str,
    suffix: &str,
) -> bool {
    found.iter().any(|(place, read)| {
        let ours =
            |s: &StackOwner| s.suffix.as_deref() == Some(suffix) && s.status != "DELETE_COMPLETE";
        place.name == name
            && read
                .as_ref()
                .ok()
                .and_then(Option::as_ref)
                .is_some_and(ours)
    })
}

/// Whether stacks of other owners have our names.
pub fn stacks_free(found: &[(Location, ReadResult<Option<StackOwner>>)], suffix: &str) -> Judged {
    let foreign = |(place, read): &(Location, ReadResult<Option<StackOwner>>)| {
        let stack = read.as_ref().ok()?.as_ref()?;
        let ours = stack.suffix.as_deref() == Some(suffix);
        (!ours).then(|| format!("{} in {}", place.name, place.region))
    };
    let taken: Vec<String> = found.iter().filter_map(foreign).collect();
    if !taken.is_empty() {
        let detail = format!("stacks that are not of this estate: {}", taken.join(", "));
        return Judged::red(detail, "choose another --suffix");
    }
    if let Some(error) = first_unread(found.iter().map(|(_, read)| read)) {
        return not_known(error);
    }
    let existing = found
        .iter()
        .filter(|(_, read)| matches!(read, Ok(Some(_))))
        .count();
    Judged::green(format!(
        "{existing} of {} stacks exist, all of this estate",
        found.len()
    ))
}

/// Whether the buckets' names are free or ours. `owned`: whether the stack that makes a
/// bucket exists.
pub fn buckets_free(found: &[(Location, ReadResult<BucketOwner>, bool)]) -> Judged {
    let taken =
        |(place, read, owned): &(Location, ReadResult<BucketOwner>, bool)| match (read, owned) {
            (Ok(BucketOwner::Taken(status)), _) => {
                Some(format!("{} is taken (S3 answers {status})", place.name))
            }
            (Ok(BucketOwner::Ours), false) => Some(format!(
                "{} exists in this account, outside this estate",
                place.name
            )),
            (Ok(BucketOwner::Ours), true) | (Ok(BucketOwner::Free), _) | (Err(_), _) => None,
        };
    let taken: Vec<String> = found.iter().filter_map(taken).collect();
    if !taken.is_empty() {
        let remedy = "bucket names are world-wide: choose another --suffix (a 403 may also be a \
                      missing s3:ListBucket)";
        return Judged::red(taken.join("; "), remedy);
    }
    match first_unread(found.iter().map(|(_, read, _)| read)) {
        Some(error) => not_known(error),
        None => Judged::green(format!("{} bucket names are free or ours", found.len())),
    }
}

/// Whether the global database's identifier is free or ours.
pub fn database_free(id: &str, exists: &ReadResult<bool>, owned: bool) -> Judged {
    match exists {
        Ok(true) if !owned => Judged::red(
            format!("the global database {id} exists, outside this estate"),
            "choose another --suffix",
        ),
        Ok(true) => Judged::green(format!("{id} is this estate's")),
        Ok(false) => Judged::green(format!("{id} is free")),
        Err(error) => not_known(error),
    }
}

fn first_unread<'a, T: 'a>(
    mut reads: impl Iterator<Item = &'a ReadResult<T>>,
) -> Option<&'a AwsError> {
    reads.find_map(|read| read.as_ref().err().filter(|e| e.class != Class::Gone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::Verdict;
    use crate::checks::check::tests::{SILENT, failed};
    use crate::checks::wanted::tests::wanted;

    fn stack(suffix: Option<&str>) -> ReadResult<Option<StackOwner>> {
        Ok(Some(StackOwner {
            suffix: suffix.map(str::to_owned),
            status: "CREATE_COMPLETE".to_owned(),
        }))
    }

    fn at(name: &str) -> Location {
        Location {
            region: "eu-central-2".to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_suffix_that_is_too_long_or_has_other_characters_is_refused() {
        assert_eq!(suffix("shop1").verdict(), Verdict::Green);
        for bad in ["a23456789012345678901", "Shop", "shop_1", "", "1shop"] {
            assert_eq!(suffix(bad).verdict(), Verdict::Red, "{bad}");
        }
    }

    #[test]
    fn every_stack_of_the_contract_is_asked_where_it_will_be() {
        let all = stacks(&wanted());
        assert_eq!(all.len(), 20);
        let of = |name: &str| {
            all.iter()
                .find(|p| p.name == name)
                .map(|p| p.region.as_str())
        };
        assert_eq!(of("stack-data-primary-shop1"), Some("eu-central-1"));
        assert_eq!(of("stack-data-standby-shop1"), Some("eu-central-2"));
        assert_eq!(of("stack-global-shop1"), Some("eu-central-1"));
        assert_eq!(of("stack-events-shop1"), Some("eu-central-2"));
        assert_eq!(of("stack-edge-shop1"), Some("us-east-1"));
        assert_eq!(of("stack-witness-shop1"), Some("eu-west-1"));
    }

    #[test]
    fn every_bucket_of_the_contract_is_asked_for() {
        let names: Vec<String> = buckets(&wanted())
            .into_iter()
            .map(|(p, _)| p.name)
            .collect();
        assert_eq!(
            names,
            [
                "bucket-artefact-primary-shop1",
                "bucket-config-primary-shop1",
                "bucket-artefact-standby-shop1",
                "bucket-config-standby-shop1",
                "bucket-latch-standby-shop1"
            ]
        );
    }

    #[test]
    fn a_stack_of_another_owner_is_refused_and_ours_is_not() {
        let with = |read| stacks_free(&[(at("stack-app-standby-shop1"), read)], "shop1").verdict();
        assert_eq!(with(stack(Some("shop1"))), Verdict::Green);
        assert_eq!(with(stack(Some("shop2"))), Verdict::Red);
        assert_eq!(with(stack(None)), Verdict::Red);
        assert_eq!(with(Ok(None)), Verdict::Green);
        assert_eq!(with(Err(failed(SILENT))), Verdict::Unknown);
    }

    #[test]
    fn a_bucket_name_is_free_when_nobody_has_it_or_our_stack_made_it() {
        let with = |bucket, owned| buckets_free(&[(at("b"), Ok(bucket), owned)]).verdict();
        assert_eq!(with(BucketOwner::Free, false), Verdict::Green);
        assert_eq!(with(BucketOwner::Ours, true), Verdict::Green);
        assert_eq!(with(BucketOwner::Ours, false), Verdict::Red);
        assert_eq!(with(BucketOwner::Taken(403), true), Verdict::Red);
        assert_eq!(with(BucketOwner::Taken(301), false), Verdict::Red);
        let silent = [(at("b"), Err(failed(SILENT)), false)];
        assert_eq!(buckets_free(&silent).verdict(), Verdict::Unknown);
    }

    #[test]
    fn a_global_database_of_somebody_else_is_refused() {
        let with =
            |exists, owned| database_free("global-aurora-shop1", &Ok(exists), owned).verdict();
        assert_eq!(with(false, false), Verdict::Green);
        assert_eq!(with(true, true), Verdict::Green);
        assert_eq!(with(true, false), Verdict::Red);
    }

    #[test]
    fn a_deleted_or_foreign_stack_does_not_exist() {
        let found = [(at("stack-latch-shop1"), stack(Some("shop1")))];
        assert!(exists(&found, "stack-latch-shop1", "shop1"));
        assert!(!exists(&found, "stack-latch-shop1", "shop2"));
        assert!(!exists(&found, "stack-app-shop1", "shop1"));
    }
}
