//! The tables of which the audit has a keyed digest of each row.

/// A statement for all rows, and one for the rows with the keys `$1`.
macro_rules! rows {
    ($all:literal, $key:literal, $of:literal) => {
        [$all, concat!($all, " WHERE ", $key, " IN (SELECT ", $of, " FROM json_each($1) AS v)")]
    };
}

/// A table whose rows are sealed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum SealedTable {
    Printer,
    PrinterLimit,
    Pause,
    PendingAct,
    Lot,
    UnknownJob,
    PersonRule,
    Account,
    AccountRole,
    Token,
    OsUser,
    CardOut,
    StockCount,
    PlaceChange,
    Import,
}

impl SealedTable {
    pub(super) const ALL: [Self; 15] = [
        Self::Printer,
        Self::PrinterLimit,
        Self::Pause,
        Self::PendingAct,
        Self::Lot,
        Self::UnknownJob,
        Self::PersonRule,
        Self::Account,
        Self::AccountRole,
        Self::Token,
        Self::OsUser,
        Self::CardOut,
        Self::StockCount,
        Self::PlaceChange,
        Self::Import,
    ];

    /// The name in the audit and in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Printer => "printer",
            Self::PrinterLimit => "printer_limit",
            Self::Pause => "pause",
            Self::PendingAct => "pending_act",
            Self::Lot => "lot",
            Self::UnknownJob => "unknown_job",
            Self::PersonRule => "person_rule",
            Self::Account => "account",
            Self::AccountRole => "account_role",
            Self::Token => "token",
            Self::OsUser => "os_user",
            Self::CardOut => "card_out",
            Self::StockCount => "stock_count",
            Self::PlaceChange => "place_change",
            Self::Import => "import",
        }
    }

    /// What people call a row.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Printer => "printer",
            Self::PrinterLimit => "limits of printer",
            Self::Pause => "pause",
            Self::PendingAct => "act",
            Self::Lot => "lot number",
            Self::UnknownJob => "unknown job",
            Self::PersonRule => "key rule of profile",
            Self::Account => "account",
            Self::AccountRole => "role of account",
            Self::Token => "token",
            Self::OsUser => "system user",
            Self::CardOut => "card outside of record number",
            Self::StockCount => "count",
            Self::PlaceChange => "jump or update number",
            Self::Import => "import",
        }
    }

    /// The sealed columns, the key first.
    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Printer => &[
                "name",
                "uri",
                "profile",
                "hopper",
                "override_reason",
                "acknowledged_reasons",
                "removed",
                "jobs_known_until_us",
            ],
            Self::PrinterLimit => &["printer", "limits"],
            Self::Pause => &["name", "reason", "actor", "at_us", "account", "means"],
            Self::PendingAct => &[
                "id",
                "operation",
                "act",
                "target",
                "target_version",
                "record_id",
                "reason",
                "state",
                "requested_by",
                "requested_account",
                "requested_means",
                "requested_at_us",
                "expires_at_us",
                "decided_by",
                "decided_account",
                "decided_means",
                "decided_at_us",
                "decided_note",
            ],
            Self::Lot => &["id", "blank_type", "name", "serials", "received_at_us"],
            Self::UnknownJob => &["name", "accepted_at_us"],
            Self::PersonRule => &["profile", "rule", "next_rule", "done"],
            Self::Account => &[
                "id",
                "name",
                "name_key",
                "password",
                "one_time_until_us",
                "reset_at_us",
                "made_at_us",
                "disabled_at_us",
            ],
            Self::AccountRole => &["account and role", "given_at_us", "taken_at_us"],
            Self::Token => {
                &["id", "token_hash", "name", "account_id", "scopes", "made_at_us", "expires_at_us", "revoked_at_us"]
            }
            Self::OsUser => &["name", "account_id", "mapped_at_us"],
            Self::CardOut => &[
                "record_id",
                "id",
                "district",
                "document",
                "sent_at_us",
                "sent_by",
                "handed_over_order",
                "handed_over_at_us",
                "proxy",
                "proxy_sealed",
            ],
            Self::StockCount => stock_count::COLUMNS,
            Self::PlaceChange => place_change::COLUMNS,
            Self::Import => import::COLUMNS,
        }
    }

    /// The statement that reads the [columns](Self::columns), as texts, of all rows or of those with the keys `$1`. What a printer says
    /// and what the scheduler has counted changes often, and is not sealed.
    pub(super) fn statement(self, of_keys: bool) -> &'static str {
        let [all, some] = match self {
            Self::Printer => rows!(
                    "SELECT name, uri, profile, CAST(hopper AS TEXT), override_reason, acknowledged_reasons,
                            CASE WHEN removed THEN '1' ELSE '0' END, CAST(jobs_known_until_us AS TEXT) FROM printer",
                    "name",
                    "v.value ->> 0"
                ),
            Self::PrinterLimit => rows!("SELECT printer, limits FROM printer_limit", "printer", "v.value ->> 0"),
            Self::Pause => rows!(
                    "SELECT scope || '/' || name, reason, actor, CAST(at_us AS TEXT), CAST(account AS TEXT), means FROM pause",
                    "scope || '/' || name",
                    "v.value ->> 0"
                ),
            Self::PendingAct => rows!(
                    "SELECT CAST(id AS TEXT), operation, act, target, target_version, CAST(record_id AS TEXT), reason, state,
                            requested_by, CAST(requested_account AS TEXT), requested_means, CAST(requested_at_us AS TEXT),
                            CAST(expires_at_us AS TEXT), decided_by, CAST(decided_account AS TEXT), decided_means,
                            CAST(decided_at_us AS TEXT), decided_note FROM pending_act",
                    "id",
                    "CAST(v.value ->> 0 AS BIGINT)"
                ),
            Self::Lot => rows!(
                    "SELECT CAST(id AS TEXT), blank_type, name, serials, CAST(received_at_us AS TEXT) FROM lot",
                    "id",
                    "CAST(v.value ->> 0 AS BIGINT)"
                ),
            Self::UnknownJob => rows!(
                    "SELECT printer || '/' || name, CAST(accepted_at_us AS TEXT) FROM unknown_job",
                    "printer || '/' || name",
                    "v.value ->> 0"
                ),
            Self::PersonRule => rows!(
                    "SELECT profile, rule, next_rule, CAST(done AS TEXT) FROM person_rule",
                    "profile",
                    "v.value ->> 0"
                ),
            Self::Account => rows!(
                    "SELECT CAST(id AS TEXT), name, name_key, password, CAST(one_time_until_us AS TEXT),
                            CAST(reset_at_us AS TEXT), CAST(made_at_us AS TEXT), CAST(disabled_at_us AS TEXT) FROM account",
                    "id",
                    "CAST(v.value ->> 0 AS BIGINT)"
                ),
            Self::AccountRole => rows!(
                    "SELECT CAST(account_id AS TEXT) || '/' || role, CAST(given_at_us AS TEXT), CAST(taken_at_us AS TEXT)
                     FROM account_role",
                    "CAST(account_id AS TEXT) || '/' || role",
                    "v.value ->> 0"
                ),
            Self::Token => rows!(
                    "SELECT CAST(id AS TEXT), token_hash, name, CAST(account_id AS TEXT), scopes, CAST(made_at_us AS TEXT),
                            CAST(expires_at_us AS TEXT), CAST(revoked_at_us AS TEXT) FROM token",
                    "id",
                    "CAST(v.value ->> 0 AS BIGINT)"
                ),
            Self::OsUser => rows!(
                    "SELECT name, CAST(account_id AS TEXT), CAST(mapped_at_us AS TEXT) FROM os_user",
                    "name",
                    "v.value ->> 0"
                ),
            Self::CardOut => rows!(
                    "SELECT CAST(record_id AS TEXT), CAST(id AS TEXT), district, document, CAST(sent_at_us AS TEXT), sent_by,
                            CAST(handed_over_order AS TEXT), CAST(handed_over_at_us AS TEXT), proxy, proxy_sealed FROM card_out",
                    "record_id",
                    "CAST(v.value ->> 0 AS BIGINT)"
                ),
            Self::StockCount => stock_count::ROWS,
            Self::PlaceChange => place_change::ROWS,
            Self::Import => import::ROWS,
        };
        if of_keys { some } else { all }
    }
}

