//! What each act is called, and what follows from it.

use super::text::Text;

/// The words of an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ActText {
    /// The name of its address: `HoldRecord`.
    pub(crate) name: &'static str,
    /// What is done, as the title of its page and on its button.
    pub(crate) title: Text,
    /// What follows from it.
    pub(crate) consequence: Text,
}

macro_rules! acts {
    ($($name:ident $en:literal $id:literal, $then_en:literal $then_id:literal;)+) => {
        /// The words of all acts.
        pub(crate) const ACTS: &[ActText] = &[$(ActText {
            name: stringify!($name),
            title: Text::new($en, $id),
            consequence: Text::new($then_en, $then_id),
        }),+];
    };
}

acts! {
    HoldRecord "Hold the record" "Tahan permohonan",
        "It is not printed until it is released." "Tidak dicetak sampai dilepas.";
    ReleaseRecord "Release the record" "Lepas permohonan",
        "It waits for printing again." "Kembali menunggu pencetakan.";
    PutFirst "Print it next" "Cetak lebih dulu",
        "It is the first card of the next batch." "Menjadi kartu pertama pada kelompok cetak berikutnya.";
    PutInClass "Put it into another class" "Pindahkan kelasnya",
        "It keeps this class, also when its list sends it again, until it is given its usual place."
        "Tetap di kelas ini, juga jika daftarnya mengirimnya lagi, sampai dikembalikan ke urutan biasa.";
    PutBack "Give it its usual place" "Kembalikan ke urutan biasa",
        "It waits at the place that its date gives it." "Menunggu pada urutan menurut tanggalnya.";
    HoldRecords "Hold records" "Tahan beberapa permohonan",
        "They are not printed until they are released." "Tidak dicetak sampai dilepas.";
    ReleaseRecords "Release records" "Lepas beberapa permohonan",
        "They wait for printing again." "Kembali menunggu pencetakan.";
    WithdrawRecord "Withdraw the record" "Tarik permohonan",
        "It is not printed, and a new list does not bring it back." "Tidak dicetak, dan daftar baru tidak mengembalikannya.";
    RestoreRecord "Restore the record" "Pulihkan permohonan",
        "It waits for printing again." "Kembali menunggu pencetakan.";
    ResolveDuplicate "Resolve the duplicate" "Selesaikan data ganda",
        "One request of the person is kept, and the other is withdrawn."
        "Satu permohonan orang ini dipertahankan, yang lain ditarik.";
    RequestReprint "Ask for a reprint" "Minta cetak ulang",
        "A supervisor decides. If it is approved, the present card is spoiled, and one more blank is used."
        "Penyelia memutuskan. Jika disetujui, kartu yang sekarang menjadi rusak dan satu blangko lagi terpakai.";
    Reprint "Ask for a reprint" "Minta cetak ulang",
        "A supervisor decides. If it is approved, the present card is spoiled, and one more blank is used."
        "Penyelia memutuskan. Jika disetujui, kartu yang sekarang menjadi rusak dan satu blangko lagi terpakai.";
    CheckCards "Accept cards" "Nyatakan kartu layak",
        "They can be handed over." "Kartu dapat diserahkan.";
    CheckCard "Accept the card" "Nyatakan kartu layak",
        "It can be handed over." "Kartu dapat diserahkan.";
    RejectCard "Reject the card" "Tolak kartu",
        "The card is spoiled, and the record is printed again with a new blank."
        "Kartu menjadi rusak, dan permohonan dicetak lagi dengan blangko baru.";
    HandOverCard "Hand the card over" "Serahkan kartu",
        "The person has the card. Only two people together can undo it."
        "Kartu sudah di tangan pemohon. Hanya dua orang bersama yang dapat membatalkannya.";
    HandOverCards "Hand cards over in a district" "Serahkan beberapa kartu di kecamatan",
        "Their people have the cards. Only two people together can undo it."
        "Kartu sudah di tangan pemohon. Hanya dua orang bersama yang dapat membatalkannya.";
    HandOverByProxy "Hand the card over to a proxy" "Serahkan kartu kepada wakil",
        "A proxy has the card for its person. Only two people together can undo it."
        "Wakil menerima kartu untuk pemohon. Hanya dua orang bersama yang dapat membatalkannya.";
    SendCards "Send cards to a district" "Kirim kartu ke kecamatan",
        "They are handed over there, or come back." "Kartu diserahkan di sana, atau kembali.";
    ReceiveCards "Receive cards back from a district" "Terima kartu kembali dari kecamatan",
        "They can be handed over here. One that is damaged or another person's is checked again."
        "Kartu dapat diserahkan di sini. Kartu yang rusak atau milik orang lain diperiksa lagi.";
    SurrenderCard "Take the card back" "Terima kembali kartu",
        "The person no longer has the card." "Pemohon tidak lagi memegang kartu.";
    CorrectHandOver "Correct the hand-over" "Betulkan penyerahan",
        "The card counts as not handed over." "Kartu dianggap belum diserahkan.";
    ApproveReprint "Approve the reprint" "Setujui cetak ulang",
        "The present card is spoiled, and the record is printed again." "Kartu yang sekarang menjadi rusak, dan permohonan dicetak lagi.";
    RefuseReprint "Refuse the reprint" "Tolak cetak ulang",
        "The present card stays valid." "Kartu yang sekarang tetap berlaku.";
    Pause "Pause printing" "Jeda pencetakan",
        "At most the card that is being printed on each printer is still finished."
        "Paling banyak kartu yang sedang dicetak pada tiap printer masih diselesaikan.";
    ResumeQueue "Resume printing" "Lanjutkan pencetakan",
        "Printers go on with their batches." "Printer melanjutkan kelompok cetaknya.";
    ResumePrinter "Resume the printer" "Lanjutkan printer",
        "It goes on with its batch." "Printer melanjutkan kelompok cetaknya.";
    PauseSource "Pause the source" "Jeda sumber",
        "Its lists stay where they are. One that is being imported is finished."
        "Daftarnya tetap di tempatnya. Daftar yang sedang diimpor diselesaikan.";
    ResumeSource "Resume the source" "Lanjutkan sumber",
        "Its lists are imported again." "Daftarnya diimpor lagi.";
    ResumeBatch "Resume the batch" "Lanjutkan kelompok cetak",
        "Its cards are printed." "Kartunya dicetak.";
    ApproveBatch "Approve the batch" "Setujui kelompok cetak",
        "Its cards are printed." "Kartunya dicetak.";
    CancelBatch "Cancel the rest of the batch" "Batalkan sisa kelompok cetak",
        "What is not printed waits again, and its blanks are free." "Yang belum dicetak menunggu lagi, dan blangkonya bebas.";
    ResolveFound "Say that a card was found" "Nyatakan kartu ditemukan",
        "It is settled once, and cannot be changed." "Diselesaikan satu kali dan tidak dapat diubah.";
    ResolveNothing "Say that no card was found" "Nyatakan kartu tidak ditemukan",
        "Another blank may be used for this person." "Satu blangko lagi boleh dipakai untuk orang ini.";
    DeclareUncertain "Give the card up as unknown" "Nyatakan hasil kartu tak pasti",
        "A person then inspects what became of it." "Petugas lalu memeriksa apa yang terjadi dengannya.";
    ReceiveBlanks "Book a delivery of blanks" "Catat penerimaan blangko",
        "They are added to the vault." "Blangko bertambah di gudang.";
    ReverseDelivery "Correct a delivery" "Betulkan penerimaan",
        "Another person confirms it. The difference is taken from the vault."
        "Orang lain mengesahkannya. Selisihnya diambil dari gudang.";
    LoadHopper "Load the hopper" "Isi wadah blangko",
        "Blanks go from the vault to the printer." "Blangko pindah dari gudang ke printer.";
    UnloadHopper "Unload the hopper" "Kosongkan wadah blangko",
        "Blanks go from the printer to the vault." "Blangko pindah dari printer ke gudang.";
    OpenCount "Open a count" "Buka stok opname",
        "No blanks of that place are moved, and those who count do not see what is booked, until it is closed. The printer of a hopper is paused first."
        "Blangko di tempat itu tidak boleh dipindahkan, dan penghitung tidak melihat pembukuannya, sampai ditutup. Printer dari wadah itu dijeda lebih dulu.";
    EnterCount "Enter what was counted" "Isikan hasil hitungan",
        "It is compared with the book of this moment. Enter it twice."
        "Hasilnya dibandingkan dengan pembukuan saat ini. Isikan dua kali.";
    BookCount "Book the difference" "Bukukan selisih",
        "What is short is booked as missing, and another person confirms it."
        "Yang kurang dibukukan sebagai hilang, dan orang lain mengesahkannya.";
    CancelCount "Cancel the count" "Batalkan stok opname",
        "Nothing is booked, and the place can be used or counted again."
        "Tidak ada yang dibukukan, dan tempat itu dapat dipakai atau dihitung lagi.";
    DestroyBlanks "Destroy blanks" "Musnahkan blangko",
        "They leave the office's books for good." "Blangko keluar dari pembukuan untuk selamanya.";
    LendBlanks "Lend blanks" "Pinjamkan blangko",
        "They leave the vault until they come back." "Blangko keluar dari gudang sampai dikembalikan.";
    TakeBackBlanks "Take lent blanks back" "Terima kembali blangko pinjaman",
        "They are added to the vault." "Blangko bertambah di gudang.";
    AddPrinter "Add a printer" "Tambah printer",
        "It is asked what it can do, and then gets cards." "Printer ditanyai kemampuannya, lalu mendapat kartu.";
    AddObjectedPrinter "Add a printer against objections" "Tambah printer walau ada keberatan",
        "Another person confirms it." "Orang lain mengesahkannya.";
    SetPrinter "Change the printer" "Ubah printer",
        "Its next batch is printed with it." "Berlaku mulai kelompok cetak berikutnya.";
    SetObjectedPrinter "Change the printer against objections" "Ubah printer walau ada keberatan",
        "Another person confirms it." "Orang lain mengesahkannya.";
    SetPrinterLimits "Set the printer's limits" "Atur batas printer",
        "It stops before a card would be spoiled by them. An empty field changes nothing, and 0 ends a limit."
        "Printer berhenti sebelum ada kartu rusak karenanya. Isian kosong tidak mengubah apa-apa, dan 0 menghapus batas.";
    SayPrinterSupplies "Say what is in the printer" "Nyatakan isi printer",
        "It is counted from there, and the printer goes on by itself." "Dihitung mulai dari situ, dan printer lanjut sendiri.";
    RemovePrinter "Remove the printer" "Hapus printer",
        "It gets no more cards." "Printer tidak mendapat kartu lagi.";
    ClearPrinter "Say that the printer is clear" "Nyatakan printer sudah beres",
        "It gets cards again." "Printer mendapat kartu lagi.";
    TestPrinter "Print a test card" "Cetak kartu uji",
        "One blank is used." "Satu blangko terpakai.";
    AddAccount "Add an account" "Tambah akun",
        "You are shown its password for one use." "Kata sandi sekali pakainya ditampilkan kepada Anda.";
    ResetAccount "Give a new password" "Beri kata sandi baru",
        "Its sessions end, and you are shown a password for one use."
        "Sesinya berakhir, dan kata sandi sekali pakai ditampilkan kepada Anda.";
    DisableAccount "Disable the account" "Nonaktifkan akun",
        "Its sessions end at once." "Sesinya segera berakhir.";
    EnableAccount "Enable the account" "Aktifkan akun",
        "Its person can sign in again." "Pemiliknya dapat masuk lagi.";
    GiveRole "Give a role" "Beri peran",
        "Another person confirms it." "Orang lain mengesahkannya.";
    TakeRole "Take a role" "Cabut peran",
        "It holds at once." "Berlaku seketika.";
    EndSession "End the session" "Akhiri sesi",
        "Its person signs in again." "Pemiliknya harus masuk lagi.";
    AddToken "Make an API token" "Buat token API",
        "It is shown once." "Token ditampilkan satu kali.";
    RevokeToken "Revoke the token" "Cabut token",
        "Programs cannot use it any more." "Program tidak dapat memakainya lagi.";
    ArchiveJobs "Archive old jobs" "Arsipkan pekerjaan lama",
        "They are kept, and no longer listed." "Tetap disimpan, tetapi tidak lagi didaftar.";
    BackUpDatabase "Make a backup" "Buat cadangan",
        "A file is made in the folder of backups." "Berkas dibuat di folder cadangan.";
    RecountCounters "Count the counters again" "Hitung ulang penghitung",
        "The board shows what is counted." "Papan menampilkan hasil hitungan.";
    RekeyPersons "Make the look-up keys of persons again" "Buat ulang kunci pencarian orang",
        "Nothing of the profile is printed meanwhile." "Selama itu tidak ada yang dicetak dari profil ini.";
    HoldMatching "Hold all that match" "Tahan semua yang cocok",
        "Each record that waits or is queued leaves the waiting list. What was imported after the count is not touched."
        "Setiap permohonan yang menunggu atau mengantre keluar dari daftar tunggu. Yang diimpor setelah penghitungan tidak tersentuh.";
    ReleaseMatching "Release all that match" "Lepaskan semua yang cocok",
        "Each held or quarantined record goes back to the waiting list. What was imported after the count is not touched."
        "Setiap permohonan yang ditahan atau dikarantina kembali ke daftar tunggu. Yang diimpor setelah penghitungan tidak tersentuh.";
    PrioritizeMatching "Put all that match first, or back" "Dahulukan semua yang cocok, atau kembalikan",
        "They are printed before all others of their profile, or in their usual turn again."
        "Dicetak sebelum semua yang lain dari profilnya, atau kembali menurut giliran biasa.";
    ChangeMatching "Withdraw or restore all that match" "Tarik atau pulihkan semua yang cocok",
        "Another person confirms it. It is done with all of them at once, at most 500."
        "Orang lain mengesahkannya. Dilaksanakan sekaligus untuk semuanya, paling banyak 500.";
    UndoImport "Undo an import" "Batalkan impor",
        "Another person confirms it. Its new records are withdrawn, what it changed is as before, and cards that exist are stopped at the check."
        "Orang lain mengesahkannya. Permohonan barunya ditarik, yang diubahnya kembali seperti semula, dan kartu yang sudah ada dihentikan saat pemeriksaan.";
    IndexNames "Make the index of names" "Buat indeks nama",
        "Names are found by their words. Printing goes on." "Nama ditemukan menurut katanya. Pencetakan berlanjut.";
    AcceptClock "Accept the clock" "Terima jam",
        "Printing goes on with the present time." "Pencetakan berlanjut dengan waktu sekarang.";
    AdoptDatabase "Adopt the database" "Ambil alih basis data",
        "This installation prints on with it." "Pemasangan ini mencetak terus dengannya.";
    ConfirmAct "Confirm" "Sahkan",
        "It is done at once." "Langsung dilaksanakan.";
    RefuseAct "Refuse" "Tolak",
        "It is not done." "Tidak dilaksanakan.";
    TakeBackAct "Take it back" "Tarik kembali",
        "It is not done." "Tidak dilaksanakan.";
}

