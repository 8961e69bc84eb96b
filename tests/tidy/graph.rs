//! The import graph of our files after names are resolved, and its circles.
//!
//! An edge is a path in one file to an item that another file defines. `mod child;` is not an
//! edge, and neither is `pub use`: paths through it lead to the file that defines the item.
//! Deliberately absent: tests, and crates that are not ours.

use crate::mentions::{self, Mention};
use crate::modules::Modules;
use crate::resolve::Target;
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet};

/// Where the files of the graph are.
const CRATES: [&str; 3] = ["src/", "bootstrap/src/", "state-machine/src/"];

/// A path into a crate that is not ours.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The file that names it.
    pub file: String,
    /// Where.
    pub line: usize,
    /// In full: imports and renames are resolved.
    pub path: Vec<String>,
}

/// The files of our crates and what they import.
#[derive(Default)]
pub struct Graph {
    /// Importing file to imported files, each with the first mention: line and path.
    pub edges: BTreeMap<String, BTreeMap<String, (usize, String)>>,
    /// Every path into a crate that is not ours.
    pub foreign: Vec<Foreign>,
    /// What could not be read, and files that no module declares.
    pub problems: Vec<String>,
}

impl Graph {
    /// Resolves every path of every module.
    pub fn of(sources: &Sources, modules: &Modules) -> Graph {
        let mut graph = Graph {
            problems: modules.problems.clone(),
            ..Graph::default()
        };
        graph.problems.extend(undeclared(sources, modules));
        for at in 0..modules.all.len() {
            graph.read(modules, at);
        }
        graph
    }

    fn read(&mut self, modules: &Modules, at: usize) {
        let module = &modules.all[at];
        if module.test {
            return;
        }
        self.edges.entry(module.file.clone()).or_default();
        for mention in mentions::within(&module.syntax) {
            for target in modules.resolve(at, &mention.path) {
                match target {
                    Target::Item(other) => self.import(modules, at, other, &mention),
                    Target::Module(other) if mention.glob => {
                        self.import(modules, at, other, &mention);
                    }
                    Target::Module(_) => {}
                    Target::Foreign(path) => self.foreign.push(Foreign {
                        file: module.file.clone(),
                        line: mention.line,
                        path,
                    }),
                }
            }
        }
    }

    fn import(&mut self, modules: &Modules, at: usize, other: usize, mention: &Mention) {
        let (from, to) = (&modules.all[at].file, &modules.all[other].file);
        if from != to && !mention.handed_on {
            let imported = self.edges.entry(from.clone()).or_default();
            imported
                .entry(to.clone())
                .or_insert_with(|| (mention.line, mention.path.join("::")));
        }
    }

    /// The files that `file` imports.
    pub fn imports(&self, file: &str) -> impl Iterator<Item = &str> {
        let files = self.edges.get(file).into_iter().flatten();
        files.map(|(to, _)| to.as_str())
    }

    /// Every file that `file` imports, directly or not, each with the file that imports it on a
    /// shortest chain.
    pub fn needs<'a>(&'a self, file: &'a str) -> BTreeMap<&'a str, &'a str> {
        let mut found = BTreeMap::new();
        let mut waiting = std::collections::VecDeque::from([file]);
        while let Some(from) = waiting.pop_front() {
            for to in self.imports(from) {
                if !found.contains_key(to) {
                    found.insert(to, from);
                    waiting.push_back(to);
                }
            }
        }
        found
    }

    /// Sets of files that all reach each other, largest first.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let needs: BTreeMap<&str, BTreeMap<&str, &str>> = self
            .edges
            .keys()
            .map(|file| (file.as_str(), self.needs(file)))
            .collect();
        let circle = |file: &str| -> BTreeSet<&str> {
            let others = needs[file].keys().copied();
            others
                .filter(|other| needs.get(other).is_some_and(|back| back.contains_key(file)))
                .collect()
        };
        let distinct: BTreeSet<BTreeSet<&str>> = needs.keys().map(|file| circle(file)).collect();
        let mut circles: Vec<_> = distinct.into_iter().filter(|set| set.len() > 1).collect();
        circles.sort_by_key(|set| std::cmp::Reverse(set.len()));
        circles
    }
}

