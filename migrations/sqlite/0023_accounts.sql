-- Accounts of people. They are never deleted, so that the audit can name them by number.
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name as names are compared.
    name_key TEXT NOT NULL UNIQUE,
    -- The hash of the password, a PHC string.
    password TEXT NOT NULL,
    -- A one-time password only lets its account choose one of its own, until then.
    one_time_until_us INTEGER,
    -- When another person last reset the password.
    reset_at_us INTEGER,
    made_at_us INTEGER NOT NULL,
    disabled_at_us INTEGER
) STRICT;

-- The roles that an account has, or had: a row is never deleted.
CREATE TABLE account_role (
    account_id INTEGER NOT NULL REFERENCES account (id),
    role TEXT NOT NULL CHECK (role IN ('operator', 'stock-keeper', 'supervisor', 'auditor', 'administrator')),
    given_at_us INTEGER NOT NULL,
    taken_at_us INTEGER,
    PRIMARY KEY (account_id, role)
) STRICT, WITHOUT ROWID;

-- Open sessions. Only the hash of a session's token is stored.
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    account_id INTEGER NOT NULL REFERENCES account (id),
    address TEXT NOT NULL,
    opened_at_us INTEGER NOT NULL,
    seen_at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account_id, id);
CREATE INDEX session_seen ON session (seen_at_us);

-- API tokens. Only the hash of a token is stored. The scopes are operations, separated by spaces.
CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id),
    scopes TEXT NOT NULL,
    made_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER
) STRICT;
