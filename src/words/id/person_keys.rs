//! Why persons cannot be found by their identifiers.

use super::{message::list, thing::thing};
use crate::domain::refusal::{KeysFault, SamePerson};

/// What a refusal says to a person.
pub(super) fn person_keys(profile: &str, fault: &KeysFault) -> String {
    match fault {
        KeysFault::OtherRule => format!(
            "profil `{profile}` kini membandingkan nomor identitas dengan cara lain daripada permohonan di basis data"
        ),
        KeysFault::Unfinished => {
            format!("belum semua permohonan profil `{profile}` dibandingkan dengan cara yang baru")
        }
        KeysFault::OpenBatch(batch) => format!(
            "kelompok cetak {batch} dari profil `{profile}` belum ditutup, sehingga kartunya dapat tercetak dua kali"
        ),
        KeysFault::NoIdentifier { record, column } => format!(
            "{} tidak memiliki nilai di kolom `{column}`, yang dipakai profil `{profile}` untuk membedakan orang; tidak ada \
             yang diubah",
            thing(record)
        ),
        KeysFault::SamePerson(same) => format!(
            "permohonan dari orang yang berbeda menjadi milik satu orang, yang hanya berhak atas satu kartu: {}",
            persons(same)
        ),
        KeysFault::TwoCards(same) => format!(
            "permohonan yang menjadi milik satu orang masing-masing memiliki kartu di kantor, atau mungkin memilikinya: {}",
            persons(same)
        ),
    }
}

/// The requests of each person, as far as they are named.
fn persons(SamePerson { requests, persons }: &SamePerson) -> String {
    let named = requests.iter().map(|requests| list(requests)).collect::<Vec<_>>().join("; ");
    match persons.saturating_sub(requests.len() as u64) {
        0 => named,
        more => format!("{named}; dan {more} orang lagi"),
    }
}
