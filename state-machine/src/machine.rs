//! Routing: which state does what with an event. One handler per state; the roles that change
//! side by side live in `roles`, sentences for people in `words`.
//!
//! statig routes; its traits are implemented by hand, since its macro crate pulls an
//! unmaintained dependency and shuffles the states. Deliberately absent: I/O, errors, clocks.

use crate::command::{Command, Kind, Severity};
use crate::diagnosis::{Diagnosis, Picture};
use crate::event::{Completion, Event, Outcome as Ended, Verdict, Word};
use crate::gates::{self, Blocker};
use crate::policy::{Autonomy, Setup};
use crate::record::{Facts, Fence, Incident, Operation, Prescale, Trigger};
use crate::roles;
use crate::state::{Hold, Progress, State, Step, Stopped};
use crate::time::Time;
use crate::words;
use statig::Outcome::{self, Handled, Super, Transition};
use statig::blocking::{IntoStateMachine, State as Route, Superstate as SuperRoute};

/// What a handler is given beside the facts, and where it leaves what it wants.
pub struct Ctx<'a> {
    pub(crate) now: Time,
    pub(crate) setup: &'a Setup,
    pub(crate) seen: &'a Picture,
    pub(crate) commands: Vec<Command>,
    pub(crate) because: Option<String>,
}

impl Ctx<'_> {
    pub(crate) fn go(&mut self, to: State, because: impl Into<String>) -> Outcome<State> {
        self.because = Some(because.into());
        Transition(to)
    }

    pub(crate) fn page(&mut self, facts: &Facts, severity: Severity, text: String) {
        if self.because.is_none() {
            self.because = Some(text.clone());
        }
        self.commands.push(facts.page(severity, text));
    }

    fn hold(&mut self, facts: &Facts, hold: Hold, stage: Stopped) -> Outcome<State> {
        let text = words::held(facts, &hold, &stage);
        self.because = Some(text.clone());
        self.page(facts, Severity::Critical, text);
        Transition(State::Held { hold, stage })
    }
}

/// What several states have in common.
pub enum Superstate {
    /// A recovery after its decision: the fence may report, the objective may run out.
    Acting(Stopped),
}

impl IntoStateMachine for Facts {
    type Event<'e> = Event;
    type Context<'c> = Ctx<'c>;
    type State = State;
    type Superstate<'s> = Superstate;
    fn initial() -> State {
        State::Watching
    }
}

impl Route<Facts> for State {
    fn call_handler(
        &mut self,
        facts: &mut Facts,
        event: &Event,
        ctx: &mut Ctx<'_>,
    ) -> Outcome<State> {
        if matches!(event, Event::Started) {
            // After a crash: the current state's commands again, with their attempt numbers.
            self.call_entry_action(facts, ctx);
            return Handled;
        }
        match self {
            State::Watching => watching(facts, event, ctx),
            State::Suspecting => suspecting(facts, event, ctx),
            State::Fencing => fencing(facts, event, ctx),
            State::Promoting(progress) => promoting(progress, facts, event, ctx),
            State::Switching(progress) => switching(progress, facts, event, ctx),
            State::Redirecting { latch } => redirecting(latch, facts, event, ctx),
            State::Verifying => verifying(facts, ctx),
            State::Exposed => exposed(facts, ctx),
            State::Held { stage, .. } => held(stage, facts, event, ctx),
        }
    }

    fn call_entry_action(&mut self, facts: &mut Facts, ctx: &mut Ctx<'_>) {
        match self {
            State::Promoting(progress) | State::Switching(progress) => {
                roles::issue_again(progress, facts, ctx);
            }
            State::Redirecting { latch } => redirect(latch, facts, ctx),
            State::Held {
                stage: Stopped::Promoting(progress),
                ..
            } => {
                roles::issue_proof_again(progress, facts, ctx);
            }
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Verifying
            | State::Exposed
            | State::Held { .. } => {}
        }
    }

    fn superstate(&mut self) -> Option<Superstate> {
        match self {
            State::Promoting(p) | State::Switching(p) => {
                Some(Superstate::Acting(Stopped::Promoting(*p)))
            }
            State::Redirecting { latch } => {
                Some(Superstate::Acting(Stopped::Redirecting { latch: *latch }))
            }
            State::Verifying => Some(Superstate::Acting(Stopped::Verifying)),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Exposed
            | State::Held { .. } => None,
        }
    }
}

