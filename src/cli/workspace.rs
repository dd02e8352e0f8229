//! Loading what every command works with.

use super::arguments::ContractArguments;
use super::failure::Failure;
use crate::contract::{Contract, Tree};
use crate::scenario::Library;
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

    /// The scenarios that the words name; all when there are none.
    pub(super) fn selected(&self, words: &[String]) -> Result<Library, Failure> {
        if words.is_empty() { Ok(self.library.clone()) } else { Ok(self.library.select(words)?) }
    }
}

fn tree(arguments: &ContractArguments) -> Result<Tree, Failure> {
    match &arguments.specs {
        Some(directory) => Ok(Tree::directory(directory)?),
        None => Ok(Tree::embedded()),
    }
}
