"""The intermediate representation (`nodes`), its text form (`printer`) and its invariants (`verify`)."""
