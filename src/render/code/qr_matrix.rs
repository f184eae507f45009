//! The modules of a QR code (ISO/IEC 18004): fixed patterns, data and mask.

/// A row of modules: bit x is the module x, set if it is dark. Wide enough for version 26, which has 121 modules.
type Row = u128;

/// Every sixth bit.
const SIXTHS: Row = {
    let (mut sixths, mut bit) = (0, 0);
    while bit < 126 {
        sixths |= 1 << bit;
        bit += 6;
    }
    sixths
};

/// Whether each of the eight masks inverts the module in column x and row y.
const MASKS: [fn(usize, usize) -> bool; 8] = [
    |x, y| (x + y) % 2 == 0,
    |_, y| y % 2 == 0,
    |x, _| x % 3 == 0,
    |x, y| (x + y) % 3 == 0,
    |x, y| (x / 3 + y / 2) % 2 == 0,
    |x, y| x * y % 2 + x * y % 3 == 0,
    |x, y| (x * y % 2 + x * y % 3) % 2 == 0,
    |x, y| ((x + y) % 2 + x * y % 3) % 2 == 0,
];

/// Codewords of a version, data and error correction together.
pub(super) fn codewords(version: usize) -> usize {
    let modules = 16 * version * version + 128 * version + 64;
    let aligned = match alignments(version).len() {
        0 => 0,
        // Each has 25 modules. Three corners have none, and those on the timing patterns share five modules with them.
        along => 25 * (along * along - 3) - 10 * (along - 2),
    };
    let version_information = if version >= 7 { 36 } else { 0 };
    (modules - aligned - version_information) / 8
}

fn size(version: usize) -> usize {
    4 * version + 17
}

/// Centres of the alignment patterns in both directions.
fn alignments(version: usize) -> Vec<usize> {
    if version == 1 {
        return vec![];
    }
    let count = version / 7 + 2;
    let step = (8 * version + 3 * count + 5) / (4 * count - 4) * 2;
    std::iter::once(6).chain((0..count - 1).rev().map(|at| size(version) - 7 - at * step)).collect()
}

/// The modules in rows from the top, with the mask of the least penalty.
pub(super) fn draw(version: usize, codewords: &[u8]) -> Vec<Vec<bool>> {
    let mut matrix = Matrix::new(version);
    matrix.place(codewords);
    let size = matrix.size;
    let masked = (0..MASKS.len()).map(|mask| matrix.masked(mask));
    let rows = masked.min_by_key(|rows| penalty(rows, size)).unwrap_or_default();
    rows.iter().map(|row| (0..size).map(|x| row >> x & 1 == 1).collect()).collect()
}

struct Matrix {
    size: usize,
    dark: Vec<Row>,
    /// Modules that are not data.
    fixed: Vec<Row>,
}

impl Matrix {
    /// Finder, timing and alignment patterns, the format with mask 0, and the version.
    fn new(version: usize) -> Self {
        let size = size(version);
        let mut matrix = Self { size, dark: vec![0; size], fixed: vec![0; size] };
        for at in 0..size {
            matrix.fix(at, 6, at % 2 == 0);
            matrix.fix(6, at, at % 2 == 0);
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
            matrix.fix_square(x, y, 4);
        }
        let alignments = alignments(version);
        for y in &alignments {
            for x in &alignments {
                // Finder patterns take three corners.
                if ![(6, 6), (6, size - 7), (size - 7, 6)].contains(&(*x, *y)) {
                    matrix.fix_square(*x, *y, 2);
                }
            }
        }
        matrix.fix_mask(0);
        matrix.fix(8, size - 8, true);
        if version >= 7 {
            let bits = version << 12 | remainder(version, 12, 0x1f25);
            for at in 0..18 {
                let (across, down) = (size - 11 + at % 3, at / 3);
                matrix.fix(across, down, bits >> at & 1 == 1);
                matrix.fix(down, across, bits >> at & 1 == 1);
            }
        }
        matrix
    }

    fn fix(&mut self, x: usize, y: usize, is_dark: bool) {
        self.fixed[y] |= 1 << x;
        self.dark[y] = (self.dark[y] & !(1 << x)) | (Row::from(is_dark) << x);
    }

    /// Fixes the rings around a dark centre. A finder pattern with its separator has the radius 4 and is light at the
    /// distances 4 and 2; an alignment pattern has the radius 2 and is light at the distance 1.
    fn fix_square(&mut self, x: usize, y: usize, radius: usize) {
        for down in y.saturating_sub(radius)..=(y + radius).min(self.size - 1) {
            for across in x.saturating_sub(radius)..=(x + radius).min(self.size - 1) {
                let distance = x.abs_diff(across).max(y.abs_diff(down));
                let is_light = if radius == 4 { distance == 4 || distance == 2 } else { distance == 1 };
                self.fix(across, down, !is_light);
            }
        }
    }

