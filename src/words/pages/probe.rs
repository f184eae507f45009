//! What a printer says of itself, and its test card.

use super::text::texts;

texts! {
    ASK_PRINTER "Ask the printer" "Tanyai printer";
    PROBE_GOOD "The printer answers, and can print cards." "Printer menjawab, dan dapat mencetak kartu.";
    PROBE_BAD "The printer answers, and needs a person." "Printer menjawab, dan perlu petugas.";
    PRINTER_ANSWERED "The printer is there and answers. This is what it says of itself." "Printer ada dan menjawab. Inilah yang dilaporkannya tentang dirinya.";
    PRINTER_SILENT "The printer does not answer: {}. It is asked again before it gets cards." "Printer tidak menjawab: {}. Printer ditanyai lagi sebelum mendapat kartu.";
    MODEL "Make and model" "Merek dan model";
    FORMATS "Formats" "Format";
    MEDIA "Media" "Media";
    RESOLUTIONS "Resolutions" "Resolusi";
    SIDES "Sides" "Sisi";
    SUPPLIES "Supplies" "Bahan habis pakai";
    NOT_KNOWN "not known" "tidak diketahui";
    TAKES_JOBS "Accepts jobs" "Menerima pekerjaan";
    HOLDS_JOBS "Can hold a job until it is released" "Dapat menahan pekerjaan sampai dilepas";
    OBJECTIONS "What speaks against it" "Keberatan";
    CAUTIONS "What it does not guarantee" "Yang tidak dijaminnya";
    TEST_PRINTED "The printer reports a card. Look whether it is sharp and in its place; then it is destroyed with the spoiled cards."
        "Printer melaporkan sebuah kartu. Periksa apakah cetakannya tajam dan pada tempatnya; lalu kartu dimusnahkan bersama kartu rusak.";
    TEST_SPOILED "The printer reports a spoiled card. It is destroyed with the other spoiled cards."
        "Printer melaporkan kartu rusak. Kartu itu dimusnahkan bersama kartu rusak lainnya.";
    TEST_NOT_STARTED "No card was started, and the blank is free again." "Tidak ada kartu yang dimulai, dan blangkonya bebas lagi.";
    TEST_UNCERTAIN "The outcome is not known. Look for the card in the printer, and say what you found."
        "Hasilnya tidak diketahui. Cari kartunya di printer, lalu nyatakan yang ditemukan.";
}
