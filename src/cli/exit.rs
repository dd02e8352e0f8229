//! The exit codes, which are part of the interface.

/// All gated checks passed.
pub(super) const SUCCESS: u8 = 0;
/// A gated check failed, a case ended in error, or the run was ended before its time.
pub(super) const FINDINGS: u8 = 1;
/// A wrong flag, or a mistake in a scenario or another file.
pub(super) const USAGE: u8 = 2;
/// The target cannot be reached, is not Milvus, or does not accept the token.
pub(super) const UNREACHABLE: u8 = 3;
/// Nothing ran.
pub(super) const NOTHING_RAN: u8 = 4;
/// The harness itself broke.
pub(super) const BROKEN: u8 = 70;
