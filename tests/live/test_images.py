# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints on disk by containerctl: keys, list, export and import. imagetool makes them, without CRIU."""

import glob
import json
import os
import shutil
import stat
import subprocess

from harness.world import write

CONTAINED = True
_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_TOOLS = sorted(glob.glob(_TOP + "/build*/tests/live/imagetool") +
                glob.glob(_TOP + "/build*/*/tests/live/imagetool"), key=os.path.getmtime)
# read before the world's root hides the build folder
_TOOL = open(_TOOLS[-1], "rb").read() if _TOOLS else b""
TOOL = "/usr/local/bin/imagetool"
# not the usual one: the machine that lends its files may have checkpoints
HERE, THERE = "/var/lib/here", "/var/lib/there"
USUAL = "/var/lib/pam_container"
TEXT = "[Exec]\nEnvironment=WHO=%u\n[Resources]\nTasksMax=100\n"
KEYS = ["id", "user", "container", "state", "created", "size_bytes", "counter", "key"]


def tool(verb, *words, text=""):
    assert _TOOL, "imagetool is not built: make -C build check"
    if not os.path.exists(TOOL):
        with open(TOOL, "wb") as file:
            file.write(_TOOL)
        os.chmod(TOOL, 0o755)
    done = subprocess.run([TOOL, verb, *words], capture_output=True, text=True, timeout=300, input=text)
    assert done.returncode == 0, done
    return done.stdout.strip()


def take(world, *edits, root=HERE, name="alice-1", user="alice"):
    """A checkpoint of a container that a login of the user would have got. Its counter."""
    world.definition("box", TEXT)
    return tool("take", root, name, user, "4001", "box", *edits, text=TEXT.replace("%u", user))


def ctl(world, *arguments, code=0, root=HERE, **options):
    done = world.run(["containerctl", arguments[0], "--checkpoint-root", root, *arguments[1:]], **options)
    assert done.returncode == code, (arguments, done)
    assert b"\x1b" not in done.stdout + done.stderr, done
    return done.stdout.decode(errors="replace"), done.stderr.decode()


def refused(world, *arguments, root=HERE, **options):
    out, err = ctl(world, *arguments, code=1, root=root, **options)
    assert out == "" and err.startswith("containerctl: ") and err.count("\n") == 1, (out, err)
    return err


def listed(world, root=HERE):
    out, err = ctl(world, "checkpoints", "-J", root=root)
    assert err == ""
    return {row["id"]: row for row in json.loads(out)["checkpoints"]}


def share_key(world):
    """Another machine of the fleet: its key was copied by hand."""
    shutil.copy(HERE + "/key", "/root/fleet.key")
    out, _ = ctl(world, "checkpoint-key", "import", "/root/fleet.key", root=THERE)
    assert out == ctl(world, "checkpoint-key", "show")[0]
    os.unlink("/root/fleet.key")


def export(world, name="alice-1", root=HERE):
    path = "/root/bundle"
    if os.path.exists(path):
        os.unlink(path)
    assert ctl(world, "export", name, path, root=root) == ("", "")
    return path


def test_key(world):
    """Made, shown by its ID, kept; the key itself is never shown."""
    assert "no checkpoint key yet; try 'containerctl checkpoint-key create'" in \
        refused(world, "checkpoint-key", "show")
    first, _ = ctl(world, "checkpoint-key", "create")
    assert len(first) == 17 and ctl(world, "checkpoint-key", "show")[0] == first
    key = open(HERE + "/key").read()
    assert stat.S_IMODE(os.stat(HERE).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(HERE + "/key").st_mode) == 0o600
    assert first.strip() not in key
    assert "--replace" in refused(world, "checkpoint-key", "create")
    second, _ = ctl(world, "checkpoint-key", "create", "--replace")
    assert second != first and open(HERE + "/key").read() != key
    for arguments in ([], ["show", "x"], ["import"], ["destroy"], ["show", "--replace"]):
        _, err = ctl(world, "checkpoint-key", *arguments, code=2)
        assert err.endswith("try 'containerctl checkpoint-key --help'\n"), err


