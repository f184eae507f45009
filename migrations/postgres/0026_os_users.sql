-- The user of the operating system by which an account is proved at the socket of the service: one user, one account.
-- `name` is that of the user and its host: operator@desk-1.
CREATE TABLE os_user (
    name TEXT COLLATE "C" PRIMARY KEY,
    account_id BIGINT NOT NULL UNIQUE REFERENCES account (id),
    mapped_at_us BIGINT NOT NULL
);
