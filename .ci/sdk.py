"""The flows of examples/sdk beside a server, and what they print compared with what the guide promises.

    sdk.py run WORK LANGUAGE...      beside a server: the flows, and the snippets of the guide's page, if it is WORK/page.txt
    sdk.py compare WORK LANGUAGE...  the outputs with WORK/expected, WORK/guide and WORK/differences.toml

A flow prints lines of the form `step: value`, and so does each snippet, whose step is `snippet 1` and so on.
"""

import difflib
import html
import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

# However slow the machine: alone, no flow takes longer than ten seconds.
PATIENCE = 180

FLOWS = {
    "python": ["env/bin/python", "python/load_release.py"],
    "node": ["node", "node/load_release.mjs"],
    "java": ["java", "-cp", "java/classes:java/lib/*", "LoadRelease"],
    "go": ["go/flow"],
}


def run(work, languages):
    os.chdir(work)
    page = Path("page.txt")
    if page.exists():
        make_collections()
    for language in languages:
        os.environ["COLLECTION"] = f"sdk_{language}"
        code, printed, errors = execute(FLOWS[language])
        if code != 0:
            sys.exit(f"{language}: the flow ended with {code}\n{printed}{errors}")
        promised = ""
        if page.exists():
            for number, snippet in enumerate(snippets(page.read_text(), language), 1):
                ran, came = SNIPPETS[language](snippet, number)
                # Where the page shows no output, any will do.
                promised += f"snippet {number}: {outputs(snippet) or (came if ran else 'runs')}\n"
                printed += f"snippet {number}: {came}\n"
        Path(f"{language}.promised").write_text(promised)
        Path(f"{language}.out").write_text(printed)


def execute(command, **options):
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE, **options)
    except subprocess.TimeoutExpired:
        return "no end in time", "", ""
    return done.returncode, done.stdout, done.stderr


