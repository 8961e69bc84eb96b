//! The tagged kinds of an estate: the flat keys are their short form, and mixtures are refused.

use crate::{SHOP1, assert_contains, bad, good};

/// The sample with the standby side in its long form.
fn long() -> String {
    let flat = "cluster_arn = \"arn:aws:rds:eu-central-2:123456789012:cluster:aurora-standby-shop1\"\n\
                asg = \"asg-standby-shop1\"\n";
    assert!(SHOP1.contains(flat), "the sample has another short form");
    let tagged = "database = { kind = \"aurora\", cluster_arn = \
                  \"arn:aws:rds:eu-central-2:123456789012:cluster:aurora-standby-shop1\" }\n\
                  capacity = [{ kind = \"auto_scaling_group\", name = \"asg-standby-shop1\" }]\n";
    SHOP1
        .replacen(flat, tagged, 1)
        .replace("latch = {", "latch = { kind = \"s3\",")
        .replace("[intake]", "[intake]\nkind = \"sqs\"")
}

#[test]
fn the_short_form_and_the_long_one_give_the_same_estate() {
    assert_eq!(good(&long(), &[]).topology, good(SHOP1, &[]).topology);
}

#[test]
fn a_kind_that_drd_does_not_know_is_shown_in_its_line() {
    for (known, other) in [
        ("\"aurora\"", "\"postgres\""),
        ("\"auto_scaling_group\"", "\"ecs\""),
        ("\"s3\"", "\"arc\""),
        ("\"sqs\"", "\"kafka\""),
    ] {
        let problem = bad(&long().replacen(known, other, 1), &[]);
        let known = format!("known: {}", known.trim_matches('"'));
        assert_contains(
            &problem,
            &["`kind` in [", "is not usable", other, &known, "1 problem;"],
        );
    }
}

#[test]
fn both_forms_at_once_and_a_second_group_are_refused() {
    let with = |line: &str| {
        let tagged = "database = { kind";
        bad(
            &long().replacen(tagged, &format!("{line}\n{tagged}"), 1),
            &[],
        )
    };
    assert_contains(
        &with("asg = \"asg-standby-shop1\""),
        &["`asg` is the short form of `capacity`, which is given too"],
    );
    assert_contains(
        &with("cluster_arn = \"arn\""),
        &["`cluster_arn` is the short form of `database`, which is given too"],
    );
    let second = "capacity = [{ kind = \"auto_scaling_group\", name = \"b\" }, ";
    assert_contains(
        &bad(&long().replacen("capacity = [", second, 1), &[]),
        &[
            "a second capacity on one side",
            "drd scales one group a side",
        ],
    );
}
