# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerctl and containermon, run as an administrator runs them."""

import contextlib
import json
import os
import signal
import subprocess
import time

from harness.world import write

CONTAINED = True
LIST_KEYS = ["id", "user", "container", "state", "pids", "mem_bytes", "since", "service", "from"]
PS_KEYS = ["id", "pid", "host_pid", "user", "state", "cpu_us", "rss_bytes", "command"]
STATS_KEYS = ["id", "user", "container", "cpu_centipercent", "mem_bytes", "mem_limit_bytes",
              "mem_centipercent", "io_read_bytes", "io_write_bytes", "pids", "pids_limit",
              "psi_centipercent", "net_rx_bytes", "net_tx_bytes"]
WHICH_KEYS = ["version", "decision", "why", "rule", "origin", "container", "instance",
              "permissive", "error", "trace"]
PLAIN = "[Exec]\nHostname=box\n[Resources]\nTasksMax=100\n"


def ctl(world, *arguments, code=0, program="containerctl", **options):
    done = world.run([program, *arguments], **options)
    assert done.returncode == code, (arguments, done)
    assert b"\x1b" not in done.stdout + done.stderr, done
    return done.stdout.decode(), done.stderr.decode()


def told(world, *arguments, code=1, **options):
    """What is said on standard error; nothing else is."""
    out, err = ctl(world, *arguments, code=code, **options)
    assert out == "", out
    return err


def parsed(world, *arguments, program="containerctl", code=0):
    out, err = ctl(world, *arguments, "-J", program=program, code=code)
    value = json.loads(out)
    assert value["version"] == 1 and err == "", (value, err)
    return value


def rows(world, *arguments, program="containerctl"):
    value = parsed(world, *arguments, program=program)
    (name,) = set(value) - {"version"}
    return value[name]


@contextlib.contextmanager
def container(world, name="box", text=PLAIN):
    world.definition(name, text)
    made, err = ctl(world, "start", name)
    assert err == ""
    try:
        yield made.strip()
    finally:
        world.run(["containerctl", "terminate", "--grace", "0", made.strip()])


# ---- configuration ----

def test_check(world):
    out, _ = ctl(world, "check")
    assert out.endswith("0 errors, 1 warning\n"), out
    world.policy("[Global]\nMode=enforce\n[Match a]\nUser=alise\nContainer=boxx\n")
    world.definition("bad", "[Resources]\nMemoryMx=1G\n[Exek]\nNice=1\n")
    world.definition("odd", "[Files]\nReadOnly=yes\nVolatile=overlay\nRootDirectory=/nowhere\n")
    out, err = ctl(world, "check", code=1)
    lines = out.splitlines()
    defs = "/etc/security/containers"
    assert f"{defs}/bad.conf:2: error: unknown key 'MemoryMx' in [Resources]; " \
        "did you mean 'MemoryMax'?" in lines
    assert f"{defs}/bad.conf:3: error: bad section 'Exek'; did you mean 'Exec'?" in lines
    assert "/etc/security/container.conf:3: error: unknown user 'alise'" in lines
    assert any(line.startswith("/etc/security/container.conf:3: error: no definition 'boxx'")
               for line in lines)
    assert f"{defs}/odd.conf: error: ReadOnly=yes and Volatile=overlay contradict each other" \
        in lines
    assert lines[-1].startswith("5 errors, ") and err == "", (lines, err)
    value = parsed(world, "check", code=1)
    assert value["errors"] == 5 and value["problems"][0].keys() == \
        {"file", "line", "severity", "message"}
    assert {"file": f"{defs}/bad.conf", "line": 2, "severity": "error",
            "message": "unknown key 'MemoryMx' in [Resources]; did you mean 'MemoryMax'?"} \
        in value["problems"]
    assert ctl(world, "check", "-q", code=1) == ("", "")


def test_check_what_a_definition_names(world):
    world.definition("box", "[Files]\nRootDirectory=/nowhere\n[Exec]\nSeccompProfile=/none.json\n")
    out, _ = ctl(world, "check", code=1)
    assert "RootDirectory=/nowhere does not exist" in out
    assert "SeccompProfile=/none.json does not exist" in out


def test_check_trusts_nobody(world):
    os.chmod("/etc/security/container.conf", 0o666)
    out, _ = ctl(world, "check", code=1)
    assert "/etc/security/container.conf: mode 0666 lets others write" in out
    assert "mode 0666" in told(world, "which", "alice")


