//! The file as a tree in which every key and value knows where it was written.
//!
//! Deliberately absent: meaning. `reader` asks the tree for keys; nothing here knows one.

use super::diagnostics::{Origin, Problem};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub origin: Origin,
    pub value: Value,
}

/// A value. Dates and floats mean nothing to drd, so they only have a name.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Number(String),
    Truth(bool),
    List(Vec<Node>),
    Table(NodeTable),
    /// The text of an environment variable: its type is what the reader expects.
    Raw(String),
    Other(&'static str),
}

/// A key's own origin_of beside its value.
#[derive(Clone, Debug)]
pub(super) struct KeyedNode {
    pub key: Origin,
    pub node: Node,
}

pub(super) type NodeTable = BTreeMap<String, KeyedNode>;

/// Reads TOML.
///
/// # Errors
/// Every syntax error that the parser can recover from, not just the first.
pub(super) fn parse(text: &str) -> Result<NodeTable, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table_of(table.into_inner(), &mut |span| Origin::File(span)));
    }
    Err(errors
        .into_iter()
        .map(|error| Problem {
            origin: error.span().map_or(Origin::Nowhere, Origin::File),
            message: format!("not TOML: {}", error.message()),
            hint: String::new(),
        })
        .collect())
}

/// Reads one TOML value from a variable: `["a", "b"]`, `{ min = 6 }`.
pub(super) fn parse_value(raw: &str, origin: &Origin) -> Option<Node> {
    let spanned = DeValue::parse(raw).ok()?;
    Some(node_of(spanned, &mut |_| origin.clone()))
}

type OriginOf<'a> = dyn FnMut(std::ops::Range<usize>) -> Origin + 'a;

fn table_of(table: DeTable<'_>, origin_of: &mut OriginOf<'_>) -> NodeTable {
    table
        .into_iter()
        .map(|(key, value)| {
            let entry = KeyedNode {
                key: origin_of(key.span()),
                node: node_of(value, origin_of),
            };
            (key.into_inner().into_owned(), entry)
        })
        .collect()
}

fn node_of(spanned: Spanned<DeValue<'_>>, origin_of: &mut OriginOf<'_>) -> Node {
    let origin = origin_of(spanned.span());
    let value = match spanned.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Value::Number(number.as_str().to_owned())
        }
        DeValue::Integer(_) => Value::Other("a number that is not decimal"),
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Boolean(truth) => Value::Truth(truth),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|item| node_of(item, origin_of))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(table_of(table, origin_of)),
    };
    Node { origin, value }
}

impl Node {
    /// The text, or what it is instead.
    pub fn text(&self) -> Result<&str, String> {
        match &self.value {
            Value::Text(text) | Value::Raw(text) => Ok(text),
            Value::Number(_)
            | Value::Truth(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other(_) => Err(format!("wants text in quotes, not {}", self.kind())),
        }
    }

    /// A whole number that is not negative.
    pub fn whole(&self) -> Result<u32, String> {
        match &self.value {
            Value::Number(digits) | Value::Raw(digits) => digits
                .trim()
                .parse()
                .map_err(|_| format!("wants a whole number, not {digits}")),
            Value::Text(_)
            | Value::Truth(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other(_) => Err(format!(
                "wants a whole number without quotes, not {}",
                self.kind()
            )),
        }
    }

    /// Yes or no.
    pub fn truth(&self) -> Result<bool, String> {
        match &self.value {
            Value::Truth(truth) => Ok(*truth),
            Value::Raw(raw) if raw.trim() == "true" => Ok(true),
            Value::Raw(raw) if raw.trim() == "false" => Ok(false),
            Value::Raw(_)
            | Value::Text(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other(_) => Err(format!("wants true or false, not {}", self.kind())),
        }
    }

    /// The items of a list; a variable may separate them by commas.
    pub fn list(&self) -> Result<Vec<Node>, String> {
        match &self.value {
            Value::List(items) => Ok(items.clone()),
            Value::Raw(raw) if !raw.trim_start().starts_with('[') => Ok(self.split(raw)),
            Value::Raw(raw) => match parse_value(raw, &self.origin).map(|node| node.value) {
                Some(Value::List(items)) => Ok(items),
                Some(_) | None => Err("wants a list such as [\"a\", \"b\"] or a,b".to_owned()),
            },
            Value::Text(_)
            | Value::Number(_)
            | Value::Truth(_)
            | Value::Table(_)
            | Value::Other(_) => Err(format!("wants a list in [ ], not {}", self.kind())),
        }
    }

    /// The keys of a table.
    pub fn table(&self) -> Result<NodeTable, String> {
        match &self.value {
            Value::Table(table) => Ok(table.clone()),
            Value::Raw(raw) => match parse_value(raw, &self.origin).map(|node| node.value) {
                Some(Value::Table(table)) => Ok(table),
                Some(_) | None => Err("wants a table such as { key = \"value\" }".to_owned()),
            },
            Value::Text(_)
            | Value::Number(_)
            | Value::Truth(_)
            | Value::List(_)
            | Value::Other(_) => Err(format!("wants a table, not {}", self.kind())),
        }
    }

    fn split(&self, raw: &str) -> Vec<Node> {
        raw.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| Node {
                origin: self.origin.clone(),
                value: Value::Raw(item.to_owned()),
            })
            .collect()
    }

    fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) | Value::Raw(_) => "text",
            Value::Number(_) => "a number",
            Value::Truth(_) => "a boolean",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(name) => name,
        }
    }
}
