//! Traffic that somebody recorded, judged without anything being sent.
//!
//! [`each`] reads calls one by one, so that a file may be larger than the memory; [`judge()`] says of one call what the judges
//! of a run say of an answer; [`Report`] adds up. What a recording does not show is not judged, and counted instead.

mod call;
mod har;
mod judge;
mod lines;
mod read;
mod report;

pub use call::{Call, LeftOut};
pub use judge::{Judged, Matched, judge, matched};
pub use read::{Unreadable, each};
pub use report::{OfProfile, Refused, Report};
