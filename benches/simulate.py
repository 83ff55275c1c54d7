#!/usr/bin/env python3
"""How fast `simulate` writes, and in how much memory: one core, files on disk, warm binary.

Beside each run stands a copy of the same bytes in the same minute (what the disk alone costs) as a ratio.
usage: benches/simulate.py [--long]; BACKSTORY names the binary, HOURS the simulated hours (200).
--long adds a fleet of more than ten million log rows.
"""
import json, os, platform, shutil, subprocess, sys, tempfile, time
from pathlib import Path

target = os.environ.get("CARGO_TARGET_DIR", os.path.expanduser("~/.cache/backstory-target"))
BINARY = os.environ.get("BACKSTORY", f"{target}/release/backstory")
HEAD = ("era", "hours", "log rows", "MiB", "distinct", "rows/cpu-s", "rows/s", "RSS MiB", "x copying")
WIDTHS = (4, 6, 10, 6, 9, 10, 9, 8, 10)


def measured(args):
    """CPU seconds, wall seconds and peak memory in MiB of a command on one core."""
    began = time.monotonic()
    child = subprocess.Popen(
        args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    )
    peak, pid = 0.0, 0
    while pid == 0:
        # the kernel's own ru_maxrss counts this script's memory too, from before the exec
        try:
            status_text = Path(f"/proc/{child.pid}/status").read_text()
            peak = max([peak] + [int(row.split()[1]) / 1024 for row in status_text.splitlines()
                                 if row.startswith("VmHWM") and "Name:\tpython" not in status_text])
        except OSError:
            pass
        time.sleep(0.02)
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
    if status != 0:
        sys.exit(f"{' '.join(map(str, args))}: failed")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, peak


def line(cells):
    print("  ".join(str(cell).rjust(width) for cell, width in zip(cells, WIDTHS)), flush=True)


def one(era, hours):
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "fleet"
        cpu, wall, rss = measured(
            [BINARY, "simulate", "--out", out, "--era", era, "--hours", str(hours), "--seed", "1"])
        log = out / "system_logs.csv"
        rows = json.loads((out / "truth.json").read_text())["summary"]["rows"]["system_logs"]
        messages = set()
        with open(log, encoding="utf-8") as lines:
            for n, text in zip(range(1_000_000), lines):
                messages.add(hash(text.split(",", 5)[-1].rsplit(',"{', 1)[0]))
        _, copying, _ = measured(["cp", log, Path(work) / "copy"])
        line((era, hours, rows, log.stat().st_size >> 20, len(messages), f"{rows / cpu:.0f}",
              f"{rows / wall:.0f}", f"{rss:.1f}", f"{wall / copying:.1f}"))


def main():
    print(subprocess.run([BINARY, "--version"], capture_output=True, text=True).stdout.strip(),
          platform.machine(), f"load {os.getloadavg()[0]:.1f}; distinct: of the first million rows")
    line(HEAD)
    for era in ("E4", "E6", "E12"):
        one(era, int(os.environ.get("HOURS", "200")))
    if "--long" in sys.argv:
        one("E6", 1500)


if __name__ == "__main__":
    main()
