//! `use` declarations as flat lists: one entry for each name that becomes known.
//!
//! Deliberately absent: what a name means; see `resolve`.

use crate::modules::is_test;
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, UseTree};

/// One name that a `use` makes known, or all names of a module.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its segments, without the `*` of a glob.
    pub path: Vec<String>,
    /// The name it has here; `_` if none, `*` for a glob.
    pub name: String,
    /// `pub use`, with any visibility.
    pub handed_on: bool,
    /// The line of the declaration.
    pub line: usize,
}

/// Every import of these items, those within function bodies too, tests left out.
pub fn within(items: &[Item]) -> Vec<Import> {
    let mut found = Found(Vec::new());
    for item in items {
        found.visit_item(item);
    }
    found.0
}

/// The names of one declaration.
pub fn of(item: &ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let mut path: Vec<String> = Vec::new();
    if item.leading_colon.is_some() {
        path.push(String::new());
    }
    let template = Import {
        path: Vec::new(),
        name: String::new(),
        handed_on: !matches!(item.vis, syn::Visibility::Inherited),
        line: item.use_token.span.start().line,
    };
    flatten(&item.tree, path, &template, &mut found);
    found
}

fn flatten(tree: &UseTree, mut path: Vec<String>, template: &Import, found: &mut Vec<Import>) {
    let mut add = |path: Vec<String>, name: String| {
        found.push(Import {
            path,
            name,
            ..template.clone()
        });
    };
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, template, found);
        }
        UseTree::Name(leaf) => {
            let path = joined(path, leaf.ident.to_string());
            let name = path.last().cloned().unwrap_or_default();
            add(path, name);
        }
        UseTree::Rename(leaf) => {
            add(
                joined(path, leaf.ident.to_string()),
                leaf.rename.to_string(),
            );
        }
        UseTree::Glob(_) => add(path, "*".to_owned()),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), template, found);
            }
        }
    }
}

/// `a::{self}` is `a`.
fn joined(mut path: Vec<String>, last: String) -> Vec<String> {
    if last != "self" || path.is_empty() {
        path.push(last);
    }
    path
}

struct Found(Vec<Import>);

impl<'ast> Visit<'ast> for Found {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test(&item.attrs) {
            self.0.extend(of(item));
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}
}
