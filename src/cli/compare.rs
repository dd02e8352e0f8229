//! `compare`: several runs side by side.

use super::arguments::CompareArguments;
use super::exit;
use super::failure::Failure;
use super::report::{read, write};
use crate::report::{Comparison, Named};
use std::path::{Path, PathBuf};

pub(super) fn compare(arguments: &CompareArguments) -> Result<u8, Failure> {
    let output = arguments.output.as_deref();
    let ending = output.and_then(Path::extension).map_or("md", |ending| ending.to_str().unwrap_or_default());
    if !["html", "md", "json"].contains(&ending) {
        let usage = "the comparison goes to a file that ends in .html, .md or .json";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let mut runs = Vec::new();
    for (path, name) in arguments.results.iter().zip(names(&arguments.results)) {
        runs.push(Named { name, results: read(path, false)? });
    }
    let compared = Comparison::of(&runs);
    let text = match ending {
        "html" => compared.html(),
        "json" => compared.json().map_err(|error| Failure::Broken(error.to_string()))?,
        _ => compared.markdown(),
    };
    write(output, &text)?;
    Ok(exit::SUCCESS)
}

/// Names of files without folder and ending, as long as these tell them apart; else the paths.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let stems: Vec<String> =
        paths.iter().map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect();
    let unique = stems.iter().enumerate().all(|(at, stem)| !stems[..at].contains(stem));
    if unique { stems } else { paths.iter().map(|path| path.display().to_string()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_named_shortly_unless_that_is_ambiguous() {
        let names_of = |paths: &[&str]| names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names_of(&["a/old.json", "b/new.json"]), ["old", "new"]);
        assert_eq!(names_of(&["a/results.json", "b/results.json"]), ["a/results.json", "b/results.json"]);
    }
}