def test_check_file_as_a_user(world):
    """A file that is not in place yet, in an editor's temporary one, by anybody."""
    write("/home/alice/new policy", "[Match a]\nUser=alice\nContainer=box\n")
    write("/home/alice/box.conf", "[Exec]\nHostnam=x\n")
    write("/home/alice/Draft 1", "[Container]\nExtends=student\n")
    write("/home/alice/nothing", "a\n")
    check = ["setpriv", "--reuid=4001", "--regid=5001", "--clear-groups", "containerctl", "check"]
    done = world.run([*check, "/home/alice/new policy", "/home/alice/Draft 1"])
    assert done.returncode == 0 and done.stdout == b"0 errors, 0 warnings\n", done
    done = world.run([*check, "/home/alice/box.conf"])
    assert done.returncode == 1, done
    assert done.stdout == (b"/home/alice/box.conf:2: error: unknown key 'Hostnam' in [Exec]; "
                           b"did you mean 'Hostname'?\n1 error, 0 warnings\n")
    done = world.run([*check, "/home/alice/nothing", "/home/alice/none"])
    assert done.returncode == 1 and b"/home/alice/nothing:1: error: " in done.stdout, done
    assert b"/home/alice/none: error: " in done.stdout, done


def test_which(world):
    """Exit 0 contained, 3 host, 4 denied, 1 error, 2 usage."""
    world.policy("[Global]\nAlwaysHost=@wheel\n[Match out]\nUser=bob\nAddress=10.0.0.0/8\n"
                 "Container=deny\n[Match in]\nGroup=students\nContainer=box\nInstance=user\n")
    out, err = ctl(world, "which", "alice")
    assert err == "" and out.splitlines()[-1] == "=> container box, instance per user", out
    assert "[Match out]  skip" in out and "[Match in]  match" in out, out
    ctl(world, "which", "root", code=3)
    ctl(world, "which", "carol", code=3)
    ctl(world, "which", "admin", "--service", "su", code=3)
    ctl(world, "which", "bob", "--address", "10.1.2.3", code=4)
    ctl(world, "which", "bob", "--host", "somewhere.example")
    ctl(world, "explain", "4001")
    assert "unknown user 'alicia'" in told(world, "which", "alicia")
    assert "takes one user" in told(world, "which", code=2)
    told(world, "which", "alice", "--address", "10.0.0.1", "--host", "h", code=2)
    value = parsed(world, "which", "alice")
    assert list(value) == WHICH_KEYS and value["decision"] == "contained", value
    assert value["rule"] == "in" and value["container"] == "box" and value["error"] is None
    value = parsed(world, "which", "bob", "--address", "10.0.0.1", code=4)
    assert value["decision"] == "denied" and value["container"] is None, value
    world.policy("[Global]\nMode=permissive\n[Match in]\nGroup=students\nContainer=box\n")
    out, _ = ctl(world, "which", "alice", code=3)
    assert "=> container box" in out and "permissive" in out


def test_which_tells_of_a_broken_definition(world):
    world.definition("box", "[Exec]\nNice=99\n")
    out, err = ctl(world, "which", "alice", code=1)
    assert "=> container box" in out and "box.conf:2: error: " in err


def test_cat_config(world):
    write("/etc/security/container.d/50-more.conf", "[Match b]\nContainer=host\n")
    out, _ = ctl(world, "cat-config")
    assert out.index("# from /etc/security/container.conf") < \
        out.index("# from /etc/security/container.d/50-more.conf")
    world.definition("mine", "[Container]\nExtends=student\n")
    out, _ = ctl(world, "cat-config", "mine")
    assert "student.conf\n" in out and out.rstrip().endswith("Extends=student"), out
    assert "no definition 'none'" in told(world, "cat-config", "none")


def test_doctor(world):
    out, err = ctl(world, "doctor")
    assert err == "" and out.startswith("CHECK"), out
    checks = {c["check"]: c for c in rows(world, "doctor")}
    assert {c["status"] for c in checks.values()} <= {"ok", "warn"}, checks
    for name in ("kernel", "namespace.pid", "call.openat2", "seccomp", "cgroup.memory", "policy",
                 "cgroup.devices", "file.supervisor", "file.module", "state", "pam.sshd"):
        assert checks[name]["status"] == "ok", checks[name]
    write("/etc/pam.d/sshd", "session optional pam_container.so\n")
    world.policy("[Global]\nMod=off\n")
    done = world.run(["containerctl", "doctor", "-J", "-f", "status=fail"])
    assert done.returncode == 1, done
    failed = {c["check"]: c for c in json.loads(done.stdout)["checks"]}
    assert set(failed) == {"pam.sshd", "policy"}, failed
    assert all(c["advice"] for c in failed.values())


