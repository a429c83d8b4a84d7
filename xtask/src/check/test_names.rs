//! Lengths of the names of tests.

use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn};

/// Most words of a test's name.
const MAX_WORDS: usize = 8;

/// Tests of a source file whose names have too many words, each as a sentence. Tests inside of macros are not seen.
pub(super) fn too_long(file: &syn::File) -> Vec<String> {
    let mut found = Found(Vec::new());
    found.visit_file(file);
    found.0
}

struct Found(Vec<String>);

impl Visit<'_> for Found {
    fn visit_item_fn(&mut self, function: &ItemFn) {
        let name = function.sig.ident.to_string();
        let words = name.split('_').count();
        if words > MAX_WORDS && function.attrs.iter().any(is_test) {
            self.0.push(format!("{name} has {words} words, more than {MAX_WORDS}"));
        }
        visit::visit_item_fn(self, function);
    }
}

/// Returns true for `#[test]` and `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
}

#[cfg(test)]
mod tests {
    use super::too_long;

    #[test]
    fn only_tests_beyond_the_limit_are_named() {
        let found = |text: &str| too_long(&syn::parse_file(text).unwrap());
        assert!(found("#[test] fn a_b_c_d_e_f_g_h() {} fn a_b_c_d_e_f_g_h_i() {}").is_empty());
        let expected = ["a_b_c_d_e_f_g_h_i has 9 words, more than 8"];
        assert_eq!(found("mod m { #[tokio::test(x)] async fn a_b_c_d_e_f_g_h_i() {} }"), expected);
    }
}
