//! How much memory the reference target takes for many rows, and how long a search among them takes.
//!
//! `cargo bench --bench search` prints the figures; `ROWS`, `DIMENSION` and `ROUNDS` change what is measured. Memory is
//! that of the process, as Linux tells it.

#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

use bytes::Bytes;
use milvus_conformance::exchange::Request;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use std::time::{Duration, Instant};

const BATCH: usize = 1_000;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn call(reference: &Reference, operation: &str, body: String) -> String {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/v2/vectordb/{operation}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())].into(),
        body: Bytes::from(body),
    };
    String::from_utf8_lossy(&reference.answer(&request).body).into_owned()
}

fn vector(random: &mut fastrand::Rng, dimension: usize) -> String {
    let numbers: Vec<String> = (0..dimension).map(|_| format!("{:.6}", random.f32() - 0.5)).collect();
    format!("[{}]", numbers.join(","))
}

/// The memory of this process in kibibytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn main() {
    let (rows, dimension, rounds) = (number("ROWS", 100_000), number("DIMENSION", 128), number("ROUNDS", 21));
    let mut random = fastrand::Rng::with_seed(7);
    // Kept to the end, so that what one takes is not taken over from another.
    let mut kept = Vec::new();
    for metric in ["L2", "COSINE"] {
        let reference = Reference::new(Config { profile: Profile::Milvus26, token: None });
        let create = format!(r#"{{"collectionName":"c","dimension":{dimension},"metricType":"{metric}"}}"#);
        call(&reference, "collections/create", create);
        let before = resident();
        for first in (0..rows).step_by(BATCH) {
            let batch: Vec<String> = (first..rows.min(first + BATCH))
                .map(|id| format!(r#"{{"id":{id},"vector":{}}}"#, vector(&mut random, dimension)))
                .collect();
            let answer = call(
                &reference,
                "entities/insert",
                format!(r#"{{"collectionName":"c","data":[{}]}}"#, batch.join(",")),
            );
            assert!(answer.starts_with(r#"{"code":0"#), "an insert was refused: {answer}");
        }
        let memory = resident().saturating_sub(before) / 1024;
        for _ in 0..3 {
            call(&reference, "collections/get_load_state", r#"{"collectionName":"c"}"#.to_owned());
        }
        let mut times: Vec<Duration> = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let query = vector(&mut random, dimension);
            let body = format!(r#"{{"collectionName":"c","data":[{query}],"annsField":"vector","limit":10}}"#);
            let started = Instant::now();
            let answer = call(&reference, "entities/search", body);
            times.push(started.elapsed());
            assert!(answer.contains(r#""topks":[10]"#), "a search did not find ten rows: {answer}");
        }
        times.sort_unstable();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{metric}: {rows} rows of {dimension} in {memory} MiB; a search takes {median:?}, at worst {worst:?}");
        kept.push(reference);
    }
}
