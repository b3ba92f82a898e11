"""`serve`, `demo`, `sandbox`, `migrate`, `doctor`, `bench`."""

import argparse
from typing import Any

from uzel.kit.settings import read_settings

ROLES = {"all": ("web", "worker"), "web": ("web",), "worker": ("worker",)}


def register(commands: Any) -> None:
    """Add the commands of this part."""
    serve = commands.add_parser("serve", help="run the web server and the worker")
    serve.add_argument("--role", choices=sorted(ROLES), default="all")
    serve.set_defaults(run=run_serve)

    demo = commands.add_parser(
        "demo", help="everything at once, with a sandbox instead of providers and sample visits"
    )
    demo.add_argument("--json", action="store_true", help="print one JSON line once it is ready")
    demo.set_defaults(run=run_demo)

    sandbox = commands.add_parser("sandbox", help="run the providers in miniature")
    sandbox.add_argument("--port", type=int, default=8100)
    sandbox.set_defaults(run=run_sandbox)

    migrate = commands.add_parser("migrate", help="bring the database schema up to date")
    migrate.set_defaults(run=run_migrate)

    doctor = commands.add_parser("doctor", help="say what is wrong here and what to do about it")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=run_doctor)

    reference = commands.add_parser("reference")
    reference.add_argument("--check", action="store_true")
    reference.set_defaults(run=run_reference)

    role = commands.add_parser("run-role")
    role.add_argument("role", choices=["web", "worker"])
    role.set_defaults(run=run_role)


def run_serve(parsed: argparse.Namespace) -> int:
    """`uzel serve [--role all|web|worker]`."""
    from uzel.kit.logs import set_up_logs
    from uzel.supervisor import supervise

    settings = read_settings()
    set_up_logs(settings.log_format, settings.log_level)
    return supervise(settings, ROLES[parsed.role])


def run_demo(parsed: argparse.Namespace) -> int:
    """`uzel demo [--json]`."""
    from uzel.demo import run

    return run(read_settings(), as_json=parsed.json)


def run_sandbox(parsed: argparse.Namespace) -> int:
    """`uzel sandbox [--port N]`."""
    from uzel.kit.lifeline import end_with_parent
    from uzel.sandbox.server import serve

    end_with_parent()
    serve(parsed.port)
    return 0


def run_migrate(parsed: argparse.Namespace) -> int:
    """`uzel migrate`."""
    from uzel.kit.logs import set_up_logs
    from uzel.setup import migrate_and_set_up

    settings = read_settings()
    set_up_logs(settings.log_format, settings.log_level)
    migrate_and_set_up(settings)
    return 0


def run_role(parsed: argparse.Namespace) -> int:
    """One role in this process; what `uzel serve` starts."""
    from uzel.serve import run_role as run

    return run(parsed.role, read_settings())


def run_doctor(parsed: argparse.Namespace) -> int:
    """`uzel doctor [--json]`."""
    from uzel.doctor.examine import run

    return run(as_json=parsed.json)


def run_reference(parsed: argparse.Namespace) -> int:
    """`uzel reference [--check]`: for who changes the code."""
    from uzel.cli.reference import run

    return run(check=parsed.check)
