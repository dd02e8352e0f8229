//! Failures that are known already, listed in a file with the reason of each, and cases that are known to be flaky.
//!
//! Listed cases run like all others. Whether the list excuses what they find, and whether it still says the truth, is
//! decided here from nothing but the list and the findings.

mod excuse;
mod file;
mod toml;
mod update;
mod usage;

pub use excuse::{Excuses, Judged};
pub use file::{Entry, File, KEYS, NOT_EXPLAINED, editor_schema};
pub use update::{Change, Seen, Updated, update};
pub use usage::{KnownEntry, KnownSummary, Standing, Usage};