/// One complaint per circle, with all its imports.
pub fn no_two_files_import_each_other_in_a_loop(graph: &Graph) -> Vec<String> {
    let describe = |circle: &BTreeSet<&str>| {
        let mut text = format!("a circle of {} files:", circle.len());
        for (from, imported) in &graph.edges {
            for (to, (line, path)) in imported {
                if circle.contains(from.as_str()) && circle.contains(to.as_str()) {
                    text.push_str(&format!("\n    {from}:{line} -> {to} ({path})"));
                }
            }
        }
        text
    };
    graph.circles().iter().map(describe).collect()
}

/// Files that no `mod` declares: the compiler does not read them.
fn undeclared(sources: &Sources, modules: &Modules) -> Vec<String> {
    let held = modules.files();
    let ours = |path: &&String| {
        path.ends_with(".rs") && CRATES.iter().any(|place| path.starts_with(place))
    };
    let lost = sources
        .keys()
        .filter(ours)
        .filter(|path| !held.contains(path.as_str()));
    lost.map(|path| format!("{path}: no module declares it"))
        .collect()
}

#[cfg(test)]
pub mod samples {
    use super::*;
    use crate::sources::fixture;

    pub fn graph(files: &[(&str, &str)]) -> Graph {
        let sources = fixture(files);
        Graph::of(&sources, &Modules::of(&sources))
    }

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let graph = graph(files);
        assert_eq!(graph.problems, [""; 0]);
        let complaints = no_two_files_import_each_other_in_a_loop(&graph);
        let circles = graph.circles();
        assert_eq!(complaints.len(), circles.len());
        let owned = |set: &BTreeSet<&str>| set.iter().map(|file| (*file).to_owned()).collect();
        circles.iter().map(owned).collect()
    }

    #[test]
    fn no_circle_where_all_imports_lead_one_way() {
        let files = [
            ("src/lib.rs", "mod a; mod b; pub use b::B;"),
            ("src/a.rs", "use crate::B; pub struct A(B);"),
            (
                "src/b.rs",
                "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ];
        assert_eq!(circles(&files), [[""; 0]; 0]);
    }

    #[test]
    fn a_circle_of_two_files() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "pub struct A(crate::b::B);"),
            ("src/b.rs", "pub struct B; fn f() { let _ = super::a::A; }"),
        ];
        assert_eq!(circles(&files), [["src/a.rs", "src/b.rs"]]);
    }

    #[test]
    fn a_circle_of_three_files_one_of_which_imports_inside_a_macro() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", "use crate::b; pub fn a() { b::b() }"),
            (
                "src/b.rs",
                "use super::c as d; pub fn b() { println!(\"{}\", d::c()) }",
            ),
            ("src/c.rs", "use crate::a::*; pub fn c() { a() }"),
        ];
        assert_eq!(circles(&files), [["src/a.rs", "src/b.rs", "src/c.rs"]]);
    }

    #[test]
    fn a_circle_through_a_re_export() {
        let files = [
            ("src/lib.rs", "mod a; mod inner;"),
            ("src/a.rs", "pub struct A; use crate::inner::Renamed;"),
            ("src/inner/mod.rs", "mod b; pub use b::B as Renamed;"),
            ("src/inner/b.rs", "use crate::a::A; pub struct B(A);"),
        ];
        assert_eq!(circles(&files), [["src/a.rs", "src/inner/b.rs"]]);
    }

    #[test]
    fn a_circle_of_a_parent_and_its_child() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a.rs", "mod child; pub struct A; fn f() { child::g() }"),
            ("src/a/child.rs", "use super::A; pub fn g() { let _ = A; }"),
        ];
        assert_eq!(circles(&files), [["src/a.rs", "src/a/child.rs"]]);
    }

    #[test]
    fn a_path_into_another_crate_and_one_behind_an_attribute() {
        let graph = graph(&[
            ("bootstrap/src/lib.rs", "mod a; pub use a::A;"),
            ("bootstrap/src/a.rs", "pub struct A;"),
            (
                "src/lib.rs",
                "#[path = \"far/x.rs\"] mod near; mod b { mod c; }",
            ),
            ("src/far/x.rs", "fn f(_: drd_bootstrap::A) {}"),
            (
                "src/b/c.rs",
                "#[serde(with = \"crate::near::at\")] struct C;",
            ),
            ("src/lost.rs", ""),
        ]);
        assert_eq!(
            graph.imports("src/far/x.rs").collect::<Vec<_>>(),
            ["bootstrap/src/a.rs"]
        );
        assert_eq!(
            graph.imports("src/b/c.rs").collect::<Vec<_>>(),
            ["src/far/x.rs"]
        );
        assert_eq!(graph.problems, ["src/lost.rs: no module declares it"]);
    }
}
