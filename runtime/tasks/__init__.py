"""One attempt of one task, wherever it runs.

task                     the attempt, from its beginning to its commit
loading                  the user's module
parameters, events       what the run is given, and what of it an event gives
policy                   what decorators ask for
lineage, binding         what came before the task; what its flow object knows
replay                   one task again, beside its run
transition               what `self.next` says, against the plan
merge                    `merge_artifacts`
sameness                 whether values are equal that were not pickled alike
"""
