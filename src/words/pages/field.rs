//! What the fields of acts are called, and the choices that they offer.

use super::{kind::kind, reason::reason_code, text::Text};
use crate::{
    domain::{permission::Operation, states::RecordState},
    words::Language,
};

macro_rules! labels {
    ($list:ident $($name:literal $en:literal $id:literal;)+) => {
        const $list: &[(&str, Text)] = &[$(($name, Text::new($en, $id))),+];
    };
}

// Forms ask for fields in this order, and acts that wait tell their arguments in it: what is acted on, how, how many, and why.
labels! { FIELDS
    "/list" "Waiting list" "Daftar tunggu";
    "/source" "Source" "Sumber";
    "/encoding" "Encoding" "Pengodean huruf";
    "/skip_lines" "Lines above the headings" "Baris di atas judul kolom";
    "/record/source" "Source" "Sumber";
    "/record/request_id" "Request" "Nomor permohonan";
    "/records" "Requests" "Nomor permohonan";
    "/class" "Priority class; the lowest is printed first" "Kelas prioritas; yang terendah dicetak lebih dulu";
    "/keep" "Which request is kept" "Permohonan yang dipertahankan";
    "/filter/state" "Only of this state" "Hanya yang berstatus ini";
    "/filter/source" "Only of this source" "Hanya dari sumber ini";
    "/filter/profile" "Only of this card profile" "Hanya dari profil kartu ini";
    "/filter/district" "Only of this district" "Hanya dari kecamatan ini";
    "/filter/kind" "Only of this kind of request" "Hanya jenis permohonan ini";
    "/filter/class" "Only of this priority class" "Hanya dari kelas prioritas ini";
    "/filter/reason" "Only with this reason" "Hanya dengan alasan ini";
    "/filter/batch" "Only of this batch" "Hanya dari kelompok cetak ini";
    "/held_for" "Only those held with these words" "Hanya yang ditahan dengan kata-kata ini";
    "/turn" "When they are printed" "Giliran cetaknya";
    "/change" "What becomes of them" "Yang dilakukan";
    "/as_of" "Up to the record with this number" "Sampai permohonan bernomor ini";
    "/after" "Goes on after this number" "Dilanjutkan setelah nomor ini";
    "/import" "Import" "Impor";
    "/scope" "What is paused" "Yang dijeda";
    "/attempt" "Attempt" "Upaya cetak";
    "/found" "What was found" "Yang ditemukan";
    "/blank_gone" "The blank is gone too" "Blangkonya juga tidak ada";
    "/owner_is_off" "The process that sent it is certainly ended" "Proses yang mengirimnya pasti sudah berakhir";
    "/cause" "Cause" "Penyebab";
    "/batch" "Batch" "Kelompok cetak";
    "/movement" "Movement" "Mutasi";
    "/delivered" "Blanks that really came" "Keping yang benar-benar diterima";
    "/warrant" "Warrant" "Izin cetak ulang";
    "/id" "Number" "Nomor";
    "/blank_type" "Type of blank" "Jenis blangko";
    "/printer" "Printer" "Printer";
    "/printer/name" "Name" "Nama";
    "/printer/uri" "Address (ipp:// or ipps://)" "Alamat (ipp:// atau ipps://)";
    "/printer/profile" "Card profile" "Profil kartu";
    "/printer/hopper" "Capacity of its hopper, if it is counted" "Daya tampung wadah, jika dihitung";
    "/setting/printer" "Printer" "Printer";
    "/setting/uri" "New address" "Alamat baru";
    "/setting/profile" "New card profile" "Profil kartu baru";
    "/setting/hopper" "New capacity of its hopper; 0 if it is not counted" "Daya tampung wadah yang baru; 0 jika tidak dihitung";
    "/tray" "Cards that its output tray takes" "Kartu yang muat di baki keluaran";
    "/in_tray" "Cards in its output tray now" "Kartu di baki keluaran sekarang";
    "/ribbon" "Cards that a ribbon is rated for" "Kartu menurut keterangan ribbon";
    "/ribbon_left" "Cards that its ribbon still gives" "Kartu yang masih diperoleh dari ribbonnya";
    "/ribbon_yield" "Percentage of its rated cards that a ribbon gives" "Persentase kartu tertera yang benar-benar diperoleh dari ribbon";
    "/seconds_per_card" "Seconds for a card" "Detik untuk satu kartu";
    "/cleaning" "Cards from one cleaning to the next" "Kartu antara dua pembersihan";
    "/rest_after" "Cards after which it rests" "Kartu sebelum printer istirahat";
    "/rest_minutes" "Minutes of that rest" "Menit istirahatnya";
    "/cards_a_day" "The most cards within 24 hours" "Kartu paling banyak dalam 24 jam";
    "/walk_in_lane" "Whether it keeps a lane for requests that were put first" "Apakah printer ini menyediakan jalur untuk permohonan yang didahulukan";
    "/cleaned" "It was cleaned" "Sudah dibersihkan";
    "/name" "Name" "Nama";
    "ConfirmAct/name" "Another account that confirms, if it is not yours" "Akun lain yang mengesahkan, jika bukan akun Anda";
    "ConfirmAct/password" "Password of the account that confirms" "Kata sandi akun yang mengesahkan";
    "/uri" "Address (ipp:// or ipps://)" "Alamat (ipp:// atau ipps://)";
    "/profile" "Card profile" "Profil kartu";
    "/hopper" "Capacity of its hopper, if it is counted" "Daya tampung wadah, jika dihitung";
    "/account" "Account" "Akun";
    "/role" "Role" "Peran";
    "/session" "Session" "Sesi";
    "/token" "Token" "Token";
    "/days" "Days until it expires" "Hari sampai kedaluwarsa";
    "/scopes" "What it may do" "Yang boleh dilakukannya";
    "/district" "District" "Kecamatan";
    "/new_district" "It is a new district" "Ini kecamatan baru";
    "/proxy" "What the proxy showed" "Yang ditunjukkan wakil";
    "/identity" "Who the proxy is (it is sealed)" "Siapa wakilnya (disimpan tersegel)";
    "/count" "Count" "Stok opname";
    "/counter" "Who makes the first count; empty for any stock-keeper" "Petugas hitungan pertama; kosong berarti petugas gudang mana pun";
    "/which" "The count that is right" "Hitungan yang benar";
    "/entry/bundles" "Full bundles" "Ikatan penuh";
    "/entry/bundle_size" "Blanks in a full bundle" "Keping per ikatan penuh";
    "/entry/loose" "Loose blanks" "Keping lepas";
    "/again/bundles" "Once more: full bundles" "Sekali lagi: ikatan penuh";
    "/again/bundle_size" "Once more: blanks in a full bundle" "Sekali lagi: keping per ikatan penuh";
    "/again/loose" "Once more: loose blanks" "Sekali lagi: keping lepas";
    "/quantity" "Blanks" "Keping";
    "/from_vault" "From the vault, not from the spoiled ones" "Dari gudang, bukan dari yang rusak";
    "/to" "Borrower" "Peminjam";
    "/from" "Borrower" "Peminjam";
    "/document" "Document" "Nomor dokumen";
    "/lot" "Lot" "Lot";
    "/serials" "Serial numbers" "Nomor seri";
    "/override_reason" "Why it is right although there is an objection" "Alasan tetap benar walau ada keberatan";
    "/witnesses" "Witnesses" "Saksi";
    "/file" "Name of the file" "Nama berkas";
    "/older_than_days" "Older than, in days" "Lebih lama dari, dalam hari";
    "/accept_duplicates" "Accept that two records are then of one person" "Terima bahwa dua permohonan lalu milik satu orang";
    "/printed_since" "Cards that were printed elsewhere since" "Kartu yang sejak itu dicetak di tempat lain";
    "/reason" "Reason" "Alasan";
    "/note" "Reason" "Alasan";
    "/password" "Password" "Kata sandi";
}

