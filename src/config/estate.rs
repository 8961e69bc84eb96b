//! The estate's half of the file: suffix, sides, database, record, queue, references.
//!
//! Deliberately absent: checking in AWS whether any of it exists. Readiness does, every 5 min.

use super::kinds;
use super::reader::{Field, Notes, Reader};
use super::values::{self, Arn};
use drd_bootstrap::{Database, Dns, Events, SideTopology, Sides, Topology};

/// Reads everything that [`Topology`] holds.
pub(super) fn read(root: &mut Reader<'_>) -> Option<Topology> {
    let suffix = root.required(
        "suffix",
        "the end of every name of the estate",
        values::suffix,
    );
    let sides = read_sides(root);
    let global_cluster = read_database(root);
    let dns = read_dns(root, sides.as_ref());
    let events = read_intake(root, sides.as_ref());
    let references = read_references(root, sides.as_ref());
    Some(Topology {
        suffix: suffix?.value,
        sides: sides?,
        global_cluster: global_cluster?,
        dns: dns?,
        events: events?,
        references: references?,
    })
}

/// One side with the places of what is compared with the other side.
struct SideRead {
    region: Field<String>,
    cluster: Field<Arn>,
    endpoint: Field<String>,
    traffic_target: Field<String>,
    topology: SideTopology,
}

fn read_sides(root: &mut Reader<'_>) -> Option<Sides> {
    let mut sides = root.table(
        "sides",
        "the two places, [sides.primary] and [sides.standby]",
    )?;
    let primary = read_side(
        &mut sides,
        "primary",
        "where the estate serves when all is well",
    );
    let standby = read_side(&mut sides, "standby", "where it serves after a failover");
    let notes = sides.notes();
    sides.finish();
    let (primary, standby) = (primary?, standby?);
    compare(notes, &primary, &standby);
    Some(Sides {
        primary: primary.topology,
        standby: standby.topology,
    })
}

fn read_side(sides: &mut Reader<'_>, key: &'static str, purpose: &str) -> Option<SideRead> {
    let mut side = sides.table(key, purpose)?;
    let region = side.required("region", "the side's AWS region", values::region);
    let cluster = kinds::read_database(&mut side);
    let capacity = kinds::read_capacity(&mut side);
    let target_group = capacity.as_ref().and_then(|c| c.target_group.as_ref());
    let endpoint = side.required(
        "endpoint",
        "a URL that answers 200 and \"trading_data\":\"valid\" while the side can serve",
        values::url,
    );
    let traffic_target = side.required(
        "traffic_target",
        "the name or address that the record resolves to while this side serves",
        values::host,
    );
    let write_check = side.required(
        "write_check",
        "a URL that answers 200 only after a row was written and read back",
        values::url,
    );
    for arn in [cluster.as_ref(), target_group].into_iter().flatten() {
        same_region(side.notes(), arn, region.as_ref());
    }
    side.finish();
    let (region, cluster) = (region?, cluster?);
    let (endpoint, traffic_target) = (endpoint?, traffic_target?);
    let topology = SideTopology {
        region: region.value.clone(),
        database: Database::Aurora {
            cluster_arn: cluster.value.text.clone(),
        },
        capacity: vec![capacity?.capacity],
        endpoint: endpoint.value.clone(),
        traffic_target: traffic_target.value.clone(),
        write_check: write_check?.value,
    };
    Some(SideRead {
        region,
        cluster,
        endpoint,
        traffic_target,
        topology,
    })
}

fn same_region(notes: &Notes, arn: &Field<Arn>, region: Option<&Field<String>>) {
    let Some(region) = region.filter(|region| region.value != arn.value.region) else {
        return;
    };
    let what = format!(
        "this ARN is in {}, its side is in {}",
        arn.value.region, region.value
    );
    notes.problem(&arn.origin, what, "one side is one region");
}

/// What must differ between the sides, and what must not.
fn compare(notes: &Notes, primary: &SideRead, standby: &SideRead) {
    if primary.region.value == standby.region.value {
        let hint = "a failover across regions needs two";
        notes.problem(
            &standby.region.origin,
            "both sides are in the same region",
            hint,
        );
    }
    let (ours, theirs) = (
        &primary.cluster.value.account,
        &standby.cluster.value.account,
    );
    if ours != theirs {
        let what = format!("the sides are in two accounts, {ours} and {theirs}");
        let hint = "an Aurora Global Database is in one account";
        notes.problem(&standby.cluster.origin, what, hint);
    }
    if primary.endpoint.value == standby.endpoint.value {
        let hint = "a probe could not distinguish which side is down";
        notes.problem(
            &standby.endpoint.origin,
            "both sides have the same endpoint",
            hint,
        );
    }
    if primary.traffic_target.value == standby.traffic_target.value {
        let hint = "drd could not see where the record points";
        notes.problem(
            &standby.traffic_target.origin,
            "both sides have the same traffic_target",
            hint,
        );
    }
}

