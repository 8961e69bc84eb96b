//! The parts that a report has for an auditor: who made it, how to verify it, deviations, actions, sign-off.
//!
//! Deliberately absent: any statement of what a regulation is met by. A report supports a test; people judge it.

use super::page::{Content, PageSection};
use super::provenance::Provenance;

/// What a report and its evidence support.
pub const SUPPORTS: &str =
    "testing under DORA RTS 2024/1774 Art. 25; is no statement of compliance";
/// Rows to be filled in by hand.
const ACTIONS: usize = 4;
const SIGNATURES: usize = 2;

/// The commands that verify it, and what that proves.
pub(super) fn verified_by(again: &[String]) -> Vec<String> {
    let mut items = vec![
        "In the folder of this report, every file against manifest.json, and the ledger's chain: drd evidence verify .".to_owned(),
        "Every decision of the ledger made again, bit for bit: drd replay ledger.jsonl".to_owned(),
    ];
    items.extend(
        again
            .iter()
            .map(|command| format!("The same again: {command}")),
    );
    items.push(
        "A chain of hashes proves that nothing was changed in it, not who wrote it: compare the newest hash and the hash \
         of manifest.json with a copy that is kept elsewhere, such as the signed paper."
            .to_owned(),
    );
    items
}

/// All of them.
pub(super) fn sections(
    made: &Provenance,
    verified_by: Vec<String>,
    deviations: Vec<String>,
) -> Vec<PageSection> {
    let deviations = match deviations.is_empty() {
        true => vec!["None that the program found. Others, by hand:".to_owned()],
        false => deviations,
    };
    vec![
        section(
            "What this is",
            Content::Items(vec![format!("Supports {SUPPORTS}.")]),
        ),
        section("Made by", Content::Pairs(pairs(made))),
        section("How to verify", Content::Items(verified_by)),
        section("Deviations", Content::Items(deviations)),
        section(
            "Actions",
            Content::Blank(&["Action", "Owner", "Date"], ACTIONS),
        ),
        section(
            "Sign-off",
            Content::Blank(&["Name", "Role", "Date", "Signature"], SIGNATURES),
        ),
    ]
}

pub(super) fn section(heading: &'static str, content: Content) -> PageSection {
    PageSection { heading, content }
}

fn pairs(made: &Provenance) -> Vec<(&'static str, String)> {
    let or = |value: &Option<String>, otherwise: &str| {
        value.clone().unwrap_or_else(|| otherwise.to_owned())
    };
    vec![
        ("Made at (UTC)", made.made_at.clone()),
        ("Program", format!("drd {}", made.version)),
        (
            "SHA-256 of the program",
            or(&made.binary_sha256, "not known: its file could not be read"),
        ),
        ("Host", made.host.clone()),
        ("Principal", made.principal.clone()),
        ("SHA-256 of setup.json", made.setup_sha256.clone()),
        (
            "SHA-256 of the configuration file",
            or(&made.configuration_sha256, "not known: no file was named"),
        ),
    ]
}
