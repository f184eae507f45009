//! The columns of which `db check` finds each change, and those of which it does not, with the reason.

/// How a cell is changed.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// To the next number.
    Number,
    /// To a longer text.
    Text,
    /// To another of these words.
    Word(&'static [&'static str]),
    /// To other bytes.
    Bytes,
    /// To its opposite.
    Truth,
}
use Kind::{Bytes, Number, Text, Truth, Word};

const RECORD_STATES: Kind =
    Word(&["waiting", "held", "batched", "printed", "handed_over", "quarantined", "uncertain", "withdrawn"]);
const JOB_STATES: Kind = Word(&["queued", "printing", "printed", "uncertain", "quarantined", "returned", "withdrawn"]);
const ATTEMPT_STATES: Kind = Word(&["printed", "spoiled", "uncertain"]);
const ACCOUNTS: Kind = Word(&["vault", "hopper", "reserved", "printed", "spoiled", "handed-over", "missing"]);

/// A table, the key of its rows, and the columns of which each change is found.
pub(crate) type Covered = (&'static str, &'static str, &'static [(&'static str, Kind)]);

pub(crate) const COVERED: &[Covered] = &[
    (
        "record",
        "id",
        &[
            ("source", Text),
            ("request_id", Text),
            ("profile", Text),
            ("kind", Text),
            ("state", RECORD_STATES),
            ("version", Number),
            ("slot", Number),
            ("person_key", Bytes),
            ("digest", Bytes),
            ("photo_id", Number),
            ("district", Text),
            ("village", Text),
            ("requested_at_us", Number),
            ("verified_at_us", Number),
            ("copy", Number),
            ("stop", Word(&["withdrawn", "updated"])),
            ("checked", Truth),
            ("surrendered", Truth),
            ("sent", Truth),
        ],
    ),
    ("person", "record_id", &[("sealed", Bytes), ("record_id", Number)]),
    ("photo", "id", &[("digest", Bytes), ("sealed", Bytes), ("uses", Number)]),
    (
        "waiting",
        "source || '/' || request_id",
        &[
            ("profile", Text),
            ("class", Number),
            ("verified_at_us", Number),
            ("requested_at_us", Number),
            ("source", Text),
            ("request_id", Text),
            ("record_id", Number),
        ],
    ),
    ("lot", "id", &[("blank_type", Text), ("name", Text), ("serials", Text), ("received_at_us", Number)]),
    ("balance", "account || '/' || place", &[("account", ACCOUNTS), ("place", Text), ("quantity", Number)]),
    (
        "movement",
        "id",
        &[
            ("at_us", Number),
            ("from_account", ACCOUNTS),
            ("from_place", Text),
            ("to_account", ACCOUNTS),
            ("to_place", Text),
            ("quantity", Number),
            ("cause", Text),
            ("document", Text),
            ("batch_id", Number),
            ("attempt_id", Number),
            ("reverses", Number),
            ("actor", Text),
            ("account", Number),
            ("means", Text),
        ],
    ),
    (
        "printer",
        "name",
        &[
            ("uri", Text),
            ("profile", Text),
            ("hopper", Number),
            ("override_reason", Text),
            ("acknowledged_reasons", Text),
            ("removed", Truth),
            ("jobs_known_until_us", Number),
        ],
    ),
    (
        "pause",
        "scope || '/' || name",
        &[
            ("scope", Word(&["queue", "printer", "batch"])),
            ("name", Text),
            ("reason", Text),
            ("actor", Text),
            ("at_us", Number),
            ("account", Number),
            ("means", Text),
        ],
    ),
    (
        "pending_act",
        "id",
        &[
            ("operation", Text),
            ("act", Text),
            ("target", Text),
            ("target_version", Text),
            ("reason", Text),
            ("state", Word(&["confirmed", "refused", "taken-back", "expired", "conflict"])),
            ("requested_by", Text),
            ("requested_account", Number),
            ("requested_means", Text),
            ("requested_at_us", Number),
            ("expires_at_us", Number),
            ("decided_by", Text),
            ("decided_account", Number),
            ("decided_means", Text),
            ("decided_at_us", Number),
            ("decided_note", Text),
        ],
    ),
    ("person_rule", "profile", &[("profile", Text), ("rule", Text), ("next_rule", Text), ("done", Number)]),
    (
        "account",
        "id",
        &[
            ("name", Text),
            ("name_key", Text),
            ("password", Text),
            ("one_time_until_us", Number),
            ("reset_at_us", Number),
            ("made_at_us", Number),
            ("disabled_at_us", Number),
        ],
    ),
    (
        "account_role",
        "account_id || '/' || role",
        &[("role", Word(&["stock-keeper", "auditor"])), ("given_at_us", Number), ("taken_at_us", Number)],
    ),
    (
        "token",
        "id",
        &[
            ("token_hash", Text),
            ("account_id", Number),
            ("name", Text),
            ("scopes", Text),
            ("made_at_us", Number),
            ("expires_at_us", Number),
            ("revoked_at_us", Number),
        ],
    ),
    ("os_user", "name", &[("name", Text), ("account_id", Number), ("mapped_at_us", Number)]),
    (
        "card_out",
        "record_id",
        &[
            ("id", Number),
            ("record_id", Number),
            ("district", Text),
            ("document", Text),
            ("sent_at_us", Number),
            ("sent_by", Text),
            ("handed_over_order", Number),
            ("handed_over_at_us", Number),
            ("proxy", Word(&["letter-of-authority", "family-card", "guardianship", "other-document"])),
            ("proxy_sealed", Text),
        ],
    ),
    ("job", "id", &[("state", JOB_STATES)]),
    ("attempt", "id", &[("state", ATTEMPT_STATES)]),
    ("audit", "chain || '/' || seq", &[("entry", Text), ("hash", Bytes), ("seq", Number), ("chain", Text)]),
    ("audit_head", "chain", &[("seq", Number), ("hash", Bytes), ("chain", Text)]),
];

