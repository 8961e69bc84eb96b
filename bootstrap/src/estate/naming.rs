//! The only place that builds `<type>-<role?>-<suffix>`.
//!
//! Deliberately absent: anything that asks AWS whether a name is taken.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The estate's suffix: 1 to 20 lower-case letters, digits and inner hyphens, first a letter.
///
/// 20: the longest name built from it, `bucket-config-standby-<suffix>-<region>-<account>`,
/// must stay within the 63 characters of an S3 bucket name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Suffix(String);

/// Why a suffix was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "suffix {given:?} is not usable: use 1 to 20 of a-z, 0-9 and inner hyphens, a letter first"
)]
pub struct SuffixError {
    given: String,
}

impl Suffix {
    /// Checks a suffix.
    ///
    /// # Errors
    /// When it is empty, too long or holds other characters.
    pub fn new(text: &str) -> Result<Suffix, SuffixError> {
        let usable = (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && !text.contains("--")
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if usable {
            Ok(Suffix(text.to_owned()))
        } else {
            Err(SuffixError {
                given: text.to_owned(),
            })
        }
    }

    /// The suffix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `<kind>-<suffix>`, e.g. `global-aurora-shop1`.
    pub fn name(&self, kind: &str) -> String {
        format!("{kind}-{}", self.0)
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Suffix {
    type Error = SuffixError;
    fn try_from(text: String) -> Result<Suffix, SuffixError> {
        Suffix::new(&text)
    }
}

impl From<Suffix> for String {
    fn from(suffix: Suffix) -> String {
        suffix.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_that_cannot_be_a_bucket_name_is_refused() {
        for bad in [
            "",
            "Shop",
            "1shop",
            "shop-",
            "sh--op",
            "shop_1",
            "a23456789012345678901",
        ] {
            assert!(Suffix::new(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Suffix::new("shop1").map(|s| s.name("global-aurora")),
            Ok("global-aurora-shop1".to_owned())
        );
    }
}
