//! A position in the audit as a whole, as the stream of events names it: the number of the last event of each chain.

use std::{collections::BTreeMap, fmt, str::FromStr};

/// The number of the last event that was seen of each chain. A chain that is not named has not been seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Positions(BTreeMap<String, i64>);

/// The longest text that is read as positions, in bytes: that of a hundred nodes is shorter.
const TEXT_MAX: usize = 8 << 10;

impl Positions {
    /// The number of the last event that was seen of a chain; 0 if none was.
    pub fn of(&self, chain: &str) -> i64 {
        self.0.get(chain).copied().unwrap_or_default()
    }

    /// Each chain with the number of its last event, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(chain, seq)| (&**chain, *seq))
    }

    /// Moves on to an event. An earlier one changes nothing.
    pub fn advance(&mut self, chain: &str, seq: i64) {
        if let Some(known) = self.0.get_mut(chain) {
            *known = seq.max(*known);
        } else {
            self.0.insert(chain.to_owned(), seq);
        }
    }

    /// The number of events up to these positions that were not seen at `earlier` ones. `None` if those are not earlier: they are of
    /// another database, or of a later state of this one.
    pub fn since(&self, earlier: &Self) -> Option<u64> {
        let is_known = |(chain, seq): (&str, i64)| (0..=self.of(chain)).contains(&seq);
        if !earlier.iter().all(is_known) {
            return None;
        }
        Some(self.iter().map(|(chain, seq)| seq.abs_diff(earlier.of(chain))).sum())
    }
}

impl<S: Into<String>> FromIterator<(S, i64)> for Positions {
    fn from_iter<T: IntoIterator<Item = (S, i64)>>(positions: T) -> Self {
        Self(positions.into_iter().map(|(chain, seq)| (chain.into(), seq)).collect())
    }
}

/// `cli:12,scheduler:400`.
impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (chain, seq)) in self.iter().enumerate() {
            write!(f, "{}{chain}:{seq}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// A text that is not one of positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoPositions;

impl FromStr for Positions {
    type Err = NoPositions;

    fn from_str(text: &str) -> Result<Self, NoPositions> {
        if text.len() > TEXT_MAX {
            return Err(NoPositions);
        }
        let pairs = text.split(',').filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (chain, seq) = pair.rsplit_once(':').ok_or(NoPositions)?;
            Ok((chain.to_owned(), seq.parse().map_err(|_| NoPositions)?))
        };
        pairs.map(read).collect::<Result<BTreeMap<_, _>, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(text: &str) -> Positions {
        text.parse().unwrap()
    }

    #[test]
    fn positions_are_written_as_they_are_read() {
        for text in ["", "cli:12", "cli:12,scheduler-a.b_c:9223372036854775807,web:0"] {
            assert_eq!(positions(text).to_string(), text);
        }
        for text in ["cli", "cli:", "cli:x", "cli:1:x", &"a:1,".repeat(TEXT_MAX)] {
            assert_eq!(text.parse::<Positions>(), Err(NoPositions), "{text:.20}");
        }
    }

    #[test]
    fn the_events_since_earlier_positions_are_counted_over_all_chains() {
        let now = positions("cli:5,scheduler:40,web:3");
        assert_eq!(now.since(&now), Some(0));
        assert_eq!(now.since(&positions("cli:5,scheduler:30")), Some(13), "a chain that began later was not seen");
        assert_eq!(now.since(&Positions::default()), Some(48));
        for other in ["cli:6", "cli:5,other:1", "cli:-1"] {
            assert_eq!(now.since(&positions(other)), None, "{other}");
        }
    }

    #[test]
    fn positions_only_move_on() {
        let mut positions = positions("cli:5");
        positions.advance("cli", 7);
        positions.advance("cli", 6);
        positions.advance("web", 1);
        assert_eq!(positions.to_string(), "cli:7,web:1");
    }
}
