//! Whole directories and folders that are swapped, moved away and brought back while they are read.

use std::fs::{self, rename};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use live_config::{Loaded, Problems, Sources};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use tempfile::tempdir;

use crate::{Settings, mount, problems, read, write};

/// Long enough for thousands of swaps.
const CHURN: Duration = Duration::from_millis(1500);

/// Runs `change` again and again while `look` runs again and again; returns how often `look` was true.
fn while_it_changes(mut change: impl FnMut(usize) + Send, mut look: impl FnMut() -> bool) -> usize {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                change(number);
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        // Ends the writer also where a look panics.
        let _end = SetOnDrop(&done);
        let begun = Instant::now();
        let mut seen = 0;
        while begun.elapsed() < CHURN {
            seen += usize::from(look());
        }
        seen
    })
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns true if the read succeeded; panics if mode and token, which are the same word in each state, differ.
fn is_whole(read: Result<Loaded<Settings>, Problems>) -> bool {
    read.is_ok_and(|loaded| {
        assert_eq!(loaded.settings.mode, loaded.settings.token.expose(), "a mix, or a default");
        true
    })
}

fn state(directory: &Path, word: &str) {
    write(directory, &[("config/MODE", word.as_bytes()), ("secrets/TOKEN", word.as_bytes())]);
}

/// A state as the kubelet mounts it, and that state as a plain directory.
fn layouts(home: &Path, name: &str, word: &str) -> [std::path::PathBuf; 2] {
    let [volume, plain] = ["volume", "plain"].map(|kind| home.join(format!("{kind}-{name}")));
    let files = [("config/MODE", word.as_bytes()), ("secrets/TOKEN", word.as_bytes())];
    mount(&volume, &files);
    write(&plain, &files);
    [volume, plain]
}

#[test]
fn flipped_link_never_mixes_two_directories() {
    let home = tempdir().unwrap();
    let (loud, quiet) = (layouts(home.path(), "loud", "loud"), layouts(home.path(), "quiet", "quiet"));
    for targets in [[&loud[0], &quiet[0]], [&loud[1], &quiet[1]]] {
        let (link, fresh) = (home.path().join("link"), home.path().join("fresh"));
        let _ = fs::remove_file(&link);
        symlink(targets[0], &link).unwrap();
        let sources = Sources::default().directory(&link);
        let flip = |number: usize| {
            symlink(targets[number % 2], &fresh).unwrap();
            rename(&fresh, &link).unwrap();
            // Now and then a pause in which a read can end.
            if number.is_multiple_of(64) {
                thread::sleep(Duration::from_millis(60));
            }
        };
        assert!(while_it_changes(flip, || is_whole(read(&sources))) > 0, "nothing was read");
    }
}

#[test]
fn exchanged_directories_are_never_mixed() {
    let home = tempdir().unwrap();
    let (loud, quiet) = (layouts(home.path(), "loud", "loud"), layouts(home.path(), "quiet", "quiet"));
    for (home, other) in loud.iter().zip(&quiet) {
        let sources = Sources::default().directory(home);
        let exchange = |number: usize| {
            renameat_with(CWD, home, CWD, other, RenameFlags::EXCHANGE).unwrap();
            if number.is_multiple_of(64) {
                thread::sleep(Duration::from_millis(60));
            }
        };
        assert!(while_it_changes(exchange, || is_whole(read(&sources))) > 0, "nothing was read");
    }
}

/// Moves `folder` to `away` and back at once; rests after every 64th time, so that a read can succeed.
fn move_away_and_back(folder: &Path, away: &Path, number: usize) {
    rename(folder, away).unwrap();
    rename(away, folder).unwrap();
    if number.is_multiple_of(64) {
        thread::sleep(Duration::from_millis(60));
    }
}

