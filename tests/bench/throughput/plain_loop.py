"""A plain loop on SQLite that keeps the same books as the program, with a durable transaction for each step of a card.

    python3 plain_loop.py DATABASE CARDS

It prints the milliseconds of the loop. Each card: a guarded blank, an attempt, an outcome, two movements with their balances,
three audit rows that are sealed one after the other, and two commits.
"""

import hashlib
import hmac
import json
import sqlite3
import sys
import time

SCHEMA = """
CREATE TABLE record (id INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE balance (account TEXT PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (id INTEGER PRIMARY KEY, record_id INTEGER NOT NULL REFERENCES record (id), state TEXT NOT NULL,
    began_at_us INTEGER NOT NULL, ended_at_us INTEGER) STRICT;
CREATE UNIQUE INDEX attempt_one_card ON attempt (record_id) WHERE state IN ('releasing', 'printed');
CREATE TABLE movement (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, from_account TEXT NOT NULL, to_account TEXT NOT NULL,
    quantity INTEGER NOT NULL, attempt_id INTEGER) STRICT;
CREATE TABLE audit (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
"""


class Office:
    def __init__(self, path, cards):
        self.db = sqlite3.connect(path, isolation_level=None, cached_statements=100)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 16384"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.executescript(SCHEMA)
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO record VALUES (?, 'waiting')", ((card,) for card in range(1, cards + 1)))
        self.db.execute("INSERT INTO balance VALUES ('vault', ?), ('reserved', 0), ('printed', 0)", (cards,))
        self.db.execute("COMMIT")
        self.seq, self.hash = 0, b""

    def change(self, sql, *values):
        if self.db.execute(sql, values).rowcount != 1:
            raise RuntimeError(f"a guard refused: {sql}")

    def audit(self, now, act, card, attempt):
        self.seq += 1
        entry = json.dumps({"seq": self.seq, "at": now, "act": act, "subject": f"record {card}", "details": {"attempt": attempt}})
        self.hash = hmac.digest(b"a key of the audit", self.hash + entry.encode(), hashlib.sha256)
        self.db.execute("INSERT INTO audit VALUES (?, ?, ?)", (self.seq, entry, self.hash))

    def move(self, now, source, target, attempt):
        self.change("UPDATE balance SET quantity = quantity - 1 WHERE account = ? AND quantity >= 1", source)
        self.change("UPDATE balance SET quantity = quantity + 1 WHERE account = ?", target)
        self.db.execute("INSERT INTO movement (at_us, from_account, to_account, quantity, attempt_id) VALUES (?, ?, ?, 1, ?)",
                        (now, source, target, attempt))

    def begin(self, card):
        now = time.time_ns() // 1000
        self.db.execute("BEGIN IMMEDIATE")
        self.change("UPDATE record SET state = 'printing' WHERE id = ? AND state = 'waiting'", card)
        attempt = self.db.execute("INSERT INTO attempt (record_id, state, began_at_us) VALUES (?, 'releasing', ?)",
                                  (card, now)).lastrowid
        self.move(now, "vault", "reserved", attempt)
        self.audit(now, "attempt.releasing", card, attempt)
        self.db.execute("COMMIT")
        return attempt

    def end(self, card, attempt):
        now = time.time_ns() // 1000
        self.db.execute("BEGIN IMMEDIATE")
        self.change("UPDATE attempt SET state = 'printed', ended_at_us = ? WHERE id = ? AND state = 'releasing'", now, attempt)
        self.change("UPDATE record SET state = 'printed' WHERE id = ? AND state = 'printing'", card)
        self.move(now, "reserved", "printed", attempt)
        self.audit(now, "attempt.printed", card, attempt)
        self.audit(now, "record.printed", card, attempt)
        self.db.execute("COMMIT")


def main():
    path, cards = sys.argv[1], int(sys.argv[2])
    office = Office(path, cards)
    began = time.perf_counter()
    for card in range(1, cards + 1):
        office.end(card, office.begin(card))
    took = time.perf_counter() - began
    counts = office.db.execute("SELECT (SELECT COUNT(*) FROM record WHERE state = 'printed'), (SELECT COUNT(*) FROM attempt),"
                               " (SELECT quantity FROM balance WHERE account = 'printed'), (SELECT COUNT(*) FROM audit)").fetchone()
    if counts != (cards, cards, cards, 3 * cards):
        sys.exit(f"the books are wrong: {counts}")
    print(took * 1000)


main()
