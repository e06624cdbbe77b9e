"""The schema as the program query_codec tells it, beside botocore's service models."""

import functools
import json
import os
import subprocess

import botocore.loaders
import botocore.model


def codec(command, lines=()):
    """The codec's answers, one a line."""
    program = os.path.join(os.environ["BRUME_BIN"], "query_codec")
    run = subprocess.run(
        [program, command], input="".join(line + "\n" for line in lines), stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def newer():
    """What botocore's models do not know yet."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schema", "newer_than_botocore.txt")
    with open(path) as file:
        return {line.strip() for line in file if not line.startswith("#")}


@functools.cache
def schema():
    """All of the schema that can be compared with the models."""
    schema = codec("schema")[0]
    for family in schema["families"].values():
        family["actions"] = {name: action for name, action in family["actions"].items() if name not in newer()}
    for message, fields in schema["messages"].items():
        name = message.rpartition(".")[2]
        schema["messages"][message] = [field for field in fields if f"{name}.{field['member']}" not in newer()]
    return schema


@functools.cache
def model_of(family):
    """botocore's model of a family: the one of its version, protocol, and name in credential scopes."""
    loader = botocore.loaders.Loader()
    wanted = schema()["families"][family]
    for service in loader.list_available_services("service-2"):
        if wanted["api_version"] not in loader.list_api_versions(service, "service-2"):
            continue
        model = loader.load_service_model(service, "service-2", wanted["api_version"])
        metadata = model["metadata"]
        if metadata.get("signingName", metadata.get("endpointPrefix")) == family:
            if metadata["protocol"] == ("rest-json" if wanted["rest"] else "query" if wanted["aws_query"] else "ec2"):
                return botocore.model.ServiceModel(model, service)
    raise LookupError(f"botocore has no model of {family} {wanted['api_version']}")


def actions():
    """(family, name, its method and messages, botocore's model of it) of each action that forms may call."""
    for family, served in schema()["families"].items():
        if served["rest"]:
            continue
        for name, action in served["actions"].items():
            yield family, name, action, model_of(family).operation_model(name)


def member_name(field, shape):
    """The model's name of a field of the schema."""
    return field["member"] if field["member"] in shape.members else field["query"]
