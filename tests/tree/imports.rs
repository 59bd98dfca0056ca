//! Which file of a crate uses which, read from its source with `syn`.
//!
//! A file uses another if a path in it leads to what the other defines. A path is followed through
//! re-exports, so that a `mod.rs` that only gathers its folder stands in nobody's way; naming a module is
//! no use of it, naming something in it is. What a file finds in the modules that it stands in is its
//! context and no use. Test modules may use what they like.
//!
//! What this cannot see: methods, which have no path, and paths that a macro makes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMod, UseTree, Visibility, visit::Visit};

/// File → the files that it uses.
pub(crate) type Uses = BTreeMap<PathBuf, BTreeSet<PathBuf>>;

/// The uses among the files of the crate whose root this is.
pub(crate) fn uses(root: &Path) -> Uses {
    let mut tree = Tree::default();
    let folder = root.parent().unwrap().to_path_buf();
    tree.load(root, &folder, Vec::new());
    let mut uses = Uses::new();
    for (at, module) in &tree.modules {
        for path in &module.used {
            let found = tree.resolve(at, path, 0);
            if let Some(Found::Thing(file)) = found.filter(|found| !tree.is_around(at, found)) {
                uses.entry(module.file.clone()).or_default().insert(file);
            }
        }
    }
    uses
}

/// Names from the crate's root.
type ModulePath = Vec<String>;

#[derive(Default)]
struct Tree {
    modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    defined: BTreeSet<String>,
    /// Name → the path that a `use` gives it.
    imported: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    used: Vec<Vec<String>>,
}

enum Found {
    Module,
    Thing(PathBuf),
}

impl Tree {
    fn load(&mut self, file: &Path, folder: &Path, at: ModulePath) {
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        self.add(file, folder, at, &parsed.items);
    }

    /// A module's items; `folder` is where the files of its child modules are.
    fn add(&mut self, file: &Path, folder: &Path, at: ModulePath, items: &[Item]) {
        let mut module = Module {
            file: file.to_path_buf(),
            ..Module::default()
        };
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Use(import) => {
                    let inherited = matches!(import.vis, Visibility::Inherited);
                    module.import(&import.tree, &mut Vec::new(), inherited);
                }
                Item::Mod(child) => self.add_child(file, folder, &at, child),
                _ => {
                    module.defined.extend(name(item));
                    module.visit_item(item);
                }
            }
        }
        self.modules.insert(at, module);
    }

    fn add_child(&mut self, file: &Path, folder: &Path, at: &[String], child: &ItemMod) {
        let name = child.ident.to_string();
        let path = [at, std::slice::from_ref(&name)].concat();
        let folder = folder.join(&name);
        match &child.content {
            Some((_, items)) => self.add(file, &folder, path, items),
            None => {
                let beside = folder.with_extension("rs");
                let inside = folder.join("mod.rs");
                let file = if beside.exists() { beside } else { inside };
                self.load(&file, &folder, path);
            }
        }
    }

    /// Whether this is in the module's own file or in that of a module around it.
    fn is_around(&self, at: &[String], found: &Found) -> bool {
        let Found::Thing(file) = found else {
            return false;
        };
        (0..=at.len()).any(|depth| self.modules[&at[..depth]].file == *file)
    }

    /// What a path that stands in module `from` leads to, if it is of this crate.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Found> {
        // Re-exports that lead to each other would go on for ever.
        if depth > 16 {
            return None;
        }
        let (mut at, mut rest) = match path.first().map(String::as_str)? {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => (from[..from.len().checked_sub(1)?].to_vec(), &path[1..]),
            _ => (from.to_vec(), path),
        };
        while let Some(next) = rest.first() {
            if next == "super" {
                at.pop()?;
                rest = &rest[1..];
                continue;
            }
            let child = [&at[..], std::slice::from_ref(next)].concat();
            let module = self.modules.get(&at)?;
            if self.modules.contains_key(&child) {
                at = child;
                rest = &rest[1..];
            } else if module.defined.contains(next) {
                return Some(Found::Thing(module.file.clone()));
            } else if let Some(import) = module.imported.get(next) {
                let whole = [import, &rest[1..]].concat();
                return self.resolve(&at, &whole, depth + 1);
            } else {
                let mut globs = module.globs.iter();
                return globs.find_map(|glob| {
                    let whole = [glob, rest].concat();
                    let found = self.resolve(&at, &whole, depth + 1);
                    found.filter(|found| matches!(found, Found::Thing(_)))
                });
            }
        }
        Some(Found::Module)
    }
}

impl Module {
    fn import(&mut self, tree: &UseTree, prefix: &mut Vec<String>, is_use: bool) {
        let mut whole = prefix.clone();
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix, is_use);
                prefix.pop();
                return;
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix, is_use);
                }
                return;
            }
            UseTree::Glob(_) => {
                self.globs.push(whole);
                return;
            }
            UseTree::Name(name) if name.ident == "self" => {
                let named = whole.last().unwrap().clone();
                self.imported.insert(named, whole.clone());
            }
            UseTree::Name(name) => {
                whole.push(name.ident.to_string());
                self.imported.insert(name.ident.to_string(), whole.clone());
            }
            UseTree::Rename(rename) => {
                whole.push(rename.ident.to_string());
                self.imported
                    .insert(rename.rename.to_string(), whole.clone());
            }
        }
        // A re-export uses nothing by itself.
        if is_use {
            self.used.push(whole);
        }
    }

    /// The paths in a macro's tokens.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.used.push(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.used.push(std::mem::take(&mut path));
                    self.scan(group.stream());
                }
                _ => self.used.push(std::mem::take(&mut path)),
            }
        }
        self.used.push(path);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        self.used.push(names.collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.import(&import.tree, &mut Vec::new(), true);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        self.scan(called.tokens.clone());
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
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

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
