//! Where users are sent: the latch (one object in a standby-region bucket whose presence turns
//! the failover pair over), and reads of how Route 53 is wired to it.
//!
//! Deliberately absent: any change in Route 53. Its control plane is in us-east-1; the flip is a
//! data-plane write of ours and a health check of theirs (DESIGN section 7).

use super::clients::Clients;
use super::error::{AwsError, Class, chain};
use aws_sdk_route53::types::{HealthCheckConfig, ResourceRecordSet};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::Side;
use serde::{Deserialize, Serialize};

const GET: &str = "s3:GetObject";
/// A larger object is not one that drd wrote; its generation is not looked for.
const BODY_BYTES_MAX: i64 = 1_024;
/// Records asked for: a name has two per address family, and rarely a TXT or so beside them.
const RECORDS_MAX: i32 = 20;

/// The latch object as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latch {
    /// What a conditional put or delete must name.
    pub etag: String,
    /// The epoch that threw it; `None` when somebody else did.
    pub epoch: Option<u64>,
}

/// What the object says. Users and Route 53 only ask whether it is there.
#[derive(Serialize, Deserialize)]
struct Body {
    schema: String,
    active: Side,
    epoch: u64,
}

/// What to do about the latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// It stands as wanted.
    AlreadySo,
    /// A newer epoch moved it: an older one must not undo that.
    Newer(u64),
    /// Put the object where none is.
    Create,
    /// Put it over the one that was seen.
    Replace(String),
    /// Delete the one that was seen.
    Delete(String),
}

/// What sends traffic to `to` on behalf of `epoch`, given what was found.
pub fn next_move(found: Option<&Latch>, to: Side, epoch: u64) -> Move {
    match (to, found) {
        (_, Some(Latch { epoch: Some(theirs), .. })) if *theirs > epoch => Move::Newer(*theirs),
        (Side::Standby, None) => Move::Create,
        (Side::Standby, Some(latch)) if latch.epoch == Some(epoch) => Move::AlreadySo,
        (Side::Standby, Some(latch)) => Move::Replace(latch.etag.clone()),
        (Side::Primary, None) => Move::AlreadySo,
        (Side::Primary, Some(latch)) => Move::Delete(latch.etag.clone()),
    }
}

/// The latch; `None` when the object is not there, which sends traffic to the primary.
///
/// # Errors
/// What AWS said. Without `s3:ListBucket` S3 answers 403 for an object that is not there
/// (S3 API reference, GetObject), which is [`Class::Denied`].
pub async fn latch(aws: &Clients) -> Result<Option<Latch>, AwsError> {
    let (bucket, key, object) = named(aws.topology());
    let request = aws.s3().get_object().bucket(bucket).key(key);
    match aws.read(GET, &object, request.send()).await {
        Ok(answer) => read(aws, &object, answer).await.map(Some),
        Err(e) if e.class == Class::Gone && !e.message.starts_with("NoSuchBucket") => Ok(None),
        Err(e) => Err(e),
    }
}

async fn read(aws: &Clients, object: &str, answer: GetObjectOutput) -> Result<Latch, AwsError> {
    let broken = |said: String| AwsError::said(GET, object, None, said);
    let etag = answer
        .e_tag()
        .ok_or_else(|| broken("the answer has no ETag".to_owned()))?
        .to_owned();
    if answer.content_length().is_some_and(|n| n > BODY_BYTES_MAX) {
        return Ok(Latch { etag, epoch: None });
    }
    let body = tokio::time::timeout(aws.timers().attempt, answer.body.collect())
        .await
        .map_err(|_| AwsError::no_answer(GET, object, aws.timers().attempt))?
        .map_err(|e| broken(chain(&e)))?;
    Ok(Latch { etag, epoch: epoch_of(&body.into_bytes()) })
}

fn epoch_of(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Body>(body).ok().map(|b| b.epoch)
}

