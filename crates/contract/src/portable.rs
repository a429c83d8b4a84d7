//! The subset of regular expressions that RE2, ECMAScript (with its flag `u`) and this crate read alike.

use std::iter::Peekable;
use std::str::Chars;

/// Most repetitions that RE2 counts.
const MAX_REPETITIONS: u32 = 1000;

/// Escapes of single characters and of classes that all three have. `\s` is none: the engines disagree on white space; nor is
/// `\b`: Java before 19 takes letters of all languages for parts of a word.
const ESCAPES: &str = r"^$\.*+?()[]{}|/fnrtvdDwWx";

/// Checks a pattern that compiles here for syntax that another engine refuses or reads in another way.
pub(crate) fn check_portable(pattern: &str) -> Result<(), String> {
    let mut rest = pattern.chars().peekable();
    let mut follows_quantifier = false;
    let mut repetitions = Repetitions::default();
    while let Some(character) = rest.next() {
        let is_quantifier = matches!(character, '*' | '+' | '?' | '{');
        if is_quantifier && follows_quantifier {
            return Err("a quantifier after a quantifier is not read alike by RE2 and ECMAScript".into());
        }
        if !is_quantifier {
            repetitions.part(character);
        }
        match character {
            '\\' => escape(&mut rest)?,
            '[' => class(&mut rest)?,
            '(' => group(&mut rest)?,
            '{' => repetitions.repeat(repetition(&mut rest)?)?,
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

/// Returns true if the group that begins `pattern` after `^` is closed by its last `)` and not before. Unlike [`check_portable`] it is
/// asked first, of a text that may be no regular expression at all.
pub(crate) fn is_one_group(pattern: &str) -> bool {
    let Some(inner) = pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")) else {
        return false;
    };
    let mut depth = 0_usize;
    let (mut is_in_class, mut is_escaped) = (false, false);
    for character in inner.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ']' => is_in_class = false,
            _ if is_in_class => {}
            '[' => is_in_class = true,
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && !is_escaped && !is_in_class
}

/// Products of the repetitions in repetitions, which RE2 limits as it does a single one.
#[derive(Default)]
struct Repetitions {
    /// The greatest product in each open group.
    groups: Vec<u32>,
    /// The greatest product in the part that a quantifier would follow.
    last: u32,
}

impl Repetitions {
    /// Notes the first character of a part.
    fn part(&mut self, character: char) {
        match character {
            '(' => self.groups.push(1),
            ')' => {
                self.last = self.groups.pop().unwrap_or(1);
                self.raise();
            }
            _ => self.last = 1,
        }
    }

    /// Notes a repetition of the last part.
    fn repeat(&mut self, count: u32) -> Result<(), String> {
        // RE2 does not count `*`, and `{0,}` is the same.
        self.last = self.last.saturating_mul(count.max(1));
        self.raise();
        if self.last <= MAX_REPETITIONS {
            return Ok(());
        }
        let product = self.last;
        Err(format!("repetitions in repetitions: {product} times, and RE2 counts to {MAX_REPETITIONS}"))
    }

    fn raise(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            *group = (*group).max(self.last);
        }
    }
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
    // ECMAScript takes this one in a class only.
    if rest.next_if_eq(&'-').is_some() {
        return Ok(());
    }
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

/// Reads a repetition to its end; returns how often it repeats at most or, where it has no end, at least.
fn repetition(rest: &mut Peekable<Chars<'_>>) -> Result<u32, String> {
    let mut numbers = String::new();
    while let Some(character) = rest.next_if(|character| *character != '}') {
        numbers.push(character);
    }
    rest.next();
    let count = |number: &str| number.parse::<u32>().ok().filter(|number| *number <= MAX_REPETITIONS);
    let counted = match numbers.split_once(',') {
        None => count(&numbers),
        Some((least, "")) => count(least),
        Some((least, most)) => count(least).and(count(most)),
    };
    counted.ok_or_else(|| {
        format!("{{{numbers}}} must be {{N}}, {{N,}} or {{N,M}} with at most {MAX_REPETITIONS}")
    })
}

#[cfg(test)]
mod tests {
    use super::{check_portable, is_one_group};
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
            "(?:a{100}b){11}",
            "(?:(?:a{20}|b){5,}c){11}",
            "(?:(?:a{11}){10}b?){10,}",
            "a{,3}",
            "a]",
            "a}",
            r"\x{41}",
            r"\a",
            r"\<a",
            r"a\-b",
            r"\ba",
        ] {
            assert!(check_portable(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn whole_text_is_one_group() {
        for pattern in ["^(?:a)|(?:b)$", r"^(?:a\)$", "^(?:[)$", "^a$", "^(?:a)+(?:b)$", "(?:a)"] {
            assert!(!is_one_group(pattern), "{pattern}");
        }
        for pattern in ["^(?:)$", "^(?:(a)|(?:b)+)$", r"^(?:\)[()]\()$"] {
            assert!(is_one_group(pattern), "{pattern}");
        }
    }

    #[test]
    fn syntax_of_all_engines_is_accepted() {
        for pattern in [
            r"^(?:a|(b)+?|[^a-z.-]{2,}|\d{1,3}|[\w.-]\x41\.)$",
            r"^(?:[A-Z\]\[^\-]*|x{0,1000}?|\/-)$",
            "^(?:[?*{+}]é.)$",
            "(?:a{100}b){10}a{900}",
            "(?:(?:a{1000}){0,}b*)*(?:a{9}){1,9}",
        ]
        .into_iter()
        .chain(FORMATS.iter().map(|format| format.pattern))
        {
            assert_eq!(check_portable(pattern), Ok(()), "{pattern}");
        }
    }
}
