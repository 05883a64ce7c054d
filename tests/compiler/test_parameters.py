"""Parameters, included files and configs: what is read of them, and each mistake once."""

from __future__ import annotations

import pytest
from reading import codes, flow_of, read

from flowc.compiler.given import Given
from flowc.compiler.ir.nodes import Parameter, Table
from flowc.compiler.plan import plan_of


def one(body: str, **more: object) -> Parameter:
    (parameter,) = flow_of(read(body, **more)).parameters  # type: ignore[arg-type]
    return parameter


@pytest.mark.parametrize(
    ("call", "type_name", "default"),
    [
        ("Parameter('p', 3)", "int", 3),
        ("Parameter('p', 3, float)", "float", 3.0),
        ("Parameter('p', None, int, 'help', True, False)", "int", None),
        ("Parameter('p', default='3', type=int)", "int", 3),
        ("Parameter('p', default='yes', type=bool)", "bool", True),
        ("Parameter('p', default=True)", "bool", True),
        ("Parameter('p', default=False, is_flag=True)", "bool", False),
        ("Parameter('p', type=bool, is_flag=True)", "bool", None),
        ("Parameter('p', 3, is_flag=False)", "int", 3),
        ("Parameter('p', default=[1])", "json", (1,)),
        ("Parameter('p', default={'a': 1})", "json", Table((("a", 1),))),
        ("Parameter('p', type=JSONType, default='[1]')", "json", "[1]"),
        ("Parameter('p', default='a,b', separator=',')", "str", "a,b"),
        ("Parameter('p', default=None, type=None)", "str", None),
    ],
)
def test_types_and_defaults(call: str, type_name: str, default: object) -> None:
    parameter = one(f"p = {call}")
    assert (parameter.type, parameter.default, parameter.deferred) == (type_name, default, False)


@pytest.mark.parametrize("default", ["lambda: 3", "make", "make()", "os.getenv('A')", "len"])
def test_what_runs_is_deferred(default: str) -> None:
    assert one(f"p = Parameter('p', default={default})", head="import os\ndef make():\n    pass").deferred


FAULTS = {
    "Parameter()": ["FC506"],
    "Parameter('a b')": ["FC506"],
    "Parameter(NAME)": ["FC501"],
    "Parameter('p', 1, int, 'h', True, True, ',')": ["FC506"],
    "Parameter(*['p'])": ["FC506"],
    "Parameter('p', **{})": ["FC506"],
    "Parameter('p', default=1, defualt=2)": ["FC506"],
    "Parameter('p', 1, default=2)": ["FC506"],
    "Parameter('p', default='x', type=int)": ["FC506"],
    "Parameter('p', default=True, type=int)": ["FC506"],
    "Parameter('p', default=5, type=str)": ["FC506"],
    "Parameter('p', default='{', type=JSONType)": ["FC506"],
    "Parameter('p', type=list)": ["FC506"],
    "Parameter('p', type=int, separator=',')": ["FC506"],
    "Parameter('p', separator='')": ["FC506"],
    "Parameter('p', separator=3)": ["FC506"],
    "Parameter('p', help=3)": ["FC506"],
    "Parameter('p', help=open('x'))": ["FC501"],
    "Parameter('p', required='yes')": ["FC506"],
    "Parameter('p', show_default=1)": ["FC506"],
    "Parameter('p', default=mkae)": ["FC501"],
    "Parameter('p', default=1, required=True)": ["FC518"],
    "Parameter('p', is_flag=True)": ["FC506"],
    "Parameter('p', default=3, is_flag=True)": ["FC506"],
    "Parameter('p', default=True, is_flag=1)": ["FC506"],
    "Parameter('p', multiple=True)": ["FC506"],
    "Parameter('max_workers')": ["FC506"],
    "IncludeFile()": ["FC506"],
    "IncludeFile('i', default=3)": ["FC506"],
    "IncludeFile('i', default='')": ["FC506"],
    "IncludeFile('i', default='none.txt')": ["FC519"],
    "IncludeFile('i', default='bytes.bin')": ["FC514"],
    "IncludeFile('i', default='big.txt')": ["FC515"],
    "IncludeFile('i', default='a.txt', required=True)": ["FC518"],
    "IncludeFile('i', is_text='no')": ["FC506"],
    "IncludeFile('i', encoding='utf-9')": ["FC506"],
    "IncludeFile('i', encoding='hex')": ["FC506"],
    "IncludeFile('i', encoding='idna')": ["FC506"],
    "IncludeFile('i', parser=3)": ["FC506"],
    "IncludeFile('i', parser='function')": ["FC506"],
    "IncludeFile('i', type=str)": ["FC506"],
    "Config()": ["FC506"],
    "Config('c', default='none.json')": ["FC511"],
    "Config('c', default='a.txt')": ["FC512"],
    "Config('c', default='bytes.bin')": ["FC512"],
    "Config('c', default='big.txt')": ["FC512"],
    "Config('c', default='list.json')": ["FC512"],
    "Config('c', default='deep.json')": ["FC512"],
    "Config('c', default='nan.json')": ["FC512"],
    "Config('c', default='date.toml', parser='tomllib.loads')": ["FC512"],
    "Config('c', default='a.json', parser='tomllib.loads')": ["FC512"],
    "Config('c', default='a.json', parser='yaml.safe_load')": ["FC512"],
    "Config('c', default='a.json', default_value={})": ["FC506"],
    "Config('c', default=lambda context: 'a.json')": ["FC501"],
    "Config('c', default_value=make)": ["FC501"],
    "Config('c', default_value=3)": ["FC506"],
    "Config('c', required=True)": ["FC517"],
    "Config('c', plain='yes')": ["FC506"],
}
FILES: dict[str, bytes | str] = {
    "a.txt": "grüße\r\n",
    "a.json": '{"a": {"b": [1, 2]}, "c-d": "x", "n": null}',
    "a.toml": "a.b = [1, 2]\n",
    "list.json": "[1]",
    "deep.json": "[" * 5000,
    "nan.json": '{"a": NaN}',
    "date.toml": "a = 2024-01-01\n",
    "bytes.bin": b"\xff\xfe\x00",
    "big.txt": "x" * (1024 * 1024 + 1),
}


