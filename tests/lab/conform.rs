//! Every ledger that a rehearsal writes conforms to what must hold in every ledger, and a ledger in which one
//! rule is broken by hand is found by that rule.
//!
//! Deliberately absent: whether its lines are whole (`ledger`), and deciding again (`replay`).

use crate::ledger::{entries_of, write};
use crate::{Folder, rehearsed};
use drd::lab::scenario::{FaultKind, Scenario, builtin};
use drd::lab::soak::scenario;
use drd::ledger::{Deviation, Entry, LedgerRule, conform};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Event, Side, Verdict};
use drd_state_machine::policy::Policy;
use drd_state_machine::record::{Record, Trigger, Unanswered};
use drd_state_machine::time::Span;
use drd_state_machine::{Decision, Phase};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A ledger that people replaced by an older one of itself starts again in the middle.
fn is_whole(scenario: &Scenario) -> bool {
    let mut faults = scenario.faults.iter();
    !faults.any(|fault| fault.kind == FaultKind::LedgerReplaced)
}

fn deviations(scenario: &Scenario, seed: u64) -> Vec<Deviation> {
    conform(&rehearsed(scenario, seed).entries)
}

#[test]
fn every_built_in_scenario_writes_a_ledger_that_conforms() {
    for scenario in builtin::all()
        .expect("scenarios")
        .iter()
        .filter(|s| is_whole(s))
    {
        for seed in 1..=3 {
            assert_eq!(
                deviations(scenario, seed),
                [],
                "{} seed {seed}",
                scenario.name
            );
        }
    }
}

#[test]
fn a_thousand_random_mixes_of_faults_write_ledgers_that_conform() {
    let whole = (0..1_300)
        .map(|seed| (seed, scenario(seed)))
        .filter(|(_, s)| is_whole(s));
    let mut ledgers = 0;
    for (seed, scenario) in whole {
        ledgers += 1;
        assert_eq!(deviations(&scenario, seed), [], "seed {seed}");
    }
    assert!(ledgers >= 1_000, "only {ledgers} ledgers");
}

type IsIt = fn(&Decision) -> bool;
type Change = fn(&mut Decision, &mut Record, &mut Event);

/// The ledger of a scenario with one decided line changed: the first that `of` holds for.
fn changed(scenario: &str, of: IsIt, change: Change) -> Vec<Entry> {
    let mut entries = entries_of(scenario);
    let place = entries
        .iter()
        .position(|entry| matches!(entry, Entry::Decided { decision, .. } if of(decision)));
    let place = place.unwrap_or_else(|| panic!("{scenario} has no such line"));
    if let Entry::Decided {
        decision,
        before,
        event,
        ..
    } = &mut entries[place]
    {
        change(decision, Arc::make_mut(before), event);
    }
    entries
}

fn has(decision: &Decision, kind: Kind) -> bool {
    decision
        .commands
        .iter()
        .any(|command| command.kind() == kind)
}

fn broken(scenario: &str, of: IsIt, change: Change) -> BTreeSet<LedgerRule> {
    let found = conform(&changed(scenario, of, change));
    found.into_iter().map(|deviation| deviation.rule).collect()
}

