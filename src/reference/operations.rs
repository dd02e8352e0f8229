//! The operations the reference target has: path, first version, keys of the request, and what carries it out.

use super::binding::{Field, Kind, Shape};
use super::model::{Arguments, Model, Outcome, alias, collection, database, entity, failure, index, partition};
use crate::profile::Version;

/// An operation of the API.
#[derive(Debug)]
pub(super) struct Operation {
    /// The path below `/v2/vectordb/`.
    pub(super) path: &'static str,
    /// The first version that has it.
    pub(super) since: Version,
    /// The keys of its request.
    pub(super) shape: Shape,
    /// Carries it out.
    pub(super) run: fn(&mut Model, &Arguments<'_>) -> Outcome,
}

/// The operation of this path, if the version has it.
pub(super) fn find(path: &str, version: Version) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.path == path && operation.since <= version)
}

/// The paths of all operations, for tests that try every one.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.path)
}

const V24: Version = Version(2, 4);
const V25: Version = Version(2, 5);
const V26: Version = Version(2, 6);
const V30: Version = Version(3, 0);

const OWN_DB: Field = Field::required("dbName", "DbName", Kind::Text);
const DB: Field = Field::optional("dbName", Kind::Text);
const COLLECTION: Field = Field::required("collectionName", "CollectionName", Kind::Text);
const SOME_COLLECTION: Field = Field::optional("collectionName", Kind::Text);
const PARTITION: Field = Field::required("partitionName", "PartitionName", Kind::Text);
const PARTITIONS: Field = Field::required("partitionNames", "PartitionNames", Kind::TextList);
const SOME_PARTITIONS: Field = Field::optional("partitionNames", Kind::TextList);
const ALIAS: Field = Field::required("aliasName", "AliasName", Kind::Text);
const INDEX: Field = Field::required("indexName", "IndexName", Kind::Text);
const PROPERTIES: Field = Field::optional("properties", Kind::Map);
const PROPERTY_KEYS: Field = Field::optional("propertyKeys", Kind::TextList);
const OUTPUT: Field = Field::optional("outputFields", Kind::TextList);
const FILTER: Field = Field::optional("filter", Kind::Text);
const LIMIT: Field = Field::optional("limit", Kind::Int32);
const OFFSET: Field = Field::optional("offset", Kind::Int32);
const CONSISTENCY: Field = Field::optional("consistencyLevel", Kind::Text);
const TEMPLATES: Field = Field::optional("exprParams", Kind::Map);

const GROUP_SIZE: Field = Field::optional("groupSize", Kind::Int32).since(V25);
const STRICT_GROUP_SIZE: Field = Field::optional("strictGroupSize", Kind::Flag).since(V25);
const FUNCTION_SCORE_OF_SEARCH: Field = Field::optional("functionScore", Kind::Struct(&FUNCTION_SCORE)).since(V26);

const COLLECTION_NAME: Shape = Shape { name: "CollectionNameReq", fields: &[DB, COLLECTION, SOME_PARTITIONS] };
const PARTITION_NAME: Shape = Shape { name: "PartitionReq", fields: &[DB, COLLECTION, PARTITION] };
const PARTITION_NAMES: Shape = Shape { name: "PartitionsReq", fields: &[DB, COLLECTION, PARTITIONS] };
const INDEX_NAME: Shape = Shape { name: "IndexReq", fields: &[DB, COLLECTION, INDEX] };
const ALIAS_NAME: Shape = Shape { name: "AliasReq", fields: &[DB, ALIAS] };
const ALIAS_OF: Shape = Shape { name: "AliasCollectionReq", fields: &[DB, COLLECTION, ALIAS] };
const DATABASE_NAME: Shape = Shape { name: "DatabaseReqRequiredName", fields: &[OWN_DB] };
const DATABASE_PROPERTIES: Shape = Shape { name: "DatabaseReqWithProperties", fields: &[OWN_DB, PROPERTIES] };