fn read_database(root: &mut Reader<'_>) -> Option<String> {
    let mut database = root.table("database", "the Aurora Global Database")?;
    let purpose = "the identifier of the Aurora Global Database";
    let name = database.required("global_cluster", purpose, values::text);
    database.finish();
    Some(name?.value)
}

fn read_dns(root: &mut Reader<'_>, sides: Option<&Sides>) -> Option<Dns> {
    let mut dns = root.table("dns", "the failover record and its latch")?;
    let record = dns.required("record", "the record that users resolve", values::record);
    let hosted_zone_id = dns.required(
        "hosted_zone_id",
        "the zone that holds the record",
        values::zone,
    );
    let latch = kinds::read_latch(&mut dns);
    let second_region = latch.as_ref().and_then(|read| read.second_region.as_ref());
    if let (Some(region), Some(sides)) = (second_region, sides) {
        let what = "the latch's second store is in a side's own region";
        in_a_third_region(dns.notes(), region, sides, what);
    }
    let resolvers = dns.with_default("resolvers", Vec::new(), values::resolvers);
    dns.finish();
    Some(Dns {
        record: record?.value,
        hosted_zone_id: hosted_zone_id?.value,
        latch: latch?.latch,
        resolvers: resolvers.value,
    })
}

fn read_intake(root: &mut Reader<'_>, sides: Option<&Sides>) -> Option<Events> {
    let mut intake = root.table("intake", "where signals arrive")?;
    let read = kinds::read_events(&mut intake);
    if let (Some(read), Some(sides)) = (&read, sides) {
        queue_beside_standby(intake.notes(), &read.queue, sides);
        topics_of_the_account(intake.notes(), &read.topics, sides);
        if let Some(region) = &read.witness_region {
            let what = format!("witness_region {} is a side's own region", region.value);
            in_a_third_region(intake.notes(), region, sides, &what);
        }
    }
    intake.finish();
    read.map(|read| read.events)
}

/// A topic of another account is published to by rules that nobody here has.
fn topics_of_the_account(notes: &Notes, topics: &Field<Vec<Arn>>, sides: &Sides) {
    let ours = sides.primary.account().unwrap_or_default();
    let foreign = topics.value.iter().find(|topic| topic.account != ours);
    if let Some(topic) = foreign {
        let what = format!(
            "the topic is in account {}, the estate in {ours}",
            topic.account
        );
        let hint = "list topics of the estate's own account alone";
        notes.problem(&topics.origin, what, hint);
    }
}

/// A witness beside a side would fail with it, and be counted as a domain of its own; a second store
/// of the latch would be lost together with the first one, or with the side that users are to leave.
fn in_a_third_region(notes: &Notes, region: &Field<String>, sides: &Sides, what: &str) {
    let regions = [&sides.primary.region, &sides.standby.region];
    if regions.contains(&&region.value) {
        let hint = "its fault domain is a third region";
        notes.problem(&region.origin, what, hint);
    }
}

/// A queue elsewhere would fail with the primary, or cost a third region. Hosts that do not have
/// AWS's form `sqs.REGION.…` are not checked.
fn queue_beside_standby(notes: &Notes, queue: &Field<String>, sides: &Sides) {
    let host = host_of(&queue.value);
    let mut labels = host.split('.');
    let (first, region) = (labels.next(), labels.next().unwrap_or_default());
    if first == Some("sqs") && region != sides.standby.region {
        let what = format!("the queue is in {region}, not in the standby's region");
        let hint = format!("drd receives in {}", sides.standby.region);
        notes.problem(&queue.origin, what, hint);
    }
}

fn read_references(root: &mut Reader<'_>, sides: Option<&Sides>) -> Option<Vec<String>> {
    let purpose = "what tells a dark region from an observer that is cut off";
    let mut observer = root.table("observer", purpose)?;
    let purpose = "URLs in other regions that must answer for drd's own readings to count";
    let references = observer.required("references", purpose, values::urls);
    let notes = observer.notes();
    observer.finish();
    let references = references?;
    if references.value.is_empty() {
        let hint = "without one, a cut-off observer would blame the region";
        notes.problem(
            &references.origin,
            "`references` in [observer] is empty",
            hint,
        );
    }
    for url in &references.value {
        outside_both(notes, &references, url, sides);
    }
    Some(references.value)
}

/// Roles move, so a reference must be outside both sides.
fn outside_both(notes: &Notes, references: &Field<Vec<String>>, url: &str, sides: Option<&Sides>) {
    let regions = sides.map(|sides| [&sides.primary.region, &sides.standby.region]);
    let host = host_of(url);
    let is_in = |region: &&String| host.split('.').any(|label| label == region.as_str());
    let inside = regions.into_iter().flatten().find(is_in);
    if let Some(region) = inside {
        let what = format!("the reference {url} is in {region}, a side's own region");
        notes.problem(
            &references.origin,
            what,
            "it would fail with the side; use a third region",
        );
    }
}

fn host_of(url: &str) -> String {
    let uri = url.parse::<http::Uri>();
    uri.ok()
        .and_then(|uri| uri.host().map(str::to_owned))
        .unwrap_or_default()
}
