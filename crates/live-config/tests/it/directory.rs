use std::os::unix::fs::symlink;

use live_config::{Origin, ReleaseState, Sources, Text, seal};
use tempfile::tempdir;

use crate::{mount, problems, read, write};

#[test]
fn projected_volume_is_read_through_data_link() {
    let directory = tempdir().unwrap();
    let seal = seal([("MODE", b"loud".as_slice())]);
    mount(
        directory.path(),
        &[("config/MODE", b"loud"), ("config/CONFIG_SEAL", seal.as_bytes()), ("secrets/TOKEN", b"hush\n")],
    );
    let loaded = read(&Sources::default().directory(directory.path())).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.settings.mode, "loud");
    assert_eq!(loaded.settings.token.expose(), "hush");
    assert_eq!(loaded.values["MODE"].origin, Origin::File(directory.path().join("config/MODE")));
    assert!(matches!(loaded.values["TOKEN"].text, Text::Secret(_)));
    assert_eq!(loaded.sums.release_state(), ReleaseState::Matches);
    assert_eq!(loaded.pinned().count(), 0);
}

#[test]
fn top_level_files_are_read_too() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("MODE", b"loud\n"), ("TOKEN", b"hush")]);
    let loaded = read(&Sources::default().directory(directory.path())).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.settings.mode, "loud");
    assert_eq!(loaded.sums.release_state(), ReleaseState::Unsealed);
}

#[test]
fn only_one_trailing_newline_is_stripped() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("config/MODE", b"loud\n\n"), ("secrets/TOKEN", b"hush\n")]);
    let found = problems(&Sources::default().directory(directory.path()));
    let path = directory.path().join("config/MODE");
    let expected = format!("MODE: contains a line break at character 5 (from file {})", path.display());
    assert_eq!(found, [expected]);
}

#[test]
fn trailing_newline_edit_shows_as_drift() {
    let directory = tempdir().unwrap();
    let seal = seal([("MODE", b"loud".as_slice())]);
    write(
        directory.path(),
        &[("config/MODE", b"loud\n"), ("config/CONFIG_SEAL", seal.as_bytes()), ("secrets/TOKEN", b"hush")],
    );
    let loaded = read(&Sources::default().directory(directory.path())).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.sums.release_state(), ReleaseState::Drifted);
}

#[test]
fn all_bad_files_are_named_without_secrets() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    write(
        path,
        &[
            ("config/MODE", &[0xff, 0xfe]),
            ("config/TOKEN", b"hush-hush"),
            ("secrets/TOKEN", &[b'x'; 2 << 20]),
        ],
    );
    symlink("nowhere", path.join("secrets/PASSWORD")).unwrap();
    let found = problems(&Sources::default().directory(path)).join("\n");
    let in_file = |name: &str| format!(" (from file {})", path.join(name).display());
    for expected in [
        format!("MODE: is not UTF-8 text{}", in_file("config/MODE")),
        format!(
            "TOKEN: is a secret and must not be in config/; mount it from a Secret below secrets/{}",
            in_file("config/TOKEN")
        ),
        format!("TOKEN: is a file of more than 65536 bytes{}", in_file("secrets/TOKEN")),
        format!("PASSWORD: is a dangling link{}", in_file("secrets/PASSWORD")),
    ] {
        assert!(found.contains(&expected), "{expected}\nnot in\n{found}");
    }
    assert_eq!(found.lines().count(), 4, "{found}");
    assert!(!found.contains("hush"));
}

#[test]
fn folder_in_place_of_file_is_named() {
    let directory = tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("config/MODE")).unwrap();
    write(directory.path(), &[("secrets/TOKEN", b"hush")]);
    let found = problems(&Sources::default().directory(directory.path()));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("MODE: is a directory where a file should be"), "{found:?}");
}

#[test]
fn the_same_key_in_two_places_is_refused() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("TOKEN", b"one"), ("secrets/TOKEN", b"two")]);
    let found = problems(&Sources::default().directory(directory.path()));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("TOKEN: is given twice, also in "), "{found:?}");
}

#[test]
fn unknown_files_are_reported_and_not_fatal() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("config/MODUS", b"loud"), ("secrets/TOKEN", b"hush")]);
    let loaded = read(&Sources::default().directory(directory.path())).unwrap_or_else(|p| panic!("{p}"));
    let [unknown] = &loaded.unknown[..] else { panic!("{:?}", loaded.unknown) };
    assert_eq!(unknown.path, directory.path().join("config/MODUS"));
    assert_eq!(unknown.suggestion.as_deref(), Some("MODE"));
    assert_eq!(loaded.settings.mode, "quiet");
}

#[test]
fn missing_directory_is_reported_with_path() {
    let found = problems(&Sources::default().directory("nowhere/at/all"));
    assert!(
        found.iter().any(|p| p.starts_with("nowhere/at/all: the configuration directory cannot be read")),
        "{found:?}"
    );
}

#[test]
fn generation_swapped_during_read_is_never_mixed() {
    let directory = tempdir().unwrap();
    let path = directory.path().to_path_buf();
    let generation = |number: usize| {
        let (mode, token) = if number.is_multiple_of(2) { ("quiet", "quiet") } else { ("loud", "loud") };
        let files: [(&str, &[u8]); 2] =
            [("config/MODE", mode.as_bytes()), ("secrets/TOKEN", token.as_bytes())];
        mount(&path, &files);
    };
    generation(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            (1..300).for_each(generation);
        });
        while !writer.is_finished() {
            // A read may give up while swaps never pause; what it may not do is mix.
            if let Ok(loaded) = read(&Sources::default().directory(&path)) {
                assert_eq!(loaded.settings.mode, loaded.settings.token.expose());
            }
        }
    });
    let loaded = read(&Sources::default().directory(&path)).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(loaded.settings.mode, "loud");
}

#[test]
fn broken_folder_gives_problem_not_defaults() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("TOKEN", b"hush"), ("config", b"")]);
    symlink("..data/secrets", directory.path().join("secrets")).unwrap();
    let found = problems(&Sources::default().directory(directory.path())).join("\n");
    for folder in ["config", "secrets"] {
        let path = directory.path().join(folder);
        let expected = format!("{}: the configuration directory cannot be read", path.display());
        assert!(found.contains(&expected), "{found}");
    }
}

#[test]
fn folders_as_own_volumes_are_read_whole() {
    let directory = tempdir().unwrap();
    let volume = directory.path().join("config");
    let generation = |number: usize| {
        let mode = if number.is_multiple_of(2) { "quiet" } else { "loud" };
        // Two values of one volume: the seal is only right for the mode of its own generation.
        let seal = seal([("MODE", mode.as_bytes())]);
        mount(&volume, &[("MODE", mode.as_bytes()), ("CONFIG_SEAL", seal.as_bytes())]);
    };
    generation(0);
    write(directory.path(), &[("secrets/TOKEN", b"hush")]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..300).for_each(generation));
        while !writer.is_finished() {
            if let Ok(loaded) = read(&Sources::default().directory(directory.path())) {
                assert_eq!(loaded.sums.release_state(), ReleaseState::Matches, "a mix of two generations");
            }
        }
    });
}
