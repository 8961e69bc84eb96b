//! Outages that do not begin at one instant, over a grid of their times: blips before the death, and a
//! death in two steps. Every one must end with its users served, in time.
//!
//! `DRD_SEEDS` seeds a cell, 2 when absent; the README's are 100. Deliberately absent: single outages that
//! people had (`cases`), and random mixes (`soak`).

use crate::rehearsed;
use drd::lab::scenario::Scenario;
use std::fmt::Write as _;

/// The first fault begins when every sensor has reported.
const BEGINS_SECONDS: u32 = 180;
/// The RTO, and what a blip just before may add to it: a hold-down that begins anew, and the client's old
/// answer from DNS.
const CLIENT_SECONDS_MAX: u32 = 420;
/// The RTO, from the second death on.
const RTO_SECONDS: u32 = 300;

fn seeds() -> u64 {
    let given = std::env::var("DRD_SEEDS").ok();
    given.map_or(2, |text| text.parse().expect("DRD_SEEDS is a number"))
}

/// A scenario of faults at these seconds; one without an end is for good.
fn parsed(name: &str, faults: &[(u32, Option<u32>, &str)]) -> (String, Scenario) {
    let mut text = format!("name = \"{name}\"\nabout = \"{name}\"\nduration = \"30m\"\n");
    for (at, seconds, kind) in faults {
        let _ = write!(text, "\n[[fault]]\nat = \"{at}s\"\nkind = \"{kind}\"\n");
        if let Some(seconds) = seconds {
            let _ = writeln!(text, "for = \"{seconds}s\"");
        }
    }
    text.push_str("\n[expect]\noutcome = \"failed_over\"\n");
    let scenario = Scenario::parse(name, &text).unwrap_or_else(|error| panic!("{error:?}"));
    (text, scenario)
}

/// What is wrong on any seed: users not served in time, or a promise that was broken.
fn wrong(text: &str, scenario: &Scenario, client_seconds_max: u32) -> Vec<String> {
    let mut wrong = Vec::new();
    for seed in 1..=seeds() {
        let done = rehearsed(scenario, seed);
        let client = done.client_outage.as_secs_f64();
        let kept = done.violations.is_empty();
        if !kept || done.role_changes.is_empty() || client > f64::from(client_seconds_max) {
            wrong.push(format!(
                "seed {seed}: ends in {}, client {client} s of {client_seconds_max}, {} role changes, {} broken promises\n{text}",
                done.ended_in,
                done.role_changes.len(),
                done.violations.len(),
            ));
        }
    }
    wrong
}

fn none(wrong: &[String]) {
    let first = wrong.first().map_or("", String::as_str);
    assert!(
        wrong.is_empty(),
        "{} of them; the first: {first}",
        wrong.len()
    );
}

/// So many blips of 20 to 50 s with 30 to 120 s between them, then for good.
fn after_blips(kind: &str, blips: u32) -> Vec<String> {
    let mut all = Vec::new();
    for (blip, well) in (20..=50)
        .step_by(5)
        .flat_map(|b| (30..=120).step_by(15).map(move |w| (b, w)))
    {
        let begins = |n: u32| BEGINS_SECONDS + n * (blip + well);
        let mut faults: Vec<_> = (0..blips).map(|n| (begins(n), Some(blip), kind)).collect();
        faults.push((begins(blips), None, kind));
        let name = format!("{blips}-blips-{blip}-{well}");
        let (text, scenario) = parsed(&name, &faults);
        all.extend(wrong(&text, &scenario, CLIENT_SECONDS_MAX));
    }
    all
}

/// A part of the primary dies, and its region 0 to 300 s later.
fn in_two_steps(first: &str) -> Vec<String> {
    let mut all = Vec::new();
    for gap in (0..=300).step_by(10) {
        let faults = [
            (BEGINS_SECONDS, None, first),
            (BEGINS_SECONDS + gap, None, "region_dark"),
        ];
        let (text, scenario) = parsed(&format!("{first}-{gap}"), &faults);
        all.extend(wrong(&text, &scenario, gap + RTO_SECONDS));
    }
    all
}

#[test]
fn a_region_that_dies_after_blips_is_failed_over() {
    let all: Vec<_> = (1..=3)
        .flat_map(|n| after_blips("region_dark", n))
        .collect();
    none(&all);
}

#[test]
fn a_database_that_dies_after_blips_is_failed_over() {
    let all: Vec<_> = (1..=3)
        .flat_map(|n| after_blips("database_down", n))
        .collect();
    none(&all);
}

#[test]
fn a_region_that_dies_in_two_steps_is_failed_over() {
    let kinds = ["application_down", "edge_down", "database_down"];
    let all: Vec<_> = kinds.into_iter().flat_map(in_two_steps).collect();
    none(&all);
}
