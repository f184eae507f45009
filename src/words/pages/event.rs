//! What the events of the audit and of a record's history are called.

use super::{field::value_in_words, text::Text};
use crate::{
    domain::{
        audit_row::RecordedEvent,
        reason::{Reason, StoredReason},
    },
    words::Language,
};

macro_rules! events {
    ($($name:literal $en:literal $id:literal;)+) => {
        const EVENTS: &[(&str, Text)] = &[$(($name, Text::new($en, $id))),+];
    };
}

events! {
    "account.added" "account added" "akun ditambahkan";
    "account.disabled" "account disabled" "akun dinonaktifkan";
    "account.enabled" "account enabled" "akun diaktifkan";
    "account.first-code" "code for the first administrator shown" "kode administrator pertama ditampilkan";
    "account.os-user-mapped" "account given to a user of the machine" "akun diberikan kepada pengguna komputer";
    "account.os-user-unmapped" "account taken from a user of the machine" "akun dilepas dari pengguna komputer";
    "account.password-chosen" "password chosen" "kata sandi dipilih";
    "account.reset" "new password given" "kata sandi baru diberikan";
    "act.conflict" "act conflicted with another" "tindakan berbenturan dengan yang lain";
    "act.expired" "act expired" "tindakan kedaluwarsa";
    "act.forbidden" "act forbidden" "tindakan tidak diizinkan";
    "act.refused" "act refused by the second person" "tindakan ditolak orang kedua";
    "act.requested" "act asked for" "tindakan diminta";
    "act.taken-back" "act taken back" "tindakan ditarik kembali";
    "attempt.cancelled" "print attempt cancelled" "upaya cetak dibatalkan";
    "attempt.confirmed" "print attempt confirmed by its process" "upaya cetak dipastikan oleh prosesnya";
    "attempt.declared" "given up as unknown" "dinyatakan tak pasti";
    "attempt.inspected" "inspected" "diperiksa petugas";
    "attempt.intent" "print attempt begun" "upaya cetak dimulai";
    "attempt.late-answer" "printer answered late" "printer terlambat menjawab";
    "attempt.not-started" "print attempt did not start" "upaya cetak tidak jadi dimulai";
    "attempt.printed" "printed" "tercetak";
    "attempt.releasing" "released to the printer" "dilepas ke printer";
    "attempt.spoiled" "spoiled" "rusak";
    "attempt.started-by-itself" "printer began by itself" "printer mulai sendiri";
    "attempt.uncertain" "outcome unknown" "hasil tak pasti";
    "batch.approved" "batch approved" "kelompok cetak disetujui";
    "batch.cancelled" "rest of the batch cancelled" "sisa kelompok cetak dibatalkan";
    "batch.closed" "batch closed" "kelompok cetak selesai";
    "batch.closing" "batch is closing" "kelompok cetak sedang ditutup";
    "batch.made" "batch made" "kelompok cetak dibuat";
    "blangko.counted" "blanks counted" "stok opname blangko";
    "blangko.destroyed" "blanks destroyed" "blangko dimusnahkan";
    "blangko.lent" "blanks lent" "blangko dipinjamkan";
    "blangko.loaded" "hopper loaded" "wadah blangko diisi";
    "blangko.received" "delivery booked" "penerimaan blangko dicatat";
    "blangko.returned" "lent blanks came back" "blangko pinjaman kembali";
    "blangko.reversed" "delivery corrected" "penerimaan blangko dibetulkan";
    "blangko.unloaded" "hopper unloaded" "wadah blangko dikosongkan";
    "card.checked" "card accepted" "kartu dinyatakan layak";
    "card.hand-over-corrected" "hand-over corrected" "penyerahan dibetulkan";
    "card.handed-over" "card handed over" "kartu diserahkan";
    "card.handed-over-by-proxy" "card handed over to a proxy" "kartu diserahkan kepada wakil";
    "card.previewed" "preview of the card looked at" "pratinjau kartu dilihat";
    "card.received" "card received back from a district" "kartu kembali dari kecamatan";
    "card.rejected" "card rejected" "kartu ditolak";
    "card.sent" "card sent to a district" "kartu dikirim ke kecamatan";
    "card.surrendered" "card taken back" "kartu diterima kembali";
    "clock.accepted" "clock accepted" "jam diterima";
    "count.booked" "difference of a count booked" "selisih stok opname dibukukan";
    "count.cancelled" "count cancelled" "stok opname dibatalkan";
    "count.entered" "count entered" "hasil stok opname diisikan";
    "count.opened" "count opened" "stok opname dibuka";
    "counters.recounted" "counters counted again" "penghitung dihitung ulang";
    "database.adopted" "database adopted" "basis data diambil alih";
    "database.backed-up" "backup made" "cadangan dibuat";
    "database.changed" "database changed behind the program" "basis data diubah di luar program";
    "database.in-doubt" "database in doubt" "basis data diragukan";
    "database.known" "database recognised" "basis data dikenali";
    "database.moved" "database moved" "basis data dipindahkan";
    "import.undone" "import undone" "impor dibatalkan";
    "import.ended" "list imported to its end" "daftar selesai diimpor";
    "import.rows" "rows of a list imported" "baris daftar diimpor";
    "jobs.archived" "old jobs archived" "pekerjaan lama diarsipkan";
    "names.index-begun" "index of names begun anew" "indeks nama mulai dibuat ulang";
    "names.indexed" "index of names complete" "indeks nama lengkap";
    "names.indexing" "index of names is being made" "indeks nama sedang dibuat";
    "node.joined" "computer joined" "komputer bergabung";
    "node.left" "computer left" "komputer keluar";
    "node.lost" "computer lost" "komputer hilang";
    "persons.rekey-begun" "new look-up keys of persons begun" "kunci pencarian orang mulai dibuat ulang";
    "persons.rekey-refused" "new look-up keys of persons refused" "kunci pencarian orang tidak dapat dibuat ulang";
    "persons.rekeyed" "look-up keys of persons made again" "kunci pencarian orang dibuat ulang";
    "persons.rekeying" "look-up keys of persons are being made" "kunci pencarian orang sedang dibuat";
    "photo.viewed" "photo looked at" "foto dilihat";
    "printer.added" "printer added" "printer ditambahkan";
    "printer.breaker" "printer locked or unlocked after failures" "printer dikunci atau dibuka setelah gagal";
    "printer.cleared" "printer declared clear" "printer dinyatakan beres";
    "printer.feeding-stopped" "printer is fed no more cards" "printer tidak diberi kartu lagi";
    "printer.feeding-resumed" "printer is fed cards again" "printer diberi kartu kembali";
    "printer.given-up" "printer given up by its computer" "printer dilepas oleh komputernya";
    "printer.removed" "printer removed" "printer dihapus";
    "printer.seen" "state of the printer seen" "keadaan printer terlihat";
    "printer.limits" "printer limits set" "batas printer diatur";
    "printer.supplies" "supplies of the printer stated" "isi printer dinyatakan";
    "printer.rests" "printer rests" "printer istirahat";
    "printer.rested" "printer has rested" "printer selesai istirahat";
    "printer.set" "printer changed" "printer diubah";
    "printer.taken" "printer taken by a computer" "printer diambil sebuah komputer";
    "printer.test-card" "test card begun" "kartu uji dimulai";
    "printer.test-card-ended" "test card ended" "kartu uji selesai";
    "printer.test-card-inspected" "test card inspected" "kartu uji diperiksa";
    "printer.unknown-jobs" "unknown jobs found at the printer" "pekerjaan tak dikenal ditemukan di printer";
    "profile.changed" "card profile changed" "profil kartu diubah";
    "queue.paused" "printing paused" "pencetakan dijeda";
    "queue.resumed" "printing resumed" "pencetakan dilanjutkan";
    "record.held" "held" "ditahan";
    "record.put-back" "given its usual place" "dikembalikan ke urutan biasa";
    "batch.joined" "joined the front of the batch, by a lane" "masuk ke depan kelompok cetak lewat jalur";
    "record.put-in-class" "put into another class" "dipindah ke kelas lain";
    "record.put-first" "put first" "didahulukan";
    "record.quarantined" "quarantined" "dikarantina";
    "record.released" "released" "dilepas";
    "record.restored" "restored" "dipulihkan";
    "record.stopped" "card must not be handed over" "kartu tidak boleh diserahkan";
    "record.updated" "changed by a list" "diubah oleh sebuah daftar";
    "record.withdrawn" "withdrawn" "ditarik";
    "reprint.approved" "reprint approved" "cetak ulang disetujui";
    "reprint.refused" "reprint refused" "cetak ulang ditolak";
    "reprint.requested" "reprint asked for" "cetak ulang diminta";
    "request.unproved" "request without a valid sign-in" "permintaan tanpa tanda masuk yang berlaku";
    "role.given" "role given" "peran diberikan";
    "role.taken" "role taken" "peran dicabut";
    "session.ended" "session ended" "sesi berakhir";
    "session.opened" "signed in" "masuk";
    "settings.changed" "settings changed" "pengaturan diubah";
    "settings.known" "settings read" "pengaturan dibaca";
    "source.away" "source does not answer" "sumber tidak terjangkau";
    "source.back" "source answers again" "sumber terjangkau lagi";
    "source.paused" "source paused" "sumber dijeda";
    "source.resumed" "source resumed" "sumber dilanjutkan";
    "token.added" "API token made" "token API dibuat";
    "token.revoked" "API token revoked" "token API dicabut";
}

