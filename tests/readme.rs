//! The commands of the README and of the other documents: each is understood, those that need no server run, and what a
//! document shows of a screen is what the tool prints.
//!
//! Numbers on these screens change with the contract: `UPDATE_DOCUMENTS=1 cargo test --test readme` writes them anew.

#![expect(clippy::print_stdout, reason = "what is skipped is said")]
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod support;

use regex::Regex;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Server, run, tool};

const TOOL: &str = env!("CARGO_BIN_EXE_milvus-conformance");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The documents, from the root of the repository.
fn documents() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<String> = docs.map(|name| format!("docs/{}", name.to_string_lossy())).collect();
    files.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(str::to_owned));
    files.sort();
    files
}

/// The lines of shell blocks that call the tool, without what stands before and behind it.
fn commands(file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        let line = [" # ", " > ", " >> "].iter().fold(line, |line, end| line.split(end).next().unwrap_or_default());
        let called = ["milvus-conformance ", "cargo run --release -- "].iter().find_map(|start| line.split_once(start));
        if let (true, Some((_, arguments))) = (inside, called) {
            found.push(words(arguments));
        }
    }
    found
}

/// Splits at blanks outside quotes; the documents need no more of a shell than that.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.trim().chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, other) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_documents_works() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Vec<String>> = documents().iter().flat_map(|file| commands(file)).collect();
    assert!(all.len() >= 40, "the documents show commands: {all:?}");
    for arguments in all {
        if !can_run(&arguments, folder.path()) {
            // Only whether it is understood: a wrong flag would be told before anything else.
            let output = Command::new(TOOL).args(&arguments).arg("--help").output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        let output = Command::new(TOOL).args(&arguments).current_dir(&folder).output().unwrap();
        let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{arguments:?}: {}", told.concat());
    }
}

/// Whether a command of a document needs nothing but the tool, and not minutes.
fn can_run(arguments: &[String], folder: &Path) -> bool {
    let needs_more = |word: &String| word.contains("--target") || word.contains("MILVUS") || word.contains("path/to");
    // The flag before a file that is written.
    let writes =
        |flag: Option<&String>| flag.is_some_and(|flag| ["-o", "--results", "--into"].contains(&flag.as_str()));
    let is_absent = |(at, word): (usize, &String)| {
        let is_file = [".json", ".jsonl", ".toml"].iter().any(|ending| word.ends_with(ending));
        is_file && !writes(at.checked_sub(1).map(|before| &arguments[before])) && !folder.join(word).exists()
    };
    let takes_long = ["serve", "selftest"].contains(&arguments[0].as_str());
    !takes_long && !arguments.iter().any(needs_more) && !arguments.iter().enumerate().any(is_absent)
}

// ---- screens

/// A command of a screen, with the lines of the document that show what it prints.
struct Shown {
    command: String,
    lines: std::ops::Range<usize>,
}

/// The screens of a document: blocks in which the tool is called after a `$`.
fn screens(lines: &[String]) -> Vec<Vec<Shown>> {
    let mut screens: Vec<Vec<Shown>> = Vec::new();
    let mut inside = false;
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            if inside {
                screens.push(Vec::new());
            }
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ milvus-conformance ")) {
            screens.last_mut().unwrap().push(Shown { command: command.to_owned(), lines: at + 1..at + 1 });
        } else if let (true, Some(shown)) = (inside, screens.last_mut().and_then(|screen| screen.last_mut())) {
            shown.lines.end = at + 1;
        }
    }
    screens.retain(|screen| !screen.is_empty());
    screens
}

/// A line without what differs from run to run.
fn same(line: &str) -> String {
    let mut line = line.to_owned();
    for (varies, instead) in [
        (r"mc_[a-z]{7}", "mc_run"),
        (r"in \d+\.\d s", "in 0 s"),
        (r"\b\d+ calls", "0 calls"),
        // How often was asked until something settled.
        (r" \(\d+\)", " (0)"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:0"),
    ] {
        line = Regex::new(varies).unwrap().replace_all(&line, instead).into_owned();
    }
    line
}

/// A line without its numbers, by which a line that only counts otherwise is known again.
fn numberless(line: &str) -> String {
    Regex::new(r"\d+").unwrap().replace_all(&same(line), "0").into_owned()
}

/// Whether a line of a document is that line of a screen; what ends in ` …` is its beginning.
fn is_shown(told: &str, printed: &str) -> bool {
    match told.strip_suffix(" …") {
        Some(beginning) => same(printed).starts_with(&same(beginning)),
        None => same(told) == same(printed),
    }
}

/// Compares what a document shows with what was printed, and answers with the lines that are others: their place in the
/// document, and what stands there now when it is only the numbers.
fn differences(told: &[(usize, String)], printed: &[String]) -> Vec<(usize, Option<String>)> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut skipping = false;
    for (at, line) in told {
        if line == "…" {
            skipping = true;
            continue;
        }
        let reach = if skipping { printed.len() } else { (next + 1).min(printed.len()) };
        let place = (next..reach).find(|place| is_shown(line, &printed[*place]));
        let counted = || (next..reach).find(|place| numberless(line) == numberless(&printed[*place]));
        match place.or_else(counted) {
            Some(exact) if place.is_some() => next = exact + 1,
            Some(near) => {
                found.push((*at, Some(printed[near].clone())));
                next = near + 1;
            }
            None => found.push((*at, None)),
        }
        skipping = false;
    }
    if !skipping && next < printed.len() {
        found.push((told.last().map_or(0, |(at, _)| at + 1), Some(printed[next].clone())));
    }
    found
}

