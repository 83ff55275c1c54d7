#!/usr/bin/env python3
"""How fast, how small and in how much memory `export` copies a table, beside what else would do it.

All in one run, in turn, warm, over loopback, from a private PostgreSQL: medians of ROUNDS (5) as ratios to
`psql -c "COPY ... (FORMAT binary)" > /dev/null`. Peers come from public package registries by name and are
told of where they cannot be had. Files are zstd, of system_logs alone (backstory's are of all tables).

usage: benches/export.py; ROWS (2000000) log rows, LARGE (10000000, 0 for none) for memory, BACKSTORY names
the binary, PEERS=0 leaves the peers out.
"""
import json, os, platform, pwd, shutil, socket, statistics, subprocess, sys, tempfile, threading, time
from pathlib import Path

target = os.environ.get("CARGO_TARGET_DIR", os.path.expanduser("~/.cache/backstory-target"))
BINARY = os.environ.get("BACKSTORY", f"{target}/release/backstory")
ROWS, LARGE = int(os.environ.get("ROWS", 2_000_000)), int(os.environ.get("LARGE", 10_000_000))
ROUNDS, PEERS = int(os.environ.get("ROUNDS", 5)), os.environ.get("PEERS", "1") != "0"
SMALL = 200_000
# the driver's extension must be of the driver's version
PACKAGES = {
    "duckdb": ["duckdb==1.5.5", "duckdb-extensions", "duckdb-extension-postgres-scanner==1.5.5"],
    "adbc": ["adbc-driver-postgresql", "adbc-driver-manager", "pyarrow"],
    "connectorx": ["connectorx", "pyarrow"],
}
SCRIPTS = {
    "duckdb": """
import duckdb, sys
try:
    import duckdb_extension_postgres_scanner as packed
except ImportError:
    packed = None
con = duckdb.connect(config={"threads": sys.argv[3]})
if packed is not None:
    from duckdb_extensions import import_extension
    import_extension("postgres_scanner", con=con)
con.execute("load postgres_scanner")
con.execute(f"attach '{sys.argv[1]}' as pg (type postgres, read_only)")
con.execute(f"copy pg.public.{sys.argv[4]} to '{sys.argv[2]}' (format parquet, compression zstd)")
""",
    "adbc": """
import adbc_driver_postgresql.dbapi as dbapi, pyarrow.parquet as pq, sys
with dbapi.connect(sys.argv[1]) as con, con.cursor() as cur:
    cur.execute(f"select * from public.{sys.argv[4]}")
    reader = cur.fetch_record_batch()
    with pq.ParquetWriter(sys.argv[2], reader.schema, compression="zstd") as out:
        for batch in reader:
            out.write_batch(batch)
""",
    "connectorx": """
import connectorx, pyarrow.parquet as pq, sys
table = connectorx.read_sql(sys.argv[1], f"select * from public.{sys.argv[4]}", return_type="arrow")
pq.write_table(table, sys.argv[2], compression="zstd")
""",
}


class Server:
    """A PostgreSQL of its own, with the settings it comes with; it refuses to run as root."""

    def __init__(self, work):
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        root = os.geteuid() == 0
        self.who = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
        self.data = work / "pg"
        self.data.mkdir()
        if root:
            owner = pwd.getpwnam("postgres")
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        os.chmod(work, 0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-D", self.data)
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o",
                 f"-p {self.port} -k {self.data} -c fsync=off -c max_wal_size=8GB", "start")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, name, *args):
        subprocess.run([self.bin / name, *map(str, args)], check=True, stdout=subprocess.DEVNULL,
                       cwd=self.data, **self.who)

    def sql(self, text):
        told = subprocess.run([self.bin / "psql", self.url, "-XAtqc", text], check=True, capture_output=True)
        return told.stdout.decode().strip()

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")


def grown(server, table, rows):
    """A copy of the log with so many rows, real in all but their ids."""
    server.sql(f"drop table if exists {table}; create table {table} (like system_logs including all)")
    have = int(server.sql("select count(*) from system_logs"))
    done = 0
    while done < rows:
        columns = server.sql("select string_agg(case column_name when 'id' then 'gen_random_uuid()' else"
                             " quote_ident(column_name) end, ',' order by ordinal_position)"
                             " from information_schema.columns where table_name='system_logs'")
        take = min(have, rows - done)
        server.sql(f"insert into {table} select {columns} from (select * from system_logs limit {take}) t")
        done += take
    server.sql(f"vacuum (freeze, analyze) {table}")


