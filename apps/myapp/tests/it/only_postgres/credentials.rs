//! A user who can edit the configuration must not be able to collect the password: a listener plays the server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use myapp::database::Reason;
use test_support::http::raw::blocking::get;
use test_support::postgres::Server;
use test_support::wait::{until, until_true};

use crate::DEADLINE;
use crate::databases::{borrowed, shared};
use crate::mount::Mount;
use crate::process::{PORTS, Serving, myapp, refusal};
use crate::service::Service;

const PASSWORD: &str = "canary-password-51be02";
const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");
/// A PostgreSQL server's request for the password in clear text: authentication request 3.
const CLEAR_TEXT: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];

/// Accepts every connection, and records all received bytes.
struct Impostor {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Impostor {
    /// Answers the TLS request with `tls`, and the next message with a request for the password.
    fn start(tls: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        std::thread::spawn({
            let heard = Arc::clone(&heard);
            move || listener.incoming().flatten().for_each(|stream| hear(stream, tls, &heard))
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }

    fn heard_password(&self) -> bool {
        self.heard().iter().any(|bytes| String::from_utf8_lossy(bytes).contains(PASSWORD))
    }
}

fn hear(mut stream: TcpStream, tls: u8, heard: &Mutex<Vec<Vec<u8>>>) {
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    let mut answers = [vec![tls], CLEAR_TEXT.to_vec()].into_iter();
    while let Ok(length @ 1..) = stream.read(&mut part) {
        all.extend_from_slice(&part[..length]);
        if answers.next().is_some_and(|answer| stream.write_all(&answer).is_err()) {
            break;
        }
    }
    heard.lock().unwrap().push(all);
}

fn files(url: &str) -> [(&'static str, &str); 3] {
    [KEY, ("secrets/DB_PASSWORD", PASSWORD), ("config/DATABASE_URL", url)]
}

#[test]
fn the_impostor_hears_a_password_that_is_sent() {
    let impostor = Impostor::start(b'N');
    let mut stream = TcpStream::connect(impostor.address).unwrap();
    let mut answer = [0; 1];
    stream.write_all(b"hello").unwrap();
    stream.read_exact(&mut answer).unwrap();
    stream.write_all(PASSWORD.as_bytes()).unwrap();
    drop(stream);
    until_true(DEADLINE, "heard", || impostor.heard_password());
}

#[test]
fn a_running_process_goes_to_no_other_server() {
    let impostor = Impostor::start(b'N');
    let database = shared().database();
    let mount = Mount::new(&files(&database.url()));
    let service = Service::as_told(&[&mount.flag()], &[], None);
    let port = impostor.address.port();
    for url in [
        format!("postgres://app@127.0.0.1:{port}/app?sslmode=disable"),
        format!("postgres://app@localhost:{port}/app?sslmode=disable"),
        format!("postgres://app@impostor.example:{port}/app?sslmode=verify-full"),
        format!("postgres://app@impostor.example:{port}/app?sslmode=require"),
    ] {
        mount.swap(&files(&url));
        until(
            DEADLINE,
            "refused",
            || get(service.admin, "/digests").json(),
            |seen| seen["state"] == "rejected" && seen["reasons"].to_string().contains("DATABASE_URL"),
        );
        mount.swap(&files(&database.url()));
        until(
            DEADLINE,
            "restored",
            || get(service.admin, "/digests").json(),
            |seen| seen["state"] == "converged",
        );
    }
    assert!(impostor.heard().is_empty());
}

#[test]
fn untrusted_server_gets_no_password_at_start() {
    for tls in [b'S', b'N'] {
        let impostor = Impostor::start(tls);
        let port = impostor.address.port();
        let url = format!("postgres://app@localhost:{port}/app?sslmode=verify-full");
        let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", PASSWORD), ("SECRET_KEY", "hush")];
        let service = Service::as_told(&[], &settings, None);
        assert_eq!(get(service.operator, "/config").status, 503);
        until_true(DEADLINE, "asked", || !impostor.heard().is_empty());
        assert!(!impostor.heard_password());
    }
}

#[test]
fn unwired_host_is_refused_whatever_its_certificate() {
    let impostor = Impostor::start(b'S');
    let url = format!("postgres://app@impostor.example:{}/app?sslmode=verify-full", impostor.address.port());
    let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", PASSWORD), ("SECRET_KEY", "hush")];
    for command in ["serve", "check"] {
        let (code, lines) = refusal(&[command, "--database-host=db.example"], &settings);
        assert_eq!(code, Some(64), "{lines:?}");
        assert_eq!(lines, ["myapp: DATABASE_URL: names another host than --database-host"]);
    }
    assert!(impostor.heard().is_empty());
}

#[test]
fn process_without_wired_host_trusts_only_loopback() {
    for host in ["db.example", "10.1.2.3", "[2001:db8::1]", "0.0.0.0", "localhost.example", "127.1"] {
        let url = format!("postgres://app@{host}/app?sslmode=verify-full");
        let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", PASSWORD), ("SECRET_KEY", "hush")];
        for command in ["serve", "check"] {
            let (code, lines) = refusal(&[command], &settings);
            assert_eq!((code, lines.len()), (Some(64), 1), "{host}: {lines:?}");
            assert!(
                lines[0]
                    .starts_with("myapp: DATABASE_URL: names a server beyond loopback, and --database-host")
            );
        }
    }
    for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[0:0::1]", "LOCALHOST"] {
        let url = format!("postgres://app@{host}/app?sslmode=verify-full");
        let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", PASSWORD), ("SECRET_KEY", "hush")];
        assert_eq!(refusal(&["check"], &settings), (Some(0), vec![]), "{host}");
    }
}

#[test]
fn wired_host_matches_any_spelling_of_one_host() {
    let url = "postgres://app@db.example/app?sslmode=verify-full";
    let settings = [("DATABASE_URL", url), ("DB_PASSWORD", PASSWORD), ("SECRET_KEY", "hush")];
    for host in ["db.example", "DB.Example", "db.example."] {
        assert_eq!(refusal(&["check", "--database-host", host], &settings).0, Some(0), "{host}");
    }
    for host in ["db.example:5432", "", "app@db.example", "postgres://db.example", "a,db.example"] {
        let (code, lines) = refusal(&["check", "--database-host", host], &settings);
        assert_eq!(code, Some(64), "{host}");
        assert!(lines[0].contains("the name or the address of one host"), "{lines:?}");
    }
}

#[test]
fn reload_to_unwired_host_is_refused() {
    let database = shared().database();
    let mount = Mount::new(&files(&database.url()));
    let service = Service::as_told(&[&mount.flag()], &[], None);
    mount.swap(&files("postgres://app@db.example/app?sslmode=verify-full"));
    let sentence = "names a server beyond loopback, and --database-host is not given";
    until(DEADLINE, "refused", || get(service.admin, "/digests").body, |seen| seen.contains(sentence));
}

/// The server has a trusted certificate and the wired name: the refusal concerns the authentication method.
#[test]
fn clear_text_password_authentication_is_refused() {
    let server = Server::start(&["fsync=off", "password_encryption=md5"]);
    let database = server.database();
    let ask = |url: &str, password: &str| {
        let settings = [("DATABASE_URL", url), ("DB_PASSWORD", password), ("SECRET_KEY", "hush")];
        let service = Service::as_told(&[], &settings, None);
        let checked = service.runtime.block_on(service.store.database().check());
        checked.map_err(|error| (error.reason, error.code.unwrap()))
    };
    let lax = database.url().replace("verify-full", "require");
    server.ask_by("md5");
    assert_eq!(ask(&database.url(), &database.password), Ok(()));
    assert_eq!(ask(&lax, &database.password), Err((Reason::Protocol, "md5_password".to_owned())));
    server.ask_by("password");
    for url in [database.url(), lax] {
        let refused = Err((Reason::Protocol, "clear_text_password".to_owned()));
        assert_eq!(ask(&url, &database.password), refused, "{url}");
    }
}

/// A password that SASLprep rejects is used unchanged, as in libpq.
#[test]
fn any_text_is_a_password() {
    for password in ["pä😀ss", "\u{627}1", "a\u{5d0}b", "\u{a0}x", "\u{fb03}", "p@ss/w%rd# 1", "\u{221}"] {
        let mut database = shared().database();
        database.alter_password(password);
        let url = database.url();
        let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", password), ("SECRET_KEY", "hush")];
        let service = Service::as_told(&[], &settings, None);
        assert_eq!(service.runtime.block_on(service.store.database().check()), Ok(()), "{password:?}");
    }
}

#[test]
fn libpq_environment_variables_are_ignored() {
    let database = shared().database();
    let url = database.url();
    let settings =
        [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", &database.password), ("SECRET_KEY", "hush")];
    let mut command = myapp(&PORTS, &settings);
    command.args(["--drain-min=0s", "--drain-quiet=0s"]);
    for (name, value) in [
        ("PGOPTIONS", "-c default_transaction_read_only=on -c search_path=other"),
        ("PGSSLCERT", "/nonexistent"),
        ("PGSSLKEY", "/nonexistent"),
        ("PGSSLROOTCERT", "/nonexistent"),
        ("PGSSLMODE", "disable"),
        ("PGAPPNAME", "other"),
        ("PGPASSFILE", "/nonexistent"),
        ("PGPASSWORD", "other"),
        ("PGHOST", "other.example"),
        ("PGHOSTADDR", "192.0.2.1"),
        ("PGPORT", "1"),
        ("PGUSER", "other"),
        ("PGDATABASE", "other"),
        ("PGTZ", "Asia/Tokyo"),
        ("PGCONNECT_TIMEOUT", "1"),
        ("PGCHANNELBINDING", "require"),
        ("PGTARGETSESSIONATTRS", "read-only"),
    ] {
        command.env(name, value);
    }
    let mut serving = Serving::spawn(command);
    let [public, _, _] = serving.addresses();
    until(DEADLINE, "ready", || get(public, "/readyz"), |seen| seen.status == 200);
    let named = "application_name = 'myapp' AND datname = current_database()";
    let sessions = database.sql(&format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE {named}"));
    assert_eq!(sessions, "t");
    serving.signal("-TERM");
    serving.ended();
}

#[test]
fn refused_password_appears_in_no_log_or_answer() {
    let database = shared().database();
    let settings = vec![
        ("DATABASE_URL", database.url()),
        ("DB_PASSWORD", PASSWORD.to_owned()),
        ("SECRET_KEY", "hush".to_owned()),
        ("LOG_LEVEL", "trace".to_owned()),
    ];
    let mut command = myapp(&PORTS, &borrowed(&settings));
    command.args(["--drain-min=0s", "--drain-quiet=0s"]);
    let mut serving = Serving::spawn(command);
    let [_, _, operator] = serving.addresses();
    let refused = get(operator, "/config");
    assert_eq!(refused.status, 503);
    assert!(!refused.body.contains(PASSWORD));
    serving.signal("-TERM");
    let (_, log) = serving.ended();
    assert!(log.iter().any(|line| line.contains("28P01")), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains(PASSWORD)), "{log:#?}");
}
