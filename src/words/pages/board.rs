//! The board.

use super::text::texts;

texts! {
    STATE_PRINTING "{} of {} printers are printing." "{} dari {} printer sedang mencetak.";
    STATE_IDLE "Nothing is being printed." "Tidak ada yang sedang dicetak.";
    STATE_PAUSED "Printing is paused." "Pencetakan dijeda.";
    STATE_NO_PRINTERS "There are no printers yet." "Belum ada printer.";
    WAITING_NUMBER "{} records wait." "{} permohonan menunggu.";
    NOTHING_NEEDED "Nothing needs a person." "Tidak ada yang perlu petugas.";
    DAILY_WORK "Daily work" "Pekerjaan harian";
    FAULTS "Faults" "Gangguan";
    SETTLED_BY "Settled by: {}" "Diselesaikan oleh: {}";
    HOPPER "Hopper" "Wadah blangko";
    RIBBON_LEFT "Ribbon" "Ribbon";
    TRAY_LEFT "Room in the output tray" "Ruang di baki keluaran";
    CLEANING_LEFT "Until the next cleaning" "Sampai pembersihan berikutnya";
    REST_LEFT "Until the next rest" "Sampai istirahat berikutnya";
    WALK_IN_LANE "Lane for requests that were put first" "Jalur permohonan yang didahulukan";
    KEEPS_LANE "One that is put first is the next card." "Yang didahulukan menjadi kartu berikutnya.";
    DAY_LEFT "Left of a day" "Sisa jatah sehari";
    LEFT_OF "{} of {} cards" "{} dari {} kartu";
    CARD_TIME "Time of a card" "Waktu per kartu";
    SECONDS "{} s" "{} detik";
    HOPPER_LEVEL "{} of {} blanks" "{} dari {} blangko";
    GO "Go" "Kerjakan";
    LAST_24_HOURS "Last 24 hours" "24 jam terakhir";
    GOOD_AND_SPOILED "{} good, {} spoiled" "{} layak, {} rusak";
    BATCH_PROGRESS "Batch {}: {} of {} printed" "Kelompok cetak {}: {} dari {} tercetak";
    WAITING_LIST "Waiting list" "Daftar tunggu";
    OLDEST "The oldest since {}" "Terlama sejak {}";
    CLASS "Class" "Kelas";
    STATE "State" "Keadaan";
    NUMBER "Number" "Jumlah";
    TYPE "Type" "Jenis";
    PAUSES "Pauses" "Jeda yang berlaku";
    ADD_PRINTER_HINT "Add the first printer." "Tambahkan printer pertama.";
    SHOW_ALL "All" "Semua";
    SHOW_BAD "In trouble" "Bermasalah";
    SHOW_BUSY "Printing" "Mencetak";
    SHOW_GOOD "Ready" "Siap";
    SHOW_WAIT "Waiting" "Menunggu";
    LAST_NIGHT "The last night in numbers" "Malam terakhir dalam angka";
    NIGHT_SINCE "Since {}." "Sejak {}.";
    NIGHT_SO_FAR "Counted are the newest movements of blanks only." "Hanya mutasi blangko terbaru yang dihitung.";
    NOT_STARTED "Not started" "Tidak jadi dimulai";
    REJECTED "Rejected" "Ditolak";
    BLANKS_USED "Blanks used" "Blangko terpakai";
    WHAT_STOPPED "What stopped" "Yang berhenti";
    STANDING "What it is doing" "Keadaan sekarang";
    UNKNOWN_OUTCOME "Unknown outcome" "Hasil tak pasti";
    SPOILED "Spoiled" "Rusak";
    SINCE_THEN "Cards that ended with an unknown outcome" "Kartu yang berakhir dengan hasil tak pasti";
}
