#!/usr/bin/python3
"""Writes docs/api-coverage.md and docs/api-coverage/: what of AWS's APIs is served, by the schema and botocore's models.

  api_coverage.py DOCS          writes them
  api_coverage.py --check DOCS  fails when they are not what would be written
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
* *Ignored*: accepted, so that templates that set it work, and not acted upon; the row says why.
* *Refused*: the model has it and the schema has not; the answer is `UnknownParameter`, or an error that says why where
  the schema has a comment on it. An action that is not served is `InvalidAction`, one that AWS has
  retired `UnsupportedOperation`. Nothing is dropped silently.

`Filters NAME` is a filter by that name; `tag:KEY` stands for any key. A filter that is not here is refused with
`InvalidParameterValue`. Members of structures are written with dots. A structure that is refused is named, not its members.
"""


# Of a filter that EC2 has.
NOTHING = "Matches nothing: there is no such thing here."


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


def cell(text):
    return text.replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")


def missing(family, served):
    rows = sorted((action, clients) for action, clients in callers(family).items() if action not in served)
    if not rows:
        return []
    return ["Clients call:", "", "| Action | Client |", "|---|---|"] + [
        f"| {action} | {', '.join(clients)} |" for action, clients in rows] + [""]


def page(family):
    """docs/api-coverage/FAMILY.md: a row a parameter, so that a change shows as the lines it changes."""
    model = model_of(family)
    served = schema()["families"][family]["actions"]
    lines = [f"# What is served: {model.service_name} {model.api_version}", "",
             f"{len(served)} actions of {len(model.operation_names)} are served. [How to read this](../api-coverage.md).",
             "", "| Action | Parameter | | Why |", "|---|---|---|---|"]
    for name, action in sorted(served.items()):
        parameters = Parameters(action, model.operation_model(name))
        rows = [(parameter, "implemented", "") for parameter in parameters.implemented]
        rows += [(parameter, "ignored", cell(comment)) for parameter, comment in parameters.ignored]
        rows += [(parameter, "refused", "") for parameter in parameters.refused]
        rows += [(f"Filters {filter}", "implemented", "" if has_values else NOTHING)
                 for filter, has_values in action["filters"]]
        if not rows:
            lines.append(f"| {name} | | implemented | |")
        lines += [f"| {name} | `{parameter}` | {state} | {why} |" for parameter, state, why in rows]
    lines += ["", f"{len(model.operation_names) - len(served)} actions are not served.", ""]
    return lines + missing(family, served)


def pages():
    """File below docs/ → text."""
    families = schema()["families"]
    made = {f"api-coverage/{model_of(family).service_name}.md": page(family) for family in families}
    index = [HEAD]
    index += [f"* [{model.service_name}](api-coverage/{model.service_name}.md): {len(families[family]['actions'])} "
              f"actions of {len(model.operation_names)}"
              for family, model in ((family, model_of(family)) for family in sorted(families))] + [""]
    for family in sorted({family for calls in CLIENTS.values() for family in calls} - set(families)):
        index += [f"## {family}", "", "No action is served.", ""] + missing(family, {})
    made["api-coverage.md"] = index
    return {name: "\n".join(lines).rstrip("\n") + "\n" for name, lines in made.items()}


def main():
    docs = pathlib.Path(sys.argv[-1])
    made = pages()
    kept = {f"api-coverage/{path.name}" for path in (docs / "api-coverage").glob("*.md")}
    if sys.argv[1] != "--check":
        (docs / "api-coverage").mkdir(exist_ok=True)
        for name, text in made.items():
            (docs / name).write_text(text)
        for name in kept - set(made):
            (docs / name).unlink()
        return
    stale = sorted(name for name, text in made.items() if not (docs / name).exists() or (docs / name).read_text() != text)
    stale += sorted(kept - set(made))
    if stale:
        sys.exit(f"{', '.join(stale)}: not what the schema says. Write it anew: cmake --build BUILD -t brume_api_coverage")


if __name__ == "__main__":
    main()
