//! Which estate a provisioning command is about, and what is saved of it.
//!
//! Deliberately absent: what exists now; `drd_bootstrap::observe` asks AWS.

use super::progress::ProgressView;
use clap::Args;
use drd_bootstrap::Error;
use drd_bootstrap::apply::Site;
use drd_bootstrap::aws::clients::Aws;
use drd_bootstrap::naming::Suffix;
use drd_bootstrap::observe;
use drd_bootstrap::saved::Folder;
use drd_bootstrap::settings::{Said, Settings};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Which estate, and where its state file is.
#[derive(Debug, Args)]
pub(super) struct SavedEstateArgs {
    /// The estate's suffix: ends every name.
    #[arg(long, value_name = "SUFFIX")]
    suffix: String,
    /// The folder of state files.
    #[arg(long, value_name = "DIR", default_value = ".drd-state")]
    state_dir: PathBuf,
}

impl SavedEstateArgs {
    pub(super) fn suffix(&self) -> Result<Suffix, Error> {
        Suffix::new(&self.suffix).map_err(|e| Error::Usage(e.to_string()))
    }

    pub(super) fn folder(&self, suffix: &Suffix) -> Folder {
        Folder::new(&self.state_dir, suffix)
    }
}

/// AWS and what is saved of the estate.
pub(super) struct SavedEstate {
    pub(super) aws: Aws,
    pub(super) account: String,
    pub(super) folder: Folder,
    pub(super) settings: Settings,
    /// Whether a state file or the anchor stack had it.
    pub(super) was_saved: bool,
}

impl SavedEstate {
    /// The state file first, then the anchor stack: losing the file loses nothing.
    pub(super) async fn find(args: &SavedEstateArgs, flags: &Said) -> Result<SavedEstate, Error> {
        let suffix = args.suffix()?;
        // Before anything is asked: what is wrong in itself needs no network to be refused.
        Settings::resolve(&suffix, None, flags)?;
        let folder = args.folder(&suffix);
        let state = folder.load()?;
        let aws = Aws::connect().await;
        let account = observe::account(&aws).await?;
        if let Some(state) = state.as_ref().filter(|s| s.account != account) {
            return Err(Error::Refused(format!(
                "estate {suffix} lies in account {}, and these credentials are of account \
                 {account}.\nNothing was changed. Use the other credentials, or another \
                 --state-dir.",
                state.account
            )));
        }
        let memory = match state {
            Some(state) => Some(state.said()),
            None => observe::recall(&aws, &suffix).await?,
        };
        Ok(SavedEstate {
            settings: Settings::resolve(&suffix, memory.as_ref(), flags)?,
            was_saved: memory.is_some(),
            aws,
            account,
            folder,
        })
    }

    pub(super) fn site(&self, allow: &[String]) -> Site {
        // Names a run in request tokens: two runs never share one.
        let at = crate::clock::Clock::start().read().0;
        Site {
            aws: self.aws.clone(),
            settings: Arc::new(self.settings.clone()),
            progress: Arc::new(ProgressView::new(std::io::stderr().is_terminal())),
            run: format!("{at}-{}", std::process::id()).into(),
            allow_replacement: Arc::new(allow.iter().cloned().collect()),
        }
    }
}
