//! `poolkeeper credentials`: processes that need new credentials at the same time, and a cache that is not one's own.

use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt as _, chown},
    process::Command,
    thread,
};

use crate::{
    credentials::{credentials, denied, kept, problem, vended},
    credentials_cache::cache_of,
    support::{Folder, Run, server::Server},
};

/// Runs as many as `processes`, which wait for the lock that is held here until all of them do.
#[cfg(target_os = "linux")]
fn together(folder: &Folder, server: &Server, processes: usize) -> Vec<Run> {
    let lock = File::options()
        .write(true)
        .open(kept(folder).0.with_extension("lock"));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    let inode = format!(":{} ", lock.metadata().unwrap().ino());
    thread::scope(|scope| {
        let started: Vec<_> = (0..processes)
            .map(|_| scope.spawn(|| credentials(folder, &server.url, &["--wait", "0"])))
            .collect();
        let waiting = || {
            let locks = fs::read_to_string("/proc/locks").unwrap();
            let waiting = |line: &&str| line.contains("->") && line.contains(&inode);
            locks.lines().filter(waiting).count()
        };
        while waiting() < processes {
            thread::yield_now();
        }
        lock.unlock().unwrap();
        started.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

#[test]
#[cfg(target_os = "linux")]
fn those_who_waited_are_told_what_the_one_who_asked_was_told() {
    let refusal = denied("400 Bad Request", "invalid_target");
    let (folder, server) = cache_of(3550, 50, vec![refusal.clone(), refusal, vended(3600)]);
    let runs = together(&folder, &server, 4);
    let line = problem(&runs[0]);
    assert!(line.starts_with("the vendor refuses: HTTP 400: "), "{line}");
    for run in &runs {
        assert_eq!(problem(run), line);
    }
    assert_eq!(server.asked().len(), 2);
    // Whoever comes later asks.
    assert_eq!(problem(&credentials(&folder, &server.url, &[])), line);
    assert_eq!(credentials(&folder, &server.url, &[]).code, 0);
    assert_eq!(server.asked().len(), 4);
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_still_good_serves_those_who_waited_for_a_vendor_that_cannot() {
    let failing = denied(
        "503 Service Unavailable\r\nretry-after: 99",
        "temporarily_unavailable",
    );
    let (folder, server) = cache_of(3000, 600, vec![failing]);
    for run in together(&folder, &server, 4) {
        assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
        let said = run.stderr.as_str();
        assert!(
            said.starts_with("poolkeeper: the vendor cannot answer now: HTTP 503"),
            "{said}"
        );
        assert!(said.contains("; those of before serve until 20"), "{said}");
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_pipe_in_the_place_of_the_lock_keeps_nobody_waiting() {
    let (folder, server) = cache_of(3550, 50, vec![]);
    let lock = kept(&folder).0.with_extension("lock");
    fs::remove_file(&lock).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&lock)
            .status()
            .unwrap()
            .success()
    );
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(fs::symlink_metadata(lock).unwrap().is_file());
    // What is kept may be anything, too, and is replaced where that can be done.
    let (file, ..) = kept(&folder);
    for (command, said) in [
        ("mkfifo", ": not believed and replaced"),
        ("mkdir", ": not kept: "),
    ] {
        fs::remove_file(&file).unwrap();
        assert!(Command::new(command).arg(&file).status().unwrap().success());
        let run = credentials(&folder, &server.url, &[]);
        assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn a_folder_of_another_user_is_not_used_by_root_either() {
    let (folder, server) = cache_of(0, 3600, vec![]);
    let (file, mut text, _) = kept(&folder);
    text["AccessKeyId"] = "ASIAPLANTED".into();
    fs::write(&file, text.to_string()).unwrap();
    let place = file.parent().unwrap();
    // Nobody else can give files away, and nobody else reads what another user keeps for themselves.
    if chown(place, Some(12_345), None).is_err() {
        return;
    }
    chown(&file, Some(12_345), None).unwrap();
    let run = credentials(&folder, &server.url, &[]);
    assert_eq!(run.json()["AccessKeyId"], "ASIAEXAMPLE");
    let said = format!(
        "the cache cannot be used: {} is another user's",
        place.display()
    );
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    assert_eq!(kept(&folder).1["AccessKeyId"], "ASIAPLANTED");
}
