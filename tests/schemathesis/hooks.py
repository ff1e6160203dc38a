"""What Schemathesis makes up, bent so that it meets something that is there and touches nothing else.

Paths become paths in the test's own folder, and programs become `cat`.
"""

import json
import os
import zlib

import schemathesis

FOLDER = os.environ["ICPY_TEST_FOLDER"]
IDS = json.loads(os.environ["ICPY_TEST_IDS"])
FOUND = ["", "/a.txt", "/sub", "/sub/b.txt", "/missing.txt", "/link"]
PATHS = {"path", "root", "from", "to", "cwd", "target", "with", "program"}
LISTS = {"paths", "trashIds"}


def bent(text):
    """A path in the folder for any text: the same for the same."""
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    known = number % (len(FOUND) + 2)
    return FOLDER + (FOUND[known] if known < len(FOUND) else f"/new-{number % 50}")


def bend(value):
    """The same value with its paths in the folder."""
    if isinstance(value, list):
        return [bend(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, item in value.items():
        if name in PATHS and isinstance(item, (str, dict)):
            made[name] = bent(json.dumps(item) if isinstance(item, dict) else item)
        elif name in LISTS and isinstance(item, list):
            made[name] = [bent(it) if isinstance(it, str) else it for it in item]
        else:
            made[name] = bend(item)
    return made


def bound(members):
    """No request waits long."""
    for name in ("waitMs", "timeoutMs"):
        if name in members and (members[name] is None or type(members[name]) is int):
            members[name] = min(members[name] or 20, 20)
    return members


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.query, dict):
        case.query = bound(bend(case.query))
    if case.operation.path.endswith("/exit"):
        case.query = {"timeoutMs": 20, **(case.query or {})}
    if isinstance(case.body, dict):
        case.body = bound(bend(case.body))
        if case.operation.path.endswith("/run"):
            case.body.setdefault("timeoutMs", 20)
        if case.operation.path == "/terminals":
            # No shell that something made up could be typed into.
            case.body.pop("shell", None)
            case.body["command"] = ["cat"]
    for name, value in (case.path_parameters or {}).items():
        # Half of the ids are those of something.
        known = IDS.get(name)
        if known and isinstance(value, str) and zlib.crc32(value.encode("utf-8", "surrogatepass")) % 2:
            case.path_parameters[name] = known
