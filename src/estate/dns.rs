//! What users resolve: each resolver is queried directly for where the record points.
//!
//! Deliberately absent: a cache of ours, the hosts file, and Route 53's API. The zone's name
//! servers are found by DNS itself, because a recovery must not wait for us-east-1 (S8).

mod answer;

pub use answer::{DnsAnswer, RecordKnown};

use super::dns_name::plain;
use super::side::configured;
use answer::{Answers, known_by};
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::Side;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{TokioResolver, system_conf};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Name servers of the zone that are queried: they hold the same data, two may be unreachable.
const ZONE_SERVERS_MAX: usize = 4;
/// The DNS port (RFC 1035), where an address has none.
const PORT: u16 = 53;

/// Where a side's traffic goes: its name, and every address that a resolver gave for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficTarget {
    /// The configured name, or nothing where an address is configured.
    pub name: Option<String>,
    /// Its addresses.
    pub addresses: BTreeSet<IpAddr>,
}

/// The resolvers of an estate: configured, or the host's own and the zone's name servers.
#[derive(Debug, Default)]
pub struct Resolvers {
    /// Kept once found: name servers of a zone do not move within a daemon's life.
    zone: OnceCell<Vec<SocketAddr>>,
}

impl Resolvers {
    /// The side whose address every answering resolver gives for the record. `None` while they
    /// disagree, when none answers, and when both sides share an address.
    pub async fn side_answered(&self, topology: &Topology, deadline: Duration) -> Option<Side> {
        let answers: Vec<Answers> = match self.ask_all(topology, deadline).await {
            Ok(all) => all.into_iter().map(|(_, answers)| answers).collect(),
            Err(why) => {
                tracing::warn!(%why, "no resolver is known: the record cannot be followed");
                return None;
            }
        };
        judge(&answers, &topology_targets(topology))
    }

    /// Which resolvers answer that the record has an address, and which that it has none.
    ///
    /// # Errors
    /// Why no resolver is known.
    pub async fn record_known(
        &self,
        topology: &Topology,
        deadline: Duration,
    ) -> Result<RecordKnown, String> {
        Ok(known_by(&self.ask_all(topology, deadline).await?))
    }

    async fn ask_all(
        &self,
        topology: &Topology,
        deadline: Duration,
    ) -> Result<Vec<(SocketAddr, Answers)>, String> {
        let mut queries = JoinSet::new();
        for resolver in self.known(topology, deadline).await? {
            let query = query_all(resolver, names(topology), deadline);
            queries.spawn(async move { (resolver, query.await) });
        }
        Ok(queries.join_all().await)
    }