@pytest.mark.parametrize(("call", "expected"), FAULTS.items(), ids=FAULTS.keys())
def test_faults(call: str, expected: list[str]) -> None:
    assert codes(read(f"p = {call}", head="def make():\n    pass", files=FILES)) == expected


def test_an_included_file_is_in_the_plan() -> None:
    flow = flow_of(
        read("a = IncludeFile('a', default='a.txt')\nb = IncludeFile('b', default='bytes.bin', is_text=False)", files=FILES)
    )
    text, data = plan_of(flow)["parameters"]
    assert (text["type"], text["default"], text["file"]["text"]) == ("file", "a.txt", "grüße\r\n")
    assert (data["file"]["encoding"], data["file"]["base64"]) == (None, "//4A")


@pytest.mark.parametrize(("path", "found"), [("flows/x.py", "flows"), ("flow.py", "here"), ("other/x.py", "here")])
def test_where_default_files_are_looked_for(path: str, found: str) -> None:
    files = {"c.json": '{"at": "here"}', "flows/c.json": '{"at": "flows"}'}
    flow = flow_of(read("c = Config('c', default='c.json')", files=files, path=path))
    assert flow.configs[0].value == Table((("at", found),))


def configured(expression: str, declaration: str = "c = Config('c', default='a.json')", **more: object):  # type: ignore[no-untyped-def]
    body = f"{declaration}\np = Parameter('p', type=JSONType, default=[{expression}])"
    return read(body, files=FILES, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("c.a.b[1]", 2),
        ("c['a']['b'][0]", 1),
        ("c.a['b']", (1, 2)),
        ("c['c-d'].upper()", "X"),
        ("c.get('none', 5)", 5),
        ("c.get('a').b[0]", 1),
        ("c.a.b + [3]", (1, 2, 3)),
        ("len(c.a.b)", 2),
        ("'n' in c", True),
        ("{**c.a}['b'][0]", 1),
        ("c.a.to_dict()", Table((("b", (1, 2)),))),
        ("c.n", None),
        ("f'{c[\"c-d\"]}!'", "x!"),
        ("config_expr('c.a.b')", (1, 2)),
        ("config_expr('c').a.b", (1, 2)),
        ("config_expr('c[\"c-d\"] + SUFFIX')", "x-y"),
        ("[x, c.a.b[0]]", (7, 1)),
    ],
)
def test_values_of_configs(expression: str, value: object) -> None:
    flow = flow_of(configured(expression, "c = Config('c', default='a.json')\nx = 7", head="SUFFIX = '-y'"))
    assert flow.parameters[0].default == (value,)


@pytest.mark.parametrize(
    ("argument", "word"),
    [
        ("multiple=True", "separator"),
        ("external_trigger=True", "@trigger"),
        ("envvar='X'", "leave it out"),
        ("is_flg=1", "is_flag"),
    ],
)
def test_what_metaflow_hands_on_to_its_command_line(argument: str, word: str) -> None:
    (told,) = read(f"p = Parameter('p', {argument})").diagnostics
    assert word in told.help
    assert (told.fix is None) == (word != "is_flag")


UNEMITTED = ["@conda(python=make())", "@pypi(packages=PACKAGES)", "@card(type=make(), id='a')", "@conda(**make())"]


