# SPDX-License-Identifier: LGPL-2.1-or-later
"""Private=veth: bridges, addresses, routes, what is refused, and that nothing stays."""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess

CONTAINED = True
BRIDGE = ("10.9.0.1/24", "fd00:9::1/64")
NET = """[Network]
Private=veth
Bridge=br0
Address=10.9.0.0/24 fd00:9::/64
Gateway=10.9.0.1 fd00:9::1
"""


def ip(*arguments):
    done = subprocess.run(["ip", "-j", *arguments], capture_output=True, check=True)
    return json.loads(done.stdout) if done.stdout.strip() else None


def bridge(name="br0", addresses=BRIDGE):
    ip("link", "add", name, "type", "bridge")
    for address in addresses:
        ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
    ip("link", "set", name, "up")


def links():
    return {link["ifname"] for link in ip("link", "show")}


def leases():
    path = "/run/pam_container/leases"
    return {name: os.readlink(os.path.join(path, name)) for name in os.listdir(path)} \
        if os.path.isdir(path) else {}


def start(world, name, text=None, code=0):
    if text is not None:
        world.definition(name, text)
    done = world.run(["containerctl", "start", name])
    assert done.returncode == code, done
    return done.stdout.decode().strip() if code == 0 else done.stderr.decode()


def end(world, *ids):
    done = world.run(["containerctl", "terminate", "--yes", *ids])
    assert done.returncode == 0, done


def inside(world, name, *argv, code=0):
    done = world.run(["containerctl", "exec", name, "--", *argv])
    assert done.returncode == code, done
    return done.stdout.decode()


def ip_inside(world, name, *arguments):
    return json.loads(inside(world, name, "ip", "-j", *arguments))


def addresses(world, name, interface="host0"):
    found = ip_inside(world, name, "address", "show", interface)[0]["addr_info"]
    return [a["local"] for a in found if a["scope"] == "global"]


def clean(before):
    assert links() == before and leases() == {}, (links() - before, leases())


SERVE = ("import socket; s = socket.create_server(('::', 7000), family=socket.AF_INET6, "
         "dualstack_ipv6=True)\nwhile True: s.accept()[0].sendall(b'hello')")
CALL = "import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).recv(9))"


def pid_of(name):
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        return json.load(file)["init.pid"]


def call(world, name, address, port=7000, code=0):
    return inside(world, name, "python3", "-c", CALL, address, str(port), code=code)


def test_two_on_a_bridge(world):
    bridge()
    before = links()
    one, two = start(world, "net", NET), start(world, "net")
    here = [addresses(world, name) for name in (one, two)]
    assert not set(here[0]) & set(here[1]) and all(len(h) == 2 for h in here), here
    server = subprocess.Popen(["containerctl", "exec", one, "--", "python3", "-c", SERVE])
    loop = subprocess.Popen(["python3", "-c", SERVE.replace("'::'", "'::1'").replace("7000", "7001")
                             .replace("dualstack_ipv6=True", "dualstack_ipv6=False")])
    world.until(lambda: b":7000" in world.run(["containerctl", "exec", one, "--", "ss", "-ltn"]).stdout,
                "it serves")
    for address in here[0]:
        assert call(world, two, address) == "b'hello'\n"
    for address in ("::1", "127.0.0.1", "10.9.0.1"):
        call(world, two, address, 7001, code=1)
    assert leases() == {f"{a}%br0": name for name, h in zip((one, two), here) for a in h}
    for process in (server, loop):
        process.terminate()
        process.wait()
    end(world, one, two)
    clean(before)


def test_what_was_asked_for_is_there(world):
    """Each key, read back; the host's end is known by its own name too."""
    bridge()
    before = links()
    name = start(world, "full", NET + """MTU=1400
MACAddress=02:00:00:00:00:07
TransmitQueueLength=77
HostInterface=h-%i
Hairpin=yes
Route=192.0.2.0/24 via 10.9.0.9 metric 50
Route=198.51.100.0/24
Route=2001:db8::/32 via fd00:9::9
[Exec]
Hostname=full
""")
    link = ip_inside(world, name, "link", "show", "host0")[0]
    assert (link["mtu"], link["address"], link["txqlen"], link["operstate"]) == \
        (1400, "02:00:00:00:00:07", 77, "UP"), link
    outer = ip("-d", "link", "show", f"h-{name}")[0]
    assert (outer["mtu"], outer["txqlen"], outer["master"], outer["operstate"]) == \
        (1400, 77, "br0", "UP"), outer
    assert outer["linkinfo"]["info_slave_data"]["hairpin"] is True, outer
    assert outer["address"].startswith("fe:") and name in outer["ifalias"], outer
    routes = {(r["dst"], r.get("gateway"), r.get("metric")) for family in ("-4", "-6")
              for r in ip_inside(world, name, family, "route")}
    assert {("default", "10.9.0.1", None), ("192.0.2.0/24", "10.9.0.9", 50),
            ("198.51.100.0/24", None, None)} <= routes, routes
    assert ("default", "fd00:9::1", 1024) in routes and \
        ("2001:db8::/32", "fd00:9::9", 1024) in routes, routes
    end(world, name)
    clean(before)


