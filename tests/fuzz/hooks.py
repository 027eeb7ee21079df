"""Adds rules to Schemathesis that openapi.yaml cannot describe. FUZZ_DATA is the path of the test data that run.ts writes."""

import json
import os
import re

import schemathesis
from hypothesis import strategies as st

with open(os.environ["FUZZ_DATA"], encoding="utf-8") as file:
    data = json.load(file)

answers = open(os.environ["FUZZ_ANSWERS"], "a", buffering=1, encoding="utf-8")

# Ids in the successful requests. Schemathesis also finds them in lists, and would cancel or delete these rows first.
kept = {id for request in data["successfulRequests"].values() for id in request.get("path_parameters", {}).values()}

# Ids of deleted products and variations that were restored.
restored = set()

# No schema can describe a strong password, a mailed link, or the cursor of a page.
for name, values in data["formats"].items():
    schemathesis.openapi.format(name, st.sampled_from(values))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    schemas = raw_schema["components"]["schemas"]
    for name in ("Verification", "PasswordReset"):
        schemas[name]["properties"]["token"] = {"type": "string", "format": f"link-of-{name}"}
    # Requests of the fuzzer have no header that identifies the client, so the form must identify it.
    for path in ("/oauth/token", "/oauth/revoke"):
        body = raw_schema["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
        form = schemas.get(body["schema"].get("$ref", "").split("/")[-1], body["schema"])
        form["required"] = sorted({*form.get("required", []), "client_id"})
    # Webhooks must not send requests to other machines.
    for name in ("WebhookRequest", "WebhookChange"):
        schemas[name]["properties"]["url"] = {"type": "string", "format": "url-of-webhook"}
        # openapi.yaml omits `uniqueItems`, because some client generators turn such lists into sets.
        schemas[name]["properties"]["events"]["uniqueItems"] = True
    for name in ("ProductRequest", "ProductChange"):
        schemas[name]["properties"]["allergens"]["uniqueItems"] = True
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "cursor":
                    parameter["schema"] = {"type": "string", "format": f"cursor-of-{operation['operationId']}"}


@schemathesis.hook
def before_add_examples(context, examples):
    # At least one request to each operation must succeed in every run.
    successful = data["successfulRequests"].get(context.operation.definition.raw["operationId"])
    if successful is not None:
        examples.append(context.operation.Case(**successful))


@schemathesis.hook
def before_call(context, case, kwargs):
    # A manager must not demote itself during the run.
    parameters = case.path_parameters
    changes_role = case.operation.definition.raw["operationId"] in ("demoteUser", "changeUser")
    if changes_role and parameters.get("id") == data["self"]:
        parameters["id"] = data["other"]
    successful = data["successfulRequests"].get(case.operation.definition.raw["operationId"], {}).get("path_parameters")
    if case.method != "GET" and parameters and parameters != successful and not kept.isdisjoint(parameters.values()):
        parameters["id"] = data["other"]


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
    # Schemathesis records that a row is deleted, but not that it is restored.
    if kind == "UseAfterFree":
        return restored.isdisjoint((case.path_parameters or {}).values())
    # Schemathesis considers two kinds of invalid requests valid: with headers that violate their pattern, and with a path that
    # contains None, from a null in an earlier response (a line of a product without variations has no variationId).
    if kind == "RejectedPositiveData":
        is_valid = all(map(is_allowed, declared_headers(case))) and not has_none(case.path_parameters or {})
        return is_valid and not is_beyond_schema(response)
    # Some generated clients send null in place of an empty body. openapi.yaml does not say so, because generators handle such
    # unions badly.
    if kind == "AcceptedNegativeData":
        body = case.operation.definition.raw.get("requestBody", {"required": True})
        return body["required"] or case.body is not None
    return True


# Rules that no schema can describe: the lines of an order, the order of two times, the purpose of a link, visible characters,
# the length of a name in NFC, and the option groups of a product.
BEYOND_SCHEMA = (
    "is not a line of this order",
    "must be after from",
    "is required to open an account",
    "is required with followToken",
    "must have at least one visible character",
    "must have at most 100 characters in NFC",
    "must have at most 50 characters in NFC",
    "the value of max",
    "the value of min",
    "has this max",
    "has this min",
    "is not an option group",
    "occurs twice",
)


def is_beyond_schema(response):
    errors = response.json().get("errors", [])
    return errors != [] and all(any(text in error["detail"] for text in BEYOND_SCHEMA) for error in errors)


def has_none(parameters):
    return any(str(value) == "None" for value in parameters.values())


def declared_headers(case):
    for parameter in case.operation.definition.raw.get("parameters", []):
        if parameter["in"] == "header":
            yield parameter["schema"], (case.headers or {}).get(parameter["name"])


def is_allowed(header):
    schema, value = header
    return value is None or re.search(schema.get("pattern", ""), value) is not None
