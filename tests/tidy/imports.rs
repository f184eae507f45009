//! Which file of a crate uses which other file, and the circles among them.
//!
//! A file uses another if it names an item that is defined there. Re-exports are followed to the definition: a `mod.rs`
//! that only re-exports is in no circle. Test modules do not count.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module below its crate: `["store", "tx"]`; empty for the crate itself.
type Module = Vec<String>;

/// What re-exports may follow one another before the search for a definition ends.
const HOPS_MAX: usize = 12;

/// The files of one crate, by module.
pub(crate) struct Crate {
    files: BTreeMap<Module, Source>,
}

struct Source {
    /// Without comments, strings, test modules and `use` declarations.
    body: String,
    /// Alias to path, for each name that is imported or re-exported.
    imports: BTreeMap<String, Import>,
}

struct Import {
    path: Vec<String>,
    is_public: bool,
}

/// Where a path leads.
enum Target {
    Module(Module),
    ItemOf(Module),
}

impl Crate {
    /// From pairs of a path below `src`, such as `store/tx.rs`, and the file's code without comments and strings.
    /// `main.rs` belongs to another crate and is left out.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut sources = BTreeMap::new();
        let mut tests: BTreeSet<Module> = BTreeSet::new();
        for (path, code) in files {
            let Some(module) = module_of(&path) else { continue };
            for name in test_files(&code) {
                tests.insert([module.clone(), vec![name]].concat());
            }
            let code = without_test_modules(&code);
            let (body, imports) = split_imports(&code);
            sources.insert(module, Source { body, imports });
        }
        sources.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { files: sources }
    }

    /// Groups of files that use one another in a circle, each described in one line.
    pub(crate) fn circles(&self) -> Vec<String> {
        let uses: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|module| (module, self.used_by(module))).collect();
        let reach: BTreeMap<&Module, BTreeSet<&Module>> =
            self.files.keys().map(|module| (module, reachable(module, &uses))).collect();
        let mut told: BTreeSet<&Module> = BTreeSet::new();
        let mut circles = Vec::new();
        for module in self.files.keys() {
            if !reach[module].contains(module) || told.contains(module) {
                continue;
            }
            let members: Vec<&Module> = self
                .files
                .keys()
                .filter(|other| reach[module].contains(other) && reach[*other].contains(module))
                .collect();
            told.extend(&members);
            let steps = members.iter().flat_map(|from| {
                uses[*from]
                    .iter()
                    .filter(|to| members.contains(to))
                    .map(|to| format!("{} uses {}", name(from), name(to)))
            });
            circles.push(steps.collect::<Vec<_>>().join(", "));
        }
        circles
    }

    /// The modules whose items a module names.
    fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let source = &self.files[module];
        let mut used = BTreeSet::new();
        if defines_nothing(&source.body) {
            return used;
        }
        let mut add = |target: Option<Target>| {
            if let Some(Target::Module(other) | Target::ItemOf(other)) = target
                && other != *module
            {
                used.insert(other);
            }
        };
        for (alias, import) in &source.imports {
            match self.resolve(module, &import.path, 0) {
                // What is taken from an imported module is found where it is named.
                Some(Target::Module(other)) => {
                    for item in items_of(&source.body, alias) {
                        add(self.resolve_absolute(&[other.clone(), vec![item]].concat(), 0));
                    }
                }
                Some(target) if !import.is_public || names(&source.body, alias) => add(Some(target)),
                Some(_) | None => {}
            }
        }
        for path in paths_in(&source.body) {
            let is_rooted = matches!(path[0].as_str(), "crate" | "super" | "self");
            let is_child = self.files.contains_key(&[module.clone(), vec![path[0].clone()]].concat());
            // A path that names a module alone is a visibility, such as `pub(in crate::store)`.
            if (is_rooted || is_child && !source.imports.contains_key(&path[0]))
                && let Some(target @ Target::ItemOf(_)) = self.resolve(module, &path, 0)
            {
                add(Some(target));
            }
        }
        used
    }

    fn resolve(&self, from: &Module, path: &[String], hops: usize) -> Option<Target> {
        let mut base = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|step| step == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                if !self.files.contains_key(&[from.clone(), vec![first.to_owned()]].concat()) {
                    let import = self.files[from].imports.get(first).filter(|import| import.path != path)?;
                    return (hops < HOPS_MAX)
                        .then(|| self.resolve(from, &[&import.path, &path[1..]].concat(), hops + 1))
                        .flatten();
                }
            }
        }
        self.resolve_absolute(&[base.as_slice(), rest].concat(), hops)
    }

    fn resolve_absolute(&self, path: &[String], hops: usize) -> Option<Target> {
        let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth]))?;
        let (module, rest) = (path[..depth].to_vec(), &path[depth..]);
        let Some(item) = rest.first() else { return Some(Target::Module(module)) };
        match self.files[&module].imports.get(item) {
            Some(import) if hops < HOPS_MAX => self.resolve(&module, &[&import.path, &rest[1..]].concat(), hops + 1),
            Some(_) => None,
            None => Some(Target::ItemOf(module)),
        }
    }
}

