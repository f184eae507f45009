//! Each migration is listed in the store, numbered without a gap, and there for both databases.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{extension, names_in, root};

#[test]
fn every_migration_is_listed_in_the_store() {
    let listed = fs::read_to_string(root().join("src/store/backend/schema.rs")).unwrap();
    let folders: Vec<PathBuf> = fs::read_dir(root().join("migrations")).unwrap().map(|e| e.unwrap().path()).collect();
    let scripts: Vec<Vec<String>> = folders.iter().map(|folder| names_in(folder)).collect();
    for scripts in &scripts {
        assert_eq!(unlisted(&listed, scripts), Vec::<String>::new(), "list them in src/store/backend/schema.rs");
        assert_eq!(misnumbered(scripts), Vec::<String>::new(), "migrations are numbered 0001, 0002 … without a gap");
    }
    assert!(scripts.windows(2).all(|pair| pair[0] == pair[1]), "each database needs the same migrations: {scripts:?}");
}

#[test]
fn migrations_are_missed() {
    let scripts = ["0001_first.sql".to_owned(), "0003_third.sql".to_owned()];
    let listed = "include_str!(\"../../migrations/sqlite/0001_first.sql\")";
    assert_eq!(unlisted(listed, &scripts), ["0003_third.sql"]);
    assert_eq!(misnumbered(&scripts), ["0003_third.sql"]);
}

/// Migrations that the store does not include.
fn unlisted(store: &str, scripts: &[String]) -> Vec<String> {
    let is_listed = |script: &&String| store.contains(&format!("/{script}\""));
    sql(scripts).filter(|s| !is_listed(s)).cloned().collect()
}

/// Migrations whose number is not their place.
fn misnumbered(scripts: &[String]) -> Vec<String> {
    (1..)
        .zip(sql(scripts))
        .filter(|(n, script)| !script.starts_with(&format!("{n:04}_")))
        .map(|(_, s)| s.clone())
        .collect()
}

fn sql(scripts: &[String]) -> impl Iterator<Item = &String> {
    scripts.iter().filter(|script| extension(Path::new(script)) == "sql")
}
