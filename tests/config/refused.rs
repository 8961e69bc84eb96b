//! What is refused, and the problem that its author is shown.

use crate::{SHOP1, assert_contains, bad, bad_with};
use drd::config;

#[test]
fn an_unknown_key_is_shown_in_its_line_with_the_nearest_known_one() {
    let problem = bad_with("rto = \"300s\"", "quorom = 3");
    let shown = "x unknown key `quorom` in [policy]\n   ,-[drd.toml:37:1]\n37 | quorom = 3\n   : \
                 ^^^^^^  did you mean `quorum`?\n1 problem;";
    assert_contains(&problem, &[shown]);
}

#[test]
fn a_key_in_the_wrong_table_is_shown_with_the_right_one() {
    let problem = bad_with("kind = \"file\"", "lag_fresh = \"3s\"");
    assert_contains(
        &problem,
        &[
            "unknown key `lag_fresh` in [ledger]",
            "it belongs to [policy]",
        ],
    );
}

#[test]
fn an_unknown_variable_is_named_with_the_nearest_known_one() {
    let problem = bad(
        SHOP1,
        &[
            ("DRD_POLICY__QUOROM", "3"),
            ("DRD_POLCY__RTO", "3s"),
            ("DRD_HTTP_LISTEN", "127.0.0.1:1"),
            ("DRD_SENSORS__0__NAME", "x"),
        ],
    );
    assert_contains(
        &problem,
        &[
            "environment variable DRD_POLICY__QUOROM]\n   : did you mean `DRD_POLICY__QUORUM`?",
            "environment variable DRD_POLCY__RTO]\n   : did you mean `DRD_POLICY__RTO`?",
            "environment variable DRD_HTTP_LISTEN]\n   : did you mean `DRD_HTTP__LISTEN`?",
            "goes through `sensors`, which is not a table",
            "4 problems;",
        ],
    );
}

#[test]
fn everything_missing_is_listed_at_once_with_its_purpose() {
    let problem = bad(
        "suffix = \"shop1\"\n[sides.primary]\nregion = \"eu-central-1\"\n",
        &[],
    );
    assert_contains(
        &problem,
        &[
            "drd.toml:2:1]\n2 | [sides.primary]\n",
            "missing key `cluster_arn` in [sides.primary]: the side's Aurora cluster",
            "missing table [sides.standby]: where it serves after a failover",
            "missing table [database]",
            "missing table [dns]",
            "missing table [intake]",
            "missing table [observer]: what tells a dark region from an observer that is cut off",
            "missing table [ledger]",
            "missing table [capacity]",
        ],
    );
}

#[test]
fn syntax_errors_are_shown_in_their_line() {
    let problem = bad("suffix = \"shop1\"\nx = \n", &[]);
    assert_contains(&problem, &["not TOML", "drd.toml:2:5]\n2 | x =\n  :     ^"]);
}

#[test]
fn slices_that_do_not_fit_are_printed_as_the_broken_inequality() {
    assert_contains(
        &bad_with("rto = \"300s\"", "rto = \"294s\""),
        &[
            "detect 105 s + promote 120 s + redirect 50 s + verify 20 s = 295 s > rto 294 s",
            "37 | rto = \"294s\"",
        ],
    );
    assert_contains(
        &bad_with("rto = \"300s\"", "hold_down = \"105s\""),
        &["hold_down 105 s >= budget.detect 105 s"],
    );
    assert_contains(
        &bad_with("rto = \"300s\"", "hold_down_for = { edge_down = \"2m\" }"),
        &["hold_down_for.edge_down 120 s >= budget.detect 105 s"],
    );
    assert_contains(
        &bad_with("rto = \"300s\"", "budget = { fence = \"200s\" }"),
        &["budget.fence 200 s > budget.promote 120 s"],
    );
    assert_contains(
        &bad_with("rto = \"300s\"", "rpo = \"30s\""),
        &["rpo 30 s <= lag_period 30 s"],
    );
    assert_contains(
        &bad_with("rto = \"300s\"", "lag_fresh = \"20s\""),
        &["lag_fresh 20 s < lag_period 30 s"],
    );
}

#[test]
fn a_default_that_does_not_fit_is_a_problem_too() {
    let problem = bad_with("rto = \"300s\"", "budget = { detect = \"80s\" }");
    assert_contains(
        &problem,
        &["hold_down_for.database_down 90 s >= budget.detect 80 s"],
    );
}

#[test]
fn one_fault_domain_alone_is_refused() {
    let why = "one fault domain alone must never cause an irreversible act";
    assert_contains(&bad_with("rto = \"300s\"", "quorum = 1"), &[why]);
    assert_contains(&bad_with("rto = \"300s\"", "quorum = 4"), &["wants 2 or 3"]);
}

