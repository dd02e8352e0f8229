//! Decides whether a server honours the documented Milvus / Zilliz Cloud `RESTful` API.

mod base64;
pub mod cli;
pub mod contract;
pub mod diagnostic;
pub mod diff;
pub mod engine;
pub mod exchange;
pub mod export;
mod glob;
pub mod harness;
pub mod judge;
pub mod known;
pub mod matcher;
pub mod profile;
pub mod ranks;
pub mod reference;
pub mod replay;
pub mod report;
pub mod results;
pub mod scenario;
pub mod seen;
pub mod selftest;
pub mod snapshot;
pub mod target;
pub mod traffic;
pub mod verdict;
pub mod yaml;
