//! The reference target: an implementation of the contract, as a pure state machine behind an HTTP front.
