//! Databases.

use super::answer::Answer;
use super::asked::Asked;
use super::call::{Calls, Stop};
use super::proto::{
    AlterDatabaseRequest, CreateDatabaseRequest, DatabaseRequest, DescribeDatabaseResponse, ListDatabasesRequest,
    ListDatabasesResponse,
};
use super::schema::pairs;
use serde_json::json;

fn named(asked: &Asked) -> DatabaseRequest {
    DatabaseRequest { db_name: asked.database() }
}

pub(super) async fn list(calls: &Calls) -> Result<Answer, Stop> {
    let listed: ListDatabasesResponse = calls.ask("ListDatabases", ListDatabasesRequest {}).await?;
    Ok(Answer::data(listed.db_names))
}

pub(super) async fn describe(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let told: DescribeDatabaseResponse = calls.ask("DescribeDatabase", named(asked)).await?;
    Ok(Answer::data(json!({"dbName": told.db_name, "dbID": told.db_id, "properties": pairs(&told.properties)})))
}

pub(super) async fn create(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = CreateDatabaseRequest { db_name: asked.database(), properties: asked.pairs("properties") };
    calls.tell("CreateDatabase", question).await?;
    Ok(Answer::done())
}

pub(super) async fn drop_one(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    calls.tell("DropDatabase", named(asked)).await?;
    Ok(Answer::done())
}

pub(super) async fn alter(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = AlterDatabaseRequest {
        db_name: asked.database(),
        properties: asked.pairs("properties"),
        delete_keys: asked.texts("propertyKeys"),
    };
    calls.tell("AlterDatabase", question).await?;
    Ok(Answer::done())
}
