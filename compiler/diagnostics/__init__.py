"""What is wrong with a flow: as data, as text, and mended.

report.add(UNKNOWN_STEP, "`Train` has no step `ende`", span)   →   error[FC301]: `Train` has no step `ende` …

model          rules, diagnostics, fixes, and the report that collects them; rules: the table of all
ignores        leaves out what comments overrule
fixes          makes fixes in a text
render         for people: `excerpt` draws a line of source with its marks, `terminal` knows its characters
as_json, as_sarif, as_github    for programs
"""
