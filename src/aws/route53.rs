//! How Route 53 is wired to the latch: reads for readiness, and the faults in what was read.
//!
//! Deliberately absent: any change, and any use during a recovery. Route 53's control plane is in
//! us-east-1; no step of a recovery waits for it (S8).

use super::clients::Clients;
use super::error::AwsError;
use super::latch_check::LatchCheck;
use crate::estate::dns_name::plain;
use crate::estate::side::configured;
use aws_sdk_route53::types::{HealthCheckConfig, ResourceRecordSet};
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::Side;

/// How many stores the latch has at most.
const STORES_MAX: usize = 2;
/// Records read: a name has two per address family, and rarely a TXT or so beside them.
const RECORDS_MAX: i32 = 20;

/// One half of the failover pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailoverHalf {
    /// `PRIMARY` or `SECONDARY`.
    pub failover: String,
    /// Its health check.
    pub health_check: Option<String>,
    /// An alias that looks at its target's health.
    pub evaluates_target: bool,
    /// The names or addresses it gives.
    pub targets: Vec<String>,
}

/// How Route 53 is wired: the record's failover halves, and PRIMARY's health check.
#[derive(Debug, Default)]
pub struct Wiring {
    /// Records of the name that take part in failover.
    pub halves: Vec<FailoverHalf>,
    /// The health check of PRIMARY, when it has one. Read apart: without it the pair is still known.
    pub health_check: Option<Result<LatchCheck, AwsError>>,
}

/// Reads the wiring.
///
/// # Errors
/// The failed call about the records.
pub async fn read(aws: &Clients) -> Result<Wiring, AwsError> {
    const OPERATION: &str = "route53:ListResourceRecordSets";
    let (zone, record) = (
        &aws.topology().dns.hosted_zone_id,
        &aws.topology().dns.record,
    );
    let request = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(record)
        .max_items(RECORDS_MAX);
    let answer = aws.read(OPERATION, zone, request.send()).await?;
    let halves: Vec<FailoverHalf> = answer
        .resource_record_sets()
        .iter()
        .filter(|r| plain(r.name()) == plain(record))
        .filter_map(half_of)
        .collect();
    let primary = halves.iter().find(|h| h.is("PRIMARY"));
    let health_check = match primary.and_then(|h| h.health_check.as_deref()) {
        Some(id) => Some(check(aws, id).await),
        None => None,
    };
    Ok(Wiring {
        halves,
        health_check,
    })
}

/// A check, and those that it follows where it is calculated: one of each store, so two.
async fn check(aws: &Clients, id: &str) -> Result<LatchCheck, AwsError> {
    let config = config(aws, id).await?;
    let mut check = LatchCheck::from(&config);
    for child in config.child_health_checks().iter().take(STORES_MAX) {
        check
            .children
            .push(LatchCheck::from(&self::config(aws, child).await?));
    }
    Ok(check)
}

async fn config(aws: &Clients, id: &str) -> Result<HealthCheckConfig, AwsError> {
    const OPERATION: &str = "route53:GetHealthCheck";
    let request = aws.route53().get_health_check().health_check_id(id);
    let answer = aws.read(OPERATION, id, request.send()).await?;
    answer
        .health_check()
        .and_then(|c| c.health_check_config().cloned())
        .ok_or_else(|| AwsError::gone(OPERATION, id))
}

fn half_of(record: &ResourceRecordSet) -> Option<FailoverHalf> {
    let alias = record.alias_target();
    let values = record.resource_records().iter().map(|r| plain(r.value()));
    Some(FailoverHalf {
        failover: record.failover()?.as_str().to_owned(),
        health_check: record.health_check_id().map(str::to_owned),
        evaluates_target: alias.is_some_and(|a| a.evaluate_target_health()),
        targets: alias
            .iter()
            .map(|a| plain(a.dns_name()))
            .chain(values)
            .collect(),
    })
}

impl Wiring {
    /// What keeps the pair from turning over when the latch is thrown. Wanted: PRIMARY with a
    /// health check, SECONDARY with nothing that could take it away, neither the wrong way round.
    pub fn pair_faults(&self, topology: &Topology) -> Vec<String> {
        let missing = ["PRIMARY", "SECONDARY"]
            .into_iter()
            .filter(|name| !self.halves.iter().any(|h| h.is(name)))
            .map(|name| format!("there is no {name} record of {}", topology.dns.record));
        missing
            .chain(self.halves.iter().flat_map(|h| h.faults(topology)))
            .collect()
    }

