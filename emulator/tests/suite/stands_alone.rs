//! The emulator knows no application: what it runs, it reads from a template.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names of the application that uses it, put together so that this file has none of them.
fn words() -> [String; 4] {
    [
        ["pool", "keeper"].concat(),
        ["vend", "_role"].concat(),
        ["policy", ".toml"].concat(),
        ["POLICY", "_FILE"].concat(),
    ]
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_file_of_this_crate_names_the_application() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![root.join("Cargo.toml")];
    files(&root.join("src"), &mut all);
    files(&root.join("tests"), &mut all);
    assert!(all.len() > 80, "{} files", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap().to_lowercase();
        for word in words() {
            let known = text.contains(&word.to_lowercase());
            assert!(!known, "{} has {word}", path.display());
        }
    }
}
