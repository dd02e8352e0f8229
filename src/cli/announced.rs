//! What the contracts of two profiles say will differ, as regression reports ask for it.

use super::failure::Failure;
use crate::contract::Contract;
use crate::diff::{Change, Kind as Became, Part, diff};
use crate::profile::Profile;
use crate::regression::{Announced, Kind};
use serde_json::Value;

pub(super) fn announced(contract: &Contract, from: Profile, to: Profile) -> Result<Vec<Announced>, Failure> {
    if from == to {
        return Ok(Vec::new());
    }
    let found = diff(contract, from, to).map_err(Failure::Mistakes)?;
    Ok(found.changes.into_iter().filter_map(announcement).collect())
}

fn announcement(change: Change) -> Option<Announced> {
    let kind = match change.change {
        Became::Added => Kind::Appeared,
        Became::Removed => Kind::Disappeared,
        Became::Changed => Kind::Changed,
    };
    let Some(operation) = change.operation else {
        return Some(Announced::Limit { name: change.at, before: change.before, after: change.after });
    };
    let codes = |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    Some(match change.part {
        Part::Operation => Announced::Operation { operation, kind },
        Part::Request => Announced::Request { operation, at: change.at, kind },
        Part::Response => Announced::Answer { operation, at: change.at, kind },
        Part::Error => {
            let (before, after) = (codes(&change.before), codes(&change.after));
            Announced::Failure { operation, failure: change.at, before, after }
        }
        Part::Limit => Announced::Limit { name: change.at, before: change.before, after: change.after },
        // Header fields are no part of bodies.
        Part::Header => return None,
    })
}
