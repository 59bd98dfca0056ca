//! The rules of the tree itself: what each file says first, how long it is, what it uses, and that it refers
//! to nothing that its reader cannot open.

mod cycles;
mod files;
mod imports;

use std::path::{Path, PathBuf};

use crate::common::{packages, tree};

const LONGEST: usize = 400;
const WIDEST: usize = 120;

const SOURCES: [&str; 5] = ["mjs", "py", "rs", "sh", "ts"];

/// The root files of every crate of the workspace.
fn crate_roots() -> Vec<PathBuf> {
    let packages = packages::metadata();
    let members = packages
        .iter()
        .filter(|package| package["source"].is_null());
    let targets = members.flat_map(|package| package["targets"].as_array().unwrap());
    let roots: Vec<PathBuf> = targets
        .map(|target| PathBuf::from(target["src_path"].as_str().unwrap()))
        .collect();
    assert!(roots.len() >= 8, "{roots:?}");
    roots
}

#[test]
fn no_file_uses_a_file_that_uses_it() {
    let mut told = Vec::new();
    let mut counted = 0;
    for root in crate_roots() {
        let uses = imports::uses(&root);
        counted += uses.values().map(|files| files.len()).sum::<usize>();
        for cycle in cycles::cycles(&uses) {
            let names = cycle
                .iter()
                .map(|file| relative(file).display().to_string());
            told.push(names.collect::<Vec<_>>().join(" → "));
        }
    }
    assert!(told.is_empty(), "import cycles: {told:#?}");
    assert!(counted > 200, "{counted} uses were found");
}

#[test]
fn every_source_file_says_first_what_it_is() {
    let silent: Vec<PathBuf> = files::all()
        .into_iter()
        .filter(|file| file.is(&SOURCES))
        .filter(|file| {
            let opening = file.opening();
            let said = ["//! ", "// ", "# ", "\"\"\""]
                .iter()
                .find_map(|mark| opening.strip_prefix(mark));
            said.is_none_or(|said| said.split_whitespace().count() < 3)
        })
        .map(|file| file.path)
        .collect();
    assert!(
        silent.is_empty(),
        "no first line says what these are: {silent:#?}"
    );
}

#[test]
fn no_source_file_is_longer_than_a_reader_can_hold() {
    let long: Vec<String> = files::all()
        .into_iter()
        .filter(|file| file.is(&SOURCES))
        .map(|file| (file.text.lines().count(), file.path))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "more than {LONGEST} lines: {long:#?}");
}

#[test]
fn markdown_wraps() {
    let mut wide = Vec::new();
    for file in files::all().into_iter().filter(|file| file.is(&["md"])) {
        let mut is_code = false;
        for (number, line) in file.text.lines().enumerate() {
            is_code ^= line.trim_start().starts_with("```");
            let has_place_to_break =
                line.trim().contains(' ') && !line.trim_start().starts_with('|');
            if !is_code && has_place_to_break && line.chars().count() > WIDEST {
                wide.push(format!("{}:{}", file.path.display(), number + 1));
            }
        }
    }
    assert!(wide.is_empty(), "wider than {WIDEST} columns: {wide:#?}");
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for file in files::all().into_iter().filter(|file| file.is(&["md"])) {
        let folder = tree(file.path.parent().unwrap().to_str().unwrap());
        for link in file.text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            if !folder.join(target).exists() {
                broken.push(format!("{}: {link}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(followed > 10, "{followed} links were followed");
}

/// `a/b.rs` and `a/b/` in backticks; patterns, and places on other machines, are no paths of the tree.
#[test]
fn every_path_that_the_documents_name_exists() {
    let mut missing = Vec::new();
    let mut found = 0;
    for file in files::all().into_iter().filter(|file| file.is(&["md"])) {
        // What once was is in the changelog.
        if file.path == Path::new("CHANGELOG.md") {
            continue;
        }
        for name in file.text.split('`').skip(1).step_by(2) {
            let is_path = tree(name.split('/').next().unwrap()).is_dir()
                && name.contains('/')
                && !name.contains([' ', '<', '*', '{', '…', '$', ':', '\n'])
                && !name.starts_with("target/");
            if is_path && !name.is_empty() {
                found += 1;
                if !is_in_tree(name) {
                    missing.push(format!("{}: {name}", file.path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(found > 20, "{found} paths were found");
}

#[test]
fn nothing_refers_to_what_its_reader_cannot_open() {
    // Working papers that are no part of the tree, and their names.
    let papers = [
        "../facts",
        "facts/",
        "design.md",
        "the design says",
        "house-style",
        "house rule",
    ];
    let mut found = Vec::new();
    let here = Path::new("tests/tree");
    for file in files::all()
        .into_iter()
        .filter(|file| !file.path.starts_with(here))
    {
        for (number, line) in file.text.lines().enumerate() {
            if papers.iter().any(|paper| line.contains(paper)) && !line.contains("artifacts/") {
                found.push(format!("{}:{}: {line}", file.path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A module may be a file or a folder: a document may name either.
fn is_in_tree(name: &str) -> bool {
    let module = name.trim_end_matches(".rs").trim_end_matches('/');
    tree(name).exists() || tree(module).is_dir() || tree(&format!("{module}.rs")).exists()
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
}
