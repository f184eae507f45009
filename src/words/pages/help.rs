//! The keys and the codes, and the first start.

use super::text::texts;

texts! {
    HELP "Keys and codes" "Tombol dan kode";
    KEYS "Keys" "Tombol papan ketik";
    KEYS_ON "These keys lead to pages, outside of fields. No key does an act. They can be switched off on the page of your account."
        "Tombol ini membuka halaman, di luar kolom isian. Tidak ada tombol yang melakukan tindakan. Tombol dapat dimatikan di halaman akun Anda.";
    KEYS_OFF "The keys are switched off. They can be switched on, on the page of your account."
        "Tombol ini sedang dimatikan. Tombol dapat dihidupkan di halaman akun Anda.";
    KEYS_ARE_ON "lead to pages" "membuka halaman";
    KEYS_ARE_OFF "do nothing" "tidak berfungsi";
    KEY "Key" "Tombol";
    LEADS_TO "Leads to" "Membuka";
    CODES "Codes for the scanner" "Kode untuk pemindai";
    CODE "Code" "Kode";
    CODE_ACCEPTS "does the act of the page to the card that is shown" "melakukan tindakan halaman itu pada kartu yang ditampilkan";
    CODE_REJECTS "rejects the card that is shown, with this cause" "menolak kartu yang ditampilkan, dengan penyebab ini";
    PRINT_CODES "The codes on a sheet, to be printed" "Kode dalam satu lembar, untuk dicetak";
    FIRST_START "To the first card" "Menuju kartu pertama";
    STEP_DONE "Done" "Selesai";
    STEP_BY "Done by: {}. Place: {}" "Dikerjakan oleh: {}. Tempat: {}";
    STEP_PEOPLE "Make an account for each person who works here, with its role" "Buat akun untuk setiap petugas, beserta perannya";
    STEP_PEOPLE_MISSING "Still without an account: {}." "Belum ada akunnya: {}.";
    STEP_FIRST_SUPERVISOR "An administrator makes the account of the supervisor here. Its role is given once on the computer on which cetak runs, by the person who has its data folder, by the command below, with the name of the account in place of NAME. From then on, roles are asked for here, and a supervisor confirms them."
        "Administrator membuat akun penyelia di sini. Perannya diberikan satu kali di komputer tempat cetak dijalankan, oleh orang yang memegang folder datanya, dengan perintah di bawah ini, nama akun menggantikan NAME. Setelah itu peran diminta di sini, dan penyelia mengesahkannya.";
    STEP_ASK_ROLE "An administrator makes an account for each and asks for its role; a supervisor confirms it."
        "Administrator membuat akun untuk masing-masing dan meminta perannya; penyelia mengesahkannya.";
    STEP_ROLE_WAITS "A role waits for a supervisor, who confirms it." "Ada peran yang menunggu pengesahan penyelia.";
    STEP_PROFILE "Set up a card profile" "Siapkan profil kartu";
    STEP_PROFILE_MISSING "The folder of the card profile is put into the folder of card profiles, and the server is started again." "Folder profil kartu diletakkan di folder profil kartu, lalu server dijalankan ulang.";
    PLACE_SETTINGS "the computer on which cetak runs" "komputer tempat cetak dijalankan";
    STEP_PRINTER "Add a printer" "Tambahkan printer";
    STEP_BLANKS "Book the first delivery of blanks" "Catat penerimaan blangko yang pertama";
    STEP_LOAD "Load blanks into the hopper of the printer" "Isi wadah blangko printer";
    STEP_TEST "Print a test card" "Cetak kartu uji";
    STEP_LIST "Import the first waiting list" "Impor daftar tunggu yang pertama";
    STEP_BATCH "The scheduler makes the first batch by itself" "Penjadwal membuat kelompok cetak pertama dengan sendirinya";
    STEP_APPROVE "Approve the first batch" "Setujui kelompok cetak pertama";
}

/// What gives the first supervisor the role: no page can, as no account that may confirm it exists. It is no text of a language.
pub(crate) const FIRST_SUPERVISOR_COMMAND: &str = "cetak account roles NAME --give supervisor --reason TEXT";
