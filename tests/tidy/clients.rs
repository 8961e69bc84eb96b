//! AWS clients are made in one file, whose constructor attaches the lease gate. Any other place
//! that makes one is listed here with the reason why it needs no lease.
//!
//! Deliberately absent: how a client is used. Not detected: conversion by `.into()`, and a
//! constructor behind a type alias.

use crate::graph::{Foreign, Graph};

/// The file of the constructors `fenced` and `unfenced`, which has its own list of reasons.
const CONSTRUCTOR: &str = "src/aws/fenced.rs";
const PLAN: &str = "carries out a plan that the operator confirmed; provisioning holds no lease";
const READS: &str = "checks before provisioning: read-only calls";
/// Which other files make a client of which service, and why that needs no lease.
const UNFENCED: [(&str, &str, &str); 17] = [
    (
        "bootstrap/src/aws/outsider.rs",
        "aws_sdk_s3",
        "has no credentials, so it changes nothing",
    ),
    (
        "bootstrap/src/aws/clients.rs",
        "aws_sdk_cloudformation",
        PLAN,
    ),
    ("bootstrap/src/aws/clients.rs", "aws_sdk_kms", PLAN),
    ("bootstrap/src/aws/clients.rs", "aws_sdk_rds", PLAN),
    ("bootstrap/src/aws/clients.rs", "aws_sdk_route53", PLAN),
    (
        "bootstrap/src/aws/clients.rs",
        "aws_sdk_resourcegroupstagging",
        PLAN,
    ),
    ("bootstrap/src/aws/clients.rs", "aws_sdk_s3", PLAN),
    ("bootstrap/src/aws/clients.rs", "aws_sdk_sts", PLAN),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_account",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_cloudformation",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_cloudwatch",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_kms",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_rds",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_route53",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_s3",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_servicequotas",
        READS,
    ),
    (
        "bootstrap/src/observe/preflight/reads.rs",
        "aws_sdk_sts",
        READS,
    ),
];

/// Every client made outside [`CONSTRUCTOR`] is listed, and each entry of the list is needed.
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
        let excused = |(file, service, _): &(&str, &str, &str)| {
            *file == foreign.file && *service == foreign.path[0]
        };
        foreign.file == CONSTRUCTOR || listed.iter().any(excused)
    };
    let made = graph.foreign.iter().filter(|foreign| makes(foreign));
    made.filter(|foreign| !known(foreign))
        .map(describe)
        .collect()
}

/// `aws_sdk_rds::Client::new` by any name, also where a macro's parameter is the service. Only
/// SDK clients have a `from_conf`.
fn makes(foreign: &Foreign) -> bool {
    let path = &foreign.path;
    let service = path[0].starts_with("aws_sdk_") || path[0].starts_with('$');
    match path.last().map(String::as_str) {
        Some("from_conf") => path.len() > 1,
        Some("new" | "from") => service && path.iter().any(|part| part == "Client"),
        Some(_) | None => false,
    }
}

fn describe(foreign: &Foreign) -> String {
    let Foreign { file, line, path } = foreign;
    let path = path.join("::");
    format!("{file}:{line}: {path} is not fenced: use {CONSTRUCTOR}, or list it with its reason")
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::modules::Modules;
    use crate::sources::fixture;

    fn complaints(text: &str, listed: &[(&str, &str, &str)]) -> Vec<usize> {
        let lib = ("src/lib.rs", "mod aws;");
        let aws = ("src/aws/mod.rs", "mod fenced; mod other;");
        let constructor = "pub fn fenced() { aws_sdk_rds::Client::from_conf(c) }";
        let constructor = ("src/aws/fenced.rs", constructor);
        let sources = fixture(&[lib, aws, constructor, ("src/aws/other.rs", text)]);
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
            impl Make for Client { fn h() { Self::from_conf(c); } }\n\
            macro_rules! m { ($s:ident) => { $s::Client::new(c) } }\n\
            fn i(_: Client) { Other::new(); Config::from(c); }\n";
        assert_eq!(complaints(text, &[]), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn nothing_but_what_is_listed_for_this_service() {
        let text = "use aws_sdk_kms::Client;\nfn a() { Client::new(c); }\n\
            fn b() { aws_sdk_s3::Client::new(c); }\n";
        let listed = [("src/aws/other.rs", "aws_sdk_kms", READS)];
        assert_eq!(complaints(text, &listed), [3]);
    }
}
