//! The arguments of every command.

use crate::engine::{Ledger, Options, Shard};
use crate::profile::Profile;
use crate::report::Format;
use crate::verdict::Level;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit codes:
  0   all gated checks passed
  1   findings
  2   bad usage, or a mistake in a scenario or another file
  3   target unreachable, not Milvus, or token refused
  4   nothing ran
  70  the harness itself broke

Examples:
  The embedded reference target:
    milvus-conformance run
  A server:
    milvus-conformance run --target http://localhost:19530 --token root:Milvus
  A group of scenarios, only what documents say:
    milvus-conformance run partitions --filter 'level(must)'
  A rule and where it comes from:
    milvus-conformance explain partition.drop.needs-release";

/// Decides whether a server honours the documented Milvus / Zilliz Cloud `RESTful` API.
#[derive(Debug, Parser)]
#[command(name = "milvus-conformance", version, about, after_help = AFTER_HELP, styles = STYLES, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) contract: ContractArguments,
}

/// Which contract is applied.
#[derive(Debug, Args)]
pub(super) struct ContractArguments {
    /// Take the contract from a directory instead of the one built in
    #[arg(long, global = true, value_name = "DIR", help_heading = "Contract")]
    pub(super) specs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios against a server, or against the embedded reference target
    Run(Box<RunArguments>),
    /// List scenarios, requirements, operations or errors
    List(ListArguments),
    /// Explain a requirement, scenario, operation, error or reading
    Explain(ExplainArguments),
    /// Check the contract and its scenarios for mistakes
    Lint(LintArguments),
    /// Make a report from a results file
    Report(ReportArguments),
    /// Put the results of several runs side by side
    Compare(CompareArguments),
    /// Show how much of the contract a run has covered, and what it has not
    Coverage(CoverageArguments),
    /// Write the contract in a form for other tools
    Export(ExportArguments),
    /// Show what differs between two profiles, and what of it can break a client
    Diff(DiffArguments),
    /// Send recorded calls once more and compare the answers with the recorded ones
    Replay(Box<ReplayArguments>),
    /// Keep the list of known failures
    Known(KnownArguments),
    /// Judge recorded calls and their answers; nothing is sent
    Judge(Box<JudgeArguments>),
    /// Keep what a server answers, and tell what it answers otherwise later
    Snapshot(SnapshotArguments),
    /// Join the results of the shares of a run
    Merge(MergeArguments),
    /// Serve the reference target
    Serve(ServeArguments),
    /// Show that every check can fail: run the suite against deliberate violations
    Selftest(SelftestArguments),
    /// Remove what an unfinished run left on a server
    Sweep(SweepArguments),
    /// Write a config file to begin with
    Init(InitArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

/// How the server is reached; shared by `run` and `sweep`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetArguments {
    /// The server, such as `http://localhost:19530` or `grpc://localhost:19530`, or a target's name in the config file;
    /// without it the embedded reference target
    #[arg(long, value_name = "URL", env = "MILVUS_URI")]
    pub(super) target: Option<String>,
    /// The config file; without it `milvus-conformance.toml` here or in a folder above
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// `user:password` or an API key
    #[arg(long, value_name = "TOKEN", env = "MILVUS_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// The profile whose contract applies; without it the server is recognised by the operations it has
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,
    /// Trust the certificates in this PEM file, too
    #[arg(long, value_name = "FILE")]
    pub(super) ca_cert: Option<PathBuf>,
    /// Do not check the server's certificate
    #[arg(long)]
    pub(super) insecure: bool,
    /// Go through this proxy
    #[arg(long, value_name = "URL")]
    pub(super) proxy: Option<String>,
    /// How long one request may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(super) timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Scenario files, folders of them, or ids; without any, every scenario of the contract
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    #[command(flatten)]
    pub(super) target: TargetArguments,
    /// Work in this database, which must exist
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub(super) db: Option<String>,

    /// Select scenarios: `id(…)`, `group(…)`, `tag(…)`, `level(…)`, `op(…)`, `req(…)`, `seed(…)`, joined by `&`, `|`, `-`
    #[arg(long, short, value_name = "FILTER", help_heading = "Selection")]
    pub(super) filter: Option<String>,
    /// Run only one of several shares, such as 2/5; `merge` joins their results
    #[arg(long, value_name = "N/M", help_heading = "Selection")]
    pub(super) shard: Option<Shard>,
    /// Run the cases made from the request schemas, too
    #[arg(long, help_heading = "Selection")]
    pub(super) generated: bool,
    /// Run scenarios that may end the server's process, too
    #[arg(long, help_heading = "Selection")]
    pub(super) hazardous: bool,
    /// Run scenarios that make many objects, too
    #[arg(long, help_heading = "Selection")]
    pub(super) heavy: bool,

    /// Findings of this level and of more binding ones fail a case: must, should or observed
    #[arg(long, value_name = "LEVEL", default_value = "must", value_parser = level, help_heading = "Judging")]
    pub(super) gate: Level,
    /// Properties that no document names are findings
    #[arg(long, help_heading = "Judging")]
    pub(super) strict: bool,
    /// A list of known failures and flaky cases, TOML
    #[arg(long, value_name = "FILE", help_heading = "Judging")]
    pub(super) known: Option<PathBuf>,

    /// Cases at the same time
    #[arg(long, short, value_name = "N", default_value_t = Options::JOBS, value_parser = at_least_one, help_heading = "Course")]
    pub(super) jobs: usize,
    /// How long one case may take when its scenario does not say
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = duration, help_heading = "Course")]
    pub(super) case_timeout: Duration,
    /// How long an awaited condition may take when its step does not say
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Course")]
    pub(super) patience: Duration,
    /// How long the whole run may take; cases that have not begun by then are skipped
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Course")]
    pub(super) deadline: Option<Duration>,
    /// Begin no further case after the first that fails
    #[arg(long, conflicts_with = "max_failures", help_heading = "Course")]
    pub(super) fail_fast: bool,
    /// Begin no further case after so many have failed
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = "Course")]
    pub(super) max_failures: Option<usize>,

    /// Where the results file goes
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/milvus-conformance/results.json",
        help_heading = "Output"
    )]
    pub(super) results: PathBuf,
    /// Also make a report, such as `html=FILE`; see `report --help` for the formats
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report, help_heading = "Output")]
    pub(super) report: Vec<ReportWanted>,
    /// Keep the calls of every case in the results, not only of those with findings or an error
    #[arg(long, help_heading = "Output")]
    pub(super) record_exchanges: bool,
    /// Where ledgers are kept, from which `sweep` works
    #[arg(long, value_name = "DIR", default_value = Ledger::FOLDER, help_heading = "Output")]
    pub(super) ledger: PathBuf,
    /// Show every case; twice: every call and answer
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    pub(super) verbose: u8,
    /// Show only failed cases and the last line
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// What to list
    #[arg(value_enum, default_value_t = Listed::Scenarios)]
    pub(super) what: Listed,
    /// Scenario files, folders of them, or ids, when scenarios are listed
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    /// Select scenarios, as in `run`
    #[arg(long, short, value_name = "FILTER")]
    pub(super) filter: Option<String>,
    /// List the cases made from the request schemas, for the profile named or milvus-2.6
    #[arg(long)]
    pub(super) generated: bool,
    /// Only what holds for this profile
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Listed {
    /// Scripts that can be run
    Scenarios,
    /// Checkable statements
    Requirements,
    /// Documented endpoints
    Operations,
    /// Named failures
    Errors,
    /// Disputed points
    Readings,
    /// Products and versions
    Profiles,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The id of a requirement, scenario, generated case, operation, error or reading
    pub(super) id: String,
    /// The profile for which a generated case is shown; without it, milvus-2.6 or the first that has it
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,
}

