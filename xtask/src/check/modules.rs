//! The modules of a crate as its source files declare them: names, imports and mentioned paths.
//!
//! Code for tests is left out. Code behind features is all taken.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "syn's enums are open, and few of their variants matter here"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree, Visibility};

/// Segments of a path in code, such as `crate`, `server`, `Builder`.
pub(super) type Segments = Vec<String>;

/// The module tree of one crate, root first.
pub(super) struct Crate {
    /// In code, that is with underscores.
    pub(super) name: String,
    pub(super) modules: Vec<Module>,
}

/// One module, which may share its file with others.
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    pub(super) names: BTreeMap<String, Name>,
    /// Modules whose public names are all imported.
    pub(super) globs: Vec<Segments>,
    /// Paths in code and in imports; imports that only pass a name on (`pub use`) are none.
    pub(super) mentions: Vec<Segments>,
}

/// The meaning of a name in a module.
pub(super) enum Name {
    Defined,
    Module(usize),
    Imported(Segments),
}

impl Crate {
    /// Reads the crate whose root file is `root`.
    ///
    /// # Errors
    /// Names the file that cannot be read or parsed.
    pub(super) fn read(name: &str, root: &Path) -> Result<Self> {
        let mut found = Self { name: name.replace('-', "_"), modules: Vec::new() };
        let folder = root.parent().unwrap_or(root).to_owned();
        found.add_file(root, &folder, None)?;
        Ok(found)
    }

    /// Adds the module of a file; the files of its own modules are in `folder`.
    fn add_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        self.add(file, folder, parent, &parsed.items)
    }

    fn add(&mut self, file: &Path, folder: &Path, parent: Option<usize>, items: &[Item]) -> Result<usize> {
        let index = self.modules.len();
        let mut module = Module {
            file: file.to_owned(),
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            mentions: Vec::new(),
        };
        let mut children = Vec::new();
        for item in items.iter().filter(|item| !attributes_of(item).iter().any(is_for_tests)) {
            match item {
                Item::Mod(child) => children.push(child),
                Item::Use(import) => module.import(import),
                other => {
                    module.names.extend(defined_by(other).map(|name| (name, Name::Defined)));
                    Mentions(&mut module.mentions).visit_item(other);
                }
            }
        }
        self.modules.push(module);
        for child in children {
            let child_index = self.add_child(child, file, folder, index)?;
            self.modules[index].names.insert(child.ident.to_string(), Name::Module(child_index));
        }
        Ok(index)
    }

    fn add_child(&mut self, child: &ItemMod, file: &Path, folder: &Path, parent: usize) -> Result<usize> {
        let name = child.ident.to_string();
        let below = folder.join(&name);
        if let Some((_, items)) = &child.content {
            return self.add(file, &below, Some(parent), items);
        }
        let beside = folder.join(format!("{name}.rs"));
        let file = if beside.exists() { beside } else { below.join("mod.rs") };
        self.add_file(&file, &below, Some(parent))
    }
}

impl Module {
    fn import(&mut self, import: &ItemUse) {
        let mut imported = Vec::new();
        flatten(&import.tree, &mut Vec::new(), &mut imported);
        let is_passed_on = !matches!(import.vis, Visibility::Inherited);
        for (alias, path) in imported {
            if !is_passed_on {
                self.mentions.push(path.clone());
            }
            match alias {
                Some(alias) => drop(self.names.insert(alias, Name::Imported(path))),
                None => self.globs.push(path),
            }
        }
    }
}

/// The paths of an import, each with the name that it gets here; a glob gives none.
fn flatten(tree: &UseTree, before: &mut Segments, into: &mut Vec<(Option<String>, Segments)>) {
    let with = |last: String| before.iter().cloned().chain([last]).collect::<Segments>();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, into);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => into.push((before.last().cloned(), before.clone())),
        UseTree::Name(name) => into.push((Some(name.ident.to_string()), with(name.ident.to_string()))),
        UseTree::Rename(name) if name.ident == "self" => {
            into.push((Some(name.rename.to_string()), before.clone()));
        }
        UseTree::Rename(name) => into.push((Some(name.rename.to_string()), with(name.ident.to_string()))),
        UseTree::Glob(_) => into.push((None, before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|item| flatten(item, before, into)),
    }
}

fn defined_by(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// True for `#[cfg(test)]` and any condition that names `test`.
pub(super) fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let words = || list.tokens.clone().into_iter();
    list.path.is_ident("cfg")
        && words().any(|token| matches!(token, TokenTree::Ident(word) if word == "test"))
        && !words().any(|token| matches!(token, TokenTree::Ident(word) if word == "not"))
}

/// Collects the paths in code.
struct Mentions<'a>(&'a mut Vec<Segments>);

impl Visit<'_> for Mentions<'_> {
    fn visit_path(&mut self, path: &syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, import: &ItemUse) {
        let mut imported = Vec::new();
        flatten(&import.tree, &mut Vec::new(), &mut imported);
        self.0.extend(imported.into_iter().map(|(_, path)| path));
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        visit::visit_macro(self, call);
        self.visit_tokens(&call.tokens);
    }
}

impl Mentions<'_> {
    /// The arguments of a macro need not be Rust: names with `::` between them are taken for paths.
    fn visit_tokens(&mut self, tokens: &TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.0.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.0.push(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.visit_tokens(&group.stream());
                    }
                }
            }
        }
        self.0.push(path);
    }
}