def measured(args, cwd=None):
    """Wall seconds, seconds of all cores, and the peak memory of one process in MiB."""
    began = time.monotonic()
    child = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd)
    said = []
    reader = threading.Thread(target=lambda: said.append(child.stderr.read()))
    reader.start()
    peak, pid = 0.0, 0
    while pid == 0:
        try:
            rows = Path(f"/proc/{child.pid}/status").read_text().splitlines()
            peak = max([peak] + [int(row.split()[1]) / 1024 for row in rows if row.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.01)
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
    wall = time.monotonic() - began
    reader.join()
    if status != 0:
        raise RuntimeError((b"".join(said)).decode(errors="replace").strip().splitlines()[-1:])
    return wall, used.ru_utime + used.ru_stime, peak


def size(path):
    path = Path(path)
    return sum(f.stat().st_size for f in ([path] if path.is_file() else path.rglob("system_logs/*.parquet")))


def peers(work):
    """Interpreters with one peer each, by name; what cannot be had is told."""
    found = {}
    for name, packages in PACKAGES.items():
        home = work / f"venv-{name}"
        try:
            subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
            subprocess.run([home / "bin/pip", "install", "-q", *packages], check=True, capture_output=True)
            found[name] = home / "bin/python"
        except subprocess.CalledProcessError as err:
            print(f"{name}: cannot be installed here: {err.stderr.decode().strip().splitlines()[-1:]}")
    home = Path(os.environ.get("PG2PARQUET_HOME", work / "pg2parquet"))
    if not (home / "bin/pg2parquet").exists():
        made = subprocess.run(["cargo", "install", "-q", "pg2parquet", "--root", home], capture_output=True,
                              env={**os.environ, "CARGO_TARGET_DIR": str(work / "pg2parquet-target")})
        if made.returncode != 0:
            print(f"pg2parquet: cannot be installed here: {made.stderr.decode().strip().splitlines()[-1:]}")
            return found
    return {**found, "pg2parquet": home / "bin/pg2parquet"}


def contestants(server, work, tools):
    """A command for each, that writes into `out`."""
    key = ["--redact-key-file", str(work / "key")]
    ours = [BINARY, "export", "--db", server.url, *key]
    url, psql = server.url, str(server.bin / "psql")
    dsn = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres"
    every = {
        "psql COPY binary > /dev/null": lambda out: [
            psql, url, "-Xqc", "copy system_logs to stdout (format binary)"],
        "backstory": lambda out: [*ours, "--snapshot", out],
        "backstory, nothing redacted": lambda out: [*ours, "--redact", "none", "--snapshot", out],
        "backstory --jobs 2": lambda out: [*ours, "--jobs", "2", "--snapshot", out],
    }
    for name, python in tools.items():
        if name == "pg2parquet":
            every[name] = lambda out, tool=python: [
                tool, "export", "-H", "127.0.0.1", "--port", str(server.port), "-U", "postgres",
                "--password", "x", "-d", "postgres", "-t", "system_logs", "-o", out, "--compression", "zstd"]
            continue
        for threads in (1, 2) if name == "duckdb" else (1,):
            source = dsn if name == "duckdb" else url
            every[f"{name}, {threads} threads" if name == "duckdb" else f"{name} and pyarrow"] = (
                lambda out, python=python, name=name, source=source, threads=threads: [
                    python, "-c", SCRIPTS[name], source, out, str(threads), "system_logs"])
    return every


def speed(server, work, tools):
    every = contestants(server, work, tools)
    times = {name: [] for name in every}
    sizes, peaks = {}, {}
    for turn in range(ROUNDS + 1):
        for name, command in list(every.items()):
            out = work / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.unlink(missing_ok=True)
            try:
                wall, cpu, peak = measured([str(part) for part in command(str(out))], cwd=work)
            except RuntimeError as err:
                print(f"{name}: failed: {err}", flush=True)
                del every[name]
                continue
            if turn > 0:
                times[name].append((wall, cpu))
            peaks[name] = max(peak, peaks.get(name, 0))
            sizes[name] = size(out) if out.exists() else 0
    base = statistics.median(wall for wall, _ in times["psql COPY binary > /dev/null"])
    print(f"{'':36} {'median s':>9} {'x psql':>7} {'core-s':>7} {'MiB':>7} {'RSS MiB':>8}")
    for name in every:
        wall = statistics.median(wall for wall, _ in times[name])
        cpu = statistics.median(cpu for _, cpu in times[name])
        print(f"{name:36} {wall:9.2f} {wall / base:7.2f} {cpu:7.2f} {sizes[name] / 2**20:7.1f} {peaks[name]:8.0f}",
              flush=True)


class Counting:
    """Passes a server's port on, and counts the bytes that come back."""

    def __init__(self, port):
        self.bytes, self.listener = 0, socket.create_server(("127.0.0.1", 0))
        self.port, self.to = self.listener.getsockname()[1], port
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            here, _ = self.listener.accept()
            there = socket.create_connection(("127.0.0.1", self.to))
            for one, other, counts in ((here, there, False), (there, here, True)):
                threading.Thread(target=self.pump, args=(one, other, counts), daemon=True).start()

    def pump(self, one, other, counts):
        while data := one.recv(1 << 16):
            self.bytes += len(data) if counts else 0
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


def incremental(server, work):
    """A capture that finds one row of a hundred new, beside a whole one."""
    key = ["--redact-key-file", str(work / "key")]
    walls = {"whole": [], "one of a hundred new": []}
    for turn in range(ROUNDS + 1):
        out = work / "grow"
        shutil.rmtree(out, ignore_errors=True)
        command = [BINARY, "export", "--db", server.url, *key, "--snapshot", str(out)]
        whole, _, _ = measured(command)
        added(server)
        part, _, _ = measured(command)
        if turn > 0:
            walls["whole"].append(whole)
            walls["one of a hundred new"].append(part)
    whole, part = (statistics.median(walls[name]) for name in walls)
    print(f"\na capture with 1 % new rows: {part:.2f} s, {100 * part / whole:.1f} % of a whole one ({whole:.2f} s)")
    added(server)
    counting = Counting(server.port)
    url = server.url.replace(str(server.port), str(counting.port))
    others = [t for t in ("workers", "tasks", "generations", "generation_variants", "task_types")
              if server.sql(f"select to_regclass('public.{t}') is not null") == "t"]
    new = copied(server, "select * from system_logs order by ctid desc limit "
                 + str(int(server.sql("select count(*) from system_logs")) // 101))
    rest = sum(copied(server, f"select * from {table}") for table in others)
    measured([BINARY, "export", "--db", url, *key, "--snapshot", str(work / "grow")])
    print(f"bytes sent: {counting.bytes}, of which the other tables, read whole, take about {rest}; "
          f"the new rows are {new}: {(counting.bytes - rest) / new:.2f} x", flush=True)


def added(server):
    columns = server.sql("select string_agg(case column_name when 'id' then 'gen_random_uuid()' else"
                         " quote_ident(column_name) end, ',' order by ordinal_position)"
                         " from information_schema.columns where table_name='system_logs'")
    server.sql(f"insert into system_logs select {columns} from (select * from system_logs limit"
               " (select count(*) / 100 from system_logs)) t")
    server.sql("vacuum system_logs")
    server.sql("select count(*) from system_logs")  # hint bits, as of any table that is read now and then


def copied(server, select):
    told = subprocess.run([server.bin / "psql", server.url, "-Xqc", f"copy ({select}) to stdout (format binary)"],
                          check=True, capture_output=True)
    return len(told.stdout)


def memory(server, work):
    key = ["--redact-key-file", str(work / "key")]
    server.sql("alter table system_logs rename to measured_logs")
    for rows in (SMALL, LARGE):
        if rows == 0:
            continue
        server.sql("alter table measured_logs rename to system_logs")
        grown(server, "next_logs", rows)
        server.sql("alter table system_logs rename to measured_logs; drop table if exists system_logs;"
                   " alter table next_logs rename to system_logs")
        for jobs in ("1", "2"):
            out = work / "memory"
            shutil.rmtree(out, ignore_errors=True)
            wall, _, peak = measured([BINARY, "export", "--db", server.url, *key, "--jobs", jobs,
                                      "--snapshot", str(out)])
            print(f"{rows} log rows, --jobs {jobs}: {wall:.1f} s, {peak:.0f} MiB at most", flush=True)
        server.sql("drop table system_logs")


def main():
    with tempfile.TemporaryDirectory(prefix="bs-bench") as folder:
        work = Path(folder)
        server = Server(work)
        try:
            hours = max(20, ROWS // 12_000)
            subprocess.run([BINARY, "simulate", "--out", work / "fleet", "--era", "E6", "--workers", "8", "--hours",
                            str(hours), "--seed", "1", "--db", server.url], check=True, capture_output=True)
            shutil.rmtree(work / "fleet")
            grown(server, "next_logs", ROWS)
            server.sql("drop table system_logs; alter table next_logs rename to system_logs; checkpoint")
            told = server.sql("select count(*), pg_size_pretty(pg_table_size('system_logs')),"
                              " (select round(avg(pg_column_size(t))) from (select * from system_logs limit 10000) t)"
                              " from system_logs").split("|")
            version = subprocess.run([BINARY, "--version"], capture_output=True).stdout.decode().strip()
            print(f"{version}, PostgreSQL {server.sql('show server_version')}, {os.cpu_count()} cores "
                  f"{platform.machine()}; {told[0]} log rows of {told[2]} bytes, {told[1]}; median of {ROUNDS}\n")
            speed(server, work, peers(work) if PEERS else {})
            incremental(server, work)
            memory(server, work)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
