//! The texts and the JSON of a status.
//!
//! Deliberately absent: HTTP; `crate::daemon::http` has its own tests.

mod screens;

use super::*;

fn eyes() -> Vec<EyeStatus> {
    [Vantage::Witness, Vantage::Route53, Vantage::Probe]
        .map(|vantage| EyeStatus {
            vantage,
            domain: vantage.domain().name().to_owned(),
            live: true,
            verdict: Verdict::Healthy,
            age_seconds: Some(9.0),
        })
        .to_vec()
}

/// An estate where all is well.
pub(crate) fn calm() -> StatusView {
    let side = |side: Side, region: &str, role: &str, dns| SideStatus {
        side,
        region: region.to_owned(),
        role: role.to_owned(),
        database: "available".to_owned(),
        serving: Some(6),
        dns: Some(dns),
        observed_age_seconds: Some(2.2),
    };
    let signal = |sensor: &str, vantage| SignalStatus {
        sensor: sensor.to_owned(),
        vantage,
        side: Side::Primary,
        verdict: Verdict::Healthy,
        age_seconds: Some(4.0),
    };
    StatusView {
        schema: SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        suffix: "shop1".to_owned(),
        as_of: "2026-11-22T08:12:00Z".to_owned(),
        state: Phase::Watching,
        state_seconds: 4_334_400.0,
        armed: true,
        not_armed_because: Vec::new(),
        not_armed_for: Vec::new(),
        paused: false,
        active_side: Side::Primary,
        diagnosis: "healthy".to_owned(),
        why: vec![
            RuleStatus {
                code: "quorum".to_owned(),
                verdict: RuleVerdict::No,
                text: "0 of 3".to_owned(),
            },
            RuleStatus {
                code: "rpo".to_owned(),
                verdict: RuleVerdict::Ok,
                text: "0.4 s".to_owned(),
            },
        ],
        sides: vec![
            side(Side::Primary, "eu-central-1", "writer", true),
            side(Side::Standby, "eu-central-2", "reader", false),
        ],
        heartbeat_age_seconds: Some(12.0),
        loss_bound_seconds: Some(30.4),
        replication: Replication {
            lag_seconds: Some(0.4),
            sampled_age_seconds: Some(11.0),
            objective_seconds: 60.0,
        },
        signals: vec![
            signal("witness-primary", Vantage::Witness),
            signal("probe-primary", Vantage::Probe),
        ],
        eyes: eyes(),
        suspicion: None,
        steps: Vec::new(),
        held: None,
        paused_until: None,
        incident: None,
        ledger: LedgerStatus {
            path: "/var/lib/drd/ledger.jsonl".to_owned(),
            seq: 812,
        },
        leader: None,
    }
}

pub(crate) fn running() -> IncidentStatus {
    IncidentStatus {
        incident_id: 3,
        operation: Operation::Failover,
        trigger: Trigger::Automatic,
        diagnosis: "region_dark".to_owned(),
        from: Side::Primary,
        to: Side::Standby,
        ended: false,
        elapsed_seconds: 102.0,
        rto_seconds: 300.0,
        data_loss_seconds: Some(0.4),
        text: "the standby is being promoted".to_owned(),
    }
}

fn denied() -> HeldStatus {
    HeldStatus {
        code: "denied".to_owned(),
        reason: "denied: rds:FailoverGlobalCluster".to_owned(),
        progress: "promotion: database pending, write pending, capacity done; traffic has not moved"
            .to_owned(),
        asks_again_seconds: Some(31.0),
        exits: "Ways out: drd asks for what is missing again and goes on by itself; drd resume or drd abandon"
            .to_owned(),
    }
}

fn step(name: &str, asked: Option<f64>) -> StepStatus {
    StepStatus {
        name: name.to_owned(),
        done: false,
        attempts: u32::from(asked.is_some()),
        asked_seconds: asked,
        accepted: true,
        asks_again_seconds: None,
    }
}

