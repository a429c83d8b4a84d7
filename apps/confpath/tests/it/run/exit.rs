//! The start, and the exit code.

use std::io::Write as _;
use std::process::{Output, Stdio};

use super::{agent, scene, without_log};
use crate::{Scene, write_program};

fn run(scene: &Scene, flags: &str, child: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = agent(scene, flags, child).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), without_log(&stderr))
}

#[test]
fn exit_code_is_the_childs() {
    let scene = scene();
    for code in [0, 1, 3, 64, 255] {
        assert_eq!(run(&scene, "", &["sh", "-c", &format!("exit {code}")]).0, code);
    }
}

#[test]
fn killed_child_gives_128_and_the_signal() {
    let scene = scene();
    for (name, number) in [("KILL", 9), ("TERM", 15), ("SEGV", 11), ("RTMIN", 34)] {
        let script = format!("import os, signal; os.kill(os.getpid(), signal.SIG{name})");
        assert_eq!(run(&scene, "", &["python3", "-c", &script]).0, 128 + number, "{name}");
    }
}

#[test]
fn command_that_cannot_start_is_reported() {
    let scene = scene();
    write_program(&scene.path().join("script"), "#!/no/such/interpreter\n");
    for (program, code, reason) in [
        ("no-such-program", 127, "it does not exist; give its path, or add its folder to PATH"),
        ("./script", 127, "the interpreter or loader that it names does not exist; install it in the image"),
        ("./contract.json", 126, "Permission denied (os error 13)"),
    ] {
        let (found, _, stderr) = run(&scene, "", &[program, "argument"]);
        assert_eq!((found, stderr), (code, format!("confpath: cannot start {program}: {reason}\n")));
    }
}

#[test]
fn refused_configuration_starts_nothing() {
    let scene = scene();
    scene.write("mount/config/PORT", "0");
    scene.write("mount/secrets/TOKEN", "no");
    let (code, stdout, stderr) = run(&scene, "", &["touch", "started"]);
    assert_eq!((code, stdout.as_str()), (64, ""));
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
    assert!(stderr.contains("PORT") && stderr.contains("TOKEN"), "{stderr}");
    assert!(!scene.path().join("started").exists());
}

#[test]
fn unreadable_configuration_is_no_verdict() {
    assert_eq!(run(&Scene::new(), "", &["true"]).0, 2);
}

#[test]
fn wrong_flag_is_no_start() {
    assert_eq!(run(&scene(), "--stop-timeout never", &["true"]).0, 64);
}

#[test]
fn flags_are_variables_too() {
    let scene = scene();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_confpath"));
    command.current_dir(scene.path()).args(["run", "--", "sh", "-c", "exit 5"]);
    command
        .env("CONFPATH_CONTRACT", "contract.json")
        .env("CONFPATH_CONFIG_DIR", "mount")
        .env("CONFPATH_OUT", "out");
    assert_eq!(command.output().unwrap().status.code(), Some(5));
}

#[test]
fn standard_input_passes_through() {
    let scene = scene();
    for flags in ["", "--mask-output"] {
        let mut command = agent(&scene, flags, &["cat"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"one\ntwo\n");
    }
}

#[test]
fn job_ends_while_its_orphans_live() {
    let scene = scene();
    for flags in ["", "--mask-output"] {
        // The orphan keeps the output open.
        let (code, stdout) = run_to_file(&scene, flags, "sleep 600 & echo $!; exit 4");
        assert_eq!(code, 4);
        let orphan = stdout.trim().parse().unwrap();
        assert!(super::listed(orphan).is_some());
        let orphan = rustix::process::Pid::from_raw(orphan).unwrap();
        rustix::process::kill_process(orphan, rustix::process::Signal::KILL).unwrap();
    }
}

/// Output into a file: who reads a pipe to its end waits for the orphan too.
fn run_to_file(scene: &Scene, flags: &str, script: &str) -> (i32, String) {
    let file = scene.path().join("output");
    let mut command = agent(scene, flags, &["sh", "-c", script]);
    let status = command.stdout(std::fs::File::create(&file).unwrap()).status().unwrap();
    (status.code().unwrap(), std::fs::read_to_string(&file).unwrap())
}