def test_key_of_others(world):
    """A key that others could have read or written is none: MUST-8."""
    ctl(world, "checkpoint-key", "create")
    shutil.copy(HERE + "/key", "/root/fleet.key")
    os.chmod("/root/fleet.key", 0o640)
    assert "mode 0600, is uid 0 mode 0640" in refused(world, "checkpoint-key", "import", "/root/fleet.key",
                                                      root=THERE)
    os.chmod("/root/fleet.key", 0o600)
    os.chown("/root/fleet.key", 4001, 5001)
    assert "/root/fleet.key" in refused(world, "checkpoint-key", "import", "/root/fleet.key", root=THERE)
    shutil.copy(HERE + "/key", "/tmp/fleet.key")
    assert "/tmp" in refused(world, "checkpoint-key", "import", "/tmp/fleet.key", root=THERE)
    os.chmod(HERE + "/key", 0o644)
    assert "mode 0600" in refused(world, "checkpoint-key", "show")
    assert "mode 0600" in refused(world, "checkpoints")


def test_list_and_remove(world):
    counter = take(world)
    take(world, name="alice-2")
    rows = listed(world)
    assert list(rows["alice-1"]) == KEYS and set(rows) == {"alice-1", "alice-2"}, rows
    assert rows["alice-1"]["counter"] == int(counter) and rows["alice-1"]["size_bytes"] == 5002
    assert rows["alice-1"]["user"] == "alice" and rows["alice-1"]["state"] == "ready"
    assert rows["alice-1"]["key"] == ctl(world, "checkpoint-key", "show")[0].strip()
    tool("spend", HERE, "alice-1", counter)
    with open(HERE + "/checkpoints/alice-2/manifest.json", "a") as file:
        file.write(" ")
    rows = listed(world)
    assert rows["alice-1"]["state"] == "spent" and rows["alice-2"]["state"] == "damaged", rows
    assert rows["alice-2"]["user"] is None
    out, _ = ctl(world, "checkpoints", "-o", "ID,FILES,KERNEL", "-n", "-r")
    assert out.splitlines()[0] == f"alice-1 2 {os.uname().release}", out
    ctl(world, "checkpoint-key", "create", "--replace")
    assert listed(world)["alice-1"]["state"] == "foreign"
    assert ctl(world, "checkpoints", "rm", "alice-1", "alice-2") == ("", "")
    assert listed(world) == {}
    assert "no checkpoint of container alice-1; try" in refused(world, "checkpoints", "rm", "alice-1")
    assert "not valid" in refused(world, "checkpoints", "rm", "../key")
    assert os.path.exists(HERE + "/key")
    ctl(world, "checkpoints", "rm", code=2)
    ctl(world, "checkpoints", "alice-1", code=2)


def test_export_and_import(world):
    counter = take(world, "helpers=/usr/libexec/pam_container", "criu=4.1.1")
    share_key(world)
    bundle = export(world)
    assert stat.S_IMODE(os.stat(bundle).st_mode) == 0o600
    assert "File exists" in refused(world, "export", "alice-1", bundle)
    names = subprocess.run(["tar", "-tf", bundle], capture_output=True, text=True, check=True).stdout
    assert names.splitlines()[:2] == ["alice-1/manifest.mac", "alice-1/manifest.json"], names
    assert ctl(world, "import", bundle, root=THERE) == ("alice-1\n", "")
    assert listed(world, THERE)["alice-1"]["counter"] == int(counter)
    assert "already; --replace takes its place" in refused(world, "import", bundle, root=THERE)
    # through a pipe, over what is there
    with open(bundle, "rb") as file:
        assert ctl(world, "import", "-q", "--replace", "-", root=THERE, stdin=file) == ("", "")
    done = world.run(["containerctl", "export", "--checkpoint-root", HERE, "alice-1", "-"])
    assert done.stdout == open(bundle, "rb").read()
    # once restored, never again
    tool("spend", THERE, "alice-1", counter)
    assert "replayed: it was restored before" in refused(world, "import", "--replace", bundle, root=THERE)
    ctl(world, "checkpoints", "rm", "alice-1", root=THERE)
    assert "replayed" in refused(world, "import", bundle, root=THERE)
    assert "not an exported checkpoint" in refused(world, "import", "/etc/passwd")
    assert "No such file" in refused(world, "import", "/nowhere")