def test_several_networks(world):
    """And that a container without Hairpin= has it off, and one gets its address again."""
    bridge()
    bridge("br1", ["10.8.0.1/24"])
    before = links()
    text = NET + """[Network eth1]
Bridge=br1
Address=10.8.0.0/24 10.8.0.77/24
[Network eth2]
[Container]
Namespaces=mount pid
"""
    name = start(world, "many", text)
    found = {i: addresses(world, name, i) for i in ("host0", "eth1", "eth2")}
    assert len(found["host0"]) == 2 and len(found["eth1"]) == 2 and found["eth2"] == [], found
    assert "10.8.0.77" in found["eth1"]
    mine = links() - before
    assert len(mine) == 3 and f"ve-{name}" in mine and all(len(m) < 16 for m in mine), mine
    masters = {link["ifname"]: link.get("master") for link in ip("link", "show")}
    assert sorted(str(masters[m]) for m in mine) == ["None", "br0", "br1"], masters
    outer = ip("-d", "link", "show", f"ve-{name}")[0]
    assert outer["linkinfo"]["info_slave_data"]["hairpin"] is False, outer
    refused = start(world, "many", code=1)
    assert "address 10.8.0.77 is container many-1's" in refused, refused
    assert leases() and set(leases().values()) == {name}, leases()
    end(world, name)
    clean(before)
    assert start(world, "many") == name
    assert {i: addresses(world, name, i) for i in found} == found
    end(world, name)


def test_refusals(world):
    """Each refuses the container and leaves nothing; the host's own link is not touched."""
    bridge()
    ip("link", "add", "dummy7", "type", "veth", "peer", "name", "dummy8")
    before = links()
    taken = start(world, "taken", NET.replace("10.9.0.0/24 fd00:9::/64", "10.9.0.5/24 fd00:9::5/64"))
    with_taken = links()
    for change, why in (
            (("Bridge=br0", "Bridge=nobridge"), "bridge nobridge is not there"),
            (("Bridge=br0", "Bridge=dummy8"), "dummy8 is no bridge"),
            (("Private=veth", "Private=veth\nHostInterface=dummy7"), "interface dummy7 already"),
            (("10.9.0.0/24", "10.9.0.5/24"), "address 10.9.0.5 is container taken-1's"),
            (("10.9.0.0/24", "10.9.0.1/24"), "is the container's own Address="),
            (("10.9.0.0/24", "10.9.0.4/30"), "Gateway= is in no network of Address="),
            (("10.9.0.0/24 ", "10.9.0.0/30 10.9.0.0/30 "), "no address of 10.9.0.0/30 is free"),
            (("10.9.0.0/24", "10.9.0.255/24"), "bad address with its prefix length"),
            (("10.9.0.0/24", "10.9.0.2"), "bad address with its prefix length"),
            (("10.9.0.0/24", "10.9.0.300/24"), "bad address with its prefix length"),
            (("10.9.0.0/24", "127.0.0.2/24"), "bad address with its prefix length"),
            (("Private=veth", "Private=veth\nMTU=20"), "bad MTU"),
            (("Private=veth", "Private=veth\nMACAddress=01:00:00:00:00:01"), "bad hardware address"),
            (("Private=veth", "Private=veth\nHostInterface=a/b"), "bad interface"),
            (("Private=veth", "Private=veth\nRoute=10.1.0.1/16"), "bad route"),
            (("Private=veth", "Private=veth\nRoute=10.1.0.0/16 via 10.2.0.1"), "over a gateway in no"),
            (("Private=veth", "Private=loopback"), "need Private=veth"),
            (("Private=veth", "Private=vet"), "did you mean 'veth'"),
            (("Bridge=br0", "Hairpin=yes"), "Hairpin= needs Bridge="),
            (("fd00:9::1\n", "fd00:9::1\n[Network host0]\n"), "two of this name"),
            (("fd00:9::1\n", "fd00:9::1\n[Network eth1]\nName=x\n"), "belongs to [Network]"),
            (("fd00:9::1\n", "fd00:9::1\n[Network eth1]\nPrivate=veth\n"), "belongs to [Network]"),
            (("fd00:9::1\n", "fd00:9::1\n[Network a/b]\n"), "bad interface"),
            (("fd00:9::1\n", "fd00:9::1\n[Network x]\nHostInterface=ve-bad-1\n"), "already")):
        assert change[0] in NET
        told = start(world, "bad", NET.replace(*change, 1), code=1)
        assert why in told, (change, told)
        assert links() == with_taken and set(leases().values()) == {taken}, (change, links())
        assert os.listdir("/run/pam_container/containers") == [taken], change
    end(world, taken)
    clean(before)