#[test]
fn folder_away_for_a_moment_gives_no_defaults() {
    let home = tempdir().unwrap();
    for directory in layouts(home.path(), "loud", "loud") {
        let data = directory.join("..data");
        let inside = if data.exists() { data } else { directory.clone() };
        let sources = Sources::default().directory(&directory);
        assert!(is_whole(read(&sources)));
        for (folder, away) in [("config", "..away"), ("secrets", "..gone")] {
            let (folder, away) = (inside.join(folder), inside.join(away));
            let change = |number| move_away_and_back(&folder, &away, number);
            assert!(while_it_changes(change, || is_whole(read(&sources))) > 0);
        }
    }
}

#[test]
fn directory_away_for_a_moment_gives_no_defaults() {
    let home = tempdir().unwrap();
    for directory in layouts(home.path(), "loud", "loud") {
        let away = home.path().join("away");
        let sources = Sources::default().directory(&directory);
        assert!(is_whole(read(&sources)));
        let change = |number| move_away_and_back(&directory, &away, number);
        assert!(while_it_changes(change, || is_whole(read(&sources))) > 0);
    }
}

/// The writer changes one file after the other, so that the second is never ahead of the first on disk.
#[test]
fn values_of_a_plain_directory_were_there_together() {
    let directory = tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let beside = directory.path().join("..beside");
        fs::write(&beside, text).unwrap();
        rename(&beside, directory.path().join(name)).unwrap();
    };
    put("PASSWORD", "0");
    put("TOKEN", "0");
    let sources = Sources::default().directory(directory.path());
    let advance = |number: usize| {
        put("PASSWORD", &format!("{}", number + 1));
        put("TOKEN", &format!("{}", number + 1));
        if number.is_multiple_of(64) {
            thread::sleep(Duration::from_millis(60));
        }
    };
    let look = || {
        read(&sources).is_ok_and(|loaded| {
            let [first, second] = [&loaded.settings.password, &loaded.settings.token]
                .map(|secret| secret.expose().parse::<usize>().unwrap());
            assert!(first == second || first == second + 1, "{first} and {second} were never there together");
            true
        })
    };
    assert!(while_it_changes(advance, look) > 0, "nothing was read");
}

/// Returns the result of `step`; panics if `step` blocks for 20 s.
fn within_deadline<T: Send + 'static>(step: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(step()));
    ended.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("the reader is blocked"))
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn fifo_and_socket_are_named_and_block_nothing() {
    let directory = tempdir().unwrap();
    write(directory.path(), &[("secrets/TOKEN", b"hush")]);
    fs::create_dir(directory.path().join("config")).unwrap();
    fifo(&directory.path().join("config/MODE"));
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("PASSWORD")).unwrap();
    let sources = Sources::default().directory(directory.path());
    let found = within_deadline(move || problems(&sources));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("MODE: is not a regular file (from file "), "{found:?}");
    assert!(found[1].starts_with("PASSWORD: is not a regular file (from file "), "{found:?}");
}

#[test]
fn fifo_replacing_file_during_read_blocks_nothing() {
    let home = tempdir().unwrap();
    let directory = home.path().join("mount");
    state(&directory, "loud");
    let mode = directory.join("config/MODE");
    within_deadline(move || {
        let sources = Sources::default().directory(&directory);
        let beside = home.path().join("beside");
        let swap = |number: usize| {
            match number % 2 {
                0 => fs::write(&beside, "loud").unwrap(),
                _ => fifo(&beside),
            }
            rename(&beside, &mode).unwrap();
        };
        while_it_changes(swap, || is_whole(read(&sources)));
    });
}

