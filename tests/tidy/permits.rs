//! Nothing is written without a permit, and a surface reads nothing without asking for the right.

use super::{code_of, over};

/// The one place where a transaction that writes is begun.
const WRITES_FILE: &str = "src/engine/context.rs";

#[test]
fn the_engine_writes_with_a_permit_only() {
    over(&["src/engine"], |path, text| {
        let is_wrong = path != WRITES_FILE && opens_write(text);
        is_wrong.then(|| {
            format!("a transaction that writes: begin it with `Engine::write`, which takes a permit ({WRITES_FILE})")
        })
    });
}

#[test]
fn surfaces_read_through_a_client() {
    over(&["src/cli", "src/web", "src/app"], |_, text| {
        reads_past_client(text).then(|| "a query that is read directly: read it with `Client::query`".into())
    });
}

#[test]
fn writes_and_reads_past_the_permission_table_are_seen() {
    assert!(opens_write("let tx = engine\n    .store\n    .write(&writer, now).await?;"));
    assert!(opens_write("let store = &engine.store; store.write(&writer, now)"));
    assert!(!opens_write("let tx = engine.write(&permit).await?; // store.write("));
    assert!(reads_past_client("let board = ShowBoard {}.read(&engine).await?;"));
    assert!(reads_past_client("ListPrinters {}\n    .read(engine)"));
    assert!(reads_past_client("Query::read(query, engine)"));
    assert!(!reads_past_client("client.query(ShowBoard {}); store.read().await"));
}

/// Code without white space, in which a call is one text however it is broken into lines.
fn dense(text: &str) -> String {
    code_of(text).split_whitespace().collect()
}

fn opens_write(text: &str) -> bool {
    dense(text).contains("store.write(")
}

fn reads_past_client(text: &str) -> bool {
    let code = dense(text);
    [".read(engine)", ".read(&engine)", ".read(self.engine)", "Query::read("].iter().any(|call| code.contains(call))
}
