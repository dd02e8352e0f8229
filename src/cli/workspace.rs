//! Loading what every command works with.

use super::arguments::ContractArguments;
use super::failure::Failure;
use crate::contract::{Contract, Tree};
use crate::generate;
use crate::profile::Profile;
use crate::scenario::Library;
use std::path::Path;
use std::sync::Arc;

/// The contract with its scenarios.
pub(super) struct Workspace {
    pub(super) contract: Arc<Contract>,
    pub(super) library: Library,
}

impl Workspace {
    /// Loads the contract that the arguments name.
    pub(super) fn load(arguments: &ContractArguments) -> Result<Self, Failure> {
        Self::of(&tree(arguments)?)
    }

    /// Loads the contract without trusting that it was tested.
    pub(super) fn load_to_check(arguments: &ContractArguments) -> Result<Self, Failure> {
        Self::of(&tree(arguments)?.untested())
    }

    fn of(tree: &Tree) -> Result<Self, Failure> {
        let contract = Contract::load(tree).map_err(Failure::Mistakes)?;
        let library = Library::of_contract(tree).map_err(Failure::Mistakes)?;
        Ok(Self { contract: Arc::new(contract), library })
    }

    /// The scenarios that the words name; all when there are none. Words for generated cases name none.
    pub(super) fn selected(&self, words: &[String]) -> Result<Library, Failure> {
        if words.is_empty() {
            return Ok(self.library.clone());
        }
        let written: Vec<String> = words.iter().filter(|word| !is_generated(word)).cloned().collect();
        Ok(self.library.select(&written)?)
    }

    /// The generated cases of a profile that the words name; all when no word names any and they were asked for.
    pub(super) fn generated(
        &self,
        words: &[String],
        asked: bool,
        profile: Profile,
    ) -> Result<Option<Library>, Failure> {
        let words: Vec<String> = words.iter().filter(|word| is_generated(word)).cloned().collect();
        if words.is_empty() && !asked {
            return Ok(None);
        }
        let contract = self.contract.compile(profile).map_err(Failure::Mistakes)?;
        let made = generate::cases(&contract).map_err(Failure::Mistakes)?;
        let all = self.library.with_scenarios(made.into_iter().map(|case| (case.id, case.text)));
        Ok(Some(if words.is_empty() { all } else { all.select(&words)? }))
    }
}

/// Whether a word names generated cases, and no file or folder of the user's.
fn is_generated(word: &str) -> bool {
    generate::names_generated(word.trim_end_matches('/')) && !Path::new(word).exists()
}

fn tree(arguments: &ContractArguments) -> Result<Tree, Failure> {
    match &arguments.specs {
        Some(directory) => Ok(Tree::directory(directory)?),
        None => Ok(Tree::embedded()),
    }
}
