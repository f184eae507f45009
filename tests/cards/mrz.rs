//! Tests that the machine-readable zone is where readers expect it.

use cetak::render::{CardRenderer, Format, Output, Renderer, Sides};

use crate::{dots::Dots, holders::short, output, profile};

/// ICAO 9303-5, appendix A: the specimen of Utopia. Its golden picture is `icao-td1-back-short.png`.
pub(crate) const SPECIMEN: [&str; 3] =
    ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"];

/// The width of a letter at 300 dpi: 2.54 mm.
const PITCH: usize = 30;

/// Rows and columns of dots between the first and the last with ink.
fn black(dots: &Dots, rows: std::ops::Range<usize>) -> Vec<Vec<bool>> {
    rows.map(|y| (0..dots.width).map(|x| dots.at(x, y)[1] < 128).collect()).collect()
}

fn back() -> Dots {
    let side = Output { only: Some(1), sides: Sides::OneSided, ..output(Format::Png) };
    let renderer = Renderer::new(&profile("icao-td1")).unwrap();
    Dots::of_png(&renderer.draw(&short("icao-td1").card(), &side).unwrap())
}

/// The rows of dots of each line of letters, from the top of the zone to the lower edge of the card.
fn lines(dots: &Dots) -> Vec<Vec<Vec<bool>>> {
    // The zone is 23.2 mm high (9303-5, 4.1).
    let zone = black(dots, dots.height - 274..dots.height);
    let lines = zone.chunk_by(|one, next| one.contains(&true) == next.contains(&true));
    lines.filter(|line| line[0].contains(&true)).map(<[_]>::to_vec).collect()
}

#[test]
fn the_zone_has_three_lines_of_thirty_letters_ten_to_the_inch() {
    let back = back();
    let lines = lines(&back);
    assert_eq!(lines.len(), 3);
    for (line, text) in lines.iter().zip(SPECIMEN) {
        let column = |x: usize| -> Vec<bool> { line.iter().map(|row| row[x]).collect() };
        let inked: Vec<usize> = (0..back.width).filter(|x| column(*x).contains(&true)).collect();
        // The first letter begins 4 mm from the left edge, ± one dot.
        let (first, last) = (inked[0], inked[inked.len() - 1]);
        assert!((36..=59).contains(&first), "{first} dots are left of `{text}`");
        assert!((29 * PITCH..=30 * PITCH).contains(&(last - first)), "{first} to {last}");
        // Equal letters have equal dots.
        let fillers = text.len() - text.trim_end_matches(['<', '6']).len();
        let end = last - if text.ends_with('6') { PITCH } else { 0 };
        let begin = end - (fillers - 2) * PITCH;
        for x in begin..end - PITCH {
            assert!(column(x) == column(x + PITCH), "column {x} of `{text}`");
        }
    }
}
