"""Diagnostics: the `model`, the table of `rules`, and `render`ing them as text."""