#[test]
fn a_quorum_that_no_signals_could_reach_is_refused() {
    let problem = bad_with("rto = \"300s\"", "quorum = 3");
    assert_contains(
        &problem,
        &[
            "quorum 3 cannot be reached on standby: its endpoint is seen from third region, observer only",
            "1 problem;",
        ],
    );
}

#[test]
fn sides_must_be_two_places_of_one_account() {
    assert_contains(
        &bad_with(
            ":eu-central-2:123456789012:cluster",
            ":eu-central-2:210987654321:cluster",
        ),
        &["the sides are in two accounts, 123456789012 and 210987654321"],
    );
    assert_contains(
        &bad_with("region = \"eu-central-2\"", "region = \"eu-central-1\""),
        &[
            "both sides are in the same region",
            "this ARN is in eu-central-2, its side is in eu-central-1",
        ],
    );
    assert_contains(
        &bad_with(
            "https://standby.shop1.example.com/health/trading",
            "https://primary.shop1.example.com/health/trading",
        ),
        &["both sides have the same endpoint"],
    );
    assert_contains(
        &bad_with(
            "alb-standby-shop1-1.eu-central-2",
            "alb-primary-shop1-1.eu-central-1",
        ),
        &["both sides have the same traffic_target"],
    );
}

/// What is replaced, by what, and what the problem then contains.
const REFUSED: &[(&str, &str, &str)] = &[
    ("suffix = \"shop1\"", "suffix = \"Shop\"", "a letter first"),
    (
        "rto = \"300s\"",
        "rto = 300",
        "wants a length of time in quotes",
    ),
    ("rto = \"300s\"", "rto = \"-3s\"", "at least 1ms"),
    ("rto = \"300s\"", "rto = \"5us\"", "whole milliseconds"),
    (
        "rto = \"300s\"",
        "autonomy = { edge_down = \"akt\" }",
        "did you mean `act`?",
    ),
    (
        "cluster:aurora-primary",
        "db:aurora-primary",
        "wants arn:aws:rds:REGION:ACCOUNT:cluster:NAME",
    ),
    (
        "\"https://primary.shop1.example.com/health/write\"",
        "\"primary.shop1\"",
        "wants a whole URL",
    ),
    (
        "hosted_zone_id = \"Z0",
        "hosted_zone_id = \"Z-0",
        "wants a hosted zone id",
    ),
    (
        "record = \"api.shop1.example.com\"",
        "record = \"https://api\"",
        "wants the record's full name",
    ),
    (
        "\"10.1.0.2:53\"",
        "\"10.1.0.2:dns\"",
        "wants resolvers as host:port",
    ),
    ("min = 6,", "min = 7,", "serving.min 7 > serving.desired 6"),
    (
        "min = 6,",
        "min = \"6\",",
        "wants a whole number without quotes",
    ),
    (
        "[policy]",
        "[policy]\nquorum = -1",
        "wants a whole number, not -1; 2 or 3",
    ),
    (
        "asg = \"asg-primary-shop1\"",
        "asg = [\"a\", \"b\"]",
        "drd scales one Auto Scaling group a side",
    ),
    (
        "[database]",
        "[sides.third]\nregion = \"eu-west-1\"\n[database]",
        "drd moves an estate between two sides",
    ),
    (
        "[capacity]",
        "[capacity]\nfloor_percent = 101",
        "wants 1 to 100, not 101",
    ),
    (
        "[database]",
        "[http]\nlisten = \"0.0.0.0:9817\"\n[database]",
        "neither TLS nor a login",
    ),
    (
        "[database]",
        "[http]\nexpose = \"yes\"\n[database]",
        "wants true or false, not text",
    ),
    (
        "kind = \"file\"",
        "kind = \"dynamodb\"\ntable = \"t\"",
        "`path` belongs to a ledger in a file",
    ),
    (
        "kind = \"file\"",
        "kind = \"file\"\nrenew = \"5s\"",
        "`renew` belongs to a ledger in DynamoDB",
    ),
    (
        "kind = \"file\"\npath = \"/var/lib/drd/ledger.jsonl\"",
        "kind = \"dynamodb\"\ntable = \"table-ledger-shop1\"\nlease = \"14s\"",
        "lease 14 s < 3 x renew 5 s",
    ),
    ("kind = \"file\"", "kind = \"fil\"", "did you mean `file`?"),
    (
        "vantage = \"route53\"",
        "vantage = \"rout53\"",
        "did you mean `route53`?",
    ),
    (
        "sqs.eu-central-2",
        "sqs.eu-central-1",
        "the queue is in eu-central-1",
    ),
    ("sts.eu-west-1", "sts.eu-central-2", "a side's own region"),
    (
        "[policy]",
        "[observe]\nprobe_timeout = \"6s\"\n[policy]",
        "probe_timeout 6 s > 5 s in [observe]",
    ),
    (
        "[policy]",
        "[observe]\narmed = \"1m\"\n[policy]",
        "2 x armed + call_timeout 125 s > 75 s",
    ),
    (
        "[policy]",
        "[observe]\nheartbeat = \"2m\"\n[policy]",
        "3 x heartbeat 360 s > 195 s",
    ),
];

