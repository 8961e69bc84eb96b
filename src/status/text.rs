//! The status as text.
//!
//! Deliberately absent: colour. What is wrong is in the first line, and scripts read the JSON.

use super::screens;
use super::{
    IncidentStatus, LeaderStatus, LimitStatus, RuleVerdict, SideStatus, SignalStatus, StatusView,
};
use crate::lengths::{ago, length};
use drd_state_machine::Phase;
use drd_state_machine::event::Verdict;
use drd_state_machine::record::Operation;
use std::fmt::{self, Write};

impl StatusView {
    /// The first line of [`StatusView::table`], without its end: is it all right, and if not, who has to do what?
    pub fn headline(&self) -> String {
        headline(self)
    }

    /// The text of `drd status`: the first line answers the one question asked at 3 am.
    pub fn table(&self) -> String {
        table(self)
    }

    /// The text of `drd status --why`.
    pub fn why(&self) -> String {
        why(self)
    }
}

fn table(view: &StatusView) -> String {
    let mut out = format!("{}\n", headline(view));
    // Writing to a String cannot fail.
    let _ = write_rest(&mut out, view);
    out
}

fn why(view: &StatusView) -> String {
    let mut out = format!("{}\n\n", headline(view));
    let width = view
        .why
        .iter()
        .map(|reason| reason.code.len())
        .max()
        .unwrap_or(0);
    for reason in &view.why {
        let mark = match reason.verdict {
            RuleVerdict::Ok => "ok",
            RuleVerdict::No => "x",
            RuleVerdict::Unknown => "?",
        };
        out.push_str(&format!(
            "  {mark:<2} {:<width$}  {}\n",
            reason.code, reason.text
        ));
    }
    for reason in &view.not_armed_because {
        out.push_str(&format!("  x  {:<width$}  {reason}\n", "not armed"));
    }
    for LimitStatus { diagnosis, because } in &view.not_armed_for {
        out.push_str(&format!(
            "  !  {:<width$}  not armed for {diagnosis}: {because}\n",
            "limit"
        ));
    }
    out
}

fn headline(view: &StatusView) -> String {
    let active = view.sides.iter().find(|side| side.side == view.active_side);
    let region = active.map_or(String::new(), |side| format!(" ({})", side.region));
    let serving = format!("{} serves{region}", view.active_side);
    let since = format!("{} for {}", view.state, length(view.state_seconds));
    let (headword, rest) = match (view.state, &view.incident) {
        (Phase::Held, _) => {
            let reason = view.held.as_ref().map(|held| &held.reason);
            let text = reason.or(view.not_armed_because.first());
            (
                "HELD: a person must act".to_owned(),
                text.cloned().unwrap_or_default(),
            )
        }
        _ if view.stands_by() => {
            let leader = view.leader.as_ref().map(LeaderStatus::summary);
            ("STANDING BY".to_owned(), leader.unwrap_or_default())
        }
        (Phase::Exposed, _) => (
            "EXPOSED".to_owned(),
            format!("{serving}; no standby behind it yet{}", exposed(view)),
        ),
        (phase, Some(incident)) if phase.is_acting() && !incident.ended => {
            (phase.name().to_uppercase(), screens::acting(incident))
        }
        _ if view.paused => ("PAUSED".to_owned(), paused(view, &serving)),
        (Phase::Suspecting, _) if view.suspicion.is_some() => {
            let suspicion = view.suspicion.as_ref();
            let text = suspicion.map(|suspicion| screens::suspecting(view, suspicion));
            ("SUSPECTING".to_owned(), text.unwrap_or_default())
        }
        _ if view.armed => (view.armed_words().replacen("armed", "ARMED", 1), serving),
        _ => {
            let because = view.not_armed_because.first().map_or("", String::as_str);
            (
                "NOT ARMED".to_owned(),
                format!("drd would not fail over now: {because}; {serving}"),
            )
        }
    };
    format!("{}   {headword}   {rest}   {since}", view.suffix)
}

/// What stays so when a standby is back.
fn exposed(view: &StatusView) -> String {
    let dark = view.not_armed_for.iter();
    let names: Vec<&str> = dark.map(|limit| limit.diagnosis.as_str()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(", and then not armed for {}", names.join(", ")),
    }
}

