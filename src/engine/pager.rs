//! Pages that nobody has taken yet: each is sent again, visibly, until a channel takes it.
//!
//! It outlives terms and needs no ledger: either may be what a page is about. Deliberately absent:
//! whether a page is due (the machine, `ledger_outage`), and repeating one that was taken.

use drd_state_machine::command::{Command, Severity};
use drd_state_machine::policy::retry_gap;
use drd_state_machine::time::Span;

/// More pages than people can read at once. The oldest one of the least weight makes room.
const PAGES_MAX: usize = 32;
/// Its call has 15 s; an attempt that is not answered after twice that is counted as not taken.
const LOST: Span = Span::secs(30);

/// One page that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OpenPage {
    command: Command,
    attempt: u32,
    /// When it is sent next, or counts as lost.
    due: Span,
    under_way: bool,
}

impl OpenPage {
    fn weight(&self) -> u8 {
        let Command::Page { severity, .. } = &self.command else {
            return 0;
        };
        match severity {
            Severity::Info => 1,
            Severity::Warning => 2,
            Severity::Critical => 3,
        }
    }
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pager {
    open: Vec<OpenPage>,
}

impl Pager {
    /// Its first attempt leaves.
    pub(super) fn sent(&mut self, now: Span, command: &Command) {
        if self.open.len() >= PAGES_MAX {
            let lightest = self.open.iter().map(OpenPage::weight).min();
            let place = self
                .open
                .iter()
                .position(|page| Some(page.weight()) == lightest);
            self.open.remove(place.unwrap_or(0));
        }
        self.open.push(OpenPage {
            command: command.clone(),
            attempt: 1,
            due: now + LOST,
            under_way: true,
        });
    }

    /// An attempt ended.
    pub(super) fn answered(&mut self, now: Span, command: &Command, taken: bool) {
        let same = |page: &OpenPage| page.under_way && page.command == *command;
        let Some(place) = self.open.iter().position(same) else {
            return;
        };
        if taken {
            self.open.remove(place);
            return;
        }
        let page = &mut self.open[place];
        page.due = now + retry_gap(page.attempt);
        page.under_way = false;
    }

    /// What is sent again, with the number of the attempt.
    pub(super) fn due(&mut self, now: Span) -> Vec<(Command, u32)> {
        let mut again = Vec::new();
        for page in self.open.iter_mut().filter(|page| page.due <= now) {
            page.attempt += 1;
            page.due = now + LOST;
            page.under_way = true;
            again.push((page.command.clone(), page.attempt));
        }
        again
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Span> {
        self.open.iter().map(|page| page.due).min()
    }

    /// Whether the answer to an attempt is awaited.
    pub(super) fn is_busy(&self) -> bool {
        self.open.iter().any(|page| page.under_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(severity: Severity, number: usize) -> Command {
        Command::Page {
            incident_id: 1,
            severity,
            text: number.to_string(),
        }
    }

    #[test]
    fn where_no_room_is_left_the_oldest_page_of_the_least_weight_makes_room() {
        let mut pager = Pager::default();
        pager.sent(Span::ZERO, &page(Severity::Critical, 0));
        pager.sent(Span::ZERO, &page(Severity::Info, 1));
        for number in 2..PAGES_MAX {
            pager.sent(Span::ZERO, &page(Severity::Warning, number));
        }
        for more in 0..2 {
            pager.sent(Span::ZERO, &page(Severity::Critical, PAGES_MAX + more));
        }
        let left: Vec<Command> = pager.due(LOST).into_iter().map(|(page, _)| page).collect();
        assert_eq!(left.len(), PAGES_MAX);
        assert_eq!(left[0], page(Severity::Critical, 0));
        assert_eq!(left[1], page(Severity::Warning, 3), "1 and 2 made room");
    }

    #[test]
    fn pages_that_fit_are_all_kept() {
        let mut pager = Pager::default();
        for number in 0..PAGES_MAX {
            pager.sent(Span::ZERO, &page(Severity::Info, number));
        }
        assert_eq!(pager.due(LOST).len(), PAGES_MAX);
        assert_eq!(pager.next(), Some(LOST + LOST));
    }
}
