//! Imports between the files of a crate, each led to the file that defines what is imported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::modules::{Crate, Name, Segments};

/// Names by the file that takes them and the file that defines them.
pub(super) type Imports = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// Follows no name further than this: a circle of re-exports ends here.
const MAX_STEPS: usize = 32;

/// The imports between files of these crates, which may name each other.
pub(super) fn between_files(crates: &[Crate]) -> Imports {
    let mut imports = Imports::new();
    for (number, in_crate) in crates.iter().enumerate() {
        for (index, module) in in_crate.modules.iter().enumerate() {
            for path in &module.mentions {
                let place = Place { crates, number, module: index };
                let Some(definition) = place.definition(path, 0).filter(|file| *file != module.file) else {
                    continue;
                };
                let taken = imports.entry(module.file.clone()).or_default();
                taken.entry(definition.to_owned()).or_default().extend(path.last().cloned());
            }
        }
    }
    imports
}

/// Files that import each other in a circle, the largest circle first.
pub(super) fn cycles(imports: &Imports) -> Vec<BTreeSet<&Path>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        imports.keys().map(|file| (file.as_path(), reached_from(imports, file))).collect();
    let mutual = |file: &Path, other: &Path| {
        reached[file].contains(other) && reached.get(other).is_some_and(|back| back.contains(file))
    };
    let circles: BTreeSet<BTreeSet<&Path>> = reached
        .keys()
        .filter(|file| reached[*file].contains(*file))
        .map(|file| reached[file].iter().copied().filter(|other| mutual(file, other)).collect())
        .collect();
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

fn reached_from<'a>(imports: &'a Imports, file: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(file) = waiting.pop() {
        for next in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next.as_path()) {
                waiting.push(next);
            }
        }
    }
    reached
}

/// A module in which a path is to be understood.
#[derive(Clone, Copy)]
struct Place<'a> {
    crates: &'a [Crate],
    number: usize,
    module: usize,
}

impl<'a> Place<'a> {
    /// The file that defines the item which `path` leads to; none for a module, and for items from elsewhere.
    fn definition(self, path: &[String], steps: usize) -> Option<&'a Path> {
        let (first, rest) = path.split_first()?;
        if steps > MAX_STEPS {
            return None;
        }
        match first.as_str() {
            "crate" => self.at(0).item(rest, steps),
            "self" => self.item(rest, steps),
            "super" => {
                let above = self.at(self.crates[self.number].modules[self.module].parent?);
                if rest.first().is_some_and(|next| next == "super") {
                    above.definition(rest, steps)
                } else {
                    above.item(rest, steps)
                }
            }
            _ => self.item(path, steps).or_else(|| self.other_crate(first)?.item(rest, steps)),
        }
    }

    /// The same of a path that starts with a name in this module.
    fn item(self, path: &[String], steps: usize) -> Option<&'a Path> {
        let (first, rest) = path.split_first()?;
        let module = &self.crates[self.number].modules[self.module];
        match module.names.get(first) {
            Some(Name::Defined) => Some(&module.file),
            Some(Name::Module(child)) => self.at(*child).item(rest, steps),
            Some(Name::Imported(import)) if import[..] != *path => {
                let whole: Segments = import.iter().chain(rest).cloned().collect();
                self.definition(&whole, steps + 1)
            }
            Some(Name::Imported(_)) => None,
            None => module.globs.iter().find_map(|glob| {
                let whole: Segments = glob.iter().chain(path).cloned().collect();
                self.definition(&whole, steps + 1)
            }),
        }
    }

    fn at(self, module: usize) -> Self {
        Self { module, ..self }
    }

    fn other_crate(self, name: &str) -> Option<Self> {
        let number = self.crates.iter().position(|other| other.name == name)?;
        (number != self.number).then_some(Self { number, module: 0, ..self })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The imports of a crate with these files, by file name.
    fn imports(files: &[(&str, &str)]) -> Imports {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = Crate::read("some-crate", &folder.path().join("lib.rs")).unwrap();
        let name = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_owned();
        between_files(&[found])
            .into_iter()
            .map(|(file, others)| {
                (name(file), others.into_iter().map(|(other, names)| (name(other), names)).collect())
            })
            .collect()
    }

    fn circle_sizes(files: &[(&str, &str)]) -> Vec<usize> {
        cycles(&imports(files)).iter().map(BTreeSet::len).collect()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod a; mod b;");

    #[test]
    fn mutually_importing_files_form_circle() {
        let files = [
            LIB,
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f(_: crate::a::A) {}"),
        ];
        assert_eq!(circle_sizes(&files), [2]);
    }

    #[test]
    fn imports_lead_to_the_defining_file() {
        let facade = ("a.rs", "mod part; pub use part::P;");
        let files = [LIB, facade, ("a/part.rs", "pub struct P;"), ("b.rs", "use crate::a::P; fn f(_: P) {}")];
        let imports = imports(&files);
        assert_eq!(imports[Path::new("b.rs")].keys().collect::<Vec<_>>(), [Path::new("a/part.rs")]);
        assert!(!imports.contains_key(Path::new("a.rs")), "passing a name on is no import");
    }

    #[test]
    fn mutual_parent_and_child_imports_form_circle() {
        let parent = ("a.rs", "mod part; use part::P; pub struct A; fn f(_: P) {}");
        let files = [LIB, parent, ("a/part.rs", "pub struct P(super::A);"), ("b.rs", "")];
        assert_eq!(circle_sizes(&files), [2]);
    }

    #[test]
    fn paths_in_macros_globs_and_aliases_count() {
        for (b, a) in [
            (
                "pub struct B; fn f() { let _ = vec![crate::a::A]; }",
                "pub struct A; use super::b::*; fn f(_: B) {}",
            ),
            (
                "pub struct B; use crate::a as other; fn f(_: other::A) {}",
                "pub struct A; use crate::b; fn f(_: b::B) {}",
            ),
        ] {
            assert_eq!(circle_sizes(&[LIB, ("a.rs", a), ("b.rs", b)]), [2], "{b}");
        }
    }

    #[test]
    fn code_for_tests_is_left_out() {
        let a = ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }");
        assert_eq!(circle_sizes(&[LIB, a, ("b.rs", "pub struct B(crate::a::A);")]), [0_usize; 0]);
    }
}
