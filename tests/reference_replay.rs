//! Replays whole recorded sessions with real servers against the reference target and compares the answers.
//!
//! The recordings do not belong to the repository; without them the test says so and passes. Every answer that is another
//! than the recorded one stands in `reference_replay/known.json` with its reason; one that has come to agree since has to
//! go from there, which `UPDATE_KNOWN=1 cargo test --test reference_replay` does. `milvus-conformance replay FILE` shows what
//! differs.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]
#![allow(clippy::unwrap_used)] // Helpers are test code, too, which clippy does not see.

use milvus_conformance::engine::Replay;
use milvus_conformance::profile::{Profile, Version};
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::replay::{Agreement, Recording};
use milvus_conformance::target::Target;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is known to differ, and how far the rest has to agree.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// The least shares of agreement by session, in percent. They only rise.
    floors: BTreeMap<String, Floor>,
    /// Operations that the reference target does not have; all their lines may differ.
    absent: Absent,
    /// Lines that differ, by reason.
    lines: Vec<Reason>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    status_and_code: f64,
    data: f64,
    message: f64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Absent {
    why: String,
    /// What the operations begin with.
    operations: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    why: String,
    /// The numbers of the lines, by session.
    sessions: BTreeMap<String, BTreeSet<u32>>,
}

fn known_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference_replay/known.json")
}

fn replay(path: &Path) -> Agreement {
    let recording = Recording::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    let profile = recording.profile().unwrap();
    let token = recording.token().map(str::to_owned);
    let reference = Reference::new(Config { profile, token }).with_objects(recording.objects());
    let target = Target::InProcess(Arc::new(reference));
    // 2.4 and 2.5 answered some reads from before the last writes, and their recordings are to be trusted in form there.
    let strict = profile.version() >= Version(2, 6);
    let replay = Replay { token: None, timeout: Duration::from_mins(1), patience: Duration::ZERO, strict };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(replay.run(&recording, &target)).unwrap()
}

