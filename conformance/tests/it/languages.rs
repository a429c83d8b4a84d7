//! The build of all readers of one language into one program.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use contract::generate::readers;

use super::run::{Reader, driver, output};

const SOURCE: &str = "contract.json";

pub(super) fn python() -> Reader {
    Reader {
        name: "python",
        build: |suite, folder| {
            for (number, contract) in suite.contracts.iter().enumerate() {
                fs::write(folder.join(format!("c{number}.py")), readers::python::python(contract, SOURCE))
                    .unwrap();
            }
            let mut compiler = Command::new("python3");
            output(compiler.args(["-W", "error", "-m", "compileall", "-q"]).arg(folder));
            let mut command = Command::new("python3");
            command.args(["-W", "error"]).arg(driver("python/driver.py")).env("PYTHONPATH", folder);
            command
        },
    }
}

pub(super) fn go() -> Reader {
    Reader {
        name: "go",
        build: |suite, folder| {
            let mut loaders = String::from("package main\n\nimport (\n");
            let numbers = 0..suite.contracts.len();
            for number in numbers.clone() {
                let _ = writeln!(loaders, "\t\"readers/c{number}\"");
            }
            loaders.push_str(")\n\nvar loaders = []loader{\n");
            for (number, contract) in numbers.zip(&suite.contracts) {
                let package = folder.join(format!("c{number}"));
                fs::create_dir_all(&package).unwrap();
                let text = readers::go::go(contract, SOURCE, &format!("c{number}"));
                fs::write(package.join("settings.go"), text).unwrap();
                let load = format!("c{number}.LoadFrom(dir, lookup)");
                let _ =
                    writeln!(loaders, "\tfunc(dir string, lookup lookup) (any, error) {{ return {load} }},");
            }
            fs::write(folder.join("loaders.go"), loaders + "}\n").unwrap();
            fs::write(folder.join("go.mod"), "module readers\n\ngo 1.21\n").unwrap();
            fs::copy(driver("go/main.go"), folder.join("main.go")).unwrap();
            let unformatted = output(Command::new("gofmt").args(["-l", "."]).current_dir(folder));
            // Of the written files: the table of loaders is the test's own.
            assert_eq!(unformatted.lines().filter(|file| *file != "loaders.go").collect::<String>(), "");
            let mut vet = Command::new("go");
            output(vet.args(["vet", "./c0", "./c1", "./c2"]).current_dir(folder).env("GOTOOLCHAIN", "local"));
            let program = folder.join("driver");
            let mut compiler = Command::new("go");
            output(
                compiler.args(["build", "-o"]).arg(&program).current_dir(folder).env("GOTOOLCHAIN", "local"),
            );
            Command::new(program)
        },
    }
}

pub(super) fn typescript() -> Reader {
    Reader {
        name: "typescript",
        build: |suite, folder| {
            for (number, contract) in suite.contracts.iter().enumerate() {
                let text = readers::typescript::typescript(contract, SOURCE);
                fs::write(folder.join(format!("c{number}.ts")), text).unwrap();
            }
            for file in ["package.json", "package-lock.json", "tsconfig.json", "driver.js"] {
                fs::copy(driver("node").join(file), folder.join(file)).unwrap();
            }
            let mut install = Command::new("npm");
            let flags = ["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
            output(install.args(flags).current_dir(folder));
            output(
                Command::new("node").args(["node_modules/typescript/bin/tsc", "-p", "."]).current_dir(folder),
            );
            let mut command = Command::new("node");
            command.arg("driver.js").current_dir(folder);
            command
        },
    }
}

pub(super) fn java() -> Reader {
    Reader {
        name: "java",
        build: |suite, folder| {
            let mut sources = vec![driver("java/Driver.java").display().to_string()];
            for (number, contract) in suite.contracts.iter().enumerate() {
                let package = folder.join(format!("c{number}"));
                fs::create_dir_all(&package).unwrap();
                let file = package.join("Settings.java");
                fs::write(&file, readers::java::java(contract, SOURCE, &format!("c{number}"))).unwrap();
                sources.push(file.display().to_string());
            }
            let list = folder.join("sources");
            fs::write(&list, sources.join("\n")).unwrap();
            let mut compiler = Command::new("javac");
            // The oldest version that is supported, and as a machine compiles that has no locale.
            compiler.arg("-J-XX:TieredStopAtLevel=1").args([
                "--release",
                "17",
                "-Xlint:all",
                "-Xdoclint:all/protected",
                "-Werror",
                "-encoding",
                "US-ASCII",
                "-d",
            ]);
            output(compiler.arg(folder).arg(format!("@{}", list.display())));
            let mut command = Command::new("java");
            command
                .args(["-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp"])
                .arg(folder)
                .arg("Driver");
            command
        },
    }
}
