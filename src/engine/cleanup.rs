//! Removing what a run has made.

use super::steps::Caller;
use super::{Entry, Leftover};
use crate::contract::{ObjectKind, ProfileContract};
use crate::judge::{self, Outcome, Question};
use serde_json::{Map, Value, json};

/// Removes objects, aliases before collections before databases, the last made first. What is already gone is fine.
///
/// Answers what may be left, with what came instead of a removal. Only drops are used, since a target may lack anything
/// else; from a role that holds privileges, these are revoked.
pub async fn remove(caller: &Caller, contract: &ProfileContract, entries: &[Entry]) -> Vec<(Entry, Option<Leftover>)> {
    let mut ordered: Vec<&Entry> = entries.iter().collect();
    ordered.sort_by_key(|entry| entry.object);
    let mut done = Vec::with_capacity(entries.len());
    for entry in ordered {
        let mut dropped = drop_one(caller, contract, entry).await;
        if dropped.is_err() && entry.object == ObjectKind::Role {
            revoke_all(caller, contract, &entry.name).await;
            dropped = drop_one(caller, contract, entry).await;
        }
        let leftover = dropped.err().map(|why| Leftover {
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
    if let (Some(database), true) = (&entry.database, entry.object.is_in_database()) {
        body.insert("dbName".to_owned(), Value::String(database.clone()));
    }
    let request = caller.request(compiled.operation(), &Value::Object(body));
    let (response, _) = caller.send(&request).await.map_err(|error| error.to_string())?;
    let question = Question { operation: Some(compiled), ..Question::default() };
    match judge::judge(contract, &question, &[], &response).outcome {
        Outcome::Success => Ok(()),
        Outcome::Failure { code, .. } if means_gone(contract, code) => Ok(()),
        Outcome::Failure { code, message } if means_never(contract, code, &message) => Ok(()),
        Outcome::Failure { code, message } => Err(format!("{operation} answered {code} {message}")),
        Outcome::Unsupported => Err(format!("the target has no {operation}")),
        Outcome::Plain => Err(format!("{operation} answered HTTP {}", response.status)),
        Outcome::Unclear(why) => Err(format!("{operation}: {why}")),
    }
}

/// Revokes everything granted to a role, in both forms of grants: a target may have taken one only. What comes of it shows
/// when the role is dropped.
async fn revoke_all(caller: &Caller, contract: &ProfileContract, role: &str) {
    for database in [None, Some("*")] {
        let mut asked = json!({"roleName": role});
        if let Some(database) = database {
            asked["dbName"] = database.into();
        }
        let described = ask(caller, contract, "roles/describe", &asked).await;
        for grant in described["data"].as_array().into_iter().flatten() {
            let text =
                |camel: &str, snake: &str| grant.get(camel).or_else(|| grant.get(snake)).cloned().unwrap_or_default();
            let (database, object) = (text("dbName", "db_name"), text("objectName", "object_name"));
            let privilege = grant["privilege"].clone();
            let levelled =
                json!({"roleName": role, "privilege": privilege, "dbName": database, "collectionName": object});
            ask(caller, contract, "roles/revoke_privilege_v2", &levelled).await;
            let typed = json!({
                "roleName": role,
                "privilege": privilege,
                "dbName": database,
                "objectName": object,
                "objectType": text("objectType", "object_type"),
            });
            ask(caller, contract, "roles/revoke_privilege", &typed).await;
        }
    }
}

/// The answer to a call, null when there is none.
async fn ask(caller: &Caller, contract: &ProfileContract, operation: &str, body: &Value) -> Value {
    let Some(compiled) = contract.operation(operation) else { return Value::Null };
    let answer = caller.send(&caller.request(compiled.operation(), body)).await;
    answer.ok().and_then(|(response, _)| serde_json::from_slice(&response.body).ok()).unwrap_or_default()
}

/// Whether a failure says that there is no such thing, or that nothing can have such a name, which only attempts that were
/// to fail give. Codes alone say too little of these.
fn means_never(contract: &ProfileContract, code: i64, message: &str) -> bool {
    let profile = contract.profile();
    let meant = [
        "role-not-found",
        "invalid-role-name",
        "invalid-privilege-group-name",
        "invalid-user-name",
        "invalid-collection-name",
        "invalid-alias-name",
        "invalid-database-name",
        "invalid-resource-group-name",
    ];
    meant.into_iter().filter_map(|id| contract.failure(id)).any(|failure| {
        failure.codes.get(profile).is_some_and(|codes| codes.contains(&code))
            && failure.message.get(profile).is_some_and(|pattern| pattern.0.finds(message))
    })
}

/// Whether a failure says that the object, or what it was in, is not there.
fn means_gone(contract: &ProfileContract, code: i64) -> bool {
    ["collection-not-found", "database-not-found", "alias-not-found"]
        .into_iter()
        .filter_map(|id| contract.failure(id)?.codes.get(contract.profile()))
        .any(|codes| codes.contains(&code) && code != 65535 && code != 1100)
}
