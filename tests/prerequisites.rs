//! `tools/prerequisites.sh` names each thing that a machine lacks, and how to install it.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::tree;

/// What every machine has, and the script uses.
const EVERYWHERE: [&str; 10] = [
    "bash", "cut", "dirname", "env", "grep", "head", "sed", "sort", "tr", "uname",
];

/// A machine with everything that the checks need, as far as the script can tell.
const WHOLE: [(&str, &str); 7] = [
    ("cargo", "true"),
    // Any folder will do for the libraries of a target.
    (
        "rustc",
        "case $1 in --version) echo rustc 1.95.0;; *) echo /;; esac",
    ),
    ("cc", "true"),
    ("python3", "true"),
    ("node", "echo v20.1.0"),
    ("npm", "true"),
    ("valgrind", "true"),
];

/// What the script says on the whole machine with one program replaced, or taken away.
fn told(name: &str, program: &str, is_there: bool) -> (bool, String) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("machine-without-{name}-{is_there}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for program in EVERYWHERE {
        let places = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(program));
        let place = places.iter().find(|place| place.exists()).unwrap();
        symlink(place, folder.join(program)).unwrap();
    }
    for (whole, does) in WHOLE {
        let does = if whole == name { program } else { does };
        if whole == name && !is_there {
            continue;
        }
        let path = folder.join(whole);
        std::fs::write(&path, format!("#!/usr/bin/env bash\n{does}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new(folder.join("bash"))
        .arg(tree("tools/prerequisites.sh"))
        .arg("test")
        .env_clear()
        .env("PATH", &folder)
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_machine_that_has_everything_is_told_nothing() {
    assert_eq!(told("nothing", "", true), (true, String::new()));
}

#[test]
fn each_missing_program_is_named_with_the_way_to_install_it() {
    for (name, how) in [
        ("cargo", "https://rustup.rs"),
        ("cc", "apt-get install build-essential"),
        ("python3", "apt-get install python3"),
        ("node", "https://nodejs.org"),
        ("npm", "apt-get install npm"),
        ("valgrind", "apt-get install valgrind"),
    ] {
        // Its binaries are Linux's.
        if name == "valgrind" && !cfg!(target_os = "linux") {
            continue;
        }
        let (passed, said) = told(name, "", false);
        assert!(!passed && said.starts_with("missing: "), "{name}: {said}");
        assert!(said.contains(how), "{name}: {said}");
    }
}

#[test]
fn a_program_that_is_too_old_is_named_with_the_version_that_was_found() {
    for (name, program, found) in [
        (
            "node",
            "echo v18.20.4",
            "Node.js 20 or later (found v18.20.4)",
        ),
        ("rustc", "echo rustc 1.80.1", "Rust 1.95.0 (found 1.80.1)"),
        (
            "python3",
            // Asked whether it is older than that, it is; asked anything else, it is content.
            "case $* in --version) echo Python 3.9.2;; *'< (3, 11)'*) exit 1;; esac",
            "Python 3.11 or later (found Python 3.9.2)",
        ),
    ] {
        let (passed, said) = told(name, program, true);
        assert!(!passed && said.contains(found), "{name}: {said}");
    }
}

#[test]
fn a_python_without_venv_is_named() {
    let lacks_venv = "case $2 in *ensurepip*) exit 1;; esac";
    let (passed, said) = told("python3", lacks_venv, true);
    assert!(
        !passed && said.contains("apt-get install python3-venv"),
        "{said}"
    );
}
