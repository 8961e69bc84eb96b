//! The machine as a table that people can read: state x situation -> next state, commands, why.
