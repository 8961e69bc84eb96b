//! Which commands are refused, by the status that everybody is shown. What the machine itself refuses
//! is its own (quarantine, an exposed side).
//!
//! Deliberately absent: who may send a command; the socket's owner and group decide that.

use super::protocol::{COMMAND, OperatorCommand, PAUSE_MAX};
use crate::status::StatusView;
use drd_state_machine::Phase;
use drd_state_machine::event::Word;

/// Why a command is refused: what state things are in, and the word that would do.
pub(super) fn refusal(command: &OperatorCommand, view: &StatusView) -> Option<String> {
    match command.word {
        Word::Pause => None,
        Word::Resume => nothing_to_resume(view),
        Word::Abandon => nothing_to_abandon(view),
        Word::Switchover => under_way(view),
        Word::Failover => under_way(view).or_else(|| needs_consent(command, view)),
    }
}

/// What is wrong with a command whatever the state.
pub(super) fn fault(command: &OperatorCommand) -> Option<String> {
    if command.schema != COMMAND {
        return Some(format!("schema {:?}, {COMMAND} is wanted", command.schema));
    }
    let printable = |text: &str| text.chars().all(|c| !c.is_control());
    let texts = [&command.id, &command.reason, &command.claimed_by];
    if command.id.is_empty()
        || texts
            .iter()
            .any(|text| text.len() > 500 || !printable(text))
    {
        return Some(
            "id, reason and claimed_by are single lines of at most 500 bytes, and id is not empty"
                .to_owned(),
        );
    }
    let longest = u32::try_from(PAUSE_MAX.0 / 1000).unwrap_or(u32::MAX);
    match (command.word, command.args.for_seconds) {
        (Word::Pause, Some(1..)) if command.args.for_seconds <= Some(longest) => None,
        (Word::Pause, _) => Some(format!(
            "a pause lasts at least 1 s and at most {PAUSE_MAX}"
        )),
        (_, Some(_)) => Some("for_seconds belongs to pause".to_owned()),
        (Word::Resume | Word::Abandon | Word::Failover | Word::Switchover, None) => None,
    }
}

fn run(view: &StatusView) -> String {
    let incident = view.incident.as_ref();
    incident.map_or_else(|| "no run".to_owned(), |i| format!("run {}", i.incident_id))
}

fn nothing_to_resume(view: &StatusView) -> Option<String> {
    let held = view.state == Phase::Held;
    (!view.paused && !held).then(|| {
        format!(
            "refused: drd is neither paused nor held, its state is {}. Nothing was changed",
            view.state
        )
    })
}

fn nothing_to_abandon(view: &StatusView) -> Option<String> {
    match view.state {
        Phase::Fencing | Phase::Held => None,
        Phase::Watching | Phase::Suspecting | Phase::Exposed => Some(format!(
            "refused: no run is open, the state is {}. To keep drd from beginning one: drd pause",
            view.state
        )),
        Phase::Promoting | Phase::Redirecting | Phase::Verifying | Phase::Switching => {
            Some(format!(
                "refused: {} is {}; a role change was asked for and may still take effect, there is no way \
                 back. drd goes on by itself: drd status",
                run(view),
                view.state
            ))
        }
    }
}

/// A role change is under way, or cannot be.
fn under_way(view: &StatusView) -> Option<String> {
    if view.state.is_acting() {
        return Some(format!(
            "refused: {} is {} already. drd goes on by itself: drd status",
            run(view),
            view.state
        ));
    }
    let other = view.active_side.other();
    (view.state == Phase::Exposed).then(|| {
        format!(
            "refused: there is no standby, {other} does not follow {} yet. Nothing was changed; drd status shows when it does",
            view.active_side
        )
    })
}

