//! The operations the reference target has: path, first version, keys of the request, and what carries it out.

use super::binding::{Field, Kind, Shape};
use super::model::{
    Arguments, Model, Outcome, alias, analyzer, cloud, collection, collection::change, database, entity,
    external_refresh, import_job, index, instance, partition, privilege_group, resource_group, role, user,
};
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

/// The operations in which the managed service is documented as a later version is.
const CLOUD: [&str; 2] = ["roles/alter", "users/update_password"];

/// The version that an operation is like.
pub(super) fn version_of(path: &str, version: Version, is_cloud: bool) -> Version {
    if is_cloud && CLOUD.contains(&path) { V30 } else { version }
}

/// The operation of this path, if there is one.
pub(super) fn find(path: &str, version: Version, is_cloud: bool) -> Option<&'static Operation> {
    let version = version_of(path, version, is_cloud);
    if let Some(own) = OF_THE_CLOUD.iter().find(|operation| is_cloud && operation.path == path) {
        return Some(own);
    }
    let lacks = is_cloud && WITHOUT_A_CLOUD.iter().any(|group| path.starts_with(group));
    OPERATIONS.iter().find(|operation| operation.path == path && operation.since <= version && !lacks)
}

/// What no document of Zilliz Cloud has.
const WITHOUT_A_CLOUD: [&str; 2] = ["resource_groups/", "jobs/import/describe"];

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
const USER: Field = Field::required("userName", "UserName", Kind::Text);
const PASSWORD: Field = Field::required("password", "Password", Kind::Text);
const ROLE: Field = Field::required("roleName", "RoleName", Kind::Text);
const PRIVILEGE: Field = Field::required("privilege", "Privilege", Kind::Text);
const DESCRIPTION: Field = Field::optional("description", Kind::Text);
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
const USER_NAME: Shape = Shape { name: "UserReq", fields: &[USER] };
const USER_ROLE: Shape = Shape { name: "UserRoleReq", fields: &[USER, ROLE] };
const ROLE_NAME: Shape = Shape { name: "RoleReq", fields: &[DB, ROLE, DESCRIPTION] };
const GRANT: Shape = Shape {
    name: "GrantReq",
    fields: &[
        DB,
        ROLE,
        Field::required("objectType", "ObjectType", Kind::Text),
        Field::required("objectName", "ObjectName", Kind::Text),
        PRIVILEGE,
    ],
};
const GRANT_V2: Shape = Shape { name: "GrantV2Req", fields: &[DB, SOME_COLLECTION, ROLE, PRIVILEGE] };
const PRIVILEGE_GROUP: Shape = Shape {
    name: "PrivilegeGroupReq",
    fields: &[
        Field::required("privilegeGroupName", "PrivilegeGroupName", Kind::Text),
        Field::optional("privileges", Kind::TextList),
    ],
};
const DATABASE_NAME: Shape = Shape { name: "DatabaseReqRequiredName", fields: &[OWN_DB] };
const DATABASE_PROPERTIES: Shape = Shape { name: "DatabaseReqWithProperties", fields: &[OWN_DB, PROPERTIES] };

