//! What a record must be for an act.

use super::{state::record_state as state, thing::thing};
use crate::domain::{refusal::RecordRule, states::RecordState};

/// What is said of a record in a state that does not allow an act.
pub(super) fn record_state(record: &str, found: RecordState, needs: RecordRule) -> String {
    format!("{} berstatus {}; {}", thing(record), state(found), needed(needs))
}

fn needed(needs: RecordRule) -> &'static str {
    match needs {
        RecordRule::Hold => {
            "hanya permohonan yang menunggu, atau yang kartunya dalam kelompok cetak belum mulai dicetak, yang \
             dapat ditahan"
        }
        RecordRule::Release => "hanya permohonan yang ditahan atau dikarantina yang dapat dilepas",
        RecordRule::OtherRequestOpen => "tidak dapat dilepas selama permohonan lain dari orang yang sama masih terbuka",
        RecordRule::LivingCard => {
            "tidak dapat dilepas: orang itu memegang kartu yang tidak digantikan oleh permohonan jenis ini"
        }
        RecordRule::Withdraw => "kartunya sudah di tangan warga, sehingga permohonannya tidak dapat ditarik lagi",
        RecordRule::WithdrawByPerson => {
            "hanya permohonan tanpa kartu, yang kartunya belum mulai dicetak, yang dapat ditarik"
        }
        RecordRule::Restore => "hanya permohonan yang ditarik oleh petugas yang dapat dipulihkan",
        RecordRule::RestoreBySource => "sumbernya yang menarik permohonan ini, dan sumbernya pula yang memulihkannya",
        RecordRule::Resolve => "hanya permohonan yang dikarantina yang dapat diputuskan",
        RecordRule::ResolveDuplicate => "tidak ada permohonan lain dari orang yang sama yang menghalanginya",
        RecordRule::Send => "hanya kartu yang sudah dicetak yang dapat dikirim ke kecamatan",
        RecordRule::NotSent => "kartunya sudah dikirim ke kecamatan",
        RecordRule::Receive => "hanya kartu yang sudah dikirim ke kecamatan yang dapat diterima kembali",
        RecordRule::InOffice => "kartunya ada di kecamatan, dan harus diterima kembali lebih dulu",
        RecordRule::InDistrict => "kartunya tidak dikirim ke kecamatan ini",
        RecordRule::InPerson => "kartu dengan profil ini hanya diserahkan kepada pemiliknya sendiri",
        RecordRule::CorrectHandOver => {
            "hanya penyerahan kartu yang sudah diserahkan dan belum kembali yang dapat dibatalkan"
        }
        RecordRule::Update => "permohonan yang kartunya sudah diserahkan tidak dapat diubah",
        RecordRule::Check => "hanya kartu yang sudah dicetak yang dapat diperiksa",
        RecordRule::PutFirst => "hanya permohonan tanpa kartu, yang tidak sedang dicetak, yang dapat didahulukan",
        RecordRule::NotFirst => "permohonan ini sudah didahulukan",
        RecordRule::First => "permohonan ini tidak sedang didahulukan atau dipindah kelasnya",
        RecordRule::OtherClass => "permohonan ini sudah di kelas itu",
        RecordRule::Reject => "hanya kartu yang sudah dicetak yang dapat ditolak",
        RecordRule::HandOver => "hanya kartu yang sudah dicetak yang dapat diserahkan",
        RecordRule::Checked => "kartunya harus diperiksa sebelum diserahkan",
        RecordRule::NotWithdrawn => "kartunya dihentikan karena permohonannya ditarik",
        RecordRule::NotUpdated => "kartunya dihentikan karena permohonannya diperbarui",
        RecordRule::Surrender => {
            "hanya kartu yang sudah diserahkan dan belum kembali yang dapat dicatat pengembaliannya"
        }
        RecordRule::Reprint => "hanya kartu yang sudah dicetak atau diserahkan yang dapat dicetak ulang",
        RecordRule::ReprintSurrendered => "kartunya harus kembali sebelum dicetak ulang, kecuali kartu itu hilang",
        RecordRule::ReprintPhoto => "tidak dapat dicetak ulang: fotonya sudah dihapus setelah penyerahan",
    }
}
