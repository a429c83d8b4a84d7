//! Files of lines `KEY=VALUE`, as `docker compose` and dotenv read them, without interpolation: a `$` stays.

use std::collections::BTreeMap;
use std::path::Path;

use contract::Contract;
use live_config::Text;

use crate::input;
use crate::origin::{Given, Origin, Problem, Unknown, Value};

pub(super) fn read(contract: &Contract, path: &Path) -> Given {
    let mut given = Given::default();
    let Some(text) = input::read_text(path, &mut given) else { return given };
    let mut lines = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let origin = Origin::line(path, number);
        match parse(line) {
            Ok(None) => {}
            Ok(Some((name, text))) => {
                let Some(key) = contract.key(name) else {
                    given.unknown.extend(unknown(contract, name, origin));
                    continue;
                };
                // Docker takes the last line, other readers the first.
                if let Some(first) = lines.insert(name, number) {
                    let message = format!("is given twice, also on line {first}");
                    given.problems.push(Problem::new(name, message, Some(origin.clone())));
                }
                let text = Text::of(text, key.secret);
                given.values.insert(name.to_owned(), Value { text, origin });
            }
            Err((name, message)) => {
                let of_key = name.filter(|name| contract.key(name).is_some());
                if of_key.is_none() {
                    given.is_partial = true;
                }
                let subject = path.display().to_string();
                given.problems.push(Problem::new(of_key.unwrap_or(&subject), message, Some(origin)));
            }
        }
    }
    given
}

/// Most names in such a file belong to others: only a likely typing mistake is worth a line.
fn unknown(contract: &Contract, name: &str, origin: Origin) -> Option<Unknown> {
    let nearest = contract.nearest(name)?.to_owned();
    Some(Unknown { name: name.to_owned(), origin, nearest: Some(nearest) })
}

type NameAndFault<'a> = (Option<&'a str>, String);

/// Parses a line; `None` for a blank one and a comment.
///
/// # Errors
/// The name, where there is one, and the reason, which holds nothing of the line.
fn parse(line: &str) -> Result<Option<(&str, String)>, NameAndFault<'_>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let (name, value) = exported
        .unwrap_or(line)
        .split_once('=')
        .ok_or((None, "the line has no =: write KEY=VALUE, or # before a comment".to_owned()))?;
    let name = name.trim_start();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !is_name {
        return Err((None, "the line has no name before its =".to_owned()));
    }
    let text = unquote(value.trim_start()).map_err(|reason| (Some(name), reason.to_owned()))?;
    Ok(Some((name, text)))
}

fn unquote(value: &str) -> Result<String, &'static str> {
    let quoted = |quote: char| value.strip_prefix(quote);
    if let Some(rest) = quoted('\'') {
        let (text, rest) = rest.split_once('\'').ok_or("the quote ' is not closed on its line")?;
        return only_comment(rest).map(|()| text.to_owned());
    }
    if let Some(rest) = quoted('"') {
        let (text, rest) = double_quoted(rest)?;
        return only_comment(rest).map(|()| text);
    }
    // A # within a word is a part of it, as in a URL.
    let is_comment = |(at, _): &(usize, &str)| *at == 0 || value[..*at].ends_with([' ', '\t']);
    let end = value.match_indices('#').find(is_comment).map_or(value.len(), |(at, _)| at);
    Ok(value[..end].trim_end().to_owned())
}

fn only_comment(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { Err("has text after its closing quote") }
}

/// The text up to the closing quote, and what follows it.
fn double_quoted(rest: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((text, &rest[at + 1..])),
            '\\' => text.push(match characters.next() {
                Some((_, 'n')) => '\n',
                Some((_, 'r')) => '\r',
                Some((_, 't')) => '\t',
                Some((_, same @ ('\\' | '"' | '\'' | '$'))) => same,
                _ => {
                    return Err(r#"has an escape other than \\ \" \' \$ \n \r \t: write \\ for a backslash"#);
                }
            }),
            other => text.push(other),
        }
    }
    Err("the quote \" is not closed on its line")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_are_read_as_docker_reads_them() {
        for (line, name, text) in [
            ("A=b", "A", "b"),
            ("  export A =", "", ""),
            ("export  A=b c # d", "A", "b c"),
            ("A=", "A", ""),
            ("A= # c", "A", ""),
            ("A=http://h/#x", "A", "http://h/#x"),
            ("A='b \"#$c\\n' # d", "A", "b \"#$c\\n"),
            (r#"A="b\"\\\n\t\$x $y" #d"#, "A", "b\"\\\n\t$x $y"),
            ("A=b=c", "A", "b=c"),
            ("exported=1", "exported", "1"),
        ] {
            let expected = (!name.is_empty()).then(|| (name, text.to_owned()));
            assert_eq!(parse(line).ok().flatten(), expected, "{line}");
        }
        assert!(
            parse("").is_ok_and(|line| line.is_none()) && parse(" # a=b").is_ok_and(|line| line.is_none())
        );
        for line in ["A", "=b", "A B=c", "A='b", "A=\"b", r#"A="\q""#, "A='b'c", "A=\"b\\"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
