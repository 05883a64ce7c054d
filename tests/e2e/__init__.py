"""Tests against platforms that are really there. They are run by `make e2e` alone; README.md says what they need."""
