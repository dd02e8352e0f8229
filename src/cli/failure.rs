//! Errors as text and exit code: the only place where one becomes the other.

use super::exit;
use super::style;
use super::wrap::{width, wrapped};
use crate::contract::TreeError;
use crate::diagnostic::Diagnostic;
use crate::engine::{FilterError, LedgerError, PlanError};
use crate::report::ReportError;
use crate::results::ReadError;
use crate::scenario::LibraryError;
use crate::target::{ConnectionError, PreflightError, SendError};
use anstream::adapter::strip_str;
use std::path::PathBuf;

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{}", count(.0.len(), "mistake"))]
    Mistakes(Vec<Diagnostic>),
    #[error(transparent)]
    Specs(#[from] TreeError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("cannot read --filter: {0}")]
    Filter(#[from] FilterError),
    #[error("{0}")]
    Usage(String),
    #[error("cannot write {}: {source}; nothing was changed on the target", path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("{0}; nothing was changed on the target")]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    #[error("{target}: {error}")]
    Unreachable { target: String, error: SendError },
    #[error("{0}")]
    NothingToRun(String),
    #[error("{}: {error}{}", path.display(), matches!(error, ReadError::CutOff { .. }).then_some("; `report --partial` tells what is there").unwrap_or_default())]
    NoResults { path: PathBuf, error: ReadError },
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    NotWritten { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("cannot write the results: {0}")]
    Results(std::io::Error),
    #[error("cannot print: {0}")]
    Output(#[from] std::io::Error),
    #[error("{0}")]
    Broken(String),
}

/// How far in a message goes on that is longer than a line.
const HANG: usize = 2;

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Mistakes(mistakes) => Failure::Mistakes(mistakes),
            PlanError::Library(error) => Failure::Library(error),
        }
    }
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Failure::Mistakes(_)
            | Failure::Specs(_)
            | Failure::Library(_)
            | Failure::Filter(_)
            | Failure::Usage(_)
            | Failure::Unwritable { .. }
            | Failure::Ledger(_)
            | Failure::NoResults { .. }
            | Failure::Unreadable { .. }
            | Failure::NotWritten { .. }
            | Failure::Connection(_) => exit::USAGE,
            Failure::Preflight(_) | Failure::Unreachable { .. } => exit::UNREACHABLE,
            Failure::NothingToRun(_) => exit::NOTHING_RAN,
            Failure::Report(_) | Failure::Results(_) | Failure::Output(_) | Failure::Broken(_) => exit::BROKEN,
        }
    }

    /// What is shown, several lines at times. Styled; the stream takes the styles away when it has to.
    pub(super) fn text(&self) -> String {
        match self {
            Failure::Mistakes(mistakes) => {
                let mut text = rendered(mistakes);
                text.push_str(&format!("{}\n", style::bad(&count(mistakes.len(), "mistake"))));
                text.trim_end().to_owned()
            }
            // What is set in, such as a filter and the mark below its mistake, has its form.
            other => only(&format!("{} {other}", style::bad("error:")), |line| !line.starts_with(' ')),
        }
    }
}

/// Mistakes with their places, one below the other.
pub(super) fn rendered(mistakes: &[Diagnostic]) -> String {
    // The lines of the file stay as they are.
    let is_sentence = |line: &str| {
        let line = strip_str(line).to_string();
        line.starts_with("error: ") || line.starts_with("help: ")
    };
    mistakes.iter().map(|mistake| format!("{}\n\n", only(&mistake.render(true), is_sentence))).collect()
}

/// Breaks these lines where the terminal ends, and no others.
fn only(text: &str, which: impl Fn(&str) -> bool) -> String {
    let width = width();
    let lines = text.lines().map(|line| if which(line) { wrapped(line, width, HANG) } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is wrong with the arguments, as the parser of the command line tells it.
pub(super) fn usage(error: &clap::Error) -> String {
    wrapped(&error.render().ansi().to_string(), width(), HANG)
}

/// A number with its word in the right form.
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
