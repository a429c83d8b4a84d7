//! The faults of a rejected `DATABASE_URL`, part by part. No value is repeated: it may contain a password.

use crate::settings::authority::{self, NAME_CHARACTERS, is_name, is_root_certificates, is_word};

const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// Returns every fault found.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.is_empty() {
        faults.push("it is empty: leave it out for an SQLite file in the data directory".into());
    } else if let Some(path) = text.strip_prefix("sqlite:") {
        of_path(path, &mut faults);
    } else if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))
    {
        of_server(rest, &mut faults);
    } else {
        faults.push("it begins with none of sqlite:, postgres:// and postgresql://".into());
    }
    faults
}

fn of_path(path: &str, faults: &mut Vec<String>) {
    if path.is_empty() || path == "/" {
        faults.push("the path is empty".into());
    } else if path.starts_with("//") {
        faults
            .push("the path follows sqlite: without //, as in sqlite:data.db or sqlite:/data/data.db".into());
    }
    if !path.chars().all(|c| is_name(c) || c == '/') {
        faults.push(format!("the path has another character than {NAME_CHARACTERS} /"));
    }
}

fn of_server(rest: &str, faults: &mut Vec<String>) {
    let (address, query) = match rest.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (rest, None),
    };
    // A password, or a part that was omitted before it, may contain any character, so the last `@` ends the user.
    let (user, place) = match address.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, address),
    };
    of_user(user, faults);
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let is_loopback = authority::faults(authority, faults);
    if database.is_empty() {
        faults.push("the database is missing".into());
    } else if !is_word(database) {
        faults.push(format!(
            "the database has another character than {NAME_CHARACTERS}, or begins with . or -"
        ));
    }
    of_query(query, is_loopback, faults);
}

fn of_user(user: Option<&str>, faults: &mut Vec<String>) {
    let Some(user) = user else {
        return faults.push("the user is missing".into());
    };
    let (name, password) =
        user.split_once(':').map_or((user, None), |(name, password)| (name, Some(password)));
    if password.is_some() {
        faults.push("it contains a password, which DB_PASSWORD is for".into());
    }
    if name.is_empty() {
        faults.push("the user is missing".into());
    } else if !is_word(name) {
        faults.push(format!("the user has another character than {NAME_CHARACTERS}, or begins with . or -"));
    }
}

