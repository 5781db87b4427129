"""Kills sweeps at random moments, fills their disk, and checks that nothing is lost or repeated.

    python -m tests.sweeps.crash --kills 200 --full-disks 20        (about half an hour)

Each round starts or resumes one sweep through the command line and ends it with `kill -9` of the
parent or of a worker at a random moment. When it is complete, its summary must be the bytes of an
undisturbed sweep; between the rounds no finished part may change or vanish. A worker that the
kernel ends for want of memory dies of the same signal. Full disks are small tmpfs mounts where that
is allowed, and a limit on the size of files elsewhere.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

SPEC = """\
name: crash
designs: [air-cooled-chiller-ac, outside-air-evaporative-ac]
sites: [ishikari, inzai]
sampling: {method: sobol, points: POINTS}
vary:
  it.racks.servers.load_frac: {uniform: [0.3, 0.9]}
"""
# From a cold start to the last part takes a few seconds.
LATEST_KILL_S = 8.0


def start(spec: Path, out: Path, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """A sweep by the command line, in its own process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "dctwin.cli", "sweep", spec, "--out", out, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )


def workers_of(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def digests(out: Path) -> dict[str, str]:
    """Digest of every finished part."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((out / "parts").glob("[0-9]*.parquet"))
    }


def kill_once(spec: Path, out: Path, dice: random.Random) -> bool:
    """Run the sweep and kill the parent or a worker after a random time; True when it finished."""
    process = start(spec, out)
    deadline = time.monotonic() + dice.uniform(0.0, LATEST_KILL_S)
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    killed = process.poll() is None
    if killed:
        workers = workers_of(process.pid)
        if workers and dice.random() < 0.5:
            os.kill(dice.choice(workers), signal.SIGKILL)  # it goes on by itself
            killed = False
        else:
            process.kill()
    _, errors = process.communicate(timeout=600)
    if process.returncode != 0 and not killed:
        raise AssertionError(f"exit code {process.returncode}: {errors}")
    return process.returncode == 0


def kill_rounds(home: Path, spec: Path, whole: Path, kills: int, dice: random.Random) -> int:
    """Kill sweeps until `kills` rounds are over; gives how many sweeps came to their end."""
    complete, out = 0, home / "killed"
    for _ in range(kills):
        before = digests(out)
        done = kill_once(spec, out, dice)
        after = digests(out)
        lost = {name for name, digest in before.items() if after.get(name) != digest}
        if lost:
            raise AssertionError(f"finished parts changed or vanished: {sorted(lost)}")
        if done:
            compare(out, whole)
            complete += 1
            shutil.rmtree(out)
    finish(spec, out, "after the kills")
    compare(out, whole)
    shutil.rmtree(out)
    return complete + 1


def finish(spec: Path, out: Path, when: str) -> None:
    """Run the sweep to its end."""
    process = start(spec, out)
    _, errors = process.communicate(timeout=900)
    if process.returncode != 0:
        raise AssertionError(f"the sweep could not be finished {when}: {errors}")


def compare(out: Path, whole: Path) -> None:
    """The summary has the bytes of the undisturbed one."""
    if (out / "summary.parquet").read_bytes() != (whole / "summary.parquet").read_bytes():
        raise AssertionError(f"{out}: not the table of an undisturbed sweep")


def full_disk_round(home: Path, spec: Path, whole: Path, dice: random.Random) -> str:
    """Fill the disk under a sweep, see one clear line, make room, finish; tells how it was done."""
    disk = home / "disk"
    disk.mkdir()
    kilobytes = dice.randint(8, 60)
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk],
            capture_output=True,
        ).returncode
        == 0
    )
    try:
        process = start(spec, disk / "out", None if mounted else _limit(kilobytes))
        _, errors = process.communicate(timeout=900)
        if process.returncode not in (0, 1) or "Traceback" in errors:
            raise AssertionError(f"exit code {process.returncode}: {errors}")
        if process.returncode == 1 and "cannot be written" not in errors:
            raise AssertionError(f"not told of the full disk: {errors}")
        before = digests(disk / "out")
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        finish(spec, disk / "out", "with room again")
        after = digests(disk / "out")
        if any(after.get(name) != digest for name, digest in before.items()):
            raise AssertionError("finished parts changed or vanished")
        compare(disk / "out", whole)
    finally:
        if mounted:
            subprocess.run(["umount", disk], check=True)
        shutil.rmtree(disk)
    return "tmpfs" if mounted else "file size limit"


def _limit(kilobytes: int) -> Callable[[], None]:
    def set_limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 256,) * 2)

    return set_limit


def run(kills: int, full_disks: int, seed: int, points: int) -> None:
    """All rounds; raises AssertionError when something was lost, repeated or changed."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        spec = home / "crash.yaml"
        spec.write_text(SPEC.replace("POINTS", str(points)), encoding="utf-8")
        whole = home / "whole"
        finish(spec, whole, "undisturbed")
        complete = kill_rounds(home, spec, whole, kills, dice)
        print(
            f"{kills} kills: nothing lost or repeated, {complete} sweeps equal to the undisturbed"
        )
        kinds = [full_disk_round(home, spec, whole, dice) for _ in range(full_disks)]
        print(f"{full_disks} full disks ({', '.join(sorted(set(kinds))) or 'none'}): the same")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.crash")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--full-disks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=96, help="samples in each of four worlds")
    chosen = parser.parse_args(argv)
    run(chosen.kills, chosen.full_disks, chosen.seed, chosen.points)


if __name__ == "__main__":
    main()