    /// Fixes the format in both places: the mask, and level M, whose number is 0.
    fn fix_mask(&mut self, mask: usize) {
        let bits = (mask << 10 | remainder(mask, 10, 0x537)) ^ 0x5412;
        let size = self.size;
        for at in 0..15 {
            let is_dark = bits >> at & 1 == 1;
            let (x, y) = match at {
                ..6 => (8, at),
                6 | 7 => (8, at + 1),
                8 => (7, 8),
                _ => (14 - at, 8),
            };
            self.fix(x, y, is_dark);
            let (x, y) = if at < 8 { (size - 1 - at, 8) } else { (8, size - 15 + at) };
            self.fix(x, y, is_dark);
        }
    }

    /// Places the bits in pairs of columns from the right, upwards and downwards in turn. Modules that are left are light.
    fn place(&mut self, codewords: &[u8]) {
        let mut bits = codewords.iter().flat_map(|codeword| (0..8).rev().map(move |bit| codeword >> bit & 1 == 1));
        // The vertical timing pattern belongs to no pair.
        let rights = (0..self.size).rev().filter(|x| *x != 6).step_by(2);
        for (pair, right) in rights.enumerate() {
            for at in 0..self.size {
                let y = if pair % 2 == 0 { self.size - 1 - at } else { at };
                for x in [right, right - 1] {
                    if self.fixed[y] >> x & 1 == 0 {
                        self.dark[y] |= Row::from(bits.next().unwrap_or(false)) << x;
                    }
                }
            }
        }
    }

    /// The rows with a mask applied to the data.
    fn masked(&mut self, mask: usize) -> Vec<Row> {
        self.fix_mask(mask);
        let inverts = MASKS[mask];
        let all = Row::MAX >> (128 - self.size);
        (0..self.size)
            .map(|y| {
                // All masks repeat after six columns.
                let first: Row = (0..6).map(|x| Row::from(inverts(x, y)) << x).sum();
                self.dark[y] ^ ((first * SIXTHS) & all & !self.fixed[y])
            })
            .collect()
    }
}

/// Check bits of a number: the remainder of its polynomial divided by another, over the field of two elements.
fn remainder(number: usize, degree: usize, divisor: usize) -> usize {
    (0..degree).fold(number, |rest, _| (rest << 1) ^ ((rest >> (degree - 1)) * divisor))
}

/// The penalty of ISO/IEC 18004 for what disturbs a reader: runs of equal modules, squares of equal modules, what
/// resembles a corner, and unequal numbers of dark and light modules.
fn penalty(rows: &[Row], size: usize) -> u32 {
    let all = Row::MAX >> (128 - size);
    let pairs = all >> 1;
    let across: Vec<Row> = rows.iter().map(|row| !(row ^ row >> 1) & pairs).collect();
    let down: Vec<Row> = rows.windows(2).map(|pair| !(pair[0] ^ pair[1]) & all).collect();

    let mut penalty = 0;
    // A run of n modules, at least 5, is n - 4 fives; it costs n - 2.
    let runs = |fives: Row, before: Row| fives.count_ones() + 2 * (fives & !before).count_ones();
    for same in &across {
        let fives = same & same >> 1 & same >> 2 & same >> 3;
        penalty += runs(fives, fives << 1);
    }
    let mut before = 0;
    for same in down.windows(4) {
        let fives = same[0] & same[1] & same[2] & same[3];
        penalty += runs(fives, before);
        before = fives;
    }
    for (y, same) in down.iter().enumerate() {
        penalty += 3 * (same & across[y] & across[y + 1]).count_ones();
    }
    let light: Vec<Row> = rows.iter().map(|row| !row & all).collect();
    for y in 0..size {
        let across = |rows: &[Row], at: isize| if at < 0 { rows[y] << -at } else { rows[y] >> at };
        let down = |rows: &[Row], at: isize| y.checked_add_signed(at).and_then(|y| rows.get(y)).copied().unwrap_or(0);
        penalty += 40 * corners(|at| across(rows, at), |at| across(&light, at)).count_ones();
        penalty += 40 * corners(|at| down(rows, at), |at| down(&light, at)).count_ones();
    }
    let dark: u32 = rows.iter().map(|row| row.count_ones()).sum();
    let modules = u32::try_from(size * size).unwrap_or(u32::MAX);
    penalty + 10 * ((2 * dark).abs_diff(modules) * 10 / modules)
}

/// Where dark and light modules follow in the widths 1, 1, 3, 1, 1, with four light modules before or after. Takes the
/// dark and the light modules of the symbol at a distance from each.
fn corners(dark: impl Fn(isize) -> Row, light: impl Fn(isize) -> Row) -> Row {
    let pattern = dark(0) & light(1) & dark(2) & dark(3) & dark(4) & light(5) & dark(6);
    let before = light(-4) & light(-3) & light(-2) & light(-1);
    let after = light(7) & light(8) & light(9) & light(10);
    pattern & (before | after)
}