/// Makes a move. Every write is conditional: one that was overtaken changes nothing.
///
/// # Errors
/// What AWS said; [`Class::Conflict`] when the object is not the one that was seen.
pub async fn make(aws: &Clients, next: &Move, epoch: u64) -> Result<(), AwsError> {
    let (bucket, key, object) = named(aws.topology());
    let put = || {
        let body = Body { schema: "drd.latch/1.0".to_owned(), active: Side::Standby, epoch };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        aws.s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(text))
    };
    match next {
        Move::AlreadySo => Ok(()),
        Move::Newer(theirs) => Err(AwsError::said(
            "s3:PutObject",
            &object,
            Some("Conflict"),
            format!("the latch was moved by the newer epoch {theirs}, this one is {epoch}"),
        )),
        Move::Create => {
            let request = put().if_none_match("*");
            aws.act("s3:PutObject", &object, request.send()).await.map(drop)
        }
        Move::Replace(etag) => {
            let request = put().if_match(etag);
            aws.act("s3:PutObject", &object, request.send()).await.map(drop)
        }
        Move::Delete(etag) => {
            let request = aws.s3().delete_object().bucket(bucket).key(key).if_match(etag);
            aws.act("s3:DeleteObject", &object, request.send()).await.map(drop)
        }
    }
}

fn named(topology: &Topology) -> (&str, &str, String) {
    let latch = &topology.dns.latch;
    (&latch.bucket, &latch.key, format!("{}/{}", latch.bucket, latch.key))
}

/// One half of the failover pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Half {
    /// `PRIMARY` or `SECONDARY`.
    pub failover: String,
    /// Its health check.
    pub health_check: Option<String>,
    /// An alias that looks at its target's health.
    pub evaluates_target: bool,
    /// The names or addresses it gives.
    pub targets: Vec<String>,
}

/// What is judged of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// `HTTPS` and so on.
    pub kind: String,
    /// `host/path`.
    pub address: String,
    /// Whether it is inverted; `None` when the service does not say.
    pub inverted: Option<bool>,
    /// A disabled check is healthy for ever.
    pub disabled: bool,
}

/// How Route 53 is wired: the record's failover halves, and PRIMARY's health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    /// Records of the name that take part in failover.
    pub halves: Vec<Half>,
    /// The health check of PRIMARY, when it has one.
    pub health_check: Option<HealthCheck>,
}

/// Reads the wiring. For readiness only: nothing on a recovery's path waits for us-east-1.
///
/// # Errors
/// What AWS said.
pub async fn wiring(aws: &Clients) -> Result<Wiring, AwsError> {
    let dns = &aws.topology().dns;
    let request = aws
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(&dns.hosted_zone_id)
        .start_record_name(&dns.record)
        .max_items(RECORDS_MAX);
    let answer = aws
        .read("route53:ListResourceRecordSets", &dns.hosted_zone_id, request.send())
        .await?;
    let halves: Vec<Half> = answer
        .resource_record_sets()
        .iter()
        .filter(|r| plain(r.name()) == plain(&dns.record))
        .filter_map(half_of)
        .collect();
    let id = halves.iter().find_map(|h| h.health_check.clone().filter(|_| h.is("PRIMARY")));
    let health_check = match id {
        Some(id) => {
            let request = aws.route53().get_health_check().health_check_id(&id);
            let answer = aws.read("route53:GetHealthCheck", &id, request.send()).await?;
            answer.health_check().and_then(|c| c.health_check_config()).map(check_of)
        }
        None => None,
    };
    Ok(Wiring { halves, health_check })
}

fn half_of(record: &ResourceRecordSet) -> Option<Half> {
    let alias = record.alias_target();
    let values = record.resource_records().iter().map(|r| plain(r.value()));
    Some(Half {
        failover: record.failover()?.as_str().to_owned(),
        health_check: record.health_check_id().map(str::to_owned),
        evaluates_target: alias.is_some_and(|a| a.evaluate_target_health()),
        targets: alias.iter().map(|a| plain(a.dns_name())).chain(values).collect(),
    })
}

fn check_of(config: &HealthCheckConfig) -> HealthCheck {
    let host = config.fully_qualified_domain_name().or(config.ip_address());
    let path = config.resource_path().unwrap_or_default().trim_start_matches('/');
    HealthCheck {
        kind: config.r#type().as_str().to_owned(),
        address: format!("{}/{path}", plain(host.unwrap_or_default())),
        inverted: config.inverted(),
        disabled: config.disabled() == Some(true),
    }
}

/// A DNS name as it is compared: lower case, no final dot, no `dualstack.` (an alias to a load
/// balancer may carry it, Route 53 developer guide).
pub fn plain(name: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
}

