/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include "keys.h"
#include "match.h"
#include "spec.h"

/* Every key: values that are good and values that are not. '|' stands between them. */
static const struct {
	const char *section, *key, *good, *bad;
} rows[] = {
    {"Global", "Mode", "enforce|permissive|off", "Enforce|on|x"},
    {"Global", "OnError", "deny|host", "allow|yes"},
    {"Global", "AlwaysHost", "root|root,@wheel|#1000", "@|!root|@@x|,"},
    {"Match", "User", "alice|a*,!bob|#1000", "!|!!a|@wheel|#x|#-1|#4294967295"},
    {"Match", "Group", "students|#100", "@students|!"},
    {"Match", "Service", "sshd,cron|!su*", "!"},
    {"Match", "Address", "10.0.0.0/8|::1|2001:db8::/32|!10.1.2.3|lab.example.org|0.0.0.0/0",
     "10.0.0.1/8|10.0.0.0/33|10.0.0|10.0.0.0/|::/129|1.2.3.4.5|2001:db8::1/32|a/b|!"},
    {"Match", "Host", "*.example.org|!bad", "!"},
    {"Match", "TTY", "tty*|/dev/tty1", "!"},
    {"Match", "RemoteUser", "root", "!"},
    {"Match", "Container", "host|deny|student|a.b-c_1", "Student|../x|.x|a b|/x"},
    {"Match", "Instance", "session|user|shared", "users"},
    {"Match", "Entry", "auto|late|join", "early"},
    {"Match", "Attach", "auto|yes|no", "true"},
    {"Container", "Description", "any text; with = and %", "-"},
    {"Container", "Extends", "base", "host|deny|/x|a/b"},
    {"Container", "Namespaces", "mount pid|mount,pid,ipc,uts,cgroup,time",
     "pid|mount pid net|mnt pid"},
    {"Container", "JoinNamespaces", "ipc:/proc/1/ns/ipc uts:/run/x|time:/a|cgroup:/a user:/b",
     "pid:/a|mount:/a|net:/a|ipc:a|ipc:|ipc|ipc:/a/../b|x:/a"},
    {"Container", "TimeOffset", "monotonic 3600|boottime -1h|monotonic +10min 5s|boottime 500ms",
     "monotonic|realtime 5|5|monotonic --5|monotonic infinity|monotonic x"},
    {"Container", "Init", "container-init|none", "/sbin/init|no"},
    {"Container", "Linger", "0|10min|infinity|1h 30s", "10 parsecs|-1"},
    {"Container", "TimeoutStopSec", "2|90s", "x"},
    {"Container", "OnDisconnect", "kill|keep|checkpoint", "yes|detach"},
    {"Container", "Reattach", "yes|ask|no", "true|always"},
    {"Container", "Attachments", "one|shared", "two|1"},
    {"Exec", "Hostname", "lab|lab-%u|a.b", "a_b|-a|a b|%q"},
    {"Exec", "DomainName", "lab.example.org|%u", "a_b|-a|a b"},
    {"Exec", "PrivateUsers", "no|identity|pick|65536:65536|100000:1024",
     "yes|1000:65536|65536:10|pick:1|100000"},
    {"Exec", "NoNewPrivileges", "yes|no|1|0|true|off", "2|ja"},
    {"Exec", "CapabilityBoundingSet", "CAP_KILL|~|~CAP_KILL CAP_CHOWN|cap_kill,CAP_CHOWN",
     "CAP_NOPE|KILL|5|CAP_KILL ~CAP_CHOWN"},
    {"Exec", "CapabilityPermittedSet", "CAP_KILL", "x"},
    {"Exec", "CapabilityEffectiveSet", "CAP_KILL", "x"},
    {"Exec", "CapabilityInheritableSet", "CAP_KILL", "x"},
    {"Exec", "AmbientCapabilities", "CAP_KILL", "x"},
    {"Exec", "SystemCallFilter", "@default ~@mount|read write|~ptrace", "a/b|@|~|read,write"},
    {"Exec", "SystemCallErrorNumber", "EPERM|ENOSYS|38", "EPREM|0|4096|-1"},
    {"Exec", "SeccompProfile", "/etc/p.json", "p.json|/a/../b|/"},
    {"Exec", "OOMScoreAdjust", "-1000|0|1000", "-1001|1001|x"},
    {"Exec", "Nice", "-20|19", "-21|20|1.5"},
    {"Exec", "CPUSchedulingPolicy", "inherit|other|batch|idle|fifo|rr", "deadline|1"},
    {"Exec", "CPUSchedulingPriority", "1|99", "0|100|infinity|-1"},
    {"Exec", "CPUAffinity", "0|0-3,8", "3-1|x"},
    {"Exec", "IOSchedulingClass", "inherit|realtime|best-effort|idle", "2|none"},
    {"Exec", "IOSchedulingPriority", "0|7", "8|-1|infinity"},
    {"Exec", "Personality", "inherit|linux|linux32|x86|x86-64", "LINUX|arm"},
    {"Exec", "SupplementaryGroups", "audio 100|video", "a:b|@a|4294967296|a/b|1a"},
    {"Exec", "SELinuxContext", "system_u:system_r:lab_t:s0", ""},
    {"Exec", "AppArmorProfile", "lab", ""},
    {"Exec", "UMask", "022|0077|777", "8|01000|-1"},
    {"Exec", "Environment", "A=b c|_X1=|HOME=%h", "A|=b|1A=b|A B=c|A=%q"},
    {"Exec", "LimitCPU", "10|1min:2min|infinity", "2:1|x"},
    {"Exec", "LimitFSIZE", "1G|1M:2M", "1G:1M|-1"},
    {"Exec", "LimitDATA", "1G|infinity", "1Q"},
    {"Exec", "LimitSTACK", "8M:infinity", "infinity:8M"},
    {"Exec", "LimitCORE", "0", ":|0:"},
    {"Exec", "LimitRSS", "1G", "x"},
    {"Exec", "LimitNOFILE", "1024:4096|infinity", "4K|1024:"},
    {"Exec", "LimitAS", "1T", "x"},
    {"Exec", "LimitNPROC", "100", "-1"},
    {"Exec", "LimitMEMLOCK", "64K", "x"},
    {"Exec", "LimitLOCKS", "10", "x"},
    {"Exec", "LimitSIGPENDING", "10", "x"},
    {"Exec", "LimitMSGQUEUE", "800K", "x"},
    {"Exec", "LimitNICE", "0|40|+5|-20", "41|+20|-21|x"},
    {"Exec", "LimitRTPRIO", "0", "x"},
    {"Exec", "LimitRTTIME", "200000|1s:2s|infinity", "x"},
    {"Files", "RootDirectory", "/srv/root|/srv/%u", "/|srv|/a//b"},
    {"Files", "ReadOnly", "yes", "ro"},
    {"Files", "Volatile", "no|overlay|state", "yes"},
    {"Files", "PrivateTmp", "no", "x"},
    {"Files", "ProtectProc", "default|noaccess|invisible|ptraceable", "hidden"},
    {"Files", "Bind", "/a|%h|/a:/b|/a:/b:rbind|/a /b|-/a", "a|/a:b|/a:/|/a:/b:c:d|/../a|/a/"},
    {"Files", "BindReadOnly", "/usr", "usr"},
    {"Files", "TemporaryFileSystem", "/home|/run:size=64M|/x:size=50%%", "/|home|/x:size=50%"},
    {"Files", "Mount",
     "/a /b bind|-/a /b bind ro,rnoexec|none /x tmpfs size=50%%,copy-up|a:b /x proc|x "
     "/sys/fs/cgroup cgroup rw",
     "/a /b|/a /b bin|a /b bind|/a / bind|none /proc/x tmpfs|/a /b bind size=1|x /s sysfs rw|/a /b "
     "overlay"},
    {"Files", "Overlay", "/a:/b:/c|/%u:/a:/x", "/a:/b|/a|a:/b:/c|/a:/b:/"},
    {"Files", "MountFlags", "slave|private", "shared"},
    {"Files", "Inaccessible", "/srv/exams -/x", "/|srv|--/x"},
    {"Files", "ReadOnlyPaths", "/etc", "etc"},
    {"Files", "Devices", "/dev/fuse /dev/dri/card0", "/etc/passwd|fuse|/dev|/dev/../etc"},
    {"Files", "DeviceNode",
     "/dev/a c 1:3|/dev/x/y b 7:0 0640 root disk|/dev/a c 4095:1048575 600 5",
     "/dev/null c 1:3|/etc/a c 1:3|/dev/a p 1:3|/dev/a c 1|/dev/a c 4096:0|/dev/a c 1:3 999|/dev/a|"
     "/dev/a c 1:3 600 a b c|/dev/pts/0 c 136:0"},
    {"Files", "Sysctl", "net.ipv4.ip_forward=1|kernel.msgmax=8192", "x|../x=1|a/b=1|.a=1|a b=1"},
    {"Network", "Private", "no|loopback|veth|/run/netns/x", "yes|vethh|net|/|run/netns/x|/a/../b"},
    {"Network", "Name", "eth0|host0|a.b_c-1", "lo|all|default|.|a/b|a b|0123456789abcdef|-x|a:b"},
    {"Network", "Bridge", "br0|br-%u", "br/0|lo|%q"},
    {"Network", "HostInterface", "ve-%i|vb0", "a/b|0123456789abcdef"},
    {"Network", "Address", "10.0.0.2/24|10.0.0.0/24|fd00::/64 10.1.2.3/32|192.168.0.0/31",
     "10.0.0.2|10.0.0.255/24|127.0.0.1/8|224.0.0.1/4|0.0.0.0/0|::1/128|ff02::1/64|10.0.0.2/33|x/8|"
     "10.0.0.2/-1|::ffff:10.0.0.1/128|010.0.0.1/8"},
    {"Network", "Gateway", "10.0.0.1|fe80::1 10.0.0.1", "10.0.0.1/24|0.0.0.0|ff02::1|x"},
    {"Network", "Route",
     "default|10.1.0.0/16|10.1.0.0/16 via 10.0.0.1 src 10.0.0.2 metric 5|default via "
     "fe80::1|10.1.2.3",
     "10.1.0.1/16|10.1.0.0/16 via fd00::1|10.1.0.0/16 via|via 10.0.0.1|default metric 0|x|"
     "default via 10.0.0.1 via 10.0.0.2|10.1.0.0/16 dev eth0"},
    {"Network", "MTU", "68|1500|65535", "67|65536|infinity|x|-1"},
    {"Network", "MACAddress", "02:00:00:00:00:01|AA:bb:CC:dd:ee:ff",
     "01:00:00:00:00:01|00:00:00:00:00:00|02:00:00:00:00|02:00:00:00:00:01:02|02-00-00-00-00-01|x"},
    {"Network", "TransmitQueueLength", "0|1000", "-1|infinity|4294967296"},
    {"Network", "Hairpin", "yes|no", "maybe"},
    {"Network", "Masquerade", "yes|no", "maybe"},
    {"Resources", "Cgroup", "auto|scope|cgroupfs|inherit", "systemd"},
    {"Resources", "Slice", "user.slice|user-%U.slice", "user|.slice|a/b.slice"},
    {"Resources", "MemoryMax", "512M|2G|infinity|1", "0|-1|2X|1.5G|M"},
    {"Resources", "MemoryHigh", "1G", "0"},
    {"Resources", "MemorySwapMax", "0|1G", "x"},
    {"Resources", "MemoryMin", "0|1G", "x"},
    {"Resources", "MemoryLow", "0|1G|infinity", "-1"},
    {"Resources", "MemorySwappiness", "0|60|100", "-1|101|infinity|x"},
    {"Resources", "OOMKillDisable", "yes|no", "kill"},
    {"Resources", "KernelMemoryMax", "50M", "0"},
    {"Resources", "TasksMax", "1|infinity", "0|1K"},
    {"Resources", "CPUQuota", "50%|200%", "0%|50|x%"},
    {"Resources", "CPUQuotaPeriodSec", "1ms|100ms|1s", "0|999us|2s|infinity"},
    {"Resources", "CPUQuotaBurstSec", "0|20ms", "infinity|2h"},
    {"Resources", "CPUWeight", "1|10000|idle", "0|10001|infinity|idl"},
    {"Resources", "CPUShares", "2|1024|262144", "0|1|262145|-1|x"},
    {"Resources", "CPURealtimeRuntimeSec", "0|5ms|1s", "2s|infinity"},
    {"Resources", "CPURealtimePeriodSec", "1ms|1s", "0|2s"},
    {"Resources", "AllowedCPUs", "0|0-3,8|0 2", "3-1|x|0-|-1|9000"},
    {"Resources", "AllowedMemoryNodes", "0", "x"},
    {"Resources", "IOWeight", "100", "0"},
    {"Resources", "IOReadBandwidthMax", "/dev/sda 10M|/home 1G", "/dev/sda|10M|/dev/sda 0|sda 1M"},
    {"Resources", "IOWriteBandwidthMax", "/dev/sda 10M", "x"},
    {"Resources", "IOReadIOPSMax", "/dev/sda 100", "/dev/sda 1K|/dev/sda -1"},
    {"Resources", "IOWriteIOPSMax", "/dev/sda 100", "x"},
    {"Resources", "IODeviceWeight", "/dev/sda 1|/dev/sda 10000",
     "/dev/sda 0|/dev/sda 10001|sda 5|/dev/sda|/dev/sda 5 6"},
    {"Resources", "HugetlbMax", "2M 64M|1G infinity|64K 0", "2M|3M 1|2K 1|2M x|infinity 1|2M 1 1"},
    {"Resources", "RDMAMax", "mlx4_0 hca_handle=2|ocrdma1 hca_object=max hca_handle=0",
     "mlx4_0|a/b hca_handle=1|x hca_handle=-1|x hca_foo=1|x hca_handle=1 hca_handle=2"},
    {"Resources", "NetworkClassID", "0|1048577|4294967295", "4294967296|-1|0x10"},
    {"Resources", "NetworkPriority", "eth0 5|lo 0", "eth0|a/b 5|eth0 -1|abcdefghijklmnop 1"},
    {"Resources", "Unified", "memory.oom.group=1|io.max=8:0 rbps=1|hugetlb.2MB.max=max",
     "memory.max|memory.max=|=1|cgroup.kill=1|cgroup.freeze=1|../x.y=1|a/b.c=1|memory=1|.a=1|a..b=1"
     "|a.=1|a b.c=1"},
    {"Resources", "DevicePolicy", "closed|strict|auto", "open"},
    {"Resources", "DeviceAllow", "/dev/fuse|/dev/fuse rw|char-pts rwm|block-loop r",
     "/etc/x r|fuse|/dev/fuse x|char- r|/dev/fuse rw m|char-a/b r"},
    {"Hooks", "Prestart", "/bin/true|/usr/bin/a b c", "true|/|/a/../b|/a \"b c\"|/a 'b|/a;b|/a $x"},
    {"Hooks", "CreateRuntime", "/bin/true", "a"},
    {"Hooks", "CreateContainer", "/bin/true", "a"},
    {"Hooks", "StartContainer", "/bin/true", "a"},
    {"Hooks", "Poststart", "/bin/true %u", "-/bin/true"},
    {"Hooks", "Poststop", "/bin/true", "a"},
    {"Hooks", "TimeoutSec", "10ms|2s|1min", "0|9ms|2min|infinity"},
    {"Hooks", "Environment", "A=b c|_X1=", "A|=b"},
    {"Resources", "DeviceDeny", "/dev/fuse|char-pts rw", "fuse|/etc/x r|/dev/fuse x"},
    {"Checkpoint", "RestoreOnLogin", "yes|no", "maybe"},
    {"Checkpoint", "OnLogout", "yes|no", "checkpoint"},
    {"Checkpoint", "Directory", "/srv/checkpoints", "srv"},
    {"Checkpoint", "TcpEstablished", "yes|no", "2"},
    {"Checkpoint", "FileLocks", "yes|no", "x"},
};