#[derive(Debug, Args)]
pub(super) struct LintArguments {
    /// Scenario files or folders of your own to check instead of the contract's
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CoverageArguments {
    /// The results file of a run; without it, every scenario is run against the embedded reference target first
    #[arg(value_name = "RESULTS")]
    pub(super) results: Option<PathBuf>,
    /// The profile of that target [default: milvus-2.6]; with RESULTS, the profile that they have to be of
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,
    /// Run the cases made from the request schemas, too
    #[arg(long, conflicts_with = "results")]
    pub(super) generated: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// The form
    #[arg(value_enum)]
    pub(super) what: Exported,
    /// The profile whose contract is written
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Profile,
    /// Where it goes; without it, to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Exported {
    /// `OpenAPI` 3.1, as JSON
    Openapi,
}

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The profile that a client knows
    #[arg(value_name = "FROM", value_parser = profile)]
    pub(super) from: Profile,
    /// The profile that it goes to
    #[arg(value_name = "TO", value_parser = profile)]
    pub(super) to: Profile,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

const REPLAY_AFTER_HELP: &str = "\
A recording is a file of JSON lines, one call each, made with one server from
first to last: n, server, auth, method, path, headers, request (or request_raw),
status, body (or body_raw), poll, trust. Without --target each file goes to an
embedded reference target of its own, of the version that the file names, which
asks for credentials when the recorded server did.

Ids that servers make are paired: the same ones stay the same. Exit codes: 0 all
agree, or as many as --floor demands; 1 less; 2 a file is no recording; 3 the
target cannot be reached.";

#[derive(Debug, Args)]
#[command(
    after_help = REPLAY_AFTER_HELP,
    mut_arg("profile", |argument| argument.help("The profile of the embedded reference target; without it the one that the file names"))
)]
pub(super) struct ReplayArguments {
    /// Recordings: files of JSON lines
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) target: TargetArguments,
    /// Really send to --target, which changes it: objects of the names in the files are made, changed and dropped there,
    /// users and roles included, and nothing is cleaned up
    #[arg(long, help_heading = "Target")]
    pub(super) change_target: bool,
    /// How long a call that was repeated in the recording is repeated
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Target")]
    pub(super) patience: Duration,
    /// Compare values also where the recording says that only their form is to be trusted
    #[arg(long, help_heading = "Judging")]
    pub(super) strict: bool,
    /// Be content when at least this share of the answers agrees, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Judging")]
    pub(super) floor: Option<f64>,
    /// Show so many disagreements of each file
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Output")]
    pub(super) show: usize,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
}

