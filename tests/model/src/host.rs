//! What a process is beside its engine: it carries news to it, and looks at the gate before a
//! request leaves.
//!
//! Deliberately absent: decisions, what is durable when, which the shipped engine has; and the calls
//! about the lease (`lease_calls`).

use crate::brief::Standing;
use crate::engines::{News, Reaction, RecordId};
use crate::estate::{Act, How};
use crate::judge::Fault;
use crate::model::{Doubt, Fate, Met, Protocol, Variant};
use crate::moves;
use crate::state::{Awaited, Flight, Process, State, add};
use crate::turn::LineFate;
use drd::engine::port::Gate;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::Side;

/// What a daemon's engine is.
pub fn standing(m: &Protocol, s: &State, who: usize) -> Option<Standing> {
    s.process(who).map(|p| m.engines.standing(p.engine))
}

/// A process starts, and reads the lease.
pub fn start(m: &Protocol, s: &mut State, who: usize) {
    s.daemons[who] = Some(Process {
        engine: m.engines.started(who, s.now),
        gate: None,
        awaited: None,
        pending: Vec::new(),
        silent: Vec::new(),
    });
}

/// Gives news to a daemon and carries out what follows, in the shipped order: a command leaves
/// when its decision is durable.
pub fn give(m: &Protocol, s: &mut State, who: usize, news: News, doubt: Doubt) {
    let Some(process) = s.process(who) else {
        return;
    };
    let (engine, before) = (process.engine, m.engines.standing(process.engine));
    let lines = line_fate(m, s, &before, doubt);
    if m.variant == Variant::ActBeforeAppend {
        let decided = m
            .engines
            .react(engine, s.now, news.clone(), LineFate::Durable);
        send_ahead(m, s, who, &decided.commands);
    }
    let reaction = m.engines.react(engine, s.now, news, lines);
    keep_lines(m, s, before.token, &reaction, doubt);
    go_on(m, s, who, &before, &reaction);
    let term = standing(m, s, who).and_then(|now| now.term);
    for command in &reaction.commands {
        if standing(m, s, who).and_then(|now| now.term) == term {
            take(m, s, who, command);
        }
    }
}

fn line_fate(m: &Protocol, s: &State, daemon: &Standing, doubt: Doubt) -> LineFate {
    let newest = s.store.row.as_ref().map(|row| row.fencing_token);
    if daemon.token != newest && m.fences_lines() {
        return LineFate::Refused;
    }
    match doubt {
        Doubt::None => LineFate::Durable,
        Doubt::Deaf | Doubt::Late => LineFate::InDoubt,
    }
}

fn keep_lines(m: &Protocol, s: &mut State, token: Option<u64>, r: &Reaction, doubt: Doubt) {
    if r.refused {
        m.meet(Met::StaleLineRefused);
    }
    let Some(token) = token else { return };
    if let Some(record) = r.durable {
        write(s, token, record);
    }
    let Some(after) = r.in_doubt else { return };
    s.left.losses -= 1;
    match doubt {
        Doubt::None | Doubt::Deaf => write(s, token, after),
        Doubt::Late => s.send(Flight::Line {
            token,
            before: s.store.record,
            after,
        }),
    }
}

/// The process after a turn of its engine.
fn go_on(m: &Protocol, s: &mut State, who: usize, before: &Standing, r: &Reaction) {
    if r.stopped {
        return s.forget(who);
    }
    let after = m.engines.standing(r.after);
    let Some(process) = s.process_mut(who) else {
        return;
    };
    process.engine = r.after;
    match r.gate {
        Some(Gate::OpenUntil(until)) => process.gate = Some(m.engines.model_time(until)),
        Some(Gate::Closed) => process.gate = None,
        None => {}
    }
    let over = before.term.is_some() && after.term != before.term;
    process.awaited = match &r.call {
        Some((call, ask)) => Some(Awaited::of(*call, ask)),
        None => process.awaited.filter(|_| !over),
    };
    if over {
        s.end_term(who);
    }
}

/// A line lands.
pub fn write(s: &mut State, token: u64, after: RecordId) {
    let row = s.store.row.as_ref();
    if row.is_some_and(|row| row.fencing_token != token) {
        s.wrong.note(Fault::StaleLine);
    }
    if token < s.store.line_token {
        s.wrong.note(Fault::TokenBack);
    }
    s.store.line_token = token;
    s.store.record = after;
}

fn act_of(command: &Command) -> Act {
    let side = match command {
        Command::Promote { to, .. }
        | Command::Switchover { to, .. }
        | Command::Redirect { to, .. } => *to,
        Command::Fence { side, .. }
        | Command::Scale { side, .. }
        | Command::ProveWrite { side, .. }
        | Command::Prescale { side, .. }
        | Command::ScaleBack { side, .. } => *side,
        // Never asked for as an attempt.
        Command::Page { .. } => Side::Primary,
    };
    Act {
        kind: command.kind(),
        side,
        incident_id: command.incident_id(),
        attempt: command.attempt(),
        write: None,
    }
}

