//! Resolves a path to the module that defines the item, by the compiler's rules for names:
//! imports, renames, globs and re-exports are followed.
//!
//! Deliberately absent: type inference. A method call leads nowhere; the path of its type does.

use crate::imports::Import;
use crate::modules::Modules;
use std::collections::BTreeSet;

/// What a path resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module of ours, by index.
    Module(usize),
    /// An item that this module defines, by the module's index.
    Item(usize),
    /// In a crate that is not ours, or a local name: the path in full.
    Foreign(Vec<String>),
}

/// Names being resolved, by module: imports may be circular.
type Pending = BTreeSet<(usize, String)>;

impl Modules {
    /// Everything that `path` in module `at` may mean: one name can be a module and a function.
    /// An empty first segment is a leading `::`.
    pub fn resolve(&self, at: usize, path: &[String]) -> Vec<Target> {
        self.resolved(at, path, &mut Pending::new())
    }

    fn resolved(&self, at: usize, path: &[String], pending: &mut Pending) -> Vec<Target> {
        let Some((first, mut rest)) = path.split_first() else {
            return Vec::new();
        };
        let mut now = match first.as_str() {
            "crate" => vec![Target::Module(self.all[at].root)],
            "self" => vec![Target::Module(at)],
            "Self" => return vec![Target::Foreign(path.to_vec())],
            "super" => {
                let mut module = self.all[at].parent.unwrap_or(at);
                while let Some(("super", tail)) =
                    rest.split_first().map(|(next, tail)| (next.as_str(), tail))
                {
                    module = self.all[module].parent.unwrap_or(module);
                    rest = tail;
                }
                vec![Target::Module(module)]
            }
            "" => return self.outside(rest),
            name => {
                let known = self.named(at, name, pending);
                if known.is_empty() {
                    return self.outside(path);
                }
                known
            }
        };
        while let Some((next, tail)) = rest.split_first() {
            now = self.step(&now, next, rest, pending);
            rest = tail;
        }
        now
    }

    /// One segment further. Before `::`, a module takes precedence over an item of that name.
    fn step(
        &self,
        now: &[Target],
        next: &str,
        rest: &[String],
        pending: &mut Pending,
    ) -> Vec<Target> {
        let is_module = |target: &&Target| matches!(target, Target::Module(_));
        let modules: Vec<&Target> = now.iter().filter(is_module).collect();
        let from = if modules.is_empty() {
            now.iter().collect()
        } else {
            modules
        };
        let mut then = Vec::new();
        for target in from {
            match target {
                Target::Module(module) => {
                    let found = self.named(*module, next, pending);
                    if found.is_empty() {
                        // Not found, so a macro of this module defines it.
                        then.push(Target::Item(*module));
                    }
                    then.extend(found);
                }
                Target::Item(module) => then.push(Target::Item(*module)),
                Target::Foreign(path) => {
                    let mut path = path.clone();
                    path.extend(rest.iter().take(1).cloned());
                    then.push(Target::Foreign(path));
                }
            }
        }
        then
    }

    /// A path that begins with the name of a crate.
    fn outside(&self, path: &[String]) -> Vec<Target> {
        let Some((name, rest)) = path.split_first() else {
            return Vec::new();
        };
        match self.crates.get(name) {
            Some(root) => self.walk_from(*root, rest),
            None => vec![Target::Foreign(path.to_vec())],
        }
    }

    fn walk_from(&self, root: usize, mut rest: &[String]) -> Vec<Target> {
        let mut now = vec![Target::Module(root)];
        while let Some((next, tail)) = rest.split_first() {
            now = self.step(&now, next, rest, &mut Pending::new());
            rest = tail;
        }
        now
    }

    /// The meanings of `name` in this module: its own items, its imports, then its globs.
    fn named(&self, at: usize, name: &str, pending: &mut Pending) -> Vec<Target> {
        let module = &self.all[at];
        let mut found: Vec<Target> = Vec::new();
        found.extend(module.children.get(name).map(|id| Target::Module(*id)));
        if module.items.contains(name) {
            found.push(Target::Item(at));
        }
        if !pending.insert((at, name.to_owned())) {
            return found;
        }
        let named = |import: &&Import| import.name == name;
        for import in module.imports.iter().filter(named) {
            found.extend(self.resolved(at, &import.path, pending));
        }
        if found.is_empty() {
            let globs = module.imports.iter().filter(|import| import.name == "*");
            for glob in globs {
                for target in self.resolved(at, &glob.path, pending) {
                    if let Target::Module(other) = target {
                        found.extend(self.named(other, name, pending));
                    }
                }
            }
        }
        pending.remove(&(at, name.to_owned()));
        found
    }
}