def test_import_refuses_what_does_not_match(world):
    """MUST-10: what does not match is named, and nothing is left of it."""
    take(world)
    share_key(world)
    write("/root/others/container-init", "of another release")
    for edit, text in (("kernel=99.1", "needs 99.1 or later"), ("arch=vax", "architecture: "),
                       ("helpers=/root/others", "container-init: another build")):
        take(world, edit)
        assert text in refused(world, "import", export(world), root=THERE)
    take(world, "kernel=99.1", "arch=vax")
    err = refused(world, "import", export(world), root=THERE)
    assert "kernel: " in err and "architecture: " in err, err
    take(world)
    bundle = export(world)
    world.definition("box", TEXT + "MemoryMax=1G\n")
    assert "definition: not the text that it was made of" in refused(world, "import", bundle, root=THERE)
    os.unlink("/etc/security/containers/box.conf")
    assert "box" in refused(world, "import", bundle, root=THERE)
    world.definition("box", TEXT)
    world.run(["usermod", "-o", "-u", "4711", "alice"])
    assert "uid: 4711 here, needs 4001" in refused(world, "import", bundle, root=THERE)
    world.run(["usermod", "-l", "alison", "alice"])
    assert "alice" in refused(world, "import", bundle, root=THERE)
    assert listed(world, THERE) == {} and os.listdir(THERE + "/checkpoints") == []


def test_import_on_a_full_disk(world):
    """Nothing is left, and what is there stays."""
    take(world)
    share_key(world)
    bundle = export(world)
    ctl(world, "import", bundle, root=THERE)
    small = "/root/small"
    os.mkdir(small, 0o700)
    world.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", small])
    try:
        shutil.copytree(THERE, small + "/root")
        os.chmod(small + "/root", 0o700)
        with open(small + "/ballast", "wb") as file:
            file.write(b"x" * 28 * 1024)
        assert "No space left" in refused(world, "import", "--replace", bundle, root=small + "/root")
        assert os.listdir(small + "/root/checkpoints") == ["alice-1"]
        os.unlink(small + "/ballast")
        assert listed(world, small + "/root")["alice-1"]["state"] == "ready"
    finally:
        world.run(["umount", small])
    full = world.run(["sh", "-c", f"containerctl export --checkpoint-root {HERE} alice-1 - >/dev/full"])
    assert full.returncode == 1 and b"No space left" in full.stderr, full


def _flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 16]))