/// Runs the screens of a document in a folder of its own and answers with what differs.
fn checked(file: &str, lines: &mut [String], recordings: Option<&Path>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for recording in recordings.iter().flat_map(|recordings| std::fs::read_dir(recordings).unwrap()) {
        let path = recording.unwrap().path();
        std::os::unix::fs::symlink(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let mut told = Vec::new();
    let mut server: Option<Server> = None;
    for screen in screens(lines) {
        if recordings.is_none() && screen.iter().any(|shown| shown.command.contains(".jsonl")) {
            println!("skipped: a screen of {file}, since there are no recordings");
            continue;
        }
        for shown in screen {
            if let Some(serve) = shown.command.strip_suffix(" &") {
                let arguments = words(serve);
                assert_eq!(arguments[0], "serve", "{file}: only a server runs in the background");
                server = Some(Server::start(&arguments[1..].iter().map(String::as_str).collect::<Vec<_>>()));
                continue;
            }
            let url = server.as_ref().map_or("http://127.0.0.1:19530", |server| server.url.as_str());
            let arguments = words(&shown.command.replace("http://127.0.0.1:19530", url));
            let ended = run(tool(folder.path()).args(&arguments));
            let printed: Vec<String> = ended.out.trim_end().lines().map(str::to_owned).collect();
            assert!(!matches!(ended.code, None | Some(2 | 70)), "{file}: {}: {}", shown.command, ended.err);
            let shows: Vec<(usize, String)> = shown.lines.map(|at| (at, lines[at].clone())).collect();
            for (at, now) in differences(&shows, &printed) {
                let line = lines.get(at).cloned().unwrap_or_default();
                told.push(format!("{file}:{}: `{line}` is not what `{}` prints: {now:?}", at + 1, shown.command));
                if let Some(now) = now.filter(|now| numberless(now) == numberless(&line)) {
                    lines[at] = now;
                }
            }
        }
    }
    told
}

#[test]
fn what_documents_show_of_screens_is_what_is_printed() {
    let recordings = root().join("../shared/facts/recorded");
    let recordings = recordings.is_dir().then_some(recordings);
    let mut told = Vec::new();
    let mut count = 0;
    for file in documents() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        count += screens(&lines).len();
        let others = checked(&file, &mut lines, recordings.as_deref());
        if !others.is_empty() && std::env::var_os("UPDATE_DOCUMENTS").is_some() {
            std::fs::write(root().join(&file), lines.join("\n") + "\n").unwrap();
        }
        told.extend(others);
    }
    assert!(count >= 5, "the documents show {count} screens");
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn a_screen_that_is_not_what_is_printed_is_found() {
    let printed = ["a 1", "b 2 calls", "c", "d"].map(str::to_owned);
    let differ = |told: &[&str]| {
        differences(&told.iter().enumerate().map(|(at, line)| (at, (*line).to_owned())).collect::<Vec<_>>(), &printed)
    };
    assert_eq!(differ(&["a 1", "b 9 calls", "c", "d"]), []);
    assert_eq!(differ(&["…", "c", "…"]), []);
    assert_eq!(differ(&["a 1", "…", "d"]), []);
    assert_eq!(differ(&["…", "e", "…"]), [(1, None)], "a line that is nowhere");
    assert_eq!(differ(&["…", "c", "b 2 calls", "…"]), [(2, None)], "another order");
    assert_eq!(differ(&["a 7", "…"]), [(0, Some("a 1".to_owned()))], "another number");
    assert_eq!(differ(&["a 1"]), [(1, Some("b 2 calls".to_owned()))], "more than is shown");
}

// ---- scenarios

/// The blocks of a document that are whole scenarios.
fn scenarios(text: &str) -> Vec<String> {
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0));
    let whole = |block: &&str| block.lines().any(|line| line.starts_with("title:")) && block.contains("\nsteps:");
    blocks.filter(whole).map(str::to_owned).collect()
}

#[test]
fn the_scenarios_of_the_documents_pass() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for file in documents() {
        for scenario in scenarios(&std::fs::read_to_string(root().join(&file)).unwrap()) {
            count += 1;
            let name = format!("{}-{count}.yaml", file.replace('/', "-"));
            std::fs::write(folder.path().join(name), scenario + "\n").unwrap();
        }
    }
    assert!(count >= 2, "the documents show {count} scenarios");
    let ended = run(tool(folder.path()).args(["run", ".", "--gate", "observed"])).exits(0);
    assert!(ended.out.contains(&format!("PASS {count} cases: {count} pass")), "{}", ended.out);
}

// ---- links

#[test]
fn links_of_the_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let (mut count, mut broken) = (0, Vec::new());
    for file in documents() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        for found in link.captures_iter(&text).map(|found| found[1].to_owned()).filter(|to| !to.contains("://")) {
            count += 1;
            let (path, heading) = found.split_once('#').unwrap_or((&found, ""));
            let here = root().join(&file);
            let place = if path.is_empty() { here } else { here.parent().unwrap().join(path) };
            let anchor = |line: &str| line.strip_prefix('#').map(|line| line.trim_matches(['#', ' ']).to_lowercase());
            let has = |text: String| text.lines().filter_map(anchor).any(|line| line.replace(' ', "-") == heading);
            let leads = place.exists() && (heading.is_empty() || std::fs::read_to_string(&place).is_ok_and(has));
            if !leads {
                broken.push(format!("{file}: {found}"));
            }
        }
    }
    assert!(count >= 20, "the documents have {count} links");
    assert!(broken.is_empty(), "{broken:#?}");
}
