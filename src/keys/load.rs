//! Loads keys: the only place that knows every kind.
