//! The text of refusals about counts of blanks, and the states of counts. A count is a `stok opname`.

use super::number::thousands;
use crate::domain::{
    refusal::{CountRefusal, CountRule},
    states::CountState,
    stock::Place,
};

/// What a refusal about a count says to a person.
pub(super) fn count_refusal(refusal: &CountRefusal) -> String {
    match refusal {
        CountRefusal::NoCount { count } => format!("tidak ada stok opname {count}"),
        CountRefusal::State { count, found, needs } => {
            format!("stok opname {count} {}, sedangkan {}", count_state(*found), rule(*needs))
        }
        CountRefusal::Open { count, blank_type, place } => {
            format!("stok opname {count} untuk {} masih terbuka: blangko jenis `{blank_type}`", place_name(place))
        }
        CountRefusal::PlaceCounted { count, blank_type, place } => format!(
            "{} sedang dihitung, blangko jenis `{blank_type}`: isinya tidak boleh diubah sebelum stok opname {count} ditutup",
            place_name(place)
        ),
        CountRefusal::NotPaused { printer } => {
            format!("wadah blangko printer `{printer}` dihitung selama printernya dijeda, dan sekarang belum dijeda")
        }
        CountRefusal::CardOpen { printer } => format!("printer `{printer}` masih memproses satu kartu"),
        CountRefusal::CounterMayNot { counter } => {
            format!("tidak ada akun `{counter}` yang boleh menghitung: akunnya harus aktif dan berperan petugas gudang")
        }
        CountRefusal::OtherCounter { count, counter } => {
            format!("hitungan pertama stok opname {count} adalah tugas `{counter}`")
        }
        CountRefusal::SameCounter { count } => {
            format!("Anda sudah membuat hitungan pertama stok opname {count}, dan hitungan kedua untuk orang lain")
        }
        CountRefusal::EntriesDiffer { count } => {
            format!("kedua isian stok opname {count} tidak sama jumlahnya; tidak ada yang disimpan")
        }
        CountRefusal::TooMany { most } => format!("tidak dapat menghitung lebih dari {} keping", thousands(*most)),
        CountRefusal::Hidden { count, blank_type } => format!(
            "jumlah blangko jenis `{blank_type}` disembunyikan dari penghitung selama stok opname {count} terbuka"
        ),
        CountRefusal::OfBefore { act } => {
            format!("tindakan {act} berasal dari versi lama, ketika satu orang menghitung dan membukukan sekaligus")
        }
    }
}

fn place_name(place: &Place) -> String {
    match place {
        Place::Vault => "gudang".into(),
        Place::Printer(name) => format!("wadah blangko `{name}`"),
    }
}

fn rule(needs: CountRule) -> &'static str {
    match needs {
        CountRule::Enter => "yang diisi hanyalah yang menunggu hitungan",
        CountRule::Book => "yang dibukukan hanyalah yang sudah dihitung dua kali dan berbeda dari pembukuan",
        CountRule::Cancel => "yang dibatalkan hanyalah yang masih terbuka",
    }
}

/// What a count waits for, or how it ended.
pub fn count_state(state: CountState) -> &'static str {
    match state {
        CountState::First => "menunggu hitungan pertama",
        CountState::Second => "menunggu hitungan kedua oleh orang lain",
        CountState::Differs => "sudah dihitung dua kali dan menunggu penyelia",
        CountState::Equal => "cocok dengan pembukuan",
        CountState::Booked => "sudah dibukukan",
        CountState::Cancelled => "dibatalkan",
    }
}
