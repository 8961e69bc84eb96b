//! `.drd-state/<suffix>.json`: which settings an estate was built with, and a lock beside it.
//!
//! A convenience: the same settings are in the anchor stack, and what exists is asked of AWS each
//! time. Deliberately absent: anything about stacks; a file that could contradict AWS would.

use crate::error::Error;
use crate::estate::naming::Suffix;
use crate::estate::settings::{Said, Settings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The schema of a state file.
const SCHEMA: &str = "drd.state/1.0";
/// 64 KiB: a hundred times a real file.
const BYTES_MAX: u64 = 64 << 10;

/// The memory of one estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    schema: String,
    suffix: Suffix,
    /// Its account.
    pub account: String,
    settings: BTreeMap<String, String>,
}

impl State {
    /// What to remember of an estate.
    pub fn new(settings: &Settings, account: &str) -> State {
        State {
            schema: SCHEMA.to_owned(),
            suffix: settings.suffix().clone(),
            account: account.to_owned(),
            settings: settings.remembered(),
        }
    }

    /// The settings.
    pub fn said(&self) -> Said {
        Settings::recall(&self.settings)
    }
}

/// The folder of state files, for one suffix.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    suffix: Suffix,
}

/// Held while an estate is being changed from this folder; the lock goes with the process.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

impl Folder {
    /// A folder; it is made when something is written.
    pub fn new(path: &Path, suffix: &Suffix) -> Folder {
        Folder {
            path: path.to_owned(),
            suffix: suffix.clone(),
        }
    }

    /// A file of this estate in the folder: `<suffix>.<extension>`.
    pub fn file(&self, extension: &str) -> PathBuf {
        self.path.join(format!("{}.{extension}", self.suffix))
    }

    /// Refuses a second drd on the same estate.
    ///
    /// # Errors
    /// [`Error::Refused`] when another process holds it.
    pub fn lock(&self) -> Result<Lock, Error> {
        let path = self.file("lock");
        let doing = || format!("open the lock {}", path.display());
        fs_err::create_dir_all(&self.path).map_err(|source| failed(doing(), source))?;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| failed(doing(), source))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::Refused(format!(
                "another drd is at work on estate {} ({} is locked).\nNothing was changed. Wait \
                 until it ends, or stop it: the work at AWS goes on, and the same command picks \
                 it up.",
                self.suffix,
                path.display()
            ))),
            Err(std::fs::TryLockError::Error(source)) => Err(failed(doing(), source)),
        }
    }

    /// What is remembered, if anything is.
    ///
    /// # Errors
    /// When the file cannot be read, or is not ours: it is never overwritten unread.
    pub fn load(&self) -> Result<Option<State>, Error> {
        let path = self.file("json");
        let doing = || format!("read {}", path.display());
        match std::fs::metadata(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(doing(), source)),
            Ok(found) if found.len() > BYTES_MAX => return Err(self.foreign("it is too large")),
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).map_err(|source| failed(doing(), source))?;
        let state: State =
            serde_json::from_str(&text).map_err(|error| self.foreign(&error.to_string()))?;
        if state.schema != SCHEMA {
            return Err(self.foreign(&format!("its schema is {:?}, not {SCHEMA:?}", state.schema)));
        }
        if state.suffix != self.suffix {
            return Err(self.foreign(&format!("it is about suffix {}", state.suffix)));
        }
        Ok(Some(state))
    }

    fn foreign(&self, why: &str) -> Error {
        Error::Refused(format!(
            "{} is no state of drd that this version can read: {why}.\nNothing was changed. Move \
             the file away: drd finds the settings in AWS again.",
            self.file("json").display()
        ))
    }

    /// Remembers, whole or not at all.
    ///
    /// # Errors
    /// The failure of the system call.
    pub fn save(&self, state: &State) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(state)
            .map_err(|e| Error::Failed(format!("express the state as JSON: {e}")))?;
        text.push('\n');
        self.write("json", &text)
    }

    /// Writes a file of this estate: beside it first, then in its place, so that a reader sees the
    /// old text or the new one and a crash leaves one of both.
    ///
    /// # Errors
    /// The failure of the system call.
    pub fn write(&self, extension: &str, text: &str) -> Result<(), Error> {
        let path = self.file(extension);
        let beside = self.file(&format!("{extension}.new"));
        let write = || -> std::io::Result<()> {
            fs_err::create_dir_all(&self.path)?;
            let mut file = fs_err::File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs_err::rename(&beside, &path)?;
            fs_err::File::open(&self.path)?.sync_all()
        };
        write().map_err(|source| failed(format!("write {}", path.display()), source))
    }

    /// Forgets the estate: every file of it, the lock last.
    ///
    /// # Errors
    /// The failure of the system call.
    pub fn forget(&self) -> Result<(), Error> {
        for extension in ["json", "toml", "json.new", "toml.new", "lock"] {
            let path = self.file(extension);
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(format!("remove {}", path.display()), e));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

fn failed(doing: String, source: std::io::Error) -> Error {
    Error::State { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::settings::Key;

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("drd-state-{name}-{}", std::process::id()));
        Folder::new(&path, &Suffix::new("shop1").expect("a suffix"))
    }

    fn settings() -> Settings {
        let suffix = Suffix::new("shop1").expect("a suffix");
        let said = [(Key::Email, "ops@example.com".to_owned())].into();
        Settings::resolve(&suffix, None, &said).expect("settings")
    }

    #[test]
    fn what_was_remembered_is_read_back() {
        let folder = folder("back");
        assert_eq!(folder.load().expect("no state yet"), None);
        let state = State::new(&settings(), "123456789012");
        folder.save(&state).expect("saved");
        let found = folder.load().expect("read").expect("a state");
        assert_eq!(found, state);
        assert_eq!(
            found.said().get(&Key::Email).map(String::as_str),
            Some("ops@example.com")
        );
        folder.forget().expect("forgotten");
        assert_eq!(folder.load().expect("no state any more"), None);
    }

    #[test]
    fn a_second_drd_on_the_same_estate_is_refused() {
        let folder = folder("lock");
        let held = folder.lock().expect("the first");
        let refused = folder.lock().expect_err("the second");
        assert_eq!(refused.exit_code(), 3);
        drop(held);
        folder.lock().expect("the next");
        folder.forget().expect("forgotten");
    }

    #[test]
    fn a_file_of_another_version_is_refused_and_left_alone() {
        let folder = folder("other");
        let text = r#"{"schema":"drd.state/9.0","suffix":"shop1","account":"1","settings":{}}"#;
        folder.write("json", text).expect("written");
        let refused = folder.load().expect_err("refused").to_string();
        assert!(refused.contains("drd.state/9.0"), "{refused}");
        let left = std::fs::read_to_string(folder.file("json")).expect("left");
        assert_eq!(left, text);
        folder.forget().expect("forgotten");
    }
}
