//! Plans as people meet them.

use super::*;
use crate::estate::naming::Suffix;
use crate::estate::observed::{TAG, Values};
use crate::estate::settings::{Key, Said};

fn settings(said: &[(Key, &str)]) -> Settings {
    let said: Said = said.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    Settings::resolve(&Suffix::new("t1").expect("a suffix"), None, &said).expect("settings")
}

/// An estate that is as these settings want it.
fn built(settings: &Settings) -> Observed {
    let mut observed = Observed {
        writer: Writer::Side(Role::Primary),
        ..Observed::default()
    };
    let mut told = StackOutputs::new();
    for id in StackId::all() {
        let names = template_shape::shape(id.template.source()).outputs;
        let outputs: Values = names
            .into_iter()
            .map(|n| (n.clone(), format!("{n} of {id}")))
            .collect();
        let wanted = parameters(id, settings, &told);
        let seen = StackState {
            arn: format!("arn:{id}"),
            status: "CREATE_COMPLETE".to_owned(),
            parameters: wanted
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v.expect("known")))
                .collect(),
            outputs: outputs.clone(),
            tagged: Some("t1".to_owned()),
            body: Some(id.template.body()),
            ..StackState::default()
        };
        // Outputs of both sides are known before either side takes them: data takes its peer's key.
        told.insert(id, outputs);
        observed.stacks.insert(id, seen);
    }
    observed
}

fn action(plan: &Plan, name: &str) -> Action {
    let step = plan.steps.iter().find(|s| s.work.to_string() == name);
    step.expect("a step").action.clone()
}

fn with_status(observed: &mut Observed, id: StackId, status: &str) {
    observed.stacks.get_mut(&id).expect("a stack").status = status.to_owned();
}

const NETWORK: StackId = StackId::sided(Template::Network, Role::Primary);
const DATA: StackId = StackId::sided(Template::Data, Role::Primary);

#[test]
fn from_nothing_every_stack_is_created_in_an_order_that_works() {
    let plan = plan(&settings(&[]), &Observed::default());
    let mut done: Vec<Work> = Vec::new();
    for step in &plan.steps {
        for needed in &step.after {
            assert!(done.contains(needed), "{} before {needed}", step.work);
        }
        done.push(step.work);
    }
    let created = plan.steps.iter().filter(|s| s.action == Action::Create);
    assert_eq!(created.count(), StackId::all().len());
    assert!(plan.refusals().is_empty() && plan.held().is_empty());
}

#[test]
fn an_estate_that_is_as_it_should_be_is_left_alone() {
    let settings = settings(&[]);
    let plan = plan(&settings, &built(&settings));
    assert_eq!(plan.changes(), 0, "{}", plan.table());
    assert!(plan.sum().contains("Nothing to change"), "{}", plan.sum());
}

#[test]
fn a_changed_setting_updates_the_stacks_that_take_it_and_no_other() {
    let before = settings(&[]);
    let plan = plan(&settings(&[(Key::ServingMax, "20")]), &built(&before));
    let updated: Vec<String> = plan
        .steps
        .iter()
        .filter(|s| matches!(s.action, Action::Update(_)))
        .map(|s| s.work.to_string())
        .collect();
    assert_eq!(updated, ["anchor", "app-primary", "app-standby"]);
    assert_eq!(
        action(&plan, "app-primary"),
        Action::Update(vec!["MaxSize".to_owned()])
    );
}

#[test]
fn after_a_failover_nothing_is_proposed() {
    let settings = settings(&[]);
    let mut observed = built(&settings);
    observed.writer = Writer::Side(Role::Standby);
    let plan = plan(&settings, &observed);
    assert_eq!(plan.changes(), 0, "{}", plan.table());
    assert!(plan.held().is_empty());
    assert!(plan.table().contains("the STANDBY side writes"));
}

#[test]
fn after_a_failover_a_change_is_held_back_with_its_reason() {
    let before = settings(&[]);
    let mut observed = built(&before);
    observed.writer = Writer::Side(Role::Standby);
    observed.stacks.remove(&NETWORK);
    let plan = plan(&settings(&[(Key::ServingMin, "4")]), &observed);
    assert_eq!(plan.changes(), 0, "{}", plan.table());
    let held = plan.held();
    let (why, stacks) = held.iter().next().expect("a reason");
    assert!(why.contains("standby side is the writer"), "{why}");
    assert!(stacks.contains(&"app-primary".to_owned()), "{stacks:?}");
    assert!(stacks.contains(&"network-primary".to_owned()), "{stacks:?}");
}

#[test]
fn what_a_failed_attempt_left_is_made_again_and_what_moves_is_awaited() {
    let settings = settings(&[]);
    let mut observed = built(&settings);
    with_status(&mut observed, NETWORK, "ROLLBACK_COMPLETE");
    with_status(&mut observed, DATA, "CREATE_IN_PROGRESS");
    let plan = plan(&settings, &observed);
    assert_eq!(action(&plan, "network-primary"), Action::Recreate);
    assert_eq!(action(&plan, "data-primary"), Action::Await);
}

#[test]
fn a_stack_that_holds_data_and_was_being_deleted_is_not_cleared_away() {
    let settings = settings(&[]);
    let mut observed = built(&settings);
    with_status(&mut observed, DATA, "DELETE_FAILED");
    with_status(&mut observed, NETWORK, "DELETE_FAILED");
    let plan = plan(&settings, &observed);
    assert!(matches!(action(&plan, "data-primary"), Action::Refuse(_)));
    assert_eq!(action(&plan, "network-primary"), Action::Recreate);
}

#[test]
fn a_strangers_stack_of_our_name_stops_everything() {
    let settings = settings(&[]);
    let mut observed = built(&settings);
    observed.stacks.get_mut(&NETWORK).expect("a stack").tagged = None;
    let plan = plan(&settings, &observed);
    let why = plan.refusals().join(" ");
    assert!(
        why.contains("stack-network-primary-t1") && why.contains(TAG),
        "{why}"
    );
}

#[test]
fn a_plan_is_read_like_this() {
    insta::assert_snapshot!(plan(&settings(&[]), &Observed::default()).table());
}