impl SuperRoute<Facts> for Superstate {
    fn call_handler(
        &mut self,
        facts: &mut Facts,
        event: &Event,
        ctx: &mut Ctx<'_>,
    ) -> Outcome<State> {
        let Superstate::Acting(stage) = self;
        note_fence(facts, event);
        if runs_late(facts, ctx) {
            return ctx.hold(facts, Hold::OutOfTime, *stage);
        }
        if let Event::Ordered {
            word: Word::Abandon,
        } = event
        {
            ctx.page(facts, Severity::Info, words::no_way_back(facts));
        }
        Handled
    }
}

/// Once: the page says so, and what is still missing may then be observed at any time.
fn runs_late(facts: &mut Facts, ctx: &Ctx<'_>) -> bool {
    let used_up = facts
        .budget_left(ctx.setup, ctx.now)
        .is_some_and(|left| left.0 <= 0);
    match &mut facts.incident {
        Some(incident) if used_up && !incident.late => {
            incident.late = true;
            true
        }
        Some(_) | None => false,
    }
}

fn note_fence(facts: &mut Facts, event: &Event) {
    let Event::Finished(done) = event else { return };
    if done.kind != Kind::Fence || !facts.is_current(done) {
        return;
    }
    if let Some(incident) = &mut facts.incident {
        incident.fence = match done.outcome {
            Ended::Done | Ended::AlreadySo => Fence::Fenced,
            Ended::Refused { .. } | Ended::Denied { .. } => Fence::Unfenced,
            Ended::Unknown { .. } => Fence::Unknown,
        };
    }
}

fn watching(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if facts.evidence.corroborated_at.is_some() {
        facts.epoch += 1;
        return ctx.go(State::Suspecting, ctx.seen.words(facts, ctx.setup, ctx.now));
    }
    scale_back(facts, event, ctx);
    tell(facts, ctx);
    Handled
}

/// Puts a raised MinSize back once the suspicion is over.
fn scale_back(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) {
    let epoch = facts.epoch;
    let current = |done: &Completion| done.kind == Kind::ScaleBack && facts.is_current(done);
    let ended = matches!(event, Event::Finished(done) if current(done)
        && !matches!(done.outcome, Ended::Unknown { .. }));
    let Some(prescaled) = &mut facts.prescaled else {
        return;
    };
    if ended {
        facts.prescaled = None;
        return;
    }
    if facts.paused || !prescaled.back.is_due(ctx.now, crate::policy::LOST) {
        return;
    }
    prescaled.back.ask(ctx.now);
    let (side, min) = (prescaled.side, prescaled.min_before);
    ctx.commands.push(Command::ScaleBack { epoch, side, min });
    ctx.because.get_or_insert_with(|| {
        format!("the suspicion is over: MinSize of {side} goes back to {min}")
    });
}

fn suspecting(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    let Some(held) = facts.evidence.quorum_for(ctx.now) else {
        return ctx.go(State::Watching, words::cleared(facts, ctx.seen));
    };
    let diagnosis = ctx.seen.diagnosis;
    if !diagnosis.has_ladder() {
        tell(facts, ctx);
        return Handled;
    }
    let due = held >= ctx.setup.policy.hold_down(diagnosis);
    match ctx.setup.policy.autonomy(diagnosis) {
        Autonomy::Observe => Handled,
        Autonomy::Advise => {
            if due {
                advise(facts, ctx);
            }
            Handled
        }
        Autonomy::Act => decide(facts, due, ctx),
    }
}

/// At the first edge: act, wait for an answer that may still come, or hold.
fn decide(facts: &mut Facts, due: bool, ctx: &mut Ctx<'_>) -> Outcome<State> {
    let closed = gates::closed(facts, ctx.setup, ctx.now, ctx.seen);
    if closed.is_empty() {
        prescale(facts, ctx);
    }
    if !due {
        return Handled;
    }
    if closed.is_empty() {
        return start(facts, Trigger::Automatic, None, ctx);
    }
    if closed.contains(&Blocker::Paused) {
        once(facts, ctx, words::paused);
        return Handled;
    }
    let may_wait = ctx.now - first_bad(facts, ctx) < ctx.setup.policy.budget.detect;
    let waits = |b: &Blocker| {
        matches!(
            b,
            Blocker::LagUnknown | Blocker::EyesUnproven | Blocker::ReadinessUnknown
        )
    };
    if may_wait && closed.iter().all(waits) {
        return Handled;
    }
    ctx.hold(facts, Hold::Blocked(closed), Stopped::Before)
}

