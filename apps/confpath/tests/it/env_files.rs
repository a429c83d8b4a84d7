//! Files of variables that are refused.

use crate::{MARKED, Scene};

#[test]
fn a_wrong_line_is_named_by_number() {
    let scene = Scene::new();
    scene.write(
        "a.env",
        format!("PORT\nPORT=1\nexport PORT=2\n=x\n\nTOKEN='{MARKED}'x\nLOG_LEVEL=\"\\q\"\nOTHER=\"\\q\"\n"),
    );
    assert_eq!(
        scene.check("--env-file a.env").problems(),
        [
            "LOG_LEVEL: has an escape other than \\\\ \\\" \\' \\$ \\n \\r \\t: write \\\\ for a backslash (from a.env:7)",
            "PORT: is given twice, also on line 2 (from a.env:3)",
            "TOKEN: has text after its closing quote (from a.env:6)",
            "a.env:1: the line has no =: write KEY=VALUE, or # before a comment",
            "a.env:4: the line has no name before its =",
            "a.env:8: has an escape other than \\\\ \\\" \\' \\$ \\n \\r \\t: write \\\\ for a backslash",
        ]
    );
    scene.write("a.env", b"PORT=1\nTOKEN=\xff\n");
    assert_eq!(scene.check("--env-file a.env").problems(), ["a.env: line 2 is not UTF-8 text"]);
}

#[test]
fn windows_lines_and_dollars_are_taken() {
    let scene = Scene::new();
    scene.write("a.env", "\u{feff}PORT=1\r\nTOKEN=abc\r\nPROXY_URL=$HOME\r\n");
    assert_eq!(scene.report("--env-file a.env").0, 0);
}
