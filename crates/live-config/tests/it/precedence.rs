use std::os::unix::ffi::OsStringExt as _;

use live_config::{Origin, Sources};
use tempfile::tempdir;

use crate::{problems, read, write};

#[test]
fn precedence_is_environment_directory_fallback_default() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("config/MODE", b"loud"), ("secrets/TOKEN", b"from-file")]);
    let sources = Sources::default()
        .directory(directory.path())
        .environment([("TOKEN", "from-environment"), ("UNRELATED", "x")])
        .fallback("TOKEN", "generated".into())
        .fallback("PASSWORD", "generated".into());
    let loaded = read(&sources).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.settings.token.expose(), "from-environment");
    assert_eq!(loaded.settings.password.expose(), "generated");
    assert_eq!(loaded.pinned().collect::<Vec<_>>(), ["TOKEN"]);
    assert_eq!(loaded.values["PASSWORD"].origin, Origin::Generated);
    let nothing = Sources::default().environment([("TOKEN", "x")]);
    let loaded = read(&nothing).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.values["MODE"].origin, Origin::Default);
    assert_eq!(loaded.settings.mode, "quiet");
}

#[test]
fn refused_and_missing_values_are_reported_together() {
    let found = problems(&Sources::default().environment([("MODE", "LOUD")]));
    assert_eq!(
        found,
        ["MODE: must be quiet, loud or server (from environment)", "TOKEN: is required and not given",]
    );
}

#[test]
fn a_rule_between_two_keys_names_its_reason() {
    let found =
        problems(&Sources::default().environment([("MODE", "server"), ("TOKEN", "t"), ("PASSWORD", "")]));
    assert_eq!(found, ["PASSWORD: is required, since MODE is server"]);
}

#[test]
fn non_utf8_variable_is_refused_without_value() {
    let bytes = std::ffi::OsString::from_vec(vec![b'h', b'u', 0xff]);
    let sources = Sources::default().environment([("TOKEN", bytes)]);
    assert_eq!(problems(&sources), ["TOKEN: is not UTF-8 text (from environment)"]);
}
