//! Within a crate, a type's name is given once, unless the module's path makes it plain.
//!
//! Deliberately absent: types that macros or tests define, or that are inside functions.

use crate::modules::{Modules, is_test};
use std::collections::BTreeMap;
use syn::Item;

/// Crate and name of what several modules may define, with the reason why the path makes the
/// meaning plain.
const SHARED: [(&str, &str, &str); 5] = [
    (
        "drd",
        "BootstrapArgs",
        "a build without AWS refuses the command under the same name",
    ),
    (
        "drd",
        "DestroyArgs",
        "a build without AWS refuses the command under the same name",
    ),
    (
        "drd",
        "DoctorArgs",
        "a build without AWS refuses the command under the same name",
    ),
    (
        "drd",
        "OutputsArgs",
        "a build without AWS refuses the command under the same name",
    ),
    (
        "drd",
        "RunArgs",
        "a build without AWS refuses the command under the same name",
    ),
];

/// Crate and name to the places that define it.
pub type Names = BTreeMap<(String, String), Vec<String>>;

/// The types of each crate: structs, enums, unions, traits and aliases.
pub fn types(modules: &Modules) -> Names {
    let mut names = Names::new();
    for module in modules.all.iter().filter(|module| !module.test) {
        let root = &modules.all[module.root].file;
        let krate = root
            .split("src/")
            .next()
            .unwrap_or("")
            .trim_end_matches('/');
        let krate = if krate.is_empty() { "drd" } else { krate };
        for ident in module.syntax.iter().filter_map(type_name) {
            let place = format!("{}:{}", module.file, ident.span().start().line);
            let name = (krate.to_owned(), ident.to_string());
            let places = names.entry(name).or_default();
            // A file that two features declare as a module is one definition.
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    names
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums may grow"
)]
fn type_name(item: &Item) -> Option<&syn::Ident> {
    let (ident, attributes) = match item {
        Item::Enum(item) => (&item.ident, &item.attrs),
        Item::Struct(item) => (&item.ident, &item.attrs),
        Item::Trait(item) => (&item.ident, &item.attrs),
        Item::Type(item) => (&item.ident, &item.attrs),
        Item::Union(item) => (&item.ident, &item.attrs),
        _ => return None,
    };
    (!is_test(attributes)).then_some(ident)
}

/// No name twice unless it is in [`SHARED`], which is sorted and has no unneeded entry.
pub fn type_names_are_unique(names: &Names) -> Vec<String> {
    judge(names, &SHARED)
}

fn judge(names: &Names, shared: &[(&str, &str, &str)]) -> Vec<String> {
    let twice = |(krate, name): (&str, &str)| {
        let places = names.get(&(krate.to_owned(), name.to_owned()));
        places.is_some_and(|places| places.len() > 1)
    };
    let listed = |krate: &str, name: &str| {
        shared
            .iter()
            .any(|(listed, allowed, _)| (*listed, *allowed) == (krate, name))
    };
    let new = names
        .iter()
        .filter(|((krate, name), _)| twice((krate, name)) && !listed(krate, name))
        .map(|((krate, name), places)| {
            format!(
                "{krate}: {name} is {} types: {}",
                places.len(),
                places.join(", ")
            )
        });
    let gone = shared
        .iter()
        .filter(|(krate, name, _)| !twice((krate, name)))
        .map(|(krate, name, _)| format!("{krate}: {name} is one type: remove it from the list"));
    let mut complaints: Vec<String> = new.chain(gone).collect();
    if !shared.is_sorted() {
        complaints.push("the list of shared names is not sorted".to_owned());
    }
    complaints
}

/// The number of names, and those that are given more than once.
pub fn picture(names: &Names) -> String {
    let shared = names.iter().filter(|(_, places)| places.len() > 1);
    let shared: Vec<String> = shared
        .map(|((krate, name), places)| format!("{krate} {name} x{}", places.len()))
        .collect();
    format!(
        "{} names of types, {} of them more than once: {}\n",
        names.len(),
        shared.len(),
        shared.join(", ")
    )
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::sources::fixture;

    #[test]
    fn a_name_that_two_modules_give() {
        let sources = fixture(&[
            (
                "src/lib.rs",
                "mod a; enum Seen {} #[cfg(test)] struct Test;",
            ),
            (
                "src/a.rs",
                "pub struct Seen; mod b { type Word = u8; } #[cfg(test)] mod t { struct Test; }",
            ),
            ("bootstrap/src/lib.rs", "struct Word; struct Test;"),
        ]);
        let names = types(&Modules::of(&sources));
        let complaint = "drd: Seen is 2 types: src/lib.rs:1, src/a.rs:1";
        assert_eq!(judge(&names, &[]), [complaint]);
        assert_eq!(judge(&names, &[("drd", "Seen", "why")]), [""; 0]);
        let unsorted = [("drd", "Word", "why"), ("drd", "Seen", "why")];
        let expected = [
            "drd: Word is one type: remove it from the list",
            "the list of shared names is not sorted",
        ];
        assert_eq!(judge(&names, &unsorted), expected);
    }
}
