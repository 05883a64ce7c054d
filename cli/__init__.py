"""The command line: one file a verb, around a core without I/O.

    check, compile, run, resume, replay, package, show, explain, migrate, lsp    the verbs
    deploy, undeploy     those that change what a platform has
    changing             what will change: shown, asked for, and made
    trigger, stop, redrive, retry    those that start and steer runs on a platform; the last two are one thing under two words
    suspend, resume_workflow    those that only Argo has
    runs, status, logs, dump, tag    those that look back at runs
    batch, kubernetes    list and end what runs have sent to AWS Batch, or to a cluster
    remote_tasks         how that is done on any platform
    looking              what these look at: FLOW and RUN[/STEP[/PATH]]
    platforms            which deployment that is, where a platform is asked, too
    told, watching       what is known of one run; how that is looked at until the run is over
    sights               how that is shown meanwhile
    inputs               what `trigger` hands over: values of parameters, checked
    program              their table; runs one, and says what exit codes mean
    running              what `run` and `resume` have in common: the options that say how a flow is run
    elsewhere            what they make of `@batch` and `@kubernetes`: where each step's tasks go
    capacity             what they say of steps that ask for more than this machine has
    verb                 what they have in common: examples in their help, FILE, `--color`, `--format`
    flow_file, names     what FILE names, and which names no flow's file may have
    settings             what flags leave open: variables, then a settings file
    targeting            the options that decide what becomes of a flow on a platform
    datastore            where runs are kept: the one rule by which every verb finds them
    given, stats         `--config`, `--config-value`, `--with` and `--without`; `--stats`
    comparing            what `compile --check` shows
    repairing            what `check --fix` writes and `--diff` shows
    build_context        what `compile -o` writes beside the documents
    packaging            what `package` and `deploy` pack
    uploading            the datastore to which that goes
    included, wheels     its data files; what it holds of other packages
    drawing              a flow as `show` prints it, which editors show too
    output, writing      where text goes, and in which colours; how files are written
    similar              guesses at what was meant
    language_server      what `lsp` serves

Results go to standard output, everything else to standard error. A verb's module is imported when the verb is used, so that a
start costs what that verb needs and no more.
"""
