//! Why the database cannot be used.

use crate::engine::{LockHolder, Outage};

/// The cause.
pub(super) fn outage(outage: &Outage) -> String {
    let text = match outage {
        Outage::DiskFull => "penyimpanannya penuh",
        Outage::ReadOnly => "hanya dapat dibaca",
        Outage::NoPermission => "izinnya tidak ada",
        Outage::CannotOpen => "berkasnya tidak dapat dibuka",
        Outage::FileMoved => "berkasnya dipindahkan, dihapus atau diganti saat sedang terbuka",
        Outage::TooManyFiles => "terlalu banyak berkas yang terbuka",
        Outage::DiskFails => "penyimpanannya gagal, atau kuota atau ukuran berkas terbesar sudah tercapai",
        Outage::Locked { holder: Some(LockHolder { process, is_suspended: true }) } => {
            return format!("proses {process}, yang sedang dihentikan sementara, menguncinya");
        }
        Outage::Locked { holder: Some(LockHolder { process, .. }) } => return format!("proses {process} menguncinya"),
        Outage::Locked { holder: None } => "proses lain menguncinya",
        Outage::TooManyConnections => "hubungan ke servernya terlalu banyak",
        Outage::OutOfMemory => "memorinya tidak cukup",
        Outage::Unreachable => "servernya tidak menjawab",
    };
    text.to_owned()
}