    /// What else than the latch PRIMARY follows. Wanted: an inverted HTTPS check of the latch
    /// object, and no look at its own target, which would move users to a side that cannot write.
    pub fn latch_faults(&self, check: &LatchCheck, topology: &Topology) -> Vec<String> {
        let mut faults = Vec::new();
        if self
            .halves
            .iter()
            .any(|h| h.is("PRIMARY") && h.evaluates_target)
        {
            faults.push("PRIMARY evaluates its target: users move by themselves".to_owned());
        }
        faults.extend(check.faults(topology));
        faults
    }
}

impl FailoverHalf {
    fn is(&self, failover: &str) -> bool {
        self.failover == failover
    }

    fn faults(&self, topology: &Topology) -> Vec<String> {
        let mut faults = Vec::new();
        let primary = self.is("PRIMARY");
        let own = if primary {
            Side::Primary
        } else {
            Side::Standby
        };
        if primary && self.health_check.is_none() {
            faults.push("PRIMARY has no health check: it never gives way".to_owned());
        }
        if !primary && (self.health_check.is_some() || self.evaluates_target) {
            faults.push("SECONDARY can be taken away by its own health".to_owned());
        }
        if self.gives(own.other(), topology) && !self.gives(own, topology) {
            faults.push(format!(
                "{} gives the address of the side {}",
                self.failover,
                own.other()
            ));
        }
        faults
    }

    fn gives(&self, side: Side, topology: &Topology) -> bool {
        self.targets
            .contains(&plain(&configured(topology, side).traffic_target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::side::tests::topology;

    fn wired() -> Wiring {
        let half = |failover: &str, check: Option<&str>, target: &str| FailoverHalf {
            failover: failover.to_owned(),
            health_check: check.map(str::to_owned),
            evaluates_target: false,
            targets: vec![plain(target)],
        };
        let sides = topology().sides;
        Wiring {
            halves: vec![
                half("PRIMARY", Some("hc-1"), &sides.primary.traffic_target),
                half("SECONDARY", None, &sides.standby.traffic_target),
            ],
            health_check: None,
        }
    }

    fn following() -> LatchCheck {
        LatchCheck::of_first_store(&topology())
    }

    /// How many faults the pair and PRIMARY's check have after a change.
    fn faults(change: impl FnOnce(&mut Wiring, &mut LatchCheck)) -> (usize, usize) {
        let (mut wiring, mut check) = (wired(), following());
        change(&mut wiring, &mut check);
        let topology = topology();
        let pair = wiring.pair_faults(&topology).len();
        (pair, wiring.latch_faults(&check, &topology).len())
    }

    #[test]
    fn the_wiring_of_the_design_has_no_fault() {
        assert_eq!(faults(|_, _| {}), (0, 0));
    }

    #[test]
    fn a_pair_that_cannot_turn_over_is_a_fault() {
        let pair = |change: fn(&mut Vec<FailoverHalf>)| faults(|w, _| change(&mut w.halves)).0;
        assert_eq!(pair(|halves| drop(halves.pop())), 1);
        assert_eq!(pair(|halves| halves[0].health_check = None), 1);
        assert_eq!(pair(|halves| halves[1].health_check = Some("hc".into())), 1);
        assert_eq!(pair(|halves| halves[1].evaluates_target = true), 1);
        let swap = |halves: &mut Vec<FailoverHalf>| {
            halves[0].failover = "SECONDARY".to_owned();
            halves[1].failover = "PRIMARY".to_owned();
        };
        assert_eq!(
            pair(swap),
            4,
            "each half is wrong in itself and in its address"
        );
    }

    #[test]
    fn a_primary_that_follows_anything_but_the_latch_is_a_fault() {
        let check = |change: fn(&mut LatchCheck)| faults(|_, c| change(c)).1;
        assert_eq!(
            check(|c| c.address = "primary.example.com/health".into()),
            1
        );
        assert_eq!(check(|c| c.kind = "HTTP".into()), 1);
        assert_eq!(check(|c| c.inverted = Some(false)), 1);
        assert_eq!(check(|c| c.inverted = None), 0, "absent is not false");
        assert_eq!(check(|c| c.disabled = true), 1);
        assert_eq!(faults(|w, _| w.halves[0].evaluates_target = true), (0, 1));
    }
}