@pytest.mark.parametrize("decorator", UNEMITTED)
def test_what_no_target_needs_may_be_worked_out_later(decorator: str) -> None:
    done = read("", on_step=decorator, head="def make(): ...\nPACKAGES = make()\n")
    assert codes(done) == ["FC602"]
    assert done.flow is not None
    assert [one.name for one in done.flow.steps[0].decorators] == [decorator[1:].partition("(")[0]]


WRONG = ["@resources(cpu=make())", "@card(tpye=make())", "@conda(python=config.x)", "@conda(python=3)"]


@pytest.mark.parametrize("decorator", WRONG)
def test_what_is_wrong_in_any_case_is_an_error(decorator: str) -> None:
    done = read("config = Config('config', default_value={})", on_step=decorator, head="def make(): ...\n")
    assert len(codes(done)) == 1
    assert done.flow is None


@pytest.mark.parametrize(
    "expression", ["c.x", "c['x']", "c.a.x", "config_expr('c.x')", "config_expr('c').a['x']", "ALIAS.x", "c.get('a').x"]
)
def test_a_key_that_is_not_there(expression: str) -> None:
    done = configured(expression, "c = Config('c', default='a.json')\nALIAS = c.a")
    assert codes(done) == ["FC513"]
    assert "a.json" in done.diagnostics[0].message


def test_a_config_that_cannot_be_read_is_told_once() -> None:
    body = "c = Config('c', default='none.json')\np = Parameter('p', default=c.x)\nA = c.y"
    done = read(body, above="@project(name=config_expr('c.z'))", on_step="@resources(memory=A, **c.w)", files=FILES)
    assert codes(done) == ["FC511"]


def test_plain_configs_have_no_attributes() -> None:
    declaration = "c = Config('c', default='a.json', parser='json.loads', plain=True)"
    assert flow_of(configured("c['a']['b'][0]", declaration)).parameters[0].default == (1,)
    done = read(f"{declaration}\nA = c.a", on_step="@resources(memory=A)", files=FILES)
    assert codes(done) == ["FC501"]


def test_toml() -> None:
    for parser in ("'tomllib.loads'", "tomllib.loads", "loads"):
        head = "import tomllib\nfrom tomllib import loads"
        flow = flow_of(configured("c.a.b", f"c = Config('c', default='a.toml', parser={parser})", head=head))
        assert flow.parameters[0].default == ((1, 2),)


def test_what_the_command_line_gives() -> None:
    declaration = "c = Config('c', default='none.json')"
    assert flow_of(configured("c.a.b", declaration, given=Given(files={"c": "a.json"}))).configs[0].origin == "a.json"
    given = Given(values={"c": '{"a": 3}'})
    assert flow_of(configured("c.a", declaration, given=given)).parameters[0].default == (3,)
    # JSON is JSON, whatever reads the file
    declaration = "c = Config('c', required=True, parser='yaml.safe_load')"
    assert flow_of(configured("c.a", declaration, given=given)).parameters[0].default == (3,)
    assert codes(configured("1", declaration, given=Given(values={"c": "{"}))) == ["FC512"]
    assert codes(configured("1", declaration, given=Given(files={"c": "none.json"}))) == ["FC511"]


def test_a_config_above_the_class_is_called_by_its_name() -> None:
    done = read("c = Config('settings', default_value={'p': 'x'})", above="@project(name=c.p)")
    assert codes(done) == ["FC501"]
    assert 'config_expr("settings")' in done.diagnostics[0].help
    flow = flow_of(read("c = Config('settings', default_value={'p': 'x'})", above="@project(name=config_expr('settings.p'))"))
    assert dict(flow.decorators[0].arguments) == {"name": "x"}


def test_names_are_taken_once() -> None:
    assert codes(read("a = Config('x')\nb = Config('X')")) == ["FC507"]
    assert codes(read("a = Parameter('x')\nb = Config('x')")) == ["FC507"]
    assert codes(read("a = Parameter('x')\nb = IncludeFile('x')")) == ["FC507"]
    assert codes(read("a = Parameter('config')")) == []
    assert codes(read("a = Parameter('config')\nb = Config('b')")) == ["FC506"]


def test_init() -> None:
    assert codes(read("def __init__(self):\n    super().__init__()\n    self.x = 1")) == ["FC516"]
    assert codes(read("def __init__(self, use_cli=True):\n    '''Nothing.'''\n    super().__init__(use_cli)")) == []


def test_a_large_config_is_no_constant_but_its_parts_are() -> None:
    files = {"a.json": '{"small": 3, "large": "' + "x" * 200_000 + '"}'}
    done = read("c = Config('c', default='a.json')", on_step="@resources(memory=c.small)", files=files)
    flow_of(done)
    assert codes(read("c = Config('c', default='a.json')", on_step="@batch(image=c.large)", files=files)) == ["FC501"]
