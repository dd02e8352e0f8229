//! The config file `milvus-conformance.toml`: targets by name, what holds when the command line does not say, and the rules
//! of snapshots.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::engine::Filter;
use crate::profile::Profile;
use crate::snapshot::{Rule, RuleEntry, Rules};
use crate::toml_file;
use crate::verdict::Level;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// The name of the file, looked for in the working directory and in those above it.
pub const NAME: &str = "milvus-conformance.toml";

/// A config file to begin with: every key is there, and told what it is for.
pub const TEMPLATE: &str = include_str!("template.toml");

/// What the file may say. What the command line says comes first, then the environment, then this file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Config file of milvus-conformance")]
pub struct Config {
    /// The target when none is named: a name from `targets`. Without it, the embedded reference target.
    #[schemars(with = "Option<String>")]
    pub target: Option<Spanned<String>>,
    /// The profile of targets that do not have their own. Without it, servers are recognised by the operations they have.
    pub profile: Option<Profile>,
    /// Findings of this level and of more binding ones fail a case: must, should or observed.
    pub gate: Option<Level>,
    /// Selects scenarios, as `--filter` does.
    #[schemars(with = "Option<String>")]
    pub filter: Option<Spanned<String>>,
    /// Cases at the same time.
    pub jobs: Option<NonZeroUsize>,
    /// The file of known failures, seen from this file.
    pub known: Option<PathBuf>,
    /// Targets by name, for `--target NAME`.
    #[schemars(with = "BTreeMap<String, TargetEntry>")]
    pub targets: BTreeMap<Spanned<String>, TargetEntry>,
    /// How snapshots are kept.
    pub snapshot: SnapshotEntry,
}

/// A target.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetEntry {
    /// The server, such as `http://localhost:19530`. Without it, the embedded reference target.
    pub url: Option<String>,
    /// The environment variable that holds the token: `user:password` or an API key.
    #[schemars(with = "Option<String>")]
    pub token_env: Option<Spanned<String>>,
    /// The token itself. A variable is the better place: files end up in repositories.
    #[schemars(with = "Option<String>")]
    pub token: Option<Spanned<String>>,
    /// Its profile.
    pub profile: Option<Profile>,
    /// The database to work in, which must exist.
    pub db: Option<String>,
    /// A PEM file of certificates to trust, seen from this file.
    pub ca_cert: Option<PathBuf>,
    /// Whether the server's certificate goes unchecked.
    pub insecure: bool,
    /// The proxy to go through.
    pub proxy: Option<String>,
}

/// How snapshots are kept.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SnapshotEntry {
    /// What else differs from run to run, beyond what is known to.
    pub rules: Vec<RuleEntry>,
}

/// A config file that was read and found to be sound.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Where it is; empty when there is none.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    /// Its snapshot rules.
    pub rules: Vec<Rule>,
}

impl Loaded {
    /// Reads a config file.
    ///
    /// # Errors
    /// Every mistake that can be told apart; the first one when the text is not of the form.
    pub fn read(path: &Path, source: &SourceText) -> Result<Self, Vec<Diagnostic>> {
        let masked = without_tokens(source);
        let config: Config =
            toml_file::read(source).map_err(|mistake| vec![Diagnostic { source: masked.clone(), ..mistake }])?;
        let source = &masked;
        let mut mistakes = Vec::new();
        if let Some(target) = &config.target
            && config.named(target.get_ref()).is_none()
        {
            let name = target.get_ref();
            let mistake = source.diagnostic(target.span(), format!("there is no target `{name}`"));
            mistakes.push(mistake.suggest(name, config.names()));
        }
        if let Some(filter) = &config.filter
            && let Err(error) = Filter::parse(filter.get_ref())
        {
            mistakes.push(source.diagnostic(filter.span(), format!("cannot read the filter: {error}")));
        }
        for (name, target) in &config.targets {
            if name.get_ref().contains("://") || name.get_ref().is_empty() {
                mistakes.push(source.diagnostic(name.span(), "a target's name is a word, not an address"));
            }
            if let (Some(token), Some(_)) = (&target.token, &target.token_env) {
                let mistake = source.diagnostic(token.span(), "`token` and `token-env` both say what the token is");
                mistakes.push(mistake.help("keep `token-env`"));
            }
        }
        let mut rules = Vec::new();
        for entry in &config.snapshot.rules {
            match Rule::new(entry, source) {
                Ok(rule) => rules.push(rule),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() { Ok(Self { path: path.to_path_buf(), config, rules }) } else { Err(mistakes) }
    }

    /// The nearest config file: in this folder or in one above it.
    pub fn find(folder: &Path) -> Option<PathBuf> {
        folder.ancestors().map(|above| above.join(NAME)).find(|file| file.is_file())
    }

    /// A path that stands in the file, from where the tool runs.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_path_buf(), |folder| folder.join(path))
    }

    /// The snapshot rules, none of them used yet.
    pub fn snapshot_rules(&self) -> Rules {
        Rules::new(self.rules.clone())
    }
}

/// The text with stars for every token, so that no message shows one. Places stay where they are.
fn without_tokens(source: &SourceText) -> SourceText {
    let mut text = String::with_capacity(source.text.len());
    let mut rest: &str = &source.text;
    while let Some(at) = rest.find("token") {
        let (before, after) = rest.split_at(at + "token".len());
        text.push_str(before);
        rest = after;
        let name = rest.trim_start_matches(['"', '\'']).trim_start();
        let Some(value) = name.strip_prefix('=').map(|value| value.trim_start_matches([' ', '\t'])) else { continue };
        let end = value.find('\n').unwrap_or(value.len());
        let close = value.chars().next().filter(|quote| ['"', '\''].contains(quote));
        let close = close.and_then(|quote| value[1..end].find(quote)).map_or(end, |close| close + 2);
        let start = rest.len() - value.len();
        text.push_str(&rest[..start]);
        let hidden = |byte: u8| if [b'"', b'\''].contains(&byte) { char::from(byte) } else { '*' };
        text.extend(value[..close].bytes().map(hidden));
        rest = &value[close..];
    }
    text.push_str(rest);
    SourceText::new(Arc::clone(&source.file), text)
}

impl Config {
    /// The target of that name.
    pub fn named(&self, name: &str) -> Option<&TargetEntry> {
        self.targets.iter().find(|(known, _)| known.get_ref() == name).map(|(_, target)| target)
    }