/// The columns of counts of blanks, which are many.
mod stock_count {
    pub(super) const COLUMNS: &[&str] = &[
        "id",
        "blank_type",
        "place",
        "state",
        "counter",
        "counter_account",
        "note",
        "opened_by",
        "opened_account",
        "opened_means",
        "opened_at_us",
        "first_counted",
        "first_booked",
        "first_by",
        "first_account",
        "first_means",
        "first_at_us",
        "second_counted",
        "second_booked",
        "second_by",
        "second_account",
        "second_means",
        "second_at_us",
        "which",
        "closed_by",
        "closed_account",
        "closed_means",
        "closed_at_us",
        "closed_note",
    ];

    pub(super) const ROWS: [&str; 2] = rows!(
        "SELECT CAST(id AS TEXT), blank_type, place, state, counter, CAST(counter_account AS TEXT), note,
         opened_by, CAST(opened_account AS TEXT), opened_means, CAST(opened_at_us AS TEXT),
         CAST(first_counted AS TEXT), CAST(first_booked AS TEXT), first_by, CAST(first_account AS TEXT),
         first_means, CAST(first_at_us AS TEXT), CAST(second_counted AS TEXT),
         CAST(second_booked AS TEXT), second_by, CAST(second_account AS TEXT), second_means,
         CAST(second_at_us AS TEXT), which, closed_by, CAST(closed_account AS TEXT), closed_means,
         CAST(closed_at_us AS TEXT), closed_note FROM stock_count",
        "id",
        "CAST(v.value ->> 0 AS BIGINT)"
    );
}

/// The columns of changes of places, which are many, too.
mod place_change {
    pub(super) const COLUMNS: &[&str] = &[
        "id",
        "record_id",
        "cause",
        "class",
        "verified_at_us",
        "requested_at_us",
        "to_class",
        "at_us",
        "actor",
        "account",
        "note",
    ];

    pub(super) const ROWS: [&str; 2] = rows!(
        "SELECT CAST(id AS TEXT), CAST(record_id AS TEXT), cause, CAST(class AS TEXT), CAST(verified_at_us AS TEXT),
         CAST(requested_at_us AS TEXT), CAST(to_class AS TEXT), CAST(at_us AS TEXT), actor,
         CAST(account AS TEXT), note FROM place_change",
        "id",
        "CAST(v.value ->> 0 AS BIGINT)"
    );
}

/// The columns of imports.
mod import {
    pub(super) const COLUMNS: &[&str] = &[
        "id",
        "source",
        "profile",
        "file_name",
        "digest",
        "state",
        "began_by",
        "began_account",
        "began_means",
        "began_at_us",
        "ended_at_us",
    ];
    pub(super) const ROWS: [&str; 2] = rows!(
        "SELECT CAST(id AS TEXT), source, profile, file_name, digest, state, began_by, CAST(began_account AS TEXT),
                began_means, CAST(began_at_us AS TEXT), CAST(ended_at_us AS TEXT) FROM import",
        "id",
        "CAST(v.value ->> 0 AS BIGINT)"
    );
}