const JUDGE_AFTER_HELP: &str = "\
A file holds JSON lines, one call each (server, method, path, headers, request,
status, response_headers, body or body_raw; or request and response as objects),
or is a HAR 1.2 file, as browsers and proxies write it. Status, envelope, schema
and named failure of each answer are judged as in a run; what a recording does
not show is not judged, and counted.

The profile is the one that `server` names in each line, unless --profile does.
Exit codes are those of `run`: 0 all gated checks hold; 1 findings; 2 a file is
no recorded traffic; 4 nothing could be judged.";

#[derive(Debug, Args)]
#[command(after_help = JUDGE_AFTER_HELP)]
pub(super) struct JudgeArguments {
    /// Recorded traffic: files of JSON lines, or HAR files
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The profile whose contract applies to all calls
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,

    /// Findings of this level and of more binding ones fail a case: must, should or observed
    #[arg(long, value_name = "LEVEL", default_value = "must", value_parser = level, help_heading = "Judging")]
    pub(super) gate: Level,
    /// Properties that no document names are findings
    #[arg(long, help_heading = "Judging")]
    pub(super) strict: bool,

    /// Where the results file goes; with calls of several profiles, one file each
    #[arg(long, value_name = "FILE", default_value = "target/milvus-conformance/judged.json", help_heading = "Output")]
    pub(super) results: PathBuf,
    /// Show every case
    #[arg(long, short, conflicts_with = "quiet", help_heading = "Output")]
    pub(super) verbose: bool,
    /// Show only failed cases and the last line
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Print JSON
    #[arg(long, conflicts_with_all = ["quiet", "verbose"], help_heading = "Output")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// What to make
    #[arg(value_enum)]
    pub(super) format: FormatName,
    /// The results file of a run
    #[arg(value_name = "RESULTS.json", default_value = "target/milvus-conformance/results.json")]
    pub(super) results: PathBuf,
    /// Where the report goes; without it, to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Take the file of a run that was cut off, too; only the cases that ended are told
    #[arg(long)]
    pub(super) partial: bool,
}

/// The formats by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatName {
    /// `JUnit` XML, for test reports of build servers
    Junit,
    /// The results in one order and indented
    Json,
    /// Markdown, for the summary of a CI job
    Markdown,
    /// One page to read, search and print
    Html,
    /// SARIF 2.1.0, for viewers of findings in code
    Sarif,
    /// Commands that GitHub shows beside the files of a change
    Annotations,
    /// Test Anything Protocol
    Tap,
    /// An SVG picture; in a file that ends in .json, what shields.io makes one of
    Badge,
}

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// Results files of two or more runs
    #[arg(value_name = "RESULTS.json", required = true, num_args = 2..)]
    pub(super) results: Vec<PathBuf>,
    /// Where the comparison goes: .html, .md or .json; without it, Markdown to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct KnownArguments {
    #[command(subcommand)]
    pub(super) command: KnownCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KnownCommand {
    /// Add what fails in a results file, take out what does not fail any more, and keep the rest as people wrote it
    Update(KnownUpdateArguments),
}

