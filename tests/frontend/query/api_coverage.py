#!/usr/bin/python3
"""Writes docs/api-coverage.md: what of AWS's APIs is served, by the schema and botocore's service models.

  api_coverage.py FILE          writes it
  api_coverage.py --check FILE  fails when the file is not what would be written
"""

import collections
import pathlib
import sys
import tomllib

from query_schema import member_name, model_of, schema

CLIENTS = tomllib.loads((pathlib.Path(__file__).parent / "api_clients.toml").read_text())

HEAD = """\
# What of the API is served

Made of the schema and of the service models of botocore (Debian's python3-botocore); `cmake --build BUILD -t
brume_api_coverage` writes it anew, and a test fails until that is done.

* *Implemented*: the parameter does what EC2's does, within the bounds [the API reference](api-reference.md) tells.
* *Ignored*: accepted, so that templates that set it work, and not acted upon; the second table says why.
* *Refused*: the model has it and the schema has not; the answer is `UnknownParameter`, or an error that says why where
  the schema has a comment on it. An action that is not served is `InvalidAction`. Nothing is dropped silently.

Members of structures are written with dots. A structure that is refused is named, not its members.
"""


def callers(family):
    """Action → the clients that call it."""
    found = collections.defaultdict(list)
    for client, calls in CLIENTS.items():
        for action in calls.get(family, []):
            found[action].append(client)
    return found


class Parameters:
    """Those of one action, sorted into what becomes of them."""

    def __init__(self, action, operation):
        self.implemented, self.refused, self.ignored = [], [], []
        if operation.input_shape is not None:
            self._sort(action["request"], operation.input_shape, "")

    def _sort(self, message, shape, prefix):
        ours = {member_name(field, shape): field for field in schema()["messages"][message]}
        for member, member_shape in shape.members.items():
            name = prefix + member
            if member not in ours or ours[member]["comment"].startswith("Refused"):
                self.refused.append(name)
            elif ours[member]["ignored"]:
                self.ignored.append((name, ours[member]["comment"]))
            elif ours[member]["type"] in schema()["messages"]:
                if member_shape.type_name == "map":
                    self.implemented.append(name)
                    continue
                inner = member_shape.member if member_shape.type_name == "list" else member_shape
                self._sort(ours[member]["type"], inner, name + ".")
            else:
                self.implemented.append(name)


def names(parameters):
    return ", ".join(f"`{name}`" for name in parameters)


def cell(text):
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")


def missing(family, served):
    rows = sorted((action, clients) for action, clients in callers(family).items() if action not in served)
    if not rows:
        return []
    return ["Clients call:", "", "| Action | Client |", "|---|---|"] + [
        f"| {action} | {', '.join(clients)} |" for action, clients in rows] + [""]


def section(family):
    model = model_of(family)
    served = schema()["families"][family]["actions"]
    lines = [f"## {family} {model.api_version}", "",
             f"{len(served)} actions of {len(model.operation_names)} are served.", ""]
    sorted_ = {name: Parameters(action, model.operation_model(name)) for name, action in sorted(served.items())}
    lines += ["| Action | Implemented | Ignored | Refused |", "|---|---|---|---|"]
    for name, parameters in sorted_.items():
        ignored = names(parameter for parameter, _ in parameters.ignored)
        lines.append(f"| {name} | {names(parameters.implemented)} | {ignored} | {names(parameters.refused)} |")
    lines.append("")
    reasons = [(name, parameter, comment) for name, parameters in sorted_.items()
               for parameter, comment in parameters.ignored]
    if reasons:
        lines += ["Why parameters are ignored:", "", "| Action | Parameter | Why |", "|---|---|---|"]
        lines += [f"| {name} | `{parameter}` | {cell(comment)} |" for name, parameter, comment in reasons] + [""]
    lines += [f"{len(model.operation_names) - len(served)} actions are not served.", ""]
    return lines + missing(family, served)


def text():
    families = schema()["families"]
    lines = [HEAD]
    for family in sorted(families):
        lines += section(family)
    for family in sorted({family for calls in CLIENTS.values() for family in calls} - set(families)):
        lines += [f"## {family}", "", "No action is served.", ""] + missing(family, {})
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    path = pathlib.Path(sys.argv[-1])
    if sys.argv[1] != "--check":
        path.write_text(text())
    elif path.read_text() != text():
        sys.exit(f"{path} is not what the schema says. Write it anew: cmake --build BUILD -t brume_api_coverage")


if __name__ == "__main__":
    main()