/// The words of an act, by the name of its address.
pub(crate) fn act(name: &str) -> Option<&'static ActText> {
    ACTS.iter().find(|act| act.name == name)
}

/// What follows from an act for two people, for the second of them; that of its request where it is the same.
const CONFIRMED: &[(&str, Text)] = &[
    (
        "Reprint",
        Text::new(
            "The card that is there becomes spoiled, one that was lost becomes missing, and the record is printed again with one more blank.",
            "Kartu yang ada dinyatakan rusak, kartu yang hilang dibukukan sebagai hilang, dan permohonan dicetak lagi memakai satu blangko tambahan.",
        ),
    ),
    (
        "GiveRole",
        Text::new(
            "The account may then do what the role allows.",
            "Akun itu lalu boleh melakukan yang diizinkan peran tersebut.",
        ),
    ),
    ("ReverseDelivery", Text::new("The difference is taken from the vault.", "Selisihnya diambil dari gudang.")),
    (
        "BookCount",
        Text::new(
            "What is short is booked as missing; what is over comes back from there.",
            "Yang kurang dibukukan sebagai hilang; yang lebih diambil kembali dari sana.",
        ),
    ),
    (
        "AddObjectedPrinter",
        Text::new("The printer gets cards in spite of the objections.", "Printer mendapat kartu walau ada keberatan."),
    ),
    (
        "SetObjectedPrinter",
        Text::new("The printer is changed in spite of the objections.", "Printer diubah walau ada keberatan."),
    ),
    (
        "UndoImport",
        Text::new(
            "Its new records are withdrawn, what it changed is as before, and cards that exist are stopped at the check.",
            "Permohonan barunya ditarik, yang diubahnya kembali seperti semula, dan kartu yang sudah ada dihentikan saat pemeriksaan.",
        ),
    ),
    (
        "ChangeMatching",
        Text::new(
            "It is done with all of these records at once.",
            "Dilaksanakan sekaligus untuk semua permohonan ini.",
        ),
    ),
];

