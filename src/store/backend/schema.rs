//! The migrations of both databases.

use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::store::error::{StoreError, doing};

type Script = (i64, &'static str, &'static str);

macro_rules! scripts {
    ($folder:literal) => {
        [
            (1, "first", include_str!(concat!("../../../migrations/", $folder, "/0001_first.sql"))),
            (2, "evidence", include_str!(concat!("../../../migrations/", $folder, "/0002_evidence.sql"))),
            (3, "archive", include_str!(concat!("../../../migrations/", $folder, "/0003_archive.sql"))),
            (4, "nodes", include_str!(concat!("../../../migrations/", $folder, "/0004_nodes.sql"))),
            (5, "ended", include_str!(concat!("../../../migrations/", $folder, "/0005_ended.sql"))),
            (6, "sides", include_str!(concat!("../../../migrations/", $folder, "/0006_sides.sql"))),
            (7, "acts", include_str!(concat!("../../../migrations/", $folder, "/0007_acts.sql"))),
            (8, "counters", include_str!(concat!("../../../migrations/", $folder, "/0008_counters.sql"))),
            (9, "second_person", include_str!(concat!("../../../migrations/", $folder, "/0009_second_person.sql"))),
            (10, "names", include_str!(concat!("../../../migrations/", $folder, "/0010_names.sql"))),
            (11, "owners", include_str!(concat!("../../../migrations/", $folder, "/0011_owners.sql"))),
            (12, "test_cards", include_str!(concat!("../../../migrations/", $folder, "/0012_test_cards.sql"))),
            (13, "copies", include_str!(concat!("../../../migrations/", $folder, "/0013_copies.sql"))),
            (14, "unknown_jobs", include_str!(concat!("../../../migrations/", $folder, "/0014_unknown_jobs.sql"))),
            (15, "commits", include_str!(concat!("../../../migrations/", $folder, "/0015_commits.sql"))),
            (16, "persons", include_str!(concat!("../../../migrations/", $folder, "/0016_persons.sql"))),
            (17, "claims", include_str!(concat!("../../../migrations/", $folder, "/0017_claims.sql"))),
            (18, "changes", include_str!(concat!("../../../migrations/", $folder, "/0018_changes.sql"))),
            (19, "record_events", include_str!(concat!("../../../migrations/", $folder, "/0019_record_events.sql"))),
            (20, "corrections", include_str!(concat!("../../../migrations/", $folder, "/0020_corrections.sql"))),
            (21, "checked", include_str!(concat!("../../../migrations/", $folder, "/0021_checked.sql"))),
            (22, "person_rules", include_str!(concat!("../../../migrations/", $folder, "/0022_person_rules.sql"))),
            (23, "accounts", include_str!(concat!("../../../migrations/", $folder, "/0023_accounts.sql"))),
            (24, "one_person", include_str!(concat!("../../../migrations/", $folder, "/0024_one_person.sql"))),
            (25, "idempotency", include_str!(concat!("../../../migrations/", $folder, "/0025_idempotency.sql"))),
            (26, "os_users", include_str!(concat!("../../../migrations/", $folder, "/0026_os_users.sql"))),
            (27, "confirmed_acts", include_str!(concat!("../../../migrations/", $folder, "/0027_confirmed_acts.sql"))),
            (28, "aside", include_str!(concat!("../../../migrations/", $folder, "/0028_aside.sql"))),
            (29, "stock_counts", include_str!(concat!("../../../migrations/", $folder, "/0029_stock_counts.sql"))),
            (30, "districts", include_str!(concat!("../../../migrations/", $folder, "/0030_districts.sql"))),
            (31, "name_words", include_str!(concat!("../../../migrations/", $folder, "/0031_name_words.sql"))),
            (32, "kept_plans", include_str!(concat!("../../../migrations/", $folder, "/0032_kept_plans.sql"))),
            (33, "supplies", include_str!(concat!("../../../migrations/", $folder, "/0033_supplies.sql"))),
            (34, "jumps", include_str!(concat!("../../../migrations/", $folder, "/0034_jumps.sql"))),
            (35, "imports", include_str!(concat!("../../../migrations/", $folder, "/0035_imports.sql"))),
            (36, "sources", include_str!(concat!("../../../migrations/", $folder, "/0036_sources.sql"))),
        ]
    };
}

/// The migrations of SQLite, and the newest schema number.
pub(super) fn of_sqlite() -> (Migrator, i64) {
    migrator(&scripts!("sqlite"))
}

/// The migrations of PostgreSQL, and the newest schema number.
pub(super) fn of_postgres() -> (Migrator, i64) {
    migrator(&scripts!("postgres"))
}

/// A migrator, and the newest schema number.
fn migrator(scripts: &[Script]) -> (Migrator, i64) {
    let migration = |(number, name, sql): &Script| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
    };
    let known = scripts.iter().map(|(number, _, _)| *number).max().unwrap_or(0);
    (Migrator::with_migrations(scripts.iter().map(migration).collect()), known)
}

/// Translates the result of a migration. `known` is the newest schema number of this program.
pub(super) fn migrated(result: Result<(), sqlx::migrate::MigrateError>, known: i64) -> Result<(), StoreError> {
    match result {
        Ok(()) => Ok(()),
        Err(sqlx::migrate::MigrateError::VersionMissing(found)) => Err(StoreError::Newer { found, known }),
        Err(error) => Err(doing("migrating the schema")(error.into())),
    }
}
