//! Lengths of functions in source files.

use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, ItemFn, ItemMod, TraitItemFn};

use super::modules::is_for_tests;

/// Most code lines of a function's body, braces included; blank lines and comments are free.
const MAX_LINES: usize = 50;

/// Functions of a source file that are longer than allowed, each as a sentence. Tests may be tables, and are left out.
pub(super) fn too_long(text: &str, file: &syn::File) -> Vec<String> {
    let mut found = Found { lines: text.lines().collect(), long: Vec::new() };
    found.visit_file(file);
    found.long
}

struct Found<'a> {
    lines: Vec<&'a str>,
    long: Vec<String>,
}

impl Found<'_> {
    fn judge(&mut self, name: &syn::Ident, body: &Block) {
        let braces = body.brace_token.span;
        let (first, last) = (braces.open().start().line, braces.close().end().line);
        let lines = self.lines.get(first - 1..last).unwrap_or_default();
        let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let count = lines.iter().filter(is_code).count();
        if count > MAX_LINES {
            self.long.push(format!("{name} has {count} code lines, more than {MAX_LINES}"));
        }
    }
}

impl Visit<'_> for Found<'_> {
    fn visit_item_mod(&mut self, module: &ItemMod) {
        if !module.attrs.iter().any(is_for_tests) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &ItemFn) {
        self.judge(&function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &ImplItemFn) {
        self.judge(&function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &TraitItemFn) {
        if let Some(body) = &function.default {
            self.judge(&function.sig.ident, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::too_long;

    fn found(text: &str) -> Vec<String> {
        too_long(text, &syn::parse_file(text).unwrap())
    }

    #[test]
    fn only_functions_beyond_the_limit_are_named() {
        let function =
            |statements: usize| format!("fn f() {{\n{}\n// free\n}}\n", "();\n".repeat(statements));
        assert!(found(&function(48)).is_empty());
        assert_eq!(found(&function(49)), ["f has 51 code lines, more than 50"]);
        assert!(found(&format!("#[cfg(test)]\nmod tests {{\n{}\n}}", function(99))).is_empty());
    }
}
