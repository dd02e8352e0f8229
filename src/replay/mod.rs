//! Recorded calls, sent once more and compared with what was answered when they were recorded.
//!
//! Everything here is a function of the recording and the answers; [`engine::Replay`](crate::engine::Replay) sends. Ids that a
//! server made are others each time. They are paired as they come: what was this id in the recording has to be the same id
//! of the target wherever it comes again, and in later requests the target's own id stands in its place.

mod agreement;
mod compare;
mod ids;
mod objects;
mod recording;

pub use agreement::{Agreement, Disagreement, Kept, Tally};
pub use compare::{Difference, Judged, Kind, compare};
pub use ids::Ids;
pub(crate) use recording::without_odd_numbers;
pub use recording::{Line, Recording, Trust, Unreadable};