labels! { CHOICES
    "operator" "Print operator" "Operator cetak";
    "stock-keeper" "Stock-keeper" "Petugas gudang";
    "supervisor" "Supervisor" "Penyelia";
    "auditor" "Auditor" "Auditor";
    "administrator" "Administrator" "Administrator";
    "encode-failed" "The chip could not be encoded" "Gagal encode";
    "print-failed" "It was printed badly" "Gagal cetak";
    "damaged" "It is damaged" "Rusak";
    "lost" "It is lost" "Hilang";
    "wrong-data" "What is printed on it is wrong" "Data pada kartu salah";
    "bad-print" "It is printed badly" "Hasil cetak buruk";
    "changed" "The data has changed" "Data berubah";
    "not-counted" "It is not counted" "Tidak dihitung";
    "uncollected" "It was not collected" "Tidak diambil";
    "wrong-district" "It was sent to the wrong district" "Salah kirim kecamatan";
    "wrong-person" "It is another person's" "Milik orang lain";
    "letter-of-authority" "A letter of authority" "Surat kuasa";
    "family-card" "The family card" "Kartu keluarga";
    "guardianship" "The proof of a guardianship" "Bukti perwalian";
    "other-document" "Another document" "Dokumen lain";
    "data-changed" "The data has changed" "Perubahan elemen data";
    "good" "A good card" "Kartu layak";
    "spoiled" "A spoiled card" "Kartu rusak";
    "this" "This one" "Yang ini";
    "other" "The other one" "Yang lain";
    "none" "None" "Tidak ada";
    "unknown" "Not known" "Tidak diketahui";
    "queue" "All printing" "Semua pencetakan";
    "first" "The first count" "Hitungan pertama";
    "second" "The second count" "Hitungan kedua";
    "before-others" "Before all others of their profile" "Sebelum semua yang lain dari profilnya";
    "usual" "In their usual turn again" "Kembali menurut giliran biasa";
    "on" "Yes" "Ya";
    "off" "No" "Tidak";
    "withdraw" "They are withdrawn" "Ditarik";
    "restore" "They are restored" "Dipulihkan";
}