/// The name of an event; its stable name if it has no other.
pub(crate) fn event(act: &str, language: Language) -> &str {
    EVENTS.iter().find(|(known, _)| *known == act).map_or(act, |(_, text)| text.in_language(language))
}

/// Why an event of a record happened: the reason of the program in words, and what the person said.
pub(crate) fn event_reason(event: &RecordedEvent, language: Language) -> String {
    let reason = event.details.get("reason").map(|value| {
        let stored = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        stored_reason(&stored, language)
    });
    // That of a reprint is a code of the card profile.
    let is_of_reprint = event.act.starts_with("reprint.");
    let reason = reason.map(|reason| if is_of_reprint { value_in_words("/reason", &reason, language) } else { reason });
    let note = event.details.get("note").and_then(serde_json::Value::as_str).map(str::to_owned);
    reason.into_iter().chain(note).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")
}

/// A stored reason: that of the program in words, that of a person as it is.
pub(crate) fn stored_reason(stored: &str, language: Language) -> String {
    match Reason::from_stored(stored) {
        StoredReason::Coded(reason) => language.reason(&reason),
        StoredReason::Quoted(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::words::pages::text::assert_indonesian;

    #[test]
    fn each_event_has_one_name_in_two_languages() {
        for (at, (name, text)) in EVENTS.iter().enumerate() {
            assert!(EVENTS[..at].iter().all(|(other, _)| other != name), "{name}");
            assert_ne!(text.in_language(Language::English), text.in_language(Language::Indonesian), "{name}");
            assert_indonesian(text.in_language(Language::Indonesian));
        }
        assert_eq!(event("something.new", Language::Indonesian), "something.new");
    }

    #[test]
    fn every_event_that_the_sources_name_has_words() {
        let mut found = 0;
        sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut |text| {
            for (_, rest) in text.match_indices("Event::new(\"").map(|(at, begin)| text.split_at(at + begin.len())) {
                let name = rest.split('"').next().unwrap();
                assert!(name == "x" || EVENTS.iter().any(|(known, _)| *known == name), "{name} has no words");
                found += 1;
            }
        });
        assert!(found > 40, "{found}");
    }

    fn sources(folder: &Path, each: &mut dyn FnMut(&str)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, each);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("pages/event.rs") {
                each(&fs::read_to_string(&path).unwrap());
            }
        }
    }
}
