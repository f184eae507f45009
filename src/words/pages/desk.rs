//! The desks at which cards are scanned, and the inspection.

use super::text::texts;

texts! {
    WORD_MATCHES "Matches" "Cocok";
    WORD_FOREIGN "Foreign" "Asing";
    WORD_OLD "Old card" "Kartu lama";
    WORD_RECALLED "Recalled" "Permohonan berubah";
    WORD_SURRENDERED "Given back" "Sudah dikembalikan";
    WORD_TWICE "Twice" "Dua kali";
    WORD_NOT_CHECKED "Not checked" "Belum diperiksa";
    WORD_HANDED_OVER "Handed over" "Sudah diserahkan";
    WORD_OTHER_PILE "Other pile" "Tumpukan lain";
    OF_OTHER_PILE "It belongs to the pile of batch {}." "Kartu ini milik tumpukan kelompok cetak {}.";
    PILE_PROGRESS "Batch {}: {} of {} checked, {} missing" "Kelompok cetak {}: {} dari {} sudah diperiksa, {} belum";
    SCAN_HELP_HAND_OVER "A scanned card is not handed over by the scan alone: press the button or Enter."
        "Kartu yang dipindai belum diserahkan: tekan tombol atau Enter.";
    SCANNED_EARLY "This scan came before the answer to the one before, and was left out. Scan the card again."
        "Pemindaian ini mendahului jawaban yang sebelumnya, dan diabaikan. Pindai lagi kartunya.";
    SCAN_LOST "The server did not answer. Scan the card again: it then says what was done."
        "Server tidak menjawab. Pindai lagi kartunya: akan terlihat apa yang sudah dilaksanakan.";
    MOCK_CODE "Code on the card (mock printer)" "Kode pada kartu (printer tiruan)";
    NO_CARD_SHOWN "No card is shown to which this can be done. Scan a card first."
        "Tidak ada kartu yang dapat ditindak. Pindai kartu lebih dulu.";
    CAUSE_UNKNOWN "The code names no cause. Known are: {}." "Kode ini tidak menyebut penyebab yang dikenal. Yang dikenal: {}.";
    REJECT_CARD "Reject the card" "Tolak kartu";
    NOTHING_TO_INSPECT "No card has an unknown outcome." "Tidak ada kartu dengan hasil tak pasti.";
    INSPECT_OTHERS "Others with an unknown outcome" "Kartu lain dengan hasil tak pasti";
    INSPECT_ASKED "{} has answered already, and a second person has to confirm it." "{} sudah menjawab, dan orang kedua harus mengesahkannya.";
    WHAT_WAS_SEEN "What was seen" "Yang terlihat";
    POSITION "Place in the batch" "Urutan dalam kelompok cetak";
    POSITION_OF "{} of {}" "{} dari {}";
    PRINTER_COUNTER "The printer's own counter" "Penghitung milik printer";
    COUNTS_NOTHING "the printer does not count" "printer tidak menghitung";
    ASK_COUNTER "Ask the printer for its counter" "Tanyakan penghitung printer";
    SHOW_PREVIEW "Show the card's preview (this is written down)" "Tampilkan pratinjau kartu (akan dicatat)";
    CARD_BEFORE "The card before it" "Kartu sebelumnya";
    CARD_AFTER "The card after it" "Kartu sesudahnya";
    SCAN_OR_ANSWER "Scan the code on the card that you found, or answer below" "Pindai kode pada kartu yang ditemukan, atau jawab di bawah";
    QUESTION_CARD "1. Is there a card with this code?" "1. Adakah kartu dengan kode ini?";
    GOOD_THEN "It goes to the quality check." "Diteruskan ke pemeriksaan mutu.";
    SPOILED_THEN "It is printed again with another blank." "Dicetak lagi dengan blangko lain.";
    NOTHING_THEN "This allows another blank for this person. Another person confirms it."
        "Ini mengizinkan satu blangko lagi untuk orang ini. Orang lain mengesahkannya.";
    QUESTION_BLANK "2. No card: is the blank there?" "2. Tanpa kartu: apakah blangkonya ada?";
    BLANK_THERE "The blank is there, not printed" "Blangko ada, belum tercetak";
    BLANK_GONE "The blank is gone, too" "Blangko juga tidak ada";
    QUESTION_SEEN "What did you see?" "Apa yang Anda lihat?";
    MORE_ABOUT_IT "In your words" "Dengan kata Anda sendiri";
    SEEN_IN_OUTPUT "It lay in the output" "Ada di keluaran";
    SEEN_IN_PRINTER "It was inside the printer" "Ada di dalam printer";
    SEEN_JAMMED "It was jammed" "Tersangkut";
    SEEN_RIBBON "The ribbon had ended" "Ribbon habis";
    SEEN_EMPTY "Output and printer are empty" "Keluaran dan printer kosong";
    SAVE_AND_NEXT "Save, and on to the next" "Simpan, lalu berikutnya";
    SAY_WHAT_YOU_SAW "Choose what you saw, or say it in your words." "Pilih yang Anda lihat, atau tulis dengan kata Anda sendiri.";
    ANSWER_FIRST "Answer the first question." "Jawab pertanyaan pertama.";
    ANSWER_SECOND "Answer the second question, too: is the blank there?" "Jawab juga pertanyaan kedua: apakah blangkonya ada?";
    ANSWERS_DIFFER "You said that the card is there, and that its blank is gone. The card is made of its blank: look again, and say which is right."
        "Anda menyatakan kartunya ada dan blangkonya hilang. Kartu dicetak pada blangko itu: periksa lagi, lalu nyatakan yang benar.";
    SCAN_IS_IT "This is the card. Look at it, and save." "Ini kartunya. Periksa, lalu simpan.";
    SCAN_IS_OTHER "This is another card, that of {}. Look on." "Ini kartu lain, milik {}. Cari lagi.";
    SCAN_IS_NONE "This is not the code of a card of this office. Look on." "Ini bukan kode kartu kantor ini. Cari lagi.";
    CHECK_THIS_PILE "Check this pile" "Periksa tumpukan ini";
    CODES_LEAD "Print this sheet, cut it up, and have the codes laminated. They act on the card that a desk shows, and do nothing at another place."
        "Cetak lembar ini, gunting, lalu laminasi kodenya. Kode ini berlaku untuk kartu yang sedang ditampilkan, dan tidak berpengaruh di tempat lain.";
    CODE_MEANS_ACCEPT "Accept, or hand over, the card that is shown" "Nyatakan layak, atau serahkan, kartu yang ditampilkan";
    CODE_MEANS_REJECT "Reject the card that is shown: {}" "Tolak kartu yang ditampilkan: {}";
}
