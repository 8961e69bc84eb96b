//! What an estate is built of, as tagged kinds, and the flat keys that are their short form.
//!
//! `cluster_arn` is short for `database = { kind = "aurora", cluster_arn }`; `asg` and
//! `target_group_arn` for one `[[capacity]]` of kind `auto_scaling_group`; a latch without a kind
//! is an `s3` object, an intake without one an `sqs` queue. Deliberately absent: mixtures. A side
//! has one form, and one capacity until there is a policy for several.

use super::reader::{Field, Reader};
use super::tree::Node;
use super::values::{self, Arn};
use drd_bootstrap::{Capacity, Events, Latch, SecondStore};

/// The kinds that this build knows, by the key that they are a kind of.
const DATABASES: [&str; 1] = ["aurora"];
const CAPACITIES: [&str; 1] = ["auto_scaling_group"];
const EVENTS: [&str; 1] = ["sqs"];
const LATCHES: [&str; 1] = ["s3"];

const CLUSTER: &str = "the side's Aurora cluster";
const GROUP: &str = "the name of the side's Auto Scaling group. It is the one kind of capacity that drd scales: an \
    estate of ECS services or of fixed servers it cannot fail over";

fn kind_of<const N: usize>(known: [&'static str; N]) -> impl FnOnce(&Node) -> Result<(), String> {
    move |node| values::named(node.text()?, known, |kind| kind).map(drop)
}

/// A side's Aurora cluster: `[sides.X.database]`, or `cluster_arn` beside the side's other keys.
pub(super) fn read_database(side: &mut Reader<'_>) -> Option<Field<Arn>> {
    let Some(mut database) = side.optional_table("database") else {
        return side.required("cluster_arn", CLUSTER, values::cluster_arn);
    };
    refuse_short_form(side, &["cluster_arn"], "database");
    let kind = database.required("kind", "what the database is", kind_of(DATABASES));
    let cluster = database.required("cluster_arn", CLUSTER, values::cluster_arn);
    database.finish();
    kind.and(cluster)
}

/// What a side's capacity is, and the ARN in it.
pub(super) struct CapacityRead {
    pub capacity: Capacity,
    pub target_group: Option<Field<Arn>>,
}

/// What serves on a side: `[[sides.X.capacity]]`, or `asg` beside the side's other keys.
pub(super) fn read_capacity(side: &mut Reader<'_>) -> Option<CapacityRead> {
    let mut tables = side.tables("capacity").into_iter();
    let Some(mut table) = tables.next() else {
        let name = side.required("asg", GROUP, group);
        let target_group = side.optional("target_group_arn", values::target_group_arn);
        return Some(auto_scaling_group(name?.value, target_group));
    };
    refuse_short_form(side, &["asg", "target_group_arn"], "capacity");
    let kind = table.required("kind", "what serves on the side", kind_of(CAPACITIES));
    let name = table.required("name", GROUP, group);
    let target_group = table.optional("target_group_arn", values::target_group_arn);
    table.finish();
    for second in tables {
        let what = "a second capacity on one side";
        let hint = "drd scales one group a side; remove the others";
        second.notes().problem(second.origin(), what, hint);
    }
    kind.and(Some(auto_scaling_group(name?.value, target_group)))
}

fn group(node: &Node) -> Result<String, String> {
    let several = |why| format!("{why}: drd scales one Auto Scaling group a side");
    node.text().map_err(several)?;
    values::text(node)
}

fn auto_scaling_group(name: String, target_group: Option<Field<Arn>>) -> CapacityRead {
    let target_group_arn = target_group.as_ref().map(|field| field.value.text.clone());
    CapacityRead {
        capacity: Capacity::AutoScalingGroup {
            name,
            target_group_arn,
        },
        target_group,
    }
}

/// Two forms of one thing could differ, and neither would be the right one.
fn refuse_short_form(side: &mut Reader<'_>, keys: &[&'static str], long: &str) {
    for key in keys {
        if let Some(flat) = side.optional(key, values::text) {
            let what = format!("`{key}` is the short form of `{long}`, which is given too");
            side.notes()
                .problem(&flat.origin, what, "remove one of the two");
        }
    }
}

/// The latch.
pub(super) fn read_latch(dns: &mut Reader<'_>) -> Option<LatchRead> {
    let purpose = "the object whose presence sends traffic to the standby. It is the one way in which drd moves \
                   traffic: weights, records and accelerators it does not change";
    let mut latch = dns.table("latch", purpose)?;
    latch.optional("kind", kind_of(LATCHES));
    let bucket = latch.required(
        "bucket",
        "the latch's bucket, in the standby's region",
        values::text,
    );
    let key = latch.required("key", "the latch's key in its bucket", values::text);
    let second = read_second_store(&mut latch);
    if let (Some(bucket), Some(second)) = (&bucket, &second)
        && bucket.value == second.store.bucket
    {
        let what = "both stores of the latch are one bucket";
        let hint = "the second store is a bucket in the witness's region";
        latch.notes().problem(&bucket.origin, what, hint);
    }
    latch.finish();
    let latch = Latch::S3 {
        bucket: bucket?.value,
        key: key?.value,
        second: second.as_ref().map(|read| read.store.clone()),
    };
    Some(LatchRead {
        latch,
        second_region: second.map(|read| read.region),
    })
}

/// The latch, and what of it is compared with the sides, with where it was written.
pub(super) struct LatchRead {
    pub latch: Latch,
    pub second_region: Option<Field<String>>,
}

/// The second store, with where its region was written.
struct SecondStoreRead {
    store: SecondStore,
    region: Field<String>,
}

fn read_second_store(latch: &mut Reader<'_>) -> Option<SecondStoreRead> {
    let mut second = latch.optional_table("second")?;
    let bucket = second.required("bucket", "the second store's bucket", values::text);
    let purpose = "the second store's region, the witness's";
    let region = second.required("region", purpose, values::region);
    second.finish();
    let (bucket, region) = (bucket?.value, region?);
    let store = SecondStore {
        bucket,
        region: region.value.clone(),
    };
    Some(SecondStoreRead { store, region })
}

/// Where signals arrive, and what of it is compared with the sides, with where it was written.
pub(super) struct EventsRead {
    pub events: Events,
    pub queue: Field<String>,
    pub topics: Field<Vec<Arn>>,
    pub witness_region: Option<Field<String>>,
}

/// Where signals arrive, and which of their senders count.
pub(super) fn read_events(intake: &mut Reader<'_>) -> Option<EventsRead> {
    intake.optional("kind", kind_of(EVENTS));
    let queue = intake.required(
        "queue_url",
        "the queue in the standby's region",
        values::url,
    );
    let bus = intake.with_default("event_bus", "default".to_owned(), values::text);
    let topics = intake.with_default("topics", Vec::new(), values::topic_arns);
    let witness_region = intake.optional("witness_region", values::region);
    let verdict_table = intake.optional("verdict_table", values::text);
    let queue = queue?;
    let events = Events::Sqs {
        queue_url: queue.value.clone(),
        event_bus: bus.value,
        topics: topics.value.iter().map(|arn| arn.text.clone()).collect(),
        witness_region: witness_region.as_ref().map(|field| field.value.clone()),
        verdict_table: verdict_table.map(|field| field.value),
    };
    Some(EventsRead {
        events,
        queue,
        topics,
        witness_region,
    })
}
