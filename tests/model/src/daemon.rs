//! A daemon's own moves: looking at the lease, beginning a term, deciding, sending. The rules of
//! the lease are `drd::lease`, the decisions `drd::conductor`.
//!
//! Deliberately absent: what becomes of a request once it has left.

use crate::estate::{Act, How};
use crate::judge::Fault;
use crate::model::{Doubt, Fate, Met, NAMES, Protocol, Variant};
use crate::moves;
use crate::spine::{Id, News};
use crate::state::{Daemon, Flight, Leader, State, add};
use drd::lease::{Claim, Row, Term, Watch};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::Side;

/// Every follower that is not frozen looks at the row. One that is looks later, which only makes
/// its wait longer.
pub fn watch(s: &mut State) {
    let (row, now) = (s.store.row.as_ref(), s.now);
    for (daemon, name) in s.daemons.iter_mut().zip(NAMES) {
        if let Daemon::Follower(watch) = daemon {
            let _ = watch.look(row, name, now);
        }
    }
}

/// Whether a follower may take the lease now.
pub fn may_take(m: &Protocol, s: &State, who: usize) -> bool {
    let Daemon::Follower(watch) = &s.daemons[who] else {
        return false;
    };
    let claim = watch.clone().look(s.store.row.as_ref(), NAMES[who], s.now);
    claim == Claim::Take || m.variant == Variant::NoWait
}

/// A follower takes the lease. A late answer is on its way instead.
pub fn take_lease(m: &Protocol, s: &mut State, who: usize, late: bool) {
    let row = Row::taken(s.store.row.as_ref(), NAMES[who], m.terms.lease);
    s.store.row = Some(row.clone());
    s.drop_answers(who);
    if late {
        s.left.late -= 1;
        answer_later(s, who, &row);
    } else {
        let sent_at = s.now;
        s.daemons[who] = Daemon::Elected(Term { row, sent_at });
    }
    depose(m, s);
}

/// Whatever one who no longer leads remembers, its lines are refused and so nothing comes of it:
/// states that differ in nothing else are one.
fn depose(m: &Protocol, s: &mut State) {
    if !m.fences_lines() {
        return;
    }
    let newest = s.store.row.as_ref().map(|row| row.epoch);
    let first = m.spine.first;
    for daemon in &mut s.daemons {
        if let Daemon::Leader(leader) = daemon
            && Some(leader.term.row.epoch) != newest
        {
            leader.record = first;
        }
    }
}

fn answer_later(s: &mut State, to: usize, row: &Row) {
    let (epoch, version, sent_at) = (row.epoch, row.version, s.now);
    s.send(Flight::Answer {
        to,
        epoch,
        version,
        sent_at,
    });
}

/// A leader renews; the answer is on its way.
pub fn renew_late(s: &mut State, who: usize) {
    if let Some(row) = renewed(s, who) {
        s.left.late -= 1;
        answer_later(s, who, &row);
    }
}

/// Writes the row on, if it is this daemon's.
pub fn renewed(s: &mut State, who: usize) -> Option<Row> {
    let epoch = epoch_of(s, who)?;
    let row = s.store.row.as_mut()?;
    if row.owner != NAMES[who] || row.epoch != epoch || row.released {
        return None;
    }
    *row = row.renewed();
    Some(row.clone())
}

fn epoch_of(s: &State, who: usize) -> Option<u64> {
    match &s.daemons[who] {
        Daemon::Leader(Leader { term, .. }) | Daemon::Elected(term) => Some(term.row.epoch),
        Daemon::Down | Daemon::Follower(_) => None,
    }
}

/// The answer about the lease arrives.
pub fn answered(m: &Protocol, s: &mut State, answer: Term, to: usize) {
    let Term { row, sent_at } = answer;
    let sent_at = if m.variant == Variant::LeaseFromReceipt {
        s.now
    } else {
        sent_at
    };
    match &mut s.daemons[to] {
        Daemon::Leader(Leader { term, .. }) | Daemon::Elected(term) => term.renewed(row, sent_at),
        Daemon::Follower(_) => s.daemons[to] = Daemon::Elected(Term { row, sent_at }),
        Daemon::Down => {}
    }
}

