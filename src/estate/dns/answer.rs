//! What resolvers answered, and which of them know the record at all.
//!
//! Deliberately absent: asking them, and whose side they give; `dns` does both.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// What one resolver answered for one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsAnswer {
    /// Addresses, followed through aliases.
    pub addresses: BTreeSet<IpAddr>,
    /// The name it is an alias (CNAME) of.
    pub alias: Option<String>,
}

/// One resolver's answers: about the record, and about both sides' targets.
pub(super) type Answers = (Option<DnsAnswer>, [Option<DnsAnswer>; 2]);

/// Who answered about the record; a resolver that did not answer is in neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordKnown {
    /// Resolvers that gave an address or an alias.
    pub given_by: BTreeSet<SocketAddr>,
    /// Resolvers that answered that there is none.
    pub denied_by: BTreeSet<SocketAddr>,
}

pub(super) fn known_by(answers: &[(SocketAddr, Answers)]) -> RecordKnown {
    let mut known = RecordKnown::default();
    for (resolver, (record, _)) in answers {
        match record {
            Some(given) if *given == DnsAnswer::default() => known.denied_by.insert(*resolver),
            Some(_) => known.given_by.insert(*resolver),
            None => false,
        };
    }
    known
}
