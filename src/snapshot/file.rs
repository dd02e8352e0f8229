//! Snapshots as files: one text file a scenario and profile, with insta's head of YAML.

use crate::profile::Profile;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// How the file of a snapshot ends.
pub const ENDING: &str = "snap";

/// How the file ends that waits to be accepted or rejected.
pub const PENDING: &str = "snap.new";

/// What a server answered to one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The scenario's id.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The profile that it was run for.
    pub profile: Profile,
    /// Why the scenario did not come to its end, when it did not.
    pub ended: Option<String>,
    /// The calls.
    pub transcript: String,
}

/// What a snapshot is of.
pub type Key = (Profile, String);

impl Snapshot {
    /// The text of its file.
    pub fn text(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let ended = self.ended.as_deref().map(|why| format!("  ended: {}\n", quoted(why))).unwrap_or_default();
        format!(
            "---\ndescription: {}\ninfo:\n  scenario: {}\n  profile: {}\n{ended}---\n{}",
            quoted(&self.title),
            quoted(&self.scenario),
            self.profile,
            self.transcript
        )
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Why it is no snapshot.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Some systems check text files out with other line ends.
        let text = text.replace("\r\n", "\n");
        let parts = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
        let (head, transcript) = parts.ok_or("it does not begin with a head between two lines of `---`")?;
        let field = |key: &str| -> Result<Option<String>, String> {
            let named = |line: &&str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(": "));
            let Some(line) = head.lines().find(named) else { return Ok(None) };
            let value = line.trim_start()[key.len() + 2..].trim();
            if value.starts_with('"') {
                serde_json::from_str(value).map(Some).map_err(|error| format!("`{key}` cannot be read: {error}"))
            } else {
                Ok(Some(value.to_owned()))
            }
        };
        let needed = |key: &str| field(key)?.ok_or_else(|| format!("its head does not say `{key}`"));
        let profile = needed("profile")?;
        Ok(Self {
            scenario: needed("scenario")?,
            title: field("description")?.unwrap_or_default(),
            profile: profile.parse().map_err(|_| format!("`{profile}` is no profile"))?,
            ended: field("ended")?,
            transcript: transcript.to_owned(),
        })
    }

    /// What it is of.
    pub fn key(&self) -> Key {
        (self.profile, self.scenario.clone())
    }

    /// The file below the folder of a set.
    pub fn path(folder: &Path, (profile, scenario): &Key) -> PathBuf {
        folder.join(profile.name()).join(format!("{scenario}.{ENDING}"))
    }
}

/// All snapshots below a folder.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// The snapshots, by what they are of.
    pub snapshots: BTreeMap<Key, Snapshot>,
    /// The files that wait to be accepted or rejected.
    pub pending: Vec<PathBuf>,
}

impl Set {
    /// Reads all snapshots below a folder; a folder that is not there has none.
    ///
    /// # Errors
    /// A file that cannot be read or is no snapshot, by its name.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let mut set = Self::default();
        if folder.try_exists()? {
            set.add(folder)?;
        }
        set.pending.sort();
        Ok(set)
    }

    fn add(&mut self, folder: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                self.add(&path)?;
            } else if name.ends_with(&format!(".{PENDING}")) {
                self.pending.push(path);
            } else if name.ends_with(&format!(".{ENDING}")) {
                let snapshot = read(&path)?;
                let other = self.snapshots.insert(snapshot.key(), snapshot);
                if let Some(other) = other {
                    let what = format!("{} of {} is there twice", other.scenario, other.profile);
                    return Err(io::Error::other(format!("{}: {what}", path.display())));
                }
            }
        }
        Ok(())
    }

    /// The profiles that it has snapshots of.
    pub fn profiles(&self) -> Vec<Profile> {
        let mut profiles: Vec<Profile> = self.snapshots.keys().map(|(profile, _)| *profile).collect();
        profiles.dedup();
        profiles
    }
}

/// Reads a snapshot.
///
/// # Errors
/// When the file cannot be read or is no snapshot; its name is in the error.
pub fn read(path: &Path) -> io::Result<Snapshot> {
    let named = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    Snapshot::parse(&text).map_err(|why| named(format!("this is no snapshot: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_its_head_is_yaml(
            title in "[ -~ä\\n]{0,30}",
            ended in prop::option::of("[ -~ä\\n]{0,30}"),
            transcript in "(## [0-9]\n> POST a \\{\\}\n---\n){0,2}",
        ) {
            let profile = Profile::Milvus25;
            let snapshot = Snapshot { scenario: "aliases/alter".to_owned(), title, profile, ended, transcript };
            let text = snapshot.text();
            let head = text.trim_start_matches("---\n").split("\n---\n").next().unwrap();
            let yaml: Value = serde_saphyr::from_str(head).unwrap();
            prop_assert_eq!(yaml["description"].as_str(), Some(snapshot.title.as_str()));
            prop_assert_eq!(yaml["info"]["ended"].as_str(), snapshot.ended.as_deref());
            prop_assert_eq!(Snapshot::parse(&text).unwrap(), snapshot.clone());
            prop_assert_eq!(Snapshot::parse(&text.replace('\n', "\r\n")).unwrap(), snapshot);
        }
    }

    #[test]
    fn what_is_no_snapshot_is_told() {
        for (text, why) in [
            ("", "does not begin with a head"),
            ("---\ninfo:\n  profile: milvus-2.6\n---\n", "does not say `scenario`"),
            ("---\ninfo:\n  scenario: a\n---\n", "does not say `profile`"),
            ("---\ninfo:\n  scenario: a\n  profile: milvus-2.7\n---\n", "`milvus-2.7` is no profile"),
            ("---\ninfo:\n  scenario: \"a\n  profile: milvus-2.6\n---\n", "`scenario` cannot be read"),
        ] {
            let told = Snapshot::parse(text).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_folder_is_read_with_what_waits_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = Snapshot {
            scenario: "a/b".to_owned(),
            title: String::new(),
            profile: Profile::Milvus26,
            ended: None,
            transcript: String::new(),
        };
        let path = Snapshot::path(folder.path(), &snapshot.key());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, snapshot.text()).unwrap();
        std::fs::write(path.with_extension(PENDING), snapshot.text()).unwrap();
        let set = Set::load(folder.path()).unwrap();
        assert_eq!((set.snapshots.len(), set.pending.len()), (1, 1));
        assert_eq!(set.profiles(), [Profile::Milvus26]);
        assert!(Set::load(&folder.path().join("none")).unwrap().snapshots.is_empty());
        std::fs::write(folder.path().join("copy.snap"), snapshot.text()).unwrap();
        assert!(Set::load(folder.path()).unwrap_err().to_string().contains("is there twice"));
    }
}
