"""botocore's own serializers and parsers, by its service models, understand what the codec of the Query API does.

Every action of the schema, with every parameter and member of it: what botocore sends is decoded to the message that
was meant, and what we answer is parsed to the structure that was meant. Nothing here knows an action by name.
"""

import base64
import datetime
import json
import unittest
import urllib.parse

import botocore.parsers
import botocore.serialize

from query_schema import actions, codec, member_name, model_of, schema

TIME = datetime.datetime(2026, 1, 31, 12, 30, 0, 250000, tzinfo=datetime.timezone.utc)


class Sample:
    """A message filled in every field, as botocore's caller writes it and as the schema's JSON has it.

    Each value is another one, so that no two can be taken for each other.
    """

    TEXTS = ["plain", "ü 鍵 🔑", "a&b=c d+e%20", "<x>&amp;\"'", " around ", "line\nbreak\ttab\r", ""]

    def __init__(self):
        self.count = 0

    def message(self, type_name, shape):
        """(what botocore has, what the schema has)."""
        theirs, ours = {}, {}
        for field in schema()["messages"][type_name]:
            member = member_name(field, shape)
            member_shape = shape.members[member]
            if member_shape.type_name == "map":
                pairs = [self.entry(field, member_shape) for _ in range(2)]
                theirs[member] = dict(pair[0] for pair in pairs)
                ours[field["name"]] = [pair[1] for pair in pairs]
            elif field["list"]:
                pairs = [self.value(field, member_shape.member) for _ in range(2)]
                theirs[member] = [pair[0] for pair in pairs]
                ours[field["name"]] = [pair[1] for pair in pairs]
            else:
                theirs[member], ours[field["name"]] = self.value(field, member_shape)
        return theirs, ours

    def entry(self, field, shape):
        """An entry of a map, which is a message of a key and a value in the schema."""
        key, value = schema()["messages"][field["type"]]
        their_key, our_key = self.value(key, shape.key)
        their_value, our_value = self.value(value, shape.value)
        return (their_key, their_value), {key["name"]: our_key, value["name"]: our_value}

    def value(self, field, shape):
        self.count += 1
        kind = field["type"]
        if kind == "string":
            text = f"{self.TEXTS[self.count % len(self.TEXTS)]}{self.count if self.count % len(self.TEXTS) else ''}"
            return text, text
        if kind == "bytes":
            blob = bytes([0, 255, self.count % 256, 10])
            return blob, base64.b64encode(blob).decode()
        if kind == "timestamp":
            time = TIME + datetime.timedelta(minutes=self.count)
            return time, time.strftime("%Y-%m-%dT%H:%M:%S.250Z")
        if kind == "bool":
            return bool(self.count % 2), bool(self.count % 2)
        if kind == "int32":
            return -self.count, -self.count
        if kind == "int64":
            return 2**40 + self.count, str(2**40 + self.count)
        if kind == "double":
            return self.count + 0.25, self.count + 0.25
        return self.message(kind, shape)