def test_doctor_as_a_user(world):
    done = world.run(["setpriv", "--reuid=4001", "--regid=5001", "--clear-groups",
                      "containerctl", "doctor", "-r"])
    assert done.returncode == 0 and b"privilege warn" in done.stdout, done


# ---- containers ----

def test_list_and_show(world):
    assert ctl(world, "list") == ("", "")
    assert parsed(world, "list")["containers"] == []
    with container(world) as name:
        assert name == "box-1"
        (row,) = rows(world, "list")
        assert list(row) == LIST_KEYS and row["id"] == "box-1" and row["state"] == "created", row
        assert row["user"] is None and isinstance(row["mem_bytes"], int) and row["pids"] == 1, row
        out, _ = ctl(world, "ls", "-n", "-o", "ID,STATE,TASKSMAX")
        assert out.split() == ["box-1", "created", "100"], out
        assert ctl(world, "list", "-q") == ("box-1\n", "")
        assert ctl(world, "list", "-q", "-f", "STATE=paused") == ("", "")
        (more,) = rows(world, "list", "--output-all")
        shown = parsed(world, "show", "box-1")["containers"][0]
        assert list(shown) == list(more), (shown, more)
        assert shown["leader_pid"] > 1 and shown["sessions"] == 0 and shown["instance"] == "api"
        assert shown["ns_pid"] == os.stat(f"/proc/{shown['leader_pid']}/ns/pid").st_ino
        text, _ = ctl(world, "show", "box-1", "-p", "id", "-p", "PIDS")
        assert text == "id=box-1\npids=1\n", text
        assert ctl(world, "show", "box-1", "-p", "state", "--value")[0] == "created\n"
        assert "did you mean" in told(world, "show", "box-1", "-p", "statee", code=2)
        out, _ = ctl(world, "show", "--definition", "box-1")
        assert "TasksMax=100\n" in out, out
        state = json.loads(ctl(world, "show", "--state", "box-1")[0])
        assert state["init_process_pid"] == shown["leader_pid"], state
        for path in [*state["namespace_paths"].values(), *state["cgroup_paths"].values()]:
            assert os.path.exists(path), path
        assert state["cgroup_paths"], state
        card, _ = ctl(world, "status", "box-1")
        assert "State: created since " in card and "COMMAND" in card and " init\n" in card, card
    assert ctl(world, "list", "--all") == ("", "")


def test_a_login_in_the_list(world):
    world.policy("[Match in]\nGroup=students\nContainer=box\n")
    job = subprocess.Popen(world.ssh_argv("alice", "echo in; sleep 60"), stdout=subprocess.PIPE,
                           stdin=subprocess.DEVNULL)
    assert job.stdout.readline() == b"in\n"
    (row,) = rows(world, "list", "-o", "+RULE,UID,SESSIONS,INSTANCE")
    assert (row["id"], row["user"], row["container"]) == ("alice-1", "alice", "box"), row
    assert (row["service"], row["from"], row["rule"]) == ("sshd", "127.0.0.1", "in"), row
    assert (row["uid"], row["sessions"], row["instance"]) == (4001, 1, "session"), row
    card, _ = ctl(world, "status", "alice-1")
    assert "Sessions: sshd from 127.0.0.1" in card and "sleep" in card, card
    assert ctl(world, "exec", "alice-1", "--", "id", "-un")[0] == "alice\n"  # the owner
    assert ctl(world, "exec", "-u", "root", "alice-1", "--", "id", "-u")[0] == "0\n"
    ctl(world, "terminate", "--grace", "0", "alice-1")
    assert job.wait(10) != 0
    world.until(lambda: rows(world, "list", "-a") == [], "the container is gone")