fn first_line(view: &StatusView) -> String {
    view.table().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_calm_estate_fits_into_eighty_columns() {
    let wanted = "\
shop1   ARMED   primary serves (eu-central-1)   watching for 50 d 4 h
SIDE     REGION         ROLE     DB           SERVING  DNS   OBSERVED
primary  eu-central-1   writer   available    6        here  2 s ago
standby  eu-central-2   reader   available    6        -     2 s ago
Replication lag 0.4 s (11 s ago); objective 60 s.
Loss, if it failed over now: at most 30.4 s; 60 s allowed.
Eyes 3 of 3: third region well 9 s | us-east-1 well 9 s | observer well 9 s.
Signals 0 of 2 unhealthy, 0 silent.
Diagnosis healthy.
Ledger /var/lib/drd/ledger.jsonl at 812. drd 0.1.0, as of 2026-11-22T08:12:00Z.
";
    assert_eq!(calm().table(), wanted);
    assert!(wanted.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn the_first_line_answers_whether_an_operator_must_act() {
    let why = "readiness engine_parity is red: 16.4 and 16.6".to_owned();
    let not_armed = StatusView {
        armed: false,
        not_armed_because: vec![why],
        ..calm()
    };
    assert_eq!(
        first_line(&not_armed),
        "shop1   NOT ARMED   drd would not fail over now: readiness engine_parity is red: 16.4 and \
         16.6; primary serves (eu-central-1)   watching for 50 d 4 h"
    );
    let acting = StatusView {
        state: Phase::Promoting,
        state_seconds: 31.0,
        incident: Some(running()),
        ..calm()
    };
    assert_eq!(
        first_line(&acting),
        "shop1   PROMOTING   primary to standby, 1:42 of 5:00 used   run 3   promoting for 31 s"
    );
    let held = StatusView {
        state: Phase::Held,
        held: Some(denied()),
        ..acting
    };
    assert_eq!(
        first_line(&held),
        "shop1   HELD: a person must act   denied: rds:FailoverGlobalCluster   held for 31 s"
    );
    let paused = StatusView {
        paused: true,
        armed: false,
        ..calm()
    };
    assert!(first_line(&paused).starts_with("shop1   PAUSED   "));
    let exposed = StatusView {
        state: Phase::Exposed,
        active_side: Side::Standby,
        ..calm()
    };
    let text = "shop1   EXPOSED   standby serves (eu-central-2); no standby behind it yet";
    assert!(first_line(&exposed).starts_with(text));
}

#[test]
fn what_drd_leaves_to_people_is_in_the_first_line_and_below_it_with_its_reason() {
    let limit = LimitStatus {
        diagnosis: "region_dark".to_owned(),
        because: "this daemon runs in the region of standby".to_owned(),
    };
    let armed = StatusView {
        active_side: Side::Standby,
        not_armed_for: vec![limit],
        ..calm()
    };
    let line = "shop1   ARMED, but not for region_dark   standby serves (eu-central-2)";
    assert!(first_line(&armed).starts_with(line), "{}", armed.table());
    let exposed = StatusView {
        state: Phase::Exposed,
        ..armed.clone()
    };
    let line = "no standby behind it yet, and then not armed for region_dark   exposed for";
    assert!(first_line(&exposed).contains(line), "{}", exposed.table());
    let below = "\nNot armed for region_dark: this daemon runs in the region of standby.\n";
    assert!(armed.table().contains(below) && exposed.table().contains(below));
    assert!(armed.why().contains("  not armed for region_dark: "));
    let json: serde_json::Value =
        serde_json::from_str(&armed.json().expect("is JSON")).expect("is JSON");
    assert_eq!(json["not_armed_for"][0]["diagnosis"], "region_dark");
}

#[test]
fn why_lists_each_rule_with_its_mark() {
    let because = vec!["replication lag before the onset is unknown".to_owned()];
    let view = StatusView {
        armed: false,
        not_armed_because: because,
        ..calm()
    };
    let rest = view
        .why()
        .lines()
        .skip(1)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .join("\n");
    let wanted = "\n  x  quorum  0 of 3\n  ok rpo     0.4 s\n  x  not armed  \
                  replication lag before the onset is unknown";
    assert_eq!(rest, wanted);
}

#[test]
fn scripts_read_the_names_of_the_schema() {
    let view = StatusView {
        incident: Some(running()),
        ..calm()
    };
    let json: serde_json::Value =
        serde_json::from_str(&view.json().expect("all figures are finite")).expect("is JSON");
    assert_eq!(json["schema"], "drd.status/1.0");
    assert_eq!(json["active_side"], "primary");
    assert_eq!(json["why"][0]["verdict"], "no");
    assert_eq!(json["signals"][0]["vantage"], "witness");
    assert_eq!(json["incident"]["operation"], "failover");
    assert_eq!(json["replication"]["lag_seconds"], 0.4);
    let back: StatusView = serde_json::from_value(json).expect("reads what it wrote");
    assert_eq!(back, view);
}

#[test]
fn what_is_silent_or_wrong_is_named() {
    let mut view = calm();
    view.signals[0].verdict = Verdict::Unhealthy;
    view.signals[1].verdict = Verdict::Unknown;
    view.signals[1].age_seconds = None;
    view.replication.lag_seconds = None;
    view.incident = Some(IncidentStatus {
        ended: true,
        data_loss_seconds: None,
        ..running()
    });
    let table = view.table();
    for line in [
        "  unhealthy  witness-primary (witness, 4 s ago)",
        "  silent     probe-primary (probe, never)",
        "Replication lag unknown: no sample; objective 60 s.",
        "Last run 3: primary to standby, 1 min 42 s, loss unknown. the standby is being promoted",
    ] {
        assert!(table.contains(line), "{line:?} in\n{table}");
    }
}

#[test]
fn a_switchover_that_ended_lost_nothing() {
    let view = StatusView {
        incident: Some(IncidentStatus {
            operation: Operation::Switchover,
            ended: true,
            ..running()
        }),
        ..calm()
    };
    let line = "Last run 3: primary to standby, 1 min 42 s, nothing lost.";
    assert!(view.table().contains(line), "{}", view.table());
}

fn follower(state: Phase) -> StatusView {
    StatusView {
        state,
        armed: false,
        not_armed_because: vec!["the ledger refuses".to_owned()],
        leader: Some(LeaderStatus {
            leads: false,
            owner: "host-1".to_owned(),
            fencing_token: 4,
            takeover_after_seconds: 15.018,
        }),
        ..calm()
    }
}

#[test]
fn a_follower_shows_who_leads_and_when_it_would_take_over() {
    let text = "host-1 leads, epoch 4; this daemon takes over once it was silent for 15.0 s";
    let view = follower(Phase::Promoting);
    assert_eq!(
        first_line(&view),
        format!("shop1   STANDING BY   {text}   promoting for 50 d 4 h")
    );
    assert!(view.is_ready() && view.table().contains(&format!("Lease: {text}.")));
}

#[test]
fn a_daemon_whose_ledger_refuses_is_shown_as_held_with_the_reason() {
    let view = follower(Phase::Held);
    assert!(!view.is_ready(), "it could not take over");
    assert!(first_line(&view).contains("HELD: a person must act   the ledger refuses"));
}

#[test]
fn ready_is_armed_or_acting() {
    assert!(calm().is_ready());
    let idle = StatusView {
        armed: false,
        ..calm()
    };
    assert!(!idle.is_ready());
    assert!(
        StatusView {
            state: Phase::Fencing,
            ..idle.clone()
        }
        .is_ready()
    );
    assert!(
        !StatusView {
            state: Phase::Held,
            ..idle
        }
        .is_ready()
    );
}
