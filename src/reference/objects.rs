//! The object storage that imports read from.

use std::collections::BTreeMap;

/// A file in the object storage, as far as an import tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its length in bytes.
    pub size: u64,
    /// How many rows it holds.
    pub rows: u64,
    /// Why it cannot be read as rows, in the server's words.
    pub fault: Option<String>,
}

/// The files in the object storage, by their paths.
pub type Objects = BTreeMap<String, Object>;
