//! Environment variables of flags: their names in error messages, and the detection of unknown ones.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, Error};
use clap::{Arg, Command};
use strsim::damerau_levenshtein;

/// A variable that nothing reads: most likely a misspelt one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Name of the variable.
    pub name: String,
    /// Variable with the most similar name that is read.
    pub nearest: Option<String>,
}

impl std::fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, "{}; did you mean {nearest}?", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Returns the variables among `names` that nothing reads, sorted: those that begin with `PREFIX_` and belong to no flag of `command`,
/// and those that are almost named like one of `settings`, the variables without the prefix that the service reads.
///
/// Leaves out the variables that Kubernetes sets in each pod for a Service whose name begins like the prefix (`PREFIX_PORT`,
/// `PREFIX_SERVICE_HOST`).
#[must_use]
pub fn unknown_variables<'a>(
    command: &Command,
    prefix: &str,
    settings: &[&str],
    names: impl IntoIterator<Item = &'a OsString>,
) -> Vec<UnknownVariable> {
    let flags = known(command);
    let names: BTreeSet<_> = names.into_iter().filter_map(|name| name.to_str()).collect();
    let unknown = names.into_iter().filter_map(|name| {
        let nearest = match name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) {
            Some(own) if is_service_link(own) || flags.contains(name) => return None,
            Some(own) => nearest(name, own, &flags, settings),
            None => Some(almost(name, settings)?),
        };
        Some(UnknownVariable { name: name.to_owned(), nearest: nearest.map(str::to_owned) })
    });
    unknown.collect()
}

/// Replaces the flag in `error` by its variable, if the variable gave the value. `arguments` are those of the command line.
#[must_use]
pub fn naming_variables(mut error: Error, command: &Command, arguments: &[OsString]) -> Error {
    let flag = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => flag.split([' ', '=']).next().unwrap_or_default().to_owned(),
        _ => return error,
    };
    if let Some(variable) = variable_of(command, arguments, &flag) {
        error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    }
    error
}