/// Reads the ledger and begins the term: the first line is conditional on it like any other.
pub fn begin(m: &Protocol, s: &mut State, who: usize) {
    let Daemon::Elected(term) = &s.daemons[who] else {
        return;
    };
    let brief = m.spine.brief(s.store.record);
    if brief.state == "promoting" && term.row.epoch > 1 {
        m.meet(Met::TakeoverInPromotion);
    }
    let leader = Leader {
        term: term.clone(),
        record: s.store.record,
        pending: Vec::new(),
        silent: Vec::new(),
    };
    s.daemons[who] = Daemon::Leader(leader);
    tell(m, s, who, News::Started, Doubt::None);
}

/// Tells a leader something: it decides, writes down, and only then begins.
pub fn tell(m: &Protocol, s: &mut State, who: usize, news: News, doubt: Doubt) {
    let Some(leader) = s.leader(who) else { return };
    let told = m.spine.conduct(leader.record, s.now, news);
    if m.variant == Variant::ActBeforeAppend {
        send_ahead(m, s, who, &told.commands);
    }
    let kept = match told.durable {
        // Nothing is written, so nothing is in doubt.
        None => true,
        Some(id) => append(m, s, who, id, doubt),
    };
    if !kept {
        s.forget(who, Daemon::Follower(Watch::default()));
        return;
    }
    if let Some(leader) = s.leader_mut(who) {
        leader.record = told.after;
    }
    for command in &told.commands {
        take(m, s, who, command);
    }
}

/// Whether the line is durable and its writer knows.
fn append(m: &Protocol, s: &mut State, who: usize, after: Id, doubt: Doubt) -> bool {
    let (Some(epoch), Some(row)) = (epoch_of(s, who), &s.store.row) else {
        return false;
    };
    let before = s.store.record;
    let leads = row.epoch == epoch;
    match doubt {
        Doubt::None => {}
        Doubt::Deaf => s.left.losses -= 1,
        Doubt::Late => {
            s.left.losses -= 1;
            s.send(Flight::Line {
                epoch,
                before,
                after,
            });
            return false;
        }
    }
    if !leads && m.fences_lines() {
        m.meet(Met::StaleLineRefused);
        return false;
    }
    write(s, epoch, after);
    doubt == Doubt::None
}

/// A line lands.
pub fn write(s: &mut State, epoch: u64, after: Id) {
    if s.store.row.as_ref().is_some_and(|row| row.epoch != epoch) {
        s.wrong.note(Fault::StaleLine);
    }
    if epoch < s.store.line_epoch {
        s.wrong.note(Fault::EpochBack);
    }
    s.store.line_epoch = epoch;
    s.store.record = after;
}

fn act_of(command: &Command) -> Option<Act> {
    let side = match command {
        Command::Promote { to, .. }
        | Command::Switchover { to, .. }
        | Command::Redirect { to, .. } => *to,
        Command::Fence { side, .. } | Command::Scale { side, .. } => *side,
        Command::ProveWrite { side, .. } => *side,
        Command::Prescale { .. } | Command::ScaleBack { .. } | Command::Page { .. } => return None,
    };
    Some(Act {
        kind: command.kind(),
        side,
        incident_id: command.incident_id(),
        attempt: command.attempt(),
        write: None,
    })
}