#[test]
fn single_values_are_refused_with_what_is_wanted() {
    for (old, new, wanted) in REFUSED {
        assert_contains(&bad_with(old, new), &[wanted, "1 problem;"]);
    }
}

#[test]
fn a_sensor_with_no_source_or_two_is_refused() {
    let second = |lines: &str| bad_with("[observer]", &format!("[[sensors]]\n{lines}\n[observer]"));
    let alarm = "alarm_arn = \"arn:aws:cloudwatch:us-east-1:123456789012:alarm:alarm-health-primary-shop1\"";
    let route53 = "name = \"b\"\nvantage = \"route53\"\nside = \"standby\"";
    assert_contains(&second(route53), &["`b` has no alarm_arn"]);
    assert_contains(
        &second(&format!("{route53}\n{alarm}")),
        &["`b` hears what `route53-primary` hears"],
    );
    let foreign = alarm
        .replace("123456789012", "210987654321")
        .replace("us-east-1", "eu-west-1");
    assert_contains(
        &second(&format!("{route53}\n{foreign}")),
        &[
            "the alarm is in account 210987654321, the estate in 123456789012",
            "an alarm in eu-west-1 does not fit vantage route53",
        ],
    );
    let name = "name = \"route53-primary\"\nvantage = \"probe\"\nside = \"primary\"";
    assert_contains(&second(name), &["two sensors are called `route53-primary`"]);
    let reserved = "name = \"probe-standby\"\nvantage = \"probe\"\nside = \"primary\"";
    assert_contains(
        &second(reserved),
        &["the name of a sensor that every estate has"],
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = std::path::Path::new("/nonexistent/drd.toml");
    let error = config::load(Some(path), []).expect_err("there is no such file");
    let text = error.to_string();
    assert_contains(
        &text,
        &[
            "there is no configuration /nonexistent/drd.toml",
            "--config",
        ],
    );
}

proptest::proptest! {
    /// Foreign text, whatever it holds, ends in a configuration or in a problem with a place.
    #[test]
    fn no_text_makes_the_reader_panic(at in 0usize..2200, cut in 0usize..80, put in "\\PC{0,12}") {
        let mut text: Vec<char> = SHOP1.chars().collect();
        let start = at.min(text.len());
        let end = (start + cut).min(text.len());
        text.splice(start..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Err(error) = config::parse("drd.toml", &text, []) {
            proptest::prop_assert!(error.to_string().contains(",-["));
        }
    }
}

#[test]
fn senders_that_could_never_count_are_refused() {
    let intake = |line: &str| format!("[intake]\n{line}\n");
    let foreign = "topics = [\"arn:aws:sns:eu-central-2:210987654321:alarms\"]";
    let problem = bad_with("[intake]\n", &intake(foreign));
    assert_contains(&problem, &["the topic is in account 210987654321"]);
    let problem = bad_with("[intake]\n", &intake("topics = [\"alarms\"]"));
    assert_contains(&problem, &["wants arn:aws:sns:REGION:ACCOUNT:NAME"]);
    let beside = "witness_region = \"eu-central-2\"";
    let problem = bad_with("[intake]\n", &intake(beside));
    assert_contains(&problem, &["is a side's own region", "a third region"]);
}

#[test]
fn a_second_store_of_the_latch_that_would_be_lost_with_the_first_is_refused() {
    let latch = |second: &str| {
        let first = "bucket = \"bucket-latch-standby-shop1\", key = \"active-side\"";
        let with = format!("{first}, second = {{ {second} }}");
        bad_with(first, &with)
    };
    let beside = latch("bucket = \"other\", region = \"eu-central-2\"");
    assert_contains(
        &beside,
        &["second store is in a side's own region", "a third region"],
    );
    let same = latch("bucket = \"bucket-latch-standby-shop1\", region = \"eu-west-1\"");
    assert_contains(&same, &["both stores of the latch are one bucket"]);
    let nowhere = latch("bucket = \"other\"");
    assert_contains(&nowhere, &["region"]);
}

#[test]
fn a_socket_whose_path_the_kernel_cannot_hold_is_refused() {
    let long = format!("/run/{}/drd.sock", "d".repeat(100));
    let problem = bad(SHOP1, &[("DRD_OPERATOR__SOCKET", &long)]);
    assert_contains(&problem, &["at most 107 bytes"]);
    let nameless = bad(&format!("{SHOP1}[operator]\ngroup = \"sre\"\n"), &[]);
    assert_contains(&nameless, &["missing key `socket` in [operator]"]);
}
