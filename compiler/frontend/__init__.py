"""The front end: from source text to a `Definition`, by reading `ast` and never importing anything.

`module` finds what names mean at the top of the file, `flow` the class, `steps` its steps, `transitions` what each
`self.next` says, `paths` whether every path through a step ends in exactly one of them, `decorators`, `parameters` and
`constants` the rest.
"""
