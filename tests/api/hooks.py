"""Who schemathesis is in the scratch office, and what it may not do there."""

import itertools
import json
import os
import re
import urllib.request
import uuid

import schemathesis

ACCOUNT = "all"
URL = os.environ["OFFICE_URL"]
# By account.
TOKENS = json.loads(os.environ["OFFICE_TOKENS"])


class Tokens:
    """The API token of the account with all roles, and by turns with it the one of an account with a single role."""

    def __init__(self):
        single = itertools.cycle(token for name, token in TOKENS.items() if name != ACCOUNT)
        self.turns = itertools.chain.from_iterable((TOKENS[ACCOUNT], token) for token in single)

    def get(self, case, context):
        return self.turns

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {next(data)}"


class Session:
    """A session; another one where it was ended."""

    def get(self, case, context):
        body = json.dumps({"name": ACCOUNT, "password": os.environ["OFFICE_PASSWORD"]}).encode()
        headers = {"Content-Type": "application/json", "Origin": URL}
        with urllib.request.urlopen(urllib.request.Request(f"{URL}/api/v1/session", body, headers)) as reply:
            cookie = reply.headers["Set-Cookie"].split(";")[0].partition("=")
            return cookie[0], cookie[2], json.load(reply)["csrf"]

    def set(self, case, data, context):
        name, value, csrf = data
        case.cookies[name] = value
        case.headers["X-CSRF-Token"] = csrf
        case.headers["Origin"] = URL


# These prove an account with the request itself.
OPEN = ["signIn", "choosePassword", "makeFirstAccount"]
means = {"tokens": Tokens, "session": Session}[os.environ["OFFICE_MEANS"]]
schemathesis.auth(retry_on=[401]).skip_for(operation_id=OPEN)(means)


@schemathesis.hook
def before_call(context, case, kwargs):
    """An address of a printer is on this machine, at a port on which nothing listens. A key that can be read is a new one. An empty
    `If-Match`, which schemathesis takes for one that is left out, is left out."""
    on_this_machine(case.body)
    if case.headers and case.headers.get("If-Match") == "":
        del case.headers["If-Match"]
    key = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


def on_this_machine(value):
    if isinstance(value, dict):
        for name, below in value.items():
            if name == "uri" and isinstance(below, str) and "://" in below:
                value[name] = below.split("://", 1)[0] + "://127.0.0.1:9/ipp/print"
            on_this_machine(below)
    elif isinstance(value, list):
        for below in value:
            on_this_machine(below)


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """The accounts that act keep their roles and their tokens, which are the first."""
    parameters = path_parameters or {}
    return parameters.get("account") not in TOKENS and parameters.get("token") not in range(1, len(TOKENS) + 1)
