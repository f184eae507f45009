//! The meaning of a printer's reasons.

use crate::domain::printer_reason::{
    BlankInside, CANCEL_REFUSED, OTHER_PRINTER, REFUSES_CARDS, Resumes, TAKES_TOO_LONG, Task, UNKNOWN_JOBS, Who, advise,
};

/// Who must act.
pub(super) fn who(who: Who) -> &'static str {
    match who {
        Who::Nobody => "tidak perlu tindakan",
        Who::Operator => "operator",
        Who::Supervisor => "penyelia",
        Who::Technician => "teknisi",
        Who::Administrator => "administrator",
    }
}

/// The action.
#[expect(clippy::too_many_lines, reason = "one arm for each task")]
pub fn task(task: Task) -> &'static str {
    match task {
        Task::LoadBlanks => "isi wadah blangko dengan blangko yang sudah dihitung",
        Task::RefillSoon => "segera isi wadah blangko dan kosongkan wadah keluaran",
        Task::ClearJam => {
            "keluarkan kartu yang tersangkut; bila upaya cetaknya ada di `cetak inspect list`, simpan kartunya dan putuskan \
             hasilnya, bila tidak, musnahkan kartunya"
        }
        Task::FindStuckBlank => {
            "cari blangko yang tersangkut atau masuk dua keping sekaligus, lalu hitung isi wadah blangko"
        }
        Task::PutHopperBack => "pasang kembali wadah blangko",
        Task::EmptyOutput => "kosongkan wadah keluaran dan cocokkan jumlahnya",
        Task::EmptyRejectBox => "hitung kartu rusak di kotak tolakan bersama seorang operator, lalu kosongkan",
        Task::PrepareRibbon => "siapkan pita baru",
        Task::ChangeRibbon => "ganti pita; bila habis di tengah kartu, simpan kartu itu dan periksa",
        Task::InsertRibbon => "pasang pita yang sesuai dengan printer ini",
        Task::ClosePrinter => "tutup printer; bila dibuka saat sebuah kartu dicetak, periksa kartu itu",
        Task::CleanSoon => "bersihkan printer dengan kartu pembersih pada jeda berikutnya",
        Task::WaitForTemperature => "tunggu sampai suhunya sesuai; bila tetap begitu, panggil teknisi",
        Task::InsertLaminate => "pasang laminasi",
        Task::ResumePrinter => {
            "lanjutkan printer di panelnya atau di perangkat lunaknya sendiri, setelah diketahui mengapa dijeda"
        }
        Task::FreeDisk => "kosongkan ruang di penyimpanan printer",
        Task::CheckConnection => "periksa listrik, kabel dan alamat printer",
        Task::Nothing => "tidak ada yang perlu dilakukan",
        Task::LoadProfileBlanks => "isi dengan blangko yang sesuai dengan profil ini",
        Task::CallService => {
            "hentikan pemakaian printer dan panggil layanan perbaikan; kartunya yang lain beralih ke printer lain"
        }
        Task::ReadDisplay => "baca layar printer; cip atau pita magnetik yang gagal diserahkan kepada penyelia",
        Task::WaitForOtherJob => {
            "tunggu pekerjaan lain di printer, atau batalkan di sana: hanya program ini yang boleh mengirim ke printer itu"
        }
        Task::AcceptJobs => "izinkan printer menerima pekerjaan lagi, di panelnya atau di perangkat lunaknya sendiri",
        Task::UseOtherPrinter => "pakai printer yang menerima PNG, PDF, PWG raster atau Apple raster",
        Task::ReadRefusal => "printer menolak komputer ini: buka data printer untuk membaca sebabnya",
        Task::RemoveObjections => {
            "ada keberatan terhadap printer: buka data printer, hilangkan sebabnya, atau tambahkan lagi dengan mengabaikan \
             keberatan itu"
        }
        Task::CheckSlowCard => {
            "lihat printernya: kartunya terlalu lama; bila printer macet, batalkan pekerjaannya di sana"
        }
        Task::CheckRestart => "lihat wadah blangko dan wadah keluaran: printer menyala ulang saat memegang kartu",
        Task::CheckSecondCard => {
            "lihat wadah keluaran: printer menghitung lebih dari satu cetakan, dan mungkin membuat kartu itu dua kali"
        }
        Task::UsePrinterWithNames => {
            "pakai printer lain, atau alamat lain dari printer ini: printer ini tidak menyimpan nama pekerjaan, sehingga \
             kartunya tidak dapat diikuti"
        }
        Task::CheckAbilities => {
            "pastikan printer mampu melakukan yang dilaporkannya, misalnya dua sisi: sebagian dari pekerjaannya diabaikan; \
             `cetak printer show` menunjukkan yang dilaporkannya"
        }
        Task::AllowJobQueries => {
            "izinkan printer menjawab pertanyaan tentang pekerjaannya; `cetak inspect declare` melepas kartu yang hasilnya \
             tidak diberitahukan"
        }
        Task::CheckOtherPrinter => {
            "printer lain menjawab di alamat ini: periksa printer mana itu dan apa isi wadah blangkonya"
        }
        Task::CheckUnknownJobs => {
            "cari penjadwal yang mengirim pekerjaan itu, lalu hentikan atau beri `site` lain; cari kartu yang dibuat printer; \
             setelah itu bersihkan tanda gangguan printer. Permohonan yang diketahui dari pekerjaan itu ditahan: lihat \
             `cetak record held`"
        }
        Task::ReadFailures => "printer menolak kartu satu demi satu: `cetak job list` menunjukkan sebabnya",
        Task::CancelAtPrinter => {
            "batalkan pekerjaan yang ditahan di printer: printer tidak membatalkannya saat diminta, dan selama itu tidak \
             mendapat kartu lain"
        }
        Task::CheckUnknown => {
            "periksa printer: alasan yang dilaporkannya tidak dikenal di sini; bersihkan tanda gangguannya setelah printer \
             bekerja"
        }
    }
}

