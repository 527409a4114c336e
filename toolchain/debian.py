"""Source packages of Debian, downloaded by an apt configuration beside the system's."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain import ToolchainError
from toolchain.log import run
from toolchain.packages import need

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack(name: str, package: Mapping[str, str], top: Path, log: Path, *wanted: str) -> None:
    """Upstream's source of `package`, an entry of versions.toml, as `top`: the `wanted` folders
    of it, or all. Without a version it is the newest of its suite; the hash pins the source.
    """
    need("xz")
    apt = top.parent / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    (apt / "sources.list").write_text(f"deb-src {signed}{_mirror()} {package['suite']} main\n")
    options = [
        *("-o", f"Dir::Etc::sourcelist={apt / 'sources.list'}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={apt / 'lists'}", "-o", f"Dir::Cache={apt / 'cache'}"),
        *("-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root"),
    ]
    run(["apt-get", "-q", *options, "update"], log)
    version = package.get("version")
    asked = f"{name}={version}" if version else name
    run(["apt-get", "-q", *options, "source", "--download-only", asked], log, cwd=apt)
    upstream = version.rpartition("-")[0] if version else package["upstream"]
    archive = apt / f"{name}_{upstream}.orig.tar.xz"
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package["sha256"]:
        raise ToolchainError(f"{archive.name} is not the file that versions.toml pins")
    top.mkdir()
    members = [option for path in wanted for option in ("--wildcards", f"*/{path}")]
    run(["tar", "-xf", archive, "-C", top, "--strip-components=1", *members], log)
    shutil.rmtree(apt)


def _mirror() -> str:
    """The Debian mirror this machine is configured for."""
    if not shutil.which("apt-get"):
        raise ToolchainError("this machine has no apt-get")
    columns = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", columns, "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        origin, label, address = line.split("|", 2)
        # Before the first `apt-get update` the names are unknown and come back as they went.
        unknown = origin.startswith("$") and address.rstrip("/").endswith("/debian")
        if origin == label == "Debian" or unknown:
            return address
    raise ToolchainError("apt-get knows no Debian mirror")
