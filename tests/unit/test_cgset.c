/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cgcpu.h"
#include "cgprobe.h"
#include "cgset.h"

#define CG1(name) "1 1 0:" #name " / /" #name " rw - cgroup cgroup rw," #name "\n"
static const char v1_text[] = CG1(cpu) CG1(cpuset) CG1(memory) CG1(blkio) CG1(pids) CG1(devices)
    CG1(hugetlb) CG1(rdma) CG1(net_cls) CG1(net_prio);
static const char v2_text[] = "1 1 0:1 / /v2 rw - cgroup2 cgroup2 rw\n";

static void facts_of(bool v2, const char *controllers, struct cg_facts *ret)
{
	assert_int_equal(cgprobe_parse(v2 ? v2_text : v1_text, ret), 0);
	if (v2)
		assert_int_equal(
		    str_copy(ret->h[0].controllers, sizeof(ret->h[0].controllers), controllers), 0);
}

static int resolve(const char *path, char *dst, size_t size, struct ctr_error *err)
{
	if (strcmp(path, "/dev/sda") != 0)
		return err_set(err, CTR_E_CONFIG, ENOTBLK, "cgroup", "%s", path);
	return str_copy(dst, size, "8:0");
}

static const struct cgset_options fresh = {.resolve = resolve};
static const struct cgset_options live = {.resolve = resolve, .live = true};

/* Settings "KEY=VALUE;KEY=VALUE" */
static struct spec *spec_of(const char *settings)
{
	struct spec *spec = spec_new();
	autostrv struct strv words = {0};

	assert_non_null(spec);
	assert_int_equal(strv_split(&words, settings, ";"), 0);
	for (size_t i = 0; i < words.n; i++) {
		char *value = strchr(words.v[i], '=');

		*value++ = '\0';
		assert_int_equal(spec_set(spec, "Resources", words.v[i], value, NULL), 0);
	}
	return spec;
}

/* The plan as "file=value;" with soft ones as "file~value;" */
static void text_of(const struct cgset *set, char *dst, size_t size)
{
	assert_int_equal(str_copy(dst, size, ""), 0);
	for (size_t i = 0; i < set->n; i++) {
		size_t len = strlen(dst);

		assert_int_equal(str_format(dst + len, size - len, "%s%c%s;", set->v[i].file,
					    set->v[i].absent == CGSET_SOFT ? '~' : '=',
					    set->v[i].value),
				 0);
	}
}

#define ALL "cpuset,cpu,io,memory,pids,hugetlb,rdma"

