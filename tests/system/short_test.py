"""The short commands on a guest, as a person types them: from an empty host to a shell, and to the end."""

import os
import socket
import subprocess
import unittest

from conditions import wait_until
from console_test import Terminal
from guest import Guest
from harness import CliError, HostTest


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class ShortTest(HostTest):
    ready = False  # launch makes the key pair and the security group

    @classmethod
    def prepare(cls):
        cls.home = os.path.join(cls.host.directory, "home")
        os.mkdir(cls.home)
        # What brume reads of its user, and nothing of ours.
        cls.host.prefix += [f"HOME={cls.home}", f"XDG_STATE_HOME={cls.home}/state"]
        cls.host.add_image(name="mini")
        cls.launched = cls.host.brume("launch", "--name", "web", timeout=200)

    def brume(self, *argv, **keywords):
        return self.host.brume(*argv, **keywords)

    def state(self, name="web"):
        return {line.split("\t")[0]: line.split("\t")[1] for line in self.brume("ls").splitlines()}.get(name)

    def test_a_launch_prints_name_id_and_address_and_saves_its_key(self):
        name, instance_id, address = self.launched.strip().split("\t")
        self.assertEqual(name, "web")
        guest = Guest(self.host, instance_id)
        self.assertEqual(guest.public_ip, address)
        self.assertTrue(guest.connects())
        key = os.path.join(self.home, ".ssh", "brume-default")
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)

    def test_a_command_runs_on_the_guest_and_its_exit_code_comes_back(self):
        instance_id = self.launched.split("\t")[1]
        self.assertEqual(self.brume("exec", "web", "--", "cat", "/run/instance-id").strip(), instance_id)
        self.assertEqual(self.brume("exec", "web", "--", "echo", "a  b", "$HOME"), "a  b $HOME\n")
        self.assertEqual(self.brume("exec", "web", "--", "echo one | wc -l").strip(), "1")
        with self.assertRaises(CliError) as failed:
            self.brume("exec", instance_id[:12], "--", "false")
        self.assertEqual(failed.exception.returncode, 1)

    def test_a_shell_takes_what_is_typed(self):
        done = subprocess.run(self.host.brume_argv("shell", "web"), input="echo $((6 * 7)); exit 3\n",
                              capture_output=True, text=True, timeout=60)
        self.assertIn("42", done.stdout)
        self.assertEqual(done.returncode, 3)

    def test_files_and_directories_are_copied_both_ways(self):
        there, here = os.path.join(self.home, "a file"), os.path.join(self.home, "back")
        content = os.urandom(300000)
        with open(there, "wb") as file:
            file.write(content)
        self.brume("cp", there, "web:/tmp/it's here")
        self.brume("cp", there, "web:")
        self.brume("cp", "web:/tmp/it's here", here)
        with open(here, "rb") as file:
            self.assertEqual(file.read(), content)
        os.unlink(here)
        self.brume("cp", "web:a file", here)
        self.assertEqual(os.path.getsize(here), len(content))
        os.makedirs(os.path.join(self.home, "tree", "below"))
        with open(os.path.join(self.home, "tree", "below", "leaf"), "w") as file:
            file.write("green")
        self.brume("cp", "--recursive", os.path.join(self.home, "tree"), "web:/tmp/tree")
        self.brume("cp", "--recursive", "web:/tmp/tree", os.path.join(self.home, "again"))
        with open(os.path.join(self.home, "again", "below", "leaf")) as file:
            self.assertEqual(file.read(), "green")

    def test_a_guests_archive_makes_no_device_and_no_program_of_roots_here(self):
        self.brume("exec", "web", "--", "mkdir /tmp/bad && cd /tmp/bad && mknod disk b 8 0 && echo a >plain && "
                   "echo b >program && chmod 4777 program && chown 12345 plain")
        here = os.path.join(self.home, "bad")
        with self.assertRaises(CliError):
            self.brume("cp", "--recursive", "web:/tmp/bad", here)
        self.assertNotIn("disk", os.listdir(here))
        for name in ("plain", "program"):
            status = os.stat(os.path.join(here, name))
            self.assertEqual((status.st_uid, status.st_mode & 0o7022), (os.getuid(), 0))

    def test_a_copy_that_fails_leaves_no_half_a_file(self):
        here = os.path.join(self.home, "nothing")
        with self.assertRaises(CliError):
            self.brume("cp", "web:/no/such/file", here)
        self.assertEqual([name for name in os.listdir(self.home) if name.startswith("nothing")], [])

    def test_a_forwarded_port_leads_to_the_guest(self):
        port = free_port()
        forward = subprocess.Popen(self.host.brume_argv("forward", "web", f"{port}:22"), stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)

        def banner():
            with socket.socket() as connection:
                connection.settimeout(5)
                if connection.connect_ex(("127.0.0.1", port)) != 0:
                    return b""
                return connection.recv(4)
        try:
            wait_until(lambda: banner() == b"SSH-", 30, "the guest's SSH server behind the forwarded port")
        finally:
            forward.terminate()
            forward.wait()

    def test_logs_are_the_console(self):
        self.assertIn("brume-mini", self.brume("logs", "web"))

    def test_info_names_the_port_that_open_opened(self):
        self.brume("open", "8080", "web")
        self.assertIn("tcp 8080 from 0.0.0.0/0", self.brume("info", "web"))
        self.brume("open", "8080", "web", "--close")
        self.assertNotIn("8080", self.brume("info", "web"))

    def test_a_snapshot_by_name_is_completed_when_the_command_returns(self):
        snapshot = self.brume("snapshot", "web").strip()
        shown = self.host.api("describe-snapshots", snapshot_ids=[snapshot])["Snapshots"][0]
        self.assertEqual(shown["State"], "completed")

    def test_names_are_taken_in_the_spelling_of_ec2(self):
        shown = self.host.api("describe-instances", instance_ids=["web"])
        self.assertEqual(shown["Reservations"][0]["Instances"][0]["InstanceId"], self.launched.split("\t")[1])
        group = self.host.api("describe-security-groups", group_ids=["brume-launch"])["SecurityGroups"][0]
        self.assertEqual(group["GroupName"], "brume-launch")

    def on_terminal(self, *argv):
        terminal = Terminal(self.host.brume_argv(*argv))
        self.addCleanup(terminal.close)
        return terminal

    def test_rm_asks_a_person_first(self):
        terminal = self.on_terminal("rm", "web")
        terminal.read_until(rb"Terminate web \(i-[0-9a-f]+\)\?.*\[y/N\] ")
        terminal.type(b"n\n")
        self.assertEqual(terminal.wait(), 255)
        self.assertEqual(self.state(), "running")

    def test_a_list_is_watched_until_ctrl_c(self):
        terminal = self.on_terminal("ls", "--watch")
        for _ in range(2):
            terminal.read_until(rb"\nweb +running ")
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait(), 0)

    def test_a_command_on_a_terminal_has_one_on_the_guest(self):
        terminal = self.on_terminal("exec", "web", "--", "test -t 0 && echo has-$((1 + 1))")
        terminal.read_until(rb"has-2")
        self.assertEqual(terminal.wait(), 0)

    def test_an_instance_stops_starts_and_ends_by_its_name(self):
        self.host.brume("launch", "mini", "--name", "brief", "--no-wait")
        self.brume("open", "80", "brief")
        wait_until(lambda: self.state("brief") == "running", 60, "brief to run")
        # A guest that has no init yet is deaf to the power button.
        self.brume("stop", "brief", "--force")
        self.assertEqual(self.state("brief"), "stopped")
        self.brume("start", "brief")
        self.assertEqual(self.state("brief"), "running")
        self.brume("exec", "brief", "--", "true", timeout=200)
        self.brume("rm", "brief")
        self.assertIsNone(self.state("brief"))
        groups = self.host.api("describe-security-groups")["SecurityGroups"]
        self.assertFalse([group for group in groups if group["GroupName"].startswith("brume-open-")])


if __name__ == "__main__":
    unittest.main()
