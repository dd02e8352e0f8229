//! What the reference target answers to every scenario, call by call, beside what it answered when that was last read.
//!
//! One trial a scenario and profile, each against a target of its own. `snapshots/README.md` tells how the files are kept.

#![expect(clippy::print_stderr, reason = "this is the main function of a test binary")]

use libtest_mimic::{Arguments, Failed, Trial};
use milvus_conformance::contract::{Contract, Tree};
use milvus_conformance::engine::{
    Caller, CaseReport, Checked, Event, Interrupt, Ledger, Options, Plan, PlannedCase, Session, start,
};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::scenario::Library;
use milvus_conformance::snapshot::{Call, Normaliser, transcript};
use milvus_conformance::target::{Redactor, Secret, Target};
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;

const RUN: &str = "mc_snapped";
const TOKEN: &str = "root:Milvus";

/// The profile whose transcripts stand for those of the others that are equal.
const BASE: Profile = Profile::Milvus26;

/// How to accept what the target answers now.
const ACCEPT: &str = "UPDATE_SNAPSHOTS=1 cargo test --test transcripts";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = match Suite::load() {
        Ok(suite) => Arc::new(suite),
        Err(why) => {
            eprintln!("the transcripts cannot be made: {why}");
            return ExitCode::FAILURE;
        }
    };
    let trials = if set("UPDATE_SNAPSHOTS") && !arguments.list {
        vec![Trial::test("update", move || suite.update().map_err(Failed::from))]
    } else {
        suite.trials()
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// The scenarios of the contract for each profile.
struct Suite {
    contract: Arc<Contract>,
    profiles: BTreeMap<Profile, Course>,
    folder: PathBuf,
}

/// The cases of a profile.
struct Course {
    cases: BTreeMap<String, PlannedCase>,
    session: OnceLock<Arc<Session>>,
}

impl Suite {
    fn load() -> Result<Self, String> {
        let contract = Arc::new(Contract::load(&Tree::embedded()).map_err(|mistakes| format!("{mistakes:?}"))?);
        let library = Library::of_contract(contract.tree()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let mut profiles = BTreeMap::new();
        for profile in Profile::ALL {
            let checked = Checked::read(&library, &contract, None).map_err(|mistakes| format!("{mistakes:?}"))?;
            let facts = contract.profiles.get(&profile);
            let own = facts.into_iter().flat_map(|facts| facts.capabilities.clone());
            let capabilities = own.chain(["password".to_owned()]).collect();
            let cases = checked.plan(profile, &capabilities).cases;
            let cases = cases.into_iter().map(|case| (case.id.clone(), case)).collect();
            profiles.insert(profile, Course { cases, session: OnceLock::new() });
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        Ok(Self { contract, profiles, folder })
    }

    fn trials(self: Arc<Self>) -> Vec<Trial> {
        let cases = self.profiles.iter().flat_map(|(profile, course)| course.cases.keys().map(|id| (*profile, id)));
        let mut trials: Vec<Trial> = cases
            .map(|(profile, id)| {
                let (suite, id) = (Arc::clone(&self), id.clone());
                Trial::test(format!("{profile}::{id}"), move || suite.check(profile, &id).map_err(Failed::from))
            })
            .collect();
        let suite = Arc::clone(&self);
        trials.push(Trial::test("no file is stale", move || suite.stale().map_err(Failed::from)));
        trials
    }

    /// Compares a case with its file.
    fn check(&self, profile: Profile, id: &str) -> Result<(), String> {
        let now = self.snapshot(profile, id)?;
        let own = self.path(profile, id);
        let (kept, text) = match (read(&own)?, read(&self.path(BASE, id))?) {
            (Some(text), _) => (own.clone(), Snapshot::parse(&text)),
            (None, Some(text)) => (self.path(BASE, id), Snapshot::parse(&text)),
            (None, None) => (own.clone(), Snapshot::default()),
        };
        let new = with_end(&own, ".new");
        if now.same_as(&text) {
            // A file of an earlier mismatch may be there or not.
            let _ = fs::remove_file(new);
            return Ok(());
        }
        let diff = TextDiff::from_lines(&text.text(profile), &now.text(profile))
            .unified_diff()
            .context_radius(4)
            .header(&self.short(&kept), "what is answered now")
            .to_string();
        let mut why = format!("{profile} answers {id} otherwise than {} has it:\n{diff}", self.short(&kept));
        if !set("CI") {
            write(&new, &now.text(profile))?;
            why.push_str(&format!("\nRead {}. To accept all that has changed: {ACCEPT}", self.short(&new)));
        }
        Err(why)
    }

    /// Files that no case needs.
    fn stale(&self) -> Result<(), String> {
        let mut found = Vec::new();
        for file in files(&self.folder)? {
            if let Some(why) = self.why_stale(&file)? {
                found.push(format!("{} is not needed: {why}", self.short(&file)));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        Err(format!("{}\nTo remove them: {ACCEPT}", found.join("\n")))
    }

    fn why_stale(&self, file: &Path) -> Result<Option<String>, String> {
        let name = self.short(file);
        let parts = name.strip_prefix("snapshots/").and_then(|name| name.strip_suffix(".txt")?.split_once('/'));
        let Some((profile, id)) = parts else {
            return Ok((name != "snapshots/README.md").then(|| "it is no transcript".to_owned()));
        };
        let Some((profile, course)) = self.profiles.iter().find(|(known, _)| known.to_string() == profile) else {
            return Ok(Some(format!("there is no profile {profile}")));
        };
        if !course.cases.contains_key(id) {
            return Ok(Some(format!("{profile} has no scenario {id}")));
        }
        let base = if *profile == BASE { None } else { read(&self.path(BASE, id))? };
        let own = read(file)?.unwrap_or_default();
        let equal = base.is_some_and(|base| Snapshot::parse(&own).same_as(&Snapshot::parse(&base)));
        Ok(equal.then(|| format!("{BASE} answers the same, and its file stands for both")))
    }

    /// Writes what is answered now and removes what is not needed.
    fn update(&self) -> Result<(), String> {
        if set("CI") {
            return Err("snapshots are not accepted where CI is set".to_owned());
        }
        let mut kept = BTreeSet::from([self.folder.join("README.md")]);
        let ids: BTreeSet<&String> = self.profiles.values().flat_map(|course| course.cases.keys()).collect();
        for id in ids {
            let has =
                |profile: Profile| self.profiles.get(&profile).is_some_and(|course| course.cases.contains_key(id));
            let base = has(BASE).then(|| self.snapshot(BASE, id)).transpose()?;
            for profile in Profile::ALL.into_iter().filter(|profile| has(*profile)) {
                let now = self.snapshot(profile, id)?;
                if profile == BASE || !base.as_ref().is_some_and(|base| now.same_as(base)) {
                    let path = self.path(profile, id);
                    let text = now.text(profile);
                    if read(&path)?.as_ref() != Some(&text) {
                        eprintln!("{}", self.short(&path));
                        write(&path, &text)?;
                    }
                    kept.insert(path);
                }
            }
        }
        for file in files(&self.folder)?.into_iter().chain(new_files(&self.folder)?) {
            if !kept.contains(&file) {
                eprintln!("{} removed", self.short(&file));
                fs::remove_file(&file).map_err(|error| format!("{}: {error}", self.short(&file)))?;
            }
        }
        Ok(())
    }

    /// Runs a case by itself, against an empty target.
    fn snapshot(&self, profile: Profile, id: &str) -> Result<Snapshot, String> {
        let course = self.profiles.get(&profile).ok_or("there is no such profile")?;
        let case = course.cases.get(id).ok_or("there is no such case")?;
        let token = Secret::new(TOKEN);
        let redactor = Redactor::new(Some(&token), []);
        let target = Reference::new(Config { profile, token: Some(TOKEN.to_owned()) });
        let target = Target::InProcess(Arc::new(target));
        let caller = Caller::new(target, Some(&token), redactor.clone(), None, Duration::from_secs(30));
        let plan = Plan { cases: vec![case.clone()], skipped: Vec::new() };
        let (calls, report) = follow(&self.session(profile, course)?, &caller, plan)?;
        let awaited = report.waits.iter().map(|wait| wait.step.clone()).collect();
        let mut normaliser = Normaliser::new(RUN, move |text| redactor.redact(text).into_owned());
        let verdict = match &report.reason {
            None => report.verdict.to_string(),
            Some(reason) => format!("{} ({})", report.verdict, normaliser.text(reason)),
        };
        Ok(Snapshot { title: report.title, verdict, body: transcript(&calls, &awaited, &mut normaliser) })
    }

    fn session(&self, profile: Profile, course: &Course) -> Result<Arc<Session>, String> {
        if let Some(session) = course.session.get() {
            return Ok(Arc::clone(session));
        }
        let contract = self.contract.compile(profile).map_err(|mistakes| format!("{mistakes:?}"))?;
        let library = Library::of_contract(self.contract.tree()).map_err(|mistakes| format!("{mistakes:?}"))?;
        let options = Options { jobs: 1, token: Some(Secret::new(TOKEN)), tell_exchanges: true, ..Options::default() };
        let interrupt = Arc::new(Interrupt::default());
        let session = Session::new(contract, library, options, Ledger::in_memory(), RUN, interrupt);
        Ok(Arc::clone(course.session.get_or_init(|| Arc::new(session))))
    }

    fn path(&self, profile: Profile, id: &str) -> PathBuf {
        self.folder.join(profile.to_string()).join(format!("{id}.txt"))
    }

    /// A path as it is called in the repository.
    fn short(&self, path: &Path) -> String {
        let from = self.folder.parent().unwrap_or(&self.folder);
        path.strip_prefix(from).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

/// Runs a plan of one case and gathers its calls.
fn follow(session: &Arc<Session>, caller: &Caller, plan: Plan) -> Result<(Vec<Call>, CaseReport), String> {
    let (sender, mut events) = mpsc::channel(64);
    let running = start(session, caller, plan, &sender).map_err(|error| error.to_string())?;
    drop(sender);
    let (mut calls, mut finished) = (Vec::new(), None);
    while let Some(event) = events.blocking_recv() {
        match event {
            Event::CaseStarted { .. } => {}
            Event::Exchanged { step, exchange, .. } => calls.push(Call { step, exchange: *exchange }),
            Event::CaseFinished(report) => finished = Some(*report),
        }
    }
    running.join();
    Ok((calls, finished.ok_or("the case did not finish")?))
}

/// What is kept of a case.
#[derive(Debug, Default, PartialEq, Eq)]
struct Snapshot {
    title: String,
    verdict: String,
    body: String,
}

impl Snapshot {
    /// The text of the file: a head of one line, and the calls.
    fn text(&self, profile: Profile) -> String {
        format!("# {} | {profile} | {}\n\n{}", self.title, self.verdict, self.body)
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut parts = head.strip_prefix("# ").unwrap_or(head).splitn(3, " | ");
        let title = parts.next().unwrap_or_default().to_owned();
        let verdict = parts.nth(1).unwrap_or_default().to_owned();
        Self { title, verdict, body: body.to_owned() }
    }

    /// Whether both tell the same, whatever the profile.
    fn same_as(&self, other: &Self) -> bool {
        self == other
    }
}

fn read(path: &Path) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        // Some systems check text files out with other line ends.
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// All files below a folder but those that wait to be read.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    Ok(below(folder)?.into_iter().filter(|path| !is_new(path)).collect())
}

fn new_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    Ok(below(folder)?.into_iter().filter(|path| is_new(path)).collect())
}

fn is_new(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "new")
}

fn below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() { found.extend(below(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}
