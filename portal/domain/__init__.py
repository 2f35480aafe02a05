"""Pure rules and values: no clock, no randomness, no input or output; the standard library only."""