static const struct {
	const char *settings; /* DevicePolicy=auto is added */
	const char *v1, *v2;  /* NULL: CTR_E_UNSUPPORTED */
} table[] = {
    {"", "", ""},
    {"MemoryMax=2G", "memory.limit_in_bytes=2147483648;", "memory.max=2147483648;"},
    {"MemoryMax=infinity", "memory.limit_in_bytes~-1;", "memory.max~max;"},
    {"MemoryHigh=1M", "", "memory.high~1048576;"},
    {"MemoryMax=1M;MemorySwapMax=0",
     "memory.limit_in_bytes=1048576;memory.memsw.limit_in_bytes=1048576;",
     "memory.max=1048576;memory.swap.max=0;"},
    {"MemoryMax=1M;MemorySwapMax=1K",
     "memory.limit_in_bytes=1048576;memory.memsw.limit_in_bytes=1049600;",
     "memory.max=1048576;memory.swap.max=1024;"},
    {"MemorySwapMax=0", NULL, "memory.swap.max=0;"},
    {"MemorySwapMax=infinity", "", "memory.swap.max~max;"},
    {"TasksMax=256", "pids.max=256;", "pids.max=256;"},
    {"TasksMax=infinity", "pids.max~max;", "pids.max~max;"},
    {"CPUQuota=50%", "cpu.cfs_quota_us=50000;", "cpu.max=50000 100000;"},
    {"CPUQuota=1%", "cpu.cfs_quota_us=1000;", "cpu.max=1000 100000;"},
    {"CPUQuota=250%", "cpu.cfs_quota_us=250000;", "cpu.max=250000 100000;"},
    {"CPUWeight=100", "cpu.shares~1024;", "cpu.weight~100;"},
    {"CPUWeight=1", "cpu.shares~10;", "cpu.weight~1;"},
    {"CPUWeight=10000", "cpu.shares~102400;", "cpu.weight~10000;"},
    {"AllowedCPUs=0-3,8", "cpuset.cpus=0-3,8;", "cpuset.cpus=0-3,8;"},
    {"AllowedMemoryNodes=0", "cpuset.mems=0;", "cpuset.mems=0;"},
    {"IOWeight=100", "blkio.bfq.weight~100;blkio.weight~500;",
     "io.bfq.weight~100;io.weight~default 100;"},
    {"IOWeight=1", "blkio.bfq.weight~1;blkio.weight~10;", "io.bfq.weight~1;io.weight~default 1;"},
    {"IOWeight=10000", "blkio.bfq.weight~1000;blkio.weight~1000;",
     "io.bfq.weight~1000;io.weight~default 10000;"},
    {"IOReadBandwidthMax=/dev/sda 1M", "blkio.throttle.read_bps_device=8:0 1048576;",
     "io.max=8:0 rbps=1048576;"},
    {"IOWriteBandwidthMax=/dev/sda 5", "blkio.throttle.write_bps_device=8:0 5;",
     "io.max=8:0 wbps=5;"},
    {"IOReadIOPSMax=/dev/sda 7", "blkio.throttle.read_iops_device=8:0 7;", "io.max=8:0 riops=7;"},
    {"IOWriteIOPSMax=/dev/sda 7", "blkio.throttle.write_iops_device=8:0 7;", "io.max=8:0 wiops=7;"},
    {"MemoryLow=1M", "memory.soft_limit_in_bytes~1048576;", "memory.low~1048576;"},
    {"MemoryLow=infinity", "memory.soft_limit_in_bytes~-1;", "memory.low~max;"},
    {"MemoryMin=1M", "", "memory.min~1048576;"},
    {"MemorySwappiness=0", "memory.swappiness~0;", ""},
    {"OOMKillDisable=yes", "memory.oom_control=1;", NULL},
    {"OOMKillDisable=no", "", ""},
    {"KernelMemoryMax=50M", "", ""}, /* ignored: verdict.c warns */
    {"CPUQuota=50%;CPUQuotaPeriodSec=10ms", "cpu.cfs_period_us=10000;cpu.cfs_quota_us=5000;",
     "cpu.max=5000 10000;"},
    {"CPUQuotaPeriodSec=10ms", "cpu.cfs_period_us=10000;", "cpu.max~max 10000;"},
    {"CPUQuota=50%;CPUQuotaBurstSec=20ms", "cpu.cfs_quota_us=50000;cpu.cfs_burst_us~20000;",
     "cpu.max=50000 100000;cpu.max.burst~20000;"},
    {"CPUWeight=idle", "cpu.idle~1;", "cpu.idle~1;"},
    {"CPUShares=2", "cpu.shares~2;", "cpu.weight~1;"},
    {"CPUShares=1024", "cpu.shares~1024;", "cpu.weight~100;"},
    {"CPUShares=262144", "cpu.shares~262144;", "cpu.weight~10000;"},
    {"CPURealtimeRuntimeSec=5ms", "cpu.rt_runtime_us=5000;", NULL},
    {"CPURealtimeRuntimeSec=5ms;CPURealtimePeriodSec=10ms",
     "cpu.rt_period_us=10000;cpu.rt_runtime_us=5000;", NULL},
    /* libcontainer's JSON gave these four two names (section 11): here all of them arrive */
    {"CPUQuota=50%;CPUQuotaPeriodSec=20ms;CPURealtimeRuntimeSec=3ms;CPURealtimePeriodSec=9ms",
     "cpu.cfs_period_us=20000;cpu.cfs_quota_us=10000;cpu.rt_period_us=9000;cpu.rt_runtime_us=3000;",
     NULL},
    {"IODeviceWeight=/dev/sda 200", "blkio.bfq.weight_device~8:0 109;blkio.weight_device~8:0 1000;",
     "io.bfq.weight~8:0 109;io.weight~8:0 200;"},
    {"HugetlbMax=2M 64M", "hugetlb.2MB.limit_in_bytes=67108864;", "hugetlb.2MB.max=67108864;"},
    {"HugetlbMax=64K 0;HugetlbMax=1G infinity",
     "hugetlb.64KB.limit_in_bytes=0;hugetlb.1GB.limit_in_bytes=-1;",
     "hugetlb.64KB.max=0;hugetlb.1GB.max=max;"},
    {"RDMAMax=mlx4_0 hca_handle=2", "rdma.max=mlx4_0 hca_handle=2;",
     "rdma.max=mlx4_0 hca_handle=2;"},
    {"NetworkClassID=1048577", "net_cls.classid=1048577;", NULL},
    {"NetworkPriority=eth0 5", "net_prio.ifpriomap=eth0 5;", NULL},
    {"Unified=memory.oom.group=1", NULL, "memory.oom.group=1;"},
    {"MemoryMax=1M;Unified=memory.max=2M", NULL, "memory.max=1048576;memory.max=2M;"},
};

