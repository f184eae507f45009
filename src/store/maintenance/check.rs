//! Consistency checks that hold at every moment, also after a crash: the file, the audit, the ledger, and that all tables
//! agree.
//!
//! Each statement selects violations: the object as people name it, and what is wrong with it. All statements read one
//! snapshot, and each reads whole tables.

use self::Remedy::{ClaimAgain, IgnoreCounts, IndexNames, ReadHistory, Recount, Report, Restore, TellSupplies};
use crate::store::{ChainFault, ChainHead, StoreError, Tx, backend::Inner, doing, on};

/// A rule and its violations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// The rule.
    pub rule: &'static str,
    /// At most 100 violations; empty if the rule holds.
    pub faults: Vec<Violation>,
    /// The number of rows that are older than what the rule compares them with, so that they are not proved.
    pub older: u64,
    /// What to do if the rule is violated.
    pub remedy: Remedy,
}

/// What a person has to do about a violation. In each case the files are kept as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Restore a backup.
    Restore,
    /// Report it to the person who is responsible for the audit.
    Report,
    /// Count the blanks and cards.
    Recount,
    /// Read the history of the object, and do not print it.
    ReadHistory,
    /// Do not rely on the counts of the board.
    IgnoreCounts,
    /// Forget where claims begin.
    ClaimAgain,
    /// Make the index of names anew.
    IndexNames,
    /// Say what supplies the printer has.
    TellSupplies,
}

/// A violation of a rule.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Violation {
    /// The object: `record default/3372-2015-000001`, `lot 2015-08 of ktp-el`.
    pub thing: String,
    /// What is wrong with it.
    pub what: String,
}

/// Rules that are one statement each: name, remedy, statement.
const RULES: [(&str, Remedy, &str); 25] = [
    ("the accounts of each lot sum to zero", Recount, LOTS),
    ("a reversal takes back no more than its delivery", Recount, REVERSALS),
    ("each count has what its state needs, and its difference is in the ledger", Recount, COUNTS),
    ("the waiting list has all waiting records, and no others", ReadHistory, WAITING),
    ("a record that jumped is in the class of its last jump, and no other jumped", ReadHistory, JUMPS),
    ("a claim reads each waiting record", ClaimAgain, CLAIM_BOUNDS),
    ("a record in a batch or uncertain has its one open job, and no other has any", ReadHistory, OPEN_JOBS),
    ("a printing job has its one open attempt, an uncertain or printed one its attempt", ReadHistory, ATTEMPTS),
    ("a closed batch has no open job", ReadHistory, BATCHES),
    ("each open job has its reserved blank, and no other blank is reserved", Recount, RESERVED),
    ("each attempt's blank is booked as the attempt ended", Recount, BOOKED),
    ("each test card's blank is booked as the test card ended", Recount, TEST_CARDS),
    ("each card in the office or with its citizen has its blank there", Recount, CARDS),
    ("each card that was sent or handed over is where its record says", ReadHistory, CARDS_OUT),
    ("as many blanks are booked as printed and uncertain as there are such cards", Recount, CARD_COUNTS),
    ("a second copy has its approved warrant", ReadHistory, COPIES),
    ("each event of a record is in the audit", Report, RECORD_EVENTS),
    ("no session is of a disabled account", Report, SESSIONS),
    ("each record has its person", Restore, PERSONS),
    ("the index of names has the words of each record, and no others", IndexNames, NAME_WORDS),
    ("no batch is open while the persons of its profile are rekeyed", ReadHistory, REKEYED),
    ("each photo knows how many records need it", Restore, PHOTOS),
    ("a job is either live or archived, and archived only after it has ended", ReadHistory, ARCHIVED),
    ("the counters of records are equal to the records", IgnoreCounts, RECORD_COUNTERS),
    ("the counters of outcomes are equal to the attempts that ended", IgnoreCounts, OUTCOME_COUNTERS),
];

const LOTS: &str = "
    SELECT 'lot ' || lot.name || ' of ' || lot.blank_type, 'its accounts sum to ' || CAST(s.total AS TEXT)
    FROM (SELECT lot_id, CAST(SUM(quantity) AS BIGINT) AS total FROM balance GROUP BY lot_id) AS s
    JOIN lot ON lot.id = s.lot_id
    WHERE s.total <> 0 ORDER BY lot.id LIMIT 100";

