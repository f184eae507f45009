//! What tells that a database may be a copy.

use crate::domain::{
    instance::{Difference, Doubt, FileIdentity, Identity, LostRow, ServerIdentity},
    time::Timestamp,
};

/// All that differs, as one sentence without its full stop.
pub(super) fn differences(doubt: &Doubt) -> String {
    let all: Vec<String> = doubt.differences.iter().map(difference).collect();
    let host = if doubt.host.is_empty() { String::new() } else { format!(" (ditemukan di `{}`)", doubt.host) };
    format!("{}{host}", all.join("; "))
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Identity { expected, found } => {
            format!("dulu {}, dan kini {}", identity(expected), identity(found))
        }
        Difference::RowsLost { rows } => {
            let rows: Vec<String> = rows.iter().map(lost).collect();
            format!("folder data mengingat {}", rows.join(", dan "))
        }
        Difference::Generation { expected, found } => {
            format!("folder data mengingat generasi {expected}, sedangkan basis data generasi {found}")
        }
        Difference::MemoryCopied => "folder data, atau `cetak.heads` di dalamnya, disalin".into(),
        Difference::MemoryMissing => "folder data tidak memiliki `cetak.heads`".into(),
        Difference::MemoryUnreadable => "`cetak.heads` di folder data tidak dapat dibaca".into(),
    }
}

fn lost(row: &LostRow) -> String {
    let LostRow { chain, seq, newest } = row;
    if newest < seq {
        format!("baris audit {seq} dari rantai `{chain}`, yang di basis data berakhir dengan baris {newest}")
    } else {
        format!("baris audit {seq} dari rantai `{chain}` yang berbeda dari basis data")
    }
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::File(FileIdentity { machine, device, inode, born_ns, .. }) => {
            let born = born_ns.map_or_else(String::new, |born| format!(" dari {}", Timestamp(born / 1_000)));
            let machine = if machine.is_empty() { "tanpa nomor pengenal" } else { machine };
            format!("berkas dengan inode {inode}{born} pada perangkat {device} di komputer {machine}")
        }
        Identity::Server(ServerIdentity { system, timeline, database, name }) => {
            let system = system.as_deref().unwrap_or("yang tidak dikenal");
            format!("basis data `{name}` (nomor {database}) pada garis waktu {timeline} di server {system}")
        }
    }
}