/// The fields whose values are choices. Those of others are what people typed, and are not taken for a choice of the same spelling.
const WITH_CHOICES: &[&str] = &[
    "/cause",
    "/change",
    "/found",
    "/keep",
    "/setting/hopper",
    "/printed_since",
    "/proxy",
    "/reason",
    "/role",
    "/turn",
    "/walk_in_lane",
    "/which",
];

/// The label of a field, by its JSON pointer. That of a value within a field is the field's.
pub(crate) fn field(pointer: &str) -> Option<Text> {
    place_of(pointer).map(|at| FIELDS[at].1)
}

/// What a field of an act is called, where it has a name of its own there.
pub(crate) fn field_of(act: &str, pointer: &str) -> Option<Text> {
    let is_own = |known: &str| {
        let own = known.strip_prefix(act).filter(|_| !act.is_empty());
        own.and_then(|own| pointer.strip_prefix(own)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let own = FIELDS.iter().find(|(known, _)| is_own(known)).map(|(_, text)| *text);
    own.or_else(|| field(pointer))
}

/// Where a field stands among others in a form.
pub(crate) fn field_place(pointer: &str) -> usize {
    place_of(pointer).unwrap_or(FIELDS.len())
}

fn place_of(pointer: &str) -> Option<usize> {
    let found = FIELDS.iter().position(|(known, _)| *known == pointer);
    found.or_else(|| place_of(pointer.rsplit_once('/')?.0))
}

/// The value of a field in words: a state, a right or another choice. A text that a person typed is as it is.
pub(crate) fn value_in_words(pointer: &str, value: &str, language: Language) -> String {
    let words = match pointer {
        "/filter/state" => value.parse().ok().map(|state: RecordState| language.record_state(state)),
        "/filter/kind" => return kind(value, language),
        "/filter/reason" => return reason_code(value, language).to_owned(),
        "/scopes" => value.parse().ok().map(|right: Operation| language.operation(right)),
        _ if WITH_CHOICES.contains(&pointer) => choice(value).map(|text| text.in_language(language)),
        _ => None,
    };
    words.unwrap_or(value).to_owned()
}

/// The label of a choice. Rights have the names of their operations.
pub(crate) fn choice(value: &str) -> Option<Text> {
    CHOICES.iter().find(|(known, _)| *known == value).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::pages::text::assert_indonesian;

    #[test]
    fn each_field_and_each_choice_has_one_label_in_two_languages() {
        for list in [FIELDS, CHOICES] {
            for (at, (name, text)) in list.iter().enumerate() {
                assert!(list[..at].iter().all(|(other, _)| other != name), "{name}");
                assert_indonesian(text.in_language(Language::Indonesian));
            }
        }
    }

    #[test]
    fn a_choice_is_told_in_words_and_a_text_of_the_same_spelling_is_not() {
        assert_eq!(value_in_words("/role", "operator", Language::Indonesian), "Operator cetak");
        assert_eq!(value_in_words("/account", "operator", Language::Indonesian), "operator");
        assert_eq!(value_in_words("/reason", "of the office", Language::Indonesian), "of the office");
    }
}
