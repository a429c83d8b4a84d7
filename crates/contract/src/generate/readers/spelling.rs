//! Names, texts and patterns as other languages spell them.

/// The words of a setting's name, in lower case.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    name.split('_').filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

pub(super) fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
}

/// `DATABASE_URL` as `databaseUrl`.
pub(super) fn camel_case(name: &str) -> String {
    let word = |(number, word): (usize, String)| if number == 0 { word } else { capitalized(&word) };
    identifier(words(name).enumerate().map(word).collect(), "key")
}

/// `DATABASE_URL` as `DatabaseUrl`.
pub(super) fn pascal_case(name: &str) -> String {
    identifier(words(name).map(|word| capitalized(&word)).collect(), "Key")
}

/// A name that no letter begins, such as that of `_1`, behind `prefix`.
pub(super) fn identifier(name: String, prefix: &str) -> String {
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("{prefix}{name}") }
}

/// The names with an underscore at the end of each that is reserved or taken by one before it, and another until it is neither.
pub(super) fn unique(names: impl Iterator<Item = String>, reserved: &[&str]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for mut name in names {
        while taken.contains(&name) || reserved.contains(&name.as_str()) {
            name.push('_');
        }
        taken.push(name);
    }
    taken
}

/// A text for a comment: on one line, without characters that an editor or a compiler takes for something else.
pub(super) fn line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|character| is_plain(*character) || *character == ' ').collect()
}

/// A character that stands for itself in every source file.
fn is_plain(character: char) -> bool {
    character.is_ascii_graphic()
        || character == ' '
        || (!character.is_ascii() && character.is_alphanumeric())
        || "…–—“”‘’„«»".contains(character)
}

/// A text between quotation marks. `escape` spells what does not stand for itself.
pub(super) fn literal(text: &str, escape: fn(char) -> String) -> String {
    let character = |character: char| match character {
        '"' | '\\' => format!("\\{character}"),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        _ if is_plain(character) => character.into(),
        _ => escape(character),
    };
    format!("\"{}\"", text.chars().map(character).collect::<String>())
}

/// The escapes of Go and Python: four or eight digits.
pub(super) fn long_escape(character: char) -> String {
    let code = u32::from(character);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

/// True if a raw text of Go or Python can hold it, whose end `quote` is.
pub(super) fn fits_raw(text: &str, quote: char) -> bool {
    text.chars().all(|character| is_plain(character) && character != quote) && !text.ends_with('\\')
}

/// A part of a portable pattern that not all engines read alike.
pub(super) enum Part {
    /// `$`, the end of the text and not the place before a line break there.
    End,
    /// `.`, any character but a line feed.
    Any,
    /// An escape of this character.
    Escape(char),
    /// An escape of this character in a class.
    EscapeInClass(char),
    /// `|` after `|` in a class.
    BarInClass,
}

/// A portable pattern in another dialect; `spell` gives the parts that have another spelling there.
pub(super) fn pattern(portable: &str, spell: fn(&Part) -> Option<&'static str>) -> String {
    let mut text = String::new();
    let mut rest = portable.chars();
    let (mut is_in_class, mut last) = (false, ' ');
    while let Some(character) = rest.next() {
        let (part, spelled) = match (character, is_in_class) {
            ('\\', _) => {
                let escaped = rest.next().unwrap_or_default();
                let part = if is_in_class { Part::EscapeInClass(escaped) } else { Part::Escape(escaped) };
                (Some(part), format!("\\{escaped}"))
            }
            ('$', false) => (Some(Part::End), "$".into()),
            ('.', false) => (Some(Part::Any), ".".into()),
            ('|', true) if last == '|' => (Some(Part::BarInClass), "|".into()),
            _ => (None, character.to_string()),
        };
        match character {
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            _ => {}
        }
        last = character;
        text.push_str(part.as_ref().and_then(spell).unwrap_or(&spelled));
    }
    text
}
