//! What the answers of acts are called.

use super::text::Text;

macro_rules! answers {
    ($($name:literal $en:literal $id:literal;)+) => {
        const ANSWERS: &[(&str, Text)] = &[$(($name, Text::new($en, $id))),+];
    };
}

answers! {
    "act" "Number of the act" "Nomor tindakan";
    "account" "Account" "Akun";
    "password" "Password for one use: write it down, it is not shown again" "Kata sandi sekali pakai: catat, tidak ditampilkan lagi";
    "token" "Token: write it down, it is not shown again" "Token: catat, tidak ditampilkan lagi";
    "secret" "Token: write it down, it is not shown again" "Token: catat, tidak ditampilkan lagi";
    "movement" "Movement" "Mutasi";
    "done" "Done" "Dilaksanakan";
    "refused" "Refused" "Ditolak";
    "left_out" "Left out" "Dilewati";
    "source" "Source" "Sumber";
    "request_id" "Request" "Nomor permohonan";
    "refusal" "Left out, because" "Dilewati, karena";
    "reason" "Reason" "Alasan";
    "attempt" "Attempt" "Upaya cetak";
    "until" "Valid until" "Berlaku sampai";
    "expires_at" "Expires" "Kedaluwarsa";
    "difference" "Difference" "Selisih";
    "make_and_model" "Make and model" "Merek dan model";
    "media" "Cards" "Media kartu";
    "objections" "Objection" "Keberatan";
    "reasons" "It reports" "Laporan printer";
    "jobs" "Jobs" "Pekerjaan";
    "attempts" "Attempts" "Upaya cetak";
    "records" "Records" "Permohonan";
    "quarantined" "Quarantined" "Dikarantina";
    "held" "Held" "Ditahan";
    "uncertain" "Unknown outcome" "Hasil tak pasti";
    "printed" "Printed" "Tercetak";
    "acts_ended" "Acts that expired with it" "Tindakan yang ikut gugur";
    "newest" "Newest entry of the audit" "Catatan audit terbaru";
    "bytes" "Size in bytes" "Ukuran dalam byte";
    "state" "State" "Keadaan";
    "still_reports" "It still reports" "Masih dilaporkan";
    "booked" "Booked" "Tercatat";
    "counted" "Counted" "Dihitung";
    "warnings" "Warnings" "Peringatan";
    "ribbon" "Cards that its ribbon still gives" "Sisa kartu dari ribbonnya";
    "tray" "Cards for which its output tray has room" "Kartu yang masih muat di baki keluaran";
    "cleaning" "Cards until the next cleaning" "Kartu sampai pembersihan berikutnya";
    "rest" "Cards until the next rest" "Kartu sampai istirahat berikutnya";
    "day" "Cards that are left of a day" "Sisa jatah kartu sehari";
}

/// The label of a field of an answer; `None` for one that has none.
pub(crate) fn answer_field(name: &str) -> Option<Text> {
    ANSWERS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, pages::text::assert_indonesian};

    #[test]
    fn each_field_has_one_label_in_two_languages() {
        for (at, (name, text)) in ANSWERS.iter().enumerate() {
            assert!(ANSWERS[..at].iter().all(|(other, _)| other != name), "{name}");
            assert_indonesian(text.in_language(Language::Indonesian));
        }
    }
}
