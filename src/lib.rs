//! Decides whether a server honours the documented Milvus / Zilliz Cloud `RESTful` API.

mod base64;
pub mod cli;
pub mod contract;
pub mod diagnostic;
pub mod engine;
pub mod exchange;
mod glob;
pub mod harness;
pub mod judge;
pub mod known;
pub mod matcher;
pub mod profile;
pub mod reference;
pub mod replay;
pub mod report;
pub mod results;
pub mod scenario;
pub mod snapshot;
pub mod target;
pub mod verdict;
pub mod yaml;
