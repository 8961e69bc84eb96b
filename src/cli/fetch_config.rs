//! Finds the configuration that bootstrap handed over: the file in the state folder, else the copy
//! in the standby's region.
//!
//! Deliberately absent: the primary's region, and parsing the text.

use crate::aws::sdk::sdk_config;
use crate::clock::Clock;
use drd_bootstrap::Suffix;
use drd_bootstrap::aws::error::{AwsError, Class};
use drd_bootstrap::daemon_config::{CONFIG_KEY, config_bucket};
use drd_bootstrap::observe::daemon_config::fetch;
use drd_bootstrap::saved::Folder;
use drd_bootstrap::settings::Key;
use std::path::Path;

/// Where the standby is unless a flag names another region: bootstrap's own default.
pub const STANDBY_REGION: &str = Key::StandbyRegion.default_text();
/// Bootstrap's state folder, in the working directory.
pub const FOLDER: &str = ".drd-state";

/// A configuration's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedConfig {
    /// Where it was found, as problems call it.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Why there is no configuration. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum FetchConfigError {
    /// The file is there and cannot be read.
    #[error(
        "the configuration that bootstrap wrote cannot be read; nothing was started. Give this user the right to read it, or name another file with --config"
    )]
    Read(#[source] std::io::Error),
    /// It is in neither place.
    #[error(
        "no configuration of estate {suffix}: neither {local} nor {object} in {region} is there.\n\
         Nothing was started. `drd bootstrap --suffix {suffix}` writes both; --standby-region says \
         where the copy is, and --config names a file."
    )]
    Nowhere {
        /// The estate.
        suffix: Suffix,
        /// The file.
        local: String,
        /// Bucket and key.
        object: String,
        /// The region asked.
        region: String,
    },
    /// AWS did not give the copy.
    #[error(
        "{local} is not there, and its copy could not be read: {error}.\n\
         Nothing was started. Copy the file here, or name it with --config."
    )]
    Aws {
        /// The file.
        local: String,
        /// The failed call.
        error: AwsError,
    },
}

impl FetchConfigError {
    /// 7 when AWS did not give it; 2 when there is nothing to give.
    pub fn exit_code(&self) -> u8 {
        match self {
            FetchConfigError::Read(_) | FetchConfigError::Nowhere { .. } => 2,
            FetchConfigError::Aws { .. } => 7,
        }
    }
}

/// The file in the state folder, if there is one.
///
/// # Errors
/// When it is there and cannot be read.
pub fn local(folder: &Path, suffix: &Suffix) -> Result<Option<FetchedConfig>, FetchConfigError> {
    let path = Folder::new(folder, suffix).file("toml");
    match fs_err::read_to_string(&path) {
        Ok(text) => Ok(Some(FetchedConfig {
            name: path.display().to_string(),
            text,
        })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FetchConfigError::Read(error)),
    }
}

/// The file, else its copy in the standby's region.
///
/// # Errors
/// See [`FetchConfigError`].
pub async fn find(suffix: &Suffix, region: &str) -> Result<FetchedConfig, FetchConfigError> {
    if let Some(fetched) = local(Path::new(FOLDER), suffix)? {
        return Ok(fetched);
    }
    let object = format!("{}/{CONFIG_KEY}", config_bucket(suffix));
    let now = Clock::start().read().0;
    match fetch(&sdk_config(region).await, region, suffix, now).await {
        Ok(text) => Ok(FetchedConfig {
            name: format!("s3://{object}"),
            text,
        }),
        Err(error) => Err(refused(suffix, region, object, error)),
    }
}

fn refused(suffix: &Suffix, region: &str, object: String, error: AwsError) -> FetchConfigError {
    let local = Folder::new(Path::new(FOLDER), suffix)
        .file("toml")
        .display()
        .to_string();
    match error.class {
        Class::Gone => FetchConfigError::Nowhere {
            suffix: suffix.clone(),
            local,
            object,
            region: region.to_owned(),
        },
        Class::Transient
        | Class::Unauthenticated
        | Class::Denied
        | Class::Malformed
        | Class::Conflict => FetchConfigError::Aws { local, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(code: Option<&str>) -> FetchConfigError {
        let suffix = Suffix::new("shop1").expect("a suffix");
        let error = AwsError::said("s3:GetObject", "o", code, "no".to_owned());
        refused(&suffix, "eu-central-2", "b/drd.toml".to_owned(), error)
    }

    #[test]
    fn an_absent_estate_and_an_aws_that_does_not_answer_differ() {
        for code in ["NoSuchKey", "NoSuchBucket"] {
            assert_eq!(with(Some(code)).exit_code(), 2, "{code}");
        }
        assert!(
            with(Some("NoSuchKey"))
                .to_string()
                .contains("drd bootstrap --suffix shop1")
        );
        for code in [Some("AccessDenied"), Some("ExpiredToken"), None] {
            assert_eq!(with(code).exit_code(), 7, "{code:?}");
        }
    }

    #[test]
    fn the_file_in_the_state_folder_is_read_and_a_missing_one_is_no_error() {
        let folder = std::env::temp_dir().join(format!("drd-fetch-config-{}", std::process::id()));
        let suffix = Suffix::new("shop1").expect("a suffix");
        assert!(matches!(local(&folder, &suffix), Ok(None)));
        let state = Folder::new(&folder, &suffix);
        state.write("toml", "x = 1").expect("writable");
        let found = local(&folder, &suffix).expect("readable");
        fs_err::remove_dir_all(&folder).expect("removable");
        assert_eq!(found.map(|h| h.text), Some("x = 1".to_owned()));
    }
}
