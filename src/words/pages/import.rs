//! The import of a waiting list.

use super::text::texts;

texts! {
    IMPORT "Import a waiting list" "Impor daftar tunggu";
    IMPORT_LEAD "A waiting list is a spreadsheet (XLSX, ODS), a CSV or a JSON Lines file. First you see what becomes of each row: nothing is changed by that."
        "Daftar tunggu berupa lembar kerja (XLSX, ODS), berkas CSV atau JSON Lines. Lebih dulu Anda melihat nasib tiap baris: hal itu tidak mengubah apa pun.";
    IMPORT_PHOTOS "A list that names files of photos is sent with them in one ZIP. Without a ZIP, the photos must already lie in the folder of photos on the computer on which cetak runs."
        "Daftar yang menyebut berkas foto dikirim bersama fotonya dalam satu ZIP. Tanpa ZIP, fotonya harus sudah ada di folder foto di komputer tempat cetak dijalankan.";
    IMPORT_LIST "Waiting list (XLSX, ODS, CSV or JSON Lines, or a ZIP with one list and its photos)" "Daftar tunggu (XLSX, ODS, CSV atau JSON Lines, atau ZIP berisi satu daftar dan foto-fotonya)";
    IMPORT_SOURCE "Source: the office that sent the list" "Sumber: kantor yang mengirim daftar";
    IMPORT_UPDATE "Known requests get the values of this list" "Permohonan yang sudah dikenal mendapat nilai dari daftar ini";
    IMPORT_SKIP "Lines above the headings that are not read" "Baris di atas judul kolom yang tidak dibaca";
    IMPORT_SHEET "Sheet of the spreadsheet; without one, the first with the headings of a list"
        "Lembar dalam berkas; jika kosong, lembar pertama yang memuat judul kolom daftar";
    IMPORT_MAPPING "Mapping of columns and values (TOML), put over that of the profile"
        "Pemetaan kolom dan nilai (TOML), ditambahkan di atas pemetaan profil";
    IMPORT_ENCODING "Encoding" "Pengodean huruf";
    IMPORT_ENCODING_OF_LIST "as the file says, else UTF-8" "seperti dinyatakan berkas, atau UTF-8";
    IMPORT_TRY "Show what becomes of each row" "Tampilkan nasib tiap baris";
    IMPORT_TRIED "Nothing is changed yet. This is what the import would do." "Belum ada yang diubah. Inilah yang akan dilakukan impor.";
    IMPORT_APPLY_LEAD "Choose the same file again. This server does not keep it, and refuses another one."
        "Pilih lagi berkas yang sama. Server ini tidak menyimpannya, dan menolak berkas lain.";
    IMPORT_APPLY "Import this list" "Impor daftar ini";
    IMPORT_DONE "The list is imported." "Daftar sudah diimpor.";
    IMPORT_NOTHING "The import would change nothing." "Impor ini tidak akan mengubah apa pun.";
    IMPORT_OTHER_FILE "This is another file than the one that was shown. Nothing was changed. Let this file be shown first."
        "Berkas ini berbeda dari yang ditampilkan. Tidak ada yang diubah. Tampilkan dulu nasib baris berkas ini.";
    IMPORT_OTHER_LIST "Show another list" "Tampilkan daftar lain";
    IMPORT_ACCEPT "Accept it and show what becomes of each row" "Terima dan tampilkan nasib tiap baris";
    IMPORT_ACCEPT_LEAD "Choose the same file again." "Pilih lagi berkas yang sama.";
    ACCEPT_WITHDRAWALS "To accept it means that the source really gives up these requests: they are not printed. If a part of the list is missing, get the whole list instead."
        "Menerimanya berarti sumber benar-benar membatalkan permohonan ini: tidak dicetak. Jika sebagian daftar hilang, mintalah daftar yang lengkap.";
    ACCEPT_ROUNDED "To accept it means that the numbers are right as they stand: they are printed with the zeros. If a spreadsheet rounded them, get the list anew, with this column as text."
        "Menerimanya berarti nomor itu memang benar: dicetak dengan angka nolnya. Jika program lembar kerja membulatkannya, mintalah daftar baru dengan kolom ini sebagai teks.";
    IMPORT_UPDATE_HINT "Some requests are known with other values. If the list is right, let them have its values."
        "Beberapa permohonan sudah dikenal dengan nilai lain. Jika daftar ini benar, biarkan permohonan itu mendapat nilainya.";
    IMPORTS "Imports" "Impor";
    IMPORT_OF "Import {}" "Impor {}";
    IMPORT_NUMBER "Import" "Impor";
    IMPORT_FILE "File" "Berkas";
    IMPORT_NOT_ENDED "not ended" "belum selesai";
    IMPORT_ENDED "ended" "selesai";
    IMPORT_UNDONE "undone" "dibatalkan";
    IMPORT_TOO_LARGE "It has too many records to be undone. The numbers are those of the first."
        "Permohonannya terlalu banyak untuk dibatalkan. Angkanya dari yang pertama saja.";
    IF_UNDONE "If it is undone" "Jika dibatalkan";
    BY_THE_IMPORT "By the import" "Oleh impor";
    DEED_ADDED "Added" "Ditambahkan";
    ALL_RECORDS "All" "Semua";
    FATE_WITHDRAWN "Withdrawn: it has no card" "Ditarik: belum ada kartunya";
    FATE_REVERTED "As it was before" "Kembali seperti semula";
    FATE_STOPPED "Its card is stopped at the check" "Kartunya dihentikan saat pemeriksaan";
    FATE_HANDED_OVER "Stays: its card is handed over" "Tetap: kartunya sudah diserahkan";
    FATE_KEPT "Stays: it was changed or withdrawn since" "Tetap: sejak itu diubah atau ditarik";
    IMPORT_ROWS "Rows of the list" "Baris dalam daftar";
    IMPORT_BECOMES "What becomes of it" "Nasibnya";
    ROWS_ACCEPTED "New on the waiting list" "Baru di daftar tunggu";
    ROWS_UPDATED "Changed" "Diubah";
    ROWS_KNOWN "Known, and not changed" "Sudah dikenal, tidak berubah";
    ROWS_QUARANTINED "In quarantine: a person decides" "Dikarantina: petugas memutuskan";
    ROWS_WITHDRAWN "Withdrawn by the source" "Ditarik oleh sumber";
    ROWS_RESTORED "Restored by the source" "Dipulihkan oleh sumber";
    ROWS_REFUSED "Refused" "Ditolak";
    ROWS_FIRST "{} ({}; the first {} are shown)" "{} ({}; {} yang pertama ditampilkan)";
    ROWS_CHANGES "Changed, withdrawn or restored" "Diubah, ditarik atau dipulihkan";
    ROW_LINE "Line" "Baris";
    ROW_FAULTS "What is wrong" "Yang salah";
    MORE_FAULTS "and {} more" "dan {} lagi";
    WARNINGS "Warnings" "Peringatan";
    COLUMNS_UNKNOWN "columns that the profile does not read: {}" "kolom yang tidak dibaca profil: {}";
    COLUMNS_ABSENT "columns that are missing and imported as empty: {}" "kolom yang tidak ada dan diimpor sebagai kosong: {}";
    SHEETS_NOT_READ "sheet {} was read; not read: {}" "lembar {} dibaca; yang tidak dibaca: {}";
    ROWS_HIDDEN "rows that the spreadsheet hides, and that were read" "baris yang disembunyikan lembar kerja, dan tetap dibaca";
    KEYS_UNKNOWN "keys that the profile does not read" "kunci yang tidak dibaca profil";
}
