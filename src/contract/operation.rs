//! One documented endpoint.

use super::Bounds;
use crate::diagnostic::SourceText;
use crate::verdict::Source;
use crate::yaml::At;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What stands in `specs/operations/<group>/<verb>.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "An operation of the API")]
pub struct OperationFile {
    /// What it does, in one sentence.
    pub summary: String,
    /// The path of the request, for example `/v2/vectordb/partitions/drop`.
    pub path: String,
    /// The HTTP method.
    #[serde(default = "post")]
    pub method: String,
    /// Whether it changes the target.
    pub effect: Effect,
    /// For a write: the request key that names what is changed: by its text, or by the keys of its object.
    #[serde(default)]
    pub target: Option<String>,
    /// What it makes, so that a run can remove it.
    #[serde(default)]
    pub creates: Option<Created>,
    /// The key of an answer that stands for `code` and `data`, where servers answer a success without an envelope.
    #[serde(default)]
    pub bare: Option<String>,
    /// Whether a second, equal call succeeds.
    #[serde(default)]
    pub repeatable: Option<bool>,
    /// Documented header fields.
    #[serde(default)]
    pub headers: IndexMap<String, Header>,
    /// Ids of the failures that it may give.
    #[serde(default)]
    pub errors: Vec<At<String>>,
    /// Where it is documented.
    pub sources: Vec<Source>,
    /// Requests with their answers.
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Profiles whose documents have it though no server of theirs does, each with what is known of that.
    #[serde(default)]
    pub documented_only: IndexMap<crate::profile::Profile, String>,
    /// The first version that has it.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version that has it.
    #[serde(default)]
    pub until: Option<String>,
    /// The only profiles that have it.
    #[serde(default)]
    pub only: Vec<crate::profile::Profile>,
    /// Profiles that do not have it.
    #[serde(default)]
    pub except: Vec<crate::profile::Profile>,
}

fn post() -> String {
    "POST".to_owned()
}

/// Whether an operation changes the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes something, which must be the run's own.
    Write,
}

/// What an operation makes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The kind of thing.
    pub object: ObjectKind,
    /// The request key that names it.
    pub named: String,
}

/// A kind of thing that a run makes and removes itself. Ordered as they are removed: an alias before its collection, a
/// collection before its database, a role before the groups of privileges that it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A second name of a collection.
    Alias,
    /// A collection with all that is in it.
    Collection,
    /// A part of the query nodes, which has to ask for none before it can go.
    ResourceGroup,
    /// A database, which has to be empty before it can go.
    Database,
    /// An account of a user.
    User,
    /// A role, from which everything granted is revoked before it can go.
    Role,
    /// A group of privileges, which no role may use when it goes.
    PrivilegeGroup,
}

impl ObjectKind {
    /// The operation that removes one, and the request key that names it.
    pub const fn removal(self) -> (&'static str, &'static str) {
        match self {
            ObjectKind::Alias => ("aliases/drop", "aliasName"),
            ObjectKind::Collection => ("collections/drop", "collectionName"),
            ObjectKind::ResourceGroup => ("resource_groups/drop", "name"),
            ObjectKind::Database => ("databases/drop", "dbName"),
            ObjectKind::User => ("users/drop", "userName"),
            ObjectKind::Role => ("roles/drop", "roleName"),
            ObjectKind::PrivilegeGroup => ("privilege_groups/drop", "privilegeGroupName"),
        }
    }

    /// Whether it lies in a database.
    pub const fn is_in_database(self) -> bool {
        matches!(self, ObjectKind::Alias | ObjectKind::Collection)
    }

    /// The word shown to people.
    pub const fn word(self) -> &'static str {
        match self {
            ObjectKind::Alias => "alias",
            ObjectKind::Collection => "collection",
            ObjectKind::ResourceGroup => "resource group",
            ObjectKind::Database => "database",
            ObjectKind::User => "user",
            ObjectKind::Role => "role",
            ObjectKind::PrivilegeGroup => "privilege group",
        }
    }
}

/// A documented header field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The documented type of its value.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// Whether a document calls it required.
    #[serde(default)]
    pub required: bool,
}

/// A request with its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    #[serde(default)]
    pub note: Option<String>,
    /// The body sent.
    #[serde(default)]
    pub request: Option<Value>,
    /// The body answered.
    #[serde(default)]
    pub response: Option<Value>,
    /// The first version for which it holds.
    #[serde(default)]
    pub since: Option<String>,
    /// The last version for which it holds.
    #[serde(default)]
    pub until: Option<String>,
    /// The only profiles for which it holds.
    #[serde(default)]
    pub only: Vec<crate::profile::Profile>,
    /// Profiles for which it does not hold.
    #[serde(default)]
    pub except: Vec<crate::profile::Profile>,
}

impl Example {
    /// The profiles for which it holds.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.since.as_ref(), self.until.as_ref(), &self.only, &self.except)
    }
}

/// One documented endpoint, by the name that its path gives it.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `group/verb`.
    pub name: String,
    /// The profiles that have it.
    pub bounds: Bounds,
    /// What its file says.
    pub file: OperationFile,
    /// Its file, for messages.
    pub source: SourceText,
}

impl Operation {
    pub(super) fn new(name: &str, file: OperationFile, source: SourceText) -> Self {
        let bounds = Bounds {
            since: file.since.clone(),
            until: file.until.clone(),
            only: file.only.clone(),
            except: file.except.clone(),
        };
        let bounds = bounds.of_v2();
        Self { name: name.to_owned(), bounds, file, source }
    }

    /// The first part of the name: `partitions` of `partitions/drop`.
    pub fn group(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}
