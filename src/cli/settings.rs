//! What holds: the command line first, then the environment, then the config file.

use super::arguments::{Command, ReplayArguments, RunArguments, SnapshotCommand, SnapshotCourse, TargetArguments};
use super::failure::Failure;
use super::files;
use crate::config::{Loaded, NAME, TargetEntry};
use crate::diagnostic::{SourceText, suggestion};
use clap::ArgMatches;
use clap::parser::ValueSource;
use std::path::{Path, PathBuf};

/// Puts into the arguments of a command what the config file says and neither the command line nor the environment does.
/// Commands that reach no server read no config file.
pub(super) fn settle(command: &mut Command, matches: &ArgMatches) -> Result<Loaded, Failure> {
    let given = Given(innermost(matches));
    match command {
        Command::Run(arguments) => run(arguments, &given),
        Command::Snapshot(arguments) => match &mut arguments.command {
            SnapshotCommand::Record(arguments) => course(&mut arguments.course, &arguments.paths, &given),
            SnapshotCommand::Check(arguments) => course(&mut arguments.course, &arguments.paths, &given),
            SnapshotCommand::Review(_) | SnapshotCommand::Diff(_) => Ok(Loaded::default()),
        },
        Command::Replay(arguments) => replay(arguments, &given),
        Command::Sweep(arguments) => {
            let loaded = load(arguments.target.config.as_deref())?;
            target(&loaded, &mut arguments.target, &given, true)?;
            Ok(loaded)
        }
        _ => Ok(Loaded::default()),
    }
}

fn run(arguments: &mut RunArguments, given: &Given<'_>) -> Result<Loaded, Failure> {
    let loaded = load(arguments.target.config.as_deref())?;
    let entry = target(&loaded, &mut arguments.target, given, true)?;
    given.fill("db", &mut arguments.db, || entry.and_then(|entry| entry.db.clone()));
    selection(&loaded, &mut arguments.filter, &arguments.paths);
    let config = &loaded.config;
    given.replace("gate", &mut arguments.gate, config.gate);
    given.replace("jobs", &mut arguments.jobs, config.jobs.map(std::num::NonZeroUsize::get));
    given.fill("known", &mut arguments.known, || config.known.as_ref().map(|path| loaded.resolve(path)));
    Ok(loaded)
}

fn course(course: &mut SnapshotCourse, paths: &[String], given: &Given<'_>) -> Result<Loaded, Failure> {
    let loaded = load(course.target.config.as_deref())?;
    let entry = target(&loaded, &mut course.target, given, true)?;
    given.fill("db", &mut course.db, || entry.and_then(|entry| entry.db.clone()));
    selection(&loaded, &mut course.filter, paths);
    given.replace("jobs", &mut course.jobs, loaded.config.jobs.map(std::num::NonZeroUsize::get));
    Ok(loaded)
}

/// A replay changes a server, so that it has to be named.
fn replay(arguments: &mut ReplayArguments, given: &Given<'_>) -> Result<Loaded, Failure> {
    let loaded = load(arguments.target.config.as_deref())?;
    target(&loaded, &mut arguments.target, given, false)?;
    Ok(loaded)
}

/// What the command line selects, the file does not narrow.
fn selection(loaded: &Loaded, filter: &mut Option<String>, paths: &[String]) {
    if filter.is_none() && paths.is_empty() {
        *filter = loaded.config.filter.as_ref().map(|filter| filter.get_ref().clone());
    }
}

/// The target that is named, or the one for when none is.
fn target<'l>(
    loaded: &'l Loaded,
    arguments: &mut TargetArguments,
    given: &Given<'_>,
    may_be_default: bool,
) -> Result<Option<&'l TargetEntry>, Failure> {
    let config = &loaded.config;
    let name = match (&arguments.target, &config.target) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(name)) if may_be_default => Some(name.get_ref().clone()),
        (None, _) => None,
    };
    let entry = name.as_deref().and_then(|name| config.named(name));
    let Some(entry) = entry else {
        if let Some(name) = name.filter(|name| is_name(name) && !loaded.path.as_os_str().is_empty()) {
            let help = suggestion(&name, config.names()).map(|help| format!("; {help}")).unwrap_or_default();
            return Err(Failure::Usage(format!("{} has no target `{name}`{help}", loaded.path.display())));
        }
        arguments.profile = arguments.profile.or(config.profile);
        return Ok(None);
    };
    // Who names a target on the command line means all that it says, its token before that of the environment.
    let named = given.on_the_line("target");
    if !given.on_the_line("token") && (named || arguments.token.is_none()) {
        arguments.token = token(entry, name.as_deref().unwrap_or_default())?.or(arguments.token.take());
    }
    arguments.target.clone_from(&entry.url);
    arguments.profile = arguments.profile.or(entry.profile).or(config.profile);
    given.fill("ca_cert", &mut arguments.ca_cert, || entry.ca_cert.as_ref().map(|path| loaded.resolve(path)));
    given.fill("proxy", &mut arguments.proxy, || entry.proxy.clone());
    arguments.insecure |= entry.insecure;
    Ok(Some(entry))
}

fn token(entry: &TargetEntry, name: &str) -> Result<Option<String>, Failure> {
    let Some(variable) = &entry.token_env else { return Ok(entry.token.as_ref().map(|token| token.get_ref().clone())) };
    let variable = variable.get_ref();
    match std::env::var(variable) {
        Ok(token) if !token.is_empty() => Ok(Some(token)),
        _ => {
            Err(Failure::Usage(format!("the token of the target `{name}` is to stand in {variable}, which is not set")))
        }
    }
}

/// Whether a text can be meant as the name of a target: it is no address and no part of one.
fn is_name(text: &str) -> bool {
    text.chars().all(|next| next.is_alphanumeric() || next == '-' || next == '_') && text != "localhost"
}

fn load(named: Option<&Path>) -> Result<Loaded, Failure> {
    let path = match named {
        Some(path) => path.to_path_buf(),
        None => match found() {
            Some(path) => path,
            None => return Ok(Loaded::default()),
        },
    };
    Loaded::read(&path, &SourceText::new(path.to_string_lossy(), files::text(&path)?)).map_err(Failure::Mistakes)
}

/// The nearest config file, by its bare name when it is right here.
fn found() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let path = Loaded::find(&here)?;
    Some(if path.parent() == Some(&here) { PathBuf::from(NAME) } else { path })
}

/// What was given, and by what.
struct Given<'m>(&'m ArgMatches);

impl Given<'_> {
    fn on_the_line(&self, id: &str) -> bool {
        self.0.value_source(id) == Some(ValueSource::CommandLine)
    }

    /// Sets what nobody has set.
    fn fill<T>(&self, id: &str, value: &mut Option<T>, from_file: impl FnOnce() -> Option<T>) {
        if self.0.value_source(id).is_none() && value.is_none() {
            *value = from_file();
        }
    }

    /// Sets what has only its default.
    fn replace<T>(&self, id: &str, value: &mut T, from_file: Option<T>) {
        if let Some(from_file) = from_file.filter(|_| self.0.value_source(id) == Some(ValueSource::DefaultValue)) {
            *value = from_file;
        }
    }
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}
