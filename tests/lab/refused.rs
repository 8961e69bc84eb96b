//! How a wrong scenario file is refused, and what a right one may ask for.
//!
//! Deliberately absent: how the built-in ones come out (`rehearsals`).

use crate::{Folder, rehearsed};
use drd::lab::scenario::{Outcome, builtin};
use drd::lab::soak::scenario;
use drd::report::Report;

const GOOD: &str = "name = \"mine\"
about = \"One of my own.\"
duration = \"20m\"
[expect]
outcome = \"failed_over\"
[[fault]]
at = \"60s\"
kind = \"region_dark\"
";

/// What drd prints about the good scenario with `old` replaced by `new`, as a person reads it.
fn refusal(folder: &Folder, old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "the sample does not hold {old}");
    let path = folder.file("mine.toml", GOOD.replace(old, new));
    let error = match builtin::find(&path.to_string_lossy()) {
        Ok(scenario) => panic!("{new:?} was accepted: {scenario:?}"),
        Err(error) => error,
    };
    let mut text = format!("{error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    let folder = folder.path().to_string_lossy().into_owned();
    assert!(text.contains(&folder), "the file is not named: {text}");
    text.replace(&folder, "[folder]").trim_end().to_owned()
}

#[test]
fn a_scenario_of_ones_own_is_rehearsed() {
    let folder = Folder::new("own-scenario");
    let path = folder.file("mine.toml", GOOD);
    let scenario = builtin::find(&path.to_string_lossy()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(rehearsed(&scenario, 1).outcome, Outcome::FailedOver);
}

const EXPECTS: &str = "outcome = \"failed_over\"";
const DARK: &str = "kind = \"region_dark\"";
/// What is wrong, and how the good scenario becomes it.
const WRONG: [(&str, &str, &str); 43] = [
    ("a typo in a key", "about =", "abuot ="),
    ("a typo in a kind", "region_dark", "region_drak"),
    (
        "a typo in a fault's key",
        DARK,
        "kind = \"region_dark\"\nsied = \"primary\"",
    ),
    ("a typo in the outcome", "failed_over", "failed_ovr"),
    ("a missing parameter", DARK, "kind = \"replication_lag\""),
    ("a missing duration", "duration = \"20m\"\n", ""),
    ("an unknown state", "\"60s\"", "\"step:promotin\""),
    (
        "an unknown sensor",
        DARK,
        "kind = \"single_sensor_false\"\nsensor = \"witnes-primary\"",
    ),
    (
        "an unknown operation",
        DARK,
        "kind = \"reply_lost\"\noperation = \"FailoverGlobalClusters\"",
    ),
    (
        "an unknown service",
        DARK,
        "kind = \"api_throttle\"\nservice = \"rsd\"",
    ),
    ("a negative duration", "\"20m\"", "\"-20m\""),
    ("a negative time", "\"60s\"", "\"-60s\""),
    (
        "a fault that ends before it begins",
        DARK,
        "kind = \"region_dark\"\nfor = \"-10s\"",
    ),
    ("a duration without a unit", "\"20m\"", "\"20\""),
    (
        "a rate that is no share",
        DARK,
        "kind = \"events_lost\"\nrate = 1.5",
    ),
    (
        "a third daemon",
        DARK,
        "kind = \"second_daemon\"\n[[fault]]\nat = \"9s\"\nkind = \"second_daemon\"",
    ),
    (
        "a follower where there is none",
        DARK,
        "kind = \"daemon_crash\"\ndaemon = \"follower\"",
    ),
    (
        "a daemon that nobody knows",
        DARK,
        "kind = \"daemon_crash\"\ndaemon = \"third\"",
    ),
    (
        "a daemon where none is struck",
        DARK,
        "kind = \"region_dark\"\ndaemon = \"leader\"",
    ),
    (
        "an alarm that flaps without end",
        DARK,
        "kind = \"alarm_flap\"\nperiod = \"0s\"",
    ),
    (
        "a group larger than memory",
        DARK,
        "kind = \"capacity_changed\"\nmin = 4000000000\ndesired = 4000000000",
    ),
    (
        "copies without end",
        DARK,
        "kind = \"events_duplicated\"\ncopies = 100000",
    ),
    (
        "a copy that is the message itself",
        DARK,
        "kind = \"events_duplicated\"\ncopies = 1",
    ),
    ("no time", DARK, "kind = \"region_dark\"\nfor = \"0s\""),
    (
        "a promotion that fails no times",
        DARK,
        "kind = \"promotion_fails\"\ntimes = 0",
    ),
    (
        "a share of nothing",
        DARK,
        "kind = \"events_lost\"\nrate = 0",
    ),
    (
        "a throttle without a share",
        DARK,
        "kind = \"api_throttle\"\nservice = \"rds\"",
    ),
    (
        "a clock that jumps nowhere",
        DARK,
        "kind = \"clock_jump\"\nby = \"0s\"",
    ),
    (
        "a latency of nothing",
        DARK,
        "kind = \"api_latency\"\nlatency = \"0s\"",
    ),
    (
        "a shortage of nothing",
        DARK,
        "kind = \"capacity_shortage\"\navailable = 7",
    ),
    (
        "a false sensor that is right",
        DARK,
        "kind = \"single_sensor_false\"\nsensor = \"witness-primary\"\nverdict = \"healthy\"",
    ),
    (
        "a share of a dark region",
        DARK,
        "kind = \"region_dark\"\nrate = 0.5",
    ),
    ("rows of an alarm", DARK, "kind = \"alarm_flap\"\nrows = 5"),
    (
        "a sensor of an alarm",
        DARK,
        "kind = \"alarm_flap\"\nsensor = \"witness-primary\"",
    ),
    (
        "a side of a throttle",
        DARK,
        "kind = \"api_throttle\"\nrate = 0.5\nside = \"primary\"",
    ),
    ("a fault when it is over", "\"60s\"", "\"20m\""),
    (
        "a clock that is right",
        "at = \"60s\"\nkind = \"region_dark\"",
        "at = \"0s\"\nkind = \"host_clock\"\nby = \"0s\"",
    ),
    (
        "a negative objective",
        EXPECTS,
        "outcome = \"failed_over\"\nrto = \"-5s\"",
    ),
    (
        "a negative wait",
        EXPECTS,
        "outcome = \"failed_over\"\nclient = \"-5s\"",
    ),
    (
        "armed when it is over",
        EXPECTS,
        "outcome = \"failed_over\"\narmed = [{ at = \"19m\", for = \"2m\", is = true }]",
    ),
    (
        "armed for no time",
        EXPECTS,
        "outcome = \"failed_over\"\narmed = [{ at = \"1m\", for = \"0s\", is = true }]",
    ),
    (
        "served when it is over",
        EXPECTS,
        "outcome = \"failed_over\"\nserved = [{ at = \"19m\", for = \"2m\" }]",
    ),
    ("no scenario at all", GOOD, "{}"),
];

#[test]
fn a_wrong_scenario_is_refused_with_the_file_and_what_to_do() {
    let folder = Folder::new("wrong-scenarios");
    let told: Vec<String> = WRONG
        .iter()
        .map(|(what, old, new)| format!("# {what}\n{}\n", refusal(&folder, old, new)))
        .collect();
    insta::assert_snapshot!("refused-scenarios", told.join("\n"));
}

#[test]
fn what_a_soak_draws_a_file_may_have() {
    for seed in 0..20_000 {
        let mut drawn = scenario(seed);
        // A moment that a soak draws has a `for` that nothing reads.
        for fault in &mut drawn.faults {
            let moment = !fault.kind.keys().contains(&"for");
            fault.lasts = fault.lasts.filter(|_| !moment);
        }
        assert_eq!(drawn.problem(), None, "seed {seed}");
    }
}

#[test]
fn a_fault_whose_state_is_never_entered_is_not_as_expected() {
    let folder = Folder::new("never-struck");
    let late = "[[fault]]\nat = \"step:switching\"\nkind = \"daemon_crash\"\n";
    let path = folder.file("mine of mine.toml", format!("{GOOD}{late}"));
    let scenario = builtin::find(&path.to_string_lossy()).unwrap_or_else(|e| panic!("{e}"));
    let report = Report::new(&scenario, 3, &rehearsed(&scenario, 3));
    assert!(!report.as_expected && !report.passed);
    let text = report.summary();
    let wanted =
        "NOT AS EXPECTED fault 2 (daemon_crash) never struck: the state switching was not entered";
    assert!(text.contains(wanted), "{text}");
    let again = format!("drd gameday run '{}' --seed 3", path.display());
    assert!(text.contains(&again), "{text}");
}

#[test]
fn users_who_are_not_served_when_they_must_be_are_not_as_expected() {
    let unmet = |served: &str| {
        let folder = Folder::new("served");
        let expects = format!("{EXPECTS}\nserved = [{{ {served} }}]");
        let path = folder.file("mine.toml", GOOD.replace(EXPECTS, &expects));
        let scenario = builtin::find(&path.to_string_lossy()).unwrap_or_else(|e| panic!("{e}"));
        let report = Report::new(&scenario, 1, &rehearsed(&scenario, 1));
        report.summary()
    };
    // The region is dark from 60 s on, and the other side serves within 300 s.
    let summary = unmet("at = \"360s\", for = \"14m\"");
    assert!(summary.starts_with("PASSED"), "{summary}");
    let summary = unmet("at = \"1s\", for = \"61s\"");
    let wanted =
        "NOT AS EXPECTED a client was not served all the time from 1 s to 62 s: not from 6";
    assert!(summary.contains(wanted), "{summary}");
}