fn of_query(query: Option<&str>, is_loopback: bool, faults: &mut Vec<String>) {
    let (mut mode, mut has_roots) = (None, false);
    for (index, parameter) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        let number = index + 1;
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "sslmode" if mode.is_some() => {
                faults.push(format!("parameter {number} of the query is there twice"));
            }
            "sslrootcert" if has_roots => {
                faults.push(format!("parameter {number} of the query is there twice"));
            }
            "sslmode" => mode = Some(value),
            "sslrootcert" => {
                has_roots = true;
                if !is_root_certificates(value) {
                    faults.push(format!("sslrootcert is no absolute path of {NAME_CHARACTERS} /"));
                }
            }
            _ => faults
                .push(format!("parameter {number} of the query is not known: sslmode and sslrootcert are")),
        }
    }
    match mode {
        Some(mode) if !MODES.contains(&mode) => {
            faults.push(format!("sslmode is none of {}", MODES.join(", ")));
        }
        Some(mode) if !is_loopback && mode != "verify-full" => {
            faults.push("sslmode must be verify-full beyond loopback".into());
        }
        None if !is_loopback => {
            faults.push("sslmode is missing; beyond loopback it must be verify-full".into());
        }
        None if has_roots => faults.push("sslmode is missing beside sslrootcert".into()),
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::settings::contract;

    fn is_refused(text: &str) -> bool {
        !contract().unwrap().key("DATABASE_URL").unwrap().violations(text).is_empty()
    }

    #[test]
    fn each_wrong_part_is_named() {
        for (url, faults) in [
            ("", &["it is empty"][..]),
            ("mysql://a@b/c", &["it begins with none of"]),
            ("HTTP://x", &["it begins with none of"]),
            ("sqlite://data.db", &["without //"]),
            ("sqlite:///data.db", &["without //"]),
            ("sqlite:a b", &["the path has another character"]),
            ("postgres://app:hush@localhost/app", &["it contains a password"]),
            ("postgres://localhost/app", &["the user is missing"]),
            ("postgres://app@/app?sslmode=verify-full", &["the host is empty"]),
            ("postgres://app@h1,h2/app?sslmode=verify-full", &["several hosts"]),
            ("postgres://app@%2Fvar%2Frun/app?sslmode=verify-full", &["a socket"]),
            ("postgres://app@db.example./app?sslmode=verify-full", &["ends in a dot"]),
            ("postgres://app@::1/app?sslmode=verify-full", &["without brackets"]),
            ("postgres://app@db:0/app?sslmode=verify-full", &["the port"]),
            ("postgres://app@db?sslmode=verify-full", &["the database is missing"]),
            ("postgres://app@db/app", &["sslmode is missing"]),
            ("postgres://app@db/app?sslmode=require", &["sslmode must be verify-full"]),
            ("postgres://app@localhost/app?sslmode=full", &["sslmode is none of"]),
            (
                "postgres://app@db/app?sslmode=verify-full&options=-c",
                &["parameter 2 of the query is not known"],
            ),
            (
                "postgres://app@db/app?sslmode=verify-full&sslmode=verify-full",
                &["parameter 2 of the query is there twice"],
            ),
            ("postgres://app@localhost/app?sslrootcert=/ca.pem", &["sslmode is missing beside sslrootcert"]),
            (
                "postgres://app@db/app?sslmode=verify-full&sslrootcert=system",
                &["sslrootcert is no absolute path"],
            ),
            ("postgres://sa@proj.iam@10.0.0.5/app?sslmode=verify-full", &["the user has another character"]),
            (
                "postgres://app:hush@h1,h2:99999/?x=y",
                &[
                    "it contains a password",
                    "several hosts",
                    "the database is missing",
                    "parameter 1",
                    "sslmode is missing",
                ],
            ),
        ] {
            let found = of(url);
            assert_eq!(found.len(), faults.len(), "{url}: {found:?}");
            assert!(found.iter().zip(faults).all(|(found, fault)| found.contains(fault)), "{url}: {found:?}");
            assert!(is_refused(url) && !found.concat().contains("hush"), "{url}");
        }
    }

    fn url() -> impl Strategy<Value = String> {
        let scheme = select(vec![
            "postgres://",
            "postgresql://",
            "POSTGRES://",
            "sqlite:",
            "sqlite:/",
            "sqlite://",
            "",
        ]);
        let user = select(vec!["app@", "", "@", "a:b@", ":@", "a@b@", "-a@", "é@"]);
        let host = select(vec![
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "127.0.0.256",
            "127.1",
            "[::1]",
            "[::]",
            "[]",
            "::1",
            "db.example",
            "db.example.",
            "",
            "a,b",
            "-a",
            "a..b",
            "a-.b",
            "xn--a",
            "%2Ftmp",
            "[g]",
            "[:::::]",
            "[1:2:3:4:5:6:7:8]",
            "[1::3:4:5:6:7:8]",
            "[1:2::4:5:6:7:8:9]",
            "[::12345]",
            "[::ffff:10.0.0.1]",
            "a_b",
        ]);
        let port = select(vec!["", ":1", ":65535", ":65536", ":0", ":", ":a", ":01"]);
        let path = select(vec!["/app", "", "/", "/a/b", "/.a", "/a b", "/a#b"]);
        let query = select(vec![
            "",
            "?",
            "?sslmode=verify-full",
            "?sslmode=require",
            "?sslmode=",
            "?sslrootcert=/ca",
            "?sslrootcert=/ca&sslmode=verify-full",
            "?sslmode=verify-full&sslrootcert=/",
            "?sslmode=verify-full&x",
            "?sslmode=verify-full&",
            "?&sslmode=disable",
            "?sslmode=disable&sslrootcert=/a/b.pem",
        ]);
        (scheme, user, host, port, path, query).prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].concat())
    }

    fn address() -> impl Strategy<Value = String> {
        let group = prop_oneof![4 => "[0-9A-Fa-f]{1,4}", 1 => Just(String::new()), 1 => "[0-9a-g]{1,5}"];
        proptest::collection::vec(group, 1..10).prop_map(|groups| groups.join(":"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_contract_knows_an_address_of_ipv6(address in address()) {
            let url = format!("postgres://app@[{address}]/app?sslmode=verify-full");
            prop_assert_eq!(address.parse::<std::net::Ipv6Addr>().is_err(), is_refused(&url), "{}", url);
        }

        #[test]
        fn faults_are_found_where_the_contract_refuses(url in prop_oneof![4 => url(), 1 => "[ -~]{0,40}"]) {
            prop_assert_eq!(!of(&url).is_empty(), is_refused(&url), "{:?}: {:?}", url, of(&url));
        }
    }
}