/// Replaces the flags in `text` by the variables that gave their values.
#[must_use]
pub fn with_variables_named(text: &str, command: &Command, arguments: &[OsString]) -> String {
    let word = |word: &str| {
        let flag = word.trim_end_matches([':', ',', ';']);
        let variable = variable_of(command, arguments, flag);
        variable.map_or_else(|| word.to_owned(), |variable| word.replace(flag, &variable))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Returns the variable that gave the value of `flag`; `None` if the command line did, or if there is no value.
fn variable_of(command: &Command, arguments: &[OsString], flag: &str) -> Option<String> {
    let long = flag.strip_prefix("--")?;
    let variable = all(command).find(|arg| arg.get_long() == Some(long))?.get_env()?.to_str()?.to_owned();
    let is_given = arguments.iter().filter_map(|argument| argument.to_str()).any(|argument| {
        argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    (!is_given && std::env::var_os(&variable).is_some()).then_some(variable)
}

fn known(command: &Command) -> BTreeSet<String> {
    all(command).filter_map(Arg::get_env).filter_map(OsStr::to_str).map(str::to_owned).collect()
}

fn all(command: &Command) -> Box<dyn Iterator<Item = &Arg> + '_> {
    Box::new(command.get_arguments().chain(command.get_subcommands().flat_map(all)))
}

/// True for `SERVICE_HOST`, `SERVICE_PORT`, `PORT`, `PORT_80_TCP_ADDR` and the like, also after the rest of a Service's name.
fn is_service_link(own: &str) -> bool {
    let words: Vec<_> = own.split('_').collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_link = |words: &[&str]| match words {
        ["SERVICE", "HOST"] | ["SERVICE", "PORT", ..] | ["PORT"] => true,
        ["PORT", number, "TCP" | "UDP" | "SCTP"] => is_number(number),
        ["PORT", number, "TCP" | "UDP" | "SCTP", "PROTO" | "PORT" | "ADDR"] => is_number(number),
        _ => false,
    };
    (0..words.len()).any(|start| is_link(&words[start..]))
}

/// Returns the flag's variable or, for a setting under the prefix of the flags, the setting with the smallest edit distance, if that
/// is small.
fn nearest<'k>(name: &str, own: &str, flags: &'k BTreeSet<String>, settings: &[&'k str]) -> Option<&'k str> {
    let flags = flags.iter().map(|flag| (damerau_levenshtein(name, flag), flag.as_str()));
    let settings = settings.iter().map(|setting| (damerau_levenshtein(own, setting), *setting));
    let (distance, nearest) = flags.chain(settings).min()?;
    (distance <= 3).then_some(nearest)
}

/// Returns the setting that differs from `name` in case, or in one of five characters and at most two. Such a variable may belong to
/// another program, so the distance is smaller than under the prefix.
fn almost<'k>(name: &str, settings: &[&'k str]) -> Option<&'k str> {
    if settings.contains(&name) {
        return None;
    }
    let name = name.to_ascii_uppercase();
    let settings = settings.iter().map(|setting| (damerau_levenshtein(&name, setting), *setting));
    let (distance, nearest) = settings.min()?;
    (distance <= (nearest.len() / 5).min(2)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_suggested() {
        let command = Command::new("app").args([
            Arg::new("listen").long("listen").env("APP_LISTEN"),
            Arg::new("admin-listen").long("admin-listen").env("APP_ADMIN_LISTEN"),
            Arg::new("peers").long("peers").env("APP_PEERS"),
        ]);
        let shown = |names: &[&str]| {
            let names: Vec<OsString> = names.iter().map(OsString::from).collect();
            let unknown =
                unknown_variables(&command, "APP", &["LOG_LEVEL", "DB_USER", "DATABASE_URL"], &names);
            unknown.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shown(&["APP_LISTN"]), ["APP_LISTN; did you mean APP_LISTEN?"]);
        assert_eq!(shown(&["APP_ADMINLISTEN"]), ["APP_ADMINLISTEN; did you mean APP_ADMIN_LISTEN?"]);
        assert_eq!(shown(&["APP_SOMETHING_ELSE"]), ["APP_SOMETHING_ELSE"]);
        assert!(shown(&["APP_LISTEN", "APP_PEERS", "APPLE", "APP", "OTHER_LISTN"]).is_empty());
        assert_eq!(shown(&["APP_LOG_LEVEL"]), ["APP_LOG_LEVEL; did you mean LOG_LEVEL?"]);
        assert_eq!(shown(&["APP_DATABASE_URI"]), ["APP_DATABASE_URI; did you mean DATABASE_URL?"]);
    }

    #[test]
    fn almost_named_setting_is_unknown() {
        let command = Command::new("app").arg(Arg::new("peers").long("peers").env("APP_PEERS"));
        let settings = ["CACHE_URL", "DATABASE_URL", "DB_USER", "LOG_LEVEL"];
        let shown = |name: &str| {
            let unknown = unknown_variables(&command, "APP", &settings, &[OsString::from(name)]);
            unknown.first().map(ToString::to_string)
        };
        for (name, setting) in [
            ("LOGLEVEL", "LOG_LEVEL"),
            ("LOG_LEVLE", "LOG_LEVEL"),
            ("log_level", "LOG_LEVEL"),
            ("DATABSE_URI", "DATABASE_URL"),
            ("DB_USERS", "DB_USER"),
        ] {
            assert_eq!(shown(name), Some(format!("{name}; did you mean {setting}?")));
        }
        for name in
            ["LOG_LEVEL", "LOG_FILE", "CACHE_TTL", "DB_HOST", "DB_NAME", "USER", "PATH", "DATABASE_NAME", ""]
        {
            assert_eq!(shown(name), None, "{name}");
        }
    }

    #[test]
    fn service_links_of_kubernetes_are_not_unknown() {
        for own in [
            "PORT",
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "PORT_80_TCP",
            "PORT_80_TCP_PROTO",
            "PORT_80_TCP_PORT",
            "PORT_80_TCP_ADDR",
            "PORT_53_UDP_ADDR",
            "PEERS_SERVICE_HOST",
            "PEERS_PORT",
            "PEERS_PORT_9090_TCP_ADDR",
        ] {
            assert!(is_service_link(own), "{own}");
        }
        for own in ["LISTN", "PORTS", "PORT_X_TCP", "PORT_80", "SERVICE", "HOST"] {
            assert!(!is_service_link(own), "{own}");
        }
    }
}
