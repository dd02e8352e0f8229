//! Partitions.

use super::answer::Answer;
use super::asked::Asked;
use super::call::{Calls, Stop};
use super::collections::{named, row_count};
use super::proto::{
    BoolResponse, LoadPartitionsRequest, PartitionRequest, ReleasePartitionsRequest, ShowPartitionsResponse,
    StatisticsResponse,
};
use serde_json::json;

fn one(asked: &Asked) -> PartitionRequest {
    PartitionRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_name: asked.text("partitionName"),
    }
}

pub(super) async fn list(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let shown: ShowPartitionsResponse = calls.ask("ShowPartitions", named(asked)).await?;
    Ok(Answer::data(shown.partition_names))
}

pub(super) async fn has(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let has: BoolResponse = calls.ask("HasPartition", one(asked)).await?;
    Ok(Answer::data(json!({"has": has.value})))
}

pub(super) async fn create(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    calls.tell("CreatePartition", one(asked)).await?;
    Ok(Answer::done())
}

pub(super) async fn drop_one(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    calls.tell("DropPartition", one(asked)).await?;
    Ok(Answer::done())
}

pub(super) async fn load(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = LoadPartitionsRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_names: asked.texts("partitionNames"),
        replica_number: asked.small("replicaNumber"),
        refresh: false,
        load_fields: asked.texts("loadFields"),
        skip_load_dynamic_field: asked.flag("skipLoadDynamicField"),
    };
    calls.tell("LoadPartitions", question).await?;
    Ok(Answer::done())
}

pub(super) async fn release(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let question = ReleasePartitionsRequest {
        db_name: asked.database(),
        collection_name: asked.collection(),
        partition_names: asked.texts("partitionNames"),
    };
    calls.tell("ReleasePartitions", question).await?;
    Ok(Answer::done())
}

pub(super) async fn get_stats(calls: &Calls, asked: &Asked) -> Result<Answer, Stop> {
    let statistics: StatisticsResponse = calls.ask("GetPartitionStatistics", one(asked)).await?;
    Ok(Answer::data(row_count(&statistics.stats)))
}