/// One way to break each rule: which line of which scenario, and what is changed in it.
const BROKEN: [(LedgerRule, &str, IsIt, Change); 11] = [
    (
        LedgerRule::Continuity,
        "region-dark",
        |d| d.to == Phase::Suspecting,
        |d, _, _| d.to = Phase::Exposed,
    ),
    (
        LedgerRule::IncidentNumber,
        "region-dark",
        |d| has(d, Kind::Promote),
        |_, before, _| before.facts.incident_id += 7,
    ),
    (
        LedgerRule::ClaimedBefore,
        "region-dark",
        |d| has(d, Kind::Promote),
        |_, before, _| before.facts.incident = None,
    ),
    (
        LedgerRule::RoleState,
        "region-dark",
        |d| has(d, Kind::Promote),
        |d, _, _| d.to = Phase::Watching,
    ),
    (
        LedgerRule::Attempts,
        "promotion-fails-once",
        |d| {
            d.commands
                .iter()
                .any(|c| c.kind() == Kind::Promote && c.attempt() > 1)
        },
        |d, _, _| {
            for command in &mut d.commands {
                if let Command::Promote { attempt, .. } = command {
                    *attempt = 1;
                }
            }
        },
    ),
    (
        LedgerRule::Restraint,
        "region-dark",
        |d| d.to == Phase::Fencing,
        |_, before, _| before.facts.paused = true,
    ),
    (
        LedgerRule::Loss,
        "region-dark",
        |d| has(d, Kind::Promote),
        |_, before, _| {
            if let Some(incident) = &mut before.facts.incident {
                incident.loss = Some(Span::secs(61));
            }
        },
    ),
    (
        LedgerRule::Opposite,
        "region-dark",
        |d| has(d, Kind::Promote),
        |_, before, _| {
            before.facts.unanswered = Some(Unanswered {
                to: Side::Primary,
                until: before.facts.now,
            });
        },
    ),
    (
        LedgerRule::ProvenWrite,
        "region-dark",
        |d| has(d, Kind::Redirect),
        |_, before, event| {
            *event = Event::Tick;
            if let Some(incident) = &mut before.facts.incident {
                incident.proven_at = None;
            }
        },
    ),
    (
        LedgerRule::Paged,
        "lag-over-rpo",
        |d| d.to == Phase::Held && d.from != Phase::Held,
        |d, _, _| d.commands.clear(),
    ),
    (
        LedgerRule::Reason,
        "region-dark",
        |d| d.to == Phase::Suspecting,
        |d, _, _| d.because = "".into(),
    ),
];

type Forge = fn(&mut Vec<Entry>);

/// The place of the line that first asks for a promotion.
fn promotes_at(entries: &[Entry]) -> usize {
    let is = |entry: &Entry| matches!(entry, Entry::Decided { decision, .. } if has(decision, Kind::Promote));
    entries.iter().position(is).expect("a promotion")
}

/// The events of the lines before the first promotion.
fn events_before(entries: &mut [Entry]) -> impl Iterator<Item = &mut Event> {
    let until = promotes_at(entries);
    entries[..=until]
        .iter_mut()
        .filter_map(|entry| match entry {
            Entry::Opened { .. } => None,
            Entry::Noted { event, .. } | Entry::Decided { event, .. } => Some(event),
        })
}

fn with_policy(entries: &mut [Entry], change: fn(&mut Policy)) {
    for entry in entries {
        if let Entry::Opened { setup, .. } = entry {
            change(&mut Arc::make_mut(setup).policy);
        }
    }
}

/// A whole ledger made again by somebody who can seal it: what is forged, and the rule that finds it.
const FORGED: [(&str, LedgerRule, Forge); 9] = [
    ("no line", LedgerRule::Opening, Vec::clear),
    ("no first line", LedgerRule::Opening, |lines| {
        lines.remove(0);
    }),
    ("an hour back", LedgerRule::Clock, |lines| {
        let from = promotes_at(lines);
        for entry in &mut lines[from..] {
            let (Entry::Opened { now, .. } | Entry::Noted { now, .. } | Entry::Decided { now, .. }) =
                entry;
            *now = *now - Span::secs(3600);
        }
    }),
    ("every verdict healthy", LedgerRule::Quorum, |lines| {
        for event in events_before(lines) {
            if let Event::Signalled(signal) = event {
                signal.verdict = Verdict::Healthy;
            }
        }
    }),
    ("no reading at all", LedgerRule::Quorum, |lines| {
        for event in events_before(lines) {
            if let Event::Signalled(_) = event {
                *event = Event::Tick;
            }
        }
    }),
    ("a quorum of three", LedgerRule::Quorum, |lines| {
        with_policy(lines, |policy| policy.quorum = 3);
    }),
    ("a hold-down of ten minutes", LedgerRule::Quorum, |lines| {
        with_policy(lines, |policy| policy.hold_down = Span::secs(600));
    }),
    ("an order that nobody gave", LedgerRule::Quorum, |lines| {
        for entry in lines {
            if let Entry::Decided { before, .. } = entry
                && let Some(incident) = &mut Arc::make_mut(before).facts.incident
            {
                incident.trigger = Trigger::Operator;
            }
        }
    }),
    (
        "a promotion of the side that serves",
        LedgerRule::Direction,
        |lines| {
            for entry in lines {
                let Entry::Decided { decision, .. } = entry else {
                    continue;
                };
                for command in &mut decision.commands {
                    if let Command::Promote { to, .. } = command {
                        *to = Side::Primary;
                    }
                }
            }
        },
    ),
];