const REVERSALS: &str = "
    SELECT 'movement ' || CAST(s.delivery AS TEXT), CAST(s.reversed AS TEXT) || ' of it reversed, and '
           || CASE WHEN d.id IS NULL THEN 'it is no delivery' ELSE CAST(d.quantity AS TEXT) || ' delivered' END
    FROM (SELECT reverses AS delivery, lot_id, CAST(SUM(quantity) AS BIGINT) AS reversed,
                 COUNT(*) FILTER (WHERE cause <> 'reversed' OR from_account <> 'vault' OR to_account <> 'supplier') AS others
          FROM movement WHERE reverses IS NOT NULL GROUP BY reverses, lot_id) AS s
    LEFT JOIN movement AS d ON d.id = s.delivery AND d.cause = 'received' AND d.lot_id = s.lot_id
    WHERE d.id IS NULL OR s.reversed > d.quantity OR s.others > 0
    ORDER BY s.delivery LIMIT 100";

const WAITING: &str = "
    SELECT 'record ' || r.source || '/' || r.request_id, 'it waits, and is not at its place in the waiting list'
    FROM record AS r
    WHERE r.state = 'waiting' AND NOT EXISTS (
        SELECT 1 FROM waiting AS w
        WHERE w.profile = r.profile AND w.class = r.class AND w.verified_at_us = r.verified_at_us
          AND w.requested_at_us = r.requested_at_us AND w.source = r.source AND w.request_id = r.request_id
          AND w.record_id = r.id)
    UNION ALL
    SELECT 'record ' || w.source || '/' || w.request_id, 'it is in the waiting list, and does not wait'
    FROM waiting AS w LEFT JOIN record AS r ON r.id = w.record_id
    WHERE r.id IS NULL OR r.state <> 'waiting' OR r.source <> w.source OR r.request_id <> w.request_id
    LIMIT 100";

const CLAIM_BOUNDS: &str = "
    SELECT 'record ' || w.source || '/' || w.request_id, 'it stands before the first record that a claim reads'
    FROM claim_bound AS b JOIN waiting AS w ON w.profile = b.profile
    WHERE (w.class, w.verified_at_us, w.requested_at_us, w.source, w.request_id)
          < (b.class, b.verified_at_us, b.requested_at_us, b.source, b.request_id)
    LIMIT 100";

const OPEN_JOBS: &str = "
    SELECT 'record ' || r.source || '/' || r.request_id,
           'it is ' || r.state || ', with ' || CAST(COALESCE(j.in_hand, 0) AS TEXT) || ' jobs queued or printing and '
           || CAST(COALESCE(j.unknown, 0) AS TEXT) || ' uncertain'
    FROM record AS r LEFT JOIN (
        SELECT record_id, COUNT(*) FILTER (WHERE state <> 'uncertain') AS in_hand,
               COUNT(*) FILTER (WHERE state = 'uncertain') AS unknown
        FROM job WHERE state IN ('queued', 'printing', 'uncertain') GROUP BY record_id) AS j ON j.record_id = r.id
    WHERE COALESCE(j.in_hand, 0) <> CASE WHEN r.state = 'batched' THEN 1 ELSE 0 END
       OR COALESCE(j.unknown, 0) <> CASE WHEN r.state = 'uncertain' THEN 1 ELSE 0 END
    ORDER BY r.id LIMIT 100";

