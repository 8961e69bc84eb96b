//! Takes keys out of the tree, reports what is missing, and at the end every key not read.
//!
//! Deliberately absent: stopping at the first problem. A key that cannot be used becomes `None`
//! and a note; the file is read to its end, so that one run shows everything.

use super::diagnostics::{Origin, Problem};
use super::env::{PREFIX, SEPARATOR};
use super::suggest::nearest;
use super::tree::{KeyedNode, Node, NodeTable};
use std::cell::RefCell;

/// A usable value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Field<T> {
    pub value: T,
    pub origin: Origin,
}

/// What was found while reading.
#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    /// Every key that drd knows: path of its table, and key.
    known: RefCell<Vec<(String, &'static str)>>,
    /// Every key that no reader took.
    unknown: RefCell<Vec<(String, String, Origin)>>,
}

impl Notes {
    /// Notes one problem.
    pub fn problem(&self, origin: &Origin, message: impl Into<String>, hint: impl Into<String>) {
        let origin = origin.clone();
        let problem = Problem {
            origin,
            message: message.into(),
            hint: hint.into(),
        };
        self.problems.borrow_mut().push(problem);
    }

    /// Everything found. `others` are drd's variables that override nothing: one that spells a
    /// key with a single underscore was surely meant to.
    pub fn finish(self, others: &[String]) -> Vec<Problem> {
        for (path, key, origin) in self.unknown.take() {
            self.note_unknown(&path, &key, &origin);
        }
        for name in others {
            if let Some(meant) = self.variable_meant_by(name) {
                let origin = Origin::Variable(name.clone());
                self.problem(
                    &origin,
                    "the variable overrides nothing",
                    format!("did you mean `{meant}`?"),
                );
            }
        }
        self.problems.take()
    }

    fn note_unknown(&self, path: &str, key: &str, origin: &Origin) {
        let known = self.known.borrow();
        let siblings = known
            .iter()
            .filter(|(table, _)| table == path)
            .map(|(_, key)| *key);
        let near = nearest(key, siblings.clone()).map(|near| spelled(key, near, origin));
        let elsewhere = known.iter().find(|(_, known)| *known == key);
        let hint = match (near, elsewhere) {
            (None, _) if path == "sides" => {
                "drd moves an estate between two sides, primary and standby. Leave a \
                third region out: drd neither watches nor promotes it"
                    .to_owned()
            }
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some((table, _))) => format!("it belongs to {}", in_brackets(table)),
            (None, None) => format!("known here: {}", siblings.collect::<Vec<_>>().join(", ")),
        };
        self.problem(origin, format!("unknown key `{key}`{}", place(path)), hint);
    }

    fn variable_meant_by(&self, name: &str) -> Option<String> {
        let known = self.known.borrow();
        let mut variables = known.iter().map(|(path, key)| variable(path, key));
        variables.find(|candidate| candidate.replace(SEPARATOR, "_") == name && candidate != name)
    }
}

/// The table that keys are taken from.
pub(super) struct Reader<'a> {
    notes: &'a Notes,
    path: String,
    origin: Origin,
    entries: NodeTable,
}

impl<'a> Reader<'a> {
    /// Reads from the whole file.
    pub fn root(entries: NodeTable, notes: &'a Notes) -> Reader<'a> {
        Reader {
            notes,
            path: String::new(),
            origin: Origin::Nowhere,
            entries,
        }
    }

    /// Where this table was written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The notes, for problems between keys.
    pub fn notes(&self) -> &'a Notes {
        self.notes
    }

    fn take(&mut self, key: &'static str) -> Option<KeyedNode> {
        let read = (self.path.clone(), key);
        let mut known = self.notes.known.borrow_mut();
        if !known.contains(&read) {
            known.push(read);
        }
        self.entries.remove(key)
    }

    /// A key that may be left out.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Option<Field<T>> {
        let entry = self.take(key)?;
        self.parsed(key, entry, parse)
    }

    /// A key that must be there; `purpose` is what the problem names when it is not.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        purpose: &str,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Option<Field<T>> {
        match self.take(key) {
            Some(entry) => self.parsed(key, entry, parse),
            None => {
                let what = format!("missing key `{key}`{}: {purpose}", place(&self.path));
                self.notes.problem(&self.origin, what, "");
                None
            }
        }
    }

    /// A key with a default.
    pub fn with_default<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Field<T> {
        let default = Field {
            value: default,
            origin: self.origin.clone(),
        };
        self.optional(key, parse).unwrap_or(default)
    }

    /// A table that must be there.
    pub fn table(&mut self, key: &'static str, purpose: &str) -> Option<Reader<'a>> {
        let path = self.below(key);
        let found = self.take(key);
        if found.is_none() {
            let what = format!("missing table {}: {purpose}", in_brackets(&path));
            self.notes.problem(&self.origin, what, "");
        }
        self.opened(key, path, found?)
    }

    /// A table that may be left out.
    pub fn optional_table(&mut self, key: &'static str) -> Option<Reader<'a>> {
        let path = self.below(key);
        let found = self.take(key)?;
        self.opened(key, path, found)
    }

    /// A table whose keys all have defaults.
    pub fn table_or_empty(&mut self, key: &'static str) -> Reader<'a> {
        self.optional_table(key).unwrap_or_else(|| Reader {
            notes: self.notes,
            path: self.below(key),
            origin: Origin::Nowhere,
            entries: NodeTable::new(),
        })
    }

    /// A list of tables, `[[key]]`; absent is empty.
    pub fn tables(&mut self, key: &'static str) -> Vec<Reader<'a>> {
        let path = self.below(key);
        let Some(items) = self.optional(key, Node::list) else {
            return Vec::new();
        };
        let entries = items.value.into_iter().map(|node| KeyedNode {
            key: node.origin.clone(),
            node,
        });
        entries
            .filter_map(|entry| self.opened(key, path.clone(), entry))
            .collect()
    }

    /// Notes the keys that no reader took.
    pub fn finish(self) {
        let unknown = self
            .entries
            .into_iter()
            .map(|(key, entry)| (self.path.clone(), key, entry.key));
        self.notes.unknown.borrow_mut().extend(unknown);
    }

    fn parsed<T>(
        &self,
        key: &str,
        entry: KeyedNode,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Option<Field<T>> {
        match parse(&entry.node) {
            Ok(value) => Some(Field {
                value,
                origin: entry.node.origin,
            }),
            Err(why) => {
                let what = format!("`{key}`{} is not usable", place(&self.path));
                self.notes.problem(&entry.node.origin, what, why);
                None
            }
        }
    }

    fn opened(&self, key: &str, path: String, entry: KeyedNode) -> Option<Reader<'a>> {
        let table = self.parsed(key, entry, Node::table)?;
        Some(Reader {
            notes: self.notes,
            path,
            origin: table.origin,
            entries: table.value,
        })
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

fn place(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" in {}", in_brackets(path))
    }
}

fn in_brackets(path: &str) -> String {
    if path.is_empty() {
        "the top of the file".to_owned()
    } else {
        format!("[{path}]")
    }
}

fn spelled(given: &str, near: &str, origin: &Origin) -> String {
    match origin {
        Origin::File(_) | Origin::Nowhere => near.to_owned(),
        Origin::Variable(name) => {
            name.replacen(&given.to_ascii_uppercase(), &near.to_ascii_uppercase(), 1)
        }
    }
}

fn variable(path: &str, key: &str) -> String {
    let mut segments: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    segments.push(key);
    format!("{PREFIX}{}", segments.join(SEPARATOR).to_ascii_uppercase())
}
