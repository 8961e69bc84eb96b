//! What answers mean, without a query.

use super::*;

fn given(addresses: &[&str], alias: Option<&str>) -> DnsAnswer {
    DnsAnswer {
        addresses: addresses
            .iter()
            .map(|a| a.parse().expect("an address"))
            .collect(),
        alias: alias.map(str::to_owned),
    }
}

fn named() -> [TrafficTarget; 2] {
    topology_targets(&crate::estate::side::tests::topology())
}

/// A recursive resolver that knows both targets.
fn answers(record: Option<DnsAnswer>) -> Answers {
    let targets = [&["10.0.0.1", "10.0.0.2"][..], &["10.1.0.1", "10.1.0.2"][..]];
    (record, targets.map(|t| Some(given(t, None))))
}

#[test]
fn all_that_answer_must_agree() {
    let new = answers(Some(given(&["10.1.0.2"], None)));
    let old = answers(Some(given(&["10.0.0.1"], None)));
    let silent = answers(None);
    let side = |all: &[Answers]| judge(all, &named());
    assert_eq!(side(&[new.clone(), silent.clone()]), Some(Side::Standby));
    assert_eq!(side(&[new.clone(), old.clone()]), None, "a stale resolver");
    assert_eq!(side(std::slice::from_ref(&old)), Some(Side::Primary));
    assert_eq!(side(&[silent]), None, "no answer");
    assert_eq!(side(&[]), None);
    let nothing = answers(Some(DnsAnswer::default()));
    assert_eq!(
        side(&[new, nothing]),
        None,
        "one answers that there is no such name"
    );
}

#[test]
fn a_resolver_that_does_not_answer_neither_gives_nor_denies_the_record() {
    let resolver = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let known = known_by(&[
        (resolver(1), answers(Some(given(&["10.0.0.1"], None)))),
        (resolver(2), answers(Some(DnsAnswer::default()))),
        (resolver(3), answers(None)),
    ]);
    assert_eq!(known.given_by, [resolver(1)].into());
    assert_eq!(known.denied_by, [resolver(2)].into());
}

#[test]
fn addresses_of_both_sides_at_once_are_of_neither() {
    let mixed = answers(Some(given(&["10.0.0.1", "10.1.0.1"], None)));
    assert_eq!(judge(&[mixed], &named()), None);
}

#[test]
fn sides_that_share_an_address_cannot_be_told_apart() {
    let one = TrafficTarget {
        name: None,
        addresses: given(&["10.9.0.1"], None).addresses,
    };
    let all = [(Some(given(&["10.9.0.1"], None)), [None, None])];
    assert_eq!(judge(&all, &[one.clone(), one]), None);
}

#[test]
fn an_authoritative_server_may_give_the_alias_alone() {
    let alias = "alb-standby-shop1-1.eu-central-2.elb.amazonaws.com";
    let all = [(Some(given(&[], Some(alias))), [None, None])];
    assert_eq!(judge(&all, &named()), Some(Side::Standby));
}

#[test]
fn the_zone_is_looked_for_from_the_record_upwards() {
    let expected = [
        "api.shop1.example.com.",
        "shop1.example.com.",
        "example.com.",
    ];
    assert_eq!(zones("api.shop1.example.com."), expected);
}
