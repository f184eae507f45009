//! The sources whose lists are pulled.

use super::text::{Text, texts};
use crate::domain::source::SourceFault;

texts! {
    SOURCES "Sources" "Sumber daftar";
    SOURCE_OF "Source {}" "Sumber {}";
    SOURCES_NONE "The settings name no source. Lists are imported by people." "Pengaturan tidak menyebut sumber. Daftar diimpor oleh petugas.";
    SOURCE_FOLDER "Folder" "Folder";
    SOURCE_NODE "Computer that pulls it" "Komputer yang mengambilnya";
    SOURCE_EVERY "Seconds between two looks" "Detik di antara dua pemeriksaan";
    SOURCE_LAST "Last pull without a fault" "Terakhir diambil tanpa masalah";
    LISTS_WAITING "Lists not imported yet" "Daftar yang belum diimpor";
    FILES_REFUSED "Files that wait for a person, in the folder “refused”" "Berkas yang menunggu petugas, dalam folder “refused”";
    LAST_REFUSED "The last of them" "Yang terakhir";
    LIST_ROWS_REFUSED "{} of {} rows were refused, and the others are imported; the file has each with its reason"
        "{} dari {} baris ditolak, yang lain sudah diimpor; berkas itu memuat tiap baris dengan alasannya";
    REFUSED_REMEDY "Mend each file and put it into the folder of the source again, or take it away."
        "Perbaiki tiap berkas lalu letakkan lagi di folder sumber, atau pindahkan.";
    STANDING_NOT_PULLED "not looked at yet" "belum diperiksa";
    STANDING_PRESENT "present" "terjangkau";
    STANDING_FAILING "failing: {}" "bermasalah: {}";
    STANDING_AWAY "away since {}: {}" "tidak terjangkau sejak {}: {}";
    STANDING_PAUSED "paused by {} since {}: {}" "dijeda oleh {} sejak {}: {}";
}

/// Why a pull failed.
pub(crate) fn source_fault(fault: SourceFault) -> Text {
    match fault {
        SourceFault::FolderMissing => Text::new("its folder does not exist", "foldernya tidak ada"),
        SourceFault::NotPermitted => Text::new(
            "its folder, or a list in it, may not be read",
            "folder atau daftar di dalamnya tidak boleh dibaca",
        ),
        SourceFault::NoAnswer => Text::new("its file system does not answer", "sistem berkasnya tidak menjawab"),
        SourceFault::NotMoved => Text::new(
            "a list cannot be moved into its folders “done” and “refused”",
            "daftar tidak dapat dipindahkan ke folder “done” dan “refused”",
        ),
        SourceFault::ProfileUnusable => Text::new(
            "lists of its card profile cannot be imported",
            "daftar untuk profil kartunya tidak dapat diimpor",
        ),
        SourceFault::Unreadable => Text::new(
            "its file system reports an error, or a list changed while it was read",
            "sistem berkasnya melaporkan kesalahan, atau daftar berubah saat dibaca",
        ),
    }
}