    /// The resolvers to query: the configured ones, or the host's own and the zone's name servers.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn known(
        &self,
        topology: &Topology,
        deadline: Duration,
    ) -> Result<Vec<SocketAddr>, String> {
        if !topology.dns.resolvers.is_empty() {
            return configured_resolvers(topology, deadline).await;
        }
        let mut all = own()?;
        let found = self
            .zone
            .get_or_try_init(|| zone(&all, &topology.dns.record, deadline));
        // Without the zone's servers the host's own have to do; they are looked for again next
        // time. Two deadlines: the zone's servers, then their addresses.
        let zone = timeout(deadline * 2, found).await;
        all.extend(
            zone.into_iter()
                .flatten()
                .flatten()
                .copied()
                .collect::<Vec<_>>(),
        );
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// The side that every answer about the record fits, if there is exactly one.
fn judge(answers: &[Answers], configured: &[TrafficTarget; 2]) -> Option<Side> {
    let mut targets = configured.clone();
    for (_, about) in answers {
        for (target, given) in targets.iter_mut().zip(about) {
            let addresses = given.iter().flat_map(|g| &g.addresses);
            target.addresses.extend(addresses);
        }
    }
    let record: Vec<&DnsAnswer> = answers.iter().filter_map(|a| a.0.as_ref()).collect();
    let all_fit = |target: &TrafficTarget| record.iter().all(|given| fits(given, target));
    match [all_fit(&targets[0]), all_fit(&targets[1])] {
        _ if record.is_empty() => None,
        [true, false] => Some(Side::BOTH[0]),
        [false, true] => Some(Side::BOTH[1]),
        [true, true] | [false, false] => None,
    }
}

/// An authoritative server may give the alias alone; a recursive one gives addresses, of which a
/// load balancer shows a few at a time.
fn fits(given: &DnsAnswer, target: &TrafficTarget) -> bool {
    let by_name = given.alias.is_some() && given.alias == target.name;
    let by_address = !given.addresses.is_empty() && given.addresses.is_subset(&target.addresses);
    by_name || by_address
}

fn topology_targets(topology: &Topology) -> [TrafficTarget; 2] {
    Side::BOTH.map(|side| {
        let configured = &configured(topology, side).traffic_target;
        let address = configured.parse::<IpAddr>().ok();
        TrafficTarget {
            name: address.is_none().then(|| plain(configured)),
            addresses: address.into_iter().collect(),
        }
    })
}

/// The record and both targets' names; a literal address needs no question.
fn names(topology: &Topology) -> (String, [Option<String>; 2]) {
    (
        absolute(&topology.dns.record),
        topology_targets(topology).map(|t| t.name.map(|n| absolute(&n))),
    )
}

fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

async fn query_all(
    resolver: SocketAddr,
    (record, targets): (String, [Option<String>; 2]),
    deadline: Duration,
) -> Answers {
    let Some(client) = client(&[resolver], deadline) else {
        return (None, [None, None]);
    };
    let target = async |name: &Option<String>| match name {
        Some(name) => query(&client, name, deadline).await,
        None => None,
    };
    let (record, primary, standby) = tokio::join!(
        query(&client, &record, deadline),
        target(&targets[0]),
        target(&targets[1]),
    );
    (record, [primary, standby])
}

/// What a resolver answers for a name; `None` when it does not answer. "No such name" is an answer,
/// but only about addresses: a record that is an alias inside Route 53 has no CNAME.
async fn query(client: &TokioResolver, name: &str, deadline: Duration) -> Option<DnsAnswer> {
    let (v4, v6, alias) = tokio::join!(
        one(client, name, RecordType::A, deadline),
        one(client, name, RecordType::AAAA, deadline),
        one(client, name, RecordType::CNAME, deadline),
    );
    let answered = v4.is_some();
    let mut given = DnsAnswer::default();
    for (owner, data) in [v4, v6, alias].into_iter().flatten().flatten() {
        given.addresses.extend(data.ip_addr());
        if let RData::CNAME(target) = data
            && plain(&owner) == plain(name)
        {
            given.alias = Some(plain(&target.0.to_ascii()));
        }
    }
    (answered || given != DnsAnswer::default()).then_some(given)
}

async fn one(
    client: &TokioResolver,
    name: &str,
    kind: RecordType,
    deadline: Duration,
) -> Option<Vec<(String, RData)>> {
    match timeout(deadline, client.lookup(name, kind)).await {
        Ok(Ok(found)) => Some(
            found
                .answers()
                .iter()
                .map(|r| (r.name.to_ascii(), r.data.clone()))
                .collect(),
        ),
        Ok(Err(error)) => is_denial(&error).then(Vec::new),
        Err(_) => None,
    }
}

/// Whether there is no such record. A resolver that could not find out (SERVFAIL, REFUSED) has not
/// denied it.
fn is_denial(error: &NetError) -> bool {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
        return false;
    };
    [ResponseCode::NXDomain, ResponseCode::NoError].contains(&none.response_code)
}

/// A client of exactly these resolvers. Two datagrams within the deadline, no cache, no hosts file.
fn client(resolvers: &[SocketAddr], deadline: Duration) -> Option<TokioResolver> {
    let servers = resolvers.iter().map(|resolver| {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        connections
            .iter_mut()
            .for_each(|c| c.port = resolver.port());
        NameServerConfig::new(resolver.ip(), true, connections)
    });
    let mut builder = TokioResolver::builder_with_config(
        ResolverConfig::from_name_servers(servers.collect()),
        TokioRuntimeProvider::default(),
    );
    *builder.options_mut() = options(deadline);
    builder.build().ok()
}

