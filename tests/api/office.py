"""A scratch office with `cetak serve`, and what schemathesis needs to know of it.

    office.py FOLDER CETAK COMMAND...

makes the office in FOLDER, starts the server, runs the command with the variables that hooks.py reads, and the server's address for
OFFICE_URL, and stops the server. Ends with the status of the command, or with 1 if the server did not end orderly or its log has a failure.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROLES = ["operator", "stock-keeper", "supervisor", "auditor", "administrator"]
STARTED_WITHIN_S = 60
STOPPED_WITHIN_S = 120


def students(first: int, last: int) -> str:
    """A waiting list of invented students."""
    lines = ["request_id,request_kind,status,requested_at,verified_at,student_number,name,valid_until,faculty,programme,photo"]
    for n in range(first, last):
        lines.append(
            f"r{n:05},new,ENROLLED,2025-12-01T00:00:00Z,2026-01-01T00:{n % 60:02}:00Z,S{n:06},STUDENT NUMBER {n},"
            f"2029-12-31,FACULTY {n % 3},PROGRAMME {n % 2},"
        )
    return "\n".join(lines) + "\n"


class Office:
    def __init__(self, folder: Path, program: str):
        self.folder, self.program = folder, program
        self.server = None
        self.url = None
        self.code = None

    def run(self, *arguments: str) -> str:
        command = [self.program, *arguments, "--data", str(self.folder / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return done.stdout

    def make(self) -> None:
        """Records, blanks, and two printers: one that has printed its batch by the time of the first request, and a slow one."""
        self.run("init")
        (self.folder / "list.csv").write_text(students(0, 100))
        self.run("import", str(self.folder / "list.csv"), "--profile", "student")
        self.run("blangko", "receive", "--type", "student", "--quantity", "5000", "--document", "BAST 1", "--lot", "L1")
        for name, behaviour in [("p1", "card_ms=1000&script=2:spoil,3:forget,5:jam"), ("p2", "card_ms=30000")]:
            uri = f"mock://{name}?dpi=100&truth={self.folder / name}.truth&{behaviour}"
            self.run("printer", "add", name, uri, "--profile", "student")

    def serve(self) -> None:
        """Starts the server, and learns its address and the code for the first account."""
        log = self.folder / "server.log"
        with log.open("w") as errors:
            self.server = subprocess.Popen(
                [self.program, "serve", "--listen", "127.0.0.1:0", "--data", str(self.folder / "data")],
                stderr=errors,
                stdout=subprocess.DEVNULL,
            )
        for _ in range(STARTED_WITHIN_S * 10):
            text = log.read_text()
            listening = re.search(r"^listening on (\S+)", text, re.M)
            if listening:
                code = re.search(r"with the code (\S+)", text)
                self.url, self.code = listening.group(1), code and code.group(1)
                return
            if self.server.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"the server did not start: {log.read_text()}")

    def stop(self) -> bool:
        """Stops the server; whether it ended orderly and wrote of no failure."""
        self.server.send_signal(signal.SIGTERM)
        try:
            status = self.server.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.server.kill()
            status = "no end"
        log = (self.folder / "server.log").read_text()
        faults = [line for line in log.splitlines() if "panicked" in line or " ERROR " in line]
        for line in faults[:20]:
            print(f"server: {line}", file=sys.stderr)
        if status != 0:
            print(f"the server ended with {status}: {log[-2000:]}", file=sys.stderr)
        return status == 0 and not faults

    def ask(self, method: str, path: str, body=None, session=None):
        """Sends a request, which must be done."""
        headers = {"Content-Type": "application/json", "Origin": self.url}
        if session:
            headers |= {"Cookie": session[0], "X-CSRF-Token": session[1]}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                text = reply.read()
                return reply.headers, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error} {error.read().decode()}") from None

    def sign_in(self, name: str):
        """A session: its cookie and its CSRF token."""
        headers, told = self.ask("POST", "/session", {"name": name, "password": password(name)})
        return headers["Set-Cookie"].split(";")[0], told["csrf"]

    def add_account(self, name: str, root) -> None:
        once = self.ask("POST", "/accounts", {"name": name}, root)[1]["one_time"]["password"]
        self.ask("POST", "/session/password", {"name": name, "password": once, "new_password": password(name)})

    def staff(self) -> None:
        """An account for each role, one with all of them, and one without a role."""
        self.ask("POST", "/accounts/first", {"code": self.code, "name": "root", "password": password("root")})
        root = self.sign_in("root")
        self.add_account("sri", root)
        self.run("account", "roles", "sri", "--give", "supervisor", "--reason", "the first")
        sri = self.sign_in("sri")
        roles = {"all": ROLES} | {f"the {role}": [role] for role in ROLES} | {"spare": []}
        for name, held in roles.items():
            self.add_account(name, root)
            for role in held:
                asked = self.ask("POST", f"/accounts/{name.replace(' ', '%20')}/roles/requests", {"role": role, "note": "from May"}, root)
                self.ask("POST", f"/acts/{asked[1]['act']}/confirmation", {"password": password("sri")}, sri)

    def tokens(self) -> dict[str, str]:
        """Tokens with every scope that one may have, of the account with all roles and of those with one."""
        scopes = self.description()["paths"]["/api/v1/tokens"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        scopes = scopes["properties"]["scopes"]["items"]["enum"]
        root = self.sign_in("root")
        made = {}
        for name in ["all", *(f"the {role}" for role in ROLES)]:
            answer = self.ask("POST", "/tokens", {"name": name.replace(" ", "-"), "account": name, "scopes": scopes, "days": 30}, root)
            made[name] = answer[1]["secret"]
        return made

    def description(self):
        return self.ask("GET", "/openapi.json")[1]


def password(name: str) -> str:
    return f"{name} types this"


def main() -> int:
    folder, program, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    for name in [name for name in os.environ if name.startswith("CETAK_")]:
        del os.environ[name]
    office = Office(Path(folder), program)
    office.make()
    office.serve()
    try:
        office.staff()
        os.environ |= {"OFFICE_URL": office.url, "OFFICE_PASSWORD": password("all"), "OFFICE_TOKENS": json.dumps(office.tokens())}
        command = [argument.replace("OFFICE_URL", office.url) for argument in command]
        done = subprocess.run(command, check=False).returncode
    finally:
        is_orderly = office.stop()
    return done if is_orderly else 1


if __name__ == "__main__":
    sys.exit(main())
