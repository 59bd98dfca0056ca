//! The cycles of a graph of files.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
};

use super::imports::Uses;

/// The shortest cycle through each file that is in one; each cycle once, its first file last again.
pub(crate) fn cycles(uses: &Uses) -> Vec<Vec<PathBuf>> {
    let mut told = BTreeSet::new();
    let mut cycles = Vec::new();
    for file in uses.keys() {
        let Some(cycle) = shortest(uses, file) else {
            continue;
        };
        let members: BTreeSet<&PathBuf> = cycle.iter().collect();
        if told.insert(members.into_iter().cloned().collect::<Vec<_>>()) {
            cycles.push(cycle);
        }
    }
    cycles
}

fn shortest(uses: &Uses, start: &PathBuf) -> Option<Vec<PathBuf>> {
    let mut came_from: BTreeMap<&PathBuf, &PathBuf> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for next in uses.get(file).into_iter().flatten() {
            if next == start {
                let back = std::iter::successors(Some(file), |at| came_from.get(*at).copied());
                let mut cycle: Vec<PathBuf> = back.cloned().collect();
                cycle.reverse();
                cycle.push(start.clone());
                return Some(cycle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, file);
                queue.push_back(next);
            }
        }
    }
    None
}
