"""http_host.py PORT-FILE DIR LOG: a server of files that behaves as a request's path says, for import_fetch_test.

/plain/NAME answers as it should, with ETag and ranges. The rest is wrong in one way each. Each request is a line of LOG.
"""

import http.server
import os
import socket
import sys
import threading
import time

port_file, directory, log_file = sys.argv[1:]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with lock, open(log_file, "a", encoding="utf-8") as log:
            log.write(f"{self.path} {self.headers.get('Range', '-')} {self.headers.get('If-Range', '-')}\n")
        way, _, name = self.path.lstrip("/").partition("/")
        content = b""
        if os.path.isfile(os.path.join(directory, name)):
            with open(os.path.join(directory, name), "rb") as file:
                content = file.read()
        getattr(self, "way_" + way, self.way_missing)(content, name)

    def head(self, status, length=None, **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def way_missing(self, _content, _name):
        self.head(404, 4)
        self.wfile.write(b"none")

    def way_broken(self, _content, _name):
        self.head(503, 4)
        self.wfile.write(b"oops")

    def way_forbidden(self, _content, _name):
        self.head(403, 0)

    def way_plain(self, content, name, tag='"one"', max_bytes=None):
        if not os.path.isfile(os.path.join(directory, name)):
            return self.way_missing(content, name)
        first = 0
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes=") and self.headers.get("If-Range", tag) == tag:
            first = int(wanted[6:].split("-")[0])
        if first >= len(content) > 0:
            return self.head(416, 0, Content_Range=f"bytes */{len(content)}")
        part = content[first:]
        if first:
            self.head(206, len(part), ETag=tag, Content_Range=f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            self.head(200, len(part), ETag=tag, Accept_Ranges="bytes")
        self.wfile.write(part if max_bytes is None else part[:max_bytes])
        if max_bytes is not None and max_bytes < len(part):
            self.close_connection = True

    # Breaks off after half a mebibyte, whatever is asked for.
    def way_halves(self, content, name):
        self.way_plain(content, name, max_bytes=512 * 1024)

    # The same, and is another file each time.
    def way_fickle(self, content, name):
        self.way_plain(content, name, tag=f'"{time.monotonic_ns()}"', max_bytes=512 * 1024)

    # Breaks off and knows no ranges.
    def way_rangeless(self, content, _name):
        self.head(200, len(content))
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def way_longer(self, content, _name):
        self.head(200, len(content) + 1000)
        self.wfile.write(content)
        self.close_connection = True

    def way_shorter(self, content, _name):
        self.head(200, len(content) // 2 // 512 * 512)
        self.wfile.write(content)

    def way_hangs(self, content, _name):
        self.head(200, len(content), ETag='"one"')
        self.wfile.write(content[:1000])
        self.wfile.flush()
        time.sleep(600)

    def way_silent(self, _content, _name):
        time.sleep(600)

    def way_endless(self, _content, _name):
        self.head(200, None, Connection="close")
        self.close_connection = True
        while True:
            self.wfile.write(bytes(65536))

    def way_to(self, _content, name):
        self.head(302, 5, Location={"file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "gopher": "gopher://h/",
                                    "loop": "/to/loop", "private": "http://127.0.0.2:1/x"}.get(name, "/plain/" + name))
        self.wfile.write(b"moved")

    def log_message(self, *_arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments):
        pass


server = Server(("127.0.0.1", 0), Handler)
assert server.address_family == socket.AF_INET
with open(port_file + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
