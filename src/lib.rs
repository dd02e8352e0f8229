//! Decides whether a server honours the documented Milvus / Zilliz Cloud RESTful API.

pub mod exchange;
pub mod profile;
pub mod reference;
