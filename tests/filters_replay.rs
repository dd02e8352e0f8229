//! Replays recorded filters, thousands of expressions on four real servers, against the reference target.
//!
//! The recordings do not belong to the repository; without them the test says so and passes.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

#[path = "support/recorded.rs"]
mod recorded;

use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::replay::{Ids, Line, Trust};
use recorded::share;
use serde_json::Value;

/// The recordings and the shares of lines, in percent, on which the reference target has to agree: on status and code,
/// on the text of refusals, and on the rows selected.
const RECORDINGS: [(&str, Profile, [f64; 3]); 4] = [
    ("2.4", Profile::Milvus24, [98.8, 95.0, 99.0]),
    ("2.5", Profile::Milvus25, [98.6, 92.0, 98.5]),
    ("2.6", Profile::Milvus26, [99.1, 96.0, 99.5]),
    ("3.0", Profile::Milvus30, [99.3, 93.0, 99.4]),
];

/// Notes of lines whose status or code differs and is left as it is. There are no others.
const LEFT: [&str; 3] = [
    // The names of output fields are not read as expressions here.
    "outputFields [",
    // Before 2.5 a consistency level of the wrong kind was read over.
    "consistencyLevel ",
    // An empty name of a partition is looked up here instead of being called badly formed.
    "partitionNames [\"\"]",
];

/// In 2.5 a field of type Geometry can be created, and every insert is refused; here the type is unknown.
const LEFT_CASE: &str = "filters/geometry";

// What else differs, in texts and rows alone, and is left as well:
// - After a fault of syntax the server's parser goes on and tells the last fault; here the first one is told.
// - 2.5 prints lists in its messages with single blanks, since its library spaces them by the build.
// - The replaced core took nulls for values in 2.5, a bare text in a JSON field for null, and a vector too.
// - It matched two escaped backslashes, an underscore beside a sign of four bytes, and `_` in 2.4 in its own way.

/// Whether the line says something of filters: not what prepares them, not what only the core would decide.
fn counts(line: &Line) -> bool {
    let asks = matches!(line.operation(), "entities/query" | "entities/search" | "entities/delete");
    asks && !matches!(line.trust, Trust::None | Trust::Core) && line.body_cut.is_none()
}

/// What is compared of an answer, and on how many lines it is the same.
#[derive(Default)]
struct Tally {
    lines: u32,
    code: u32,
    refusals: u32,
    texts: u32,
    selections: u32,
    rows: u32,
    /// What is neither the same nor left on purpose.
    unexplained: Vec<String>,
}

/// The keys of the rows of an answer, in order.
fn keys(body: &Value) -> Option<Vec<String>> {
    let rows = body.get("data")?.as_array()?;
    rows.iter().map(|row| row.get("id").map(ToString::to_string)).collect()
}

fn message(body: &Value) -> &str {
    body.get("message").and_then(Value::as_str).unwrap_or_default()
}

fn replay(name: &str, profile: Profile, lines: &[Line]) -> ([f64; 3], Vec<String>) {
    let reference = Reference::new(Config { profile, token: None });
    let show = std::env::var("REPLAY_SHOW").unwrap_or_default();
    let mut tally = Tally::default();
    for line in lines {
        let request = line.request(&Ids::default(), None);
        let response = reference.answer(&request);
        if counts(line) {
            add(&mut tally, name, line, (&request, &response), &show);
        }
    }
    let shares =
        [share(tally.code, tally.lines), share(tally.texts, tally.refusals), share(tally.rows, tally.selections)];
    println!(
        "filters {name}: {} lines, {:.2} % agree on status and code; of {} refusals {:.2} % on the text; \
         of {} selections {:.2} % on the rows",
        tally.lines, shares[0], tally.refusals, shares[1], tally.selections, shares[2]
    );
    (shares, tally.unexplained)
}

fn add(tally: &mut Tally, name: &str, line: &Line, (request, response): (&Request, &Response), show: &str) {
    let ours: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let recorded = line.answer().0.unwrap_or_default();
    let refused = |body: &Value| body.get("code").is_some_and(|code| code != 0);
    tally.lines += 1;
    // A filter that ends the process of a real server is refused in good form here.
    let same = if line.server_ends {
        refused(&ours) && response.status == 200 && !message(&ours).is_empty()
    } else {
        line.status == Some(response.status) && recorded.get("code") == ours.get("code")
    };
    tally.code += u32::from(same);
    let mut like = same;
    if same && !line.server_ends {
        if refused(&recorded) {
            tally.refusals += 1;
            like = message(&recorded) == message(&ours);
            tally.texts += u32::from(like);
        } else if let Some(rows) = keys(&recorded).filter(|_| line.operation() == "entities/query") {
            tally.selections += 1;
            like = Some(rows) == keys(&ours);
            tally.rows += u32::from(like);
        }
    }
    let shown = match show {
        "" => false,
        "all" => !like,
        _ => !same,
    };
    let left = LEFT.iter().any(|note| line.note.starts_with(note));
    if !same && !left && line.case != LEFT_CASE {
        tally.unexplained.push(format!("{name} line {}: {} {}", line.n, line.case, line.note));
    }
    if shown {
        println!("{name} {} {} {} | {}", line.n, line.case, line.note, String::from_utf8_lossy(&request.body));
        println!("  recorded {:?} {recorded}", line.status);
        println!("  ours     {} {ours}", response.status);
    }
}

#[test]
fn recorded_filters_are_answered_as_they_were() {
    let Some(folder) = recorded::folder() else { return };
    let mut short = Vec::new();
    let mut unexplained = Vec::new();
    for (name, profile, floors) in RECORDINGS {
        let lines = recorded::values(&folder, name, |case| case.starts_with("filters/"));
        let (reached, others) = replay(name, profile, &lines);
        unexplained.extend(others);
        if reached.iter().zip(floors).any(|(reached, floor)| *reached < floor) {
            short.push((name, reached));
        }
    }
    assert!(unexplained.is_empty(), "not answered as recorded: {unexplained:#?}");
    assert!(short.is_empty(), "below the floor: {short:?}");
}