// A returned job may have had a good card, which was rejected later.
const ATTEMPTS: &str = "
    WITH attempts AS (
        SELECT job_id, COUNT(*) FILTER (WHERE ended_at_us IS NULL) AS open, COUNT(*) FILTER (WHERE state = 'uncertain') AS unknown,
               COUNT(*) FILTER (WHERE state = 'printed') AS good
        FROM (SELECT job_id, state, ended_at_us FROM attempt
              UNION ALL SELECT job_id, state, ended_at_us FROM attempt_archive) AS a
        GROUP BY job_id)
    SELECT 'job ' || CAST(j.id AS TEXT),
           'it is ' || j.state || ', with ' || CAST(COALESCE(a.open, 0) AS TEXT) || ' attempts open, '
           || CAST(COALESCE(a.unknown, 0) AS TEXT) || ' uncertain, ' || CAST(COALESCE(a.good, 0) AS TEXT) || ' printed'
    FROM (SELECT id, state FROM job UNION ALL SELECT id, state FROM job_archive) AS j
    LEFT JOIN attempts AS a ON a.job_id = j.id
    WHERE COALESCE(a.open, 0) <> CASE WHEN j.state = 'printing' THEN 1 ELSE 0 END
       OR COALESCE(a.unknown, 0) <> CASE WHEN j.state = 'uncertain' THEN 1 ELSE 0 END
       OR (COALESCE(a.good, 0) <> CASE WHEN j.state = 'printed' THEN 1 ELSE 0 END
           AND NOT (j.state = 'returned' AND COALESCE(a.good, 0) = 1))
    ORDER BY j.id LIMIT 100";

const BATCHES: &str = "
    SELECT 'batch ' || CAST(b.id AS TEXT), 'it is closed, and job ' || CAST(j.id AS TEXT) || ' is ' || j.state
    FROM job AS j JOIN batch AS b ON b.id = j.batch_id
    WHERE j.state IN ('queued', 'printing') AND b.state = 'closed' ORDER BY j.id LIMIT 100";

const RESERVED: &str = "
    SELECT 'lot ' || lot.name || ' of ' || lot.blank_type || CASE WHEN s.place = '' THEN '' ELSE ' at ' || s.place END,
           CAST(s.booked AS TEXT) || ' reserved, and ' || CAST(s.jobs AS TEXT) || ' jobs queued or printing, or test cards open'
    FROM (SELECT lot_id, place, CAST(SUM(booked) AS BIGINT) AS booked, CAST(SUM(jobs) AS BIGINT) AS jobs
          FROM (SELECT lot_id, place, quantity AS booked, 0 AS jobs FROM balance WHERE account = 'reserved'
                UNION ALL
                SELECT j.lot_id, b.place, 0, 1 FROM job AS j JOIN batch AS b ON b.id = j.batch_id
                WHERE j.state IN ('queued', 'printing')
                UNION ALL
                SELECT lot_id, place, 0, 1 FROM test_card WHERE state IN ('intent', 'releasing')) AS sides
          GROUP BY lot_id, place) AS s
    JOIN lot ON lot.id = s.lot_id
    WHERE s.booked <> s.jobs ORDER BY lot.id, s.place LIMIT 100";

// Cards that left `printed` later are not checked here: a hand-over or rejection is booked under the name of the
// attempt too.
const BOOKED: &str = "
    WITH booked AS (
        SELECT attempt_id, SUM(CASE WHEN to_account = 'printed' AND from_account <> 'handed-over' THEN quantity ELSE 0 END) AS good,
               SUM(CASE WHEN to_account = 'spoiled' AND from_account IN ('reserved', 'uncertain') THEN quantity ELSE 0 END) AS bad,
               SUM(CASE WHEN to_account = 'uncertain' THEN quantity WHEN from_account = 'uncertain' THEN -quantity ELSE 0 END)
                   AS unknown
        FROM movement WHERE attempt_id IS NOT NULL GROUP BY attempt_id),
    attempts AS (SELECT id, name, state FROM attempt UNION ALL SELECT id, name, state FROM attempt_archive)
    SELECT 'attempt ' || a.name, 'it is ' || a.state || ', and its blank is booked otherwise'
    FROM attempts AS a LEFT JOIN booked AS b ON b.attempt_id = a.id
    WHERE COALESCE(b.good, 0) <> CASE WHEN a.state = 'printed' THEN 1 ELSE 0 END
       OR COALESCE(b.bad, 0) <> CASE WHEN a.state = 'spoiled' THEN 1 ELSE 0 END
       OR COALESCE(b.unknown, 0) <> CASE WHEN a.state = 'uncertain' THEN 1 ELSE 0 END
    UNION ALL
    SELECT 'attempt number ' || CAST(b.attempt_id AS TEXT), 'the ledger names it, and it is gone'
    FROM booked AS b LEFT JOIN attempts AS a ON a.id = b.attempt_id WHERE a.id IS NULL
    LIMIT 100";

