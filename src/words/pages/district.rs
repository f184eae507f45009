//! Cards that wait for their hand-over, are in districts, or were handed over.

use super::text::texts;

texts! {
    READY_CARDS "Ready at the counter" "Siap di loket";
    WORD_SENT "In a district" "Di kecamatan";
    SENT_CARDS "In districts" "Di kecamatan";
    UNCOLLECTED_CARDS "Sent too long ago" "Terlalu lama di kecamatan";
    COLLECTED_CARDS "Handed over" "Sudah diserahkan";
    SEND_PILE "Send cards to a district" "Kirim kartu ke kecamatan";
    RECEIVE_PILE "Receive cards back" "Terima kartu kembali";
    DISTRICT_LIST "Enter a district's list of hand-overs" "Masukkan daftar penyerahan kecamatan";
    DISTRICTS "Districts" "Kecamatan";
    DISPATCH_NOTE "Dispatch note" "Surat pengantar";
    CAUSE_OF_RETURN "Why they come back" "Alasan kembali";
    TWO_DISTRICTS "Choose a district from the list, or name a new one, and leave the other field empty." "Pilih kecamatan dari daftar, atau tulis kecamatan baru, dan kosongkan isian yang lain.";
    NEW_DISTRICT "Or a new district, which is not in the list" "Atau kecamatan baru, yang tidak ada dalam daftar";
    CARDS_TO_BOOK "Cards, one in each line" "Kartu, satu per baris";
    CARDS_TO_BOOK_HELP "Scan the codes of the cards, or type request ids. At most {} at once."
        "Pindai kode kartu, atau ketik nomor permohonan. Paling banyak {} sekaligus.";
    PILE_TOO_LONG "Name 1 to {} cards." "Sebutkan 1 sampai {} kartu.";
    RESULT "Result" "Hasil";
    BOOKED_CARD "done" "selesai";
    PILE_BOOKED "Booked: {}. Refused: {}." "Tercatat: {}. Ditolak: {}.";
    TO_PROXY "To a proxy" "Kepada wakil";
    SHOW_PROXY "Who received it" "Siapa penerimanya";
    NO_PROXY "No proxy received it." "Tidak diserahkan kepada wakil.";
    RECALLED_CARD "Recalled: it must come back" "Ditarik: harus kembali";
    WHERE_CARD_SENT "The card is ready in {}, sent {} with {}." "Kartu siap diambil di {}, dikirim {} dengan {}.";
    WHERE_CARD_SENT_STOPPED "The card is in {} and must not be handed over: get it back, and reject it."
        "Kartu ada di {} dan tidak boleh diserahkan: minta kembali, lalu tolak.";
    WHERE_CARD_COLLECTED "The card was handed over in {}." "Kartu sudah diserahkan di {}.";
    WHERE_CARD_WITH_PROXY "The card was handed over to a proxy." "Kartu sudah diserahkan kepada wakil.";
}
