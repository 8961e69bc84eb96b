//! Makes one move: requests arrive, time passes, processes come and go.
//!
//! Deliberately absent: what a daemon does of itself (`host`, and the shipped engine).

use crate::engines::News;
use crate::estate::{Act, How};
use crate::host;
use crate::judge;
use crate::lease_calls;
use crate::model::{
    AGE, AnswerFate, Doubt, Fate, LAPSE, Met, Move, NAMES, PAUSE, Protocol, Variant,
};
use crate::state::{Flight, INCIDENTS, State, add};
use drd_state_machine::command::Kind;
use drd_state_machine::time::Span;

/// Makes it.
pub fn make(m: &Protocol, s: &mut State, action: Move) {
    match action {
        Move::Take { who, fate } => lease_calls::take_lease(m, s, who, fate),
        Move::Begin { who } => lease_calls::begin(m, s, who),
        Move::StepDown { who } => host::give(m, s, who, News::Timer, Doubt::None),
        Move::Decide { who, doubt } => decide(m, s, who, doubt),
        Move::TimeOut { who } => time_out(m, s, who),
        Move::Perform { who, at } => host::perform(m, s, who, at),
        Move::Order { who } => host::ordered(m, s, who),
        Move::Release { who } => lease_calls::stop(m, s, who),
        Move::Crash { who } => {
            s.left.crashes -= 1;
            s.forget(who);
        }
        Move::Restart { who } => host::start(m, s, who),
        Move::Arrive { at, fate } => arrive(m, s, at, fate),
        Move::Complete => s.estate.completes(s.now),
        Move::Rejoin => s.estate.rejoins(),
        Move::Pause => pause(m, s),
        Move::Lapse { renews, fate } => {
            s.left.lapses -= 1;
            pass(m, s, LAPSE, renews, fate);
        }
        Move::Age { renews } => {
            s.left.ages -= 1;
            pass(m, s, AGE, renews, AnswerFate::Prompt);
            // AWS refuses what was signed so long ago.
            s.wire.retain(|f| matches!(f, Flight::Answer { .. }));
        }
    }
    lease_calls::wake_followers(m, s);
    s.drop_answers();
}

/// A daemon's name.
pub fn name(who: usize) -> &'static str {
    NAMES[who]
}

fn decide(m: &Protocol, s: &mut State, who: usize, doubt: Doubt) {
    let estate = s.estate;
    host::give(m, s, who, News::Looked(estate), doubt);
    host::note_failback(m, s, who);
}

fn time_out(m: &Protocol, s: &mut State, who: usize) {
    if let Some(process) = s.process_mut(who) {
        let act = process.silent.remove(0);
        let how = match m.variant {
            // A host that takes silence for a refusal: nothing is known to be still on its way.
            Variant::NoQuarantine => How::Refused,
            Variant::Shipped
            | Variant::NoFencing
            | Variant::NoCheckBeforeSend
            | Variant::LeaseFromReceipt
            | Variant::ActBeforeAppend
            | Variant::NoWait => How::Unknown,
        };
        host::ended(m, s, who, &act, how);
    }
}

/// Who holds the lease, leads, and can renew it.
pub fn holder(m: &Protocol, s: &State) -> Option<usize> {
    let row = s.store.row.as_ref().filter(|row| !row.released)?;
    (0..NAMES.len()).find(|who| {
        let daemon = host::standing(m, s, *who).filter(|d| d.leads && host::gate_is_open(s, *who));
        daemon.is_some_and(|d| d.token == Some(row.fencing_token) && NAMES[*who] == row.owner)
    })
}

/// How many attempts wait for an answer.
pub fn waiting(s: &State) -> usize {
    let waits = |f: &&Flight| matches!(f, Flight::Act { by: Some(_), .. });
    s.wire.iter().filter(waits).count()
}

/// Followers see the row as late as they may, and a pause of the engine's passes.
fn pause(m: &Protocol, s: &mut State) {
    s.now = s.now + PAUSE;
    lease_calls::wake_followers(m, s);
    lease_calls::show_row(m, s);
}

