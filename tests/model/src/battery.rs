//! What is checked: the shipped protocol under several budgets of faults, and the same protocol with one
//! rule missing, which must be found.
//!
//! Every fault together would be too many states; each budget is small enough to be seen whole, and
//! together they pair each fault with each part of the story. Deliberately absent: the model.

use crate::model::{Met, Protocol, Variant};
use crate::report::{Ran, Until, check};
use crate::state::Budget;

/// Nothing goes wrong, and no time passes.
const NOTHING: Budget = Budget {
    losses: 0,
    copies: 0,
    crashes: 0,
    late: 0,
    releases: 0,
    lapses: 0,
    ages: 0,
    orders: 0,
};
/// A recovery during which a lease may run out once.
const RECOVERY: Budget = Budget {
    lapses: 1,
    ..NOTHING
};
/// The same, then the way back by an operator's order; the quarantine may run out once.
const WAY_BACK: Budget = Budget {
    ages: 1,
    orders: 1,
    ..RECOVERY
};
/// The same, with a request that gets no answer: after one lapse that is known, after the other it is
/// sent again. No quarantine runs out, so the first one may still land.
const LATE_REQUEST: Budget = Budget {
    losses: 1,
    lapses: 2,
    ages: 0,
    ..WAY_BACK
};
/// Healing follows a state through hundreds of moves: as many as keep a check within seconds.
const HEAL_ONE_IN: u64 = 1000;

struct Case {
    name: &'static str,
    budget: Budget,
    heal_one_in: u64,
    fences_fly: bool,
}

fn case(name: &'static str, budget: Budget) -> Case {
    Case {
        name,
        budget,
        heal_one_in: 0,
        fences_fly: false,
    }
}

/// What must hold in a recovery.
fn recoveries() -> Vec<Case> {
    let losing_one = |budget| Budget {
        losses: 1,
        ..budget
    };
    let crash = Budget {
        crashes: 1,
        ..RECOVERY
    };
    let copy = Budget {
        copies: 1,
        ..RECOVERY
    };
    let hand_over = Budget {
        releases: 1,
        ..crash
    };
    let late = Budget {
        late: 1,
        ..RECOVERY
    };
    let over_two = |budget| Budget {
        lapses: 2,
        ..budget
    };
    vec![
        Case {
            heal_one_in: HEAL_ONE_IN,
            ..case("a loss and a crash", losing_one(crash))
        },
        Case {
            heal_one_in: HEAL_ONE_IN / 10,
            ..case("a crash and a hand-over", hand_over)
        },
        Case {
            fences_fly: true,
            ..case("a loss, and a request twice", losing_one(copy))
        },
        case("a loss over two leases", over_two(losing_one(RECOVERY))),
        case("a crash over two leases", over_two(crash)),
        case("a late answer about the lease, over two", over_two(late)),
    ]
}

/// What must hold from a recovery to the way back.
fn ways_back() -> Vec<Case> {
    let budget = WAY_BACK;
    vec![
        case(
            "the way back, with a loss",
            Budget {
                losses: 1,
                ..budget
            },
        ),
        case("the way back, with a late request", LATE_REQUEST),
        case(
            "the way back, with a crash",
            Budget {
                crashes: 1,
                ..budget
            },
        ),
        case(
            "the way back, with a request twice",
            Budget {
                copies: 1,
                ..budget
            },
        ),
        case(
            "the way back, with a late answer about the lease",
            Budget { late: 1, ..budget },
        ),
    ]
}

/// What must be found.
fn broken() -> Vec<(Variant, Case)> {
    let (recovery, way_back) = (RECOVERY, WAY_BACK);
    let late = Budget {
        late: 1,
        lapses: 2,
        ..recovery
    };
    vec![
        (
            Variant::NoFencing,
            case(
                "WITHOUT a fencing token",
                Budget {
                    losses: 1,
                    ..recovery
                },
            ),
        ),
        (
            Variant::NoCheckBeforeSend,
            case("WITHOUT a look at the lease before the send", way_back),
        ),
        (
            Variant::NoQuarantine,
            case("WITHOUT a quarantine before the way back", LATE_REQUEST),
        ),
        (
            Variant::LeaseFromReceipt,
            case("WITH a lease counted from its answer", late),
        ),
        (
            Variant::ActBeforeAppend,
            case(
                "WITH acts before the ledger",
                Budget {
                    losses: 1,
                    ..recovery
                },
            ),
        ),
        (
            Variant::NoWait,
            case("WITH a takeover that does not wait", recovery),
        ),
    ]
}

fn run(variant: Variant, case: &Case, until: Until) -> Ran {
    let mut model = Protocol::new(variant, case.budget);
    model.heal_one_in = case.heal_one_in;
    model.fences_fly = case.fences_fly;
    check(case.name, model, until)
}

/// Runs everything. `report` receives each check as it ends. Gives what is wrong; nothing when all is
/// well.
pub fn run_all(report: &mut dyn FnMut(&Ran)) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut never_met: Vec<&str> = Met::ALL.iter().map(|(_, words)| *words).collect();
    for case in recoveries().into_iter().chain(ways_back()) {
        let ran = run(Variant::Shipped, &case, Until::End);
        report(&ran);
        if let Some(found) = ran.found.first() {
            wrong.push(format!("{}: {}", ran.name, found.rule));
        }
        if ran.cut_off {
            wrong.push(format!("{}: cut off", ran.name));
        }
        never_met.retain(|words| !ran.met.contains(words));
    }
    // A fault that never came about proves nothing.
    wrong.extend(never_met.iter().map(|words| format!("never met: {words}")));
    for (variant, case) in broken() {
        let ran = run(variant, &case, Until::FirstFound);
        report(&ran);
        if ran.found.is_empty() {
            wrong.push(format!("{}: not found", ran.name));
        }
    }
    wrong
}
