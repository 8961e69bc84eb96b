//! An AWS client that can change something is made by the one constructor that attaches the
//! lease gate; any other is in the list below, with the reason why it needs none.
//!
//! Deliberately absent: what a client is used for. A conversion by `.into()` is not seen either.

use crate::graph::{Foreign, Graph};

/// The constructor: its file and its function.
const FENCED: (&str, &str) = ("src/aws/clients.rs", "fenced");
/// How an SDK client is made.
const CONSTRUCTORS: [&str; 3] = ["new", "from_conf", "from"];
/// Who makes an unfenced client of which service, and why that is right.
const UNFENCED: [(&str, &str, &str); 21] = [
    ("src/aws/clients.rs", "aws_sdk_cloudwatch", READS),
    ("src/aws/clients.rs", "aws_sdk_dynamodb", LEASE),
    (
        "src/aws/clients.rs",
        "aws_sdk_elasticloadbalancingv2",
        READS,
    ),
    ("src/aws/clients.rs", "aws_sdk_eventbridge", PAGES),
    ("src/aws/clients.rs", "aws_sdk_kms", READS),
    ("src/aws/clients.rs", "aws_sdk_route53", READS),
    ("src/aws/clients.rs", "aws_sdk_servicequotas", READS),
    ("src/aws/clients.rs", "aws_sdk_sqs", QUEUE),
    (
        "bootstrap/src/observe/clients.rs",
        "aws_sdk_cloudformation",
        PLAN,
    ),
    ("bootstrap/src/observe/clients.rs", "aws_sdk_kms", PLAN),
    ("bootstrap/src/observe/clients.rs", "aws_sdk_rds", PLAN),
    (
        "bootstrap/src/observe/clients.rs",
        "aws_sdk_resourcegroupstagging",
        PLAN,
    ),
    ("bootstrap/src/observe/clients.rs", "aws_sdk_s3", PLAN),
    ("bootstrap/src/observe/clients.rs", "aws_sdk_sts", PLAN),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_account",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_cloudformation",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_cloudwatch",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_rds",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_route53",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_servicequotas",
        READS,
    ),
    (
        "bootstrap/src/observe/doctor/reads.rs",
        "aws_sdk_sts",
        READS,
    ),
];
const READS: &str = "read-only: no call of it changes anything";
const LEASE: &str = "the lease and the ledger: each write carries its own condition";
const PAGES: &str = "pages: a daemon that lost its lease still reports";
const QUEUE: &str = "messages: a second delivery is harmless";
const PLAN: &str = "an operator's plan, confirmed by the operator; bootstrap has no lease";

/// Every constructor outside [`FENCED`] is listed, and everything listed exists.
pub fn clients_are_fenced(graph: &Graph) -> Vec<String> {
    let mut complaints = judge(graph, &UNFENCED);
    for (file, service, _) in UNFENCED {
        let used = |foreign: &Foreign| foreign.file == file && foreign.path[0] == service;
        if !graph
            .foreign
            .iter()
            .filter(|foreign| makes(foreign))
            .any(used)
        {
            complaints.push(format!(
                "{file} makes no {service} client: remove it from the list"
            ));
        }
    }
    complaints
}

fn judge(graph: &Graph, listed: &[(&str, &str, &str)]) -> Vec<String> {
    let known = |foreign: &&Foreign| {
        let fenced = (foreign.file.as_str(), foreign.function.as_str()) == FENCED;
        let excused = |(file, service, _): &(&str, &str, &str)| {
            *file == foreign.file && *service == foreign.path[0]
        };
        fenced || listed.iter().any(excused)
    };
    let made = graph.foreign.iter().filter(|foreign| makes(foreign));
    made.filter(|foreign| !known(foreign))
        .map(describe)
        .collect()
}

/// `aws_sdk_rds::Client::new`, by whatever name.
fn makes(foreign: &Foreign) -> bool {
    let path = &foreign.path;
    let last = path.last().map_or("", String::as_str);
    path[0].starts_with("aws_sdk_")
        && path.iter().any(|part| part == "Client")
        && CONSTRUCTORS.contains(&last)
}

fn describe(foreign: &Foreign) -> String {
    let Foreign {
        file, line, path, ..
    } = foreign;
    let (place, function) = FENCED;
    format!(
        "{file}:{line}: {} is not fenced: use `{function}` of {place}, or list it with its reason",
        path.join("::")
    )
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::modules::Modules;
    use crate::sources::fixture;

    fn complaints(text: &str, listed: &[(&str, &str, &str)]) -> Vec<usize> {
        let lib = ("src/lib.rs", "mod aws;");
        let aws = ("src/aws/mod.rs", "mod clients; mod other;");
        let clients = "pub fn fenced() { aws_sdk_rds::Client::from_conf(c) }";
        let clients = ("src/aws/clients.rs", clients);
        let sources = fixture(&[lib, aws, clients, ("src/aws/other.rs", text)]);
        let graph = Graph::of(&sources, &Modules::of(&sources));
        let found = judge(&graph, listed);
        assert!(
            found
                .iter()
                .all(|what| what.starts_with("src/aws/other.rs:")),
            "{found:?}"
        );
        let line = |what: &String| what.split(':').nth(1).and_then(|line| line.parse().ok());
        found.iter().filter_map(line).collect()
    }

    #[test]
    fn a_client_that_is_made_by_any_name() {
        let text = "use aws_sdk_rds::{self as rds, Client, Client as Rds};\n\
            fn a() { aws_sdk_rds::Client::new(c); }\n\
            fn b() { rds::Client::from_conf(c); }\n\
            fn c() { Client::new(c); }\n\
            fn d() { vec![Rds::from(c)]; }\n\
            fn e() { <Rds>::new(c); }\n\
            fn f() { rds::client::Client::new(c); }\n\
            fn g() { x.map(Rds::new); }\n\
            fn h(_: Client) { Other::new(); }\n";
        assert_eq!(complaints(text, &[]), [2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn nothing_but_what_is_listed_for_this_service() {
        let text = "use aws_sdk_kms::Client;\nfn a() { Client::new(c); }\n\
            fn b() { aws_sdk_s3::Client::new(c); }\n";
        let listed = [("src/aws/other.rs", "aws_sdk_kms", READS)];
        assert_eq!(complaints(text, &listed), [3]);
    }
}
