"""Runs Ansible's playbooks against a host's brumed."""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def play(suite, name, **variables):
    """Runs a playbook of this folder without a failure: (how many tasks changed something, {task: result})."""
    host = suite.host
    settings = os.path.join(host.directory, "ansible.cfg")
    with open(settings, "w") as file:
        file.write("[defaults]\nstdout_callback = json\ndeprecation_warnings = false\n"
                   "[connection]\npipelining = true\n")
    variables = {"endpoint": host.endpoint, "ansible_python_interpreter": "/usr/bin/python3", **variables}
    done = suite.run_client(
        ["ansible-playbook", "--inventory", "localhost,", "--connection", "local", "--extra-vars",
         json.dumps(variables), os.path.join(HERE, name)],
        {"ANSIBLE_CONFIG": settings}, seconds=300)
    suite.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    said = json.loads(done.stdout)
    results = {task["task"]["name"]: task["hosts"]["localhost"] for task in said["plays"][0]["tasks"]}
    return said["stats"]["localhost"]["changed"], results
