//! `serve`: the reference target as a server.

use super::arguments::{ContractArguments, ServeArguments, Speed};
use super::exit;
use super::failure::Failure;
use super::workspace::Workspace;
use crate::reference::mutant::{Broken, Mutant};
use crate::reference::{Config, Pace, Reference, serve as serve_reference};
use std::io::Write;
use std::sync::Arc;

pub(super) fn serve(contract: &ContractArguments, arguments: &ServeArguments) -> Result<u8, Failure> {
    let mutant = arguments.mutant.as_deref().map(|id| mutant(contract, id)).transpose()?;
    let pace = match arguments.pace {
        Speed::Fast => None,
        Speed::Real => {
            let pace = Pace::real(arguments.seed).map_err(|error| Failure::Broken(error.to_string()))?;
            Some(Arc::new(pace))
        }
    };
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::Broken(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen)
            .await
            .map_err(|error| Failure::Usage(format!("cannot listen on {}: {error}", arguments.listen)))?;
        let address = listener.local_addr()?;
        let config = Config { profile: arguments.profile, token: arguments.token.clone() };
        let mut out = std::io::stdout();
        // The listener is bound, so connections are answered from now on.
        writeln!(out, "http://{address}")?;
        out.flush()?;
        let interrupted = async {
            // Without signals the server ends with its process.
            let _ = super::run::told_to_end().await;
        };
        match mutant {
            None => serve_reference(listener, Arc::new(Reference::new(config)), pace, interrupted).await?,
            Some(mutant) => serve_reference(listener, Arc::new(Broken::new(config, mutant)), pace, interrupted).await?,
        }
        Ok(exit::SUCCESS)
    })
}

/// The mutant of this id.
fn mutant(contract: &ContractArguments, id: &str) -> Result<Mutant, Failure> {
    let mutants = Mutant::catalogue(&Workspace::load(contract)?.contract);
    if let Some(mutant) = mutants.iter().find(|mutant| mutant.id == id) {
        return Ok(mutant.clone());
    }
    let near = crate::diagnostic::suggestion(id, mutants.iter().map(|mutant| mutant.id.as_str()));
    let help = near.unwrap_or_else(|| "`selftest --json` lists them all".to_owned());
    Err(Failure::Usage(format!("there is no mutant `{id}`; {help}")))
}