/// When printing goes on.
pub fn resumes(resumes: Resumes) -> &'static str {
    match resumes {
        Resumes::PrintsOn => "sementara itu printer tetap mencetak",
        Resumes::ByItself => "printer melanjutkan dengan sendirinya",
        Resumes::WithTheNextCard => {
            "kartu berikutnya dimulai setelah printer tidak melaporkannya lagi, atau setelah `cetak printer clear`"
        }
        Resumes::WhenCleared => "printer melanjutkan setelah `cetak printer clear`",
    }
}

/// The probable condition of the blank inside the printer.
pub fn blank_inside(blank: BlankInside) -> &'static str {
    match blank {
        BlankInside::Unused => "belum terpakai",
        BlankInside::MayBeSpoiled => "mungkin rusak",
        BlankInside::LikelySpoiled => "kemungkinan besar rusak",
        BlankInside::Unknown => "tidak diketahui",
    }
}

/// What a known state reason says of the printer, with or without its suffix; `None` for an unknown one.
pub(super) fn condition(reason: &str) -> Option<&'static str> {
    Some(match advise(reason).keyword.as_str() {
        "media-empty" | "media-needed" | "media-path-input-empty" => "wadah blangko kosong",
        "media-low" => "wadah blangko hampir kosong",
        "media-path-output-almost-full" | "output-area-almost-full" => "wadah keluaran hampir penuh",
        "media-jam" | "media-path-jam" | "media-path-input-jam" | "media-path-output-jam" => "kartu tersangkut",
        "media-path-input-feed-error"
        | "media-path-input-feed"
        | "input-media-tray-feed-error"
        | "input-media-tray-feed" => "blangko tidak terambil",
        "input-tray-missing" | "input-media-tray-missing" => "wadah blangko tidak terpasang",
        "output-area-full" | "media-path-output-full" => "wadah keluaran penuh",
        "output-tray-missing" => "wadah keluaran tidak terpasang",
        "reject-box-full" => "kotak tolakan penuh",
        "marker-supply-low" | "marker-print-ribbon-almost-empty" | "toner-low" => "pita hampir habis",
        "marker-waste-almost-full" => "wadah limbah hampir penuh",
        "marker-supply-empty" | "marker-print-ribbon-empty" | "toner-empty" => "pita habis",
        "marker-waste-full" => "wadah limbah penuh",
        "marker-supply-missing" | "marker-print-ribbon-missing" => "pita tidak terpasang",
        "cover-open" | "door-open" | "interlock-open" => "printer terbuka",
        "cleaner-life-almost-over" | "cleaner-life-over" => "printer perlu dibersihkan",
        "marker-cleaner-missing" => "pembersih tidak terpasang",
        "fuser-over-temp" => "printer terlalu panas",
        "fuser-under-temp" => "printer terlalu dingin",
        "subunit-cooling-down" => "printer sedang mendingin",
        "subunit-warming-up" => "printer sedang memanas",
        "subunit-empty" => "laminasi habis",
        "subunit-missing" => "laminasi tidak terpasang",
        "paused" | "moving-to-paused" => "printer dijeda",
        "stopping" | "stopped-partly" | "printer-stopped" => "printer berhenti",
        "hold-new-jobs" => "printer menahan pekerjaan baru",
        "spool-area-full" => "penyimpanan printer penuh",
        "connecting-to-device" | "timed-out" | "offline" => "printer tidak dapat dijangkau",
        "shutdown" | "power-down" => "printer dimatikan",
        "media-drying" => "kartu sedang mengering",
        "marker-adjusting-print-quality" => "printer sedang menyetel diri",
        "identify-printer-requested" => "printer sedang menunjukkan dirinya",
        "configuration-change" => "pengaturan printer diubah",
        "resuming" => "printer sedang melanjutkan",
        "deactivated" => "printer dinonaktifkan",
        "cups-waiting-for-job-completed" => "server cetak menunggu printer",
        "processing-to-stop-point" => "pekerjaannya sedang dibatalkan",
        "input-media-size-change" | "input-media-type-change" | "input-media-color-change" => "diperlukan blangko lain",
        "input-manual-input-request" => "printer menunggu blangko yang dimasukkan dengan tangan",
        "media-path-cannot-duplex-media-selected" => "printer tidak dapat membalik media ini",
        "motor-failure" | "subunit-motor-failure" => "motor gagal",
        "media-path-failure" => "pengantar kartu gagal",
        "marker-fuser-thermistor-failure" | "subunit-thermistor-failure" => "sensor suhu gagal",
        "marker-fuser-timing-failure" => "kepala cetak gagal",
        "subunit-unrecoverable-failure" => "bagian dari printer gagal",
        "other" => "lihat layar printer",
        keyword => return own_condition(keyword),
    })
}