/// The one sentence that a read gives of what is gone.
fn gone(sources: &Sources) -> String {
    let found = problems(sources);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn lost_folder_is_reported_until_restored() {
    let home = tempdir().unwrap();
    for directory in layouts(home.path(), "loud", "loud") {
        let data = directory.join("..data");
        let inside = if data.exists() { data } else { directory.clone() };
        let sources = Sources::default().directory(&directory);
        assert!(is_whole(read(&sources)));
        for name in ["config", "secrets"] {
            let (folder, away) = (inside.join(name), inside.join("..away"));
            rename(&folder, &away).unwrap();
            let shown = directory.join(name);
            let expected = "the configuration directory was there at the last read and is gone";
            for _ in 0..2 {
                assert_eq!(gone(&sources), format!("{}: {expected}", shown.display()));
            }
            // Another folder in its place, with nothing in it: what an unmounted volume leaves behind.
            fs::create_dir(&folder).unwrap();
            assert!(gone(&sources).ends_with("held files at the last read and is an empty one now"));
            fs::remove_dir(&folder).unwrap();
            rename(&away, &folder).unwrap();
            assert!(is_whole(read(&sources)));
        }
    }
}

#[test]
fn lost_directory_is_reported_as_one_cause() {
    let home = tempdir().unwrap();
    for directory in layouts(home.path(), "loud", "loud") {
        let sources = Sources::default().directory(&directory);
        assert!(is_whole(read(&sources)));
        rename(&directory, home.path().join("away")).unwrap();
        assert!(gone(&sources).contains("the configuration directory cannot be read"), "{}", gone(&sources));
        fs::create_dir(&directory).unwrap();
        let found = problems(&sources).join("\n");
        assert!(found.contains("at the last read"), "{found}");
        assert!(!found.contains("is required"), "one cause, one kind of sentence: {found}");
        fs::remove_dir(&directory).unwrap();
        rename(home.path().join("away"), &directory).unwrap();
        assert!(is_whole(read(&sources)));
    }
}

#[test]
fn volume_without_data_link_is_no_plain_directory() {
    let home = tempdir().unwrap();
    let volume = home.path().join("config");
    mount(&volume, &[("MODE", b"loud")]);
    write(home.path(), &[("secrets/TOKEN", b"loud")]);
    let sources = Sources::default().directory(home.path());
    assert!(is_whole(read(&sources)));
    // As where the volume is unmounted: nothing of it is left but the folder.
    fs::remove_file(volume.join("MODE")).unwrap();
    fs::remove_file(volume.join("..data")).unwrap();
    assert!(gone(&sources).ends_with("was a volume at the last read, and its link ..data is gone"));
}

#[test]
fn key_dropped_by_new_generation_takes_default() {
    let home = tempdir().unwrap();
    let files: [(&str, &[u8]); 3] =
        [("config/MODE", b"loud"), ("config/CONFIG_SEAL", b"0"), ("secrets/TOKEN", b"t")];
    mount(home.path(), &files);
    let sources = Sources::default().directory(home.path());
    assert_eq!(read(&sources).unwrap_or_else(|p| panic!("{p}")).settings.mode, "loud");
    mount(home.path(), &files[1..]);
    assert_eq!(read(&sources).unwrap_or_else(|p| panic!("{p}")).settings.mode, "quiet");
}

#[test]
fn new_generation_may_have_an_empty_folder() {
    let home = tempdir().unwrap();
    mount(home.path(), &[("config/MODE", b"loud"), ("secrets/TOKEN", b"t")]);
    let sources = Sources::default().directory(home.path());
    assert_eq!(read(&sources).unwrap_or_else(|p| panic!("{p}")).settings.mode, "loud");
    mount(home.path(), &[("secrets/TOKEN", b"t")]);
    fs::create_dir(home.path().join("..data/config")).unwrap();
    symlink("..data/config", home.path().join("config")).unwrap();
    assert_eq!(read(&sources).unwrap_or_else(|p| panic!("{p}")).settings.mode, "quiet");
}

#[test]
fn file_removed_from_plain_folder_takes_default() {
    let home = tempdir().unwrap();
    state(home.path(), "loud");
    let sources = Sources::default().directory(home.path());
    assert!(is_whole(read(&sources)));
    fs::remove_file(home.path().join("config/MODE")).unwrap();
    assert_eq!(read(&sources).unwrap_or_else(|p| panic!("{p}")).settings.mode, "quiet");
}

#[test]
fn folder_mounted_onto_a_volume_is_read() {
    let home = tempdir().unwrap();
    mount(home.path(), &[("config/MODE", b"loud")]);
    write(home.path(), &[("secrets/TOKEN", b"loud")]);
    assert!(is_whole(read(&Sources::default().directory(home.path()))));
}