/// What follows when an act for two people is confirmed.
pub(crate) fn confirmed(name: &str) -> Option<Text> {
    let own = CONFIRMED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    own.or_else(|| act(name).map(|act| act.consequence))
}

/// Reasons for which printing is paused most.
const PAUSE_CHIPS: &[Text] = &[
    Text::new("Blanks are out", "Blangko habis"),
    Text::new("A card is stuck", "Kartu tersangkut"),
    Text::new("Ribbon or cleaning", "Ribbon atau pembersihan"),
    Text::new("Cards look wrong", "Hasil kartu salah"),
    Text::new("End of the shift", "Akhir giliran kerja"),
];

/// Reasons with which an act is done by one press; none for acts that cannot be undone at once.
pub(crate) fn chips(name: &str) -> &'static [Text] {
    if name == "Pause" { PAUSE_CHIPS } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, pages::text::assert_indonesian};

    #[test]
    fn each_act_has_one_line_in_two_languages() {
        for (at, act) in ACTS.iter().enumerate() {
            assert!(ACTS[..at].iter().all(|other| other.name != act.name), "{}", act.name);
            for text in [act.title, act.consequence] {
                assert_ne!(text.in_language(Language::English), text.in_language(Language::Indonesian));
                assert_indonesian(text.in_language(Language::Indonesian));
            }
        }
    }
}