#[derive(Debug, Args)]
pub(super) struct KnownUpdateArguments {
    /// The results file of a run
    #[arg(value_name = "RESULTS")]
    pub(super) results: PathBuf,
    /// The list; made when it is not there
    #[arg(long, value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SnapshotArguments {
    #[command(subcommand)]
    pub(super) command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum SnapshotCommand {
    /// Run scenarios and keep what the server answers
    Record(Box<RecordArguments>),
    /// Run scenarios and compare what the server answers with what was kept
    Check(Box<CheckArguments>),
    /// Look at what `check` found different, and accept or reject it
    Review(ReviewArguments),
    /// Compare two folders of snapshots, or two results files
    Diff(SnapshotDiffArguments),
}

#[derive(Debug, Args)]
pub(super) struct RecordArguments {
    /// The folder that the snapshots go to
    #[arg(long, value_name = "DIR")]
    pub(super) into: PathBuf,
    /// Scenario files, folders of them, or ids; without any, every scenario of the contract
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    #[command(flatten)]
    pub(super) course: SnapshotCourse,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The folder of the snapshots
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Scenario files, folders of them, or ids; without any, every scenario of the contract
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    #[command(flatten)]
    pub(super) course: SnapshotCourse,
}

/// How scenarios are run for snapshots.
#[derive(Debug, Args)]
pub(super) struct SnapshotCourse {
    #[command(flatten)]
    pub(super) target: TargetArguments,
    /// Work in this database, which must exist
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub(super) db: Option<String>,
    /// Select scenarios, as in `run`
    #[arg(long, short, value_name = "FILTER", help_heading = "Selection")]
    pub(super) filter: Option<String>,
    /// Cases at the same time
    #[arg(long, short, value_name = "N", default_value_t = 8, value_parser = at_least_one, help_heading = "Course")]
    pub(super) jobs: usize,
    /// How long an awaited condition may take when its step does not say
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Course")]
    pub(super) patience: Duration,
    /// Where ledgers are kept, from which `sweep` works
    #[arg(long, value_name = "DIR", default_value = Ledger::FOLDER, help_heading = "Output")]
    pub(super) ledger: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    /// The folder of the snapshots
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Accept everything without asking
    #[arg(long)]
    pub(super) accept_all: bool,
    /// Reject everything without asking
    #[arg(long, conflicts_with = "accept_all")]
    pub(super) reject_all: bool,
}

const SNAPSHOT_DIFF_AFTER_HELP: &str = "\
Each change is marked:
  announced    the contracts of the two profiles differ in it
  breaking     a client that held to the contract of the first profile fails
  unexplained  neither

Exit codes: 0 nothing differs, or only what was announced and breaks nobody;
1 something is breaking or unexplained.";

#[derive(Debug, Args)]
#[command(after_help = SNAPSHOT_DIFF_AFTER_HELP)]
pub(super) struct SnapshotDiffArguments {
    /// What was before: a folder of snapshots, or a results file
    #[arg(value_name = "BEFORE")]
    pub(super) before: PathBuf,
    /// What is now: a folder of snapshots, or a results file
    #[arg(value_name = "NOW")]
    pub(super) now: PathBuf,
    /// Show each change as text, too
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Print Markdown
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
    /// Write to this file instead; its ending, .md or .json, says in which form
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// Results files of the shares of a run, or of parts of it
    #[arg(value_name = "RESULTS", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The results file to write
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The file to write
    #[arg(value_name = "FILE", default_value = crate::config::NAME)]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:19530", value_parser = listening)]
    pub(super) listen: SocketAddr,
    /// The product and version to be
    #[arg(long, value_name = "PROFILE", default_value = "milvus-2.6", value_parser = profile)]
    pub(super) profile: Profile,
    /// Ask for this `user:password`; without it, no authorization
    #[arg(long, value_name = "TOKEN", value_parser = user_and_password)]
    pub(super) token: Option<String>,
    /// Do one thing wrong: the mutant of this id, as `selftest` tells it
    #[arg(long, value_name = "ID")]
    pub(super) mutant: Option<String>,
    /// How long answers take
    #[arg(long, value_enum, default_value_t = Speed::Fast)]
    pub(super) pace: Speed,
    /// Varies the times of `--pace real`; the same seed gives the same ones
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Speed {
    /// As quick as can be
    Fast,
    /// As measured on a real server: a load shows after 1.1 s, a release takes 0.8 s, all else 3 to 15 ms
    Real,
}

const SELFTEST_AFTER_HELP: &str = "\
The suite has to pass against the embedded reference target, and to fail against
each mutant of it: the same target with one deliberate violation. It also has to
fail, case by case, against servers that say the same to everything. Exit codes:
0 every check can fail, 1 some cannot.

Examples:
  The kinds of violations of one operation:
    milvus-conformance selftest --filter 'aliases-drop-*' -v
  A hundred mutants, always the same:
    milvus-conformance selftest --sample 100 --seed 7";

#[derive(Debug, Args)]
#[command(after_help = SELFTEST_AFTER_HELP)]
pub(super) struct SelftestArguments {
    /// Run all in this profile alone; otherwise each mutant is run in the first profile that has what it spoils
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(super) profile: Option<Profile>,
    /// Only mutants of which the id, the kind or a requirement fits this pattern, such as `aliases-*` or `state`
    #[arg(long, short, value_name = "PATTERN")]
    pub(super) filter: Option<String>,
    /// Only so many mutants, taken at random
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(super) sample: Option<usize>,
    /// Take the same at random each time
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) seed: u64,
    /// Show every requirement, and what became of every mutant that was not killed
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SweepArguments {
    #[command(flatten)]
    pub(super) target: TargetArguments,
    /// Where the ledgers of unfinished runs are
    #[arg(long, value_name = "DIR", default_value = Ledger::FOLDER)]
    pub(super) ledger: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// A report to be made after the run.
#[derive(Clone, Debug)]
pub(super) struct ReportWanted {
    pub(super) format: FormatName,
    pub(super) file: PathBuf,
}

impl FormatName {
    const fn name(self) -> &'static str {
        match self {
            FormatName::Junit => "junit",
            FormatName::Json => "json",
            FormatName::Markdown => "markdown",
            FormatName::Html => "html",
            FormatName::Sarif => "sarif",
            FormatName::Annotations => "annotations",
            FormatName::Tap => "tap",
            FormatName::Badge => "badge",
        }
    }

    /// The form for a file; a badge has two.
    pub(super) fn of(self, file: Option<&Path>) -> Format {
        match self {
            FormatName::Junit => Format::Junit,
            FormatName::Json => Format::Json,
            FormatName::Markdown => Format::Markdown,
            FormatName::Html => Format::Html,
            FormatName::Sarif => Format::Sarif,
            FormatName::Annotations => Format::Annotations,
            FormatName::Tap => Format::Tap,
            FormatName::Badge if file.and_then(Path::extension).is_some_and(|ending| ending == "json") => {
                Format::BadgeJson
            }
            FormatName::Badge => Format::Badge,
        }
    }
}

fn report(text: &str) -> Result<ReportWanted, String> {
    let Some((name, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err("say which format and where, such as junit=report.xml".to_owned());
    };
    let names: Vec<&str> = FormatName::value_variants().iter().map(|format| format.name()).collect();
    match FormatName::from_str(name, false) {
        Ok(format) => Ok(ReportWanted { format, file: file.into() }),
        Err(_) => Err(match crate::diagnostic::suggestion(name, names.iter().copied()) {
            Some(meant) => format!("there is no format `{name}`; {meant}"),
            None => format!("there is no format `{name}`; known are {}", names.join(", ")),
        }),
    }
}

fn profile(text: &str) -> Result<Profile, String> {
    text.parse().map_err(|_| {
        let names = Profile::ALL.iter().map(|profile| profile.name());
        crate::diagnostic::suggestion(text, names).unwrap_or_default()
    })
}

fn level(text: &str) -> Result<Level, String> {
    [Level::Must, Level::Should, Level::Observed]
        .into_iter()
        .find(|level| level.word() == text)
        .ok_or_else(|| crate::diagnostic::suggestion(text, ["must", "should", "observed"]).unwrap_or_default())
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = crate::scenario::parse_duration(text)?;
    if duration.is_zero() { Err("it has to be longer than nothing".to_owned()) } else { Ok(duration) }
}

fn listening(text: &str) -> Result<SocketAddr, String> {
    let wrong = || {
        format!(
            "say an address and a port, such as 127.0.0.1:{}",
            if text.parse::<u16>().is_ok() { text } else { "19530" }
        )
    };
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(wrong)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("it has to be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(error.to_string()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        _ => Err("say a number from 0 to 100".to_owned()),
    }
}

fn user_and_password(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((user, password)) if !user.is_empty() && !password.is_empty() => Ok(text.to_owned()),
        _ => Err("a token is `user:password`, such as root:Milvus".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }
}
