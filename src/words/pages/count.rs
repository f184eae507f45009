//! Counts of blanks.

use super::text::texts;

texts! {
    LIST_HIDDEN "Nothing is shown here during count {}: these lines have the quantities that are counted."
        "Tidak ditampilkan selama stok opname {}: baris-baris ini memuat jumlah yang sedang dihitung.";
    COUNTS "Counts" "Stok opname";
    COUNT_OF "Count {}" "Stok opname {}";
    COUNTER "Counter" "Penghitung";
    ANY_COUNTER "any stock-keeper" "petugas gudang mana pun";
    OPENED_BY "Opened by" "Dibuka oleh";
    VAULT "Vault" "Gudang";
    HOPPER_OF "Hopper of {}" "Wadah blangko {}";
    FIRST_COUNT "First count" "Hitungan pertama";
    SECOND_COUNT "Second count" "Hitungan kedua";
    BOOKED_COUNT "Booked count" "Hitungan yang dibukukan";
    COUNTED "Counted" "Hasil hitungan";
    BOOK "Book at that instant" "Pembukuan saat itu";
    DIFFERENCE "Difference" "Selisih";
    CLOSED_BY "Closed by" "Ditutup oleh";
    BY_AT "{}, {}" "{} pada {}";
    COUNT_BLIND "Count what is there, those included that are reserved for a batch, and enter it twice. What is booked is hidden from you until the count is closed." "Hitung semua yang ada, termasuk yang sudah dialokasikan untuk kelompok cetak, lalu isikan dua kali. Jumlah menurut pembukuan disembunyikan dari Anda sampai stok opname ditutup.";
    COUNT_SECOND "The first count differs from the book. Another person counts again, without being told what was counted." "Hitungan pertama berbeda dari pembukuan. Orang lain menghitung lagi tanpa diberi tahu hasilnya.";
    COUNT_DECIDE "Both counts are made. Book the right one, or cancel and open another count; it cannot be booked once the book has moved." "Kedua hitungan sudah ada. Bukukan yang benar, atau batalkan dan buka stok opname lain; tidak dapat dibukukan bila pembukuan sudah berubah.";
    HIDDEN_BY_COUNT "hidden during count {}" "disembunyikan selama stok opname {}";
    HIDDEN_QUANTITIES "Quantities of type {} are hidden during count {}." "Jumlah blangko jenis {} disembunyikan selama stok opname {}.";
}