// The document of its movements is the name of the test card.
const TEST_CARDS: &str = "
    WITH booked AS (
        SELECT document,
               SUM(CASE WHEN to_account = 'reserved' THEN quantity WHEN from_account = 'reserved' THEN -quantity ELSE 0 END) AS held,
               SUM(CASE WHEN to_account = 'spoiled' THEN quantity WHEN from_account = 'spoiled' THEN -quantity ELSE 0 END) AS bad,
               SUM(CASE WHEN to_account = 'uncertain' THEN quantity WHEN from_account = 'uncertain' THEN -quantity ELSE 0 END)
                   AS unknown
        FROM movement WHERE attempt_id IS NULL AND document IS NOT NULL GROUP BY document)
    SELECT 'test card ' || t.name, 'it is ' || t.state || ', and its blank is booked otherwise'
    FROM test_card AS t LEFT JOIN booked AS b ON b.document = t.name
    WHERE COALESCE(b.held, 0) <> CASE WHEN t.state IN ('intent', 'releasing') THEN 1 ELSE 0 END
       OR COALESCE(b.bad, 0) <> CASE WHEN t.state IN ('printed', 'spoiled') THEN 1 ELSE 0 END
       OR COALESCE(b.unknown, 0) <> CASE WHEN t.state = 'uncertain' THEN 1 ELSE 0 END
    ORDER BY t.id LIMIT 100";

// The card of a record is that of its newest job.
const CARDS: &str = "
    WITH jobs AS (SELECT id, record_id, state FROM job UNION ALL SELECT id, record_id, state FROM job_archive),
    newest AS (SELECT record_id, MAX(id) AS id FROM jobs GROUP BY record_id),
    cards AS (SELECT id, job_id FROM attempt WHERE state = 'printed'
              UNION ALL SELECT id, job_id FROM attempt_archive WHERE state = 'printed'),
    booked AS (
        SELECT attempt_id,
               SUM(CASE WHEN to_account = 'printed' THEN quantity WHEN from_account = 'printed' THEN -quantity ELSE 0 END) AS here,
               SUM(CASE WHEN to_account = 'handed-over' THEN quantity WHEN from_account = 'handed-over' THEN -quantity ELSE 0 END)
                   AS away
        FROM movement WHERE attempt_id IS NOT NULL GROUP BY attempt_id)
    SELECT 'record ' || r.source || '/' || r.request_id,
           CASE WHEN j.id IS NULL OR j.state <> 'printed' OR c.id IS NULL THEN 'it is ' || r.state || ', and has no printed card'
                ELSE 'it is ' || r.state || ', and the blank of its card is booked otherwise' END
    FROM record AS r
    LEFT JOIN newest AS n ON n.record_id = r.id
    LEFT JOIN jobs AS j ON j.id = n.id
    LEFT JOIN cards AS c ON c.job_id = n.id
    LEFT JOIN booked AS b ON b.attempt_id = c.id
    WHERE r.state IN ('printed', 'handed_over')
      AND (j.id IS NULL OR j.state <> 'printed' OR c.id IS NULL
           OR COALESCE(b.here, 0) <> CASE WHEN r.state = 'printed' THEN 1 ELSE 0 END
           OR COALESCE(b.away, 0) <> CASE WHEN r.state = 'handed_over' AND NOT r.surrendered THEN 1 ELSE 0 END)
    ORDER BY r.id LIMIT 100";

// A card that was handed over by an earlier version of the program is in no row of `card_out`.
const CARDS_OUT: &str = "
    SELECT 'record ' || r.source || '/' || r.request_id,
           CASE WHEN r.sent THEN 'its card is marked as sent, and is in no district'
                ELSE 'it is ' || r.state || ', and its card is somewhere else' END
    FROM record AS r LEFT JOIN card_out AS c ON c.record_id = r.id
    WHERE (r.sent AND (r.state <> 'printed' OR NOT r.checked OR c.district IS NULL OR c.handed_over_order IS NOT NULL))
       OR (NOT r.sent AND c.record_id IS NOT NULL AND (r.state <> 'handed_over' OR c.handed_over_order IS NULL))
    UNION ALL
    SELECT 'record number ' || CAST(c.record_id AS TEXT), 'it is gone, and its card is said to be outside'
    FROM card_out AS c LEFT JOIN record AS r ON r.id = c.record_id WHERE r.id IS NULL
    LIMIT 100";