fn paused(view: &StatusView, serving: &str) -> String {
    match &view.paused_until {
        Some(until) => format!("{serving}; drd does not act by itself until {until}"),
        None => format!("{serving}; drd does not act by itself until: drd resume"),
    }
}

fn write_rest(out: &mut String, view: &StatusView) -> fmt::Result {
    screens::write(out, view)?;
    let (side, region) = ("SIDE", "REGION");
    writeln!(
        out,
        "{side:<9}{region:<15}ROLE     DB           SERVING  DNS   OBSERVED"
    )?;
    for side in &view.sides {
        write_side(out, side)?;
    }
    write_replication(out, view)?;
    writeln!(out, "{}", screens::loss(view))?;
    if !view.eyes.is_empty() {
        writeln!(out, "{}", screens::eyes(view))?;
    }
    write_signals(out, &view.signals)?;
    writeln!(out, "Diagnosis {}.", view.diagnosis)?;
    if view.not_armed_because.len() > 1 || view.state.is_acting() {
        for reason in &view.not_armed_because {
            writeln!(out, "Not armed: {reason}.")?;
        }
    }
    for LimitStatus { diagnosis, because } in &view.not_armed_for {
        writeln!(out, "Not armed for {diagnosis}: {because}.")?;
    }
    if let Some(incident) = view.incident.as_ref().filter(|incident| incident.ended) {
        writeln!(out, "{}", last_run(incident))?;
    }
    if let Some(leader) = &view.leader {
        writeln!(out, "Lease: {}.", leader.summary())?;
    }
    writeln!(
        out,
        "Ledger {} at {}. drd {}, as of {}.",
        view.ledger.path, view.ledger.seq, view.version, view.as_of
    )
}

fn write_side(out: &mut String, side: &SideStatus) -> fmt::Result {
    let serving = side
        .serving
        .map_or("?".to_owned(), |count| count.to_string());
    let dns = match side.dns {
        Some(true) => "here",
        Some(false) => "-",
        None => "?",
    };
    let (name, region) = (side.side.name(), &side.region);
    let (role, database) = (&side.role, &side.database);
    let observed = ago(side.observed_age_seconds);
    writeln!(
        out,
        "{name:<9}{region:<15}{role:<9}{database:<13}{serving:<9}{dns:<6}{observed}"
    )
}

fn write_replication(out: &mut String, view: &StatusView) -> fmt::Result {
    let replication = &view.replication;
    let objective = format!("{:.0} s", replication.objective_seconds);
    match replication.lag_seconds {
        Some(lag) => {
            let age = ago(replication.sampled_age_seconds);
            writeln!(
                out,
                "Replication lag {lag:.1} s ({age}); objective {objective}."
            )
        }
        None => writeln!(
            out,
            "Replication lag unknown: no sample; objective {objective}."
        ),
    }
}

fn write_signals(out: &mut String, signals: &[SignalStatus]) -> fmt::Result {
    let that = |verdict| {
        signals
            .iter()
            .filter(move |signal| signal.verdict == verdict)
    };
    let unhealthy = that(Verdict::Unhealthy).count();
    let silent = that(Verdict::Unknown).count();
    writeln!(
        out,
        "Signals {unhealthy} of {} unhealthy, {silent} silent.",
        signals.len()
    )?;
    for signal in that(Verdict::Unhealthy) {
        let age = ago(signal.age_seconds);
        writeln!(
            out,
            "  unhealthy  {} ({}, {age})",
            signal.sensor,
            signal.vantage.name()
        )?;
    }
    for signal in that(Verdict::Unknown) {
        let age = ago(signal.age_seconds);
        writeln!(
            out,
            "  silent     {} ({}, {age})",
            signal.sensor,
            signal.vantage.name()
        )?;
    }
    Ok(())
}

fn last_run(incident: &IncidentStatus) -> String {
    let loss = match (incident.operation, incident.data_loss_seconds) {
        (Operation::Switchover, _) => "nothing lost".to_owned(),
        (Operation::Failover, None) => "loss unknown".to_owned(),
        (Operation::Failover, Some(loss)) => format!("lost at most {loss:.1} s"),
    };
    format!(
        "Last run {}: {} to {}, {}, {loss}. {}",
        incident.incident_id,
        incident.from,
        incident.to,
        length(incident.elapsed_seconds),
        incident.text
    )
}
