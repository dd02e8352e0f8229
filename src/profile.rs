//! The profiles: a product and version whose contract applies.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A product and version whose contract applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Profile {
    /// Milvus 2.3, which serves the API v1 alone: v2 is documented for it, and no release of it has the routes.
    #[serde(rename = "milvus-2.3")]
    Milvus23,
    /// Milvus 2.4.
    #[serde(rename = "milvus-2.4")]
    Milvus24,
    /// Milvus 2.5.
    #[serde(rename = "milvus-2.5")]
    Milvus25,
    /// Milvus 2.6.
    #[serde(rename = "milvus-2.6")]
    Milvus26,
    /// Milvus 3.0, a beta when it was measured.
    #[serde(rename = "milvus-3.0")]
    Milvus30,
    /// The data plane of Zilliz Cloud.
    #[serde(rename = "zilliz-cloud")]
    ZillizCloud,
}

impl Profile {
    /// Every profile, oldest first, Zilliz Cloud last.
    pub const ALL: [Profile; 6] = [
        Profile::Milvus23,
        Profile::Milvus24,
        Profile::Milvus25,
        Profile::Milvus26,
        Profile::Milvus30,
        Profile::ZillizCloud,
    ];

    /// The name used on the command line, in `specs/` and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Milvus23 => "milvus-2.3",
            Profile::Milvus24 => "milvus-2.4",
            Profile::Milvus25 => "milvus-2.5",
            Profile::Milvus26 => "milvus-2.6",
            Profile::Milvus30 => "milvus-3.0",
            Profile::ZillizCloud => "zilliz-cloud",
        }
    }

    /// The Milvus version whose contract the profile has; Zilliz Cloud follows 2.6.
    pub const fn version(self) -> Version {
        match self {
            Profile::Milvus23 => Version(2, 3),
            Profile::Milvus24 => Version(2, 4),
            Profile::Milvus25 => Version(2, 5),
            Profile::Milvus26 | Profile::ZillizCloud => Version(2, 6),
            Profile::Milvus30 => Version(3, 0),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile `{0}`")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|profile| profile.name() == text).ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

/// A Milvus version of which only the first two numbers matter to the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Version {
    type Err = String;

    /// Reads `2.6`, `v2.6` and `2.6.18`; numbers past the second are ignored.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.trim_start_matches('v').split('.');
        let mut next = || numbers.next().and_then(|number| number.parse::<u16>().ok());
        match (next(), next()) {
            (Some(major), Some(minor)) => Ok(Version(major, minor)),
            _ => Err(format!("`{text}` is not a version such as 2.6")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_profile() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
        }
        assert_eq!("milvus-9".parse::<Profile>(), Err(UnknownProfile("milvus-9".to_owned())));
    }

    #[test]
    fn versions_order_by_number_not_by_text() {
        let read = |text: &str| text.parse::<Version>().unwrap();
        assert!(read("2.10") > read("2.6"));
        assert_eq!(read("v2.6.18"), Version(2, 6));
        assert!("2".parse::<Version>().is_err());
    }
}