static int apply(size_t i, const char *value)
{
	struct match_rule rule = {0};
	struct policy policy = {0};
	struct spec *s = spec_new();
	const struct keys_row *row;
	void *base = strcmp(rows[i].section, "Match") == 0    ? (void *)&rule
		     : strcmp(rows[i].section, "Global") == 0 ? (void *)&policy
							      : (void *)s;
	struct ctr_error err = {0};
	int r;

	assert_non_null(s);
	assert_int_equal(keys_find(rows[i].section, rows[i].key, &row, &err), 0);
	r = keys_apply(row, base, value, NULL, &err);
	if (r < 0)
		assert_memory_equal(err.text, row->name, strlen(row->name));
	keys_release("Match", &rule);
	keys_release("Global", &policy);
	spec_free(s);
	return r;
}

static void tells_good_values_from_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct strv good = {0}, bad = {0};

		assert_int_equal(strv_split(&good, rows[i].good, "|"), 0);
		for (size_t k = 0; k < good.n; k++)
			if (apply(i, good.v[k]) != 0)
				fail_msg("%s=%s was refused", rows[i].key, good.v[k]);
		if (strcmp(rows[i].bad, "-") != 0)
			assert_int_equal(strv_split(&bad, rows[i].bad, "|"), 0);
		for (size_t k = 0; k < bad.n; k++)
			if (apply(i, bad.v[k]) != -EINVAL)
				fail_msg("%s=%s was taken", rows[i].key, bad.v[k]);
		strv_done(&good);
		strv_done(&bad);
	}
}

