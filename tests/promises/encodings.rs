//! Tests P3 on lists in other encodings, and packed: they are the same lists, and no encoding is guessed.

use std::io::Write;

use cetak::engine::{EngineError, import::Encoding};
use flate2::{Compression, write::GzEncoder};

use crate::world::{World, students};

#[tokio::test]
async fn a_list_that_is_packed_or_has_another_encoding_that_is_named_is_the_same_list() {
    let world = World::new().await;
    let list = students(0..2).replacen("STUDENT NUMBER 0", "JOSÉ D’ANGELO", 1);
    assert!(list.contains("JOSÉ"), "{list}");
    assert_eq!(world.import(&list).await.accepted, 2);
    let utf_16: Vec<u8> = format!("\u{feff}{list}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut western = list.replace('É', "#").replace('’', "*").into_bytes();
    for (from, to) in [(b'#', 0xc9), (b'*', 0x92)] {
        western.iter_mut().filter(|byte| **byte == from).for_each(|byte| *byte = to);
    }
    let packed = |text: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    let named = Some(Encoding::Windows1252);
    for (bytes, encoding) in [
        (utf_16.clone(), None),
        (packed(list.as_bytes()), None),
        (packed(&utf_16), Some(Encoding::Utf16)),
        (western.clone(), named),
        (packed(&western), named),
    ] {
        let (report, _) = world.import_with(&bytes, "student", |what| what.encoding = encoding).await.unwrap();
        assert_eq!((report.known, report.refused), (2, 0), "{encoding:?}: {report:?}");
    }
    // It is not guessed: the row with the letters is refused, and the other one is known.
    let (report, rejects) = world.import_with(&western, "student", |_| {}).await.unwrap();
    assert_eq!((report.known, report.refused, rejects.0[0].1.field.as_str()), (1, 1, "name"), "{report:?}");
    let half = packed(list.as_bytes());
    let broken = world.import_with(&half[..half.len() / 2], "student", |_| {}).await;
    assert!(matches!(broken, Err(EngineError::Refused(_))));
}