fn name(module: &Module) -> String {
    if module.is_empty() { "lib".into() } else { module.join("::") }
}

fn reachable<'a>(from: &Module, uses: &BTreeMap<&'a Module, BTreeSet<Module>>) -> BTreeSet<&'a Module> {
    let mut found: BTreeSet<&Module> = BTreeSet::new();
    let mut open: Vec<&Module> = vec![from];
    while let Some(module) = open.pop() {
        for next in uses.get(module).into_iter().flatten() {
            if let Some((next, _)) = uses.get_key_value(next)
                && found.insert(next)
            {
                open.push(next);
            }
        }
    }
    found
}

/// `store/tx.rs` is `store::tx`, `store/mod.rs` is `store`, `lib.rs` is the crate.
fn module_of(path: &str) -> Option<Module> {
    let mut module: Module = path.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    match module.last().map(String::as_str) {
        Some("main") => return None,
        Some("mod" | "lib") => {
            module.pop();
        }
        _ => {}
    }
    Some(module)
}

/// The modules that `#[cfg(test)] mod x;` names.
fn test_files(code: &str) -> Vec<String> {
    let declared = code.split("#[cfg(test)]").skip(1).filter_map(|rest| {
        let (declaration, _) = rest.split_once(';')?;
        declaration.trim().strip_prefix("mod ")
    });
    declared.filter(|name| is_word(name)).map(str::to_owned).collect()
}

fn without_test_modules(code: &str) -> String {
    let mut kept = code.to_owned();
    let mut from = 0;
    while let Some(at) = kept[from..].find("#[cfg(test)]").map(|at| at + from) {
        let rest = &kept[at + "#[cfg(test)]".len()..];
        let opening = rest.find('{').filter(|open| rest[..*open].trim_start().starts_with("mod "));
        let opening = opening.filter(|open| !rest[..*open].contains(';'));
        let Some(opening) = opening else {
            from = at + 1;
            continue;
        };
        let length = block_length(&rest[opening..]);
        kept.replace_range(at..at + "#[cfg(test)]".len() + opening + length, "");
        from = at;
    }
    kept
}

/// The length of a block that begins with `{`.
fn block_length(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// The code without its `use` declarations, and what they import.
fn split_imports(code: &str) -> (String, BTreeMap<String, Import>) {
    let (mut body, mut imports) = (String::new(), BTreeMap::new());
    let mut statement: Option<String> = None;
    for line in code.lines() {
        if statement.is_none() && is_use(line) {
            statement = Some(String::new());
        }
        let Some(text) = &mut statement else {
            body += line;
            body.push('\n');
            continue;
        };
        *text += line;
        if let Some(end) = text.find(';') {
            let text = text[..end].trim();
            let is_public = text.starts_with("pub");
            let tree = text.split_once("use ").map_or("", |(_, tree)| tree);
            for (path, alias) in leaves(tree, &[]) {
                imports.entry(alias).or_insert(Import { path, is_public });
            }
            statement = None;
        }
    }
    (body, imports)
}

fn is_use(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        let rest = rest.trim_start();
        rest.strip_prefix('(').and_then(|inner| inner.split_once(')')).map_or(rest, |(_, rest)| rest).trim_start()
    });
    line.starts_with("use ")
}

