"""What Schemathesis must know of Crema beyond openapi.yaml: run.ts puts it into a file, whose path is in FUZZ_WORLD."""

import json
import os
import re

import schemathesis
from hypothesis import strategies as st

with open(os.environ["FUZZ_WORLD"], encoding="utf-8") as file:
    world = json.load(file)

answers = open(os.environ["FUZZ_ANSWERS"], "a", buffering=1, encoding="utf-8")

# Ids of what the requests that succeed need. Schemathesis also finds them in lists, and would cancel or delete them first.
kept = {id for request in world["good"].values() for id in request.get("path_parameters", {}).values()}

# Ids of what was deleted and then put back on the menu.
restored = set()

# No schema can say what a good password is, which links were mailed, or where a page of a list ended.
for name, values in world["formats"].items():
    schemathesis.openapi.format(name, st.sampled_from(values))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    schemas = raw_schema["components"]["schemas"]
    for name in ("Verification", "PasswordReset"):
        schemas[name]["properties"]["token"] = {"type": "string", "format": f"link-of-{name}"}
    # Nobody sends their id and secret in a header here, so the form must say who asks.
    for path in ("/oauth/token", "/oauth/revoke"):
        body = raw_schema["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
        form = schemas.get(body["schema"].get("$ref", "").split("/")[-1], body["schema"])
        form["required"] = sorted({*form.get("required", []), "client_id"})
    # What is sent to webhooks goes nowhere but to this machine.
    for name in ("WebhookRequest", "WebhookChange"):
        schemas[name]["properties"]["url"] = {"type": "string", "format": "url-of-webhook"}
        # The document leaves it out for generators.
        schemas[name]["properties"]["events"]["uniqueItems"] = True
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "cursor":
                    parameter["schema"] = {"type": "string", "format": f"cursor-of-{operation['operationId']}"}


@schemathesis.hook
def before_add_examples(context, examples):
    # A request that can only succeed, so that no run depends on luck for that.
    good = world["good"].get(context.operation.definition.raw["operationId"])
    if good is not None:
        examples.append(context.operation.Case(**good))


@schemathesis.hook
def before_call(context, case, kwargs):
    # Who demotes themselves ends the run as a manager.
    parameters = case.path_parameters
    if case.operation.path.endswith("/demote") and parameters.get("id") == world["self"]:
        parameters["id"] = world["other"]
    good = world["good"].get(case.operation.definition.raw["operationId"], {}).get("path_parameters")
    if case.method != "GET" and parameters and parameters != good and not kept.isdisjoint(parameters.values()):
        parameters["id"] = world["other"]


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation
    if case.method != operation.method.upper():
        return
    answers.write(f"{operation.definition.raw['operationId']} {response.status_code}\n")
    if response.status_code < 300 and case.path_parameters:
        ids = set(case.path_parameters.values())
        if operation.path.endswith("/restore"):
            restored.update(ids)
        elif case.method == "DELETE":
            restored.difference_update(ids)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    # It remembers what was deleted, and not what was restored.
    if kind == "UseAfterFree":
        return restored.isdisjoint((case.path_parameters or {}).values())
    # It sends headers that their pattern forbids with what it takes for good requests.
    if kind == "RejectedPositiveData":
        return all(map(is_allowed, declared_headers(case))) and not is_unsayable(response)
    # Without a body, some generated clients send null. The document does not say so: generators read such unions badly.
    if kind == "AcceptedNegativeData":
        body = case.operation.definition.raw.get("requestBody", {"required": True})
        return body["required"] or case.body is not None
    return True


# No schema can say which lines an order has, that one moment comes before another, what a link was mailed for, which characters
# are visible, nor how long a name is in NFC.
UNSAYABLE = (
    "is not a line of this order",
    "must be after from",
    "is required to open an account",
    "must have at least one visible character",
    "must have at most 100 characters in NFC",
)


def is_unsayable(response):
    errors = response.json().get("errors", [])
    return errors != [] and all(error["detail"].startswith(UNSAYABLE) for error in errors)


def declared_headers(case):
    for parameter in case.operation.definition.raw.get("parameters", []):
        if parameter["in"] == "header":
            yield parameter["schema"], (case.headers or {}).get(parameter["name"])


def is_allowed(header):
    schema, value = header
    return value is None or re.search(schema.get("pattern", ""), value) is not None
