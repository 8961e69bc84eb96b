//! What is typed in a demonstration, as a fault of the lab or a wish.
//!
//! Deliberately absent: carrying it out.

use crate::lab::scenario::{Fault, FaultKind, Scenario};

/// What is wanted.
#[derive(Debug)]
pub enum DemoWord {
    /// A fault begins.
    Break(Box<Fault>),
    /// Faults of this kind end; all when absent.
    Heal(Option<FaultKind>),
    /// The daemon's status.
    Status,
    /// What can be typed.
    Help,
    /// The end.
    Quit,
    /// An empty line.
    Nothing,
}

/// What can be typed.
pub const HELP: &str = "\
break region-dark | database | application | edge | witness    what fails, of the side primary
break lag 45s | capacity 2 | deny FailoverGlobalCluster        the replica is late, no instances, no permission
break KIND [key=value ...]     any kind and key of a scenario file: break edge-down side=standby for=5m
heal [KIND]                    it is over; without a kind everything
status                         as drd status
quit                           the end; nothing is left behind
Everything else in another shell: drd status, drd pause, drd switchover, drd failover, curl ...";

/// Short names of what is broken most.
const SHORT: [(&str, &str); 5] = [
    ("database", "database-down"),
    ("application", "application-down"),
    ("edge", "edge-down"),
    ("witness", "witness-silent"),
    ("region", "region-dark"),
];

/// Kinds that strike what is real here: this process, this host, this disk.
const REAL: [FaultKind; 10] = [
    FaultKind::DaemonCrash,
    FaultKind::DaemonFreeze,
    FaultKind::SecondDaemon,
    FaultKind::ClockJump,
    FaultKind::HostClock,
    FaultKind::LedgerDown,
    FaultKind::LedgerReplaced,
    FaultKind::FsyncHangs,
    FaultKind::LogSinkHangs,
    FaultKind::Operator,
];

/// Reads one line.
///
/// # Errors
/// What is wrong with it, and what would do.
pub fn read(line: &str) -> Result<DemoWord, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => Ok(DemoWord::Nothing),
        ["break", kind, rest @ ..] => breaks(kind, rest),
        ["heal"] => Ok(DemoWord::Heal(None)),
        ["heal", kind] => kind_of(kind).map(|kind| DemoWord::Heal(Some(kind))),
        ["status"] => Ok(DemoWord::Status),
        ["help"] => Ok(DemoWord::Help),
        ["quit" | "exit"] => Ok(DemoWord::Quit),
        [other, ..] => Err(format!("{other} is no word here. help lists them")),
    }
}

fn full(kind: &str) -> String {
    let short = SHORT.iter().find(|(short, _)| *short == kind);
    short.map_or(kind, |(_, full)| full).replace('-', "_")
}

fn kind_of(kind: &str) -> Result<FaultKind, String> {
    let name = full(kind);
    let found = FaultKind::ALL.into_iter().find(|k| k.name() == name);
    found.ok_or_else(|| format!("no kind of fault is called {kind}. help lists some"))
}

fn breaks(kind: &str, rest: &[&str]) -> Result<DemoWord, String> {
    let (kind, keys) = match (kind, rest) {
        ("lag", [lag]) => ("replication_lag".to_owned(), vec![("lag", *lag)]),
        ("capacity", [n]) => ("capacity_shortage".to_owned(), vec![("available", *n)]),
        ("deny", [operation]) => ("permission_denied".to_owned(), denied(operation)),
        _ => (kind_of(kind)?.name().to_owned(), pairs(rest)?),
    };
    let fault = fault(&kind, &keys)?;
    if REAL.contains(&fault.kind) {
        return Err(format!(
            "{kind} strikes what is real here: this process, its host, its ledger. Use the shell (kill -9), or \
             rehearse it: drd gameday run"
        ));
    }
    Ok(DemoWord::Break(Box::new(fault)))
}

fn denied(operation: &str) -> Vec<(&'static str, &str)> {
    let service = match operation {
        "FailoverGlobalCluster" | "SwitchoverGlobalCluster" | "DescribeGlobalClusters" => "rds",
        "UpdateAutoScalingGroup" => "autoscaling",
        "DescribeAlarms" => "cloudwatch",
        _ => "s3",
    };
    vec![("service", service), ("operation", operation)]
}

fn pairs<'a>(rest: &[&'a str]) -> Result<Vec<(&'a str, &'a str)>, String> {
    let pair = |word: &&'a str| {
        let found = word.split_once('=');
        found.ok_or_else(|| format!("{word} is no key=value, such as for=5m or side=standby"))
    };
    rest.iter().map(pair).collect()
}

/// By the reader of scenario files, with its checks and its errors.
fn fault(kind: &str, keys: &[(&str, &str)]) -> Result<Fault, String> {
    let mut text = format!(
        "name = \"demo\"\nabout = \"typed\"\nduration = \"24h\"\n[expect]\noutcome = \"no_action\"\n[[fault]]\nat = \"1s\"\nkind = \"{kind}\"\n"
    );
    for (key, value) in keys {
        let bare = value.parse::<f64>().is_ok();
        let value = if bare {
            (*value).to_owned()
        } else {
            format!("\"{value}\"")
        };
        text.push_str(&format!("{key} = {value}\n"));
    }
    let scenario = Scenario::parse("demo", &text).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })?;
    scenario
        .faults
        .into_iter()
        .next()
        .ok_or_else(|| "no fault".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_state_machine::event::Side;
    use drd_state_machine::time::Span;

    fn broken(line: &str) -> Fault {
        match read(line) {
            Ok(DemoWord::Break(fault)) => *fault,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_help_lists_can_be_typed() {
        for (line, kind) in [
            ("break region-dark", FaultKind::RegionDark),
            ("break database", FaultKind::DatabaseDown),
            ("break application", FaultKind::ApplicationDown),
            ("break edge", FaultKind::EdgeDown),
            ("break witness", FaultKind::WitnessSilent),
            (
                "break deny FailoverGlobalCluster",
                FaultKind::PermissionDenied,
            ),
        ] {
            assert_eq!(broken(line).kind, kind, "{line}");
        }
        assert_eq!(broken("break lag 45s").lag, Some(Span::secs(45)));
        assert_eq!(broken("break capacity 2").available, Some(2));
        let edge = broken("break edge-down side=standby for=5m");
        assert_eq!(
            (edge.side, edge.lasts),
            (Some(Side::Standby), Some(Span::secs(300)))
        );
        assert!(matches!(read("heal"), Ok(DemoWord::Heal(None))));
        assert!(matches!(
            read("heal edge"),
            Ok(DemoWord::Heal(Some(FaultKind::EdgeDown)))
        ));
        assert!(matches!(read("  "), Ok(DemoWord::Nothing)));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_would_do() {
        for (line, part) in [
            ("destroy", "help lists them"),
            ("break nothing", "no kind of fault is called nothing"),
            ("break replication-lag", "needs `lag`"),
            ("break edge standby", "no key=value"),
            ("break daemon-crash", "kill -9"),
            ("heal everything", "no kind of fault"),
            (
                "break sensor-wrong sensor=x verdict=healthy",
                "no sensor is called x",
            ),
        ] {
            let error = match read(line) {
                Err(error) => error,
                other => panic!("{line}: {other:?}"),
            };
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