// The jump of a record that an earlier version of the program put first is in the audit only.
const JUMPS: &str = "
    SELECT COALESCE('record ' || r.source || '/' || r.request_id, 'record number ' || CAST(p.record_id AS TEXT)),
           'its last jump is ' || p.cause || ' to class ' || CAST(p.to_class AS TEXT) || COALESCE(', and it is in class ' || CAST(r.class AS TEXT), '')
    FROM (SELECT record_id, MAX(id) AS id FROM place_change WHERE note IS NOT NULL GROUP BY record_id) AS last
    JOIN place_change AS p ON p.id = last.id LEFT JOIN record AS r ON r.id = p.record_id
    WHERE r.id IS NULL OR r.jumped <> (p.cause <> 'put-back') OR (r.jumped AND r.class <> p.to_class)
    UNION ALL
    SELECT 'record ' || r.source || '/' || r.request_id, 'it jumped, and is not first, and no jump of it is known'
    FROM record AS r WHERE r.jumped AND r.class <> -1000000000
      AND NOT EXISTS (SELECT 1 FROM place_change AS p WHERE p.record_id = r.id AND p.note IS NOT NULL)
    LIMIT 100";

const CARD_COUNTS: &str = "
    WITH jobs AS (SELECT id, record_id, lot_id, state FROM job UNION ALL SELECT id, record_id, lot_id, state FROM job_archive),
    newest AS (SELECT record_id, MAX(id) AS id FROM jobs GROUP BY record_id)
    SELECT 'lot ' || lot.name || ' of ' || lot.blank_type,
           CAST(s.booked AS TEXT) || ' booked as ' || s.account || ', and ' || CAST(s.cards AS TEXT) || ' such cards'
    FROM (SELECT lot_id, account, CAST(SUM(booked) AS BIGINT) AS booked, CAST(SUM(cards) AS BIGINT) AS cards
          FROM (SELECT lot_id, account, quantity AS booked, 0 AS cards FROM balance WHERE account IN ('printed', 'uncertain')
                UNION ALL SELECT lot_id, 'uncertain', 0, 1 FROM job WHERE state = 'uncertain'
                UNION ALL SELECT lot_id, 'uncertain', 0, 1 FROM test_card WHERE state = 'uncertain'
                UNION ALL
                SELECT j.lot_id, 'printed', 0, 1
                FROM record AS r JOIN newest AS n ON n.record_id = r.id JOIN jobs AS j ON j.id = n.id
                WHERE r.state = 'printed') AS sides
          GROUP BY lot_id, account) AS s
    JOIN lot ON lot.id = s.lot_id
    WHERE s.booked <> s.cards ORDER BY lot.id, s.account LIMIT 100";

// The movement of a booked difference is of the same instant as the end of its count, of which several may end in one.
const COUNTS: &str = "
    SELECT 'count ' || CAST(id AS TEXT), 'it is ' || state || ', and lacks what that state needs'
    FROM stock_count
    WHERE (state IN ('first', 'second', 'differs')) <> (closed_at_us IS NULL)
       OR (state NOT IN ('first', 'cancelled') AND first_counted IS NULL)
       OR (state IN ('differs', 'booked') AND second_counted IS NULL)
       OR (state = 'booked') <> (which IS NOT NULL)
       OR (state = 'equal' AND COALESCE(second_counted - second_booked, first_counted - first_booked) <> 0)
    UNION ALL
    SELECT 'count ' || CAST(s.id AS TEXT),
           'its difference is ' || CAST(s.difference AS TEXT) || ', and ' || CAST(s.moved AS TEXT) || ' is booked'
    FROM (SELECT c.id, c.difference, CAST(COALESCE((
                     SELECT SUM(CASE WHEN m.to_account = 'missing' THEN -m.quantity ELSE m.quantity END)
                     FROM movement AS m JOIN lot ON lot.id = m.lot_id
                     WHERE m.cause = 'counted' AND m.at_us = c.closed_at_us AND lot.blank_type = c.blank_type
                       AND c.place = CASE WHEN m.to_account = 'missing' THEN m.from_place ELSE m.to_place END), 0) AS BIGINT) AS moved
          FROM (SELECT MIN(id) AS id, blank_type, place, closed_at_us,
                       CAST(SUM(CASE which WHEN 'first' THEN first_counted - first_booked
                                           ELSE second_counted - second_booked END) AS BIGINT) AS difference
                FROM stock_count WHERE state = 'booked' GROUP BY blank_type, place, closed_at_us) AS c) AS s
    WHERE s.difference <> s.moved
    LIMIT 100";

