//! Tokens of a regular expression, in the syntax that all readers share.

use std::iter::Peekable;
use std::str::Chars;

/// White space that a value can hold, as part of a class: the engines disagree on `\s` only in what no value holds.
const SPACE: &str = " \u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}";

/// Characters that stand for themselves only after a backslash.
const SPECIAL: &str = r"^$\.*+?()[]{}|";

/// Characters that stand for themselves in a class only after a backslash.
const SPECIAL_IN_CLASS: &str = r"^\-[]";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Begin,
    End,
    Or,
    Open(String),
    Close,
    Quantifier(String),
    /// A character or class.
    Atom(String),
}

impl Token {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Begin => "^",
            Self::End => "$",
            Self::Or => "|",
            Self::Close => ")",
            Self::Open(text) | Self::Quantifier(text) | Self::Atom(text) => text,
        }
    }
}

type Rest<'a> = Peekable<Chars<'a>>;

/// The tokens of a pattern.
///
/// # Errors
/// The syntax that other readers lack, as a sentence.
pub(super) fn tokens(pattern: &str) -> Result<Vec<Token>, String> {
    let mut rest = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(character) = rest.next() {
        tokens.push(match character {
            '^' => Token::Begin,
            '$' => Token::End,
            '|' => Token::Or,
            '(' => Token::Open(group(&mut rest)?),
            ')' => Token::Close,
            '*' | '+' | '?' => Token::Quantifier(character.into()),
            '{' => Token::Quantifier(format!("{{{}", repetition(&mut rest))),
            '[' => Token::Atom(class(&mut rest)?),
            '\\' => Token::Atom(escape(&mut rest)?),
            ']' | '}' => Token::Atom(format!("\\{character}")),
            other => Token::Atom(other.into()),
        });
    }
    Ok(tokens)
}

/// The opening of a group. Names of groups have no meaning where nothing is captured.
fn group(rest: &mut Rest<'_>) -> Result<String, String> {
    let mut ahead = rest.clone().take(4).collect::<String>();
    if !ahead.starts_with('?') {
        return Ok("(".into());
    }
    if ahead.starts_with("?:") {
        rest.nth(1);
        return Ok("(?:".into());
    }
    ahead = ahead.replace("?P<", "?<");
    if ["?=", "?!", "?<=", "?<!"].iter().any(|look| ahead.starts_with(look)) {
        return Err("looks around, which RE2 cannot".into());
    }
    if ahead.starts_with("?<") {
        let is_closed = rest.any(|character| character == '>');
        return if is_closed { Ok("(".into()) } else { Err("has a group without an end".into()) };
    }
    Err("has a group with flags, which ECMAScript does not read".into())
}

fn repetition(rest: &mut Rest<'_>) -> String {
    let mut text = String::new();
    for character in rest.by_ref() {
        text.push(character);
        if character == '}' {
            break;
        }
    }
    text
}

fn class(rest: &mut Rest<'_>) -> Result<String, String> {
    let mut text = "[".to_owned();
    if rest.next_if_eq(&'^').is_some() {
        text.push('^');
    }
    let start = text.len();
    while let Some(character) = rest.next() {
        match character {
            ']' => return Ok(text + "]"),
            '\\' if rest.next_if_eq(&'s').is_some() => {
                let mut ahead = rest.clone();
                let begins_range = ahead.next() == Some('-') && ahead.next() != Some(']');
                let ends_range = text.len() > start && text.ends_with('-') && !text.ends_with("\\-");
                if begins_range || ends_range {
                    return Err(r"has \s in a range".into());
                }
                text.push_str(SPACE);
            }
            '\\' if rest.peek() == Some(&'S') => return Err(r"has \S in a class".into()),
            '\\' => text.push_str(&escape_of(rest, SPECIAL_IN_CLASS)?),
            other => text.push(other),
        }
    }
    Err("has a class without an end".into())
}

fn escape(rest: &mut Rest<'_>) -> Result<String, String> {
    match rest.peek() {
        Some('s') => rest.next().map(|_| format!("[{SPACE}]")),
        Some('S') => rest.next().map(|_| format!("[^{SPACE}]")),
        _ => None,
    }
    .map_or_else(|| escape_of(rest, SPECIAL), Ok)
}

/// An escape of a character, or of a class that all engines have.
fn escape_of(rest: &mut Rest<'_>, special: &str) -> Result<String, String> {
    let escaped = rest.next().ok_or("ends with a backslash")?;
    let literal = |character: char| match character {
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => format!("\\x{:02x}", u32::from(character)),
        _ if special.contains(character) => format!("\\{character}"),
        _ => character.into(),
    };
    match escaped {
        'x' | 'u' => code_point(rest, if escaped == 'x' { 2 } else { 4 })
            .map(literal)
            .ok_or_else(|| format!("has a \\{escaped} that names no character")),
        'd' | 'D' | 'w' | 'W' | 'b' | 'B' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(format!("\\{escaped}")),
        other if other.is_alphanumeric() => Err(format!("has \\{other}, which not every engine reads alike")),
        other => Ok(literal(other)),
    }
}

/// The character of `\x41`, `\u0041` or `\u{41}`, after the letter.
fn code_point(rest: &mut Rest<'_>, length: usize) -> Option<char> {
    let digits: String = match rest.next_if_eq(&'{') {
        Some(_) => rest.by_ref().take_while(|character| *character != '}').collect(),
        None => rest.by_ref().take(length).collect(),
    };
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
}
