"""Figures of the daemon at rest, against the emulator: no test, since they are this machine's.

    DRD_BIN=target/release/drd python tests/deploy/measure.py [SECONDS]

The timers are the production ones (`[policy]` and `[observe]` are left out). Deliberately absent: load.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "wire"))

from daemon import Daemon, binary  # noqa: E402
from estate import Estate  # noqa: E402
from hosts import Manager, watched  # noqa: E402
from world import World, eventually  # noqa: E402

STARTS = 10


def memory(pid: int) -> dict[str, int]:
    """KiB: what the process owns (anonymous), and its share of the files that it maps, mostly the binary."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {key: found[key] for key in ("Pss", "Pss_Anon", "Pss_File")}


def cpu_milliseconds(pid: int) -> float:
    """From the scheduler, which counts nanoseconds; the ticks of /proc/PID/stat are 10 ms."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


def start_up(daemon: Daemon, manager: Manager) -> list[float]:
    """Milliseconds from fork to READY=1, each on the ledger that the last one left."""
    daemon.env |= watched(manager)
    took = []
    for count in range(1, STARTS + 1):
        began = time.monotonic()
        daemon.start(until_armed=False)
        ready = eventually("it is ready", lambda count=count: manager.times("READY")[count - 1:], 30, every=0.005)
        took.append((ready[0] - began) * 1000)
        daemon.terminate()
    return took


def main(seconds: float) -> None:
    scratch = Path(tempfile.mkdtemp())
    world = World(scratch)
    estate = Estate(world, scratch)
    daemon, manager = Daemon(estate), Manager(f"@{scratch.name}")
    text = daemon.config.read_text()
    daemon.config.write_text(text[:text.index("[policy]")])
    try:
        took = start_up(daemon, manager)
        daemon.start()
        pid = daemon.process.child.pid
        before, began = cpu_milliseconds(pid), time.monotonic()
        time.sleep(seconds)
        used = (cpu_milliseconds(pid) - before) / (time.monotonic() - began) * 60
        print(f"binary {binary().stat().st_size / 1e6:.1f} MB")
        print(f"start-up, {STARTS} times: min {min(took):.0f} ms, median {statistics.median(took):.0f} ms")
        print("memory, KiB:", memory(pid))
        print(f"CPU at rest: {used:.0f} ms a minute, over {seconds:.0f} s; load {os.getloadavg()[0]:.1f}")
    finally:
        for thing in (daemon, manager, estate):
            thing.close()
        world.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