def test_exec_passes_the_status(world):
    with container(world) as name:
        for status in (0, 1, 2, 7, 125, 126, 127, 128, 255):
            ctl(world, "exec", name, "--", "sh", "-c", f"exit {status}", code=status)
        ctl(world, "exec", name, "sh", "-c", "kill -TERM $$", code=-signal.SIGTERM)
        ctl(world, "exec", name, "--", "sh", "-c", "kill -KILL $$", code=-signal.SIGKILL)
        assert "No such file" in told(world, "exec", name, "nonesuch", code=127)
        assert "Permission denied" in told(world, "exec", name, "/etc/passwd", code=126)
        told(world, "exec", name, "--cwd", "/nowhere", "--", "pwd", code=125)
        told(world, "exec", "-C", "/nowhere", name, "--", "pwd", code=125)
        told(world, "exec", "none-1", "true", code=125)
        told(world, "exec", "--usr", "x", name, "true", code=125)
        told(world, "exec", "-u", "nobody-here", name, "true", code=125)
        told(world, "exec", name, code=125)


def test_exec_streams_and_environment(world):
    with container(world) as name:
        done = world.run(["containerctl", "exec", name, "--", "sh", "-c", "cat; echo err >&2"],
                         input=b"\x00\xff" * 50000)
        assert (done.stdout, done.stderr, done.returncode) == (b"\x00\xff" * 50000, b"err\n", 0)
        out, _ = ctl(world, "exec", "-u", "alice", "-e", "A=b c", "-e", "HOME=/tmp", name, "--",
                     "sh", "-c", 'echo "$USER $HOME $SHELL $A $TERM"; id -u; pwd')
        assert out == "alice /tmp /bin/bash b c \n4001\n/home/alice\n", out
        assert ctl(world, "exec", "-u", "alice", "-C", "/usr", name, "pwd")[0] == "/usr\n"
        out, _ = ctl(world, "exec", "-u", "12345:12345", name, "--", "id", "-u")
        assert out == "12345\n", out
        told(world, "exec", "-e", "novalue", name, "true", code=125)
        for where in ("mnt", "pid", "uts", "ipc"):
            inside, _ = ctl(world, "exec", name, "--", "readlink", f"/proc/self/ns/{where}")
            assert inside.strip() != os.readlink(f"/proc/self/ns/{where}")


def test_exec_on_a_terminal(world):
    """MUST-6: the pty is the container's own; the window's size and its changes reach it."""
    with container(world) as name:
        term = world.terminal(["containerctl", "exec", "-u", "alice", name, "--", "bash",
                               "--norc"], rows=33, columns=101)
        term.send("PS1=; stty -echo; tty; stty size\n")
        term.expect("/dev/pts/0\r\n")
        term.expect("33 101\r\n")
        term.resize(20, 70)
        term.send("sleep 0.2; stty size\n")
        term.expect("20 70\r\n")
        term.send("sleep 100\n")
        time.sleep(0.3)
        world.interrupt(term, "^sleep 100")
        term.send("echo $?\n")
        term.expect("130\r\n")
        term.send("exit 9\n")
        assert term.wait() == 9
        term = world.terminal(["containerctl", "shell", "-u", "alice", name])
        term.expect("[$] ")
        term.send("PS1=; stty -echo; echo $0 $(id -un) $(pwd)\n")
        term.expect("-bash alice /home/alice\r\n")
        term.send("exit\n")
        term.wait()


def test_exec_without_its_terminal(world):
    """MUST-6: a command that gets no terminal must not hold root's own open."""
    with container(world) as name:
        probe = 'ls -l /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; read x; echo "got $x"'
        term = world.terminal(["containerctl", "exec", "--no-tty", name, "--", "sh", "-c", probe])
        for _ in range(3):
            term.expect(r"-> pipe:\[")
        term.send("line\n")
        term.expect("got line")
        assert term.wait() == 0


def test_exec_ends_with_its_caller(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "sleep", "321"])
        world.until(lambda: "sleep" in ctl(world, "ps", name, program="containermon")[0], "sleep")
        job.kill()
        job.wait()
        world.until(lambda: "sleep" not in ctl(world, "ps", name, program="containermon")[0],
                    "the command has ended")


def test_signals_reach_the_command(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "sh", "-c",
                                "trap 'echo caught; exit 5' TERM; echo on; "
                                "while :; do sleep 0.1; done"], stdout=subprocess.PIPE)
        assert job.stdout.readline() == b"on\n"
        job.terminate()
        assert job.stdout.read() == b"caught\n" and job.wait(10) == 5


