//! Questions on a terminal, one line each.

use std::io::{BufRead, Write};

use crate::import::{Choices, Draft, guesses};
use crate::report::text::one_line;

/// Asks for what neither the source nor a flag says. No answer leaves each setting as it is.
pub(super) fn ask(draft: &Draft, choices: &mut Choices, input: &mut impl BufRead, output: &mut impl Write) {
    let names: Vec<_> = draft.settings.iter().map(|setting| setting.name.as_str()).collect();
    // Nothing is left to do where the terminal is gone: the answers are then empty.
    let _ = writeln!(output, "Settings: {}", one_line(&names.join(" ")));
    if choices.secret.is_empty() && choices.not_secret.is_empty() {
        let guesses = guesses(draft);
        if !guesses.is_empty() {
            let question = format!(
                "By their names these are secrets: {}. Which are none?",
                one_line(&guesses.join(" "))
            );
            choices.not_secret = answer(&question, &names, input, output);
        }
        choices.secret = answer("Which others are secrets?", &names, input, output);
    }
    if choices.hot.is_empty() && choices.prepare.is_empty() {
        let question = "Which changes does a running service take at once? Others take a restart.";
        choices.hot = answer(question, &names, input, output);
        let question = "Which does it take after it has prepared something, such as a pool?";
        choices.prepare = answer(question, &names, input, output);
    }
}

/// Names that are settings, separated by blanks or commas; asks again for others.
fn answer(question: &str, known: &[&str], input: &mut impl BufRead, output: &mut impl Write) -> Vec<String> {
    loop {
        let _ = write!(output, "{question} [none] ");
        let _ = output.flush();
        let mut line = String::new();
        if !input.read_line(&mut line).is_ok_and(|length| length > 0) {
            return Vec::new();
        }
        let names: Vec<_> = line.split([' ', ',']).map(str::trim).filter(|name| !name.is_empty()).collect();
        match names.iter().find(|name| !known.contains(*name)) {
            Some(name) => drop(writeln!(output, "{} is no setting.", name.escape_debug())),
            None => return names.into_iter().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ask;
    use crate::import::{Case, Choices, Draft, Drops, Naming, read};

    fn draft() -> Draft {
        let source = r#"{ "type": "object", "properties": {
            "level": { "type": "string" }, "token": { "type": "string" }, "key": { "type": "string" }
        } }"#;
        let naming = Naming {
            prefix: String::new(),
            unprefixed: Vec::new(),
            delimiter: "_".into(),
            case: Case::Words,
        };
        read(crate::args::Form::Zod, source, &naming, &Drops::default()).unwrap()
    }

    #[test]
    fn each_question_is_asked_once() {
        let (mut choices, mut output) = (Choices::default(), Vec::new());
        ask(&draft(), &mut choices, &mut "KEY\n\nLEVLE\nLEVEL, KEY\nTOKEN\n".as_bytes(), &mut output);
        assert_eq!(choices.not_secret, ["KEY"]);
        assert!(choices.secret.is_empty());
        assert_eq!(
            (choices.hot, choices.prepare),
            (vec!["LEVEL".into(), "KEY".into()], vec!["TOKEN".to_owned()])
        );
        let output = String::from_utf8(output).unwrap();
        assert!(output.contains("By their names these are secrets: TOKEN KEY."), "{output}");
        assert!(output.contains("LEVLE is no setting."), "{output}");
    }

    #[test]
    fn what_a_flag_says_is_not_asked() {
        let mut choices =
            Choices { secret: vec!["LEVEL".into()], hot: vec!["KEY".into()], ..Choices::default() };
        let mut output = Vec::new();
        ask(&draft(), &mut choices, &mut "".as_bytes(), &mut output);
        assert!(!String::from_utf8(output).unwrap().contains('?'));
        assert_eq!((choices.secret, choices.hot), (vec!["LEVEL".to_owned()], vec!["KEY".to_owned()]));
    }
}