fn options(deadline: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    // Half the deadline each, a little less so that the second answer still arrives in time.
    options.timeout = deadline.mul_f64(0.45);
    options.attempts = 1;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.preserve_intermediates = true;
    options
}

async fn configured_resolvers(
    topology: &Topology,
    deadline: Duration,
) -> Result<Vec<SocketAddr>, String> {
    let mut found = Vec::new();
    for text in &topology.dns.resolvers {
        found.push(address_of(text, deadline).await?);
    }
    Ok(found)
}

/// The host's own resolvers, read anew: DHCP may have changed them.
fn own() -> Result<Vec<SocketAddr>, String> {
    let (own, _) = system_conf::read_system_conf().map_err(|e| e.to_string())?;
    let found: Vec<SocketAddr> = own
        .name_servers()
        .iter()
        .map(|s| SocketAddr::new(s.ip, s.connections.first().map_or(PORT, |c| c.port)))
        .collect();
    if found.is_empty() {
        Err("the host has no resolver".to_owned())
    } else {
        Ok(found)
    }
}

/// `host:port`, or a host whose port is 53.
async fn address_of(text: &str, deadline: Duration) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    let named = if text.contains(':') {
        text.to_owned()
    } else {
        format!("{text}:{PORT}")
    };
    let found = timeout(deadline, tokio::net::lookup_host(&named))
        .await
        .map_err(|_| format!("resolver {text}: its name was not resolved in time"))?;
    found
        .map_err(|e| format!("resolver {text}: {e}"))?
        .next()
        .ok_or_else(|| format!("resolver {text}: its name has no address"))
}

/// The name servers of the nearest zone above the record, resolved by the host's own resolvers.
/// An error when there are none (a private zone's do not answer), so that it is tried again.
async fn zone(own: &[SocketAddr], record: &str, deadline: Duration) -> Result<Vec<SocketAddr>, ()> {
    let client = client(own, deadline).ok_or(())?;
    for zone in zones(record) {
        let servers = one(&client, &zone, RecordType::NS, deadline)
            .await
            .ok_or(())?;
        let mut found = Vec::new();
        for (_, data) in servers.iter().take(ZONE_SERVERS_MAX) {
            if let RData::NS(name) = data {
                let given = query(&client, &name.0.to_ascii(), deadline).await;
                let first = given.and_then(|g| g.addresses.into_iter().next());
                found.extend(first.map(|ip| SocketAddr::new(ip, PORT)));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(())
}

/// The record's name and its parents, down to two labels: no zone of ours is a top-level domain.
fn zones(record: &str) -> Vec<String> {
    let name = absolute(record);
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    (0..labels.len().saturating_sub(1))
        .map(|skip| absolute(&labels[skip..].join(".")))
        .collect()
}

/// The name servers of a zone, as the configured resolvers or the host's own give them: the first
/// that answers. `None` when none does; empty when there is no such zone. The zone's own servers
/// are not queried: they would confirm themselves.
pub async fn name_servers(
    topology: &Topology,
    zone: &str,
    deadline: Duration,
) -> Option<BTreeSet<String>> {
    let resolvers = match topology.dns.resolvers.is_empty() {
        true => own(),
        false => configured_resolvers(topology, deadline).await,
    };
    let client = client(&resolvers.ok()?, deadline)?;
    let query = client.lookup(absolute(zone), RecordType::NS);
    match timeout(deadline, query).await.ok()? {
        Ok(found) => {
            let mut names = BTreeSet::new();
            for record in found.answers() {
                if let RData::NS(name) = &record.data {
                    names.insert(plain(&name.0.to_ascii()));
                }
            }
            Some(names)
        }
        Err(error) => is_denial(&error).then(BTreeSet::new),
    }
}

#[cfg(test)]
mod tests;
