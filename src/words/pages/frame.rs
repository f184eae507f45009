//! What stands on every page.

use super::text::texts;

texts! {
    BOARD "Board" "Papan";
    NEEDS "Needs a person" "Perlu petugas";
    RECORDS "Records" "Permohonan";
    BATCHES "Batches" "Kelompok cetak";
    PRINTERS "Printers" "Printer";
    INSPECTION "Inspection" "Pemeriksaan kartu";
    QUALITY_CHECK "Quality check" "Pemeriksaan mutu";
    INSPECTION_SHORT "Inspection" "Periksa kartu";
    QUALITY_CHECK_SHORT "Quality check" "Periksa mutu";
    HAND_OVER "Hand-over" "Penyerahan";
    STOCK "Blanks" "Blangko";
    WAITING_ACTS "Second person" "Persetujuan";
    AUDIT "Audit" "Jejak audit";
    PEOPLE "People" "Pengguna";
    MENU "Menu" "Menu";
    NEAR "Shortcuts" "Pintasan";
    NEEDS_SHORT "Needs" "Tugas";
    ME_SHORT "Me" "Saya";
    ADD_PRINTER "Add a printer" "Tambah printer";
    ME "My account" "Akun saya";
    PAUSE "Pause" "Jeda";
    RESUME "Resume" "Lanjutkan";
    PAUSED_BY "Printing is paused by {}: {}" "Pencetakan dijeda oleh {}: {}";
    SKIP_TO_CONTENT "Skip to the content" "Langsung ke isi";
    AS_OF "As of {}" "Keadaan pukul {}";
    STALE "The connection is lost. What you see is of {}." "Sambungan terputus. Yang terlihat adalah keadaan pukul {}.";
    NEW_NEED "New: {}" "Baru: {}";
    FREEZE "Freeze this page" "Bekukan halaman ini";
    FROZEN "Frozen at {}: go on" "Dibekukan pukul {}: lanjutkan";
    SOUND_ON "Sound: on" "Suara: nyala";
    SOUND_OFF "Sound: off" "Suara: mati";
    NOT_SENT "The server does not answer. Nothing was sent; what is typed is still there."
        "Server tidak menjawab. Tidak ada yang dikirim; isian Anda masih ada.";
    SCANNED_ELSEWHERE "A card was scanned. Codes are read at the quality check and at the hand-over; nothing was done."
        "Ada kartu yang dipindai. Kode dibaca di pemeriksaan mutu dan di penyerahan; tidak ada yang dilaksanakan.";
    SIGN_IN "Sign in" "Masuk";
    SIGN_OUT "Sign out" "Keluar";
    NAME "Name" "Nama";
    PASSWORD "Password" "Kata sandi";
    NEW_PASSWORD "New password, at least 12 characters" "Kata sandi baru, paling sedikit 12 karakter";
    CHOOSE_PASSWORD "Choose a password" "Pilih kata sandi";
    CHANGE_PASSWORD "Change the password" "Ganti kata sandi";
    PASSWORD_DUE "This password is for one use. Choose your own, then sign in with it."
        "Kata sandi ini hanya untuk sekali pakai. Pilih kata sandi Anda sendiri, lalu masuk dengannya.";
    PASSWORD_CHOSEN "The password is changed. Sign in with it." "Kata sandi sudah diganti. Silakan masuk dengannya.";
    FIRST_ADMINISTRATOR "The first administrator" "Administrator pertama";
    FIRST_HELP "The program printed a code on its terminal when it started. It is valid for 15 minutes."
        "Program mencetak sebuah kode di terminal saat dijalankan. Kode itu berlaku 15 menit.";
    FIRST_CODE "Code" "Kode";
    SIGNED_OUT "You are signed out." "Anda sudah keluar.";
    PLAIN_HTTP "This connection is not encrypted." "Sambungan ini tidak terenkripsi.";
    THEME "Colours" "Warna";
    THEME_SYSTEM "As the device" "Sesuai perangkat";
    THEME_LIGHT "Light" "Terang";
    THEME_DARK "Dark" "Gelap";
    SAVE "Save" "Simpan";
    A_VALUE "A value" "Sebuah isian";
    ERROR_TITLE "Error: {}" "Galat: {}";
    OUTCOME_OPEN "It is not known yet whether this was done" "Belum diketahui apakah ini dilaksanakan";
    OTHER_PAGE "This form is too old, or another page sent it. Open it again."
        "Formulir ini sudah usang, atau dikirim oleh halaman lain. Buka lagi.";
    SEND_AGAIN "It may still be done, or done already. Send this form again for its outcome: it is carried out once."
        "Mungkin masih atau sudah dilaksanakan. Kirim lagi formulir ini untuk mengetahui hasilnya: hanya dilaksanakan satu kali.";
    NOT_DONE "This was not done" "Tidak dilaksanakan";
    DONE "Done: {}" "Selesai: {}";
    DONE_ABOUT "Done: {} ({})" "Selesai: {} ({})";
    ASKED "Asked for: {}. Another person decides it." "Sudah diminta: {}. Orang lain yang memutuskannya.";
    ASKED_ABOUT "Asked for: {} ({}). Another person decides it." "Sudah diminta: {} ({}). Orang lain yang memutuskannya.";
    BACK "Back" "Kembali";
    CANCEL "Cancel" "Batal";
    FILTER "Filter" "Saring";
    NEXT_PAGE "Next page" "Halaman berikutnya";
    NOTHING_HERE "Nothing here." "Tidak ada.";
    ROLES "Roles" "Peran";
    NO_RIGHT "Your roles do not allow this: {}. Ask an account with one of these roles: {}."
        "Peran Anda tidak mengizinkan ini: {}. Mintalah kepada akun dengan salah satu peran ini: {}.";
    AT_ONCE_BECAUSE "Or at once, with one of these reasons" "Atau langsung, dengan salah satu alasan ini";
    YES "yes" "ya";
    NO "no" "tidak";
    OPTIONAL "optional" "boleh kosong";
    ONE_PER_LINE "one per line" "satu per baris";
    PASSWORD_AGAIN "Your password, to confirm as the second person" "Kata sandi Anda, untuk mengesahkan sebagai orang kedua";
}