/// The data file with one line for each session, so that its changes can be read.
fn written(known: &Known) -> String {
    let mut text = String::new();
    let mut depth_of_numbers = false;
    for line in serde_json::to_string_pretty(known).unwrap().lines() {
        let inner = line.trim();
        if depth_of_numbers {
            text.push_str(if inner.ends_with(',') && !inner.starts_with(']') {
                &inner[..inner.len() - 1]
            } else {
                inner
            });
            match inner {
                "]" | "]," => {
                    depth_of_numbers = false;
                    text.push('\n');
                }
                number if number.ends_with(',') => text.push_str(", "),
                _ => {}
            }
        } else {
            text.push_str(line);
            depth_of_numbers = inner.starts_with("\"session") && inner.ends_with('[');
            if !depth_of_numbers {
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn recorded_sessions_are_answered_as_they_were() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/recorded");
    if !folder.is_dir() {
        println!("skipped: there are no recordings at {}", folder.display());
        return;
    }
    let mut known: Known = serde_json::from_str(&std::fs::read_to_string(known_file()).unwrap()).unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("session-") && name.ends_with(".jsonl")
    });
    files.sort();
    let replayed: Vec<(String, Agreement)> = std::thread::scope(|scope| {
        let halves = files.chunks(files.len().div_ceil(2)).map(|files| {
            scope.spawn(|| {
                let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
                files.iter().map(|path| (name(path), replay(path))).collect::<Vec<_>>()
            })
        });
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });

    let mut unexplained = Vec::new();
    let mut below = Vec::new();
    let mut agreeing = Vec::new();
    let mut absent_used = BTreeSet::new();
    println!("{:<22} {:>6} {:>8} {:>8} {:>8} {:>8}", "", "lines", "agree", "code", "data", "message");
    for (session, agreement) in &replayed {
        let total = agreement.total;
        let shares = [total.percent_of_status_and_code(), total.data.percent(), total.message.percent()];
        println!(
            "{session:<22} {:>6} {:>6.2} % {:>6.2} % {:>6.2} % {:>6.2} %",
            total.compared,
            total.percent(),
            shares[0],
            shares[1],
            shares[2]
        );
        match known.floors.get(session) {
            Some(floor) => {
                let floors = [floor.status_and_code, floor.data, floor.message];
                if shares.iter().zip(floors).any(|(share, floor)| *share < floor) {
                    below.push(format!("{session}: {shares:.2?} instead of at least {floors:.2?}"));
                }
            }
            None => below.push(format!("{session} has no floor; it reaches {shares:.2?}")),
        }
        let mut differing: BTreeSet<u32> = agreement.disagreements.iter().map(|one| one.n).collect();
        for one in &agreement.disagreements {
            let operation = one.path.strip_prefix("/v2/vectordb/").unwrap_or(&one.path);
            let listed = known
                .lines
                .iter()
                .any(|reason| reason.sessions.get(session).is_some_and(|lines| lines.contains(&one.n)));
            let absent = known.absent.operations.iter().find(|start| operation.starts_with(start.as_str()));
            absent_used.extend(absent.filter(|_| !listed));
            if !listed && absent.is_none() {
                let difference = &one.difference;
                unexplained.push(format!("{session} {} {operation} {} {}", one.n, one.note, difference.kind.word()));
            }
        }
        for reason in &mut known.lines {
            if let Some(lines) = reason.sessions.get_mut(session) {
                let gone: Vec<u32> = lines.iter().copied().filter(|n| !differing.remove(n)).collect();
                agreeing.extend(gone.iter().map(|n| format!("{session} {n}")));
                lines.retain(|n| !gone.contains(n));
            }
        }
    }
    let absent_used: BTreeSet<String> = absent_used.into_iter().cloned().collect();
    let there: Vec<&String> = known.absent.operations.iter().filter(|start| !absent_used.contains(*start)).collect();
    agreeing.extend(there.iter().map(|start| format!("absent: {start}")));
    if std::env::var_os("UPDATE_KNOWN").is_some() {
        known.absent.operations.retain(|start| absent_used.contains(start));
        for reason in &mut known.lines {
            reason.sessions.retain(|_, lines| !lines.is_empty());
        }
        known.lines.retain(|reason| !reason.sessions.is_empty());
        std::fs::write(known_file(), written(&known)).unwrap();
        agreeing.clear();
    }
    assert!(unexplained.is_empty(), "{} not answered as recorded: {unexplained:#?}", unexplained.len());
    assert!(agreeing.is_empty(), "these agree by now, so take them from the list: {agreeing:#?}");
    assert!(below.is_empty(), "below the floor: {below:#?}");
}

/// The least share of statuses and codes of the transcripts, in percent. 2.3 takes metrics for binary vectors on floats,
/// vectors of texts and rows with `$meta`, which the reference target refuses as later versions do.
const V1_FLOOR: f64 = 98.2;

/// Transcripts from this number on are of collections that were made by other means than REST.
const MADE_ELSEWHERE: u64 = 400;

#[test]
fn transcripts_of_v1_are_answered_as_2_3_did() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/real/v1-transcripts.jsonl");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: there are no transcripts at {}", file.display());
        return;
    };
    let of_one_server = |line: &&str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["server"] == "noauth" && line["n"].as_u64().unwrap() < MADE_ELSEWHERE
    };
    let lines: Vec<&str> = text.lines().filter(of_one_server).collect();
    let recording = Recording::read(&lines.join("\n")).unwrap();
    let reference = Reference::new(Config { profile: Profile::Milvus23, token: None });
    let replay = Replay { token: None, timeout: Duration::from_mins(1), patience: Duration::ZERO, strict: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let target = Target::InProcess(Arc::new(reference));
    let agreement = runtime.block_on(replay.run(&recording, &target)).unwrap();
    let others: Vec<String> = agreement.disagreements.iter().map(|one| format!("{} {}", one.n, one.note)).collect();
    let share = agreement.total.percent_of_status_and_code();
    println!("{} lines: {share:.2} % on status and code; others in anything: {others:#?}", agreement.total.compared);
    assert!(share >= V1_FLOOR, "{share:.2} % instead of at least {V1_FLOOR} %");
}