def test_pause_and_resume(world):
    with container(world) as name:
        ctl(world, "pause", name)
        ctl(world, "freeze", name)  # it is so already
        assert rows(world, "list")[0]["state"] == "paused"
        assert told(world, "exec", name, "true", code=125) == \
            f"containerctl: {name}: not possible now (state: paused); " \
            f"try 'containerctl resume {name}'\n"
        ctl(world, "stats", name, program="containermon")
        ctl(world, "status", name)
        ctl(world, "resume", name)
        assert "not paused (state: created); there is nothing to resume" in \
            told(world, "resume", name)
        ctl(world, "exec", name, "true")
        ctl(world, "pause", name)
        ctl(world, "terminate", "--grace", "0", name)
        assert rows(world, "list", "-a") == []


def test_kill(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "sleep", "300"])
        world.until(lambda: "sleep" in ctl(world, "ps", name, program="containermon")[0], "sleep")
        assert "did you mean" in told(world, "kill", "-s", "TERMM", name, code=2)
        ctl(world, "kill", "-s", "USR1", "--all", name)
        assert job.wait(10) == -signal.SIGUSR1
        assert rows(world, "list")[0]["state"] == "running"


def test_several_are_asked_about(world):
    """A question on a terminal only; -y and pipes go on."""
    with container(world) as one, container(world) as two:
        assert (one, two) == ("box-1", "box-2")
        term = world.terminal(["containerctl", "terminate", one, two])
        term.expect("terminate 2 containers\\? \\[y/N\\]")
        term.send("n\n")
        term.expect("nothing was done")
        assert term.wait() == 1
        assert len(rows(world, "list")) == 2
        term = world.terminal(["containerctl", "terminate", "--grace=0", one])
        assert term.wait() == 0
        out, err = ctl(world, "terminate", "--grace", "0", one, two, code=1)
        assert "box-1: no such container" in err and rows(world, "list", "-a") == [], err


def test_set(world):
    with container(world) as name:
        ctl(world, "set", name, "TasksMax=50", "MemoryMax=64M")
        (row,) = rows(world, "list", "-o", "TASKSMAX,MEMMAX")
        assert row == {"pids_limit": 50, "mem_limit_bytes": 64 << 20}, row
        err = told(world, "set", name, "TasksMax=20", "MemoryMx=1G")
        assert err == f"containerctl: {name}: unknown key 'MemoryMx' in [Resources]; " \
            "did you mean 'MemoryMax'?\n", err
        assert rows(world, "list", "-o", "TASKSMAX")[0]["pids_limit"] == 50  # all or nothing
        told(world, "set", name, "TasksMax", code=2)
        told(world, "set", name, code=2)


def test_start(world):
    world.definition("box", PLAIN)
    assert ctl(world, "start", "box", "--id", "mine") == ("mine\n", "")
    assert "exists already" in told(world, "start", "box", "--id", "mine")
    assert "not a container ID" in told(world, "start", "box", "--id", "a/b")
    assert "no definition 'none'" in told(world, "start", "none")
    told(world, "start", code=2)
    assert ctl(world, "start", "student") == ("student-1\n", "")  # specifiers stand for root
    assert ctl(world, "exec", "student-1", "hostname")[0] == "lab-root\n"
    ctl(world, "terminate", "--grace=0", "student-1")
    job = subprocess.Popen(["containerctl", "start", "--wait", "box"], stdout=subprocess.PIPE)
    assert job.stdout.readline() == b"box-1\n"
    os.kill(parsed(world, "show", "box-1")["containers"][0]["leader_pid"], signal.SIGKILL)
    assert job.wait(10) == 0
    ctl(world, "terminate", "--grace=0", "mine")
    world.until(lambda: rows(world, "list", "-a") == [], "both are gone")


def test_a_stopped_container(world):
    """What was started by hand stays on record when its PID 1 dies, until it is terminated."""
    with container(world) as name:
        os.kill(parsed(world, "show", name)["containers"][0]["leader_pid"], signal.SIGKILL)
        world.until(lambda: rows(world, "list", "-a")[0]["state"] == "stopped", "it has stopped")
        assert rows(world, "list") == []
        message = f"{name}: not running (state: stopped); try 'containerctl terminate {name}'"
        for verb in (["exec", name, "true"], ["pause", name], ["kill", name],
                     ["set", name, "TasksMax=9"]):
            assert message in told(world, *verb, code=125 if verb[0] == "exec" else 1)
        assert message.replace("containerctl", "containerctl", 1) in \
            told(world, "stats", name, program="containermon")
        card, _ = ctl(world, "status", name)
        assert "State: stopped" in card
        ctl(world, "terminate", name)
        assert rows(world, "list", "-a") == []


