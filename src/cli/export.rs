//! `export`: the contract in the forms of other tools.

use super::arguments::{ContractArguments, ExportArguments, Exported};
use super::exit;
use super::failure::Failure;
use super::workspace::Workspace;
use crate::export::openapi;
use std::io::Write;

pub(super) fn export(contract: &ContractArguments, arguments: &ExportArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let Exported::Openapi = arguments.what;
    let document = openapi(&workspace.contract, arguments.profile).map_err(Failure::Mistakes)?;
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)? + "\n";
    match &arguments.output {
        Some(path) => std::fs::write(path, text)
            .map_err(|source| Failure::Usage(format!("cannot write {}: {source}", path.display())))?,
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(exit::SUCCESS)
}
