//! Plans as people meet them.
