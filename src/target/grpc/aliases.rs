//! Aliases.

use super::answer::Answer;
use super::asked::Asked;
use super::call::{Calls, Stop};
use super::proto::{
    AlterAliasRequest, CreateAliasRequest, DescribeAliasRequest, DescribeAliasResponse, DropAliasRequest,
    ListAliasesRequest, ListAliasesResponse,
};
use serde_json::json;

pub(super) async fn list(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = ListAliasesRequest { db_name: asked.database(), collection_name: asked.collection() };
    let listed: ListAliasesResponse = calls.ask("ListAliases", question).await?;
    Ok(Answer::data(listed.aliases))
}

pub(super) async fn describe(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = DescribeAliasRequest { db_name: asked.database(), alias: asked.text("aliasName") };
    let told: DescribeAliasResponse = calls.ask("DescribeAlias", question).await?;
    Ok(Answer::data(json!({"dbName": told.db_name, "aliasName": told.alias, "collectionName": told.collection})))
}

pub(super) async fn create(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = CreateAliasRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        alias: asked.text("aliasName"),
    };
    calls.tell("CreateAlias", question).await?;
    Ok(Answer::done())
}

pub(super) async fn alter(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = AlterAliasRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        alias: asked.text("aliasName"),
    };
    calls.tell("AlterAlias", question).await?;
    Ok(Answer::done())
}

pub(super) async fn drop_one(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = DropAliasRequest { db_name: asked.database(), alias: asked.text("aliasName") };
    calls.tell("DropAlias", question).await?;
    Ok(Answer::done())
}
