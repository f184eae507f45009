//! What tells that a database may be a copy, in words.

use crate::domain::instance::{Difference, Doubt, FileIdentity, Identity, LostRow, ServerIdentity};

/// All that differs, as one sentence without its full stop.
pub(super) fn differences(doubt: &Doubt) -> String {
    let all: Vec<String> = doubt.differences.iter().map(difference).collect();
    let host = if doubt.host.is_empty() { String::new() } else { format!(" (found on `{}`)", doubt.host) };
    format!("{}{host}", all.join("; "))
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Identity { expected, found } => {
            format!("it was {}, and is {}", identity(expected), identity(found))
        }
        Difference::RowsLost { rows } => {
            let rows: Vec<String> = rows.iter().map(lost).collect();
            format!("the data folder remembers {}", rows.join(", and "))
        }
        Difference::Generation { expected, found } => {
            format!("the data folder remembers generation {expected}, and the database has {found}")
        }
        Difference::MemoryCopied => "the data folder, or `cetak.heads` in it, was copied".into(),
        Difference::MemoryMissing => "the data folder has no `cetak.heads`".into(),
        Difference::MemoryUnreadable => "`cetak.heads` in the data folder cannot be read".into(),
    }
}

fn lost(row: &LostRow) -> String {
    let LostRow { chain, seq, newest } = row;
    if newest < seq {
        format!("audit row {seq} of chain `{chain}`, which ends with row {newest} in the database")
    } else {
        format!("another audit row {seq} of chain `{chain}` than the database has")
    }
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::File(FileIdentity { machine, device, inode, born_ns, .. }) => {
            let born = born_ns
                .map_or_else(String::new, |born| format!(" of {}", crate::domain::time::Timestamp(born / 1_000)));
            let machine = if machine.is_empty() { "without a machine id" } else { machine };
            format!("the file with inode {inode}{born} on device {device} of machine {machine}")
        }
        Identity::Server(ServerIdentity { system, timeline, database, name }) => {
            let system = system.as_deref().unwrap_or("unknown");
            format!("database `{name}` (number {database}) on timeline {timeline} of server {system}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_expected_and_what_was_found_are_named() {
        let server = |timeline| {
            let name = "cetak".to_owned();
            Identity::Server(ServerIdentity { system: Some("7401".into()), timeline, database: 16_385, name })
        };
        let rows = vec![LostRow { chain: "scheduler".into(), seq: 800, newest: 400 }];
        let differences = vec![
            Difference::Identity { expected: server(1), found: server(2) },
            Difference::RowsLost { rows },
            Difference::Generation { expected: 3, found: 2 },
        ];
        let text = super::differences(&Doubt { host: "print-room".into(), differences });
        assert_eq!(
            text,
            "it was database `cetak` (number 16385) on timeline 1 of server 7401, and is database `cetak` (number 16385) on \
             timeline 2 of server 7401; the data folder remembers audit row 800 of chain `scheduler`, which ends with row 400 \
             in the database; the data folder remembers generation 3, and the database has 2 (found on `print-room`)"
        );
    }
}