/// The required keys of a field are only asked for where the field stands alone, not in the list of a schema.
const SCHEMA_FIELD: Shape = Shape {
    name: "FieldSchema",
    fields: &[
        Field::required("fieldName", "FieldName", Kind::Text),
        Field::required("dataType", "DataType", Kind::Text),
        Field::optional("elementDataType", Kind::Text),
        Field::optional("isPrimary", Kind::Flag),
        Field::optional("isPartitionKey", Kind::Flag),
        Field::optional("isClusteringKey", Kind::Flag),
        Field::optional("elementTypeParams", Kind::Map),
        Field::optional("nullable", Kind::Flag),
        Field::optional("defaultValue", Kind::Any),
        Field::optional("externalField", Kind::Any),
    ],
};
/// As with fields, required keys are only asked for where the function stands alone.
const FUNCTION: Shape = Shape {
    name: "FunctionSchema",
    fields: &[
        Field::required("name", "FunctionName", Kind::Text),
        Field::optional("description", Kind::Text),
        Field::required("type", "FunctionType", Kind::Text),
        Field::required("inputFieldNames", "InputFieldNames", Kind::TextList),
        Field::required("outputFieldNames", "OutputFieldNames", Kind::TextList),
        Field::optional("params", Kind::Map),
    ],
};
const ONE_FUNCTION: Field = Field::required("function", "Function", Kind::Struct(&FUNCTION));
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
        Field::optional("externalSource", Kind::Any),
        Field::optional("externalSpec", Kind::Any),
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
const FIELD_OP: Shape = Shape {
    name: "FieldPartialUpdateOp",
    fields: &[Field::optional("fieldName", Kind::Text), Field::optional("op", Kind::Text)],
};
const ROWS: Shape = Shape {
    name: "CollectionDataReq",
    fields: &[
        DB,
        COLLECTION,
        Field::optional("partitionName", Kind::Text),
        Field::required("data", "Data", Kind::RawMaps),
        Field::optional("partialUpdate", Kind::Flag),
        Field::optional("fieldOps", Kind::Structs(&FIELD_OP)).since(V26),
    ],
};

const GROUP: Field = Field::required("name", "Name", Kind::Text);
const NODES: Shape = Shape { name: "ResourceLimit", fields: &[Field::required("node_num", "NodeNum", Kind::Int32)] };
const TRANSFER: Shape =
    Shape { name: "ResourceGroupTransfer", fields: &[Field::optional("resource_group", Kind::Text)] };
const TRANSFER_FROM: Field = Field::optional("transfer_from", Kind::Structs(&TRANSFER));
const TRANSFER_TO: Field = Field::optional("transfer_to", Kind::Structs(&TRANSFER));
const NODE_LABEL: Shape =
    Shape { name: "KeyValuePair", fields: &[Field::optional("key", Kind::Text), Field::optional("value", Kind::Text)] };
const NODE_FILTER: Field = Field::optional(
    "node_filter",
    Kind::Struct(&Shape {
        name: "ResourceGroupNodeFilter",
        fields: &[Field::optional("node_labels", Kind::Structs(&NODE_LABEL))],
    }),
);
const GROUP_CONFIG: Shape = Shape {
    name: "ResourceGroupConfig",
    fields: &[
        Field::filled("requests", "Requests", Kind::Struct(&NODES)),
        Field::filled("limits", "Limits", Kind::Struct(&NODES)),
        TRANSFER_FROM,
        TRANSFER_TO,
        NODE_FILTER,
    ],
};
const SOME_NODES: Shape = Shape { name: "ResourceLimit", fields: &[Field::optional("node_num", Kind::Int32)] };
/// The keys inside a map are not looked at for what is required.
const ALTERED_CONFIG: Shape = Shape {
    name: "ResourceGroupConfig",
    fields: &[
        Field::optional("requests", Kind::Struct(&SOME_NODES)),
        Field::optional("limits", Kind::Struct(&SOME_NODES)),
        TRANSFER_FROM,
        TRANSFER_TO,
        NODE_FILTER,
    ],
};
const JOB_ID: Shape = Shape { name: "JobIDReq", fields: &[Field::required("jobId", "JobID", Kind::Text)] };

macro_rules! operation {
    ($path:literal, $since:expr, $name:literal [$($field:expr),* $(,)?], $run:expr) => {
        Operation { path: $path, since: $since, shape: Shape { name: $name, fields: &[$($field),*] }, run: $run }
    };
    ($path:literal, $since:expr, $shape:expr, $run:expr) => {
        Operation { path: $path, since: $since, shape: $shape, run: $run }
    };
}

const CLUSTER: Field = Field::required("clusterId", "ClusterId", Kind::Text);
const REFRESH: Shape = Shape {
    name: "RefreshExternalCollectionReq",
    fields: &[
        DB,
        COLLECTION,
        Field::optional("externalSource", Kind::Text),
        Field::optional("externalSpec", Kind::Text),
    ],
};
const REFRESH_JOB: Shape =
    Shape { name: "RefreshExternalCollectionProgressReq", fields: &[Field::required("jobId", "JobID", Kind::Int64)] };
