//! The command line of `milvus-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    milvus_conformance::cli::main(std::env::args_os())
}
