//! The privileges there are: their level, the built-in groups that hold them, and what each operation asks for.

use crate::profile::Version;

const V24: Version = Version(2, 4);
const V26: Version = Version(2, 6);
const V30: Version = Version(3, 0);

/// The name of all privileges together.
pub(in crate::reference::model) const ALL: &str = "All";

/// What a privilege can be granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reference::model) enum Level {
    Cluster,
    Database,
    Collection,
}

/// The built-in group of its level that a privilege first comes in; each holds the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    ReadOnly,
    ReadWrite,
    Admin,
}

/// The type of object in grants of the first form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reference::model) enum Object {
    Collection,
    Global,
    User,
}

impl Object {
    pub(in crate::reference::model) const fn word(self) -> &'static str {
        match self {
            Object::Collection => "Collection",
            Object::Global => "Global",
            Object::User => "User",
        }
    }

    pub(in crate::reference::model) fn of(word: &str) -> Option<Self> {
        [Object::Collection, Object::Global, Object::User].into_iter().find(|object| object.word() == word)
    }
}

struct Privilege {
    name: &'static str,
    since: Version,
    level: Level,
    kind: Kind,
    object: Object,
}

const fn of(name: &'static str, since: Version, level: Level, kind: Kind, object: Object) -> Privilege {
    Privilege { name, since, level, kind, object }
}

/// The built-in groups in the order in which they are listed.
const GROUPS: [(&str, Level, Kind); 9] = [
    ("ClusterReadOnly", Level::Cluster, Kind::ReadOnly),
    ("ClusterReadWrite", Level::Cluster, Kind::ReadWrite),
    ("ClusterAdmin", Level::Cluster, Kind::Admin),
    ("DatabaseReadOnly", Level::Database, Kind::ReadOnly),
    ("DatabaseReadWrite", Level::Database, Kind::ReadWrite),
    ("DatabaseAdmin", Level::Database, Kind::Admin),
    ("CollectionReadOnly", Level::Collection, Kind::ReadOnly),
    ("CollectionReadWrite", Level::Collection, Kind::ReadWrite),
    ("CollectionAdmin", Level::Collection, Kind::Admin),
];

