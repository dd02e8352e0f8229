//! `snapshot review`: accepts or rejects what `check` found different, one by one.

use super::{difference, in_ci, unwritable};
use crate::cli::arguments::ReviewArguments;
use crate::cli::exit;
use crate::cli::failure::{Failure, count};
use crate::cli::style;
use crate::snapshot::{ENDING, PENDING, Set, read_file};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// What is done with a snapshot that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Accept,
    Reject,
    Skip,
    Quit,
}

pub(super) fn review(arguments: &ReviewArguments) -> Result<u8, Failure> {
    if in_ci() {
        return Err(Failure::Usage("nothing is accepted or rejected where CI is set".to_owned()));
    }
    let set = Set::load(&arguments.folder).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut out = anstream::stdout().lock();
    if set.pending.is_empty() {
        writeln!(out, "nothing to review in {}", arguments.folder.display())?;
        return Ok(exit::SUCCESS);
    }
    let (mut accepted, mut rejected) = (0, 0);
    let mut asked = std::io::stdin().lock();
    for (index, new) in set.pending.iter().enumerate() {
        let old = accepted_path(new);
        let deed = match (arguments.accept_all, arguments.reject_all) {
            (true, _) => Deed::Accept,
            (_, true) => Deed::Reject,
            _ => {
                show(&mut out, new, &old, &format!("{} of {}", index + 1, set.pending.len()))?;
                ask(&mut out, &mut asked)?
            }
        };
        match deed {
            Deed::Accept => {
                std::fs::rename(new, &old).map_err(|error| unwritable(&old, &error))?;
                accepted += 1;
            }
            Deed::Reject => {
                std::fs::remove_file(new).map_err(|error| unwritable(new, &error))?;
                rejected += 1;
            }
            Deed::Skip => {}
            Deed::Quit => break,
        }
    }
    let left = set.pending.len() - accepted - rejected;
    writeln!(out, "{}: {accepted} accepted, {rejected} rejected, {left} left", count(set.pending.len(), "snapshot"))?;
    Ok(if left == 0 { exit::SUCCESS } else { exit::FINDINGS })
}

/// The file that a waiting one takes the place of.
fn accepted_path(new: &Path) -> PathBuf {
    let name = new.to_string_lossy();
    name.strip_suffix(PENDING).map_or_else(|| new.to_path_buf(), |name| PathBuf::from(format!("{name}{ENDING}")))
}

fn show(out: &mut impl Write, new: &Path, old: &Path, which: &str) -> Result<(), Failure> {
    let read = |path: &Path| read_file(path).map_err(|error| Failure::Usage(error.to_string()));
    let now = read(new)?;
    let before = if old.exists() { Some(read(old)?) } else { None };
    writeln!(out, "\n{} {}", style::faint(which), style::strong(&old.to_string_lossy()))?;
    writeln!(out, "{}\n", now.title)?;
    let before = before.map(|before| before.text()).unwrap_or_default();
    writeln!(out, "{}", difference(&before, &now.text()))?;
    Ok(())
}

/// Asks until there is an answer; the end of the input is one, too.
fn ask(out: &mut impl Write, asked: &mut impl BufRead) -> Result<Deed, Failure> {
    loop {
        write!(out, "{} accept, {} reject, {} skip, {} quit? ", key("a"), key("r"), key("s"), key("q"))?;
        out.flush()?;
        let mut line = String::new();
        if asked.read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Ok(Deed::Quit);
        }
        match line.trim().to_lowercase().as_str() {
            "a" | "accept" => return Ok(Deed::Accept),
            "r" | "reject" => return Ok(Deed::Reject),
            "s" | "skip" => return Ok(Deed::Skip),
            "q" | "quit" => return Ok(Deed::Quit),
            _ => {}
        }
    }
}

fn key(letter: &str) -> String {
    style::strong(&format!("[{letter}]"))
}