/// A failover may lose writes: how many is accepted by name, and a side that answers has a better word.
fn needs_consent(command: &OperatorCommand, view: &StatusView) -> Option<String> {
    let loss = view.loss_bound_seconds;
    let bound = loss.map_or_else(
        || "how much it would lose is unknown".to_owned(),
        |loss| format!("it may lose up to {loss:.1} s of writes"),
    );
    let answers = matches!(
        view.diagnosis.as_str(),
        "healthy" | "standby_unfit" | "replication_stalled"
    );
    if answers && !command.args.even_if_healthy {
        return Some(format!(
            "refused: {} answers; {bound}. Without loss: drd switchover. Anyway: drd failover --even-if-healthy \
             --accept-data-loss AMOUNT --reason TEXT",
            view.active_side
        ));
    }
    let Some(accepted) = command.args.accept_data_loss_seconds else {
        return Some(format!(
            "refused: {bound}. Name what you accept: drd failover --accept-data-loss AMOUNT --reason TEXT"
        ));
    };
    // Where nobody knows the bound, whoever orders it takes what they name.
    loss.filter(|loss| *loss > accepted).map(|_| {
        format!(
            "refused: {bound}, more than the {accepted:.1} s that were accepted. Nothing was changed"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::protocol::CommandArgs;
    use super::*;
    use crate::status::tests::calm as armed;

    fn command(word: Word) -> OperatorCommand {
        OperatorCommand {
            schema: COMMAND.to_owned(),
            id: "1".to_owned(),
            word,
            args: CommandArgs::default(),
            reason: String::new(),
            claimed_by: String::new(),
        }
    }

    fn in_state(state: Phase) -> StatusView {
        StatusView { state, ..armed() }
    }

    #[test]
    fn a_failover_of_a_side_that_answers_names_the_word_that_loses_nothing() {
        let text = refusal(&command(Word::Failover), &armed()).expect("refused");
        assert!(text.contains("drd switchover"), "{text}");
        assert!(text.contains("--even-if-healthy"), "{text}");
    }

    #[test]
    fn a_failover_needs_the_loss_by_name_and_not_less_than_there_may_be() {
        let view = StatusView {
            diagnosis: "region_dark".to_owned(),
            loss_bound_seconds: Some(30.4),
            ..armed()
        };
        let mut order = command(Word::Failover);
        let unnamed = refusal(&order, &view).expect("refused");
        assert!(unnamed.contains("up to 30.4 s"), "{unnamed}");
        order.args.accept_data_loss_seconds = Some(30.0);
        assert!(refusal(&order, &view).is_some_and(|t| t.contains("more than the 30.0 s")));
        order.args.accept_data_loss_seconds = Some(31.0);
        assert_eq!(refusal(&order, &view), None);
        let unknown = StatusView {
            loss_bound_seconds: None,
            ..view
        };
        assert_eq!(refusal(&order, &unknown), None);
    }

    #[test]
    fn a_role_change_under_way_is_no_time_for_another_nor_for_giving_up() {
        for state in [
            Phase::Promoting,
            Phase::Switching,
            Phase::Redirecting,
            Phase::Verifying,
        ] {
            for word in [Word::Failover, Word::Switchover, Word::Abandon] {
                assert!(
                    refusal(&command(word), &in_state(state)).is_some(),
                    "{word:?} in {state}"
                );
            }
            assert_eq!(refusal(&command(Word::Pause), &in_state(state)), None);
        }
        assert!(refusal(&command(Word::Switchover), &in_state(Phase::Exposed)).is_some());
        assert_eq!(
            refusal(&command(Word::Abandon), &in_state(Phase::Held)),
            None
        );
        assert_eq!(
            refusal(&command(Word::Switchover), &in_state(Phase::Held)),
            None
        );
    }

    #[test]
    fn what_is_not_paused_nor_held_is_not_resumed() {
        assert!(refusal(&command(Word::Resume), &armed()).is_some());
        let paused = StatusView {
            paused: true,
            ..armed()
        };
        assert_eq!(refusal(&command(Word::Resume), &paused), None);
        assert_eq!(
            refusal(&command(Word::Resume), &in_state(Phase::Held)),
            None
        );
    }

    #[test]
    fn a_pause_has_an_end_within_a_day() {
        let mut pause = command(Word::Pause);
        for (seconds, right) in [
            (None, false),
            (Some(0), false),
            (Some(1), true),
            (Some(86_400), true),
            (Some(86_401), false),
        ] {
            pause.args.for_seconds = seconds;
            assert_eq!(fault(&pause).is_none(), right, "{seconds:?}");
        }
        let mut other = command(Word::Resume);
        assert_eq!(fault(&other), None);
        other.reason = "two\nlines".to_owned();
        assert!(fault(&other).is_some());
    }
}
