"""Record what the YAML readers of real agents make of config samples and of odd texts, into yaml_readings.json here.

Development only, not a test: needs agents installed, each in an environment of its own.

    python tests/codec/record_yaml_readings.py 0.19.0=/path/to/env/bin/python 0.22.2=/path/to/env/bin/python

For each sample (by its path) and each text, the readings in the order of ``versions``; one alone where all are equal.
Encoding: what JSON can hold as it is, but a mapping as ``{"map": [[key, value] ...]}``; ``{"float": "nan"}``,
``{"date": "2024-01-02"}``, ``{"time": ...}`` and ``{"bytes": ...}``; ``{"refused": type of exception}``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples" / "config"

SCALARS = """
1e3 1E5 1.5e3 1.5e+3 1.e3 .5 ._5 +_7 -_7 1_7 -0 +12 -012 012 08 09 0777 0b1 0b1_0 0x1F -0x1F 0xg 0o17 1:2 1:60 1:2.5
-1:2 190:20:30 190:20:30.15 12:30:45 y Y n N yes Yes YES yEs no on On ON oN off OFF true TRUE tRUE false null Null NULL
nUll ~ nan .nan .NaN .NAN .Inf .inf -.INF +.inf inf 2024-1-2 2024-01-02 2024-13-01 2024-01-02T03:04:05Z
2024-01-02t03:04:05-5 1. 1._ _1 0. 00 0 1__0 1_000 1_000.5 1e e3 + - . .. 1.5 12e03 -1e3 +.5 -.5 .5e3 .5e+3 = << 1,000
1.2.3 999999999999999999999999999999 0xffffffffffffffffffff 1e400 0.1
"""
TEXTS = [
    "",
    "\n \n",
    "# c\n",
    "---\n",
    "--- # c\n...\n",
    "~\n",
    "\ufeffa: 1\n",
    "a: 1\r\nb:\r\n  - x\r\n",
    "a: b\t\nc: d\t# e\n",
    "a:\tb\n",
    "a: b\tc\n",
    "\ta: b\n",
    "a:\n\tb: c\n",
    "a: [\tb,\n\tc ]\n",
    "a: 2024-01-02 3:04:05.125 +02:00\n",
    "a: !!int 0o12\nb: !!int '0o12'\nc: !!float 1\nd: !!str 1\ne: !!bool yes\nf: !!null x\ng: ! 012\n",
    "a: !!binary aGk=\n",
    "a: !secret x\n",
    "a: !!python/name:os.system x\n",
    "a: !!int x\n",
    "on: 1\n2070: 2\n1.5: 3\n~: 4\n2024-01-02: 5\n",
    "? [a]\n: b\n",
    "{a: b}: c\n",
    "a: {b, c: , \"d\": 'e'}\n",
    "a: [b: c, {d: e}]\n",
    "a: |\n  x\n\n  y\n\nb: >-\n  x\n  y\n\nc: |+\n  x\n\n",
    "a: 'x\n  y'\nb: \"x\\\n  y\\u00e9\"\nc: x\n  y\n",
    "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n",
    "a: &x {b: 1, c: 2}\nb: &y {c: 3, d: 4}\nc: {<<: [*x, *y], d: 5}\n",
    "a: {b: 1}\nc: {<<: {b: 2, d: 3}, b: 4}\n",
    "a: {<<: x}\n",
    "a: {<<: [x]}\n",
    "'<<': x\n",
    "a: 1\nb: 2\na: 3\n",
    "a: &x [*x]\n",
    "a: *x\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\n",
    "%YAML 1.2\n---\na: off\nb: 012\n",
    "a: b: c\n",
    "a: [1, 2\n",
    "a: 'x\n",
    "a: @x\n",
    "a: `x\n",
    "a: %x\n",
    "a: - b\n",
    "- a\n- b: c\n  d: e\n",
    "just text\n",
    "a: \x07\n",
    'a: "\\q"\n',
    'a: "\\U00110000"\n',
    "a: http://h:1/p\nb: [{url: http://h}]\n",
    "a:\n- b\n-\n  c: d\n",
    *(f"{text}: x\n" for text in ("on", "012", "1_0", "=", "'on'")),
    *(f"a: {text}\n" for text in SCALARS.split()),
]

READ = r"""
import datetime, json, math, sys, warnings

warnings.simplefilter("ignore")
try:
    from hermes_yaml import safe_load
except ImportError:
    from utils import fast_safe_load as safe_load


def encoded(value):
    if isinstance(value, dict):
        return {"map": [[encoded(key), encoded(below)] for key, below in value.items()]}
    if isinstance(value, (list, tuple)):
        return [encoded(below) for below in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, datetime.datetime):
        return {"time": value.astimezone(datetime.timezone.utc).isoformat() if value.tzinfo else value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": value.decode()}
    return value


answers = []
for text in json.load(sys.stdin):
    try:
        answer = encoded(safe_load(text))
    except RecursionError:
        answer = {"refused": "only by us: it holds itself"}
    except Exception as error:
        answer = {"refused": type(error).__name__}
    answers.append(answer)
print("\n\0" + json.dumps(answers))
"""


def main(agents: dict[str, str]) -> None:
    names = sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.before.yaml"))
    # As the agents open the file: decoded, line ends as they are in the text.
    inputs = [(SAMPLES / name).read_bytes().decode() for name in names] + TEXTS
    answers = []
    for python in agents.values():
        with tempfile.TemporaryDirectory() as home:
            environment = {"PATH": os.environ["PATH"], "HOME": home, "HERMES_HOME": home}
            done = subprocess.run(
                [python, "-c", READ],
                input=json.dumps(inputs),
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            )
        answers.append(json.loads(done.stdout.rpartition("\0")[2]))
    readings = [list(each) for each in zip(*answers, strict=True)]
    readings = [each[:1] if len({json.dumps(one) for one in each}) == 1 else each for each in readings]
    lines = [
        json.dumps([key, reading], ensure_ascii=True) for key, reading in zip([*names, *TEXTS], readings, strict=True)
    ]
    text = (
        f'{{"versions": {json.dumps(list(agents))},\n"samples": [\n'
        + ",\n".join(lines[: len(names)])
        + '\n],\n"texts": [\n'
        + ",\n".join(lines[len(names) :])
        + "\n]}\n"
    )
    (HERE / "yaml_readings.json").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main(dict(argument.split("=", 1) for argument in sys.argv[1:]))
