"""Import the sample server into a throw-away data directory and ask it three questions.

Run it as ``.venv/bin/python examples/demo.py``: answers are quoted from the messages, no model is
needed. With ``--llm`` the model that is set up here writes them, if there is one.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
# What a program needs of its surroundings; no setting of yours has a say in the demo.
KEPT = {"PATH", "HOME", "LANG", "TERM", "COLUMNS", "NO_COLOR", "TMPDIR", "TEMP", "SYSTEMROOT"}
KEPT_PREFIXES = ("LC_", "PYTHON", "COVERAGE_")
MODEL_PREFIXES = ("LLM_", "OLLAMA_")


def environment(*, with_model: bool) -> dict[str, str]:
    """Return the environment for the program, without any setting but the model's if wanted."""
    prefixes = KEPT_PREFIXES + (MODEL_PREFIXES if with_model else ())
    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith(prefixes)}
    return kept if with_model else kept | {"LLM_BACKEND": "extractive"}


def run(arguments: list[str], shown: list[str], folder: str, environ: dict[str, str]) -> None:
    """Show a command as one would type it, then run it where no ``.env`` lies about."""
    print(f"\n$ {shlex.join(['discord-indexer', '--data-dir', folder, *shown])}", flush=True)
    command = [sys.executable, "-m", "app", "--data-dir", folder, *arguments]
    subprocess.run(command, cwd=folder, env=environ, check=True)


def main() -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(description="Import the sample server and ask about it.")
    parser.add_argument("--llm", action="store_true", help="let the model set up here answer")
    environ = environment(with_model=parser.parse_args().llm)
    questions = json.loads((EXAMPLES / "demo_questions.json").read_text(encoding="utf-8"))
    server = EXAMPLES / "server"
    with tempfile.TemporaryDirectory(prefix="discord-indexer-demo-") as folder:
        try:
            run(["import", str(server)], ["import", os.path.relpath(server)], folder, environ)
            for entry in questions:
                ask = ["ask", entry["question"]]
                for name, value in entry.get("filters", {}).items():
                    ask += [f"--{name}", value]
                run(ask, ask, folder, environ)
        except subprocess.CalledProcessError as error:
            print(f"This step failed with exit status {error.returncode}.", file=sys.stderr)
            return error.returncode if error.returncode > 0 else 1
        except KeyboardInterrupt:
            return 130
    program = os.path.relpath(Path(sys.executable).with_name("discord-indexer"))
    print("\nThe demo's data is gone. Next, your own server, from its exported JSON files:")
    print(f"  {program} import FOLDER\n  {program} ask 'How did we fix the build?'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
