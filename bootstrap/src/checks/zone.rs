//! The hosted zone: there, public, for this domain, and what resolvers are sent to.
//!
//! Deliberately absent: asking resolvers. The caller hands in their answers.

use super::check::{Judged, ReadResult, not_known, on};
use crate::aws::error::Class;
use std::collections::BTreeSet;

/// Reserved for private use, so it cannot be delegated (ICANN, 2024); bootstrap's default domain
/// ends so.
const PRIVATE_USE: &str = ".internal";

/// Whether a name cannot be delegated, whoever asks.
pub fn is_private_use(name: &str) -> bool {
    plain(name).ends_with(PRIVATE_USE)
}

/// What is judged of a hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// Its name, as Route 53 has it.
    pub name: String,
    /// Whether it answers inside VPCs only.
    pub private: bool,
    /// The servers that it was given.
    pub name_servers: Vec<String>,
}

/// Whether a zone that was named exists and can hold the estate's records.
pub fn usable(id: &str, domain: &str, zone: &ReadResult<Zone>) -> Judged {
    let zone = match zone {
        Ok(zone) => zone,
        Err(error) if error.class == Class::Gone => {
            return Judged::red(
                format!("there is no hosted zone {id} in this account"),
                "aws route53 list-hosted-zones names those there are; without one drd creates a zone",
            );
        }
        Err(error) => return not_known(error),
    };
    let (name, domain) = (plain(&zone.name), plain(domain));
    if zone.private {
        let remedy =
            "name a public zone: Route 53's health checks and users' resolvers are outside";
        return Judged::red(format!("{id} ({name}) is private"), remedy);
    }
    if domain != name && !domain.ends_with(&format!(".{name}")) {
        return Judged::red(
            format!("{domain} is not in {name}, which {id} is for"),
            format!("choose a domain that ends in {name}, or the zone of {domain}"),
        );
    }
    Judged::green(format!("{id} is for {name}"))
}

/// Whether resolvers are sent to the zone's own servers. `answered` are the name servers that
/// a resolver answers for the zone; `None` when none answered.
pub fn delegated(zone: &ReadResult<Zone>, answered: Option<&BTreeSet<String>>) -> Judged {
    on(zone, |zone| {
        let own: BTreeSet<String> = zone.name_servers.iter().map(|n| plain(n)).collect();
        let answered: Option<BTreeSet<String>> =
            answered.map(|all| all.iter().map(|n| plain(n)).collect());
        let (name, wanted) = (plain(&zone.name), listed(&own));
        let remedy = format!("set the NS records of {name} at its parent (registrar) to {wanted}");
        if is_private_use(&name) {
            return Judged::red(
                format!("{name} is a private-use name: no resolver can be sent to it"),
                "build with --domain NAME of a zone that can be delegated",
            );
        }
        match answered {
            None => Judged::unknown(
                format!("no resolver answered for the name servers of {name}"),
                "ask again, or from a host with DNS",
            ),
            Some(_) if own.is_empty() => Judged::unknown(
                format!("Route 53 lists no servers of {name}"),
                "compare them by hand",
            ),
            Some(answered) if answered == own => {
                Judged::green(format!("resolvers are sent to {wanted}"))
            }
            Some(answered) if answered.is_empty() => Judged::red(
                format!("{name} is not delegated: no resolver is sent to it"),
                remedy,
            ),
            // Some of them answer out of another zone: that many users never see a failover.
            Some(answered) => Judged::red(
                format!(
                    "resolvers are sent to {}, the zone's are {wanted}",
                    listed(&answered)
                ),
                remedy,
            ),
        }
    })
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(" ")
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::Verdict;
    use crate::checks::check::tests::{NOT_FOUND, SILENT, failed};

    fn zone(private: bool) -> ReadResult<Zone> {
        Ok(Zone {
            id: "Z1".to_owned(),
            name: "Example.com.".to_owned(),
            private,
            name_servers: vec![
                "ns-1.awsdns-01.org".to_owned(),
                "ns-2.awsdns-02.net.".to_owned(),
            ],
        })
    }

    #[test]
    fn a_zone_that_does_not_exist_is_refused() {
        let gone = Err(failed(NOT_FOUND));
        assert_eq!(
            usable("Z1", "shop.example.com", &gone).verdict(),
            Verdict::Red
        );
        let silent = Err(failed(SILENT));
        assert_eq!(
            usable("Z1", "shop.example.com", &silent).verdict(),
            Verdict::Unknown
        );
    }

    #[test]
    fn the_domain_must_lie_in_the_zone() {
        let of = |domain: &str| usable("Z1", domain, &zone(false)).verdict();
        assert_eq!(of("example.com"), Verdict::Green);
        assert_eq!(of("shop.example.com."), Verdict::Green);
        assert_eq!(of("example.org"), Verdict::Red);
        assert_eq!(of("badexample.com"), Verdict::Red, "not a label of its own");
        assert_eq!(
            usable("Z1", "example.com", &zone(true)).verdict(),
            Verdict::Red
        );
    }

    #[test]
    fn resolvers_must_be_sent_to_exactly_the_zones_servers() {
        let answered = |names: &[&str]| {
            let names: BTreeSet<String> = names.iter().map(|n| (*n).to_owned()).collect();
            delegated(&zone(false), Some(&names))
        };
        let right = answered(&["NS-2.awsdns-02.net.", "ns-1.awsdns-01.org."]);
        assert_eq!(right.verdict(), Verdict::Green);
        assert_eq!(answered(&["ns-1.awsdns-01.org"]).verdict(), Verdict::Red);
        let undelegated = answered(&[]);
        assert_eq!(undelegated.verdict(), Verdict::Red);
        assert!(undelegated.says("ns-1.awsdns-01.org ns-2.awsdns-02.net"));
        assert_eq!(delegated(&zone(false), None).verdict(), Verdict::Unknown);
    }

    #[test]
    fn a_private_use_name_is_red_because_no_failover_of_it_could_end() {
        let mut zone = zone(false).expect("a zone");
        zone.name = "shop1.drd.internal.".to_owned();
        let judged = delegated(&Ok(zone), None);
        assert_eq!(judged.verdict(), Verdict::Red);
        assert!(judged.says("--domain"));
    }
}
