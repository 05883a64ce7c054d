"""The front end: from source text to a `Definition`, by reading `ast` and never importing anything.

    class Train(Base):                                     Definition Train, mro (Train, Base)
        @step                                                start  →  Fanout(work, items)
        def start(self):                                     work   →  Goto(join)
            self.next(self.work, foreach="items")            …

Files and names:

    parse          a file's bytes as syntax
    module         what the names at the top of one file mean
    program        all files of a flow, and what names mean across them
    context        one file, as its readers share it: its text, its names, the report
    imports        imports that fail when the file runs
    absent         imports of names that flowc does not have, and whether they are used
    closure        all files that `compile -o` takes along
    face           the names that `from flowc import …` has
    metaflows      Metaflow's names, and what to do about those that flowc does not have

Classes:

    find           which class of the file is the flow
    classes        what it derives from, by `mro`; what one class binds is read by `body`
    members        the result as data, a `ClassModel`

Steps:

    flow           the whole class: calls all others, makes the `Definition` of `definition`
    ends           where the flow starts and ends
    steps          one step; `supers`: bodies of other steps that it runs; `fingerprint`: of its code
    paths          whether every path through it ends in one `self.next`
    transitions    what one `self.next` says
    syntax         what several readers ask of a piece of syntax; `contents` finds in one walk what they look for in it

Values:

    constants      expressions that can be worked out, by the names of a `scope`, Python's `operators` and `functions`
    configs        the values of each `Config`, which the others look up in `config_values`
    declaration    a call of `Parameter`, `IncludeFile` or `Config`; `parameters` and `includes` read the first two
    decorators     decorators, by the table of `decorator_table` and the `kinds` of their arguments; `aws_kinds`, `kube_kinds`:
                   those of AWS and of Kubernetes
    alterations    decorators that the command line adds to steps or takes off; `specs` reads how it spells them

Remedies:

    fixing         fixes that are known where a fault is reported
    remedies       those that want a look at the whole file
"""