/// Time passes, longer than an attempt's deadline: those that wait are over, and their requests go on
/// alone. What was answered was not lost, and a second copy of it that a network made is not older
/// than that.
fn pass(m: &Protocol, s: &mut State, span: Span, renews: Option<usize>, fate: AnswerFate) {
    let waiting: Vec<(usize, Act)> = s.wire.iter().filter_map(waits).collect();
    for (who, act) in waiting {
        s.left.losses -= 1;
        if let Some(process) = s.process_mut(who) {
            add(&mut process.silent, act);
        }
    }
    for flight in &mut s.wire {
        if let Flight::Act { by, .. } = flight {
            *by = None;
        }
    }
    s.wire.retain(|f| !matches!(f, Flight::Copy { .. }));
    s.wire.sort();
    pause(m, s);
    s.now = s.now + (span - PAUSE);
    if let Some(who) = renews {
        lease_calls::renewed(m, s, who, span, fate == AnswerFate::Late);
    }
}

fn waits(flight: &Flight) -> Option<(usize, Act)> {
    match flight {
        Flight::Act { by: Some(who), act } => Some((*who, *act)),
        Flight::Act { by: None, .. }
        | Flight::Copy { .. }
        | Flight::Answer { .. }
        | Flight::Line { .. } => None,
    }
}

/// What is at this place of the wire arrives.
pub fn arrive(m: &Protocol, s: &mut State, at: usize, fate: Fate) {
    match s.wire.remove(at) {
        Flight::Act { by, act } => act_arrives(m, s, by, act, fate),
        Flight::Copy { act } => {
            take_effect(m, s, &act);
        }
        Flight::Answer { to, call, found } => lease_calls::answered(m, s, to, call, found),
        Flight::Line {
            token,
            before,
            after,
        } => {
            let row = s.store.row.as_ref();
            let leads = row.is_some_and(|row| row.fencing_token == token);
            let follows = s.store.record == before;
            if !leads && m.fences_lines() {
                m.meet(Met::StaleLineRefused);
            } else if follows {
                host::write(s, token, after);
            }
        }
    }
}

fn act_arrives(m: &Protocol, s: &mut State, by: Option<usize>, act: Act, fate: Fate) {
    let how = match fate {
        Fate::Lost => {
            s.left.losses -= 1;
            How::Unknown
        }
        Fate::Deaf => {
            s.left.losses -= 1;
            m.meet(Met::AnswerLost);
            take_effect(m, s, &act);
            How::Unknown
        }
        Fate::Copied => {
            s.left.copies -= 1;
            s.send(Flight::Copy { act });
            take_effect(m, s, &act)
        }
        Fate::Answered => take_effect(m, s, &act),
    };
    match by {
        Some(who) => host::ended(m, s, who, &act, judged(s, &act, how)),
        None => m.meet(Met::LateRequest),
    }
}

/// A conflict may be our own earlier call: what is true decides, as in `perform`.
fn judged(s: &State, act: &Act, how: How) -> How {
    let role = matches!(act.kind, Kind::Promote | Kind::Switchover);
    let so = s.estate.writer == act.side
        || s.estate
            .underway
            .is_some_and(|change| change.to == act.side);
    if how == How::Refused && role && so {
        How::Done
    } else {
        how
    }
}

fn take_effect(m: &Protocol, s: &mut State, act: &Act) -> How {
    let newest = m.engines.brief(s.store.record);
    let how = s.estate.arrives(act);
    if how == How::Done {
        judge::took_effect(&mut s.wrong, act, &newest, &s.estate);
        if matches!(act.kind, Kind::Promote | Kind::Switchover) {
            let incident = usize::try_from(act.incident_id).unwrap_or(INCIDENTS);
            s.effects[incident.min(INCIDENTS - 1)] += 1;
        }
    }
    how
}