def test_statistics_are_the_containers(world):
    """What the container received is what the host's end sent: a million bytes one way."""
    bridge()
    name = start(world, "net", NET)
    server = subprocess.Popen(["python3", "-c", "import socket; s = socket.create_server(('10.9.0.1', "
                               "7000))\nc = s.accept()[0]\nc.sendall(bytes(1000000)); c.close()"])
    world.until(lambda: b":7000" in world.run(["ss", "-ltn"]).stdout, "it serves")
    inside(world, name, "python3", "-c", "import socket; c = socket.create_connection(('10.9.0.1', 7000))\n"
           "n = 0\nwhile True:\n d = c.recv(65536)\n n += len(d)\n if not d: break\nassert n == 1000000")
    server.wait()
    done = world.run(["containermon", "stats", "--json", name])
    (row,) = json.loads(done.stdout)["stats"]
    assert row["net_rx_bytes"] > 1000000 > 100000 > row["net_tx_bytes"] > 0, row
    end(world, name)


def test_a_hundred_in_parallel(world):
    bridge()
    before = links()
    world.definition("net", NET)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _n: start(world, "net"), range(100)))
        assert len(set(names)) == 100 and len(links() - before) == 100
        held = leases()
        assert len(held) == 200 and set(held.values()) == set(names), held
        list(pool.map(lambda name: end(world, name), names))
    clean(before)


WHO = ("import socket; s = socket.create_server(('::', 7000), family=socket.AF_INET6, dualstack_ipv6=True)\n"
       "while True:\n    c, a = s.accept()\n    c.sendall(a[0].encode())\n    c.close()")
ASK = "import socket, sys; print(socket.create_connection((sys.argv[1], 7000), int(sys.argv[2])).recv(40).decode())"
FORWARD = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")


def outside_of_the_host(world):
    """A machine behind the host that has no route to the bridge, and says who calls it."""
    peer = subprocess.Popen(["unshare", "-n", "python3", "-c", WHO.replace("import", "import time, subprocess; "
                             "subprocess.run('ip link set lo up', shell=True)\nimport", 1)])
    own = os.readlink("/proc/self/ns/net")
    world.until(lambda: os.readlink(f"/proc/{peer.pid}/ns/net") != own, "it has a network of its own")
    ip("link", "add", "up0", "type", "veth", "peer", "name", "up1", "netns", str(peer.pid))
    for where, name, host in (([], "up0", 1), (["nsenter", "-t", str(peer.pid), "-n"], "up1", 2)):
        for words in (f"address add 192.0.2.{host}/24 dev {name}", f"address add 2001:db8::{host}/64 dev {name} nodad",
                      f"link set {name} up"):
            subprocess.run([*where, "ip", *words.split()], check=True)
    return peer


def tables(world):
    return world.run(["nft", "list", "tables"]).stdout


def test_masquerade(world):
    """The outside sees the host's address; the table goes with the container, also after SIGKILL (MUST-9)."""
    bridge()
    peer = outside_of_the_host(world)
    before = links()
    hidden = NET + "Masquerade=yes\n"
    for path in FORWARD:
        assert f"{path} is not 1" in start(world, "hidden", hidden, code=1)
        with open(path, "w") as file:
            file.write("1")
    assert "Masquerade= needs Address=" in start(world, "bad", "[Network]\nPrivate=veth\nMasquerade=yes\n", code=1)
    shown, name = start(world, "shown", NET), start(world, "hidden")
    inside(world, shown, "python3", "-c", ASK, "192.0.2.2", "1", code=1)
    assert inside(world, name, "python3", "-c", ASK, "192.0.2.2", "10") == "::ffff:192.0.2.1\n"
    assert inside(world, name, "python3", "-c", ASK, "2001:db8::2", "10") == "2001:db8::1\n"
    assert tables(world).count(b"table") == 1, tables(world)
    end(world, name, shown)
    assert tables(world) == b""
    name = start(world, "hidden")
    with open(f"/run/pam_container/containers/{name}/state.json") as file:
        os.kill(json.load(file)["super.pid"], signal.SIGKILL)
    world.until(lambda: world.run(["containerctl", "gc"]).returncode == 0 and tables(world) == b"", "gc removes it")
    clean(before)
    peer.terminate()  # with it goes what was there before, some time
    peer.wait()


def test_the_interface_of_somebody_else_stays(world):
    """Renamed into ours' place: what has not our mark is not removed (MUST-9)."""
    bridge()
    name = start(world, "net", NET)
    ip("link", "set", f"ve-{name}", "name", "aside")
    ip("link", "add", f"ve-{name}", "type", "veth", "peer", "name", "other")
    end(world, name)
    world.until(lambda: "aside" not in links(), "the renamed one goes with its other end")
    assert {f"ve-{name}", "other"} <= links()


