//! What pages are made of: tables, facts and buttons.

use askama::Template;

use super::{address, link, page::Page};
use crate::words::pages::{self, texts};

/// A cell of a table, or the value of a fact.
#[derive(Clone, Default)]
pub(super) struct Cell {
    /// The text.
    pub(super) text: String,
    /// Where it leads.
    pub(super) address: Option<String>,
    /// Whether it is a number, which stands at the right.
    pub(super) is_number: bool,
    /// A bar beside it: a quantity, and the whole.
    pub(super) bar: Option<(i64, i64)>,
}

impl Cell {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A quantity.
    pub(super) fn number(page: &Page, quantity: i64) -> Self {
        Self { text: page.number(quantity), is_number: true, ..Self::default() }
    }

    /// A quantity of a whole, in words and as a bar.
    pub(super) fn gauge(text: impl Into<String>, quantity: Option<i64>, whole: Option<i64>) -> Self {
        Self { text: text.into(), bar: quantity.zip(whole), ..Self::default() }
    }

    /// A link.
    pub(super) fn link(text: impl Into<String>, address: String) -> Self {
        Self { text: text.into(), address: Some(address), ..Self::default() }
    }

    /// A link, if there is an address.
    pub(super) fn maybe(text: &str, address: Option<String>) -> Self {
        Self { text: if address.is_some() { text.to_owned() } else { String::new() }, address, ..Self::default() }
    }
}

/// A table.
#[derive(Default)]
pub(super) struct Table {
    /// What it lists; empty if the title of the page says it.
    pub(super) title: String,
    /// The headings of its columns.
    pub(super) headings: Vec<&'static str>,
    /// Its rows.
    pub(super) rows: Vec<Vec<Cell>>,
    /// The address of the next page.
    pub(super) next: Option<String>,
}

/// A table as it is shown.
pub(super) struct ShownTable<'a> {
    /// What it lists; empty if the title of the page says it.
    pub(super) title: &'a str,
    /// The headings of its columns, each with whether the column has numbers.
    pub(super) headings: Vec<(&'static str, bool)>,
    /// Its rows.
    pub(super) rows: Vec<Vec<&'a Cell>>,
    /// The address of the next page.
    pub(super) next: Option<&'a str>,
}

impl Table {
    /// The table without the columns in which nothing stands, such as acts that the person may not do.
    pub(super) fn shown(&self) -> ShownTable<'_> {
        let column = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let used: Vec<usize> =
            (0..self.headings.len()).filter(|at| column(*at).any(|cell| !cell.text.is_empty())).collect();
        let heading = |at: &usize| (self.headings[*at], column(*at).all(|cell| cell.is_number));
        ShownTable {
            title: &self.title,
            headings: used.iter().map(heading).collect(),
            rows: self.rows.iter().map(|row| used.iter().filter_map(|at| row.get(*at)).collect()).collect(),
            next: self.next.as_deref(),
        }
    }
}

/// An act that a page offers.
pub(super) struct Button {
    /// The address of its page.
    pub(super) address: String,
    /// Its label.
    pub(super) label: &'static str,
}

/// What was found, with its shape and colour.
pub(super) struct Verdict {
    /// `good` or `bad`.
    pub(super) tone: &'static str,
    /// The finding.
    pub(super) words: String,
}

/// A field of a form that finds or filters.
pub(super) struct Filter {
    /// Its name in the query string.
    pub(super) name: &'static str,
    /// Its label.
    pub(super) label: &'static str,
    /// Its value.
    pub(super) value: String,
    /// The choices, each with its label; empty for a text.
    pub(super) choices: Vec<(String, String)>,
}

/// A page of facts and tables.
#[derive(Template)]
#[template(path = "view.html", config = "src/web/console/askama.toml")]
pub(super) struct View {
    /// What every page shows.
    pub(super) page: Page,
    /// A sentence below the title.
    pub(super) lead: String,
    /// What is typed on the computer itself, below the sentence.
    pub(super) command: Option<&'static str>,
    /// What was found, below the title.
    pub(super) verdict: Option<Verdict>,
    /// Pictures of a person, each with its label and its address.
    pub(super) pictures: Vec<(&'static str, String)>,
    /// The acts that it offers.
    pub(super) buttons: Vec<Button>,
    /// The acts that others do here: each with the roles that do it or ask for it.
    pub(super) others: Vec<(&'static str, String)>,
    /// What it says of its subject.
    pub(super) facts: Vec<(&'static str, Cell)>,
    /// The form that filters its first table.
    pub(super) filters: Vec<Filter>,
    /// Its tables.
    pub(super) tables: Vec<Table>,
    /// Why a table has no rows, where a count of blanks hides them; otherwise empty.
    pub(super) why_empty: String,
    /// Whether it follows the board.
    pub(super) is_live: bool,
}

impl View {
    /// An empty page with a title.
    pub(super) fn new(mut page: Page, title: impl Into<String>) -> Self {
        page.title = title.into();
        let (lead, buttons, facts, filters, tables) = (String::new(), vec![], vec![], vec![], vec![]);
        let (command, verdict, pictures, others, why_empty) = (None, None, vec![], vec![], String::new());
        let is_live = false;
        Self { page, lead, command, verdict, pictures, buttons, others, facts, filters, tables, why_empty, is_live }
    }

    /// Offers an act, if the person may do it or ask for it. Afterwards this page is shown again. For any other person, the page says who
    /// may.
    pub(super) fn offer(&mut self, name: &str, known: &[(&str, &str)]) {
        match button(&self.page, name, known) {
            Some(button) => self.buttons.push(button),
            None => self.others.extend(others(&self.page, name)),
        }
    }
}

/// The title of an act, with the roles that do it or ask for it; `None` for an act without a page.
pub(super) fn others(page: &Page, name: &str) -> Option<(&'static str, String)> {
    let title = page.t(pages::act(name)?.title);
    let roles: Vec<&str> = link::roles_of(name).into_iter().map(|role| page.role(role)).collect();
    (!roles.is_empty()).then(|| (title, roles.join(", ")))
}

/// The button of an act, if the person may do it or ask for it.
pub(super) fn button(page: &Page, name: &str, known: &[(&str, &str)]) -> Option<Button> {
    let back = address::without_notice(&page.here);
    let known: Vec<(&str, &str)> = known.iter().copied().chain([("back", &*back)]).collect();
    let address = link::to_act(&page.roles(), name, &known)?;
    Some(Button { address, label: page.t(pages::act(name)?.title) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_in_which_nothing_stands_is_not_shown() {
        let number = Cell { text: "7".into(), is_number: true, ..Cell::default() };
        let rows = vec![
            vec![Cell::text("a"), Cell::default(), number.clone()],
            vec![Cell::default(), Cell::default(), number],
        ];
        let table = Table { headings: vec!["name", "act", "number"], rows, ..Table::default() };
        let shown = table.shown();
        assert_eq!(shown.headings, [("name", false), ("number", true)]);
        assert!(shown.rows.iter().all(|row| row.len() == 2));
    }
}
