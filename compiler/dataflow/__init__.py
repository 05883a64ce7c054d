"""What each step does with `self.*`: from the code of a step to the `Artifacts` of the IR.

The rules of the analysis, in the order in which they matter:

1. The code of a step is walked once, in the order in which it runs. At each point a `State` says for each artifact which
   assignments its value may come from: those of the step (by number), `ENTRY` for the value from before the step, `GONE` where it
   may have been deleted. Where paths meet, these sets are united.
2. A read of an artifact that may still have its value from before (`ENTRY`) is a `Read` of the step. It is *sure* where every
   run of the step that succeeds gets there: not in an arm, a loop's body, or after a path that left.
3. A method that the step calls on `self`, a property that it reads, and `super()` are walked once, by the same rules, and what
   they do is applied where they are called. What is only handed on (`map(self.clean, rows)`, a nested function, a lambda) may run
   at any time: its reads are not sure, and what it assigns is known no longer.
4. A loop is taken to run at least once, and to assign what it may assign, and a foreach to have at least one item: otherwise
   nearly every flow would be at fault.
5. Where code can do what cannot be followed, the analysis stops claiming: `setattr` with a computed name, `self.__dict__`, `self`
   handed to a function, a decorator that is not flowc's. The state is then *open*: any artifact may be set.

    if self.ready:              reads ready
        self.model = fit()      writes model
    self.next(self.report)      leaves model: assigned, or as it was before

`state` holds 1, `access` 2 and 5, `methods` 3, whose `effects` callers apply; `expressions`, `assignments` and `statements` walk,
`values` says what is evident of an assigned value, by the tables of `results`, `inputs` follows the tasks that a join gets, and
`facts` puts it all into the IR. Over the whole graph, `solve` then finds what is set where; `searches` looks back from there.
"""
