//! Patterns of other ecosystems, which are searched for, as patterns of a whole text in the syntax that all readers share.
//!
//! A value holds no line break, so that a pattern is found in it exactly if it matches with any other characters around.

mod token;

use token::{Token, tokens};

/// Any characters before or after what is found.
const ANY: &str = r"[^\n]*";

/// One alternative of a pattern, without the anchors at its ends.
#[derive(Default)]
struct Alternative {
    text: String,
    /// Number of its tokens outside of groups, with anchors.
    n_tokens: usize,
    begins: bool,
    ends: bool,
    is_group: bool,
}

/// The pattern `^(?:…)$` that accepts the same texts.
///
/// # Errors
/// The syntax that other readers lack, as a sentence.
pub(crate) fn of_whole_text(pattern: &str) -> Result<String, String> {
    let mut alternatives = vec![Alternative::default()];
    let mut depth = 0_usize;
    for token in tokens(pattern)? {
        if depth == 0 && token == Token::Or {
            alternatives.push(Alternative::default());
            continue;
        }
        if let Some(alternative) = alternatives.last_mut() {
            alternative.add(&token, depth)?;
        }
        match token {
            Token::Open(_) => depth += 1,
            Token::Close => depth = depth.checked_sub(1).ok_or("has a ) without a (")?,
            Token::Begin | Token::End | Token::Or | Token::Quantifier(_) | Token::Atom(_) => {}
        }
    }
    if let [only] = alternatives.as_slice()
        && only.begins
        && only.ends
        && only.is_group
    {
        return Ok(format!("^{}$", only.text));
    }
    let alternatives: Vec<_> = alternatives.iter().map(Alternative::of_whole_text).collect();
    Ok(format!("^(?:{})$", alternatives.join("|")))
}

impl Alternative {
    fn add(&mut self, token: &Token, depth: usize) -> Result<(), String> {
        if self.begins && self.n_tokens == 1 && matches!(token, Token::Quantifier(_)) {
            return Err("has a quantifier after ^".into());
        }
        let is_outside = depth == 0;
        if self.ends && is_outside {
            // The anchor that looked like the last token was not the last.
            self.text.push('$');
            self.ends = false;
        }
        if is_outside && *token != Token::End {
            let is_first = self.n_tokens == usize::from(self.begins);
            self.is_group = is_first && token.text() == "(?:";
        }
        if is_outside && self.n_tokens == 0 && *token == Token::Begin {
            self.begins = true;
        } else if is_outside && *token == Token::End {
            self.ends = true;
        } else {
            self.text.push_str(token.text());
        }
        self.n_tokens += usize::from(is_outside);
        Ok(())
    }

    fn of_whole_text(&self) -> String {
        let before = if self.begins { "" } else { ANY };
        let after = if self.ends { "" } else { ANY };
        format!("{before}{}{after}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::of_whole_text;

    #[test]
    fn pattern_is_anchored_with_equal_meaning() {
        for (pattern, expected) in [
            ("^[a-z]+$", "^(?:[a-z]+)$"),
            ("^(?:a|b)$", "^(?:a|b)$"),
            ("^(?:a)|(?:b)$", r"^(?:(?:a)[^\n]*|[^\n]*(?:b))$"),
            ("^(?:a)(?:b)$", "^(?:(?:a)(?:b))$"),
            ("^(a)$", "^(?:(a))$"),
            ("^(?:a)?$", "^(?:(?:a)?)$"),
            ("a", r"^(?:[^\n]*a[^\n]*)$"),
            ("^a", r"^(?:a[^\n]*)$"),
            ("a$", r"^(?:[^\n]*a)$"),
            ("^$|^a$", "^(?:|a)$"),
            (r"a\$", r"^(?:[^\n]*a\$[^\n]*)$"),
            ("(^a|b$)", r"^(?:[^\n]*(^a|b$)[^\n]*)$"),
            ("a$b", r"^(?:[^\n]*a$b[^\n]*)$"),
            ("", r"^(?:[^\n]*[^\n]*)$"),
        ] {
            assert_eq!(of_whole_text(pattern).as_deref(), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn syntax_of_one_engine_is_translated() {
        let space = "[ \u{a0}\u{1680}\u{2000}-\u{200a}\u{202f}\u{205f}\u{3000}]";
        for (pattern, expected) in [
            (r"^\s$", format!("^(?:{space})$")),
            (r"^\S+$", format!("^(?:{}+)$", space.replace('[', "[^"))),
            (r"^[\s,]$", format!("^(?:{},])$", space.trim_end_matches(']'))),
            (r"^\u0041\-\@\/$", "^(?:A-@/)$".into()),
            (r"^\u002e[\u005d]$", r"^(?:\.[\]])$".into()),
            ("^(?<year>a)(?P<b>c)$", "^(?:(a)(c))$".into()),
            ("^a]}$", r"^(?:a\]\})$".into()),
            (r"^a{2,3}[}\-x]$", r"^(?:a{2,3}[}\-x])$".into()),
        ] {
            assert_eq!(of_whole_text(pattern), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn other_syntax_is_refused() {
        for pattern in [
            "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", r"\p{L}", "(?i)a", r"\Aa", r"[\S]", r"[\s-x]",
            r"[+-\s]", "a)", "^*a", r"\ud83d", "[a", "\\",
        ] {
            assert!(of_whole_text(pattern).is_err(), "{pattern}");
        }
    }
}
