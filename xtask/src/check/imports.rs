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