const REFRESHES: Shape = Shape { name: "OptionalCollectionNameReq", fields: &[DB, SOME_COLLECTION] };

/// What the managed service has in a form of its own.
static OF_THE_CLOUD: &[Operation] = &[
    operation!(
        "jobs/import/create",
        V24,
        "ImportReq"[
            DB,
            COLLECTION,
            CLUSTER,
            Field::optional("partitionName", Kind::Text),
            Field::optional("objectUrl", Kind::Text),
            Field::optional("objectUrls", Kind::TextLists),
        ],
        cloud::import
    ),
    operation!(
        "jobs/import/list",
        V24,
        "ImportListReq"[
            DB,
            SOME_COLLECTION,
            CLUSTER,
            Field::optional("pageSize", Kind::Int32),
            Field::optional("currentPage", Kind::Int32),
        ],
        cloud::imports
    ),
    operation!(
        "jobs/import/get_progress",
        V24,
        "ImportProgressReq"[CLUSTER, Field::required("jobId", "JobID", Kind::Text)],
        cloud::progress
    ),
    operation!("jobs/external_collection/refresh", V24, REFRESH, external_refresh::refresh),
    operation!("jobs/external_collection/describe", V24, REFRESH_JOB, external_refresh::describe),
    operation!("jobs/external_collection/list", V24, REFRESHES, external_refresh::list),
];

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
        "collections/compact",
        V25,
        "CompactReq"[DB, COLLECTION, Field::optional("isClustering", Kind::Flag)],
        change::compact
    ),
    operation!(
        "collections/get_compaction_state",
        V25,
        "GetCompactionStateReq"[Field::optional("jobID", Kind::Int64)],
        change::get_compaction_state
    ),
    operation!("collections/truncate", V26, COLLECTION_NAME, change::truncate),
    operation!(
        "collections/fields/add",
        V26,
        "CollectionFieldReqWithSchema"[
            DB,
            COLLECTION,
            Field::required("schema", "Schema", Kind::Pointer(&SCHEMA_FIELD)),
        ],
        change::add_field
    ),
    operation!("resource_groups/list", V25, "EmptyReq"[], resource_group::list),
    operation!("resource_groups/describe", V25, "ResourceGroupReq"[GROUP], resource_group::describe),
    operation!(
        "resource_groups/create",
        V25,
        "ResourceGroupReq"[GROUP, Field::filled("config", "Config", Kind::Struct(&GROUP_CONFIG))],
        resource_group::create
    ),
    operation!("resource_groups/drop", V25, "ResourceGroupReq"[GROUP], resource_group::drop),
    operation!(
        "resource_groups/alter",
        V25,
        "UpdateResourceGroupReq"
            [Field::required("resource_groups", "ResourceGroups", Kind::StructMap(&ALTERED_CONFIG))],
        resource_group::alter
    ),
    operation!(
        "resource_groups/transfer_replica",
        V25,
        "TransferReplicaReq"[
            Field::required("sourceRgName", "SourceRgName", Kind::Text),
            Field::required("targetRgName", "TargetRgName", Kind::Text),
            COLLECTION,
            Field::required("replicaNum", "ReplicaNum", Kind::Int64),
        ],
        resource_group::transfer_replica
    ),
    operation!(
        "jobs/import/create",
        V24,
        "ImportReq"[
            DB,
            COLLECTION,
            Field::optional("partitionName", Kind::Text),
            Field::required("files", "Files", Kind::TextLists),
            Field::optional("options", Kind::TextMap),
        ],
        import_job::create
    ),
    operation!("jobs/import/list", V24, "OptionalCollectionNameReq"[DB, SOME_COLLECTION], import_job::list),
    operation!("jobs/import/describe", V24, JOB_ID, import_job::describe),
    operation!("jobs/import/get_progress", V24, JOB_ID, import_job::describe),
    operation!("jobs/external_collection/refresh", V30, REFRESH, external_refresh::refresh),
    operation!(
        "collections/fields/alter_properties",
        V25,
        "CollectionFieldReqWithParams"[
            DB,
            COLLECTION,
            Field::required("fieldName", "FieldName", Kind::Text),
            Field::optional("fieldParams", Kind::Map),
        ],
        change::alter_field
    ),
    operation!("collections/add_function", V26, "CollectionAddFunction"[DB, COLLECTION, ONE_FUNCTION], change::add_function),
    operation!(
        "collections/alter_function",
        V26,
        "CollectionAlterFunction"[
            DB,
            COLLECTION,
            Field::required("functionName", "FunctionName", Kind::Text),
            ONE_FUNCTION,
        ],
        change::alter_function
    ),
    operation!(
        "collections/drop_function",
        V26,
        "CollectionDropFunction"[DB, COLLECTION, Field::required("FunctionName", "FunctionName", Kind::Text)],
        change::drop_function
    ),
    operation!(
        "common/run_analyzer",
        V26,
        "RunAnalyzerReq"[
            DB,
            Field::required("text", "Text", Kind::TextList),
            Field::optional("analyzerParams", Kind::Text),
            Field::optional("withDetail", Kind::Flag),
            Field::optional("withHash", Kind::Flag),
            SOME_COLLECTION,
            Field::optional("fieldName", Kind::Text),
            Field::optional("analyzerNames", Kind::TextList),
        ],
        analyzer::run
    ),
    operation!(
        "segments/describe",
        V25,
        "GetSegmentsInfoReq"[
            DB,
            Field::optional("collectionID", Kind::Int64),
            Field::optional("segmentIDs", Kind::Int64List),
        ],
        instance::segments
    ),
    operation!("quotacenter/describe", V26, "GetQuotaMetricsReq"[], instance::quotas),
    operation!("jobs/external_collection/describe", V30, REFRESH_JOB, external_refresh::describe),
    operation!("jobs/external_collection/list", V30, REFRESHES, external_refresh::list),
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
    operation!("users/list", V24, "DatabaseReq"[DB], user::list),
    operation!("users/describe", V24, USER_NAME, user::describe),
    operation!("users/create", V24, "PasswordReq"[USER, PASSWORD, DESCRIPTION], user::create),
    operation!(
        "users/update_password",
        V24,
        "NewPasswordReq"[
            USER,
            Field::required_before(V30, "password", "Password", Kind::Text),
            Field::required_before(V30, "newPassword", "NewPassword", Kind::Text),
            DESCRIPTION,
        ],
        user::update_password
    ),
    operation!("users/drop", V24, USER_NAME, user::drop),
    operation!("users/grant_role", V24, USER_ROLE, user::grant_role),
    operation!("users/revoke_role", V24, USER_ROLE, user::revoke_role),
    operation!("roles/list", V24, "DatabaseReq"[DB], role::list),
    operation!("roles/describe", V24, ROLE_NAME, role::describe),
    operation!("roles/create", V24, ROLE_NAME, role::create),
    operation!("roles/alter", V30, ROLE_NAME, role::alter),
    operation!("roles/drop", V24, ROLE_NAME, role::drop),
    operation!("roles/grant_privilege", V24, GRANT, role::grant),
    operation!("roles/revoke_privilege", V24, GRANT, role::revoke),
    operation!("roles/grant_privilege_v2", V24, GRANT_V2, role::grant_v2),
    operation!("roles/revoke_privilege_v2", V24, GRANT_V2, role::revoke_v2),
    operation!("privilege_groups/list", V24, "DatabaseReq"[DB], privilege_group::list),
    operation!("privilege_groups/create", V24, PRIVILEGE_GROUP, privilege_group::create),
    operation!("privilege_groups/drop", V24, PRIVILEGE_GROUP, privilege_group::drop),
    operation!("privilege_groups/add_privileges_to_group", V24, PRIVILEGE_GROUP, privilege_group::add),
    operation!("privilege_groups/remove_privileges_from_group", V24, PRIVILEGE_GROUP, privilege_group::remove),
    Operation { path: "entities/hybrid_search", since: V24, shape: HYBRID_SEARCH, run: entity::hybrid_search },
    // An older path of the same call, which no document names.
    Operation { path: "entities/advanced_search", since: V24, shape: HYBRID_SEARCH, run: entity::hybrid_search },
];