const SCHEMA_FIELD: Shape = Shape {
    name: "FieldSchema",
    fields: &[
        Field::optional("fieldName", Kind::Text),
        Field::optional("dataType", Kind::Text),
        Field::optional("elementDataType", Kind::Text),
        Field::optional("isPrimary", Kind::Flag),
        Field::optional("isPartitionKey", Kind::Flag),
        Field::optional("isClusteringKey", Kind::Flag),
        Field::optional("elementTypeParams", Kind::Map),
        Field::optional("nullable", Kind::Flag),
        Field::optional("defaultValue", Kind::Any),
    ],
};
const FUNCTION: Shape = Shape {
    name: "FunctionSchema",
    fields: &[
        Field::optional("name", Kind::Text),
        Field::optional("description", Kind::Text),
        Field::optional("type", Kind::Text),
        Field::optional("inputFieldNames", Kind::TextList),
        Field::optional("outputFieldNames", Kind::TextList),
        Field::optional("params", Kind::Map),
    ],
};
const FUNCTION_SCORE: Shape = Shape {
    name: "FunctionScore",
    fields: &[Field::optional("functions", Kind::Structs(&FUNCTION)), Field::optional("params", Kind::Map)],
};
const SEARCH_PARAMS: Shape = Shape {
    name: "searchParams",
    fields: &[
        Field::optional("metricType", Kind::Text),
        Field::optional("params", Kind::Map),
        Field::optional("ignoreGrowing", Kind::Flag),
    ],
};
const SUB_SEARCH: Shape = Shape {
    name: "SubSearchReq",
    fields: &[
        Field::optional("data", Kind::RawList),
        Field::optional("annsField", Kind::Text),
        FILTER,
        Field::optional("groupingField", Kind::Text),
        LIMIT,
        OFFSET,
        Field::optional("metricType", Kind::Text),
        Field::optional("params", Kind::Map),
        Field::optional("ignoreGrowing", Kind::Flag),
        TEMPLATES,
    ],
};
const RERANK: Shape =
    Shape { name: "Rand", fields: &[Field::optional("strategy", Kind::Text), Field::optional("params", Kind::Map)] };
const HYBRID_SEARCH: Shape = Shape {
    name: "HybridSearchReq",
    fields: &[
        DB,
        COLLECTION,
        SOME_PARTITIONS,
        Field::optional("search", Kind::Structs(&SUB_SEARCH)),
        Field::optional("rerank", Kind::Struct(&RERANK)),
        LIMIT,
        OFFSET.since(V26),
        Field::optional("groupingField", Kind::Text),
        GROUP_SIZE,
        STRICT_GROUP_SIZE,
        OUTPUT,
        CONSISTENCY,
        FUNCTION_SCORE_OF_SEARCH,
    ],
};
const SCHEMA: Shape = Shape {
    name: "CollectionSchema",
    fields: &[
        Field::optional("fields", Kind::Structs(&SCHEMA_FIELD)),
        Field::optional("functions", Kind::Structs(&FUNCTION)),
        Field::optional("autoID", Kind::Flag),
        Field::optional("enableDynamicField", Kind::Flag),
    ],
};
const INDEX_PARAM: Shape = Shape {
    name: "IndexParam",
    fields: &[
        Field::optional("fieldName", Kind::Text),
        Field::optional("indexName", Kind::Text),
        Field::optional("metricType", Kind::Text),
        Field::optional("indexType", Kind::Text),
        Field::optional("params", Kind::Map),
    ],
};
const COLLECTION_REQ: Shape = Shape {
    name: "CollectionReq",
    fields: &[
        DB,
        COLLECTION,
        Field::optional("dimension", Kind::Int32),
        Field::optional("idType", Kind::Text),
        Field::optional("autoID", Kind::Flag),
        Field::optional("metricType", Kind::Text),
        Field::optional("primaryFieldName", Kind::Text),
        Field::optional("vectorFieldName", Kind::Text),
        Field::optional("schema", Kind::Struct(&SCHEMA)),
        Field::optional("indexParams", Kind::Structs(&INDEX_PARAM)),
        Field::optional("params", Kind::Map),
        Field::optional("description", Kind::Text),
    ],
};
const ROWS: Shape = Shape {
    name: "CollectionDataReq",
    fields: &[
        DB,
        COLLECTION,
        Field::optional("partitionName", Kind::Text),
        Field::required("data", "Data", Kind::RawMaps),
        Field::optional("partialUpdate", Kind::Flag),
    ],
};

