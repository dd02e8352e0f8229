//! `replay`: recorded calls once more, compared with what was answered then.

use super::arguments::ReplayArguments;
use super::exit;
use super::failure::{Failure, count};
use super::files;
use super::run::runtime;
use super::style;
use crate::engine::Replay;
use crate::profile::Profile;
use crate::reference::{Config, Reference};
use crate::replay::{Agreement, Disagreement, Kept, Kind, Recording, Tally};
use crate::target::{Connection, Redactor, Rest, Secret, Target};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// A file with what its replay came to.
struct Replayed<'a> {
    file: &'a Path,
    target: String,
    agreement: Agreement,
}

pub(super) fn replay(arguments: &ReplayArguments) -> Result<u8, Failure> {
    let server = server(arguments)?;
    let recordings =
        arguments.files.iter().map(|file| read(file, arguments.target.profile)).collect::<Result<Vec<_>, _>>()?;
    let runtime = runtime()?;
    let mut replayed = Vec::new();
    for (file, (recording, profile)) in arguments.files.iter().zip(recordings) {
        let replay = Replay {
            token: arguments.target.token.clone().filter(|token| server.is_some() && !token.is_empty()),
            timeout: arguments.target.timeout,
            patience: arguments.patience,
            strict: arguments.strict,
        };
        let (target, name) = match (&server, profile) {
            (Some(server), _) => (server.clone(), server.address().to_owned()),
            (None, Some(profile)) => {
                (embedded(&recording, profile), format!("the embedded reference target ({profile})"))
            }
            (None, None) => return Err(no_profile(file, &recording)),
        };
        let agreement = runtime
            .block_on(replay.run(&recording, &target))
            .map_err(|error| Failure::Unreachable { target: name.clone(), error })?;
        replayed.push(Replayed { file, target: name, agreement });
    }
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    let text = if arguments.json {
        serde_json::to_string_pretty(&as_json(&replayed)).map_err(std::io::Error::from)? + "\n"
    } else {
        replayed.iter().map(|one| one.text(arguments.show)).collect()
    };
    // A server may say in its answer what it was sent.
    let token = arguments.target.token.as_ref().filter(|token| !token.is_empty()).map(Secret::new);
    out.write_all(Redactor::new(token.as_ref(), []).redact(&text).as_bytes())?;
    out.flush()?;
    Ok(exit_code(&replayed, arguments.floor))
}

/// The server that the user named, if any. Nothing is sent.
fn server(arguments: &ReplayArguments) -> Result<Option<Target>, Failure> {
    let Some(url) = &arguments.target.target else {
        return if arguments.change_target {
            Err(Failure::Usage("--change-target is for a server named with --target".to_owned()))
        } else {
            Ok(None)
        };
    };
    let mut connection = Connection::new(url);
    connection.token = arguments.target.token.as_ref().filter(|token| !token.is_empty()).map(Secret::new);
    connection.ca_cert.clone_from(&arguments.target.ca_cert);
    connection.insecure = arguments.target.insecure;
    connection.proxy.clone_from(&arguments.target.proxy);
    let rest = Rest::new(&connection)?;
    if !arguments.change_target {
        let url = rest.url();
        return Err(Failure::Usage(format!(
            "a replay makes, changes and drops objects on {url}, of the names in the files, and cleans nothing up; \
             say --change-target if that is wanted (the server was named with --target or MILVUS_URI)"
        )));
    }
    Ok(Some(Target::Rest(rest)))
}

fn read(file: &Path, wanted: Option<Profile>) -> Result<(Recording, Option<Profile>), Failure> {
    let recording = Recording::read(&files::text(file)?)
        .map_err(|error| Failure::Usage(format!("{}: not a recording: {error}", file.display())))?;
    let profile = wanted.or_else(|| recording.profile());
    Ok((recording, profile))
}

fn no_profile(file: &Path, recording: &Recording) -> Failure {
    let server = match recording.server() {
        Some(server) => format!("`{server}` is no profile"),
        None => "its lines do not say which server answered".to_owned(),
    };
    Failure::Usage(format!("{}: {server}; say --profile", file.display()))
}

