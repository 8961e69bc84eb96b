//! The rules of the machine, as sentences. Each test drives the real `step` through a small
//! estate whose sensors keep saying what the test lets be true.
//!
//! A test that nothing happens ends with `quiet()`: no call is an assertion too.

mod decide;
mod detect;
mod estate;
mod forward;
mod operators;
mod record;
mod recover;
mod seen;
mod switch;
