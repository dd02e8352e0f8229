//! Who may do what: grants, and which of them a call needs.
//!
//! The privilege that each operation asks for was measured with a user that has no role; how grants are matched is read
//! in the server's source, and measured for a grant on one collection.

pub(super) mod failure;
pub(super) mod privilege;

use super::{Arguments, Model, names};
use crate::profile::Version;
use crate::reference::model::failure::Failure;
use indexmap::IndexMap;
use privilege::{Object, object_of};
use serde_json::{Value, json};

/// The user that may do everything.
pub(super) const ROOT: &str = "root";

/// The role whose holders may do everything.
pub(super) const ADMIN: &str = "admin";

/// The role that everybody has.
pub(super) const PUBLIC: &str = "public";

/// Stands for all databases, all objects or all privileges.
pub(super) const ANY: &str = "*";

/// The password that servers are delivered with.
const FACTORY_PASSWORD: &str = "Milvus";

/// One account.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) password: String,
    pub(super) description: String,
    /// In the order in which they were granted.
    pub(super) roles: Vec<String>,
}

/// A named set of grants.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    pub(super) description: String,
    pub(super) grants: Vec<Grant>,
}

/// One privilege, or one group of them, on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) database: String,
    pub(super) object_type: String,
    pub(super) object: String,
    pub(super) privilege: String,
    pub(super) grantor: String,
}

impl Grant {
    /// As `roles/describe` shows it.
    pub(super) fn describe(&self) -> Value {
        json!({
            "dbName": self.database,
            "grantor": self.grantor,
            "objectName": self.object,
            "objectType": self.object_type,
            "privilege": self.privilege,
        })
    }

    /// Whether it is the same right, whoever granted it.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        Self { grantor: other.grantor.clone(), ..self.clone() } == *other
    }

    pub(super) fn is_in(&self, database: &str) -> bool {
        self.database == ANY || self.database == database
    }
}

/// Accounts, roles and groups of privileges.
#[derive(Clone, Debug)]
pub(super) struct Rights {
    /// The user who may do everything, when credentials are checked at all.
    superuser: Option<String>,
    pub(super) users: IndexMap<String, User>,
    pub(super) roles: IndexMap<String, Role>,
    /// The groups that users made; built-in ones are not here.
    pub(super) groups: IndexMap<String, Vec<String>>,
}

impl Rights {
    /// What a new server has. The credentials `user:password` are those of the user who may do everything.
    pub(super) fn new(token: Option<&str>) -> Self {
        let superuser = token.map(|token| token.split_once(':').unwrap_or((ROOT, token)));
        // A server with a superuser of its own has a root that nobody can log in as: only the token is accepted.
        let password = if token.is_none() { FACTORY_PASSWORD } else { "" };
        let mut users = IndexMap::from([(ROOT.to_owned(), User::new(password, ""))]);
        if let Some((name, password)) = superuser {
            users.insert(name.to_owned(), User::new(password, ""));
        }
        let public = [("Collection", "IndexDetail"), ("Global", "DescribeCollection"), ("Global", "ListAliases")];
        let public = public.map(|(object_type, privilege)| Grant {
            database: ANY.to_owned(),
            object_type: object_type.to_owned(),
            object: ANY.to_owned(),
            privilege: privilege.to_owned(),
            grantor: ROOT.to_owned(),
        });
        let public = Role { description: String::new(), grants: public.into() };
        let roles = IndexMap::from([(ADMIN.to_owned(), Role::default()), (PUBLIC.to_owned(), public)]);
        Self { superuser: superuser.map(|(name, _)| name.to_owned()), users, roles, groups: IndexMap::new() }
    }

    /// Whether these are the credentials of a user.
    pub(super) fn knows(&self, user: &str, password: &str) -> bool {
        !user.is_empty() && !password.is_empty() && self.users.get(user).is_some_and(|known| known.password == password)
    }

    fn is_all_powerful(&self, user: &str) -> bool {
        let administers = |user: &User| user.roles.iter().any(|role| role == ADMIN);
        user == ROOT || self.superuser.as_deref() == Some(user) || self.users.get(user).is_some_and(administers)
    }

