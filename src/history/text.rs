//! `drd history` as text: the ledger and its chain, the runs, the near misses, the time not armed.
//!
//! Deliberately absent: colour, and anything wider than 80 columns but a name that must be copied whole.

use super::runs::{Goal, RunOutcome, RunSummary};
use super::wrap::wrap;
use super::{History, LedgerExtent, NearMiss, PauseSpell, UnarmedSpell};
use crate::lengths::{clock, length};
use drd_state_machine::record::Operation;

const HEADING: &str = "RUN  BEGAN (UTC)          WHAT        BECAUSE            BY\n     \
    ENDED IN    TOOK, AND THE RTO      LOST, AND THE RPO        OUTCOME\n";

impl History {
    /// The text of `drd history`.
    pub fn table(&self) -> String {
        let mut out = ledger(&self.ledger);
        out.push('\n');
        if self.runs.is_empty() {
            out.push_str("No run: drd moved nothing.\n");
        } else {
            out.push_str(HEADING);
        }
        self.runs.iter().for_each(|run| out.push_str(&row(run)));
        out.push('\n');
        out.push_str(&misses(&self.near_misses));
        out.push_str(&pauses(&self.pauses));
        let more = ". Each time with its reason: drd history --armed";
        out.push_str(&wrap("", &format!("{}{more}", self.armed_line())));
        out
    }

    /// The text of `drd history --armed`.
    pub fn armed_table(&self) -> String {
        let mut out = ledger(&self.ledger);
        out.push('\n');
        out.push_str(&wrap("", &self.armed_line()));
        self.not_armed
            .iter()
            .for_each(|one| out.push_str(&unarmed(one)));
        out
    }

    fn armed_line(&self) -> String {
        let whole = self.armed_seconds + self.not_armed_seconds + self.unknown_seconds;
        let unknown = if self.unknown_seconds > 0.0 {
            format!("; not known for {}", length(self.unknown_seconds))
        } else {
            String::new()
        };
        let not_armed = length(self.not_armed_seconds);
        format!("Not armed {not_armed} of {}{unknown}", length(whole))
    }
}

/// `2026-11-22 03:11:08` of `2026-11-22T03:11:08.123Z`.
fn short(moment: &str) -> String {
    moment
        .chars()
        .take(19)
        .collect::<String>()
        .replace('T', " ")
}

fn ledger(of: &LedgerExtent) -> String {
    let same = match of.decided_otherwise {
        0 => "all decided again the same".to_owned(),
        other => format!("{other} DECIDED OTHERWISE by this drd (drd replay shows which)"),
    };
    let mut out = String::new();
    if of.simulated {
        out.push_str("SIMULATED: of a rehearsal or a demonstration, not of a real estate\n");
    }
    let torn = match of.torn_bytes {
        0 => String::new(),
        bytes => format!("; a torn last line of {bytes} bytes was left alone"),
    };
    out.push_str(&wrap("Ledger  ", &of.name));
    out.push_str(&wrap(
        "        ",
        &format!(
            "{} lines, chain whole from {} to {}, {} decisions, {same}{torn}",
            of.lines,
            short(&of.from),
            short(&of.to),
            of.decisions
        ),
    ));
    out
}

/// `2:58 of 5:00 met`.
fn took(run: &RunSummary) -> String {
    let objective = clock(run.rto_objective_seconds);
    match (run.detected_seconds, run.rto) {
        (Some(seconds), goal) => format!("{} of {objective} {}", clock(seconds), goal.words()),
        (None, Goal::Missed) => format!("RTO {objective} MISSED"),
        (None, Goal::Met | Goal::Unknown) => "-".to_owned(),
    }
}

/// `at most 30.4 s of 60 s met`.
fn lost(run: &RunSummary) -> String {
    if run.outcome != RunOutcome::Done {
        return "-".to_owned();
    }
    let objective = run.rpo_objective_seconds;
    match (run.operation, run.loss_at_most_seconds) {
        (Operation::Switchover, _) => format!("0 s of {objective} s met"),
        (Operation::Failover, Some(loss)) => {
            format!("<= {loss:.1} s of {objective} s {}", run.rpo.words())
        }
        (Operation::Failover, None) => "unknown".to_owned(),
    }
}

fn row(run: &RunSummary) -> String {
    let what = run.operation.name();
    let (because, by) = match &run.ordered_by {
        Some(by) => ("an order", by.words()),
        None => (run.diagnosis, "drd".to_owned()),
    };
    let began = short(&run.began_at);
    let first = format!("{:>3}  {began:<19}  {what:<10}  {because:<17}  ", run.run);
    let mut out = wrap(&first, &by);
    out.push_str(&format!(
        "     {:<10}  {:<21}  {:<23}  {}\n",
        run.ended_in.name(),
        took(run),
        lost(run),
        run.outcome.words()
    ));
    if let Some(held) = run.held_words() {
        out.push_str(&wrap("     held  ", &held));
    }
    out
}

fn misses(misses: &[NearMiss]) -> String {
    if misses.is_empty() {
        return "No near miss: no outage was suspected that drd did not act on.\n".to_owned();
    }
    let mut out = String::from("Near misses: an outage was suspected, and drd moved nothing.\n");
    for one in misses {
        out.push_str(&format!(
            "{:>3}  {:<19}  {:<17}  lasted {}\n",
            one.number,
            short(&one.began_at),
            one.diagnosis,
            length(one.seconds)
        ));
        if let Some(held) = &one.held {
            out.push_str(&wrap("     held     ", held));
        }
        for missing in &one.missing {
            out.push_str(&wrap("     missing  ", missing));
        }
        let ended = one.because.as_deref();
        out.push_str(&wrap(
            "     ended    ",
            ended.unwrap_or("not before the ledger ends"),
        ));
    }
    out
}

fn pauses(pauses: &[PauseSpell]) -> String {
    let mut out = String::new();
    if !pauses.is_empty() {
        out.push_str("Pauses: no run began by itself.\n");
    }
    pauses.iter().for_each(|one| out.push_str(&pause(one)));
    out
}

/// `26 h 0 min`, or `26 h 0 min so far`.
fn lasted(seconds: f64, ended_at: Option<&String>) -> String {
    let so_far = if ended_at.is_some() { "" } else { " so far" };
    format!("{}{so_far}", length(seconds))
}

fn pause(one: &PauseSpell) -> String {
    let first = format!("     {:<19}  ", short(&one.began_at));
    let text = format!(
        "paused {} by {}",
        lasted(one.seconds, one.ended_at.as_ref()),
        one.by.words()
    );
    wrap(&first, &text)
}

fn unarmed(one: &UnarmedSpell) -> String {
    let lasted = lasted(one.seconds, one.ended_at.as_ref());
    let first = format!(
        "{:<19}  {lasted:<14}  {:<10}  ",
        short(&one.began_at),
        one.kind.words()
    );
    wrap(&first, &one.because)
}
