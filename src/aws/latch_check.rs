//! The health check that PRIMARY follows: what is read of it, and what is wrong with it.
//!
//! Wanted is an inverted HTTPS check of the latch's one store or, with two, one calculated of such a check a
//! store. Deliberately absent: reading it (`route53`).

use crate::estate::dns_name::plain;
use aws_sdk_route53::types::HealthCheckConfig;
use drd_bootstrap::topology::{Latch, Topology};

/// A check of other checks (Route 53 API reference, HealthCheckConfig).
const CALCULATED: &str = "CALCULATED";

/// What is judged of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatchCheck {
    /// `HTTPS` and so on.
    pub kind: String,
    /// `host/path`.
    pub address: String,
    /// Whether it is inverted; `None` when the answer has no such field.
    pub inverted: Option<bool>,
    /// A disabled check is healthy for ever.
    pub disabled: bool,
    /// The checks that a calculated one follows.
    pub children: Vec<LatchCheck>,
    /// How many of them must be healthy for a calculated one to be.
    pub threshold: Option<i32>,
}

impl From<&HealthCheckConfig> for LatchCheck {
    fn from(config: &HealthCheckConfig) -> LatchCheck {
        let host = config.fully_qualified_domain_name().or(config.ip_address());
        let path = config
            .resource_path()
            .unwrap_or_default()
            .trim_start_matches('/');
        LatchCheck {
            kind: config.r#type().as_str().to_owned(),
            address: format!("{}/{path}", plain(host.unwrap_or_default())),
            inverted: config.inverted(),
            disabled: config.disabled() == Some(true),
            children: Vec::new(),
            threshold: config.health_threshold(),
        }
    }
}

impl LatchCheck {
    /// What is wrong with it as PRIMARY's check; nothing where it follows the latch alone.
    pub fn faults(&self, topology: &Topology) -> Vec<String> {
        let stores = latch_addresses(topology);
        match &stores[..] {
            [store] => self.store_faults(store),
            _ => self.calculation_faults(&stores),
        }
    }

    /// Whether Route 53 reports the inversion of every check that reads a store.
    pub fn reports_inversion(&self) -> bool {
        let inverted = |check: &LatchCheck| check.inverted.is_some();
        match self.children.is_empty() {
            true => inverted(self),
            false => self.children.iter().all(inverted),
        }
    }

    /// What is wrong with a check that should follow one store alone.
    fn store_faults(&self, store: &[String; 2]) -> Vec<String> {
        let mut faults = Vec::new();
        if self.kind != "HTTPS" || !store.contains(&self.address) {
            let (kind, address) = (&self.kind, &self.address);
            faults.push(format!(
                "PRIMARY follows {kind} {address}, not HTTPS {}",
                store[0]
            ));
        }
        if self.inverted == Some(false) {
            faults.push(format!(
                "the health check of {} is not inverted",
                self.address
            ));
        }
        faults.extend(self.disabled_fault());
        faults
    }

    /// What is wrong with a check that should follow every store: PRIMARY is well while all of its
    /// children are.
    fn calculation_faults(&self, stores: &[[String; 2]]) -> Vec<String> {
        let wanted = stores.len();
        if self.kind != CALCULATED || self.children.len() != wanted {
            let (kind, children) = (&self.kind, self.children.len());
            return vec![format!(
                "PRIMARY follows {kind} of {children} checks, not {CALCULATED} of {wanted}, one a store of the latch"
            )];
        }
        let mut faults: Vec<String> = self.disabled_fault().into_iter().collect();
        if self.threshold != i32::try_from(wanted).ok() || self.inverted == Some(true) {
            faults.push(format!(
                "PRIMARY must be well while {wanted} of {wanted} checks are, and is not wired so"
            ));
        }
        for store in stores {
            let follows = |child: &&LatchCheck| store.contains(&child.address);
            match self.children.iter().find(follows) {
                Some(child) => faults.extend(child.store_faults(store)),
                None => faults.push(format!("no health check follows {}", store[0])),
            }
        }
        faults
    }

    fn disabled_fault(&self) -> Option<String> {
        let what = || {
            format!(
                "the health check of {} is disabled: healthy for ever",
                self.address
            )
        };
        self.disabled.then(what)
    }
}

/// The latch object's public addresses in each store: by bucket host name and by path.
fn latch_addresses(topology: &Topology) -> Vec<[String; 2]> {
    let Latch::S3 {
        bucket,
        key,
        second,
    } = &topology.dns.latch;
    let key = key.trim_start_matches('/');
    let addresses = |bucket: &str, region: &str| {
        let host = plain(&format!("s3.{region}.amazonaws.com"));
        [
            format!("{bucket}.{host}/{key}"),
            format!("{host}/{bucket}/{key}"),
        ]
    };
    let first = addresses(bucket, &topology.sides.standby.region);
    let second = second
        .as_ref()
        .map(|store| addresses(&store.bucket, &store.region));
    std::iter::once(first).chain(second).collect()
}

#[cfg(test)]
impl LatchCheck {
    /// As it should be with one store.
    pub(super) fn of_first_store(topology: &Topology) -> LatchCheck {
        tests::of_store(&latch_addresses(topology)[0][0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::side::tests::topology;
    use drd_bootstrap::topology::SecondStore;

    pub(super) fn of_store(address: &str) -> LatchCheck {
        LatchCheck {
            kind: "HTTPS".to_owned(),
            address: address.to_owned(),
            inverted: Some(true),
            disabled: false,
            children: Vec::new(),
            threshold: None,
        }
    }

    fn two_stores() -> Topology {
        let mut topology = topology();
        let Latch::S3 { second, .. } = &mut topology.dns.latch;
        *second = Some(SecondStore {
            bucket: "bucket-latch-witness-shop1".to_owned(),
            region: "eu-west-1".to_owned(),
        });
        topology
    }

    /// How many faults PRIMARY's check of two stores has after a change.
    fn calculated(change: impl FnOnce(&mut LatchCheck)) -> usize {
        let topology = two_stores();
        let stores = latch_addresses(&topology);
        let mut check = LatchCheck {
            kind: CALCULATED.to_owned(),
            address: "/".to_owned(),
            inverted: Some(false),
            disabled: false,
            children: stores.iter().map(|store| of_store(&store[0])).collect(),
            threshold: Some(2),
        };
        change(&mut check);
        check.faults(&topology).len()
    }

    #[test]
    fn with_two_stores_primary_gives_way_to_either_and_to_nothing_else() {
        assert_eq!(calculated(|_| {}), 0);
        assert_eq!(calculated(|c| *c = of_store(&c.children[0].address)), 1);
        assert_eq!(calculated(|c| drop(c.children.pop())), 1);
        assert_eq!(
            calculated(|c| c.threshold = Some(1)),
            1,
            "both must agree to throw it"
        );
        assert_eq!(calculated(|c| c.inverted = Some(true)), 1);
        assert_eq!(calculated(|c| c.children[1].inverted = Some(false)), 1);
        assert_eq!(calculated(|c| c.children[0].disabled = true), 1);
        assert_eq!(calculated(|c| c.disabled = true), 1);
        assert_eq!(calculated(|c| c.children[1] = c.children[0].clone()), 1);
    }
}