    /// The grants that a user has, by its roles and as one of the public.
    fn grants<'r>(&'r self, user: &str) -> impl Iterator<Item = &'r Grant> {
        let roles = self.users.get(user).map_or(&[][..], |user| user.roles.as_slice());
        let held = roles.iter().filter_map(|role| self.roles.get(role));
        held.chain(self.roles.get(PUBLIC)).flat_map(|role| &role.grants)
    }

    /// Whether a granted privilege, which may be a group, holds the one that is asked for.
    fn holds(&self, granted: &str, asked: &str, version: Version) -> bool {
        granted == asked
            || granted == ANY
            || granted == privilege::ALL
            || privilege::group(granted, version).is_some_and(|members| members.contains(&asked))
            || self.groups.get(granted).is_some_and(|members| {
                members.iter().any(|member| {
                    member == asked || privilege::group(member, version).is_some_and(|inner| inner.contains(&asked))
                })
            })
    }

    /// The role that uses a group of privileges.
    pub(super) fn user_of_group(&self, group: &str) -> Option<&str> {
        let uses = |role: &&String| self.roles[*role].grants.iter().any(|grant| grant.privilege == group);
        self.roles.keys().find(uses).map(String::as_str)
    }
}

impl User {
    pub(super) fn new(password: &str, description: &str) -> Self {
        Self { password: password.to_owned(), description: description.to_owned(), roles: Vec::new() }
    }
}

impl Model {
    /// Whether these are the credentials of a user.
    pub(in crate::reference) fn knows(&self, user: &str, password: &str) -> bool {
        self.rights.knows(user, password)
    }

    /// Refuses a call that its caller has no right to. Without a caller, nothing is checked.
    pub(in crate::reference) fn permit(&self, operation: &str, arguments: &Arguments<'_>) -> Result<(), Failure> {
        match privilege::needed(operation, self.version) {
            Some(asked) if self.is_own_affair(operation, asked, arguments) => Ok(()),
            Some(asked) => self.allow(asked, arguments),
            None => Ok(()),
        }
    }

    /// Refuses when the caller has not this privilege on the object that the call names.
    pub(super) fn allow(&self, asked: &str, arguments: &Arguments<'_>) -> Result<(), Failure> {
        let Some(caller) = arguments.caller.as_deref() else { return Ok(()) };
        let database = arguments.database();
        if self.rights.is_all_powerful(caller) {
            return Ok(());
        }
        let named = names::trimmed(arguments.text("collectionName"), self.version);
        let real = self.databases.get(database).and_then(|database| database.resolve(named));
        let names_it = |grant: &Grant| {
            grant.object == ANY
                || object_of(asked, self.version) != Some(Object::Collection)
                || grant.object == named
                || real.is_some_and(|collection| collection.name == grant.object)
        };
        let allowed = self.rights.grants(caller).any(|grant| {
            self.rights.holds(&grant.privilege, asked, self.version) && grant.is_in(database) && names_it(grant)
        });
        if allowed { Ok(()) } else { Err(failure::denied(asked, caller, database)) }
    }

    /// Users may look at themselves and their roles and change their own passwords; read in the server's source.
    fn is_own_affair(&self, operation: &str, asked: &str, arguments: &Arguments<'_>) -> bool {
        let Some(caller) = arguments.caller.as_deref() else { return true };
        let role = arguments.text("roleName");
        let holds = || self.rights.users.get(caller).is_some_and(|user| user.roles.iter().any(|held| held == role));
        object_of(asked, self.version) == Some(Object::User) && arguments.text("userName") == caller
            || operation == "roles/describe" && holds()
    }

    /// Whether the caller may see that there is such a collection.
    pub(super) fn shows_collection(&self, arguments: &Arguments<'_>, collection: &str) -> bool {
        let database = arguments.database();
        self.sees(arguments, |grant| {
            let whole = grant.object_type != "Collection"
                && self.rights.holds(&grant.privilege, "ShowCollections", self.version);
            grant.is_in(database)
                && (whole || grant.object_type == "Collection" && [ANY, collection].contains(&grant.object.as_str()))
        })
    }

    /// Whether the caller may see that there is such a database.
    pub(super) fn shows_database(&self, arguments: &Arguments<'_>, database: &str) -> bool {
        self.sees(arguments, |grant| grant.is_in(database))
    }

    /// Whether the caller has a grant of this kind by a role of its own; what the public has shows nothing.
    fn sees(&self, arguments: &Arguments<'_>, shows: impl Fn(&Grant) -> bool) -> bool {
        let Some(caller) = arguments.caller.as_deref() else { return true };
        let roles = self.rights.users.get(caller).map_or(&[][..], |user| user.roles.as_slice());
        let own = roles.iter().filter(|role| *role != PUBLIC).filter_map(|role| self.rights.roles.get(role));
        self.rights.is_all_powerful(caller) || own.flat_map(|role| &role.grants).any(shows)
    }
}
