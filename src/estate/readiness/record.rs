//! Whether resolvers know the record at all. A failover ends only when they give the new side, and a
//! name in a zone that its parent does not delegate is denied by every one of them, for ever.
//!
//! Deliberately absent: which side they give; traffic that moves is followed elsewhere.

use super::super::dns::RecordKnown;
use drd_bootstrap::checks::Judged;
use drd_bootstrap::topology::Topology;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// One denial is enough: users of that resolver would reach neither side. `known` is what the
/// resolvers answered, or why none is known.
pub(super) fn known(known: &Result<RecordKnown, String>, topology: &Topology) -> Judged {
    let record = topology.dns.record.trim_end_matches('.');
    match known {
        Err(why) => Judged::unknown(why, "list resolvers under [dns] resolvers"),
        Ok(known) if !known.denied_by.is_empty() => Judged::red(
            format!(
                "{} answers that there is no {record}",
                listed(&known.denied_by)
            ),
            "set the zone's NS records at its parent (registrar): `drd doctor` names them",
        ),
        Ok(known) if known.given_by.is_empty() => Judged::unknown(
            format!("no resolver answered about {record}"),
            "list resolvers that this host reaches under [dns] resolvers",
        ),
        Ok(known) => Judged::green(format!("{record} is given by {}", listed(&known.given_by))),
    }
}

fn listed(resolvers: &BTreeSet<SocketAddr>) -> String {
    let all: Vec<String> = resolvers.iter().map(SocketAddr::to_string).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_bootstrap::checks::Verdict;

    fn judged(given_by: &[u16], denied_by: &[u16]) -> Verdict {
        let at = |ports: &[u16]| {
            let address = |port: &u16| SocketAddr::from(([127, 0, 0, 1], *port));
            ports.iter().map(address).collect()
        };
        let answers = RecordKnown {
            given_by: at(given_by),
            denied_by: at(denied_by),
        };
        known(&Ok(answers), &crate::estate::side::tests::topology()).verdict()
    }

    #[test]
    fn one_resolver_that_denies_the_record_is_red_and_silence_is_unknown() {
        assert_eq!(judged(&[1, 2], &[]), Verdict::Green);
        assert_eq!(judged(&[1], &[2]), Verdict::Red);
        assert_eq!(judged(&[], &[2]), Verdict::Red);
        assert_eq!(judged(&[], &[]), Verdict::Unknown);
    }
}
