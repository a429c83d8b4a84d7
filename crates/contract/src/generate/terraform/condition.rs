//! Conditions on an input: the contract's rules in Terraform's language, with the contract's sentences.

use super::hcl::{attributes, escaped, pattern, quoted};
use super::input::Input;
use crate::kind::Kind;
use crate::rule::{Rule, TextRule, UNFIT_CHARACTERS};
use crate::rules::RequiredWhen;

/// One condition of an input.
pub(super) struct Condition {
    /// True of a good value.
    is_met: String,
    /// The sentence, as an expression.
    message: String,
}

impl Condition {
    fn new(input: &Input<'_>, is_met: String, sentence: &str) -> Self {
        Self { is_met, message: quoted(&format!("{}: {sentence}", input.key.name)) }
    }

    /// The block of that name.
    pub(super) fn block(&self, name: &str, indent: &str) -> String {
        let entries = [("condition", self.is_met.clone()), ("error_message", self.message.clone())];
        format!("{indent}{name} {{\n{}{indent}}}\n", attributes(&entries, &format!("{indent}  ")))
    }
}

/// The conditions of an input.
pub(super) fn conditions(input: &Input<'_>) -> Vec<Condition> {
    let subject = input.subject();
    let mut conditions = match input.key.kind.rule() {
        Rule::Text(rule) => conditions_of_text(input, &rule, &subject),
        Rule::List { items, min_items, max_items } => {
            conditions_of_list(input, &items, (min_items, max_items), &subject)
        }
    };
    if let Some(refused) = &input.key.refused {
        let is_met = format!("!{}", matches(refused.pattern.as_str(), &input.text_of(&subject)));
        conditions.push(Condition::new(input, is_met, &refused.because));
    }
    let may_be_null = input.may_be_null();
    if may_be_null && input.key.secret {
        // The service reads an empty secret as none. Here it is more likely a variable that was never filled.
        let sentence = format!("is empty; give it, or leave {} out (null)", input.name());
        conditions.push(Condition::new(input, format!(r#"{subject} != """#), &sentence));
    }
    if may_be_null {
        for condition in &mut conditions {
            condition.is_met = format!("{subject} == null ? true : {}", condition.is_met);
        }
    }
    conditions.extend(rules_between(input));
    conditions
}

/// The rules by which one setting makes another one required, of those that stand at this input: at the later of both by name, since
/// Terraform takes no validations that read each other's variables. Preconditions may read any.
fn rules_between(input: &Input<'_>) -> Vec<Condition> {
    let stands_here = |needing: &Input<'_>, needed: &Input<'_>| {
        let reads_no_variable = needing.is_checked_late() || needed.is_checked_late();
        let is_later = needing.key.name > needed.key.name;
        let last = if reads_no_variable || is_later { needing } else { needed };
        last.key.name == input.key.name
    };
    let rule_of = |needing: Input<'_>| {
        let rule = needing.key.required_when.as_ref()?;
        let needed = needing.other(&rule.key)?;
        stands_here(&needing, &needed).then(|| required(&needing, rule))?
    };
    input.others().filter_map(rule_of).collect()
}

fn conditions_of_text(input: &Input<'_>, rule: &TextRule, subject: &str) -> Vec<Condition> {
    let mut conditions = Vec::new();
    if matches!(input.key.kind, Kind::Text { .. }) {
        conditions.push(Condition::new(input, is_text(subject), NO_TEXT));
    }
    conditions.push(Condition::new(input, format!("!{}", matches(UNFIT_CHARACTERS, subject)), UNFIT));
    if let Some(most) = rule.max_length {
        let sentence = format!("must have {} to {most} characters", rule.min_length);
        conditions.push(Condition::new(input, has_length(rule.min_length, most, subject), &sentence));
    }
    if let Some(pattern) = &rule.pattern {
        conditions.push(Condition::new(
            input,
            matches(pattern, subject),
            &format!("must be {}", input.key.expected),
        ));
    }
    conditions
}

fn conditions_of_list(
    input: &Input<'_>,
    items: &TextRule,
    (least, most): (usize, Option<usize>),
    subject: &str,
) -> Vec<Condition> {
    let all = |is_met: &str| format!("alltrue([for item in {subject} : {is_met}])");
    let mut conditions = vec![
        Condition::new(input, all(&is_text("item")), NO_TEXT),
        Condition::new(input, all(&format!("!{}", matches(UNFIT_CHARACTERS, "item"))), UNFIT),
    ];
    let at_least = (least > 0).then(|| format!("length({subject}) >= {least}"));
    let at_most = most.map(|most| format!("length({subject}) <= {most}"));
    let counts: Vec<_> = at_least.into_iter().chain(at_most).collect();
    if !counts.is_empty() {
        let sentence = format!("must be {}", input.key.expected);
        conditions.push(Condition::new(input, counts.join(" && "), &sentence));
    }
    // An item may be null, of which no function takes the length.
    let length = |most| format!("try({}, false)", has_length(items.min_length, most, "item"));
    let pattern = items.pattern.as_ref().map(|pattern| matches(pattern, "item"));
    let rules: Vec<_> = items.max_length.map(length).into_iter().chain(pattern).collect();
    let is_good = rules.join(" && ");
    let mut number = format!("[for number, item in {subject} : number + 1 if !({is_good})][0]");
    if input.is_checked_late() {
        number = format!("nonsensitive({number})");
    }
    // The message is made of a good list too, in which nothing is found.
    let message =
        format!("\"{}: item ${{try({number}, 0)}} must be {}\"", input.key.name, escaped(&items.expected));
    conditions.push(Condition { is_met: all(&is_good), message });
    conditions
}

const NO_TEXT: &str = "is not UTF-8 text";
const UNFIT: &str = "contains a control character such as a newline or NUL";

/// Bytes that are no UTF-8 do not survive JSON.
fn is_text(subject: &str) -> String {
    format!("jsondecode(jsonencode({subject})) == {subject}")
}

/// Counted in code points, as the contract does: Terraform's `length` of a string counts what a reader sees as one character.
fn has_length(least: usize, most: usize, subject: &str) -> String {
    let count = format!(r#"length(regexall("(?s:.)", {subject}))"#);
    let at_least = if least > 0 { format!("{count} >= {least} && ") } else { String::new() };
    format!("{at_least}{count} <= {most}")
}

/// Present and not empty, or not needed. The text of a list is not empty, as it has its brackets.
fn required(input: &Input<'_>, rule: &RequiredWhen) -> Option<Condition> {
    let subject = input.subject();
    let is_given = input.may_be_null().then(|| format!("{subject} != null"));
    let is_filled = (!input.is_list()).then(|| format!(r#"{subject} != """#));
    let is_there: Vec<_> = is_given.into_iter().chain(is_filled).collect();
    if is_there.is_empty() {
        return None;
    }
    let other = input.other(&rule.key)?;
    let is_met =
        format!("{} || !{}", is_there.join(" && "), matches(rule.pattern.as_str(), &other.effective_text()));
    Some(Condition::new(input, is_met, &format!("is required, since {}", rule.because)))
}

/// No match, and no text at all, are errors of `regex`.
fn matches(text: &str, subject: &str) -> String {
    format!("can(regex({}, {subject}))", pattern(text))
}
