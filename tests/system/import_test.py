"""Imports by the daemon itself: files and downloads, to images, through crashes, and back to nothing."""

import gzip
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

from conditions import wait_until
from harness import CliError, Host


class Files(http.server.ThreadingHTTPServer):
    """Serves content by path, with ranges; sends at most `most` bytes an answer, then breaks off."""

    daemon_threads = True

    def __init__(self):
        self.content = {}
        self.max_bytes = None
        self.asked = []
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, *_arguments):
        pass


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        content = self.server.content.get(self.path)
        if content is None:
            self.send_error(404)
            return
        first = int(wanted[6:].split("-")[0]) if wanted else 0
        self.send_response(206 if first else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        part = content[first:]
        max_bytes = self.server.max_bytes
        self.wfile.write(part if max_bytes is None else part[:max_bytes])
        if max_bytes is not None and max_bytes < len(part):
            self.close_connection = True

    def log_message(self, *_arguments):
        pass


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.files = Files()
        self.addCleanup(self.files.server_close)
        self.addCleanup(self.files.shutdown)
        self.catalogue = tempfile.mkdtemp(prefix="bm.catalogue.")
        self.addCleanup(shutil.rmtree, self.catalogue)
        self.host = Host({"storage": {"import_urls": [self.files.url("/")], "catalogue_dir": self.catalogue}}, as_unit=True)
        self.addCleanup(self.host.close)
        self.host.start()

    def disk(self, size="64M"):
        """A qcow2 file whose content does not compress."""
        path = os.path.join(self.host.directory, "disk")
        raw = path + ".raw"
        with open(raw, "wb") as file:
            file.truncate(int(size[:-1]) << 20)
            file.write(os.urandom(2 << 20))
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(raw)
        os.unlink(path)
        return content

    def import_image(self, url):
        return self.host.api("import-image", disk_containers=[{"Url": url}])["ImportTaskId"]

    def task(self, task_id):
        return self.host.api("describe-import-image-tasks", import_task_ids=[task_id])["ImportImageTasks"][0]

    def ends(self, task_id, status):
        wait_until(lambda: self.task(task_id)["Status"] in ("completed", "deleted"), 120, lambda: str(self.task(task_id)))
        task = self.task(task_id)
        self.assertEqual(task["Status"], status, task)
        return task

    def assert_nothing_left(self, task_id):
        path = os.path.join(self.host.state_dir, "imports", task_id)
        wait_until(lambda: not os.path.exists(path), 30, f"{path} to go")

    def test_a_download_becomes_an_image_of_the_same_content(self):
        disk = self.disk()
        packed = gzip.compress(disk, 1)
        self.files.content["/disk.gz"] = packed
        url = self.files.url("/disk.gz") + "#sha256=" + hashlib.sha256(packed).hexdigest()
        shown = json.loads(self.host.brume("import-image", url, "--wait", "--output", "json"))
        self.assertEqual(shown["Status"], "completed")
        image = self.host.image(shown["ImageId"])
        self.assertEqual(image["State"], "available")
        with open(os.path.join(self.host.state_dir, "layers", shown["ImageId"], "disk.qcow2"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(disk).digest())
        self.assert_nothing_left(shown["ImportTaskId"])
        self.host.api("deregister-image", image_id=shown["ImageId"])

    def test_a_download_goes_on_where_a_killed_daemon_left_it(self):
        disk = self.disk()
        self.files.content["/disk"] = disk
        self.files.max_bytes = 400_000
        task_id = self.import_image(self.files.url("/disk") + "#sha256=" + hashlib.sha256(disk).hexdigest())
        wait_until(lambda: any(wanted for _, wanted in self.files.asked), 60, "the download to go on")
        self.host.kill()
        asked = len(self.files.asked)
        self.files.max_bytes = None
        self.host.start()
        task = self.ends(task_id, "completed")
        self.assertIn("bytes=", self.files.asked[asked][1] or "")
        self.assertTrue(self.host.image(task["ImageId"]))
        self.host.api("deregister-image", image_id=task["ImageId"])

    def test_a_file_that_is_no_disk_or_another_leaves_nothing(self):
        self.files.content["/zip"] = b"PK\x03\x04" + bytes(1020)
        self.files.content["/disk"] = self.disk()
        for url, words in ((self.files.url("/zip"), "zip"), (self.files.url("/none"), "404"),
                           (self.files.url("/disk") + "#sha256=" + "0" * 64, "checksum"),
                           ("http://localhost:1/x", "storage.import_urls"), ("/etc/passwd", "import_dirs")):
            with self.subTest(url=url):
                task_id = self.import_image(url)
                self.assertIn(words, self.ends(task_id, "deleted")["StatusMessage"])
                self.assert_nothing_left(task_id)
        self.assertEqual(self.host.api("describe-images")["Images"], [])

    def test_a_cancelled_import_leaves_nothing(self):
        self.files.content["/disk"] = self.disk()
        self.files.max_bytes = 1000
        task_id = self.import_image(self.files.url("/disk"))
        wait_until(lambda: self.files.asked, 60, "the download to begin")
        self.host.api("cancel-import-task", import_task_id=task_id)
        self.ends(task_id, "deleted")
        self.assert_nothing_left(task_id)

    def test_a_name_of_the_catalogue_that_is_not_imported_says_how(self):
        with self.assertRaises(CliError) as refused:
            self.host.api("run-instances", image_id="debian-12", count=1)
        self.assertIn("brume import-image debian-12", refused.exception.said)

    def test_a_launch_imports_the_image_of_the_catalogue_first_when_asked_to(self):
        content = self.disk()
        self.files.content["/linux.qcow2"] = content
        with open(os.path.join(self.catalogue, "own.toml"), "w") as file:
            file.write('[[image]]\nname = "own-linux"\ndescription = "of this test"\nboot_mode = "legacy-bios"\n'
                       f'url = "{self.files.url("/linux.qcow2")}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
                       'owner_alias = "test"\ndefault_user = "test"\nmin_size_gib = 1\n')
        self.host.stop()
        self.host.start()
        launch = ("run-instances", "--image-id", "own-linux", "--instance-type", "b1.tiny", "--output", "json")
        with self.assertRaises(CliError):
            self.host.brume(*launch)
        for _ in range(2):  # the second time it is there
            made = json.loads(self.host.brume(*launch, "--import"))["Instances"][0]
            (image,) = self.host.api("describe-images")["Images"]
            self.assertEqual(made["ImageId"], image["ImageId"])
            self.assertEqual(image["ImageOwnerAlias"], "test")
        self.assertEqual(len([path for path, _ in self.files.asked if path == "/linux.qcow2"]), 1)
        with self.assertRaises(CliError) as refused:
            self.host.brume("run-instances", "--image-id", "no-such-linux", "--import")
        self.assertIn("no-such-linux", refused.exception.said)


if __name__ == "__main__":
    unittest.main()
