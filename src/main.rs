//! The command line of `milvus-conformance`.

use std::process::ExitCode;

/// The cases run in several threads and allocate all the time, for which the allocator of the system takes locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    milvus_conformance::cli::main(std::env::args_os())
}
