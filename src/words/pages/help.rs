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
    STEP_PROFILE "A card profile is known" "Profil kartu dikenal";
    STEP_PRINTER "Add a printer" "Tambahkan printer";
    STEP_BLANKS "Book the first delivery of blanks" "Catat penerimaan blangko yang pertama";
    STEP_LIST "Import a waiting list" "Impor daftar tunggu";
    STEP_BATCH "The scheduler makes the first batch by itself" "Penjadwal membuat kelompok cetak pertama dengan sendirinya";
    IMPORT "Import a waiting list" "Impor daftar tunggu";
    IMPORT_LEAD "A waiting list is a CSV or a JSON Lines file. The person at the server imports it with the program there, or a program sends it to the address /api/v1/imports. A dry run first tells what becomes of each row."
        "Daftar tunggu berupa berkas CSV atau JSON Lines. Petugas di server mengimpornya dengan program di sana, atau sebuah program mengirimnya ke alamat /api/v1/imports. Uji coba lebih dulu memberi tahu nasib tiap baris.";
}