macro_rules! operation {
    ($path:literal, $since:expr, $name:literal [$($field:expr),* $(,)?], $run:expr) => {
        Operation { path: $path, since: $since, shape: Shape { name: $name, fields: &[$($field),*] }, run: $run }
    };
    ($path:literal, $since:expr, $shape:expr, $run:expr) => {
        Operation { path: $path, since: $since, shape: $shape, run: $run }
    };
}

static OPERATIONS: &[Operation] = &[
    operation!("databases/create", V24, DATABASE_PROPERTIES, database::create),
    operation!("databases/drop", V24, DATABASE_NAME, database::drop),
    operation!("databases/list", V24, "EmptyReq"[], database::list),
    operation!("databases/describe", V24, DATABASE_NAME, database::describe),
    operation!("databases/alter", V24, DATABASE_PROPERTIES, database::alter),
    operation!("databases/alter_properties", V25, DATABASE_PROPERTIES, database::alter),
    operation!(
        "databases/drop_properties",
        V25,
        "DropDatabasePropertiesReq"[OWN_DB, PROPERTY_KEYS],
        database::drop_properties
    ),
    operation!("collections/create", V24, COLLECTION_REQ, collection::create),
    operation!("collections/list", V24, "DatabaseReq"[DB], collection::list),
    operation!("collections/has", V24, COLLECTION_NAME, collection::has),
    operation!("collections/describe", V24, COLLECTION_NAME, collection::describe),
    operation!("collections/get_stats", V24, COLLECTION_NAME, collection::get_stats),
    operation!("collections/get_load_state", V24, COLLECTION_NAME, collection::get_load_state),
    operation!("collections/drop", V24, COLLECTION_NAME, collection::drop),
    operation!(
        "collections/rename",
        V24,
        "RenameCollectionReq"[
            DB,
            COLLECTION,
            Field::required("newCollectionName", "NewCollectionName", Kind::Text),
            Field::optional("newDbName", Kind::Text),
        ],
        collection::rename
    ),
    operation!("collections/load", V24, COLLECTION_NAME, collection::load),
    operation!("collections/refresh_load", V25, COLLECTION_NAME, collection::refresh_load),
    operation!("collections/release", V24, COLLECTION_NAME, collection::release),
    operation!(
        "collections/alter_properties",
        V25,
        "CollectionReqWithProperties"[DB, COLLECTION, PROPERTIES],
        collection::alter_properties
    ),
    operation!(
        "collections/drop_properties",
        V25,
        "DropCollectionPropertiesReq"[DB, COLLECTION, PROPERTY_KEYS],
        collection::drop_properties
    ),
    operation!("collections/flush", V25, "FlushReq"[DB, COLLECTION], collection::flush),
    operation!(
        "collections/fields/add",
        V26,
        "CollectionFieldReqWithSchema"[DB, COLLECTION, Field::required("schema", "Schema", Kind::Struct(&SCHEMA_FIELD))],
        |_, _| Err(failure::not_modelled("collections/fields/add"))
    ),
    operation!(
        "jobs/external_collection/describe",
        V30,
        "RefreshExternalCollectionProgressReq"[Field::required("jobId", "JobID", Kind::Any)],
        |_, _| Err(failure::not_modelled("jobs/external_collection/describe"))
    ),
    operation!("partitions/list", V24, COLLECTION_NAME, partition::list),
    operation!("partitions/has", V24, PARTITION_NAME, partition::has),
    operation!("partitions/get_stats", V24, PARTITION_NAME, partition::get_stats),
    operation!("partitions/create", V24, PARTITION_NAME, partition::create),
    operation!("partitions/drop", V24, PARTITION_NAME, partition::drop),
    operation!("partitions/load", V24, PARTITION_NAMES, partition::load),
    operation!("partitions/release", V24, PARTITION_NAMES, partition::release),
    operation!("aliases/list", V24, "OptionalCollectionNameReq"[DB, SOME_COLLECTION], alias::list),
    operation!("aliases/describe", V24, ALIAS_NAME, alias::describe),
    operation!("aliases/create", V24, ALIAS_OF, alias::create),
    operation!("aliases/alter", V24, ALIAS_OF, alias::alter),
    operation!("aliases/drop", V24, ALIAS_NAME, alias::drop),
    operation!("indexes/list", V24, COLLECTION_NAME, index::list),
    operation!("indexes/describe", V24, INDEX_NAME, index::describe),
    operation!(
        "indexes/create",
        V24,
        "IndexParamReq"[DB, COLLECTION, Field::required("indexParams", "IndexParams", Kind::Structs(&INDEX_PARAM))],
        index::create
    ),
    operation!("indexes/drop", V24, INDEX_NAME, index::drop),
    operation!(
        "indexes/alter_properties",
        V25,
        "IndexReqWithProperties"[DB, COLLECTION, INDEX, PROPERTIES],
        index::alter_properties
    ),
    operation!(
        "indexes/drop_properties",
        V25,
        "DropIndexPropertiesReq"[DB, COLLECTION, INDEX, PROPERTY_KEYS],
        index::drop_properties
    ),
    operation!("entities/insert", V24, ROWS, entity::insert),
    operation!("entities/upsert", V24, ROWS, entity::upsert),
    operation!(
        "entities/delete",
        V24,
        "CollectionFilterReq"[
            DB,
            COLLECTION,
            Field::optional("partitionName", Kind::Text),
            Field::required("filter", "Filter", Kind::Text),
            TEMPLATES,
        ],
        entity::delete
    ),
    operation!(
        "entities/get",
        V24,
        "CollectionIDReq"[
            DB,
            COLLECTION,
            SOME_PARTITIONS,
            OUTPUT,
            Field::required("id", "ID", Kind::RawAny),
            CONSISTENCY,
        ],
        entity::get
    ),
    operation!(
        "entities/query",
        V24,
        "QueryReqV2"[DB, COLLECTION, SOME_PARTITIONS, OUTPUT, FILTER, LIMIT, OFFSET, TEMPLATES, CONSISTENCY],
        entity::query
    ),
    operation!(
        "entities/search",
        V24,
        "SearchReqV2"[
            DB,
            COLLECTION,
            Field::required_before(V26, "data", "Data", Kind::RawList),
            Field::optional("ids", Kind::RawList).since(V26),
            Field::optional("annsField", Kind::Text),
            SOME_PARTITIONS,
            FILTER,
            Field::optional("groupingField", Kind::Text),
            GROUP_SIZE,
            STRICT_GROUP_SIZE,
            LIMIT,
            OFFSET,
            OUTPUT,
            Field::optional("searchParams", Kind::Struct(&SEARCH_PARAMS)).until(V25),
            Field::optional("searchParams", Kind::Map).since(V25),
            Field::optional("params", Kind::FloatMap),
            FUNCTION_SCORE_OF_SEARCH,
            CONSISTENCY,
            TEMPLATES,
        ],
        entity::search
    ),
    Operation { path: "entities/hybrid_search", since: V24, shape: HYBRID_SEARCH, run: entity::hybrid_search },
    // An older path of the same call, which no document names.
    Operation { path: "entities/advanced_search", since: V24, shape: HYBRID_SEARCH, run: entity::hybrid_search },
];