impl Wiring {
    /// What keeps the pair from turning over when the latch says so. Wanted: PRIMARY with a
    /// health check, SECONDARY with nothing that could take it away, neither the wrong way round.
    pub fn pair_faults(&self, topology: &Topology) -> Vec<String> {
        let missing = ["PRIMARY", "SECONDARY"]
            .into_iter()
            .filter(|name| !self.halves.iter().any(|h| h.is(name)))
            .map(|name| format!("there is no {name} record of {}", topology.dns.record));
        missing.chain(self.halves.iter().flat_map(|h| h.faults(topology))).collect()
    }

    /// What else than the latch PRIMARY follows. Wanted: an inverted HTTPS check of the latch
    /// object, and no look at its own target, which would move users to a side that cannot write.
    pub fn latch_faults(&self, topology: &Topology) -> Vec<String> {
        let mut faults = Vec::new();
        if self.halves.iter().any(|h| h.is("PRIMARY") && h.evaluates_target) {
            faults.push("PRIMARY evaluates its target: users move by themselves".to_owned());
        }
        let Some(check) = &self.health_check else {
            faults.push("PRIMARY has no health check".to_owned());
            return faults;
        };
        let expected = latch_addresses(topology);
        if check.kind != "HTTPS" || !expected.contains(&check.address) {
            let (kind, address) = (&check.kind, &check.address);
            faults.push(format!("PRIMARY follows {kind} {address}, not HTTPS {}", expected[0]));
        }
        if check.inverted == Some(false) {
            faults.push("PRIMARY's health check is not inverted".to_owned());
        }
        if check.disabled {
            faults.push("PRIMARY's health check is disabled: healthy for ever".to_owned());
        }
        faults
    }
}

impl Half {
    fn is(&self, failover: &str) -> bool {
        self.failover == failover
    }

    fn faults(&self, topology: &Topology) -> Vec<String> {
        let mut faults = Vec::new();
        let primary = self.is("PRIMARY");
        let own = if primary { Side::Primary } else { Side::Standby };
        if primary && self.health_check.is_none() {
            faults.push("PRIMARY has no health check: it never gives way".to_owned());
        }
        if !primary && (self.health_check.is_some() || self.evaluates_target) {
            faults.push("SECONDARY can be taken away by its own health".to_owned());
        }
        if self.gives(own.other(), topology) && !self.gives(own, topology) {
            faults.push(format!("{} gives the address of the side {}", self.failover, own.other()));
        }
        faults
    }

    fn gives(&self, side: Side, topology: &Topology) -> bool {
        self.targets.contains(&plain(&super::place(topology, side).traffic_target))
    }
}

/// The latch object's public addresses: by bucket host name and by path.
pub fn latch_addresses(topology: &Topology) -> [String; 2] {
    let (bucket, key, _) = named(topology);
    let host = plain(&format!("s3.{}.amazonaws.com", topology.sides.standby.region));
    let key = key.trim_start_matches('/');
    [format!("{bucket}.{host}/{key}"), format!("{host}/{bucket}/{key}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latch(epoch: Option<u64>) -> Latch {
        Latch { etag: "\"e\"".to_owned(), epoch }
    }

    #[test]
    fn the_latch_is_created_only_where_none_is() {
        assert_eq!(next_move(None, Side::Standby, 7), Move::Create);
        let seen = latch(Some(7));
        assert_eq!(next_move(Some(&seen), Side::Standby, 7), Move::AlreadySo);
    }

    #[test]
    fn an_older_generation_is_replaced_by_condition() {
        for epoch in [Some(6), None] {
            let step = next_move(Some(&latch(epoch)), Side::Standby, 7);
            assert_eq!(step, Move::Replace("\"e\"".to_owned()), "{epoch:?}");
        }
    }

    #[test]
    fn a_newer_generation_is_never_undone() {
        for to in Side::BOTH {
            assert_eq!(next_move(Some(&latch(Some(8))), to, 7), Move::Newer(8));
        }
    }

    #[test]
    fn traffic_goes_home_when_the_object_is_gone() {
        assert_eq!(next_move(None, Side::Primary, 9), Move::AlreadySo);
        let step = next_move(Some(&latch(Some(7))), Side::Primary, 9);
        assert_eq!(step, Move::Delete("\"e\"".to_owned()));
    }

    #[test]
    fn the_body_carries_its_epoch_and_strangers_have_none() {
        assert_eq!(epoch_of(br#"{"schema":"drd.latch/1.0","active":"standby","epoch":7}"#), Some(7));
        assert_eq!(epoch_of(b"by hand"), None);
        assert_eq!(epoch_of(b""), None);
    }
}