    /// The names of all targets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(|name| name.get_ref().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
        Loaded::read(Path::new("/etc/x/milvus-conformance.toml"), &SourceText::new(NAME, text))
    }

    fn mistakes(text: &str) -> Vec<String> {
        read(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_template_is_sound_with_and_without_its_comments() {
        assert!(read(TEMPLATE).unwrap().config.targets.is_empty(), "the template decides something by itself");
        let bare: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|line| !line.starts_with("# ")).unwrap_or(line))
            .filter(|line| line.starts_with('[') || line.contains(" = "))
            .map(|line| format!("{line}\n"))
            .collect();
        let loaded = read(&bare).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{bare}"));
        assert_eq!(loaded.config.names().collect::<Vec<_>>(), ["cloud", "local"]);
        assert!(!loaded.rules.is_empty() && loaded.config.known.is_some() && loaded.config.jobs.is_some());
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let told = mistakes(
            "target = 'locl'\nfilter = 'grop(a)'\n[targets.local]\ntoken = 'a'\ntoken-env = 'B'\n\
             [[snapshot.rules]]\npath = 'data'\nsort = true\nreason = 'r'\n",
        );
        let said = [
            ":1:10: there is no target `locl` (did you mean `local`?)",
            ":2:10: cannot read the filter",
            ":4:9: `token` and `token-env` both",
            ":7:9: ",
        ];
        assert_eq!(told.len(), said.len(), "{told:#?}");
        for (told, said) in told.iter().zip(said) {
            assert!(told.contains(said), "{told} lacks {said}");
        }
        assert!(mistakes("profle = 'milvus-2.6'")[0].contains("did you mean `profile`?"));
        assert!(mistakes("profile = 'milvus-2.7'")[0].contains("did you mean"));
        assert!(mistakes("jobs = 0")[0].contains(":1:8: "));
    }

    #[test]
    fn no_message_shows_a_token() {
        for text in [
            "[targets.a]\ntoken = \"s3cret\"\ntoken-env = 'B'",
            "[targets.a]\ntoken = \"s3cret",
            "[targets.a]\ntoken = s3cret",
            "[targets.a]\n\"token\" = 's3cret' 5",
            "targets = { a = { token = 's3cret', url = 5 } }",
        ] {
            for mistake in read(text).unwrap_err() {
                assert!(!mistake.render(false).contains("s3cret"), "{}", mistake.render(false));
                assert_eq!(mistake.source.text.len(), text.len());
            }
        }
        let kept = "token-env = 'A' # a token\nfilter = 'tag(token)'";
        assert_eq!(&*without_tokens(&SourceText::new("a", kept)).text, kept);
    }

    #[test]
    fn paths_are_seen_from_the_file() {
        let loaded = read("known = 'known.toml'").unwrap();
        assert_eq!(loaded.resolve(loaded.config.known.as_ref().unwrap()), Path::new("/etc/x/known.toml"));
        assert_eq!(Loaded::default().resolve(Path::new("a.pem")), Path::new("a.pem"));
    }
}