#[test]
fn a_ledger_that_was_forged_as_a_whole_is_found_by_its_rule() {
    let conforms = |(what, rule, forge): (&'static str, LedgerRule, Forge)| {
        let mut entries = entries_of("region-dark");
        forge(&mut entries);
        let found = conform(&entries).iter().any(|d| d.rule == rule);
        (!found).then_some(what)
    };
    let missed: Vec<&str> = FORGED.into_iter().filter_map(conforms).collect();
    assert_eq!(missed, [""; 0], "what is forged and not found");
}

#[test]
fn a_ledger_in_which_the_active_side_changes_without_a_cause_is_found() {
    let mut entries = entries_of("blip-of-43-seconds");
    let last = entries.iter_mut().rev().find_map(|entry| match entry {
        Entry::Decided { before, .. } => Some(before),
        Entry::Opened { .. } | Entry::Noted { .. } => None,
    });
    Arc::make_mut(last.expect("a decision")).facts.active = Side::Standby;
    let found: Vec<String> = conform(&entries).iter().map(ToString::to_string).collect();
    let wanted = "direction: standby serves instead of primary, and no line shows why";
    assert!(found.iter().any(|text| text.contains(wanted)), "{found:?}");
}

#[test]
fn a_ledger_in_which_a_rule_is_broken_by_hand_is_found_by_that_rule() {
    let mut shown: BTreeSet<LedgerRule> = BROKEN.iter().map(|(rule, ..)| *rule).collect();
    shown.extend(FORGED.iter().map(|(_, rule, _)| *rule));
    assert_eq!(
        shown.len(),
        LedgerRule::ALL.len(),
        "each rule is broken once"
    );
    for (rule, scenario, of, change) in BROKEN {
        let found = broken(scenario, of, change);
        assert!(found.contains(&rule), "{}: found {found:?}", rule.name());
    }
}

#[test]
fn replay_conform_names_the_line_and_ends_with_1() {
    let folder = Folder::new("conform");
    let (whole, wrong) = (folder.path().join("whole"), folder.path().join("wrong"));
    write(&whole, &entries_of("region-dark"));
    let promotes = |d: &Decision| has(d, Kind::Promote);
    let change: Change = |_, before, _| before.facts.incident = None;
    write(&wrong, &changed("region-dark", promotes, change));
    let drd = |path: &std::path::Path| {
        let words = ["replay", "--conform"];
        let mut drd = std::process::Command::new(env!("CARGO_BIN_EXE_drd"));
        let done = drd.args(words).arg(path).output().expect("drd runs");
        let text = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8(text).expect("text"))
    };
    let (code, text) = drd(&whole);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("lines conform to all 15 rules\n"), "{text}");
    let empty = folder.file("empty", "");
    let (code, text) = drd(&empty);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("has no whole line"), "{text}");
    let (code, text) = drd(&wrong);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("claimed before: promote of incident 1"),
        "{text}"
    );
}