fn embedded(recording: &Recording, profile: Profile) -> Target {
    let token = recording.token().map(str::to_owned);
    Target::InProcess(Arc::new(Reference::new(Config { profile, token }).with_objects(recording.objects())))
}

fn exit_code(replayed: &[Replayed], floor: Option<f64>) -> u8 {
    let enough = |one: &Replayed| match floor {
        Some(floor) => one.agreement.total.percent() >= floor,
        None => one.agreement.disagreements.is_empty(),
    };
    if replayed.iter().all(enough) { exit::SUCCESS } else { exit::FINDINGS }
}

fn as_json(replayed: &[Replayed]) -> Value {
    let files = replayed.iter().map(|one| {
        let mut json = json!({"file": one.file, "target": one.target});
        if let (Value::Object(json), Value::Object(agreement)) = (&mut json, one.agreement.as_json()) {
            json.extend(agreement);
        }
        json
    });
    json!({"files": files.collect::<Vec<_>>()})
}

impl Replayed<'_> {
    fn text(&self, show: usize) -> String {
        let Agreement { lines, left_out, total, operations, kinds, disagreements } = &self.agreement;
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        let mut text = format!("{} against {}\n", style::strong(&file), self.target);
        let _ =
            writeln!(text, "{}, {} compared, {left_out} left out\n", count(*lines as usize, "line"), total.compared);
        let _ = writeln!(text, "{:<44} {:>8} {:>8} {:>8}", "operation", "compared", "agree", "percent");
        for (operation, tally) in operations {
            let name: String = operation.chars().take(44).collect();
            let row = format!("{name:<44} {:>8} {:>8} {:>8}", tally.compared, tally.agree, percent(tally.percent()));
            let _ = writeln!(text, "{}", if tally.agree < tally.compared { style::note(&row) } else { row });
        }
        text.push('\n');
        for disagreement in disagreements.iter().take(show) {
            text.push_str(&told(disagreement));
        }
        if disagreements.len() > show {
            let _ = writeln!(text, "… and {} more; --show N shows more, --json all\n", disagreements.len() - show);
        }
        text.push_str(&summary(total));
        let kinds: Vec<String> = kinds.iter().map(|(kind, number)| format!("{} {number}", kind.word())).collect();
        let verdict = match disagreements.len() {
            0 => style::good("all agree"),
            several => style::bad(&format!("{several} disagree")),
        };
        let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
        let _ = writeln!(text, "{verdict}{kinds}\n");
        text
    }
}

/// A share, never rounded up to all.
fn percent(share: f64) -> String {
    if share < 100.0 { format!("{:.2}", (share * 100.0).floor() / 100.0) } else { "100".to_owned() }
}

fn summary(total: &Tally) -> String {
    let row = |name: &str, agree: u32, of: u32, share: f64| {
        format!("{name:<16} {agree:>6} of {of:>6} {:>7} %\n", percent(share))
    };
    let kept = |name: &str, kept: Kept| row(name, kept.agree, kept.of, kept.percent());
    [
        row("everything", total.agree, total.compared, total.percent()),
        row("status and code", total.status_and_code, total.compared, total.percent_of_status_and_code()),
        kept("shape", total.shape),
        kept("data", total.data),
        kept("message", total.message),
    ]
    .concat()
}

fn told(disagreement: &Disagreement) -> String {
    let Disagreement { n, path, case, note, difference, further } = disagreement;
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    let mut text = format!("{} {path}{note}\n", style::strong(&format!("line {n}")));
    if !case.is_empty() && !path.ends_with(case) {
        let _ = writeln!(text, "    {}", style::faint(&format!("case {case}")));
    }
    for difference in std::iter::once(difference).chain(further) {
        let place = if difference.at.is_empty() { String::new() } else { format!(" at {}", difference.at) };
        let _ = writeln!(text, "    {}{place}", difference.kind.word());
        let _ = writeln!(text, "      recorded {}", short(&difference.expected));
        let word = if difference.kind == Kind::NoAnswer { "none" } else { "came" };
        let _ = writeln!(text, "      {word:<8} {}", short(&difference.actual));
    }
    text.push('\n');
    text
}

/// Longer values are told in `--json`.
const LONGEST: usize = 400;

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