/// The same for the reasons of the drivers and of this program.
fn own_condition(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "printer-busy" => "ada pekerjaan lain di printer",
        "not-accepting-jobs" => "printer tidak menerima pekerjaan",
        "document-format-not-supported" => "printer tidak menerima satu pun format gambar kartu",
        "needs-operator" => "printer menolak komputer ini",
        "not-acknowledged" => "ada keberatan terhadap printer yang belum diabaikan",
        TAKES_TOO_LONG => "kartunya terlalu lama",
        "printer-restarted" => "printer menyala ulang saat memegang kartu",
        "several-impressions" => "printer menghitung lebih dari satu cetakan",
        "several-sheets" => "printer menghitung lebih dari satu kartu",
        "job-name-not-kept" => "printer tidak menyimpan nama pekerjaan",
        "sides-ignored" => "printer mengabaikan sisi cetak",
        "media-ignored" => "printer mengabaikan media yang diminta",
        "copies-ignored" => "printer mengabaikan jumlah salinan",
        "print-scaling-ignored" => "printer mengabaikan skala cetak",
        "job-attributes-ignored" => "printer mengabaikan sebagian dari pekerjaan",
        "job-queries-refused" => "printer tidak menjawab pertanyaan tentang pekerjaannya",
        OTHER_PRINTER => "printer lain menjawab di alamat ini",
        UNKNOWN_JOBS => "di printer ada pekerjaan dari kantor ini yang tidak dikenal basis data",
        CANCEL_REFUSED => "printer tidak membatalkan pekerjaan yang ditahan",
        REFUSES_CARDS => "printer menolak kartu satu demi satu",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::printer_reason::keywords;

    #[test]
    fn every_known_keyword_has_a_meaning_in_words_and_no_other() {
        for keyword in keywords() {
            assert!(condition(keyword).is_some(), "{keyword}");
            assert_eq!(condition(&format!("{keyword}-warning")), condition(keyword));
        }
        assert_eq!(condition("vendor-flux-capacitor"), None);
    }
}