/// The paths of a `use` tree, each with the name that it gets.
fn leaves(tree: &str, above: &[String]) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let head = head.split("::").map(str::trim).filter(|step| !step.is_empty()).map(str::to_owned);
        let above: Vec<String> = above.iter().cloned().chain(head).collect();
        let group = group.strip_suffix('}').unwrap_or(group);
        return parts(group).iter().flat_map(|part| leaves(part, &above)).collect();
    }
    if tree.is_empty() {
        return Vec::new();
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut path: Vec<String> =
        above.iter().cloned().chain(path.split("::").map(|step| step.trim().to_owned())).collect();
    path.retain(|step| !step.is_empty());
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let alias = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
    vec![(path, alias)]
}

/// The members of a group, which may hold groups.
fn parts(group: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// Whether a body only declares modules: such a file imports for its modules, not for itself.
fn defines_nothing(body: &str) -> bool {
    let declares = |line: &str| line.ends_with(';') && line.split_whitespace().any(|word| word == "mod");
    body.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || declares(line))
}

/// The paths of two steps and more that the code names.
fn paths_in(body: &str) -> Vec<Vec<String>> {
    let words = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    let paths = body.split(words).filter(|word| word.contains("::") && !word.starts_with(':'));
    let steps = |path: &str| path.split("::").filter(|step| !step.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    paths.map(steps).filter(|path| path.len() > 1 && path.iter().all(|step| is_word(step))).collect()
}

/// The names that the code takes from `alias`, as in `alias::name`.
fn items_of(body: &str, alias: &str) -> Vec<String> {
    paths_in(body).into_iter().filter(|path| path[0] == alias).map(|path| path[1].clone()).collect()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether the code contains this word.
fn names(body: &str, word: &str) -> bool {
    body.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        Crate::new(files.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned()))).circles()
    }

    #[test]
    fn two_files_that_use_each_other_are_a_circle_however_they_write_it() {
        let lib = ("lib.rs", "mod a;\nmod b;\n");
        for (a, b) in [
            ("use crate::b::B;\nstruct A(B);", "use super::a::A;\nstruct B(A);"),
            ("fn a() { crate::b::b() }", "use crate::a;\nfn b() { a::a() }"),
            ("use crate::{b::{self, B}};\nstruct A(B);", "fn b() { super::a::a() }"),
        ] {
            assert_eq!(circles(&[lib, ("a.rs", a), ("b.rs", b)]), ["a uses b, b uses a"], "{a}");
        }
        assert!(circles(&[lib, ("a.rs", "use crate::b::B;\nstruct A(B);"), ("b.rs", "struct B;")]).is_empty());
    }

    #[test]
    fn a_folder_that_only_re_exports_is_in_no_circle() {
        let files = [
            ("lib.rs", "mod s;\n"),
            ("s/mod.rs", "mod a;\nmod b;\npub use self::{a::A, b::B};\n"),
            ("s/a.rs", "pub struct A;"),
            ("s/b.rs", "use super::A;\npub struct B(A);"),
        ];
        assert!(circles(&files).is_empty());
        let own = [
            ("s/mod.rs", "mod a;\nmod b;\npub use self::{a::A, b::B};\npub struct Own(B);\n"),
            ("s/b.rs", "use super::{A, Own};\npub struct B(A, Own);"),
        ];
        assert_eq!(circles(&[files[0], own[0], files[2], own[1]]), ["s uses s::b, s::b uses s"]);
    }

    #[test]
    fn test_modules_do_not_count() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod c;\n"),
            ("a.rs", "use crate::b::B;\npub struct A(B);"),
            ("b.rs", "pub struct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n    fn f() { A::new() }\n}\n"),
            ("c.rs", "use crate::a::A;\nfn f(a: A) {}"),
        ];
        assert!(circles(&files).is_empty());
    }
}