/// Tables and columns of which a change is not found, with the reason.
pub(crate) const NOT_COVERED: &[(&str, &[&str], &str)] = &[
    ("record", &["id"], "a number within the database; a row that others refer to is missed by its references"),
    ("record", &["class"], "the order of printing; while a record waits, the waiting list is compared with it"),
    ("record", &["charged", "failed_on"], "the count of failed tries; the audit has each of them"),
    ("record", &["reason", "note"], "words beside a state; the audit has them with the event"),
    ("photo", &["id"], "a number within the database; records refer to it"),
    ("lot", &["id"], "a number within the database; the ledger refers to it"),
    ("balance", &["lot_id"], "its reference is checked, and the balances are compared with the movements"),
    (
        "movement",
        &["id", "lot_id"],
        "the order of a list; a lot that another movement does not have is found by its sum",
    ),
    ("printer", &["name"], "batches refer to it"),
    ("printer", &["breaker", "failures", "state", "reasons", "capabilities", "node"], "what it said last"),
    ("pending_act", &["id", "record_id"], "numbers within the database; the act names its record"),
    ("account", &["id"], "a number within the database; a row that is moved is missed under its number"),
    ("account_role", &["account_id"], "the key of the row, covered with it; the account must exist"),
    ("token", &["id"], "a number within the database; a row that is moved is missed under its number"),
    (
        "session",
        &["*"],
        "ends within 12 hours, and confirms nothing without the password; the audit has its beginning and end",
    ),
    (
        "idempotency",
        &["*"],
        "answers of requests, for 24 hours: one that is changed does not open, and one that is missing is as if the key had not been sent",
    ),
    ("batch", &["*"], "how records were grouped; what became of each is compared"),
    (
        "job",
        &["id", "batch_id", "record_id", "copy", "lot_id", "position", "due_at_us", "not_started"],
        "how a card was queued",
    ),
    (
        "attempt",
        &[
            "id",
            "name",
            "job_id",
            "printer",
            "record_version",
            "printer_job",
            "acknowledged",
            "reason",
            "note",
            "inspected",
            "began_at_us",
            "ended_at_us",
            "printer_run",
            "owner",
            "impressions",
        ],
        "how a card was sent; its outcome is compared with the ledger",
    ),
    ("job_archive", &["*"], "how a card was queued"),
    ("attempt_archive", &["*"], "how a card was sent"),
    ("test_card", &["*"], "its blank is compared with the ledger"),
    ("unknown_job", &["*"], "covered, and this office has none"),
    ("counter_record", &["*"], "a cache, compared with the records"),
    ("counter_outcome", &["*"], "a cache, compared with the attempts"),
    ("record_event", &["*"], "where the audit has the events of a record; the audit is compared"),
    ("claim_bound", &["*"], "a cache, compared with the waiting list"),
    ("outage", &["*"], "a report of the past"),
    ("owner", &["*"], "which process began an attempt"),
    ("node", &["*"], "leases, which last for seconds"),
    ("meta", &["*"], "settings of the program; the key, and the numbers that these rules need, are compared"),
    ("_sqlx_migrations", &["*"], "the schema's scripts, compared when the database is opened"),
];
