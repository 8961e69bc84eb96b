//! The rules of the machine, as sentences. Each test drives the real `step` through a small
//! estate whose sensors keep reporting what the test lets be true.
//!
//! A test that nothing happens ends with `quiet()`: no call is an assertion too.
//!
//! Deliberately absent: the table of all states and situations (`tests/table`).

mod again;
mod arrive;
mod astray;
mod book;
#[path = "../common/mod.rs"]
mod common;
mod decide;
mod detect;
mod edges;
mod estate;
mod evidence;
mod guard;

mod host_clock;
mod lag_sources;
mod live;
mod moments;
mod operators;
mod orders;
mod pages;
mod prescale;
mod promises;
mod quarantine;
mod record;
mod recover;
mod small_domains;
mod switch;