/// Opens the incident. Its first command acts only from the next state on.
fn start(
    facts: &mut Facts,
    trigger: Trigger,
    operation: Option<Operation>,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    let diagnosis = ctx.seen.diagnosis;
    let ladder = if diagnosis.lossless_first() {
        Operation::Switchover
    } else {
        Operation::Failover
    };
    facts.incident = Some(Incident {
        epoch: facts.epoch,
        diagnosis,
        operation: operation.unwrap_or(ladder),
        trigger,
        from: facts.active,
        to: facts.active.other(),
        first_bad_at: first_bad(facts, ctx),
        decided_at: ctx.now,
        lag: ctx.seen.lag,
        committed: false,
        fence: Fence::Unknown,
        promoted_at: None,
        scaled_at: None,
        proven_at: None,
        redirected_at: None,
        ended_at: None,
        late: false,
    });
    let because = words::decided(facts, ctx.setup, ctx.now, ctx.seen);
    ctx.go(State::Fencing, because)
}

/// Where the clock of the objective starts. A lone voice that spoke longer than the detect slice
/// before the quorum is not this outage.
fn first_bad(facts: &Facts, ctx: &Ctx<'_>) -> Time {
    let quorum = facts.evidence.corroborated_at.unwrap_or(ctx.now);
    let earliest = quorum - ctx.setup.policy.budget.detect;
    facts.evidence.first_bad_at.unwrap_or(ctx.now).max(earliest)
}

/// Raises the other side's MinSize once a suspicion. What was found before the first raise is
/// what a cleared suspicion goes back to.
fn prescale(facts: &mut Facts, ctx: &mut Ctx<'_>) {
    let (side, epoch) = (facts.active.other(), facts.epoch);
    let min = ctx.setup.serving.desired;
    let Some(found) = facts
        .evidence
        .side_now(side, ctx.now)
        .and_then(|v| v.min_size)
    else {
        return;
    };
    let earlier = facts.prescaled.filter(|p| p.side == side);
    if found >= min || earlier.is_some_and(|p| p.epoch == epoch) {
        return;
    }
    let min_before = earlier.map_or(found, |p| p.min_before);
    facts.prescaled = Some(Prescale {
        epoch,
        side,
        min_before,
        back: Step::default(),
    });
    ctx.commands.push(Command::Prescale { epoch, side, min });
    ctx.because.get_or_insert_with(|| {
        format!(
            "{}: MinSize of {side} is raised to {min} meanwhile",
            ctx.seen.diagnosis
        )
    });
}

fn fencing(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if let Event::Ordered {
        word: Word::Abandon,
    } = event
    {
        close(facts, ctx.now);
        return ctx.go(
            State::Watching,
            "abandoned by an operator before anything irreversible",
        );
    }
    let Some(incident) = facts.incident.clone() else {
        return ctx.go(State::Watching, "no incident is open");
    };
    let looked = matches!(event, Event::Observed(o) if o.global.is_some() && o.references == Verdict::Healthy);
    // A daemon that just started on this state gets the whole slice again.
    let waited = ctx.now - facts.entered_at.max(facts.started_at) >= ctx.setup.policy.budget.fence;
    let unclear =
        ctx.seen.diagnosis == Diagnosis::Unclear && incident.trigger == Trigger::Automatic;
    if !waited && (!looked || unclear) {
        return Handled;
    }
    if incident.trigger == Trigger::Automatic {
        if !still_so(facts, &incident, ctx) {
            close(facts, ctx.now);
            return ctx.go(State::Suspecting, words::recanted(ctx.seen));
        }
        let closed = gates::closed(facts, ctx.setup, ctx.now, ctx.seen);
        if !closed.is_empty() {
            close(facts, ctx.now);
            return ctx.hold(facts, Hold::Blocked(closed), Stopped::Before);
        }
    }
    if let Some(open) = &mut facts.incident {
        open.committed = true;
    }
    let look = if looked {
        "a last look found it unchanged"
    } else {
        "the last look got no answer"
    };
    match incident.operation {
        Operation::Failover => ctx.go(State::Promoting(Progress::default()), look),
        Operation::Switchover => ctx.go(State::Switching(Progress::default()), look),
    }
}