def make_collections():
    """The collections that the page's snippets speak of; nothing on the page makes them."""
    for name in ("customized_setup_1", "custom_quick_setup"):
        fields = {"dimension": 5, "metricType": "L2", "primaryField": "my_id", "vectorField": "my_vector"}
        request = urllib.request.Request(
            os.environ["MILVUS_URI"] + "/v1/vector/collections/create",
            json.dumps({"collectionName": name, **fields}).encode(),
            {"Authorization": f"Bearer {os.environ['MILVUS_TOKEN']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            body = json.load(answer)
        if body["code"] != 200:
            sys.exit(f"{name} cannot be made: {body}")


def snippets(page, language):
    """The snippets of a language in the page's order, each for the server at hand."""
    name = {"node": "javascript"}.get(language, language)
    found = re.findall(rf'class="language-{name}">(.*?)</code>', page, re.DOTALL)
    plain = (html.unescape(re.sub(r"<[^>]+>", "", each)) for each in found)
    return [each.replace("http://localhost:19530", os.environ["MILVUS_URI"]) for each in plain]


def outputs(snippet):
    """What the comments under `Output` show."""
    shown = []
    for block in re.findall(r"^(?:#|//) Output:?\n((?:(?:#|//).*\n)+)", snippet, re.MULTILINE):
        words = (line.lstrip("#/ ").strip() for line in block.splitlines())
        shown.append(re.sub(r"(?<=\{) | (?=\})", "", " ".join(word for word in words if word)))
    return ", ".join(shown)


def outcome(command, error, **options):
    """Whether a program ran, and what it printed or how it failed: the words that the groups of `error` find first."""
    code, printed, errors = execute(command, **options)
    if code == 0:
        return True, ", ".join(printed.splitlines()) or "runs"
    found = re.search(error, errors, re.MULTILINE)
    return False, ", ".join(filter(None, found.groups())) if found else f"ended with {code}: {' '.join(errors.split())}"


# The second and the third snippet go on with what the first one imports and connects.


def python_snippet(snippet, number):
    client = "from os import environ\nfrom pymilvus import MilvusClient\n"
    client += 'client = MilvusClient(uri=environ["MILVUS_URI"], token=environ["MILVUS_TOKEN"])\n'
    program = snippet if number == 1 else client + snippet
    return outcome(["env/bin/python", "-c", program], r"^(\w+(?:Error|Exception): .*)")


def node_snippet(snippet, number):
    client = 'import { MilvusClient } from "@zilliz/milvus2-sdk-node";\n'
    client += "const client = new MilvusClient({ address: process.env.MILVUS_URI, token: process.env.MILVUS_TOKEN });\n"
    program = snippet if number == 1 else client + snippet
    Path("node/snippet.mjs").write_text(program + "\nprocess.exit();\n")
    return outcome(["node", "node/snippet.mjs"], r"^(\w+Error: .*)")


def java_snippet(snippet, number):
    imports = re.compile(r"^import .*;$", re.MULTILINE)
    first = [] if number == 1 else imports.findall(snippets(Path("page.txt").read_text(), "java")[0])
    client = "MilvusClientV2 client = new MilvusClientV2(ConnectConfig.builder()"
    client += '.uri(System.getenv("MILVUS_URI")).token(System.getenv("MILVUS_TOKEN")).build());'
    body = ("" if number == 1 else client) + imports.sub("", snippet)
    program = "\n".join(first + imports.findall(snippet))
    program += f"\nclass Snippet {{ public static void main(String[] arguments) {{ {body}\nSystem.exit(0); }} }}\n"
    Path("java/Snippet.java").write_text(program)
    error = r"error: (.*)(?:\n.*\n.*\n *symbol: *(.*))?"
    return outcome(["java", "-cp", "java/lib/*", "java/Snippet.java"], error)


def go_snippet(snippet, number):
    imports = re.search(r"^import \(.*?^\)$", snippet, re.DOTALL | re.MULTILINE)[0]
    Path("go/main.go").write_text(f"package main\n{imports}\nfunc main() {{\n{snippet.replace(imports, '')}\n}}\n")
    nowhere = {**os.environ, "GOPROXY": "off"}
    command = [os.environ["GO"], "build", "-mod=readonly", "-o", "snippet", "."]
    return outcome(command, r"main\.go:\S+ (.*?)(?:: import lookup .*)?$", cwd="go", env=nowhere)


SNIPPETS = {"python": python_snippet, "node": node_snippet, "java": java_snippet, "go": go_snippet}


def compare(work, languages):
    work = Path(work)
    listed = tomllib.loads((work / "differences.toml").read_text())["difference"]
    wrong = []
    for language in languages:
        wrong += compare_one(work, language, [each for each in listed if each["language"] == language])
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


def compare_one(work, language, listed):
    """Prints the summary of a language, and gives what is wrong with it."""
    here = (work / "page.txt").exists()
    expected = (work / "expected" / f"{language}.txt").read_text().splitlines()
    expected = [line for line in expected if here or not line.startswith("snippet ")]
    printed = (work / f"{language}.out").read_text().splitlines()
    promised = steps((work / "guide" / f"{language}.txt").read_text() + (work / f"{language}.promised").read_text())
    found = steps("\n".join(printed))
    sdk = found.pop("sdk")
    wrong = []
    if printed != expected:
        wrong += [f"{language}: something else than expected/{language}.txt:"]
        wrong += difflib.unified_diff(expected, printed, "expected", "printed", lineterm="")

    reasons = {step for each in listed if each["sources"] for step in each["steps"]}
    if not here:
        reasons = {step for step in reasons if not step.startswith("snippet ")}
    differ = {step for step in promised if found.get(step) != promised[step]}
    for step in sorted(differ - reasons):
        wrong.append(f"{language}: {step}: not listed: the guide says {promised[step]!r}, and {found.get(step)!r} came")
    for step in sorted(reasons - differ):
        wrong.append(f"{language}: {step}: listed as a difference, which it is not")
    alike, silent = len(promised.keys() - differ), len(found.keys() - promised.keys())
    listing = "listed" if differ <= reasons else "not all listed"
    otherwise = f"{len(differ)} otherwise ({listing})" if differ else "none otherwise"
    print(f"{language}, {sdk}: {len(found)} lines, {alike} as the guide says, {otherwise}, {silent} it does not show")
    return wrong


def steps(text):
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split(": ", 1) for line in lines)


if __name__ == "__main__":
    task, work, *languages = sys.argv[1:]
    sys.exit({"run": run, "compare": compare}[task](work, languages))
