//! `DRD_<SECTION>__<KEY>` variables laid over the file, e.g. `DRD_SIDES__PRIMARY__REGION`.
//!
//! Deliberately absent: reading the environment (the caller hands it in), and knowing the keys:
//! a variable that names none is found by the reader, like a key in the file.

use super::diagnostics::{Origin, Problem};
use super::tree::{KeyedNode, Node, NodeTable, Value};

/// What the variables of drd start with.
pub(super) const PREFIX: &str = "DRD_";
/// Between table and key. Two, because keys hold single ones.
pub(super) const SEPARATOR: &str = "__";
/// The one key outside every table, which therefore has no separator in its variable.
const TOP_LEVEL: &str = "DRD_SUFFIX";

/// drd's variables: overrides, and the others.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// Those that override a key.
    overrides: Vec<(String, String)>,
    /// Names of the others, such as `DRD_LOG`; they belong to flags.
    pub others: Vec<String>,
}

impl Overlay {
    /// Keeps drd's variables only.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Overlay {
        let ours = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX));
        let (mut overrides, others): (Vec<_>, Vec<_>) =
            ours.partition(|(name, _)| is_override(name));
        // Environments have no order; problems must.
        overrides.sort();
        Overlay {
            overrides,
            others: others.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// Whether no variable overrides a key.
    pub fn is_empty(&self) -> bool {
        self.overrides.is_empty()
    }

    /// Lays the overrides over `root` and returns what could not be laid.
    pub fn lay_over(&self, root: &mut NodeTable) -> Vec<Problem> {
        let laid = self
            .overrides
            .iter()
            .map(|(name, value)| put(root, name, value));
        laid.filter_map(Result::err).collect()
    }
}

fn is_override(name: &str) -> bool {
    name == TOP_LEVEL || name[PREFIX.len()..].contains(SEPARATOR)
}

fn put(root: &mut NodeTable, name: &str, value: &str) -> Result<(), Problem> {
    let path = name[PREFIX.len()..].to_ascii_lowercase();
    let origin = Origin::Variable(name.to_owned());
    let mut segments: Vec<&str> = path.split(SEPARATOR).collect();
    let key = segments.pop().unwrap_or_default();
    if key.is_empty() || segments.iter().any(|segment| segment.is_empty()) {
        return Err(problem(origin, "names no key".to_owned()));
    }
    let mut table = root;
    for segment in segments {
        let entry = table
            .entry(segment.to_owned())
            .or_insert_with(|| KeyedNode {
                key: origin.clone(),
                node: Node {
                    origin: origin.clone(),
                    value: Value::Table(NodeTable::new()),
                },
            });
        let Value::Table(inner) = &mut entry.node.value else {
            return Err(problem(
                origin,
                format!("goes through `{segment}`, which is not a table"),
            ));
        };
        table = inner;
    }
    let node = Node {
        origin: origin.clone(),
        value: Value::Raw(value.to_owned()),
    };
    table.insert(key.to_owned(), KeyedNode { key: origin, node });
    Ok(())
}

fn problem(origin: Origin, what: String) -> Problem {
    Problem {
        origin,
        message: format!("the variable {what}"),
        hint: "form: DRD_<SECTION>__<KEY>; lists of tables stay in the file".to_owned(),
    }
}
