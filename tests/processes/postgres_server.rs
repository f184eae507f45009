//! Tests the PostgreSQL server that other tests start.

use crate::postgres::Postgres;

#[test]
fn what_was_committed_outlives_a_killed_and_a_stopped_server_and_nothing_else_does() {
    let mut server = Postgres::start();
    let url = server.url();
    server.psql("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)");
    server.kill();
    server.restart();
    assert_eq!(server.psql("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (9)"), "");
    server.stop();
    server.restart();
    assert_eq!(server.psql("SELECT n, n + 1 FROM t ORDER BY n"), "1|2\n2|3");
    assert_eq!(server.url(), url);
}

#[test]
fn each_server_has_its_own_data_and_sorts_by_language() {
    let (one, other) = (Postgres::start(), Postgres::durable());
    one.psql("CREATE TABLE t (n INTEGER)");
    assert_eq!(other.psql("SELECT to_regclass('t') IS NULL, 'a' < 'B', 'a' < 'B' COLLATE \"C\""), "t|t|f");
    let settings = "SELECT current_setting('fsync'), current_setting('full_page_writes')";
    assert_eq!((one.psql(settings), other.psql(settings)), ("off|off".into(), "on|on".into()));
    let listens = other.psql("SHOW listen_addresses; SHOW unix_socket_directories");
    assert_eq!(listens, "127.0.0.1");
}
