"""How fast `graft serve` answers: `python -m benchmarks.serve BUNDLE PHOTO... [--seconds 10]`.

Starts the server on a free port of this machine, sends the photos as they are, over connections that stay open, from 1,
8 and 32 clients, each of which waits for its answer before it asks again. The clients share the machine's processors
with the server. Prints a table for RESULTS.md.
"""

import argparse
import http.client
import itertools
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np

CLIENTS = (1, 8, 32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    photos = [file.read_bytes() for file in given.photos]
    command = (sys.executable, "-m", "transfer_core", "serve", str(given.bundle), "--port", "0")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            line = next(each for each in server.stderr if "answers on" in each)
            port = int(line.partition("http://127.0.0.1:")[2].partition(":")[0])
            print(f"{len(photos)} photos, {np.mean([len(each) for each in photos]) / 1e3:.0f} kB on average\n")
            print("| clients | p50 | p95 | images/s |\n| --- | --- | --- | --- |")
            _asked(port, photos, 4, 3)  # warms up
            for clients in CLIENTS:
                took, seconds = _asked(port, photos, clients, given.seconds)
                p50, p95 = 1e3 * np.percentile(took, (50, 95))
                print(f"| {clients} | {p50:.0f} ms | {p95:.0f} ms | {len(took) / seconds:.1f} |", flush=True)
        finally:
            server.terminate()
    return 0


def _asked(port: int, photos: list[bytes], clients: int, seconds: float) -> tuple[np.ndarray, float]:
    """Seconds that each request took, and all of them together."""
    took: list[float] = []
    began = time.monotonic()

    def client(number: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for photo in itertools.islice(itertools.cycle(photos), number, None):
                asked = time.monotonic()
                if asked - began > seconds:
                    return
                connection.request("POST", "/predict", photo, {"Content-Type": "image/jpeg"})
                answer = connection.getresponse()
                said = answer.read()
                if answer.status != 200:
                    raise SystemExit(said.decode())
                took.append(time.monotonic() - asked)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.array(took), time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