fn still_so(facts: &Facts, incident: &Incident, ctx: &Ctx<'_>) -> bool {
    let seen = ctx.seen.diagnosis;
    let same_ladder = seen.lossless_first() == incident.diagnosis.lossless_first();
    facts.evidence.corroborated_at.is_some() && seen.has_ladder() && same_ladder
}

fn promoting(
    progress: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    match roles::advance(progress, facts, event, ctx, true) {
        roles::Advance::Stay => Super,
        roles::Advance::Joined => join(facts, ctx),
        roles::Advance::Stopped(hold) => ctx.hold(facts, hold, Stopped::Promoting(*progress)),
    }
}

fn switching(
    progress: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    let late = facts
        .incident
        .as_ref()
        .is_some_and(|i| ctx.now - i.decided_at >= ctx.setup.policy.budget.promote);
    match roles::advance(progress, facts, event, ctx, true) {
        roles::Advance::Joined => join(facts, ctx),
        roles::Advance::Stopped(hold) => lossy_instead(progress, facts, ctx, hold),
        roles::Advance::Stay if late && !progress.database.is_done() => {
            lossy_instead(progress, facts, ctx, Hold::OutOfTime)
        }
        roles::Advance::Stay => Super,
    }
}

/// The next rung of the ladder: the lossless move failed, the lossy one needs the RPO gate.
fn lossy_instead(
    progress: &mut Progress,
    facts: &mut Facts,
    ctx: &mut Ctx<'_>,
    hold: Hold,
) -> Outcome<State> {
    let underway = facts
        .evidence
        .global_now(ctx.now)
        .is_none_or(|g| g.role_change != crate::event::RoleChange::Idle);
    let automatic = facts
        .incident
        .as_ref()
        .is_some_and(|i| i.trigger == Trigger::Automatic);
    if underway || !automatic {
        return ctx.hold(facts, hold, Stopped::Promoting(*progress));
    }
    if let Some(blocker) = gates::rpo(ctx.seen, ctx.setup) {
        return ctx.hold(
            facts,
            Hold::Blocked(vec![blocker]),
            Stopped::Promoting(*progress),
        );
    }
    if let Some(incident) = &mut facts.incident {
        incident.operation = Operation::Failover;
    }
    let progress = Progress {
        database: Step::default(),
        ..*progress
    };
    ctx.go(
        State::Promoting(progress),
        "the switchover did not come about: failover instead",
    )
}

fn join(facts: &Facts, ctx: &mut Ctx<'_>) -> Outcome<State> {
    ctx.go(
        State::Redirecting {
            latch: Step::default(),
        },
        words::joined(facts, ctx.now),
    )
}

fn redirect(latch: &mut Step, facts: &Facts, ctx: &mut Ctx<'_>) {
    let Some(incident) = &facts.incident else {
        return;
    };
    if latch.attempt == 0 {
        latch.ask(ctx.now);
    }
    let (epoch, attempt, to) = (facts.epoch, latch.attempt, incident.to);
    ctx.commands.push(Command::Redirect { epoch, attempt, to });
}

fn redirecting(
    latch: &mut Step,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    if let Some(hold) = roles::note_latch(latch, facts, event, ctx.now) {
        return ctx.hold(facts, hold, Stopped::Redirecting { latch: *latch });
    }
    if roles::resolvers_moved(latch, facts, ctx.now) {
        let text = words::redirected(facts, ctx.now);
        return ctx.go(State::Verifying, text);
    }
    if latch.is_due(ctx.now, crate::policy::LOST) {
        latch.ask(ctx.now);
        redirect(latch, facts, ctx);
        ctx.because = Some(format!(
            "the latch is thrown again, attempt {}",
            latch.attempt
        ));
    }
    Super
}

fn verifying(facts: &mut Facts, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if !roles::verified(facts, ctx.setup, ctx.now) {
        return Super;
    }
    roles::finish(facts, ctx.setup, ctx.now);
    let text = words::finished(facts, ctx.now);
    ctx.page(facts, Severity::Info, text.clone());
    ctx.go(State::Exposed, text)
}

