//! Names of settings, from names of the source.

/// Rules by which names are made.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    /// Text before each name.
    pub(crate) prefix: String,
    /// Names of the source, such as aliases, that get no prefix.
    pub(crate) unprefixed: Vec<String>,
    /// Text between the names of nested objects.
    pub(crate) delimiter: String,
    pub(crate) case: Case,
}

/// The change of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// The name stays.
    Keep,
    /// The name in upper case, as of readers that compare variables without regard to case.
    Upper,
    /// The words of the name in upper case with `_` between.
    Words,
}

impl Naming {
    /// The setting's name for a path of names from the root.
    pub(crate) fn name(&self, path: &[String]) -> String {
        let own: Vec<_> = path.iter().map(|name| self.part(name)).collect();
        let own = own.join(&self.delimiter);
        let is_bare = path.first().is_some_and(|first| self.unprefixed.contains(first));
        let prefix = match self.case {
            _ if is_bare => String::new(),
            Case::Keep => self.prefix.clone(),
            Case::Upper | Case::Words => self.prefix.to_uppercase(),
        };
        format!("{prefix}{own}")
    }

    fn part(&self, name: &str) -> String {
        let is_constant =
            !name.contains(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        match self.case {
            Case::Keep => name.to_owned(),
            _ if is_constant => name.to_owned(),
            Case::Upper => name.to_uppercase(),
            Case::Words => words(name).join("_").to_uppercase(),
        }
    }
}

/// The words of a name in any notation, in lower case: `maxHTTPConnections`, `max-http-connections`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(index + 1);
        let ends_lower = before.is_some_and(|before| before.is_lowercase() || before.is_numeric());
        let ends_acronym = before.is_some_and(|before| before.is_uppercase())
            && after.is_some_and(|after| after.is_lowercase());
        if !character.is_alphanumeric() || (character.is_uppercase() && (ends_lower || ends_acronym)) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The variable from which Spring Boot reads a property (relaxed binding): `.` and indexes with `_`, without dashes, in upper case.
pub(crate) fn relaxed(name: &str) -> String {
    name.replace(['.', '['], "_").replace(['-', ']'], "").to_uppercase()
}

/// Returns true if the words of a name are those of a secret.
pub(crate) fn sounds_secret(words: &[String]) -> bool {
    const SECRET: [&str; 12] = [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "secrets",
        "token",
        "credential",
        "credentials",
        "key",
        "keys",
        "apikey",
    ];
    words.iter().any(|word| SECRET.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{Case, Naming, relaxed, sounds_secret, words};

    fn name(case: Case, path: &[&str]) -> String {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let naming =
            Naming { prefix: "shop_".into(), unprefixed: vec!["PORT".into()], delimiter: "_".into(), case };
        naming.name(&path)
    }

    #[test]
    fn words_of_each_notation_are_found() {
        for (text, expected) in [
            ("maxHTTPConnections", "max http connections"),
            ("max-http-connections", "max http connections"),
            ("MAX_HTTP_CONNECTIONS", "max http connections"),
            ("s3Bucket", "s3 bucket"),
            ("_a__b", "a b"),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn path_becomes_one_name() {
        assert_eq!(name(Case::Words, &["db", "pool", "maxSize"]), "SHOP_DB_POOL_MAX_SIZE");
        assert_eq!(name(Case::Upper, &["db", "maxSize"]), "SHOP_DB_MAXSIZE");
        assert_eq!(name(Case::Keep, &["db", "maxSize"]), "shop_db_maxSize");
        assert_eq!(name(Case::Words, &["PORT"]), "PORT");
        assert_eq!(name(Case::Words, &["DB__HOST"]), "SHOP_DB__HOST");
    }

    #[test]
    fn relaxed_name_has_no_dashes() {
        assert_eq!(relaxed("my.main-project.person.first-name"), "MY_MAINPROJECT_PERSON_FIRSTNAME");
        assert_eq!(relaxed("my.service[0].other"), "MY_SERVICE_0_OTHER");
    }

    #[test]
    fn secrets_are_guessed_by_whole_words() {
        for name in ["DB_PASSWORD", "apiToken", "signing-key", "SECRET_KEY"] {
            assert!(sounds_secret(&words(name)), "{name}");
        }
        for name in ["KEYBOARD", "tokenizer", "HOST", "monkey"] {
            assert!(!sounds_secret(&words(name)), "{name}");
        }
    }
}