const COPIES: &str = "
    SELECT 'record ' || r.source || '/' || r.request_id,
           'copy ' || CAST(r.copy AS TEXT) || ', with ' || CAST(COALESCE(w.approved, 0) AS TEXT) || ' approved warrants'
    FROM record AS r LEFT JOIN (
        SELECT record_id, COUNT(*) AS approved FROM pending_act
        WHERE operation = 'reprint-approve' AND state = 'confirmed' GROUP BY record_id) AS w
        ON w.record_id = r.id
    WHERE r.copy <> 1 + COALESCE(w.approved, 0) ORDER BY r.id LIMIT 100";

const RECORD_EVENTS: &str = "
    SELECT 'record number ' || CAST(e.record_id AS TEXT),
           'the audit has no event ' || CAST(e.seq AS TEXT) || ' in the chain ' || e.chain
    FROM record_event AS e LEFT JOIN audit_head AS h ON h.chain = e.chain
    WHERE e.seq < 1 OR e.seq > COALESCE(h.seq, 0)
    ORDER BY e.record_id, e.seq LIMIT 100";

const SESSIONS: &str = "
    SELECT 'session ' || CAST(s.id AS TEXT), 'its account ' || a.name || ' is disabled'
    FROM session AS s JOIN account AS a ON a.id = s.account_id
    WHERE a.disabled_at_us IS NOT NULL ORDER BY s.id LIMIT 100";

const PERSONS: &str = "
    SELECT 'record ' || r.source || '/' || r.request_id, 'its person is gone'
    FROM record AS r LEFT JOIN person AS p ON p.record_id = r.id WHERE p.record_id IS NULL
    UNION ALL
    SELECT 'record number ' || CAST(p.record_id AS TEXT), 'it is gone, and its person is still there'
    FROM person AS p LEFT JOIN record AS r ON r.id = p.record_id WHERE r.id IS NULL
    LIMIT 100";

const NAME_WORDS: &str = "
    SELECT COALESCE('record ' || r.source || '/' || r.request_id, 'record number ' || CAST(s.record_id AS TEXT)),
           'its name has ' || CAST(s.words AS TEXT) || ' words, and the index ' || CAST(s.indexed AS TEXT) || ' of it'
    FROM (SELECT record_id, CAST(SUM(words) AS BIGINT) AS words, CAST(SUM(indexed) AS BIGINT) AS indexed
          FROM (SELECT record_id, length(words) / 8 AS words, 0 AS indexed FROM person WHERE words IS NOT NULL
                UNION ALL SELECT record_id, 0, 1 FROM name_word) AS sides
          GROUP BY record_id) AS s
    LEFT JOIN record AS r ON r.id = s.record_id
    WHERE s.words <> s.indexed AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'names_not_indexed')
    ORDER BY s.record_id LIMIT 100";

const REKEYED: &str = "
    SELECT 'batch ' || CAST(b.id AS TEXT), 'it is ' || b.state || ', and the persons of ' || b.profile || ' are being rekeyed'
    FROM person_rule AS p JOIN batch AS b ON b.profile = p.profile
    WHERE p.next_rule IS NOT NULL AND b.state <> 'closed' ORDER BY b.id LIMIT 100";

