//! What the suite does not catch, and why that is right.

use crate::glob::glob;
use crate::profile::Profile;

/// The profiles in which mutants are run, each in the first that it applies to.
pub const HOMES: [Profile; 5] =
    [Profile::Milvus26, Profile::Milvus24, Profile::Milvus30, Profile::ZillizCloud, Profile::Milvus23];

/// Generated mutants that the suite does not catch, by the ends of their ids or by patterns, and why that is right.
pub(super) const SURVIVORS: &[(&str, &str)] = &[
    ("-route-missing", "a target that lacks an operation is told as `unsupported`, and not accused"),
    ("databases-describe-key-db-i-d-missing", "no document of 2.6 promises the key"),
    ("databases-describe-key-db-i-d-renamed", "no document of 2.6 promises the key"),
    ("entities-delete-key-delete-count-missing", "the documents answer an empty object"),
    ("entities-delete-key-delete-count-renamed", "the documents answer an empty object"),
    ("collections-compact-key-compaction-i-d-missing", "the documents answer an empty object"),
    ("collections-compact-no-effect", "no answer shows whether segments were merged"),
    ("collections-refresh-load-no-effect", "it would show in data that was imported while the collection was loaded"),
    (
        "-function-failure-is-404",
        "servers without an embedding service only refuse them, so that a bare 404 says that the target lacks them",
    ),
    ("jobs-import-describe-key-create-time-missing", "builds before 2.6.5 lack the key"),
    ("jobs-import-describe-key-create-time-renamed", "builds before 2.6.5 lack the key"),
    ("jobs-import-get-progress-key-create-time-missing", "builds before 2.6.5 lack the key"),
    ("jobs-import-get-progress-key-create-time-renamed", "builds before 2.6.5 lack the key"),
    ("v1-import-*-failure-status-400", UNTOLD),
    ("v1-import-*-failure-is-404", UNTOLD),
    ("v1-import-*-failure-code-4711", UNTOLD),
    ("v1-import-*-failure-message-blank", UNTOLD),
    ("v1-import-get-key-error-message-*", "the reference target has no word of an import that went well"),
    ("resource-groups-transfer-replica-failure-is-404", NO_TRANSFER),
    ("resource-groups-transfer-replica-no-effect", NO_TRANSFER),
];

/// Of these operations the generated mutants cannot strike, and why.
pub(super) const NEVER_STRUCK: &[(&str, &str)] = &[
    ("resource-groups-describe-success-", "its successes have neither code nor data"),
    ("resource-groups-describe-data-", "its successes have neither code nor data"),
    ("resource-groups-describe-extra-key", "its successes have neither code nor data"),
];

/// Generated mutants that only one profile cannot catch, by the beginnings of their ids, and why that is right.
pub(super) const ONLY_THERE: &[(Profile, &str, &str)] = &[(
    Profile::Milvus23,
    "v1-entities-upsert-",
    "collections that v1 makes have generated keys, so that no upsert succeeds",
)];

/// Why nothing is said of the form of refused imports of v1.
const UNTOLD: &str = "no document tells in which form v1 refuses an import";

/// Why a transfer of replicas has only refusals.
const NO_TRANSFER: &str = "no transfer succeeds without a query node taken away from others";

/// Requirements that no mutant trips, and why.
pub(super) const UNTRIPPED: &[(&str, &str)] = &[];

/// Generated mutants that only end cases in errors, by the ends of their ids, and why no check can tell more.
pub(super) const ERRORS_ONLY: &[(&str, &str)] = &[];

/// The reason of the first entry that fits: the end of the id, or a pattern of the whole.
pub(super) fn ending(list: &[(&str, &'static str)], id: &str) -> Option<&'static str> {
    list.iter().find(|(end, _)| id.ends_with(end) || glob(end, id)).map(|(_, why)| *why)
}

/// The reason of the first entry that fits.
pub(super) fn beginning(list: &[(&str, &'static str)], id: &str) -> Option<&'static str> {
    list.iter().find(|(start, _)| id.starts_with(start)).map(|(_, why)| *why)
}
