#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstration behind tools/demo, which has installed and built what it needs.

This process stays outside and counts what is there before and after; perform() runs in a
copy-on-write view of the machine. How that is done: theatre.py and sandbox.py in tests/live/harness.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import termios
import time

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests/live"))

from harness import cgroup, oracle, people, syscalls, theatre  # noqa: E402
from harness.machine import Machine  # noqa: E402
from harness.world import World, write  # noqa: E402

USER, OTHER = "alice", "bob"
SAME = ("my own file says",)
# what the definition says, so that a wall that is missing is seen
EXPECTED = {"host name": f"box-of-{USER}", "other users' processes": "0", "what bob runs": "",
            "/tmp has": "", "/home has": USER, "network interfaces": "lo",
            "open files, at most": "256", "capabilities, at most": "none",
            "no new privileges": "1", "seccomp (2: filtered)": "2",
            "a user namespace of mine": "refused"}
# the host may have been told to refuse these itself
MAY_AGREE = ("a user namespace of mine", "network interfaces", "no new privileges",
             "seccomp (2: filtered)", "capabilities, at most", "open files, at most")


class Wrong(Exception):
    """Something that the demonstration shows did not hold."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


# ---- what the reader sees ----

class Screen:
    def __init__(self, wait):
        self.wait = wait
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") \
            and os.environ.get("TERM", "dumb") != "dumb"
        self.number = 0

    def _paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def line(self, text=""):
        print(text, flush=True)

    def step(self, title, why):
        self.number += 1
        self.line()
        if self.wait:
            input("[Enter] ")
        self.title(f"{self.number}. {title}", why)

    def title(self, title, why):
        self.line(self._paint("1", title))
        self.line("   " + why)
        self.line()

    def command(self, prompt, text, note=""):
        self.line(f"   {prompt} {self._paint('1;36', text)}{'   (' + note + ')' if note else ''}")

    def output(self, text):
        for line in text.rstrip("\n").split("\n"):
            self.line("   " + line.replace("\033", "^["))

    def good(self, text):
        self.line("   " + self._paint("32", "=> " + text))

    def bad(self, text):
        self.line("   " + self._paint("1;31", "DOES NOT HOLD: " + text))


def example(name):
    with open(f"{TOP}/docs/examples/demo/{name}") as file:
        return file.read()


# read now: the world may not see this folder
EXAMPLES = {name: example(name) for name in ("pam.sshd", "container.conf", "demo.conf", "look",
                                             "ssh_config")}


def show_file(screen, path, marked=""):
    screen.command("#", "cat " + path)
    with open(path) as file:
        for line in file:
            mark = "   <== the administrator adds this" if marked and marked in line else ""
            screen.output(line.rstrip("\n") + mark)
    screen.line()


# ---- the world: where sshd runs ----

class Stage(World):
    """The live tests' world, with the demonstration's own PAM file, policy and definition."""

    def __init__(self, screen):
        super().__init__(product=False)
        self.screen = screen
        self.product = True
        write("/etc/pam.d/sshd", EXAMPLES["pam.sshd"])
        self.policy(EXAMPLES["container.conf"])
        self.definition("demo", EXAMPLES["demo.conf"])
        write("/usr/local/bin/look", EXAMPLES["look"], 0o755)
        write(f"/home/{USER}/hello.txt", "hello\n")
        write(f"/tmp/{OTHER}s-notes", "for my eyes only\n", 0o600)
        os.chown(f"/tmp/{OTHER}s-notes", *people.USERS[OTHER][:2])
        os.chdir("/")

    def daemon(self, argv, **options):
        """Like the tests', but the kernel ends it with this process, whatever happens."""
        me = os.getpid()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True,
                                   preexec_fn=lambda: syscalls.die_with_parent(me), **options)
        self._daemons.append(process)
        return process

    def start(self):
        uid, gid, _shell = people.USERS[OTHER]
        self.daemon(["sleep", "1000"], user=uid, group=gid, extra_groups=[])
        self.start_sshd()
        write("/etc/ssh/demo_client", EXAMPLES["ssh_config"].format(port=self.port, user=USER))

    def command(self, text, expected=0):
        """Show a command line, run just that, show its output."""
        self.screen.command("#", text)
        done = subprocess.run(["/bin/sh", "-c", text], stdin=subprocess.DEVNULL, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        if done.stdout:
            self.screen.output(done.stdout)
        self.screen.line()
        require(done.returncode == expected,
                f"'{text}' ended with {done.returncode}, not {expected}")
        return done.stdout

    def processes(self, program=""):
        """The user's, of this world: others have their groups outside of what this world sees."""
        return [f for f in oracle.processes(people.USERS[USER][0])
                if not any(":/.." in line for line in f.cgroups) and program in f.status["Name"]]

    def containers(self, program=""):
        """Those that are in a container."""
        return [f for f in self.processes(program) if not oracle.faults(f)]

    def require_walls(self, user):
        """Each process of the user is inside. One that ends just now has left its groups."""
        deadline, faults = time.monotonic() + 2, None
        while time.monotonic() < deadline:
            faults = {f.pid: oracle.faults(f) for f in self.processes()}
            if faults and not any(faults.values()):
                return
            time.sleep(0.02)
        raise Wrong(f"a process of {user} is not inside: {faults}")

    def product_files(self):
        found = []
        for folder in ("containers", "locks"):
            top = f"/run/pam_container/{folder}"
            found += os.listdir(top) if os.path.isdir(top) else []
        return found

    def events(self):
        texts = [re.sub(r"^<\d+>\w+ +\d+ [\d:]+ ", "", line) for line in self.log]
        return [text for text in texts if "event=" in text]


class Session:
    """One ssh login on a terminal of its own."""

    def __init__(self, world, typed="stty -echo; PS1=; unset PROMPT_COMMAND; echo rea''dy\n"):
        self.world = world
        world.screen.command("$", "ssh -F /etc/ssh/demo_client demo")
        self.term = world.terminal(["ssh", "-tt", "-F", "/etc/ssh/demo_client", "demo"],
                                   columns=200)
        self.term.send(typed)
        if typed:
            self.term.expect("ready\r\n")

    def look(self):
        self.term.send("look\n")
        text = self.term.expect(r"(?s)look-begin\r\n(.*)look-end\r\n", 20).group(1).decode()
        return rows(text)

    def start_counting(self):
        self.term.send("n=0; while sleep 0.1; do n=$((n+1)); echo tick=$n=; done\n")

    def last_tick(self, seconds, quiet=None):
        """The last number that arrives within that time, or before `quiet` seconds of silence."""
        end, number = time.monotonic() + seconds, None
        try:
            while time.monotonic() < end:
                patience = min(quiet or seconds, end - time.monotonic())
                number = int(self.term.expect(r"tick=(\d+)=", patience).group(1))
        except AssertionError:
            pass
        return number

    def next_tick(self):
        return int(self.term.expect(r"tick=(\d+)=", 10).group(1))


def rows(text):
    return dict(line.split("\t", 1) for line in text.replace("\r", "").strip().split("\n"))


def look_on_the_host(world):
    uid, gid, _shell = people.USERS[USER]
    world.screen.command("#", f"setpriv --reuid {USER} --regid students --init-groups look")
    done = subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={gid}", "--init-groups",
                           "sh", "-c", "look; true"], env={**os.environ, "HOME": f"/home/{USER}"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    require(done.returncode == 0, done.stderr)
    return rows(done.stdout.replace("look-begin\n", "").replace("look-end\n", ""))


def side_by_side(screen, host, session):
    def cut(text):
        return text if len(text) <= 34 else text[:33] + "~"
    screen.line()
    screen.line(f"   {'':26}{'HOST':36}SESSION")
    for name, outside in host.items():
        screen.line(f"   {name:26}{cut(outside or '-'):36}{cut(session.get(name, '') or '-')}")
    screen.line()


def compare(host, session):
    for name, outside in host.items():
        inside = session.get(name)
        if name in SAME:
            require(inside == outside, f"{name}: '{inside}', not '{outside}'")
            continue
        if name in EXPECTED:
            require(inside == EXPECTED[name], f"{name}: '{inside}', not '{EXPECTED[name]}'")
        if name not in MAY_AGREE:
            require(inside != outside, f"{name}: the session's is the host's, '{outside}'")


def only_container(world):
    text = world.command("containerctl list")
    found = subprocess.run(["containerctl", "list", "-q"], capture_output=True, text=True,
                           timeout=30).stdout.split()
    require(len(found) == 1 and found[0] in text, f"one container is listed: {found}")
    return found[0]


# ---- the steps ----

def step_files(world, screen):
    screen.step("The configuration", "Two lines for PAM, one policy (who), one definition (what).")
    show_file(screen, "/etc/pam.d/sshd", "pam_container")
    show_file(screen, "/etc/security/container.conf")
    show_file(screen, "/etc/security/containers/demo.conf")
    screen.step("What the policy would do", "The administrator may ask before anybody logs in.")
    world.command(f"containerctl which {USER} --service sshd --address 127.0.0.1")
    world.command(f"containerctl which {USER} --service su      # exit status 3: the host", 3)


def step_login(world, screen):
    screen.step("A real login", "The distribution's OpenSSH, on a free port of 127.0.0.1; the "
                "client sees nothing special.")
    screen.command("#", "/usr/sbin/sshd -D -f /etc/ssh/test_sshd", f"port {world.port}")
    session = Session(world)
    screen.step("Host and session, side by side", f"The same program, run by {USER}: on the "
                "host, and in the login.")
    host = look_on_the_host(world)
    screen.command("$", "look", "typed into the login")
    inside = session.look()
    side_by_side(screen, host, inside)
    compare(host, inside)
    world.require_walls(USER)
    screen.good("each line that has to differ differs, and the file of the user is the same")
    return session


def step_watch(world, screen, tell):
    screen.step("The administrator looks", "From the host: containers, their processes (both "
                "numbers of each), what they use.")
    container = only_container(world)
    listed = set(world.command(f"containermon ps {container}").split())
    missing = [f.pid for f in world.containers() if str(f.pid) not in listed]
    require(not missing, f"ps lists each process of the login, and not {missing}")
    require({"256M", "40"} <= set(world.command(f"containermon stats {container}").split()),
            "stats has the limits of the definition")
    tell("logged-in", world.port, len(world.product_files()))
    return container


def step_pause(world, screen, session, container):
    screen.step("Pause and resume", "The session counts, ten numbers a second; the kernel's "
                "freezer holds it, and lets it go on.")
    session.start_counting()
    running = session.next_tick()
    running = session.last_tick(1.0) or running
    world.command(f"containerctl pause {container}")
    # what was under way still arrives
    stopped = session.last_tick(5.0, quiet=0.5) or running
    late = session.last_tick(1.5)
    require(late is None, f"paused, and yet it counted from {stopped} to {late}")
    screen.good(f"the session stands still at {stopped}, for 1.5 seconds")
    screen.line()
    require("paused" in world.command("containerctl list"), "it is listed as paused")
    world.command(f"containerctl resume {container}")
    again = session.next_tick()
    require(again == stopped + 1, f"resumed, and it goes on with {again}, not {stopped + 1}")
    screen.good(f"it goes on with {again}")


def step_checkpoint(world, screen, session, container):
    screen.step("Onto the disk, and walk back in", "The session still counts. Its processes are written to the disk and "
                "are gone; the user logs in again.")
    last = session.last_tick(0.5) or session.next_tick()
    screen.good(f"it has counted to {last}")
    screen.line()
    world.command(f"containerctl checkpoint {container}")
    screen.good(f"the ssh client has ended, with status {session.term.wait()}")
    require("checkpointed" in world.command("containerctl list --all"), "it is listed as checkpointed")
    world.until(lambda: not world.product_files() and not world.containers(), "nothing of it runs")
    screen.good("no process, mount or control group of it is left")
    screen.line()
    again = Session(world, typed="")
    number = again.next_tick()
    while number <= last:  # what was on the screen is shown again
        number = again.next_tick()
    screen.good(f"the same shell, in the middle of its loop: it goes on with {number}")
    world.require_walls(USER)
    return again


def step_exec(world, screen, container):
    screen.step("Run something inside", "In the living container, beside the user's own programs; "
                "the exit status is passed on.")
    text = world.command(f"containerctl exec {container} -- sh -c 'hostname; ls -A /home'")
    require(text.split() == [f"box-of-{USER}", USER], "exec ran inside")
    world.command(f"containerctl exec {container} -- sh -c 'exit 7'", 7)


def ended(world, client_status, what):
    require(client_status != 0, f"the ssh client noticed the {what}")
    world.screen.good(f"the ssh client has ended, with status {client_status}")
    world.until(lambda: not world.product_files(), "the container is removed")
    require(not world.command("containerctl list -q").strip(), "no container is left")


def step_end(world, screen, session, container):
    screen.step("End it", "kill sends a signal to what the login runs; terminate ends a container "
                "with everything in it.")
    world.command(f"containerctl kill --all --signal KILL {container}")
    ended(world, session.term.wait(), "kill")
    screen.command("$", "ssh -F /etc/ssh/demo_client demo sleep 1000 &")
    second = subprocess.Popen(["ssh", "-F", "/etc/ssh/demo_client", "demo", "sleep", "1000"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    world.until(lambda: world.containers("sleep"), "sleep runs in a container")
    world.command(f"containerctl terminate {only_container(world)}")
    said = second.communicate(timeout=10)[0]
    if said:
        screen.output(said)
    ended(world, second.returncode, "end")


def step_log(world, screen):
    screen.step("What the log says", "One line for each decision, start, end and failure, to the "
                "authpriv facility.")
    world.until(lambda: sum("event=stop" in e for e in world.events()) == 3, "all ends are logged")
    for event in world.events():
        screen.output(event)
    for kind in ("start", "end"):
        require(sum(f"event={kind} user={USER} " in e for e in world.events()) == 3,
                f"event={kind} is logged three times")


def perform(world, screen, tell):
    step_files(world, screen)
    world.start()
    session = step_login(world, screen)
    container = step_watch(world, screen, tell)
    step_pause(world, screen, session, container)
    session = step_checkpoint(world, screen, session, container)
    step_exec(world, screen, container)
    step_end(world, screen, session, container)
    step_log(world, screen)


def give_shell(world, screen, tell):
    """--shell: the newcomer's own login."""
    world.start()
    screen.line()
    screen.line(f"You are {USER} now, in a container. Try:  hostname   ps aux   ls /tmp /home   "
                "ulimit -n   touch /etc/x")
    screen.line("As root in another terminal:  nsenter -m -C -t "
                f"{os.getpid()} containerctl list      (also containermon ps, stats, ...)")
    screen.line("`exit` ends the container, and the demonstration.")
    screen.line()
    client = subprocess.Popen(["ssh", "-t", "-F", "/etc/ssh/demo_client", "demo"])
    world.until(lambda: client.poll() is not None or world.containers(), "the container is there")
    tell("logged-in", world.port, len(world.product_files()))
    client.wait()
    screen.line()
    world.until(lambda: not world.product_files(), "the container is removed")


def show(screen, act, tell):
    """In the world: perform or give_shell, and what went wrong."""
    world = Stage(screen)
    try:
        act(world, screen, tell)
        world.close_terminals()
        tell("logged-out", world.port, len(world.product_files()))
        return 0
    except (Wrong, AssertionError) as wrong:
        screen.bad(str(wrong))
    except Exception as fault:
        screen.bad(f"{type(fault).__name__}: {fault}")
    finally:
        world.close_terminals()
        world.stop()
    for line in world.log[-20:]:
        screen.output("log: " + line)
    return 1


# ---- outside ----

def show_census(screen, counts):
    columns = [c for c in ("before", "logged-in", "logged-out", "at the end") if c in counts]
    screen.line(f"   {'':28}" + "".join(f"{c:>14}" for c in columns))
    for name in counts["before"]:
        screen.line(f"   {name:28}" + "".join(f"{counts[c][name]:>14}" for c in columns))
    screen.line()


def judge(screen, machine, files):
    """Compare before and after; says what differs."""
    before, after = machine.counts["before"], machine.counts["at the end"]
    faults = [f"{name}: {before[name]} before, {after[name]} after"
              for name in before if after[name] != before[name]]
    logout = machine.counts.get("logged-out", {})
    faults += [f"{name}: {logout[name]} after the logout" for name in logout
               if name.endswith("of containers") and logout[name] != 0]
    now = machine.files()
    faults += [f"{path} is not as it was" for path in sorted(set(files) | set(now))
               if files.get(path) != now.get(path)]
    for fault in faults:
        screen.bad(fault)
    if not faults:
        screen.good(f"nothing is left behind; none of the {len(now)} files of "
                    f"{', '.join(machine.FILES)} was touched")
    return not faults


def run(arguments, screen):
    started = time.monotonic()
    machine = Machine(f"{cgroup.PREFIX}{os.getpid()}.demo")
    files = machine.files()
    machine.count("before")
    act = give_shell if arguments.shell else perform
    with terminal_restored():
        status, number = theatre.play(machine, arguments.build,
                                      lambda tell: show(screen, act, tell), arguments.shell)
    if number:
        screen.line("\n   stopped")
    screen.line()
    screen.title("At the end: nothing is left behind", "Counted from outside, on the machine itself.")
    show_census(screen, machine.counts)
    clean = judge(screen, machine, files)
    held = clean and status == 0
    verdict = "Stopped" if number else "Everything held" if held else "NOT everything held"
    screen.line(f"\n{verdict}; {time.monotonic() - started:.0f} s.")
    return 128 + number if number else 0 if held else 1


@contextlib.contextmanager
def terminal_restored():
    """An ssh client that was killed leaves the terminal raw."""
    before = termios.tcgetattr(0) if os.isatty(0) else None
    yield
    if before:
        termios.tcsetattr(0, termios.TCSANOW, before)


def main():
    parser = argparse.ArgumentParser(prog="tools/demo.py", description="started by tools/demo")
    parser.add_argument("--build", required=True)
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("--step", action="store_true")
    arguments = parser.parse_args()
    return run(arguments, Screen(arguments.step and sys.stdin.isatty()))


if __name__ == "__main__":
    sys.exit(main())