class BotocoreTest(unittest.TestCase):
    maxDiff = None

    def requests(self):
        """(action, method, form, message) of each action's sample."""
        for family, name, action, operation in actions():
            if operation.input_shape is None:
                theirs, ours = {}, {}
            else:
                theirs, ours = Sample().message(action["request"], operation.input_shape)
            serializer = botocore.serialize.create_serializer(operation.metadata["protocol"], include_validation=False)
            request = serializer.serialize_to_request(theirs, operation)
            yield f"{family}:{name}", action["method"], request["body"], ours

    def test_every_action_of_the_models_is_known_as_one_of_awss(self):
        for family, served in schema()["families"].items():
            known = served["aws_actions"]
            with self.subTest(family):
                self.assertEqual(set(model_of(family).operation_names) - set(known), set())
                self.assertEqual({name for name in served["actions"] if known.get(name) != "current"}, set())

    def test_every_request_botocore_sends_is_the_message_that_was_meant(self):
        samples = list(self.requests())
        answers = codec("decode", [f"{method}\t{urllib.parse.urlencode(body)}" for _, method, body, _ in samples])
        self.assertEqual(len(answers), len(samples))
        for (name, _, _, ours), answer in zip(samples, answers):
            with self.subTest(name):
                self.assertEqual(answer, {"message": ours})
        print(f"decoded {len(samples)} requests with {sum(len(body) for _, _, body, _ in samples)} parameters")

    def test_lists_that_botocore_sends_empty_are_empty(self):
        # In one call: a process for each action takes longer than all the rest.
        names, lines = [], []
        for family, name, action, operation in actions():
            lists = {
                member_name(field, operation.input_shape): []
                for field in schema()["messages"][action["request"]] if field["list"]}
            serializer = botocore.serialize.create_serializer(operation.metadata["protocol"], include_validation=False)
            body = serializer.serialize_to_request(lists, operation)["body"] if lists else {}
            # Other clients send EC2 an empty value.
            body |= {field["query"]: "" for field in schema()["messages"][action["request"]] if field["list"]}
            names.append(f"{family}:{name}")
            lines.append(f"{action['method']}\t{urllib.parse.urlencode(body)}")
        answers = codec("decode", lines)
        self.assertEqual(len(answers), len(names))
        for name, answer in zip(names, answers):
            with self.subTest(name):
                self.assertEqual(answer, {"message": {}})

    def test_every_answer_is_parsed_by_botocore_to_what_was_meant(self):
        samples = []
        for family, name, action, operation in actions():
            theirs, ours = {}, {}
            if operation.output_shape is not None:
                theirs, ours = Sample().message(action["response"], operation.output_shape)
            samples.append((f"{family}:{name}", action["method"], operation, theirs, ours))
        answers = codec("encode", [f"{method}\t{json.dumps(ours)}" for _, method, _, _, ours in samples])
        self.assertEqual(len(answers), len(samples))
        for (name, _, operation, theirs, _), xml in zip(samples, answers):
            with self.subTest(name):
                parsed = parse(operation, xml)
                self.assertEqual(parsed.pop("ResponseMetadata")["RequestId"], "request-1")
                self.assertEqual(parsed, theirs or empty_answer(operation))
        print(f"parsed {len(samples)} answers of {sum(len(xml) for xml in answers)} bytes")

    def test_lists_of_an_empty_answer_are_there(self):
        all_actions = list(actions())
        answers = codec("encode", [f"{action['method']}\t{{}}" for _, _, action, _ in all_actions])
        self.assertEqual(len(answers), len(all_actions))
        for (family, name, action, operation), xml in zip(all_actions, answers):
            parsed = parse(operation, xml)
            with self.subTest(f"{family}:{name}"):
                self.assertEqual(parsed.pop("ResponseMetadata")["RequestId"], "request-1")
                members = schema()["messages"][action["response"]]
                lists = {member_name(field, operation.output_shape): [] for field in members
                         if field["list"] and not field["omit_empty"]}
                self.assertEqual(parsed, lists if members else empty_answer(operation))

    def rpc_actions(self):
        """(name, method, operation of the JSON protocol, its messages) of each action that is served so."""
        for family, name, action, operation in actions():
            served = schema()["families"][family]
            if not served["rpc_service"]:
                continue
            operation.metadata.update({"targetPrefix": served["rpc_service"], "jsonVersion": "1.0"})
            yield name, action, operation

    def test_every_request_of_json_is_the_message_that_was_meant(self):
        serializer = botocore.serialize.create_serializer("json", include_validation=False)
        for name, action, operation in self.rpc_actions():
            theirs, ours = Sample().message(action["request"], operation.input_shape)
            request = serializer.serialize_to_request(theirs, operation)
            # botocore sends whole seconds.
            meant = json.loads(json.dumps(ours).replace(":00.250Z", ":00.000Z"))
            with self.subTest(name):
                self.assertEqual(codec("decode_json", [f"{action['method']}\t{request['body'].decode()}"]),
                                 [{"message": meant}])

    def test_every_answer_in_json_is_parsed_by_botocore_to_what_was_meant(self):
        parser = botocore.parsers.create_parser("json")
        for name, action, operation in self.rpc_actions():
            theirs, ours = {}, {}
            if operation.output_shape is not None:
                theirs, ours = Sample().message(action["response"], operation.output_shape)
            answer = codec("encode_json", [f"{action['method']}\t{json.dumps(ours)}"])[0]
            parsed = parser.parse({"status_code": 200, "headers": {}, "body": answer.encode()}, operation.output_shape)
            del parsed["ResponseMetadata"]
            with self.subTest(name):
                self.assertEqual(parsed, theirs)

    def test_an_error_has_its_shapes_name_in_json_and_cbor(self):
        for family, rows in codec("codes")[0].items():
            if not schema()["families"][family]["rpc_service"]:
                continue
            shapes = {}
            for shape in model_of(family).error_shapes:
                shapes.setdefault(shape.metadata["error"].get("code", shape.name), set()).add(shape.name)
            compared = {code: row["shape"] for code, row in rows.items() if code in shapes}
            self.assertGreater(len(compared), 5)
            for code, shape in compared.items():
                with self.subTest(f"{family}: {code}"):
                    self.assertIn(shape, shapes[code])

    def test_botocore_finds_code_and_words_of_an_error(self):
        for family, served in schema()["families"].items():
            if served["rest"]:
                continue
            answer = codec("error", [f"{family}\tInvalidParameterValue\tnot <this> & \"that\""])[0]
            operation = next(operation for name, _, _, operation in actions() if name == family)
            with self.subTest(family):
                parsed = parse(operation, answer["xml"], answer["status"])
                self.assertEqual(parsed["Error"]["Code"], "InvalidParameterValue")
                self.assertEqual(parsed["Error"]["Message"], "not <this> & \"that\"")
                self.assertEqual(parsed["ResponseMetadata"], {
                    "RequestId": "request-1", "HTTPStatusCode": 400, "HTTPHeaders": {}})

    def test_an_error_that_an_action_can_give_has_the_http_status_of_its_model(self):
        compared = set()
        for family, name, _, operation in actions():
            for shape in operation.error_shapes:
                error = shape.metadata["error"]
                if "httpStatusCode" not in error or (family, error["code"]) in compared:
                    continue
                compared.add((family, error["code"]))
                answer = codec("error", [f"{family}\t{error['code']}\tx"])[0]
                with self.subTest(f"{family}:{name} {error['code']}"):
                    self.assertEqual(answer["status"], error["httpStatusCode"])
                    self.assertEqual(parse(operation, answer["xml"], answer["status"])["Error"]["Type"],
                                     "Sender" if error["httpStatusCode"] < 500 else "Receiver")
        print(f"compared the status of {len(compared)} errors")

    def test_a_code_of_the_table_has_the_http_status_of_each_model_that_declares_it(self):
        for family, rows in codec("codes")[0].items():
            codes = {code: row["status"] for code, row in rows.items()}
            declared = {shape.metadata["error"]["code"]: shape.metadata["error"]["httpStatusCode"]
                        for shape in model_of(family).error_shapes if "code" in shape.metadata.get("error", {})}
            with self.subTest(family):
                self.assertEqual({code: status for code, status in codes.items() if code in declared},
                                 {code: status for code, status in declared.items() if code in codes})


def empty_answer(operation):
    """EC2's <return>true</return>, which some of its models mention."""
    mentioned = operation.output_shape is not None and "Return" in operation.output_shape.members
    return {"Return": True} if mentioned else {}


def parse(operation, xml, status=200):
    parser = botocore.parsers.create_parser(operation.metadata["protocol"])
    response = {"status_code": status, "headers": {}, "body": xml.encode()}
    parsed = parser.parse(response, operation.output_shape)
    if status == 200:
        del parsed["ResponseMetadata"]["HTTPStatusCode"], parsed["ResponseMetadata"]["HTTPHeaders"]
    return parsed


if __name__ == "__main__":
    unittest.main()
