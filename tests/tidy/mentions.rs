//! Every path in a module's code: in `use`, in types, expressions and patterns, inside
//! macros, and in the strings of serde's attributes.
//!
//! Deliberately absent: tests, and what the paths mean.

use crate::imports;
use crate::modules::is_test;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// One path in the code.
#[derive(Clone, Debug)]
pub struct Mention {
    /// Its segments; a first one that is empty is a leading `::`.
    pub path: Vec<String>,
    /// Its line in the file.
    pub line: usize,
    /// In a `pub use`, with any visibility.
    pub handed_on: bool,
    /// In a `use` with `*`.
    pub glob: bool,
}

/// The paths in these items.
pub fn within(items: &[syn::Item]) -> Vec<Mention> {
    let mut reader = Reader::default();
    for item in items {
        reader.visit_item(item);
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    /// The type of the `impl` around it, if that is a path.
    implemented: Option<Vec<String>>,
    found: Vec<Mention>,
}

impl Reader {
    /// `Self` is replaced by what it is.
    fn add(&mut self, mut path: Vec<String>, line: usize) {
        if let Some(of) = self.implemented.as_ref().filter(|_| path[0] == "Self") {
            path.splice(..1, of.iter().cloned());
        }
        self.found.push(Mention {
            path,
            line,
            handed_on: false,
            glob: false,
        });
    }

    /// Sequences `a::b::c` in the tokens of a macro. A name after a dot is a field or a method,
    /// one after a quote a lifetime; a macro's parameter keeps its `$`.
    fn tokens(&mut self, tokens: &TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons, mut skip, mut parameter) = (0, 0, false, false);
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.flush(&mut path, line);
                    }
                    if !skip {
                        line = ident.span().start().line;
                        let mark = if parameter && ident != "crate" {
                            "$"
                        } else {
                            ""
                        };
                        path.push(format!("{mark}{ident}"));
                    }
                    (colons, skip, parameter) = (0, false, false);
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Punct(mark) => {
                    self.flush(&mut path, line);
                    (colons, skip) = (0, matches!(mark.as_char(), '.' | '\''));
                    parameter = mark.as_char() == '$';
                }
                TokenTree::Group(group) => {
                    self.flush(&mut path, line);
                    (colons, skip) = (0, false);
                    if group.delimiter() != Delimiter::None || !group.stream().is_empty() {
                        self.tokens(&group.stream());
                    }
                }
                TokenTree::Literal(_) => {
                    self.flush(&mut path, line);
                    (colons, skip) = (0, false);
                }
            }
        }
        self.flush(&mut path, line);
    }

    fn flush(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.add(std::mem::take(path), line);
        }
    }

    /// `with = "crate::time::seconds"`.
    fn strings(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            let TokenTree::Literal(literal) = token else {
                continue;
            };
            let text = literal.to_string();
            let text = text.trim_matches('"');
            if text.contains("::") && syn::parse_str::<syn::Path>(text).is_ok() {
                let path = text.split("::").map(str::to_owned).collect();
                self.add(path, literal.span().start().line);
            }
        }
    }
}

/// The segments as words.
fn words(path: &syn::Path) -> Vec<String> {
    let leading = path.leading_colon.as_ref().map(|_| String::new());
    let segments = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    leading.into_iter().chain(segments).collect()
}

fn line(path: &syn::Path) -> usize {
    let first = path.segments.first();
    first.map_or(0, |segment| segment.ident.span().start().line)
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in imports::of(item) {
            self.found.push(Mention {
                glob: import.name == "*",
                path: import.path,
                line: import.line,
                handed_on: import.handed_on,
            });
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(of) = &*item.self_ty {
            self.implemented = Some(words(&of.path));
        }
        visit::visit_item_impl(self, item);
        self.implemented = None;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// `<Client>::new` is `Client::new`.
    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        if let Some(qself) = &expression.qself
            && let syn::Type::Path(of) = &*qself.ty
        {
            let mut path = words(&of.path);
            path.extend(words(&expression.path));
            self.add(path, line(&expression.path));
        }
        visit::visit_expr_path(self, expression);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(words(path), line(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(&call.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
            if list.path.is_ident("serde") {
                self.strings(&list.tokens);
            }
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enums may grow"
)]
fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
