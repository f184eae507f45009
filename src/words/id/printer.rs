//! The meaning of a printer's reasons.

use crate::domain::printer_reason::{
    CANCEL_REFUSED, OTHER_PRINTER, REFUSES_CARDS, TAKES_TOO_LONG, UNKNOWN_JOBS, advise,
};

/// What a known state reason says of the printer, with or without its suffix; `None` for an unknown one.
pub fn printer_condition(reason: &str) -> Option<&'static str> {
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
            assert!(printer_condition(keyword).is_some(), "{keyword}");
            assert_eq!(printer_condition(&format!("{keyword}-warning")), printer_condition(keyword));
        }
        assert_eq!(printer_condition("vendor-flux-capacitor"), None);
    }
}
