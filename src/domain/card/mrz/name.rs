//! Names: their letters, and what stays of them where they are too long.
//!
//! Part 5, 4.2.3, leaves it to the issuer how a long name is cut. In the surname, components from the last on become
//! initials until two fillers and a letter of the given names have room. Of the given names, the first is kept if
//! possible, then the initials of the others, then more letters from the second on. What then is free goes back to the
//! surname. A cut field ends in a letter, as a sign that it may be cut.

use super::error::{MrzError, character};

/// The components of a name in letters A to Z (part 3, 4.6). Spaces, hyphens and commas part them; apostrophes and
/// full stops vanish.
pub(super) fn components(field: &'static str, name: &str) -> Result<Vec<String>, MrzError> {
    let mut written = String::with_capacity(name.len());
    for c in name.chars() {
        // One letter may have several capitals, as ß has.
        for capital in c.to_uppercase() {
            match capital {
                'A'..='Z' => written.push(capital),
                ' ' | '\u{a0}' | '-' | '\u{2010}' | '\u{2011}' | ',' => written.push('<'),
                '\'' | '`' | '´' | '‘' | '’' | 'ʻ' | 'ʼ' | '.' => {}
                _ => written.push_str(transliterated(capital).ok_or_else(|| character(field, c))?),
            }
        }
    }
    Ok(written.split('<').filter(|component| !component.is_empty()).map(str::to_owned).collect())
}

/// National capitals as part 3, section 6.A, recommends; where it leaves a choice, the first. A letter with a combining
/// mark after it is not in the table: names are expected in composed form (NFC).
fn transliterated(capital: char) -> Option<&'static str> {
    Some(match capital {
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'Ä' | 'Æ' => "AE",
        'Å' => "AA",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'Ð' | 'Ď' | 'Đ' => "D",
        'È' | 'É' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'Ĥ' | 'Ħ' => "H",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'Ĳ' => "IJ",
        'Ĵ' => "J",
        'Ķ' => "K",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' | 'Ŋ' => "N",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'Ö' | 'Ø' | 'Œ' => "OE",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' => "S",
        'ẞ' => "SS",
        'Ţ' | 'Ť' | 'Ŧ' => "T",
        'Þ' => "TH",
        'Ù' | 'Ú' | 'Û' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'Ü' => "UE",
        'Ŵ' => "W",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        _ => return None,
    })
}

/// Both identifiers in `length` positions; 5 or more. There is at least one primary component, and none is empty.
pub(super) fn name_field(primary: &[String], secondary: &[String], length: usize) -> String {
    let mut first = Part::of(primary);
    let mut second = Part::of(secondary);
    if secondary.is_empty() {
        first.cut(length);
        return format!("{:<<length$}", first.text());
    }
    if first.width() + 2 + second.width() > length {
        if first.width() + 3 > length {
            first.cut(length - 3);
            first.drop_fragment();
        }
        second.cut(length.saturating_sub(first.width() + 2));
        first.regrow(length.saturating_sub(first.width() + 2 + second.width()));
        // One position is too few for a filler and another initial.
        if first.width() + 2 + second.width() < length && first.shorten() {
            second = Part::of(secondary);
            second.cut(length.saturating_sub(first.width() + 2));
        }
    }
    format!("{:<<length$}", format!("{}<<{}", first.text(), second.text()))
}

/// One identifier, and how much of it is written.
struct Part<'a> {
    components: &'a [String],
    /// Letters of the components that are written, in order; each at least 1.
    letters: Vec<usize>,
}

impl<'a> Part<'a> {
    fn of(components: &'a [String]) -> Self {
        Self { components, letters: components.iter().map(String::len).collect() }
    }

    /// The letters and the fillers between components.
    fn width(&self) -> usize {
        self.letters.iter().sum::<usize>() + self.letters.len().saturating_sub(1)
    }

    fn text(&self) -> String {
        let written = self.components.iter().zip(&self.letters).map(|(component, letters)| &component[..*letters]);
        written.collect::<Vec<_>>().join("<")
    }

