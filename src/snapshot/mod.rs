//! Transcripts of calls that can be compared: what differs from run to run is replaced by tokens, the rest stays.
//!
//! ```text
//! ## 3, awaited
//! > POST collections/get_load_state {"collectionName": "<books>"}
//! < 200 {"code": 0, "data": {"loadProgress": 100, "loadState": "LoadStateLoaded"}, "message": ""}
//! ```
//!
//! Tokens are references: within a transcript the same value is always the same token, and different values are
//! different ones. So a transcript still shows that the key of an insert is the key of the row that is found.

mod file;
mod json;
mod layout;
mod normalise;
mod path;
mod read;
mod rules;
mod transcript;

pub use file::{ENDING, Key, PENDING, Set, Snapshot, read as read_file};
pub use normalise::Normaliser;
pub use read::{Body, Exchanged, exchanges, shown};
pub use rules::{Half, Rule, RuleEntry, Rules};
pub use transcript::{Call, transcript};
