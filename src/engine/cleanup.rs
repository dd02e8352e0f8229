//! Removing what a run has made.

use super::steps::Caller;
use super::{Entry, Leftover};
use crate::contract::{ObjectKind, ProfileContract};
use crate::judge::{self, Outcome, Question};
use serde_json::{Map, Value, json};

/// Removes objects, aliases before collections before databases, the last made first. What is already gone is fine.
///
/// Answers what may be left, with what came instead of a removal. Only drops are used, since a target may lack anything
/// else.
pub async fn remove(caller: &Caller, contract: &ProfileContract, entries: &[Entry]) -> Vec<(Entry, Option<Leftover>)> {
    let mut ordered: Vec<&Entry> = entries.iter().collect();
    ordered.sort_by_key(|entry| entry.object);
    let mut done = Vec::with_capacity(entries.len());
    for entry in ordered {
        let leftover = drop_one(caller, contract, entry).await.err().map(|why| Leftover {
            object: entry.object,
            database: entry.database.clone(),
            name: entry.name.clone(),
            why,
        });
        done.push((entry.clone(), leftover));
    }
    done
}

async fn drop_one(caller: &Caller, contract: &ProfileContract, entry: &Entry) -> Result<(), String> {
    let (operation, key) = entry.object.removal();
    // A profile without v2 removes its collections by v1, with the same key.
    let of_v1 = format!("v1/{operation}");
    let Some(compiled) = contract.operation(operation).or_else(|| contract.operation(&of_v1)) else {
        return Err(format!("the profile has no {operation}"));
    };
    if entry.object == ObjectKind::ResourceGroup
        && let Some(alter) = contract.operation("resource_groups/alter")
    {
        // A group that asks for nodes is not dropped. Whether this helps shows in what the drop answers.
        let none = json!({"requests": {"node_num": 0}, "limits": {"node_num": 0}});
        let body = json!({"resource_groups": {&entry.name: none}});
        drop(caller.send(&caller.request(alter.operation(), &body)).await);
    }
    let mut body = Map::new();
    body.insert(key.to_owned(), Value::String(entry.name.clone()));
    if let (Some(database), false) = (&entry.database, entry.object == ObjectKind::Database) {
        body.insert("dbName".to_owned(), Value::String(database.clone()));
    }
    let request = caller.request(compiled.operation(), &Value::Object(body));
    let (response, _) = caller.send(&request).await.map_err(|error| error.to_string())?;
    let question = Question { operation: Some(compiled), ..Question::default() };
    match judge::judge(contract, &question, &[], &response).outcome {
        Outcome::Success => Ok(()),
        Outcome::Failure { code, .. } if means_gone(contract, code) => Ok(()),
        Outcome::Failure { code, message } => Err(format!("{operation} answered {code} {message}")),
        Outcome::Unsupported => Err(format!("the target has no {operation}")),
        Outcome::Plain => Err(format!("{operation} answered HTTP {}", response.status)),
        Outcome::Unclear(why) => Err(format!("{operation}: {why}")),
    }
}

/// Whether a failure says that the object, or what it was in, is not there.
fn means_gone(contract: &ProfileContract, code: i64) -> bool {
    ["collection-not-found", "database-not-found", "alias-not-found"]
        .into_iter()
        .filter_map(|id| contract.failure(id)?.codes.get(contract.profile()))
        .any(|codes| codes.contains(&code) && code != 65535 && code != 1100)
}
