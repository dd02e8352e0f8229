//! Every scenario as a test: against `MILVUS_URI`, or against the embedded reference target.

use milvus_conformance::harness::Suite;
use std::process::ExitCode;

fn main() -> ExitCode {
    Suite::from_environment().main()
}