    /// Cuts a whole identifier so that it fills `positions`: the first component and as many initials as fit, then more
    /// letters from the second on; where that leaves a gap, only initials and then more letters from the first on. One
    /// position stays empty where all that is written are initials and `positions` is even.
    fn cut(&mut self, positions: usize) {
        if self.width() <= positions {
            return;
        }
        let full = std::mem::take(&mut self.letters);
        let initials = full.len().min(positions.div_ceil(2));
        let head = full.first().copied().unwrap_or_default();
        let beside_head = positions.checked_sub(head).map(|rest| full.len().min(1 + rest / 2));
        for count in [beside_head.unwrap_or(initials), initials] {
            // Letters beyond the initials; each initial but the first has a filler before it.
            let mut spare = (positions + 1).saturating_sub(2 * count);
            self.letters.clear();
            for letters in full.iter().take(count) {
                let more = spare.min(letters - 1);
                self.letters.push(1 + more);
                spare -= more;
            }
            if spare == 0 {
                return;
            }
        }
    }

    /// Makes the component that is cut in its middle, if it is not the first, an initial.
    fn drop_fragment(&mut self) {
        for (component, letters) in self.components.iter().zip(&mut self.letters).skip(1) {
            if *letters < component.len() {
                *letters = 1;
            }
        }
    }

    /// Writes up to `spare` more letters of what was cut.
    fn regrow(&mut self, mut spare: usize) {
        for (component, letters) in self.components.iter().zip(&mut self.letters) {
            let more = spare.min(component.len() - *letters);
            *letters += more;
            spare -= more;
        }
    }