/// A command that came with a durable decision. What only ever raises a group, and what only
/// asks, is over at once: it bears on nothing that is checked here.
fn take(m: &Protocol, s: &mut State, who: usize, command: &Command) {
    let Some(act) = act_of(command) else { return };
    let Some(leader) = s.leader_mut(who) else {
        return;
    };
    match act.kind {
        Kind::Promote | Kind::Switchover | Kind::Fence | Kind::Redirect => {
            add(&mut leader.pending, act);
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
        Kind::Prescale | Kind::ScaleBack | Kind::Page => {}
    }
}

/// A fence that is over as soon as it is asked for: one thing less on the wire.
fn at_once(m: &Protocol, s: &mut State, who: usize, act: &Act) {
    let place = s
        .leader(who)
        .and_then(|l| l.pending.binary_search(act).ok());
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
    for act in commands.iter().filter_map(act_of) {
        let leaves = matches!(act.kind, Kind::Promote | Kind::Switchover | Kind::Redirect);
        if let (true, true, Ok(act)) = (leaves, may_send(m, s, who), s.estate.looked(act)) {
            s.send(Flight::Act { by: None, act });
        }
    }
}

/// An attempt ended, and its daemon hears of it.
pub fn ended(m: &Protocol, s: &mut State, who: usize, act: &Act, how: How) {
    let news = News::Ended {
        kind: act.kind,
        incident_id: act.incident_id,
        attempt: act.attempt,
        how,
    };
    tell(m, s, who, news, Doubt::None);
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
    !checked || s.leader(who).is_some_and(|l| l.term.holds(s.now))
}

/// Carries out one command: look, then the lease, then send.
pub fn perform(m: &Protocol, s: &mut State, who: usize, at: usize) {
    let Some(leader) = s.leader_mut(who) else {
        return;
    };
    let act = leader.pending.remove(at);
    match s.estate.looked(act) {
        Err(how) => ended(m, s, who, &act, how),
        Ok(_) if !may_send(m, s, who) => {
            m.meet(Met::StaleSendRefused);
            ended(m, s, who, &act, How::Unknown);
        }
        Ok(act) => s.send(Flight::Act { by: Some(who), act }),
    }
}

/// Whether an operator has a reason to say the word: all is well, and both sides are there. From
/// the last command of a recovery to that moment minutes pass, and an attempt ends within 15 s:
/// this daemon's own are over and so are copies of what was answered, whatever got no answer.
pub fn may_be_ordered(m: &Protocol, s: &State, who: usize) -> bool {
    let Some(leader) = s.leader(who) else {
        return false;
    };
    let brief = m.spine.brief(leader.record);
    let copy = |f: &Flight| matches!(f, Flight::Copy { .. });
    let over = leader.pending.is_empty() && leader.silent.is_empty() && !s.waits(who);
    over && !s.wire.iter().any(copy)
        && brief.state == "watching"
        && brief.run.is_some()
        && s.estate.connected
}

/// An operator's word.
pub fn ordered(m: &Protocol, s: &mut State, who: usize) {
    s.left.orders -= 1;
    let before = s.leader(who).map(|l| m.spine.brief(l.record));
    tell(m, s, who, News::Back, Doubt::None);
    let after = s.leader(who).map(|l| m.spine.brief(l.record));
    if let (Some(before), Some(after)) = (before, after)
        && before.incident_id == after.incident_id
    {
        m.meet(Met::QuarantineClosed);
    }
}

/// A story that came back to where it began.
pub fn note_failback(m: &Protocol, s: &State, who: usize) {
    let brief = s.leader(who).map(|l| m.spine.brief(l.record));
    if brief.is_some_and(|b| {
        b.active == Side::Primary && b.run.is_some_and(|r| !r.open && r.to == Side::Primary)
    }) {
        m.meet(Met::FailedBack);
    }
}

/// Whether a leader that is well has nothing to do at this moment: it waits.
pub fn is_idle(m: &Protocol, s: &State, who: usize) -> bool {
    let Some(leader) = s.leader(who) else {
        return true;
    };
    let told = m
        .spine
        .conduct(leader.record, s.now, News::Looked(s.estate));
    leader.pending.is_empty() && leader.silent.is_empty() && told.after == leader.record
}
