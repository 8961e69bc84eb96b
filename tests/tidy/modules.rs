//! The modules of our crates as the compiler finds them: `mod` declarations followed to their
//! files, inline ones and `#[path]` included, each with what it defines and imports.
//!
//! Deliberately absent: conditions other than `#[cfg(test)]`. An item behind a cargo feature is
//! included, so a circle within a feature is a circle.

use crate::imports::{self, Import};
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet};
use syn::{Attribute, Item};

/// Our crates: the name that paths use, and the root file.
const CRATES: [(&str, &str); 4] = [
    ("drd_state_machine", "state-machine/src/lib.rs"),
    ("drd_bootstrap", "bootstrap/src/lib.rs"),
    ("drd", "src/lib.rs"),
    ("main", "src/main.rs"),
];

/// One module: a file, or a part of one in braces.
pub struct Module {
    /// The index of the crate's root module.
    pub root: usize,
    /// The index of the module around it; a root has none.
    pub parent: Option<usize>,
    /// The file that holds it.
    pub file: String,
    /// Behind `#[cfg(test)]`, itself or a module around it.
    pub test: bool,
    /// Modules directly inside, by name.
    pub children: BTreeMap<String, usize>,
    /// Names of what is defined here.
    pub items: BTreeSet<String>,
    /// Names that are imported here, those inside function bodies too.
    pub imports: Vec<Import>,
    /// Its items, without the modules inside.
    pub syntax: Vec<Item>,
}

/// All modules of all crates.
#[derive(Default)]
pub struct Modules {
    /// In the order of declaration; an index is a module's identity.
    pub all: Vec<Module>,
    /// Root modules by the crate's name.
    pub crates: BTreeMap<String, usize>,
    /// What could not be read or found.
    pub problems: Vec<String>,
}

impl Modules {
    /// The modules of every crate whose root file is in the tree.
    pub fn of(sources: &Sources) -> Modules {
        let mut modules = Modules::default();
        for (name, path) in CRATES {
            if sources.contains_key(path) {
                let root = modules.all.len();
                modules.crates.insert(name.to_owned(), root);
                modules.file(sources, path, None, false);
            }
        }
        modules
    }

    /// The files that some crate holds.
    pub fn files(&self) -> BTreeSet<&str> {
        self.all.iter().map(|module| module.file.as_str()).collect()
    }

    fn file(&mut self, sources: &Sources, path: &str, parent: Option<usize>, test: bool) -> usize {
        let text = sources.get(path).map_or("", String::as_str);
        let items = match syn::parse_file(text) {
            Ok(file) => file.items,
            Err(error) => {
                self.problems.push(format!("{path}: {error}"));
                Vec::new()
            }
        };
        let inside = own_folder(path);
        self.module(sources, (path, &inside), parent, test, items)
    }

    /// `place` is the file, and the folder in which its modules' files are.
    fn module(
        &mut self,
        sources: &Sources,
        place: (&str, &str),
        parent: Option<usize>,
        test: bool,
        items: Vec<Item>,
    ) -> usize {
        let id = self.all.len();
        let (inner, syntax): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| matches!(item, Item::Mod(_)));
        self.all.push(Module {
            root: parent.map_or(id, |parent| self.all[parent].root),
            parent,
            file: place.0.to_owned(),
            test,
            children: BTreeMap::new(),
            items: syntax.iter().filter_map(name).collect(),
            imports: imports::within(&syntax),
            syntax,
        });
        for item in inner {
            if let Item::Mod(declared) = item {
                self.child(sources, place, id, declared);
            }
        }
        id
    }

    fn child(
        &mut self,
        sources: &Sources,
        (file, folder): (&str, &str),
        parent: usize,
        declared: syn::ItemMod,
    ) {
        let name = declared.ident.to_string();
        let test = self.all[parent].test || is_test(&declared.attrs);
        let id = if let Some((_, items)) = declared.content {
            let inside = format!("{folder}{name}/");
            self.module(sources, (file, &inside), Some(parent), test, items)
        } else {
            let candidates = match path_attribute(&declared.attrs) {
                Some(path) => vec![normal(&format!("{}{path}", beside(file)))],
                None => vec![
                    format!("{folder}{name}.rs"),
                    format!("{folder}{name}/mod.rs"),
                ],
            };
            let found = candidates.iter().find(|path| sources.contains_key(*path));
            let Some(path) = found else {
                self.problems
                    .push(format!("{file}: `mod {name}` has no file"));
                return;
            };
            self.file(sources, path, Some(parent), test)
        };
        self.all[parent].children.insert(name, id);
    }
}

/// The folder of a file, with `/`.
fn beside(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// The folder in which the modules of a file are: its own for `mod.rs` and roots.
fn own_folder(path: &str) -> String {
    let root = CRATES.iter().any(|(_, root)| *root == path);
    if root || path.ends_with("/mod.rs") {
        beside(path).to_owned()
    } else {
        format!("{}/", path.trim_end_matches(".rs"))
    }
}

/// Without `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// `#[cfg(test)]`, alone or among other conditions, or `#[test]`.
pub fn is_test(attributes: &[Attribute]) -> bool {
    let holds = |attribute: &Attribute| {
        let Ok(list) = attribute.meta.require_list() else {
            let last = attribute.path().segments.last();
            return last.is_some_and(|name| name.ident == "test");
        };
        let text = list.tokens.to_string();
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        list.path.is_ident("cfg") && !text.starts_with("not") && words.any(|word| word == "test")
    };
    attributes.iter().any(holds)
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let syn::Expr::Lit(literal) = &pair.value else {
            return None;
        };
        let syn::Lit::Str(text) = &literal.lit else {
            return None;
        };
        pair.path.is_ident("path").then(|| text.value())
    })
}

/// The name that an item defines.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums may grow"
)]
fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