static void plans_a_definition(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table) * 2; i++) {
		const char *want = i % 2 ? table[i / 2].v2 : table[i / 2].v1;
		autospec struct spec *spec = spec_of(table[i / 2].settings);
		autocgset struct cgset set = {0};
		struct ctr_error err = {0};
		struct cg_facts f;
		char text[512];

		spec->device_policy = SPEC_DEV_AUTO;
		facts_of(i % 2, ALL, &f);
		assert_int_equal(cgset_plan(&f, spec, &fresh, &set, &err), want ? 0 : -ENOTSUP);
		assert_int_equal(err.code, want ? CTR_OK : CTR_E_UNSUPPORTED);
		text_of(&set, text, sizeof(text));
		assert_string_equal(text, want ? want : "");
	}
}

/* Every wall is missed by name, everything soft is passed over. */
static void misses_controllers(void **state)
{
	static const struct {
		const char *settings, *text; /* NULL: passed over */
	} t[] = {
	    {"MemoryMax=1M", "MemoryMax= needs the memory"},
	    {"MemorySwapMax=0", "MemorySwapMax= needs"},
	    {"TasksMax=5", "TasksMax= needs the pids"},
	    {"CPUQuota=5%", "CPUQuota= needs the cpu"},
	    {"AllowedCPUs=0", "AllowedCPUs= needs the cpuset"},
	    {"AllowedMemoryNodes=0", "AllowedMemoryNodes= needs the cpuset"},
	    {"IOReadIOPSMax=/dev/sda 5", "IOReadIOPSMax= needs the io"},
	    {"OOMKillDisable=yes", "OOMKillDisable= needs the memory"},
	    {"CPURealtimeRuntimeSec=5ms", "CPURealtimeRuntimeSec= needs the cpu"},
	    {"HugetlbMax=2M 1M", "HugetlbMax= needs the hugetlb"},
	    {"RDMAMax=a hca_handle=1", "RDMAMax= needs the rdma"},
	    {"NetworkClassID=5", "NetworkClassID= needs the net_cls"},
	    {"NetworkPriority=lo 5", "NetworkPriority= needs the net_prio"},
	    {"MemoryLow=1M;MemoryMin=1M;MemorySwappiness=5", NULL},
	    {"CPUShares=5", NULL},
	    {"CPUQuotaBurstSec=5ms", NULL},
	    {"IODeviceWeight=/dev/sda 5", NULL},
	    {"MemoryHigh=1M", NULL},
	    {"CPUWeight=5", NULL},
	    {"IOWeight=5", NULL},
	    {"TasksMax=infinity", NULL},
	    {"MemoryMax=infinity;MemorySwapMax=infinity", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autospec struct spec *spec = spec_of(t[i].settings);
		autocgset struct cgset set = {0};
		struct ctr_error err = {0};
		struct cg_facts f;

		facts_of(true, "", &f);
		assert_int_equal(cgset_plan(&f, spec, &fresh, &set, &err),
				 t[i].text ? -ENOTSUP : 0);
		assert_int_equal(err.code, t[i].text ? CTR_E_UNSUPPORTED : CTR_OK);
		assert_non_null(strstr(err.text, t[i].text ? t[i].text : ""));
		assert_int_equal(set.n, 0);
	}
}

static void denies_all_devices_first(void **state)
{
	autospec struct spec *spec = spec_of("DevicePolicy=strict;DeviceAllow=/dev/zero r");
	autocgset struct cgset set = {0};
	struct cg_facts f;
	char text[256];

	(void)state;
	facts_of(false, NULL, &f);
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, NULL), 0);
	text_of(&set, text, sizeof(text));
	assert_string_equal(text, "devices.deny=a;devices.allow=c *:* m;devices.allow=b *:* m;"
				  "devices.allow=c 1:3 rwm;devices.allow=c 1:5 r;");
	cgset_done(&set);
	assert_int_equal(cgset_plan(&f, spec, &live, &set, NULL), 0);
	for (size_t i = 0; i < set.n; i++)
		assert_null(strstr(set.v[i].file, "devices"));
}

static void misses_the_devices_controller(void **state)
{
	autospec struct spec *spec = spec_of("");
	autocgset struct cgset set = {0};
	struct ctr_error err = {0};
	struct cg_facts f;

	(void)state;
	assert_int_equal(cgprobe_parse(CG1(pids), &f), 0);
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "DevicePolicy"));
	spec->device_policy = SPEC_DEV_AUTO;
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, NULL), 0);
	facts_of(true, ALL, &f); /* a program does it */
	spec->device_policy = SPEC_DEV_CLOSED;
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, NULL), 0);
}

