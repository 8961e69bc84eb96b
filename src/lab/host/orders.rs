//! Operators' orders on their way to a daemon.
//!
//! Deliberately absent: whether the daemon leads (`rehearsal::inject`), and repeating an order.

use crate::engine::port::{Input, Order};
use crate::lab::install::Install;
use crate::lab::simulation::Simulation;
use drd_state_machine::event::{OrderedBy, Word};
use drd_state_machine::time::Span;

impl Simulation<'_> {
    /// An operator's command reaches the process that leads.
    pub(in crate::lab) fn send_order(&mut self, who: Install, word: Word, tries: u32) {
        self.orders_sent += 1;
        let id = self.orders_sent;
        if let Some(process) = self.process_mut(who) {
            process.orders.insert(id, (word, tries));
        }
        let order = Order {
            id,
            word,
            lasts: None,
            by: OrderedBy::new(&id.to_string(), "operator", "rehearsal"),
        };
        self.give_in(who, Span::ZERO, Input::Ordered(order));
    }
}