const PHOTOS: &str = "
    SELECT 'photo number ' || CAST(p.id AS TEXT),
           CAST(COALESCE(r.needed, 0) AS TEXT) || ' records need it, and it knows of ' || CAST(p.uses AS TEXT)
    FROM photo AS p LEFT JOIN (
        SELECT photo_id, COUNT(*) AS needed FROM (
            SELECT photo_id FROM record WHERE photo_id IS NOT NULL
            UNION ALL SELECT photo_id FROM earlier_body WHERE photo_id IS NOT NULL) AS uses GROUP BY photo_id) AS r ON r.photo_id = p.id
    WHERE p.uses <> COALESCE(r.needed, 0) ORDER BY p.id LIMIT 100";

const ARCHIVED: &str = "
    SELECT 'job ' || CAST(a.id AS TEXT), 'it is archived, and still among the live ones'
    FROM job_archive AS a JOIN job AS j ON j.id = a.id
    UNION ALL
    SELECT 'attempt ' || a.name, 'it is archived, and still among the live ones'
    FROM attempt_archive AS a JOIN attempt AS h ON h.id = a.id
    UNION ALL
    SELECT 'job ' || CAST(a.id AS TEXT), 'it is archived, and its batch is ' || b.state
    FROM job_archive AS a JOIN batch AS b ON b.id = a.batch_id WHERE b.state <> 'closed'
    LIMIT 100";

const RECORD_COUNTERS: &str = "
    SELECT 'records of ' || s.profile || ' in ' || s.district || ' that are ' || s.state
           || CASE WHEN s.stopped THEN ' and stopped' ELSE '' END,
           CAST(s.counted AS TEXT) || ' counted, and ' || CAST(s.found AS TEXT) || ' found'
    FROM (SELECT profile, district, state, stopped, CAST(SUM(counted) AS BIGINT) AS counted, CAST(SUM(found) AS BIGINT) AS found
          FROM (SELECT profile, district, state, stopped, number AS counted, 0 AS found FROM counter_record
                UNION ALL SELECT profile, district, state, stop IS NOT NULL, 0, 1 FROM record) AS sides
          GROUP BY profile, district, state, stopped) AS s
    WHERE s.counted <> s.found ORDER BY s.profile, s.district, s.state, s.stopped LIMIT 100";

const OUTCOME_COUNTERS: &str = "
    SELECT CASE WHEN s.bucket < 0 THEN 'cards that ' || s.printer || ' has fed and that ended ' || s.state
           ELSE 'attempts at ' || s.printer || ' that ended ' || s.state || ' in the 15 minutes from Unix time '
           || CAST(s.bucket / 1000000 AS TEXT) END,
           CAST(s.counted AS TEXT) || ' counted, and ' || CAST(s.found AS TEXT) || ' found'
    FROM (SELECT printer, bucket, state, CAST(SUM(counted) AS BIGINT) AS counted, CAST(SUM(found) AS BIGINT) AS found
          FROM (SELECT printer, bucket_start_us AS bucket, state, number AS counted, 0 AS found FROM counter_outcome
                UNION ALL
                SELECT printer, ended_at_us - ended_at_us % 900000000, state, 0, 1 FROM attempt WHERE ended_at_us IS NOT NULL
                UNION ALL
                SELECT printer, ended_at_us - ended_at_us % 900000000, state, 0, 1 FROM attempt_archive
                UNION ALL
                SELECT printer, -900000000, state, 0, 1 FROM attempt WHERE ended_at_us IS NOT NULL AND state <> 'not-started'
                UNION ALL
                SELECT printer, -900000000, state, 0, 1 FROM attempt_archive WHERE state <> 'not-started'
                UNION ALL
                SELECT printer, -900000000, CASE WHEN ended_at_us IS NULL THEN 'uncertain' ELSE state END, 0, 1
                FROM test_card WHERE state <> 'not-started') AS sides
          GROUP BY printer, bucket, state) AS s
    WHERE s.counted <> s.found ORDER BY s.bucket < 0, s.bucket, s.printer, s.state LIMIT 100";

