"""Images: their import, their faults, and guests that outlive them."""

import io
import json
import os
import tarfile
import unittest

from conditions import wait_until
from harness import MINI, HostTest


class ImageTest(HostTest):
    def bundle(self, name, description=None, **files):
        """A directory below the import directory with these files: text, bytes, or None for the mini image's own."""
        path = os.path.join(self.host.state_dir, "import", name)
        os.makedirs(path)
        if description is not None:
            files["image.json"] = json.dumps(description).encode()
        for file, content in files.items():
            with open(os.path.join(path, file), "wb") as out:
                out.write(content)
        return path

    def register(self, name, location):
        return self.host.api("register-image", name=name, image_location=location)["ImageId"]

    def assert_import_fails(self, name, location):
        """The image is failed and says why; a launch is refused and says so too. Returns the reason."""
        image_id = self.register(name, location)
        self.host.wait_image(image_id, "failed", 30)
        reason = self.host.image(image_id)["StateReason"]["Message"]
        self.assertTrue(reason)
        said = self.assert_refused("InvalidAMIID.Unavailable", self.host.run_instances, 1, image_id=image_id)
        self.assertIn(image_id, said)
        self.host.api("deregister-image", image_id=image_id)
        return reason

    def test_an_image_shows_where_it_came_from(self):
        shown = self.host.image(self.host.image_id)
        self.assertEqual(shown["State"], "available")
        self.assertEqual(shown["Name"], "mini")
        self.assertEqual(shown["RootDeviceName"], "/dev/vda")
        self.assertEqual(shown["ImageLocation"], os.path.join(self.host.state_dir, "import", "mini"))

    def test_a_bundle_without_its_description_fails_with_the_reason(self):
        location = self.bundle("bare", **{"disk.qcow2": b"QFI\xfb"})
        self.assertIn("image.json", self.assert_import_fails("bare", location))

    def test_a_description_that_is_no_json_fails_with_the_reason(self):
        self.assert_import_fails("nojson", self.bundle("nojson", **{"image.json": b"{ not json"}))

    def test_a_corrupt_disk_fails_with_the_reason(self):
        location = self.bundle("corrupt", {"disk": "disk.qcow2"}, **{"disk.qcow2": b"QFI\xfb" + b"\xff" * 5000})
        self.assertIn("qcow2", self.assert_import_fails("corrupt", location))

    def test_a_truncated_disk_fails(self):
        with open(os.path.join(MINI, "disk.qcow2"), "rb") as file:
            half = file.read()[:70000]
        self.assert_import_fails("half", self.bundle("half", {"disk": "disk.qcow2"}, **{"disk.qcow2": half}))

    def test_an_appliance_in_a_tar_is_no_raw_disk(self):
        location = os.path.join(self.host.state_dir, "import", "appliance.ova")
        with tarfile.open(location, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in (("appliance.ovf", b"<Envelope/>"), ("appliance-disk1.vmdk", b"KDMV" + bytes(4096))):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        self.assertEqual(os.path.getsize(location) % 512, 0)
        self.assertIn("tar", self.assert_import_fails("appliance", location))

    def test_a_disk_over_a_file_of_the_host_is_refused(self):
        location = self.bundle("spy", {"disk": "disk.qcow2"})
        disk = os.path.join(location, "disk.qcow2")
        self.assertEqual(os.system(f"qemu-img create -q -f qcow2 -b /etc/shadow -F raw {disk} 1G"), 0)
        self.assert_import_fails("spy", location)

    def test_a_link_out_of_the_import_directory_is_refused(self):
        location = self.bundle("link", {"disk": "disk.raw"})
        os.symlink("/etc/shadow", os.path.join(location, "disk.raw"))
        self.assert_import_fails("link", location)

    def test_a_missing_location_and_one_that_is_not_permitted_fail(self):
        self.assert_import_fails("missing", os.path.join(self.host.state_dir, "import", "nowhere"))
        self.assert_import_fails("outside", "/etc")
        self.assert_import_fails("upwards", os.path.join(self.host.state_dir, "import", "..", "brume.db"))

    def test_two_images_of_one_name_are_refused(self):
        location = self.host.image(self.host.image_id)["ImageLocation"]
        self.assert_refused("InvalidAMIName.Duplicate", self.register, "mini", location)

    def test_a_deregistered_image_stays_below_its_guests_and_goes_with_the_last(self):
        image_id = self.register("short-lived", self.host.image(self.host.image_id)["ImageLocation"])
        self.host.wait_image(image_id)
        guest = self.host.launch_ready(image_id=image_id)
        boot = guest.wait_ssh()
        layer = os.path.join(self.host.state_dir, "layers", image_id)
        self.host.api("deregister-image", image_id=image_id)
        self.assert_refused("InvalidAMIID.NotFound", self.host.image, image_id)
        self.assert_refused("InvalidAMIID.NotFound", self.host.run_instances, 1, image_id=image_id)
        self.assertTrue(os.path.isdir(layer))
        guest.ssh("echo kept >/data/kept; sync")
        guest.stop(force=True)
        guest.wait_state("stopped")
        guest.start()
        guest.wait_state("running")
        guest.wait_ssh(other_boot_than=boot)
        self.assertEqual(guest.ssh("cat /data/kept"), "kept\n")
        guest.terminate()
        guest.wait_state("terminated")
        wait_until(lambda: not os.path.exists(layer), 20, "the layer to go with its last guest")


if __name__ == "__main__":
    unittest.main()