def test_each_stage(world):
    """Failure and SIGKILL at each row of the tables with interfaces to make (MUST-9)."""
    from test_stages import CHILD, OWN, _create
    bridge()
    before = links()
    rows = [*OWN, *CHILD]
    for fault in [*rows, *(f"{row}:9" for row in rows)]:
        _create("net-1", fault, NET.encode())
        world.run(["containerctl", "gc"])
        world.until(lambda: links() == before, f"{fault}: no interface stays")
        assert leases() == {}, (fault, leases())


def test_a_checkpoint_keeps_addresses(world):
    """Interfaces are made again, with the addresses of before, or not at all."""
    bridge()
    before = links()
    name = start(world, "net", NET)
    had = addresses(world, name)
    mac = ip_inside(world, name, "link", "show", "host0")[0]["address"]
    for verb in ("checkpoint", "restore"):
        done = world.run(["containerctl", verb, name], timeout=60)
        assert done.returncode == 0, done
        if verb == "checkpoint":
            clean(before)
    assert addresses(world, name) == had and set(leases().values()) == {name}
    assert ip_inside(world, name, "link", "show", "host0")[0]["address"] == mac
    done = world.run(["python3", "-c", f"import socket; socket.create_connection(('{had[0]}', 9), 3)"])
    assert b"ConnectionRefusedError" in done.stderr, done
    world.run(["containerctl", "checkpoint", name], timeout=60)
    other = start(world, "other", NET.replace("10.9.0.0/24 fd00:9::/64", f"{had[0]}/24 fd00:9::77/64"))
    done = world.run(["containerctl", "restore", name], timeout=60)
    assert done.returncode != 0 and b"the address that it had in 10.9.0.0/24 is taken" in done.stderr, done
    end(world, other)
    done = world.run(["containerctl", "restore", name], timeout=60)
    assert done.returncode == 0 and addresses(world, name) == had, done
    end(world, name)
    clean(before)


UPPER = """import socket, threading
def serve(s):
    while True: s.sendall(s.recv(100).upper())
s = socket.create_connection(("10.9.0.1", 7000))
threading.Thread(target=serve, args=(s,)).start()
serve(socket.create_server(("", 7001)).accept()[0])
"""
TALK = """import socket, sys
s = socket.create_connection((sys.argv[1], 7001))
for line in sys.stdin:
    s.sendall(line.strip().encode())
    print(s.recv(100).decode(), flush=True)
"""


def test_connections_through_a_bridge_are_kept(world):
    """--tcp-established: with the host and with another container, what is sent while it is away arrives too."""
    bridge()
    before = links()
    one, two = start(world, "net", NET), start(world, "net")
    with socket.create_server(("10.9.0.1", 7000)) as server:
        inside(world, one, "bash", "-c", "setsid python3 -c \"$0\" </dev/null >/dev/null 2>&1 &", UPPER)
        host = server.accept()[0]
    world.until(lambda: ":7001" in inside(world, one, "ss", "-ltn"), "it serves")
    other = subprocess.Popen(["containerctl", "exec", two, "--", "python3", "-c", TALK, addresses(world, one)[0]],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    host.settimeout(60)

    def send(word):
        host.sendall(word.encode())
        other.stdin.write(word + "\n")
        other.stdin.flush()

    def hear(word):
        assert host.recv(100) == word.encode() and other.stdout.readline() == word + "\n"
    send("one")
    hear("ONE")
    done = world.run(["containerctl", "checkpoint", one], timeout=60)
    assert done.returncode != 0 and b" outside; end it, or use --tcp-established" in done.stderr, done
    done = world.run(["containerctl", "checkpoint", "--tcp-established", "--leave-running", one], timeout=60)
    assert done.returncode == 0, done
    send("two")
    hear("TWO")
    done = world.run(["containerctl", "checkpoint", "--tcp-established", one], timeout=60)
    assert done.returncode == 0 and links() == before | {f"ve-{two}"}, done
    send("three")
    done = world.run(["containerctl", "restore", one], timeout=60)
    assert done.returncode == 0, done
    hear("THREE")
    send("four")
    hear("FOUR")
    other.stdin.close()
    other.wait()
    host.close()
    end(world, one, two)
    clean(before)


def test_with_a_user_namespace(world):
    """The network is the user namespace's, whose root may not touch the host's end."""
    bridge()
    before = links()
    for users in ("identity", "200000:65536"):
        name = start(world, "users", NET + f"[Exec]\nPrivateUsers={users}\n")
        assert len(addresses(world, name)) == 2 and f"ve-{name}" in links()
        end(world, name)
        clean(before)
