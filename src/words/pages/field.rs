//! What the fields of acts are called, and the choices that they offer.

use super::text::Text;

macro_rules! labels {
    ($list:ident $($name:literal $en:literal $id:literal;)+) => {
        const $list: &[(&str, Text)] = &[$(($name, Text::new($en, $id))),+];
    };
}

labels! { FIELDS
    "/note" "Reason" "Alasan";
    "/reason" "Reason" "Alasan";
    "/list" "Waiting list" "Daftar tunggu";
    "/source" "Source" "Sumber";
    "/skip_lines" "Lines above the headings" "Baris di atas judul kolom";
    "/record/source" "Source" "Sumber";
    "/record/request_id" "Request" "Nomor permohonan";
    "/records" "Requests" "Nomor permohonan";
    "/filter/state" "Only of this state" "Hanya yang berstatus ini";
    "/filter/source" "Only of this source" "Hanya dari sumber ini";
    "/filter/profile" "Only of this card profile" "Hanya dari profil kartu ini";
    "/filter/district" "Only of this district" "Hanya dari kecamatan ini";
    "/filter/kind" "Only of this kind of request" "Hanya jenis permohonan ini";
    "/filter/class" "Only of this priority class" "Hanya dari kelas prioritas ini";
    "/filter/reason" "Only with this code of a reason" "Hanya dengan kode alasan ini";
    "/filter/batch" "Only of this batch" "Hanya dari kelompok cetak ini";
    "/as_of" "Up to the record with this number" "Sampai permohonan bernomor ini";
    "/held_for" "Only those held with these words" "Hanya yang ditahan dengan kata-kata ini";
    "/after" "Goes on after this number" "Dilanjutkan setelah nomor ini";
    "/turn" "When they are printed" "Giliran cetaknya";
    "/change" "What becomes of them" "Yang dilakukan";
    "/printer" "Printer" "Printer";
    "/printer/name" "Name" "Nama";
    "/printer/uri" "Address (ipp:// or ipps://)" "Alamat (ipp:// atau ipps://)";
    "/printer/profile" "Card profile" "Profil kartu";
    "/printer/hopper" "Capacity of its hopper, if it is counted" "Daya tampung wadah, jika dihitung";
    "/setting/printer" "Printer" "Printer";
    "/setting/uri" "New address" "Alamat baru";
    "/setting/profile" "New card profile" "Profil kartu baru";
    "/setting/hopper" "Capacity of its hopper, or `not-counted`" "Daya tampung wadah, atau `not-counted`";
    "/batch" "Batch" "Kelompok cetak";
    "/attempt" "Attempt" "Upaya cetak";
    "/movement" "Movement" "Mutasi";
    "/warrant" "Warrant" "Izin cetak ulang";
    "/id" "Number" "Nomor";
    "/account" "Account" "Akun";
    "/session" "Session" "Sesi";
    "/token" "Token" "Token";
    "/name" "Name" "Nama";
    "/uri" "Address (ipp:// or ipps://)" "Alamat (ipp:// atau ipps://)";
    "/profile" "Card profile" "Profil kartu";
    "/hopper" "Capacity of its hopper, if it is counted" "Daya tampung wadah, jika dihitung";
    "/role" "Role" "Peran";
    "/cause" "Cause" "Penyebab";
    "/found" "What was found" "Yang ditemukan";
    "/blank_gone" "The blank is gone too" "Blangkonya juga tidak ada";
    "/owner_is_off" "The process that sent it is certainly ended" "Proses yang mengirimnya pasti sudah berakhir";
    "/district" "District" "Kecamatan";
    "/proxy" "What the proxy showed" "Yang ditunjukkan wakil";
    "/identity" "Who the proxy is (it is sealed)" "Siapa wakilnya (disimpan tersegel)";
    "/keep" "Which request is kept" "Permohonan yang dipertahankan";
    "/scope" "What is paused" "Yang dijeda";
    "/blank_type" "Type of blank" "Jenis blangko";
    "/quantity" "Blanks" "Keping";
    "/count" "Count" "Stok opname";
    "/counter" "Who makes the first count; empty for any stock-keeper" "Petugas hitungan pertama; kosong berarti petugas gudang mana pun";
    "/which" "The count that is right" "Hitungan yang benar";
    "/entry/bundles" "Full bundles" "Ikatan penuh";
    "/entry/bundle_size" "Blanks in a full bundle" "Keping per ikatan penuh";
    "/entry/loose" "Loose blanks" "Keping lepas";
    "/again/bundles" "Once more: full bundles" "Sekali lagi: ikatan penuh";
    "/again/bundle_size" "Once more: blanks in a full bundle" "Sekali lagi: keping per ikatan penuh";
    "/again/loose" "Once more: loose blanks" "Sekali lagi: keping lepas";
    "/delivered" "Blanks that really came" "Keping yang benar-benar diterima";
    "/document" "Document" "Nomor dokumen";
    "/lot" "Lot" "Lot";
    "/serials" "Serial numbers" "Nomor seri";
    "/override_reason" "Why it is right although there is an objection" "Alasan tetap benar walau ada keberatan";
    "/from_vault" "From the vault, not from the spoiled ones" "Dari gudang, bukan dari yang rusak";
    "/witnesses" "Witnesses" "Saksi";
    "/to" "Borrower" "Peminjam";
    "/from" "Borrower" "Peminjam";
    "/days" "Days until it expires" "Hari sampai kedaluwarsa";
    "/scopes" "What it may do" "Yang boleh dilakukannya";
    "/file" "Name of the file" "Nama berkas";
    "/older_than_days" "Older than, in days" "Lebih lama dari, dalam hari";
    "/accept_duplicates" "Accept that two records are then of one person" "Terima bahwa dua permohonan lalu milik satu orang";
    "/printed_since" "Cards that were printed elsewhere since" "Kartu yang sejak itu dicetak di tempat lain";
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
    "withdraw" "They are withdrawn" "Ditarik";
    "restore" "They are restored" "Dipulihkan";
}

/// The label of a field, by its JSON pointer.
pub(crate) fn field(pointer: &str) -> Option<Text> {
    FIELDS.iter().find(|(known, _)| *known == pointer).map(|(_, text)| *text)
}

/// The label of a choice. Rights have the names of their operations.
pub(crate) fn choice(value: &str) -> Option<Text> {
    CHOICES.iter().find(|(known, _)| *known == value).map(|(_, text)| *text)
}