    /// Takes a letter from the last component that has more than one; false if there is none.
    fn shorten(&mut self) -> bool {
        self.letters.iter_mut().rfind(|letters| **letters > 1).map(|letters| *letters -= 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(primary: &str, secondary: &str) -> String {
        name_in(30, primary, secondary)
    }

    fn name_in(length: usize, primary: &str, secondary: &str) -> String {
        name_field(&components("", primary).unwrap(), &components("", secondary).unwrap(), length)
    }

    #[test]
    fn names_are_written_as_in_the_examples_of_the_standard() {
        // Part 5, 4.2.3.3 to 4.2.3.5; part 3, 4.6 for the apostrophe and the comma.
        for (primary, secondary, line) in [
            ("Papandropoulous", "Jonathon Alec", "PAPANDROPOULOUS<<JONATHON<ALEC"),
            ("Van Der Muellen", "Martin", "VAN<DER<MUELLEN<<MARTIN<<<<<<<"),
            ("Al-Basri", "Huda Muhammad Jawad", "AL<BASRI<<HUDA<MUHAMMAD<JAWAD<"),
            ("Vilarchao Fernandez", "Jose Ramon", "VILARCHAO<FERNANDEZ<<JOSE<RAMO"),
            ("Arkfreith", "", "ARKFREITH<<<<<<<<<<<<<<<<<<<<<"),
            ("Satriya Sudarpa", "", "SATRIYA<SUDARPA<<<<<<<<<<<<<<<"),
            ("D'Artagnan", "Marie-Elise", "DARTAGNAN<<MARIE<ELISE<<<<<<<<"),
            ("Eriksson", "Anna, Maria", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
        ] {
            assert_eq!(name(primary, secondary), line);
        }
    }

    #[test]
    fn long_names_are_cut_to_initials_as_in_the_examples_of_the_standard() {
        // Parts 5, 6 and 4, each 4.2.3 on cutting to initials: the same names in fields of 30, 31 and 39.
        let nila = ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang");
        let dingo = ("Bennelong Wooloomooloo Warrandyte Warnambool", "Dingo Potoroo");
        for (length, (primary, secondary), field) in [
            (30, nila, "NILAVADHANANANDA<<CHAYAPA<DE<K"),
            (31, nila, "NILAVADHANANANDA<<CHAYAPA<DEJ<K"),
            (39, nila, "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"),
            (39, ("Nilavadhanananda", "Arnpol Petch Charonguang"), "NILAVADHANANANDA<<ARNPOL<PETCH<CHARONGU"),
            (30, dingo, "BENNELONG<WOOLOOMOOLOO<W<W<<DI"),
            (31, dingo, "BENNELONG<WOOLOOMOOLOO<W<W<<D<P"),
            (39, dingo, "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI"),
        ] {
            assert_eq!(name_in(length, primary, secondary), field);
        }
    }

    #[test]
    fn a_long_surname_leaves_room_for_a_letter_of_the_given_names_and_takes_what_they_do_not_need() {
        let long = "abcdefghijklmnopqrstuvwxyzabcdefghij";
        assert_eq!(name(long, "Bob"), "ABCDEFGHIJKLMNOPQRSTUVWXYZA<<B");
        assert_eq!(name(long, ""), "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD");
        assert_eq!(name(&format!("{long} smith"), ""), "ABCDEFGHIJKLMNOPQRSTUVWXYZAB<S");
        assert_eq!(name(&format!("smith {long}"), "Bob"), "SMITH<ABCDEFGHIJKLMNOPQRS<<BOB");
        assert_eq!(name(&"o ".repeat(99), "Bob"), format!("{}<<B", ["O"; 14].join("<")));
    }

    #[test]
    fn a_cut_name_ends_in_a_letter() {
        assert_eq!(name("abcdefghijklmnopqrstuv", "maria jose"), "ABCDEFGHIJKLMNOPQRSTUV<<MARI<J");
        assert_eq!(name("abcdefghijklmnopqrstuvwx", "a b c"), "ABCDEFGHIJKLMNOPQRSTUVW<<A<B<C");
    }

    #[test]
    fn national_letters_are_transliterated_and_punctuation_is_dropped() {
        for (text, written) in [
            ("Jürgen Müßig", "JUERGEN<MUESSIG"),
            ("Åse Ærø", "AASE<AEROE"),
            ("Þór Ðagný", "THOR<DAGNY"),
            ("Łukasz Żółć", "LUKASZ<ZOLC"),
            ("Œuvré", "OEUVRE"),
            ("Nuñez ĲSSEL ĳ", "NUNEZ<IJSSEL<IJ"),
            ("Dr. O’Neil", "DR<ONEIL"),
            ("Işık İnce", "ISIK<INCE"),
            ("  Siti--  Nurhaliza - ", "SITI<NURHALIZA"),
            ("ẞ ß ŉ", "SS<SS<N"),
        ] {
            assert_eq!(components("", text).unwrap().join("<"), written);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_name_keeps_its_order_and_is_cut_only_if_it_must_be(
            primary in proptest::collection::vec("[A-Z]{1,12}|[A-Z]|[A-Z]{20,40}", 1..12),
            secondary in proptest::collection::vec("[A-Z]{1,12}|[A-Z]", 0..12),
        ) {
            let line = name(&primary.join(" "), &secondary.join("-"));
            let whole = if secondary.is_empty() { primary.join("<") } else { [primary.join("<"), secondary.join("<")].join("<<") };
            prop_assert_eq!(line.len(), 30);
            if whole.len() <= 30 {
                prop_assert_eq!(line, format!("{whole:<<30}"));
            } else {
                let all_initials = secondary.is_empty() && primary.iter().take(15).all(|component| component.len() == 1);
                prop_assert!(all_initials || !line.ends_with('<'), "{}", line);
                let (first, second) = line.split_once("<<").unwrap_or((&line, ""));
                prop_assert_eq!(second.is_empty(), secondary.is_empty());
                for (written, full) in [(first, &primary), (second, &secondary)] {
                    for (written, full) in written.split('<').zip(full) {
                        prop_assert!(full.starts_with(written), "{}", line);
                    }
                }
            }
        }
    }
}
