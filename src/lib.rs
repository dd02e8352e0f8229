//! Decides whether a server honours the documented Milvus / Zilliz Cloud `RESTful` API.

mod base64;
pub mod cli;
pub mod config;
pub mod contract;
pub mod diagnostic;
pub mod diff;
pub mod engine;
pub mod exchange;
pub mod export;
pub mod harness;
pub mod judge;
pub mod matcher;
pub mod profile;
pub mod ranks;
pub mod reference;
pub mod regression;
pub mod replay;
pub mod report;
pub mod results;
pub mod scenario;
pub mod seen;
pub mod snapshot;
pub mod target;
pub mod toml_file;
pub mod verdict;
pub mod yaml;
