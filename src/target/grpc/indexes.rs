//! Indexes.

use super::answer::Answer;
use super::asked::{Asked, as_text, pair};
use super::call::{Calls, Stop};
use super::proto::{
    AlterIndexRequest, CreateIndexRequest, DescribeIndexRequest, DescribeIndexResponse, DropIndexRequest,
    IndexDescription, IndexState,
};
use super::schema::{pairs, value_of};
use serde_json::{Value, json};

/// The code for a collection without an index.
const INDEX_NOT_FOUND: i64 = 700;

/// The indexes of a collection; with a name only that one.
pub(super) async fn described(calls: &Calls, asked: &Asked, index_name: String) -> Result<Vec<IndexDescription>, Stop> {
    let question = DescribeIndexRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        field_name: String::new(),
        index_name,
    };
    let found: DescribeIndexResponse = calls.ask("DescribeIndex", question).await?;
    Ok(found.index_descriptions)
}

pub(super) async fn list(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let found = match described(calls, asked, String::new()).await {
        Err(Stop::Failure { code: INDEX_NOT_FOUND, .. }) => Vec::new(),
        other => other?,
    };
    Ok(Answer::data(found.into_iter().map(|index| index.index_name).collect::<Vec<_>>()))
}

pub(super) async fn describe(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let found = described(calls, asked, asked.text("indexName")).await?;
    Ok(Answer::data(found.iter().map(told).collect::<Vec<_>>()))
}

fn told(index: &IndexDescription) -> Value {
    let state = IndexState::try_from(index.state).unwrap_or(IndexState::None);
    json!({
        "indexName": index.index_name,
        "fieldName": index.field_name,
        "indexType": value_of(&index.params, "index_type").unwrap_or_default(),
        "metricType": value_of(&index.params, "metric_type").unwrap_or_default(),
        "indexState": state.as_str_name(),
        "failReason": index.index_state_fail_reason,
        "totalRows": index.total_rows,
        "indexedRows": index.indexed_rows,
        "pendingRows": index.pending_index_rows,
        "indexParams": pairs(&index.params),
        "minIndexVersion": index.min_index_version,
        "maxIndexVersion": index.max_index_version,
    })
}

pub(super) async fn create(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    for index in asked.list("indexParams") {
        create_one(calls, asked, index).await?;
    }
    Ok(Answer::done())
}

/// Makes one index, as an entry of `indexParams` asks for it.
pub(super) async fn create_one(calls: &Calls, asked: &Asked, index: &Value) -> Result<(), Stop> {
    let text = |key: &str| index.get(key).filter(|value| !value.is_null()).map(as_text).filter(|text| !text.is_empty());
    let field = text("fieldName").unwrap_or_default();
    let metric = text("metricType");
    let mut params = index.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
    let within = params.remove("index_type").map(|kind| as_text(&kind));
    // An index that has a metric is one of vectors, for which no type means that the server chooses.
    let kind = text("indexType").or(within).or_else(|| metric.as_ref().map(|_| "AUTOINDEX".to_owned()));
    let mut extra_params: Vec<_> = kind.map(|kind| pair("index_type", kind)).into_iter().collect();
    extra_params.extend(metric.map(|metric| pair("metric_type", metric)));
    if !params.is_empty() {
        extra_params.push(pair("params", Value::Object(params).to_string()));
    }
    let question = CreateIndexRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        index_name: text("indexName").unwrap_or_else(|| field.clone()),
        field_name: field,
        extra_params,
    };
    calls.tell("CreateIndex", question).await
}

pub(super) async fn drop_one(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = DropIndexRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        field_name: String::new(),
        index_name: asked.text("indexName"),
    };
    calls.tell("DropIndex", question).await?;
    Ok(Answer::done())
}

pub(super) async fn alter(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = AlterIndexRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        index_name: asked.text("indexName"),
        extra_params: asked.pairs("properties"),
        delete_keys: asked.texts("propertyKeys"),
    };
    calls.tell("AlterIndex", question).await?;
    Ok(Answer::done())
}
