"""Record what an exporter sends: take OTLP over HTTP and gRPC, write the requests to a folder.

Usage: python capture.py FOLDER COMMAND...
COMMAND runs with OTEL_EXPORTER_OTLP_ENDPOINT set to the HTTP address, or to the gRPC address when
its last word is "grpc". Bodies are written as they came (without HTTP's chunks), in files named by
the environment variable NAME; their headers go into requests.json beside them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc

#: Of the headers, those that say how to read the body.
KEPT = ("content-type", "content-encoding", "transfer-encoding", "user-agent")


class Recorder:
    """Requests in the order of arrival."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.seen: list[dict[str, Any]] = []

    def note(self, protocol: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Write one request."""
        file = f"{self.name}-{len(self.seen) + 1}.body"
        (self.folder / file).write_bytes(body)
        kept = {key: value for key, value in headers.items() if key in KEPT}
        self.seen.append({"protocol": protocol, "path": path, "headers": kept, "body": file})


def http_server(recorder: Recorder) -> HTTPServer:
    """Answers every POST with an empty success."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            body = self._body(headers)
            recorder.note("http", self.path, headers, body)
            answer = b"{}" if "json" in headers["content-type"] else b""
            self.send_response(200)
            self.send_header("content-type", headers["content-type"])
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _body(self, headers: dict[str, str]) -> bytes:
            if headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(headers["content-length"]))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return HTTPServer(("127.0.0.1", 0), Handler)


def grpc_server(recorder: Recorder) -> tuple[Any, int]:
    """Answers every call with an empty message."""

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            def export(body: bytes, call: Any) -> bytes:
                headers = {key: str(value) for key, value in call.invocation_metadata()}
                recorder.note("grpc", details.method, headers, body)
                return b""

            return grpc.unary_unary_rpc_method_handler(export)

    server = grpc.server(ThreadPoolExecutor(2), handlers=(Handler(),))
    return server, server.add_insecure_port("127.0.0.1:0")


def main() -> None:
    """Run the command and record what it sends."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    recorder = Recorder(folder, os.environ.get("NAME", command[-1]))
    http = http_server(recorder)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    calls, port = grpc_server(recorder)
    calls.start()
    port = port if command[-1] == "grpc" else http.server_port
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    subprocess.run(command, env=os.environ | endpoint, check=True)
    http.shutdown()
    calls.stop(1).wait()
    index = folder / "requests.json"
    known = json.loads(index.read_text()) if index.exists() else []
    others = [one for one in known if not one["body"].startswith(f"{recorder.name}-")]
    index.write_text(json.dumps(others + recorder.seen, indent=2) + "\n")


if __name__ == "__main__":
    main()
