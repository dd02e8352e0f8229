//! Reading the files that are named on the command line.

use super::failure::Failure;
use crate::results::{self, Results};
use std::path::Path;

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
}

/// The results of a run, as far as they go.
pub(super) fn results(path: &Path) -> Result<Results, Failure> {
    results::read(&text(path)?).map_err(|error| Failure::NoResults { path: path.to_owned(), error })
}