def test_wrong_ids(world):
    """MUST-7, MUST-11: refused, said, and nothing of it reaches the terminal raw."""
    with container(world) as name:
        for bad in ("../x", "a/b", "", "x" * 65, "\x1b[2Jx", "a b", ".x"):
            for verb in (["status"], ["pause"], ["terminate"], ["show"]):
                err = told(world, *verb, bad)
                assert "not a container ID" in err and err.count("\n") == 1, err
        err = told(world, "status", "bux-1")
        assert err == "containerctl: bux-1: no such container; try 'containerctl list --all'; " \
            f"did you mean '{name}'?\n", err


def test_control_bytes_of_a_command(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "bash", "-c",
                                "exec -a $'x\\e[2Jy' sleep 99"])
        world.until(lambda: "x\\x1b[2Jy" in ctl(world, "ps", program="containermon")[0] or
                    "sleep" in ctl(world, "ps", program="containermon")[0], "the command runs")
        out, _ = ctl(world, "ps", program="containermon")
        assert "\x1b" not in out and "\x1b" not in ctl(world, "status", name)[0]
        assert rows(world, "ps", program="containermon")
        job.kill()
        job.wait()


def test_gc(world):
    with container(world) as name:
        info = parsed(world, "show", name)["containers"][0]
        os.kill(info["supervisor_pid"], signal.SIGKILL)
        world.until(lambda: not os.path.exists(f"/proc/{info['leader_pid']}"), "PID 1 is gone")
        out, _ = ctl(world, "gc", "--dry-run")
        assert name in out and rows(world, "list", "-a"), out
        value = parsed(world, "gc", "--dry-run")
        assert value["dry_run"] is True and len(value["findings"]) == 1, value
        ctl(world, "gc")
        assert rows(world, "list", "-a") == [] and ctl(world, "gc") == ("", "")


def test_a_damaged_record(world):
    """MUST-8: told, not believed; gc removes it."""
    with container(world) as name:
        leader = parsed(world, "show", name)["containers"][0]
        record = f"/run/pam_container/containers/{name}/state.json"
        with open(record) as file:
            text = file.read()
        write(record, text[:100], 0o600)
        (row,) = rows(world, "list", "-a")
        assert row["id"] == name and row["state"] == "damaged", row
        assert "try 'containerctl gc'" in told(world, "status", name)
        write(record, text, 0o600)
        assert parsed(world, "show", name)["containers"][0]["leader_pid"] == leader["leader_pid"]


def test_ps_and_stats(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "sh", "-c", "sleep 77; :"])
        world.until(lambda: len(rows(world, "ps", program="containermon")) == 3, "sleep runs")
        found = rows(world, "ps", name, program="containermon")
        assert all(list(row) == PS_KEYS for row in found), found
        by = {row["command"].split()[0]: row for row in found}
        assert by["init"]["pid"] == 1, found
        for row in found:
            assert os.path.exists(f"/proc/{row['host_pid']}") and row["user"] == "root", row
        tree, _ = ctl(world, "ps", "--tree", name, program="containermon")
        assert "`-sh" in tree or "`-sleep" in tree, tree
        (row,) = rows(world, "stats", program="containermon")
        assert list(row) == STATS_KEYS and row["pids"] == 3 and row["pids_limit"] == 100, row
        for key, value in row.items():
            kind = str if key in ("id", "container") else int
            assert value is None or isinstance(value, kind), (key, value)
        out, _ = ctl(world, "stats", program="containermon")
        assert out.split("\n")[0].split() == ["ID", "USER", "CONTAINER", "CPU%", "MEM", "LIMIT",
                                              "MEM%", "IO-R", "IO-W", "PIDS", "LIMIT", "PSI"], out
        out, _ = ctl(world, "stats", "--watch", program="containermon")  # no terminal: once
        assert out.count("CPU%") == 1
        out, _ = ctl(world, "stats", "--iterations=2", "-d", "0.2", program="containermon")
        assert out.count("CPU%") == 2
        assert "no such container" in told(world, "ps", "none", program="containermon")
        job.kill()
        job.wait()