def test_real_images_are_refused_when_changed(world):
    """MUST-10: every file of what CRIU wrote, at 200 places each; and by restore itself, before CRIU runs."""
    world.definition("box", TEXT)
    box, _ = ctl(world, "start", "box")
    box = box.strip()
    ctl(world, "exec", box, "sh", "-c", "sleep 1000 >/dev/null 2>&1 </dev/null &")
    ctl(world, "checkpoint", box)
    place = f"{HERE}/checkpoints/{box}"
    files, places = tool("flip", HERE, box, "200").split()
    assert int(files) > 10 and int(places) > 1000, (files, places)
    pages = min(glob.glob(place + "/images/pages-*.img"))
    for path, what in ((pages, os.path.basename(pages) + ": changed"), (place + "/state.json", "state.json: changed"),
                       (place + "/manifest.json", "manifest.json: changed")):
        size = os.path.getsize(path)
        _flip(path, size // 2)
        assert what in refused(world, "restore", box), path
        _flip(path, size // 2)
    with open(pages, "ab") as file:
        file.write(b"x")
    assert "longer" in refused(world, "restore", box)
    os.truncate(pages, os.path.getsize(pages) - 1)
    with open(place + "/images/core-99.img", "w") as file:
        os.chmod(file.fileno(), 0o600)
    assert "images/core-99.img: was not signed" in refused(world, "restore", box)
    os.unlink(place + "/images/core-99.img")
    # an image of another container in this one's place
    os.rename(place, f"{HERE}/checkpoints/other")
    assert "other" in refused(world, "restore", "other")
    os.rename(f"{HERE}/checkpoints/other", place)
    # another key, and back
    shutil.copy2(HERE + "/key", "/root/key")
    ctl(world, "checkpoint-key", "create", "--replace", "--yes")
    assert "signed with the key" in refused(world, "restore", box)
    ctl(world, "checkpoint-key", "import", "--replace", "--yes", "/root/key")
    old = place + ".old"
    shutil.copytree(place, old, symlinks=True)
    ctl(world, "restore", box)
    # replayed: the same once more
    ctl(world, "terminate", "--grace", "0", box)
    os.rename(old, place)
    assert "replayed" in refused(world, "restore", box)
    world.run(["containerctl", "terminate", "--grace", "0", box])


def test_restore_refuses_what_does_not_match(world):
    """The same decision as at an import, on the machine that restores."""
    world.policy("[Global]\nOnError=deny\n[Match students]\nGroup=students\nContainer=box\nInstance=user\n")
    world.definition("box", "[Container]\nLinger=1h\n" + TEXT)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("echo re''ady\n")
    term.expect("ready\r\n")
    ctl(world, "checkpoint", "alice.box", root=USUAL)
    term.wait()
    with open("/proc/sys/kernel/osrelease") as file:
        release = file.read().strip()
    criu = ctl(world, "checkpoints", "-n", "-r", "-o", "CRIU", root=USUAL)[0].strip()
    for edit, back, text in (("kernel=99.1", "kernel=" + release, "needs 99.1 or later"),
                             ("arch=vax", "arch=" + os.uname().machine, "needs vax"),
                             ("criu=99.0", "criu=" + criu, "needs 99.0 or later")):
        tool("edit", USUAL, "alice.box", edit)
        assert text in refused(world, "restore", "alice.box", root=USUAL)
        tool("edit", USUAL, "alice.box", back)
    world.run(["usermod", "-o", "-u", "4711", "alice"])
    assert "another uid" in refused(world, "restore", "alice.box", root=USUAL)
    world.run(["usermod", "-o", "-u", "4001", "alice"])
    ctl(world, "restore", "alice.box", root=USUAL)
    ctl(world, "terminate", "--grace", "0", "alice.box", root=USUAL)


def test_a_login_moves_to_another_machine(world):
    """What CRIU wrote, exported, removed here, imported where the key and the definition are the same, restored."""
    world.policy("[Global]\nOnError=deny\n[Match students]\nGroup=students\nContainer=box\nInstance=user\n")
    world.definition("box", "[Container]\nLinger=1h\n[Files]\nPrivateTmp=yes\n" + TEXT)
    term = world.terminal(world.ssh_argv("alice", "-tt"))
    term.send("echo $WHO > /tmp/mark; sleep 4711 & echo b''g\n")
    term.expect("bg\r\n")
    # a login's supervisor writes to the usual root
    ctl(world, "checkpoint", "alice.box", root=USUAL)
    term.wait()
    if not os.path.exists(HERE):
        os.mkdir(HERE, 0o700)
    shutil.copy2(USUAL + "/key", HERE + "/key")
    bundle = export(world, "alice.box", root=USUAL)
    ctl(world, "checkpoints", "rm", "alice.box", root=USUAL)
    assert "no such container" in refused(world, "status", "alice.box", root=USUAL)
    assert ctl(world, "import", bundle) == ("alice.box\n", "")
    assert listed(world)["alice.box"]["user"] == "alice"
    ctl(world, "restore", "alice.box")
    assert ctl(world, "exec", "alice.box", "cat", "/tmp/mark")[0] == "alice\n"
    assert "sleep" in world.run(["containermon", "ps", "-r"]).stdout.decode()
    ctl(world, "terminate", "--grace", "0", "alice.box")
    assert "replayed" in refused(world, "import", bundle)


def test_gc_removes_what_was_begun(world):
    take(world)
    os.mkdir(HERE + "/checkpoints/.new-0badcafe", 0o700)
    out, _ = ctl(world, "gc", "--dry-run")
    assert out == "checkpoints: 1 unfinished\n" and os.path.exists(HERE + "/checkpoints/.new-0badcafe")
    out, _ = ctl(world, "gc")
    assert out == "checkpoints: 1 unfinished: removed\n"
    assert os.listdir(HERE + "/checkpoints") == ["alice-1"]


def test_nobody_else(world):
    """They are root's: MUST-10. A user sees neither list nor key nor file."""
    take(world)
    as_alice = ["setpriv", "--reuid=4001", "--regid=5001", "--clear-groups"]
    done = world.run([*as_alice, "containerctl", "checkpoints"])
    assert done.returncode == 1 and b"belong to root" in done.stderr, done
    out, err = ctl(world, "checkpoints", "--help")
    assert "--checkpoint-root DIR" in out and err == "", out
    done = world.run([*as_alice, "ls", HERE])
    assert done.returncode != 0 and done.stdout == b"", done
