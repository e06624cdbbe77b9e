"""Compares every answer that a client of boto3 gets with botocore's model: the members of the raw XML, their types, those
that are required; and the code of every error with those that the model declares, and that EC2 documents.

What differs and is known stands in conformance_exceptions.txt, a line each: the module of the test, and what is said of
the fault. A fault that is not there fails the call, and a line that its module did not meet fails the module: the list
only shrinks.
"""

import base64
import binascii
import os
import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
# The texts of values by the model's types.
TEXTS = {
    "boolean": re.compile(r"true|false"),
    "integer": re.compile(r"-?\d{1,10}"),
    "long": re.compile(r"-?\d{1,19}"),
    "double": re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?"),
    "float": re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
}


def lines(name):
    with open(os.path.join(HERE, name)) as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


# What botocore's models do not know yet: Shape.Member.
NEWER = set(lines("../schema/newer_than_botocore.txt"))
# Those that any action may answer with: of EC2 as its reference lists them, of the others as their common errors.
ANY_ACTION = {"ec2": set(lines("ec2_error_codes.txt")), None: {
    "AccessDenied", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidAction", "InvalidClientTokenId",
    "InvalidParameterCombination", "InvalidParameterValue", "InvalidQueryParameter", "MalformedQueryString",
    "MissingAction", "MissingAuthenticationToken", "MissingParameter", "NotAuthorized", "OptInRequired", "RequestExpired",
    "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "UnsupportedOperation", "ValidationError"}}


def plain(tag):
    """Without its namespace."""
    return tag.rpartition("}")[2]


class Answer:
    """The faults of one answer, as texts."""

    def __init__(self, operation):
        self.operation = operation
        self.faults = []

    def fault(self, text):
        self.faults.append(f"{self.operation.service_model.signing_name}:{self.operation.name} {text}")

    def check(self, status, body):
        root = ElementTree.fromstring(body)
        if status >= 300:
            code = root.find(".//{*}Code")
            self.check_code(None if code is None else code.text)
            return self.faults
        if self.operation.metadata["protocol"] == "query":
            wrapper = f"{self.operation.name}Result"
            if self.operation.output_shape is not None:
                wrapper = self.operation.output_shape.serialization.get("resultWrapper", wrapper)
            root = next((child for child in root if plain(child.tag) == wrapper), ElementTree.Element(wrapper))
        self.check_structure(root, self.operation.output_shape, "", beside={"requestId", "return"})
        return self.faults

    def check_code(self, code):
        declared = {shape.metadata.get("error", {}).get("code", shape.name) for shape in self.operation.error_shapes}
        service = self.operation.service_model.signing_name
        if code not in declared | ANY_ACTION.get(service, ANY_ACTION[None]):
            self.fault(f"error {code}")

    def check_structure(self, node, shape, path, beside=frozenset()):
        members = {} if shape is None else {
            member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        seen = set()
        for child in node:
            tag = plain(child.tag)
            if tag not in members:
                if tag not in beside and not self.is_newer(tag, shape, path):
                    self.fault(f"unknown {path}{tag}")
                continue
            name, member = members[tag]
            if name in seen and not member.serialization.get("flattened"):
                self.fault(f"twice {path}{tag}")
            seen.add(name)
            self.check_value(child, member, path + tag)
        for name in set() if shape is None else set(shape.required_members) - seen:
            self.fault(f"missing {path}{name}")

    def is_newer(self, tag, shape, path):
        """Whether the list has it, by its shape or, of an answer itself, by the name that it has in our schema."""
        name = tag[:1].upper() + tag[1:]
        shapes = [shape.name if shape else ""] + ([] if path else [f"{self.operation.name}Response"])
        names = [name] + ([f"{name[:-3]}s"] if name.endswith("Set") else [])
        return any(f"{of}.{member}" in NEWER for of in shapes for member in names)

    def check_value(self, node, shape, path):
        if shape.type_name == "structure":
            self.check_structure(node, shape, path + ".")
        elif shape.type_name == "list":
            if shape.serialization.get("flattened"):
                return self.check_value(node, shape.member, path)
            item = shape.member.serialization.get("name", "member")
            for child in node:
                if plain(child.tag) != item:
                    self.fault(f"unknown {path}.{plain(child.tag)}")
                else:
                    self.check_value(child, shape.member, path)
        elif shape.type_name == "map":
            for entry in node:
                for child, member in zip(entry, (shape.key, shape.value)):
                    self.check_value(child, member, path)
        else:
            self.check_text(node, shape, path)

    def check_text(self, node, shape, path):
        text = node.text or ""
        if len(node):
            self.fault(f"elements in {path}")
        elif shape.type_name == "blob":
            try:
                base64.b64decode(text, validate=True)
            except binascii.Error:
                self.fault(f"blob {path}")
        elif shape.type_name in TEXTS and not TEXTS[shape.type_name].fullmatch(text):
            self.fault(f"{shape.type_name} {path}")


class Ratchet:
    """The exceptions of the module under test."""

    def __init__(self):
        self.modules = {}  # module → its lines that were not met yet

    def allowed(self, module):
        if module not in self.modules:
            prefix = module + " "
            self.modules[module] = {line[len(prefix):]: False for line in lines("conformance_exceptions.txt")
                                    if line.startswith(prefix)}
            # A part of a module meets a part of its lines.
            if not any("." in argument or argument == "-k" for argument in sys.argv[1:]):
                unittest.addModuleCleanup(self.check_met, module)
        return self.modules[module]

    def check_met(self, module):
        stale = [line for line, met in self.modules[module].items() if not met]
        assert not stale, f"conformance_exceptions.txt has what {module} does not meet any more: {stale}"

    def watch(self, client, module):
        """Faults of the client's answers are its calls' AssertionError."""
        allowed = self.allowed(module)

        def observe(event_name, response_dict, **_):
            if response_dict is None:
                return
            operation = client.meta.service_model.operation_model(event_name.rpartition(".")[2])
            if operation.metadata["protocol"] not in ("ec2", "query"):
                return
            faults = Answer(operation).check(response_dict["status_code"], response_dict["body"])
            for fault in faults:
                if fault in allowed:
                    allowed[fault] = True
            unknown = [fault for fault in faults if fault not in allowed]
            assert not unknown, f"not as botocore's model has it: {module} {unknown}\n{response_dict['body'].decode()}"

        client.meta.events.register("response-received", observe)


RATCHET = Ratchet()