/// In the order in which the groups list them. Names, levels and groups were measured; the object types are documented.
const PRIVILEGES: &[Privilege] = &[
    of("ListDatabases", V24, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("SelectOwnership", V24, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("SelectUser", V24, Level::Cluster, Kind::ReadOnly, Object::User),
    of("DescribeResourceGroup", V24, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("ListResourceGroups", V24, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("ListPrivilegeGroups", V24, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("GetReplicateConfiguration", V26, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("ListFileResources", V30, Level::Cluster, Kind::ReadOnly, Object::Global),
    of("FlushAll", V24, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("TransferNode", V24, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("TransferReplica", V24, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("UpdateResourceGroups", V24, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("AddFileResource", V30, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("RemoveFileResource", V30, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("PinSnapshotData", V30, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("UnpinSnapshotData", V30, Level::Cluster, Kind::ReadWrite, Object::Global),
    of("BackupRBAC", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("RestoreRBAC", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("CreateDatabase", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("DropDatabase", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("CreateOwnership", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("DropOwnership", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("ManageOwnership", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("CreateResourceGroup", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("DropResourceGroup", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("UpdateUser", V24, Level::Cluster, Kind::Admin, Object::User),
    of("RenameCollection", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("CreatePrivilegeGroup", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("DropPrivilegeGroup", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("OperatePrivilegeGroup", V24, Level::Cluster, Kind::Admin, Object::Global),
    of("UpdateReplicateConfiguration", V26, Level::Cluster, Kind::Admin, Object::Global),
    of("Expr", V30, Level::Cluster, Kind::Admin, Object::Global),
    of("ShowCollections", V24, Level::Database, Kind::ReadOnly, Object::Global),
    of("DescribeDatabase", V24, Level::Database, Kind::ReadOnly, Object::Global),
    of("AlterDatabase", V24, Level::Database, Kind::ReadWrite, Object::Global),
    of("CreateCollection", V24, Level::Database, Kind::Admin, Object::Global),
    of("DropCollection", V24, Level::Database, Kind::Admin, Object::Global),
    of("Query", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("Search", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("IndexDetail", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("GetFlushState", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("GetLoadState", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("GetLoadingProgress", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("HasPartition", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("ShowPartitions", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("DescribeCollection", V24, Level::Collection, Kind::ReadOnly, Object::Global),
    of("DescribeAlias", V24, Level::Collection, Kind::ReadOnly, Object::Global),
    of("GetStatistics", V24, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("ListAliases", V24, Level::Collection, Kind::ReadOnly, Object::Global),
    of("GetImportProgress", V26, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("ListImport", V26, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("DescribeSnapshot", V30, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("ListSnapshots", V30, Level::Collection, Kind::ReadOnly, Object::Collection),
    of("Load", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Release", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Insert", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Delete", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Upsert", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Import", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Flush", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("Compaction", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("LoadBalance", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("CreateIndex", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("DropIndex", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("CreatePartition", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("DropPartition", V24, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("AddCollectionField", V26, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("AlterCollectionSchema", V30, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("RefreshExternalCollection", V30, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("CreateSnapshot", V30, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("DropSnapshot", V30, Level::Collection, Kind::ReadWrite, Object::Collection),
    of("CreateAlias", V24, Level::Collection, Kind::Admin, Object::Global),
    of("DropAlias", V24, Level::Collection, Kind::Admin, Object::Global),
    of("RestoreSnapshot", V30, Level::Collection, Kind::Admin, Object::Collection),
];

fn known(name: &str, version: Version) -> Option<&'static Privilege> {
    PRIVILEGES.iter().find(|privilege| privilege.name == name && privilege.since <= version)
}

/// The names of the built-in groups.
pub(in crate::reference::model) fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, ..)| *name)
}

/// The privileges in a built-in group.
pub(in crate::reference::model) fn group(name: &str, version: Version) -> Option<Vec<&'static str>> {
    let (_, level, kind) = GROUPS.iter().find(|(group, ..)| *group == name)?;
    let holds =
        |privilege: &&Privilege| privilege.level == *level && privilege.kind <= *kind && privilege.since <= version;
    Some(PRIVILEGES.iter().filter(holds).map(|privilege| privilege.name).collect())
}

/// The type of object that a privilege is granted on in the first form.
pub(in crate::reference::model) fn object_of(name: &str, version: Version) -> Option<Object> {
    known(name, version).map(|privilege| privilege.object)
}

/// The level of a privilege or built-in group.
pub(in crate::reference::model) fn level_of(name: &str, version: Version) -> Option<Level> {
    let group = GROUPS.iter().find(|(group, ..)| *group == name).map(|(_, level, _)| *level);
    group.or_else(|| known(name, version).map(|privilege| privilege.level))
}

/// The privilege that an operation asks for; nothing for one that is open to every user.
pub(super) fn needed(operation: &str, version: Version) -> Option<&'static str> {
    let privilege = match operation {
        "databases/create" => "CreateDatabase",
        "databases/drop" => "DropDatabase",
        "databases/describe" => "DescribeDatabase",
        "databases/alter" | "databases/alter_properties" | "databases/drop_properties" => "AlterDatabase",
        "collections/get_stats" => "GetStatistics",
        "collections/get_load_state" => "GetLoadState",
        "collections/create"
        | "collections/alter_properties"
        | "collections/drop_properties"
        | "collections/fields/alter_properties"
        | "collections/add_function"
        | "collections/alter_function"
        | "collections/drop_function" => "CreateCollection",
        "collections/drop" | "collections/truncate" => "DropCollection",
        "collections/rename" => "RenameCollection",
        "collections/load" | "collections/refresh_load" | "partitions/load" => "Load",
        "collections/release" | "partitions/release" => "Release",
        "collections/compact" => "Compaction",
        "collections/flush" => "Flush",
        "collections/fields/add" => "AddCollectionField",
        "partitions/list" => "ShowPartitions",
        "partitions/has" => "HasPartition",
        "partitions/create" => "CreatePartition",
        "partitions/drop" => "DropPartition",
        "indexes/create" | "indexes/alter_properties" | "indexes/drop_properties" => "CreateIndex",
        "indexes/drop" => "DropIndex",
        "aliases/describe" => "DescribeAlias",
        "aliases/create" | "aliases/alter" => "CreateAlias",
        "aliases/drop" => "DropAlias",
        "entities/insert" => "Insert",
        "entities/upsert" => "Upsert",
        "entities/delete" => "Delete",
        "entities/get" | "entities/query" => "Query",
        "entities/search" | "entities/hybrid_search" => "Search",
        "users/list" | "roles/list" | "roles/describe" => "SelectOwnership",
        "users/describe" => "SelectUser",
        "users/create" | "roles/create" | "roles/alter" => "CreateOwnership",
        "users/drop" | "roles/drop" => "DropOwnership",
        "users/update_password" => "UpdateUser",
        "users/grant_role"
        | "users/revoke_role"
        | "roles/grant_privilege"
        | "roles/revoke_privilege"
        | "roles/grant_privilege_v2"
        | "roles/revoke_privilege_v2" => "ManageOwnership",
        "privilege_groups/list" => "ListPrivilegeGroups",
        "privilege_groups/create" => "CreatePrivilegeGroup",
        "privilege_groups/drop" => "DropPrivilegeGroup",
        "privilege_groups/add_privileges_to_group" | "privilege_groups/remove_privileges_from_group" => {
            "OperatePrivilegeGroup"
        }
        "resource_groups/list" => "ListResourceGroups",
        "resource_groups/describe" => "DescribeResourceGroup",
        "resource_groups/create" => "CreateResourceGroup",
        "resource_groups/drop" => "DropResourceGroup",
        "resource_groups/alter" => "UpdateResourceGroups",
        "resource_groups/transfer_replica" => "TransferReplica",
        "jobs/import/create" => "Import",
        "jobs/import/list" | "jobs/import/describe" | "jobs/import/get_progress" if version < V26 => "Import",
        "jobs/external_collection/refresh" => "RefreshExternalCollection",
        _ => return None,
    };
    Some(privilege)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_in_group_holds_the_smaller_one_of_its_level() {
        assert_eq!(group("DatabaseReadWrite", V24).unwrap(), ["ShowCollections", "DescribeDatabase", "AlterDatabase"]);
        assert_eq!(group("ClusterAdmin", V24).unwrap().len(), 24);
        assert_eq!(group("ClusterAdmin", V26).unwrap().len(), 26);
        assert!(!group("CollectionReadOnly", V24).unwrap().contains(&"Insert"));
        assert!(group("Search", V24).is_none());
    }

    #[test]
    fn what_an_operation_asks_for_is_a_privilege() {
        for operation in crate::reference::operations::all() {
            if let Some(asked) = needed(operation, V30) {
                assert!(known(asked, V30).is_some(), "{operation}");
            }
        }
    }
}