impl Tx {
    /// Checks all rules; with `seal`, also that no sealed audit row is missing. If the file itself is damaged, only
    /// that is reported, because nothing that is read from it is reliable.
    pub async fn check(&mut self, seal: &[ChainHead]) -> Result<Vec<Check>, StoreError> {
        self.without_timeout();
        let mut checks = Vec::new();
        if let Some(faults) = self.file_faults().await? {
            let broken = !faults.is_empty();
            checks.push(Check { rule: "the database file is whole", faults, older: 0, remedy: Restore });
            if broken {
                return Ok(checks);
            }
        }
        let (_, chains) = self.audit_verify(seal).await?;
        let chain =
            |f: ChainFault| Violation { thing: format!("chain {}, event {}", f.chain, f.seq), what: f.what.into() };
        let chains = chains.into_iter().map(chain).collect();
        let account = |(key, booked, moved): (String, i64, i64)| Violation {
            thing: format!("account {key}"),
            what: format!("booked {booked}, moved {moved}"),
        };
        let accounts = self.balance_faults().await?.into_iter().map(account).collect();
        checks.extend([
            Check { rule: "no audit row is changed, moved or missing", faults: chains, older: 0, remedy: Report },
            Check { rule: "each balance is the sum of its movements", faults: accounts, older: 0, remedy: Recount },
        ]);
        for (rule, remedy, sql) in RULES {
            let rows: Vec<(String, String)> =
                on!(self, c => sqlx::query_as(sql).fetch_all(c)).map_err(doing("checking the database"))?;
            checks.push(Check {
                rule,
                faults: rows.into_iter().map(|(thing, what)| Violation { thing, what }).collect(),
                older: 0,
                remedy,
            });
        }
        let rule = "each printer stops feeding at the first of its limits";
        let faults = self.feeding_faults().await?;
        checks.push(Check { rule, faults, older: 0, remedy: TellSupplies });
        checks.extend(self.proofs().await?);
        Ok(checks)
    }

    /// Printers that would stop before a limit of theirs, or feed a card after it.
    async fn feeding_faults(&mut self) -> Result<Vec<Violation>, StoreError> {
        let stops = self.feeding_limits().await?;
        let mut faults = Vec::new();
        for printer in self.printer_list().await? {
            let stop = stops.get(&printer.name).copied();
            if !printer.supplies.stops_at(stop) {
                let [stop, first] = [stop, printer.supplies.feed_until()]
                    .map(|at| at.map_or("any number of".to_owned(), |at| at.to_string()));
                let what = format!("it stops feeding at {stop} fed cards, and its limits say {first}");
                faults.push(Violation { thing: format!("printer {}", printer.name), what });
            }
        }
        faults.truncate(100);
        Ok(faults)
    }

    /// Violations of the SQLite file's own integrity, and rows with missing references. A read-only connection does not
    /// evaluate CHECK constraints; the rules cover their states. `None` on PostgreSQL, which checks its own files.
    async fn file_faults(&mut self) -> Result<Option<Vec<Violation>>, StoreError> {
        type Orphan = (String, Option<i64>, String, i64);
        let Inner::Sqlite(transaction) = &mut self.inner else { return Ok(None) };
        let connection = transaction.open().map_err(doing("checking the database file"))?;
        let pages: Result<Vec<String>, _> =
            sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(&mut *connection).await;
        let pages: Vec<String> = match pages {
            Ok(pages) => pages.into_iter().filter(|what| what != "ok").collect(),
            // SQLITE_CORRUPT: the damage prevents the check from going on.
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "11") => {
                vec![error.message().to_owned()]
            }
            Err(error) => return Err(doing("checking the database file")(error)),
        };
        if !pages.is_empty() {
            // The damage may prevent further reads.
            return Ok(Some(pages.into_iter().map(|what| Violation { thing: "file".into(), what }).collect()));
        }
        let mut orphans: Vec<Orphan> = sqlx::query_as("PRAGMA foreign_key_check")
            .fetch_all(&mut *connection)
            .await
            .map_err(doing("checking the database file"))?;
        orphans.sort(); // SQLite's order of the tables depends on their number
        let orphan = |(table, row, parent, _): Orphan| Violation {
            thing: format!("table {table}, row {}", row.map_or_else(|| "?".into(), |row| row.to_string())),
            what: format!("it refers to a row of {parent} that does not exist"),
        };
        Ok(Some(orphans.into_iter().take(100).map(orphan).collect()))
    }
}