def test_cpu_share(world):
    with container(world) as name:
        job = subprocess.Popen(["containerctl", "exec", name, "--", "sh", "-c",
                                "while :; do :; done"])
        world.until(lambda: len(rows(world, "ps", program="containermon")) == 2, "the loop runs")
        (row,) = rows(world, "stats", "-d", "1", program="containermon")
        assert 2000 < row["cpu_centipercent"] < 15000, row
        job.kill()
        job.wait()


def test_network_of_its_own(world):
    with container(world, text="[Network]\nPrivate=loopback\n") as name:
        (row,) = rows(world, "stats", name, program="containermon")
        assert isinstance(row["net_rx_bytes"], int), row
        out, _ = ctl(world, "stats", program="containermon")
        assert "NET-R" in out.split("\n")[0]


def test_watch_on_a_terminal(world):
    with container(world):
        term = world.terminal(["containermon", "stats", "--watch=0.2", "--iterations", "3"])
        for _ in range(3):
            term.expect("\x1b\\[H\x1b\\[2J")
            term.expect("box-1")
        assert term.wait() == 0


def test_colours(world):
    """On a terminal only, and never with NO_COLOR."""
    environment = {**os.environ, "TERM": "xterm", "PAGER": "cat"}
    environment.pop("NO_COLOR", None)
    with container(world):
        term = world.terminal(["containerctl", "list"], env=environment)
        term.expect("\x1b\\[[0-9;]*mcreated")
        term.wait()
        term = world.terminal(["containerctl", "list"], env={**environment, "NO_COLOR": "1"})
        term.expect("created")
        assert term.wait() == 0 and b"\x1b" not in term.seen
        ctl(world, "list")


def test_usage(world):
    """Exit 2 for what was typed wrong, with what was probably meant."""
    err = told(world, "lst", code=2)
    assert "unknown verb 'lst'" in err and "--help" in err, err
    assert "did you mean 'pause'?" in told(world, "puase", code=2)
    assert "did you mean '--json'?" in told(world, "list", "--jsn", code=2)
    assert "did you mean 'STATE'?" in told(world, "list", "-o", "STAET", code=2)
    told(world, code=2)
    for program, verbs in (("containerctl", 16), ("containermon", 2)):
        out, err = ctl(world, "--help", program=program)
        assert err == "" and out.count("\n  ") >= verbs, out
        for line in out.split("Verbs:\n")[1].split("\n\n")[0].splitlines():
            usage, _ = ctl(world, line.split()[0], "--help", program=program)
            assert usage.startswith(f"usage: {program} {line.split()[0]} "), usage
    out, _ = ctl(world, "show", "--help")
    assert "\nKeys:\n" in out and "\n  mem_bytes " in out, out
    ctl(world, "--version")


def test_full_disk(world):
    """An answer that cannot be written is a failure, with a word about it."""
    for line in ("--help", "--version", "doctor", "check", "gc -J", "list -J"):
        done = world.run(["sh", "-c", f"containerctl {line} >/dev/full"])
        assert done.returncode == 1 and b"standard output" in done.stderr, (line, done)


def test_needs_root(world):
    user = ["setpriv", "--reuid=4001", "--regid=5001", "--clear-groups"]
    for argv, code in ((["containerctl", "list"], 1), (["containerctl", "exec", "x", "y"], 125),
                       (["containermon", "stats"], 1)):
        done = world.run([*user, *argv])
        assert done.returncode == code and done.stdout == b"", done
        assert b"containers belong to root; try 'sudo " in done.stderr, done


def test_another_installation(world):
    """--conf, --state-root: two installations do not see each other."""
    write("/etc/other/container.conf", "[Match a]\nUser=carol\nContainer=ours\n")
    write("/etc/other/containers/ours.conf", PLAIN)
    other = ["--conf", "/etc/other/container.conf", "--state-root", "/run/other"]
    ctl(world, *other, "which", "carol")
    assert ctl(world, *other, "start", "ours") == ("ours-1\n", "")
    assert ctl(world, "list", "-q", *other) == ("ours-1\n", "")
    assert ctl(world, "list", "-q") == ("", "")
    ctl(world, *other, "terminate", "--grace=0", "ours-1")
