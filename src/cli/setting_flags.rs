//! The flags of `drd bootstrap` that describe an estate: one for each row of the settings' table.
//!
//! Deliberately absent: checks; the table has them.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use drd_bootstrap::settings::{PARAMETERS, Said};

/// The flags that were given.
#[derive(Clone, Debug)]
pub(super) struct SettingFlags(Said);

impl SettingFlags {
    /// Their values by key.
    pub(super) fn values(&self) -> &Said {
        &self.0
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        PARAMETERS.iter().fold(command, |command, parameter| {
            let default = match parameter.default {
                "" => String::new(),
                default => format!(" [default: {default}]").replace("{suffix}", "<suffix>"),
            };
            command.arg(
                Arg::new(parameter.name)
                    .long(parameter.name)
                    .value_name(parameter.value)
                    .help(format!("{}{default}", parameter.help))
                    .help_heading("The estate (remembered; say it once)"),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        SettingFlags::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<SettingFlags, clap::Error> {
        let given = PARAMETERS.iter().filter_map(|parameter| {
            let value = matches.get_one::<String>(parameter.name)?;
            Some((parameter.key, value.clone()))
        });
        Ok(SettingFlags(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = SettingFlags::from_arg_matches(matches)?;
        Ok(())
    }
}
