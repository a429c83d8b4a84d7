//! The faults of a rejected `CACHE_URL`, part by part. No value is repeated: it may contain a password.

use crate::settings::authority::{self, NAME_CHARACTERS, is_root_certificates, is_word};

/// Returns every fault found.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (tls, rest) = match (text.strip_prefix("redis://"), text.strip_prefix("rediss://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ if text.is_empty() => return vec!["it is empty: leave it out to be without a cache".into()],
        _ => return vec!["it begins with neither redis:// nor rediss://".into()],
    };
    let (address, query) = match rest.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (rest, None),
    };
    // A password may contain any character, so the last `@` ends it.
    let place = match address.rsplit_once('@') {
        Some((user, place)) => {
            of_user(user, &mut faults);
            place
        }
        None => address,
    };
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let is_loopback = authority::faults(authority, &mut faults);
    if !tls && !is_loopback {
        faults.push("it must be rediss:// beyond loopback".into());
    }
    let is_number = database.bytes().all(|byte| byte.is_ascii_digit())
        && database.len() <= 4
        && (database == "0" || !database.starts_with('0'));
    if !is_number {
        faults.push("the number of the database is not one from 0 to 9999".into());
    }
    match query.map(|query| query.strip_prefix("sslrootcert=")) {
        None => {}
        Some(None) => faults.push("the query is not known: sslrootcert is".into()),
        Some(Some(_)) if !tls => faults.push("sslrootcert is for rediss://".into()),
        Some(Some(path)) if !is_root_certificates(path) => {
            faults.push(format!("sslrootcert is no absolute path of {NAME_CHARACTERS} /"));
        }
        Some(Some(_)) => {}
    }
    faults
}

fn of_user(user: &str, faults: &mut Vec<String>) {
    let name = user.split_once(':').map_or(user, |(name, _)| name);
    if name.len() < user.len() {
        faults.push("it contains a password, which CACHE_PASSWORD is for".into());
    }
    if name.is_empty() {
        faults.push("the user is empty".into());
    } else if !is_word(name) {
        faults.push(format!("the user has another character than {NAME_CHARACTERS}, or begins with . or -"));
    }
}
