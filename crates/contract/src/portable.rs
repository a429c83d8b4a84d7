//! The subset of regular expressions that RE2, ECMAScript (with its flag `u`) and this crate read alike.

use std::iter::Peekable;
use std::str::Chars;

/// Most repetitions that RE2 counts.
const MAX_REPETITIONS: u32 = 1000;

/// Escapes of single characters and of classes that all three have. `\s` is none: the engines disagree on white space; nor is
/// `\b`: Java before 19 takes letters of all languages for parts of a word.
const ESCAPES: &str = r"^$\.*+?()[]{}|/-fnrtvdDwWx";

/// Checks a pattern that compiles here for syntax that another engine refuses or reads in another way.
pub(crate) fn check_portable(pattern: &str) -> Result<(), String> {
    let mut rest = pattern.chars().peekable();
    let mut follows_quantifier = false;
    while let Some(character) = rest.next() {
        let is_quantifier = matches!(character, '*' | '+' | '?' | '{');
        if is_quantifier && follows_quantifier {
            return Err("a quantifier after a quantifier is not read alike by RE2 and ECMAScript".into());
        }
        match character {
            '\\' => escape(&mut rest)?,
            '[' => class(&mut rest)?,
            '(' => group(&mut rest)?,
            '{' => repetition(&mut rest)?,
            ']' | '}' => return Err(format!("{character} must be written as \\{character}")),
            _ => {}
        }
        if is_quantifier {
            rest.next_if_eq(&'?');
        }
        follows_quantifier = is_quantifier;
    }
    Ok(())
}

fn escape(rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    let Some(escaped) = rest.next() else { return Ok(()) };
    let is_hexadecimal = escaped != 'x' || (0..2).all(|_| rest.next_if(char::is_ascii_hexdigit).is_some());
    if ESCAPES.contains(escaped) && is_hexadecimal {
        Ok(())
    } else {
        Err(format!("\\{escaped} is not read alike by RE2 and ECMAScript"))
    }
}

fn group(rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    if rest.next_if_eq(&'?').is_some() && rest.next() != Some(':') {
        return Err("only groups of the forms (…) and (?:…) are read alike by RE2 and ECMAScript".into());
    }
    Ok(())
}

/// Reads a class to its end. Classes of POSIX, classes in classes and set operations are of one engine each.
fn class(rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    rest.next_if_eq(&'^');
    if rest.peek() == Some(&']') {
        return Err("] in a class must be written as \\]".into());
    }
    let mut last = None;
    while let Some(character) = rest.next() {
        match character {
            ']' => return Ok(()),
            '[' => return Err("[ in a class must be written as \\[".into()),
            '&' | '-' | '~' if last == Some(character) => {
                return Err(format!(
                    "{character}{character} in a class is not read alike by RE2 and ECMAScript"
                ));
            }
            '\\' => class_escape(rest)?,
            _ => {}
        }
        last = Some(character);
    }
    Ok(())
}

/// Reads an escape in a class. A class such as `\w` is no end of a range.
fn class_escape(rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    let escaped = rest.peek().copied().unwrap_or_default();
    escape(rest)?;
    let is_class = "dDwW".contains(escaped);
    let mut after = rest.clone();
    let begins_range = after.next() == Some('-') && after.next() != Some(']');
    if is_class && begins_range {
        return Err(format!("\\{escaped} in a class is not read alike by RE2 and ECMAScript"));
    }
    Ok(())
}

fn repetition(rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    let mut numbers = String::new();
    while let Some(character) = rest.next_if(|character| *character != '}') {
        numbers.push(character);
    }
    rest.next();
    let is_count = |number: &str| number.parse::<u32>().is_ok_and(|number| number <= MAX_REPETITIONS);
    let is_portable = match numbers.split_once(',') {
        None => is_count(&numbers),
        Some((least, most)) => is_count(least) && (most.is_empty() || is_count(most)),
    };
    let refusal = || format!("{{{numbers}}} must be {{N}}, {{N,}} or {{N,M}} with at most {MAX_REPETITIONS}");
    is_portable.then_some(()).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::check_portable;
    use crate::format::FORMATS;

    #[test]
    fn syntax_of_one_engine_is_refused() {
        for pattern in [
            r"^(?:\s)$",
            r"^(?i:a)$",
            "^(?P<n>a)$",
            "^(?<n>a)$",
            r"\Aa\z",
            "[[:alpha:]]",
            "[]a]",
            "[^]a]",
            "[a[b]",
            "[a&&b]",
            "[a--b]",
            r"[\w-.]",
            r"[\b]",
            "a**",
            "a{2}{3}",
            "a{1001}",
            "a{,3}",
            "a]",
            "a}",
            r"\x{41}",
            r"\a",
            r"\<a",
        ] {
            assert!(check_portable(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn syntax_of_all_engines_is_accepted() {
        for pattern in [
            r"^(?:a|(b)+?|[^a-z.-]{2,}|\d{1,3}|[\w.-]\x41\.)$",
            r"^(?:[A-Z\]\[^-]*|x{0,1000}?|\/\-)$",
            "^(?:[?*{+}]é.)$",
        ]
        .into_iter()
        .chain(FORMATS.iter().map(|format| format.pattern))
        {
            assert_eq!(check_portable(pattern), Ok(()), "{pattern}");
        }
    }
}