static void has_a_row_here_for_every_key(void **state)
{
	size_t n;
	const struct keys_row *table = keys_table(&n);

	(void)state;
	assert_int_equal(n, ARRAY_SIZE(rows));
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
			found |= strcmp(rows[k].section, table[i].section) == 0 &&
				 strcmp(rows[k].key, table[i].name) == 0;
		if (!found)
			fail_msg("no test for %s", table[i].name);
		assert_true(strlen(table[i].help) > 4 && table[i].since[0]);
	}
}

static void suggests_the_nearest(void **state)
{
	static const struct {
		const char *section, *key, *text;
	} wrong[] = {
	    {"Resources", "MemoryMx",
	     "unknown key 'MemoryMx' in [Resources]; did you mean 'MemoryMax'?"},
	    {"Resources", "memorymax",
	     "unknown key 'memorymax' in [Resources]; did you mean 'MemoryMax'?"},
	    {"Files", "Inaccesible",
	     "unknown key 'Inaccesible' in [Files]; did you mean 'Inaccessible'?"},
	    {"Files", "Qwertyuiop", "unknown key 'Qwertyuiop' in [Files]"},
	    {"Files", "TasksMax", "key 'TasksMax' belongs to [Resources], not [Files]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct keys_row *row = NULL;
		struct ctr_error err;

		assert_int_equal(keys_find(wrong[i].section, wrong[i].key, &row, &err), -EINVAL);
		assert_string_equal(err.text, wrong[i].text);
		assert_null(row);
	}
	assert_string_equal(keys_suggest_section("Ressources", false), "Resources");
	assert_string_equal(keys_suggest_section("Globel", true), "Global");
	assert_string_equal(keys_suggest_section("Hooked", false), "Hooks");
	assert_null(keys_suggest_section("Zonk", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_good_values_from_bad),
	    cmocka_unit_test(has_a_row_here_for_every_key),
	    cmocka_unit_test(suggests_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
