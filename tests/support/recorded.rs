//! The tables of values that were recorded with real servers.

#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use milvus_conformance::replay::{Line, Recording};
use std::path::PathBuf;

/// The recorded versions by their names, or a word that there are no recordings: they do not belong to the repository.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/recorded");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there are no recordings at {}", folder.display());
    None
}

/// The calls of a version of which the case is wanted, in their order.
pub(crate) fn values(folder: &std::path::Path, version: &str, wanted: impl Fn(&str) -> bool) -> Vec<Line> {
    let text = std::fs::read_to_string(folder.join(format!("values-{version}.jsonl"))).unwrap();
    let lines = Recording::read(&text).unwrap().lines.into_iter();
    lines.filter(|line| wanted(&line.case)).collect()
}

/// A part of a whole in percent.
pub(crate) fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) * 100.0 / f64::from(whole.max(1))
}

/// How far an answer is like the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    Other,
    StatusAndCode,
    Everything,
}
