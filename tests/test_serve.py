"""What a process of a role does before anything else."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

FEW, MORE = 100, 300
# Without a database it ends as soon as it has begun.
BEGIN = """
import resource, sys
from pathlib import Path
from uzel.kit.settings import Settings
from uzel.serve import run_role
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[3]), int(sys.argv[4])))
assert run_role(sys.argv[1], Settings(Path(sys.argv[2]))) == 2
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize("role", ["web", "worker"])
def test_it_may_open_as_many_files_as_the_machine_lets_it(role: str, tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= MORE
    command = [sys.executable, "-c", BEGIN, role, str(tmp_path), str(FEW), str(MORE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == [str(MORE), str(MORE)], done.stderr
