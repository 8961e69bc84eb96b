//! Makes one move: requests arrive, time passes, processes come and go.
//!
//! Deliberately absent: a daemon's own moves (`daemon`).

use crate::daemon;
use crate::estate::{Act, How};
use crate::judge;
use crate::model::{AGE, Action, Doubt, Fate, LAPSE, Met, NAMES, Protocol};
use crate::spine::News;
use crate::state::{Daemon, Flight, INCIDENTS, Leader, State, add};
use drd::lease::{Row, Term, Watch};
use drd_state_machine::command::Kind;
use drd_state_machine::time::Span;

/// Makes it.
pub fn make(m: &Protocol, s: &mut State, action: Action) {
    match action {
        Action::Take { who, late } => daemon::take_lease(m, s, who, late),
        Action::Begin { who } => daemon::begin(m, s, who),
        Action::StepDown { who } => s.forget(who, Daemon::Follower(Watch::default())),
        Action::Decide { who, doubt } => decide(m, s, who, doubt),
        Action::TimeOut { who } => time_out(m, s, who),
        Action::Perform { who, at } => daemon::perform(m, s, who, at),
        Action::Order { who } => daemon::ordered(m, s, who),
        Action::RenewLate { who } => daemon::renew_late(s, who),
        Action::Release { who } => release(s, who),
        Action::Crash { who } => {
            s.left.crashes -= 1;
            s.forget(who, Daemon::Down);
        }
        Action::Restart { who } => s.daemons[who] = Daemon::Follower(Watch::default()),
        Action::Arrive { at, fate } => arrive(m, s, at, fate),
        Action::Complete => s.estate.completes(s.now),
        Action::Rejoin => s.estate.rejoins(),
        Action::Lapse { renews } => {
            s.left.lapses -= 1;
            pass(s, LAPSE, renews);
        }
        Action::Age { renews } => {
            s.left.ages -= 1;
            pass(s, AGE, renews);
            // AWS refuses what was signed so long ago.
            s.wire.retain(|f| matches!(f, Flight::Answer { .. }));
        }
    }
    daemon::watch(s);
}

fn decide(m: &Protocol, s: &mut State, who: usize, doubt: Doubt) {
    let estate = s.estate;
    daemon::tell(m, s, who, News::Looked(estate), doubt);
    daemon::note_failback(m, s, who);
}

fn time_out(m: &Protocol, s: &mut State, who: usize) {
    if let Some(leader) = s.leader_mut(who) {
        let act = leader.silent.remove(0);
        daemon::ended(m, s, who, &act, How::Unknown);
    }
}

/// The hand-over on SIGTERM: only by one whose attempts have all ended.
fn release(s: &mut State, who: usize) {
    s.left.releases -= 1;
    let own = s.leader(who).map(|leader| leader.term.row.epoch);
    if let Some(row) = &mut s.store.row
        && Some(row.epoch) == own
    {
        *row = row.given_up();
    }
    s.forget(who, Daemon::Down);
}

/// Who holds the lease and could renew it.
pub fn holder(s: &State) -> Option<usize> {
    let row = s.store.row.as_ref().filter(|row| !row.released)?;
    (0..NAMES.len()).find(|who| match &s.daemons[*who] {
        Daemon::Leader(Leader { term, .. }) | Daemon::Elected(term) => {
            term.row.epoch == row.epoch && NAMES[*who] == row.owner
        }
        Daemon::Down | Daemon::Follower(_) => false,
    })
}

/// How many attempts wait for an answer.
pub fn waiting(s: &State) -> usize {
    let waits = |f: &&Flight| matches!(f, Flight::Act { by: Some(_), .. });
    s.wire.iter().filter(waits).count()
}

/// Time passes, longer than an attempt's deadline: those that wait are over, and their requests go on
/// alone. What was answered was not lost, and a second copy of it that a network made is not older
/// than that.
fn pass(s: &mut State, span: Span, renews: Option<usize>) {
    let waiting: Vec<(usize, Act)> = s.wire.iter().filter_map(waits).collect();
    for (who, act) in waiting {
        s.left.losses -= 1;
        if let Some(leader) = s.leader_mut(who) {
            add(&mut leader.silent, act);
        }
    }
    for flight in &mut s.wire {
        if let Flight::Act { by, .. } = flight {
            *by = None;
        }
    }
    s.wire.retain(|f| !matches!(f, Flight::Copy { .. }));
    s.wire.sort();
    s.now = s.now + span;
    if let Some(who) = renews {
        renew(s, who);
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

fn renew(s: &mut State, who: usize) {
    let (Some(row), now) = (daemon::renewed(s, who), s.now) else {
        return;
    };
    match &mut s.daemons[who] {
        Daemon::Leader(Leader { term, .. }) | Daemon::Elected(term) => term.renewed(row, now),
        Daemon::Down | Daemon::Follower(_) => {}
    }
}

pub fn arrive(m: &Protocol, s: &mut State, at: usize, fate: Fate) {
    match s.wire.remove(at) {
        Flight::Act { by, act } => act_arrives(m, s, by, act, fate),
        Flight::Copy { act } => {
            take_effect(m, s, &act);
        }
        Flight::Answer {
            to,
            epoch,
            version,
            sent_at,
        } => {
            let row = Row {
                owner: NAMES[to].to_owned(),
                epoch,
                version,
                lease_ms: m.terms.lease.0,
                released: false,
            };
            daemon::answered(m, s, Term { row, sent_at }, to);
        }
        Flight::Line {
            epoch,
            before,
            after,
        } => {
            let leads = s.store.row.as_ref().is_some_and(|row| row.epoch == epoch);
            let follows = s.store.record == before;
            if follows && (leads || !m.fences_lines()) {
                daemon::write(s, epoch, after);
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
        Some(who) => daemon::ended(m, s, who, &act, judged(s, &act, how)),
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
    let newest = m.spine.brief(s.store.record);
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
