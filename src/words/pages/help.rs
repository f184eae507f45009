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
    STEP_PEOPLE "Make accounts, and give each its role; a supervisor confirms it" "Buat akun, dan beri peran masing-masing; penyelia mengesahkannya";
    STEP_PEOPLE_MISSING "Still without an account: {}" "Belum ada akunnya: {}";
    STEP_FIRST_SUPERVISOR "The local administrator gives the first supervisor the role, on the command line of the office's machine; its help says how. All other roles are given here." "Administrator lokal memberi peran kepada penyelia pertama, dari baris perintah di komputer kantor; bantuannya menjelaskan caranya. Semua peran lain diberikan di sini.";
    STEP_PROFILE "A card profile is known" "Profil kartu dikenal";
    STEP_PRINTER "Add a printer" "Tambahkan printer";
    STEP_BLANKS "Book the first delivery of blanks" "Catat penerimaan blangko yang pertama";
    STEP_TEST "Print a test card" "Cetak kartu uji";
    STEP_LIST "Import the first waiting list" "Impor daftar tunggu yang pertama";
    STEP_BATCH "The scheduler makes the first batch by itself" "Penjadwal membuat kelompok cetak pertama dengan sendirinya";
    STEP_APPROVE "Approve the first batch" "Setujui kelompok cetak pertama";
}