static void lifts_what_is_not_given(void **state)
{
	static const char *const want[] = {
	    "memory.limit_in_bytes~-1;memory.soft_limit_in_bytes~-1;memory.memsw.limit_in_bytes~-1;"
	    "pids.max=5;net_cls.classid~0;blkio.bfq.weight~100;blkio.weight~500;"
	    "cpu.cfs_period_us~100000;cpu.cfs_quota_us~-1;cpu.cfs_burst_us~0;cpu.idle~0;"
	    "cpu.shares~1024;cpu.rt_period_us~1000000;cpu.rt_runtime_us~0;",
	    "memory.max~max;memory.high~max;memory.low~0;memory.min~0;memory.swap.max~max;"
	    "pids.max=5;io.bfq.weight~100;io.weight~default 100;cpu.max~max 100000;"
	    "cpu.max.burst~0;cpu.idle~0;cpu.weight~100;"};

	(void)state;
	for (size_t v2 = 0; v2 < 2; v2++) {
		autospec struct spec *spec = spec_of("TasksMax=5");
		autocgset struct cgset set = {0};
		struct cg_facts f;
		char text[512];

		facts_of(v2, ALL, &f);
		assert_int_equal(cgset_plan(&f, spec, &live, &set, NULL), 0);
		text_of(&set, text, sizeof(text));
		assert_string_equal(text, want[v2]);
	}
}

static void passes_on_what_is_no_disk(void **state)
{
	autospec struct spec *spec = spec_of("TasksMax=5;IOReadIOPSMax=/dev/null 5");
	autocgset struct cgset set = {0};
	struct ctr_error err = {0};
	struct cg_facts f;

	(void)state;
	facts_of(true, ALL, &f);
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, &err), -ENOTBLK);
	assert_int_equal(err.code, CTR_E_CONFIG);
	assert_int_equal(set.n, 0);
}

/* A wall of the v2 tree of a hybrid machine would not hold who joins (cgprobe_holds()). */
static void builds_no_wall_that_joiners_pass(void **state)
{
	autospec struct spec *spec = spec_of("HugetlbMax=2M 1M;DevicePolicy=auto");
	autocgset struct cgset set = {0};
	struct ctr_error err = {0};
	struct cg_facts f;

	(void)state;
	assert_int_equal(cgprobe_parse(CG1(cpu) "1 1 0:1 / /v2 rw - cgroup2 cgroup2 rw\n", &f), 0);
	assert_int_equal(str_copy(f.h[1].controllers, sizeof(f.h[1].controllers), "hugetlb"), 0);
	assert_int_equal(cgset_plan(&f, spec, &fresh, &set, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "HugetlbMax= needs the hugetlb"));
}

/* A group that is idle takes no weight: it stops first, and becomes so last. */
static void becomes_idle_last(void **state)
{
	autospec struct spec *spec = spec_of("CPUWeight=idle;DevicePolicy=auto");
	autocgset struct cgset set = {0};
	struct cg_facts f;
	char text[512];

	(void)state;
	facts_of(false, NULL, &f);
	assert_int_equal(cgset_plan(&f, spec, &live, &set, NULL), 0);
	text_of(&set, text, sizeof(text));
	assert_non_null(strstr(text, "cpu.idle~0;cpu.shares~1024;cpu.idle~1;"));
}

/* Known points of the curve of runc and crun; it never falls. */
static void turns_shares_into_a_weight(void **state)
{
	uint64_t last = 0;

	(void)state;
	assert_int_equal(cgcpu_weight(0), 1);
	assert_int_equal(cgcpu_weight(2), 1);
	assert_int_equal(cgcpu_weight(512), 58);
	assert_int_equal(cgcpu_weight(1024), 100);
	assert_int_equal(cgcpu_weight(2048), 173);
	assert_int_equal(cgcpu_weight(262143), 10000);
	assert_int_equal(cgcpu_weight(1000000), 10000);
	for (uint64_t n = 0; n <= 262144; n += 7) {
		assert_true(cgcpu_weight(n) >= last && cgcpu_weight(n) <= 10000);
		last = cgcpu_weight(n);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans_a_definition),
	    cmocka_unit_test(misses_controllers),
	    cmocka_unit_test(denies_all_devices_first),
	    cmocka_unit_test(misses_the_devices_controller),
	    cmocka_unit_test(lifts_what_is_not_given),
	    cmocka_unit_test(passes_on_what_is_no_disk),
	    cmocka_unit_test(builds_no_wall_that_joiners_pass),
	    cmocka_unit_test(becomes_idle_last),
	    cmocka_unit_test(turns_shares_into_a_weight),
	};

	return cmocka_run_group_tests_name("cgset", tests, NULL, NULL);
}