/// A command that came with a durable decision. What only ever raises a group, and what only
/// asks, is over at once: it bears on nothing that is checked here.
fn take(m: &Protocol, s: &mut State, who: usize, command: &Command) {
    let act = act_of(command);
    match act.kind {
        Kind::Promote | Kind::Switchover | Kind::Fence | Kind::Redirect => {
            if let Some(process) = s.process_mut(who) {
                add(&mut process.pending, act);
            }
            if act.kind == Kind::Fence && !m.fences_fly {
                at_once(m, s, who, &act);
            }
        }
        Kind::Scale => {
            let how = if may_send(m, s, who) {
                s.estate.arrives(&act)
            } else {
                How::Unknown
            };
            ended(m, s, who, &act, how);
        }
        Kind::ProveWrite => {
            let how = if s.estate.writable(act.side) {
                How::Done
            } else {
                How::Unknown
            };
            ended(m, s, who, &act, how);
        }
        Kind::Prescale | Kind::ScaleBack | Kind::Page => ended(m, s, who, &act, How::Done),
    }
}

/// A fence that is over as soon as it is asked for: one thing less on the wire.
fn at_once(m: &Protocol, s: &mut State, who: usize, act: &Act) {
    let place = s
        .process(who)
        .and_then(|p| p.pending.binary_search(act).ok());
    if let Some(place) = place {
        perform(m, s, who, place);
    }
    let flown =
        |f: &Flight| matches!(f, Flight::Act { by: Some(by), act: a } if *by == who && a == act);
    if let Some(at) = s.wire.iter().position(flown) {
        moves::arrive(m, s, at, Fate::Answered);
    }
}

/// The broken order: requests leave, then the decision is written down.
fn send_ahead(m: &Protocol, s: &mut State, who: usize, commands: &[Command]) {
    for act in commands.iter().map(act_of) {
        let leaves = matches!(act.kind, Kind::Promote | Kind::Switchover | Kind::Redirect);
        if let (true, true, Ok(act)) = (leaves, may_send(m, s, who), s.estate.looked(act)) {
            s.send(Flight::Act { by: None, act });
        }
    }
}

/// An attempt ended, and its daemon receives that.
pub fn ended(m: &Protocol, s: &mut State, who: usize, act: &Act, how: How) {
    let news = News::Ended {
        kind: act.kind,
        incident_id: act.incident_id,
        attempt: act.attempt,
        how,
    };
    give(m, s, who, news, Doubt::None);
}

/// Whether the gate is open.
pub fn gate_is_open(s: &State, who: usize) -> bool {
    s.process(who)
        .and_then(|p| p.gate)
        .is_some_and(|until| s.now < until)
}

fn may_send(m: &Protocol, s: &State, who: usize) -> bool {
    let checked = match m.variant {
        Variant::NoFencing | Variant::NoCheckBeforeSend => false,
        Variant::Shipped
        | Variant::NoQuarantine
        | Variant::LeaseFromReceipt
        | Variant::ActBeforeAppend
        | Variant::NoWait => true,
    };
    !checked || gate_is_open(s, who)
}

/// Carries out one command: look, then the gate, then send.
pub fn perform(m: &Protocol, s: &mut State, who: usize, at: usize) {
    let Some(process) = s.process_mut(who) else {
        return;
    };
    let act = process.pending.remove(at);
    match s.estate.looked(act) {
        Err(how) => ended(m, s, who, &act, how),
        Ok(_) if !may_send(m, s, who) => {
            m.meet(Met::StaleSendRefused);
            ended(m, s, who, &act, How::Unknown);
        }
        Ok(act) => s.send(Flight::Act { by: Some(who), act }),
    }
}

/// Whether an operator has a reason to give the order: all is well, and both sides are there. From
/// the last command of a recovery to that moment minutes pass, and an attempt ends within 15 s:
/// this daemon's own are over and so are copies of what was answered, whatever got no answer.
pub fn may_be_ordered(m: &Protocol, s: &State, who: usize) -> bool {
    let (Some(process), Some(daemon)) = (s.process(who), standing(m, s, who)) else {
        return false;
    };
    let copy = |f: &Flight| matches!(f, Flight::Copy { .. });
    let over = process.pending.is_empty() && process.silent.is_empty() && !s.waits(who);
    let reason = daemon
        .brief
        .is_some_and(|brief| brief.state == "watching" && brief.run.is_some());
    daemon.leads && over && reason && !s.wire.iter().any(copy) && s.estate.connected
}

/// An operator's order.
pub fn ordered(m: &Protocol, s: &mut State, who: usize) {
    s.left.orders -= 1;
    let incident = |s: &State| {
        standing(m, s, who)
            .and_then(|d| d.brief)
            .map(|b| b.incident_id)
    };
    let before = incident(s);
    give(m, s, who, News::OrderedBack, Doubt::None);
    if before.is_some() && before == incident(s) {
        m.meet(Met::QuarantineClosed);
    }
}

/// A story that came back to where it began.
pub fn note_failback(m: &Protocol, s: &State, who: usize) {
    let brief = standing(m, s, who).and_then(|daemon| daemon.brief);
    if brief.is_some_and(|b| {
        b.active == Side::Primary && b.run.is_some_and(|r| !r.open && r.to == Side::Primary)
    }) {
        m.meet(Met::FailedBack);
    }
}

/// Whether a leader that is well has nothing to do at this moment: it waits.
pub fn is_idle(m: &Protocol, s: &State, who: usize) -> bool {
    let Some(process) = s.process(who) else {
        return true;
    };
    let looked = News::Looked(s.estate);
    let after = m
        .engines
        .react(process.engine, s.now, looked, LineFate::Durable);
    process.pending.is_empty() && process.silent.is_empty() && after.after == process.engine
}

/// Whether a leader is in a state in which it may remain.
pub fn rests(m: &Protocol, s: &State, who: usize) -> bool {
    let brief = standing(m, s, who).and_then(|daemon| daemon.brief);
    brief.is_some_and(|brief| brief.is_declared())
}