fn exposed(facts: &mut Facts, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if roles::standby_is_back(facts, ctx.setup, ctx.now) {
        return ctx.go(State::Watching, words::protected_again(facts));
    }
    if facts.evidence.corroborated_at.is_some() {
        once(facts, ctx, words::second_refused);
    }
    Handled
}

fn held(
    stage: &mut Stopped,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    note_fence(facts, event);
    let word = match event {
        Event::Ordered { word } => Some(*word),
        _ => None,
    };
    match (stage, word) {
        (Stopped::Before, _) => held_before(facts, event, ctx),
        (Stopped::Promoting(p), Some(Word::Resume)) => {
            let database = if p.database.is_done() {
                p.database
            } else {
                Step::default()
            };
            ctx.go(
                State::Promoting(Progress { database, ..*p }),
                "resumed by an operator",
            )
        }
        (Stopped::Redirecting { .. }, Some(Word::Resume)) => ctx.go(
            State::Redirecting {
                latch: Step::default(),
            },
            "resumed by an operator",
        ),
        (Stopped::Verifying, Some(Word::Resume)) => {
            ctx.go(State::Verifying, "resumed by an operator")
        }
        (_, Some(Word::Abandon)) => roles::abandon(facts, ctx),
        (Stopped::Promoting(progress), _) => {
            match roles::advance(progress, facts, event, ctx, false) {
                roles::Advance::Joined => join(facts, ctx),
                roles::Advance::Stay | roles::Advance::Stopped(_) => Handled,
            }
        }
        (Stopped::Redirecting { latch }, _) => {
            if roles::resolvers_moved(latch, facts, ctx.now) {
                let text = words::redirected(facts, ctx.now);
                return ctx.go(State::Verifying, text);
            }
            Handled
        }
        (Stopped::Verifying, _) => match verifying(facts, ctx) {
            Transition(next) => Transition(next),
            Handled | Super => Handled,
        },
    }
}

fn held_before(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if let Event::Ordered { word: Word::Resume } = event {
        return ctx.go(State::Suspecting, "resumed by an operator");
    }
    let calm = facts.evidence.first_bad_at.is_none() && ctx.seen.up >= ctx.setup.policy.quorum;
    if calm
        || matches!(
            event,
            Event::Ordered {
                word: Word::Abandon
            }
        )
    {
        return ctx.go(State::Watching, words::cleared(facts, ctx.seen));
    }
    Handled
}

/// What operators may ask for while nothing irreversible has begun.
fn ordered(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Option<Outcome<State>> {
    let Event::Ordered { word } = event else {
        return None;
    };
    let operation = match word {
        Word::Failover => Operation::Failover,
        Word::Switchover => Operation::Switchover,
        Word::Pause | Word::Resume | Word::Abandon => return None,
    };
    facts.epoch += 1;
    Some(start(facts, Trigger::Operator, Some(operation), ctx))
}

fn close(facts: &mut Facts, now: Time) {
    if let Some(incident) = &mut facts.incident {
        incident.ended_at = Some(now);
    }
}

/// Tells people of a diagnosis without a rung, once an episode and only after it lasted.
fn tell(facts: &mut Facts, ctx: &mut Ctx<'_>) {
    let Some(wait) = words::page_after(facts.diagnosis.is) else {
        if facts.diagnosis.is == Diagnosis::Healthy {
            facts.paged.clear();
        }
        return;
    };
    if ctx.now - facts.diagnosis.since >= wait {
        once(facts, ctx, words::protection_reduced);
    }
}

fn advise(facts: &mut Facts, ctx: &mut Ctx<'_>) {
    once(facts, ctx, words::advice);
}

fn once(
    facts: &mut Facts,
    ctx: &mut Ctx<'_>,
    text: fn(&Facts, &Setup, Time, &Picture) -> (Severity, String),
) {
    let diagnosis = ctx.seen.diagnosis;
    if facts.paged.contains(&diagnosis) {
        return;
    }
    facts.paged.push(diagnosis);
    let (severity, text) = text(facts, ctx.setup, ctx.now, ctx.seen);
    ctx.page(facts, severity, text);
}
