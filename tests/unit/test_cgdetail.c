/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgdetail.h"
#include "fd.h"
#include "str.h"
#include "tree.h"

static void clear(struct ctr_details *d)
{
	memset(d, 0xff, sizeof(*d));
	d->ncpu = d->nio = d->nrdma = d->nnodes = d->nmisc = 0;
}

static void reads_cpus(void **state)
{
	static struct ctr_details d;
	static char many[CTR_DETAILS_CPUS * 8 + 64];

	(void)state;
	clear(&d);
	cgdetail_percpu("1000 2999 0 \n", &d);
	assert_int_equal(d.ncpu, 3);
	assert_true(d.cpu_us[0] == 1 && d.cpu_us[1] == 2 && d.cpu_us[2] == 0);
	cgdetail_percpu("", &d);
	assert_int_equal(d.ncpu, 0);
	for (int i = 0; i < CTR_DETAILS_CPUS + 4; i++)
		memcpy(many + (size_t)i * 8, "1234000 ", 8);
	cgdetail_percpu(many, &d);
	assert_int_equal(d.ncpu, CTR_DETAILS_CPUS);
	assert_true(d.cpu_us[CTR_DETAILS_CPUS - 1] == 1234);
}

static void reads_disks(void **state)
{
	static struct ctr_details d;

	(void)state;
	clear(&d);
	cgdetail_io_v1("8:0 Read 3\n8:0 Write 4\n8:0 Total 7\n8:16 Total 1\nTotal 8\n", "Total",
		       offsetof(struct ctr_details_io, merged), &d);
	cgdetail_io_v1("8:0 55\n", NULL, offsetof(struct ctr_details_io, time_ms), &d);
	cgdetail_io_v1("8:0 Discard 9\n", "Discard", offsetof(struct ctr_details_io, discards), &d);
	assert_int_equal(d.nio, 2);
	assert_true(d.io[0].merged == 7 && d.io[0].time_ms == 55 && d.io[0].discards == 9);
	assert_true(d.io[1].minor == 16 && d.io[1].merged == 1);
	assert_true(d.io[0].sectors == CTR_ABSENT && d.io[1].time_ms == CTR_ABSENT);
	clear(&d);
	cgdetail_io_v2("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n7:0 \n", &d);
	assert_int_equal(d.nio, 1);
	assert_true(d.io[0].discard_bytes == 5 && d.io[0].discards == 6);
}

static void reads_nodes(void **state)
{
	static struct ctr_details d;
	static char many[CTR_DETAILS_NODES * 16 + 64] = "file";
	size_t len = 4;

	(void)state;
	clear(&d);
	cgdetail_nodes("total=9 N0=9\nanon=7 N0=3 N1=4\nhierarchical_anon=9 N0=4 N1=5\n"
		       "hierarchical_file=2 N0=2 N1=0\n",
		       4096, &d);
	assert_int_equal(d.nnodes, 2);
	assert_true(d.nodes[1].node == 1 && d.nodes[1].anon == 5 * 4096 && d.nodes[1].file == 0);
	assert_true(d.nodes[0].anon == 4 * 4096 && d.nodes[0].unevictable == CTR_ABSENT);
	clear(&d);
	cgdetail_nodes("anon N0=1 N8=2\nanon_thp N0=7\nfile N0=\nunevictable N8=x\n", 0, &d);
	assert_int_equal(d.nnodes, 2);
	assert_true(d.nodes[0].anon == 1 && d.nodes[1].node == 8 && d.nodes[1].anon == 2);
	assert_true(d.nodes[0].file == CTR_ABSENT && d.nodes[1].unevictable == CTR_ABSENT);
	clear(&d);
	for (int i = 0; i < CTR_DETAILS_NODES + 4; i++) {
		assert_int_equal(str_format(many + len, sizeof(many) - len, " N%d=1", i), 0);
		len += strlen(many + len);
	}
	cgdetail_nodes(many, 0, &d);
	assert_int_equal(d.nnodes, CTR_DETAILS_NODES);
}

static void reads_misc(void **state)
{
	static struct ctr_details d;
	const char *const many = "a 1\nb 1\nc 1\nd 1\ne 1\nf 1\ng 1\nh 1\ni 1\n";

	(void)state;
	clear(&d);
	cgdetail_misc("sev 3\nsev_es 0\n", "", offsetof(struct ctr_details_misc, current), &d);
	cgdetail_misc("sev max\nsev_es 9\n", "", offsetof(struct ctr_details_misc, limit), &d);
	cgdetail_misc("sev.max 5\nsev.low 6\n.max 7\n", ".max",
		      offsetof(struct ctr_details_misc, failures), &d);
	assert_int_equal(d.nmisc, 2);
	assert_true(d.misc[0].current == 3 && d.misc[0].limit == CTR_ABSENT &&
		    d.misc[0].failures == 5 && d.misc[0].peak == CTR_ABSENT);
	assert_true(d.misc[1].current == 0 && d.misc[1].limit == 9);
	assert_string_equal(d.misc[1].name, "sev_es");
	cgdetail_misc("a_name_that_is_much_longer_than_any_of_the_kernel 1\n", "",
		      offsetof(struct ctr_details_misc, current), &d);
	assert_int_equal(d.nmisc, 2);
	cgdetail_misc(many, "", offsetof(struct ctr_details_misc, current), &d);
	assert_int_equal(d.nmisc, CTR_DETAILS_MISC);
}

static void reads_rdma(void **state)
{
	static struct ctr_details d;

	(void)state;
	clear(&d);
	cgdetail_rdma("mlx4_0 hca_handle=2 hca_object=2000\nocrdma1 hca_handle=3 hca_object=0\n",
		      false, &d);
	cgdetail_rdma("mlx4_0 hca_handle=10 hca_object=max\n", true, &d);
	assert_int_equal(d.nrdma, 2);
	assert_string_equal(d.rdma[0].device, "mlx4_0");
	assert_true(d.rdma[0].handles == 2 && d.rdma[0].objects == 2000);
	assert_true(d.rdma[0].handle_limit == 10 && d.rdma[0].object_limit == CTR_ABSENT);
	assert_true(d.rdma[1].objects == 0 && d.rdma[1].handle_limit == CTR_ABSENT);
}

/** struct fake - a group of files in /tmp */
struct fake {
	char path[32];
	struct cg_facts facts;
	struct cg cg;
	int dir;
};

static void make(struct fake *f, bool v2, const char *controllers)
{
	struct cg_hierarchy *h = &f->facts.h[0];
	int top;

	*f = (struct fake){.path = "/tmp/test_detail.XXXXXX", .facts = {.n = 1}};
	f->facts.layout = v2 ? CG_V2 : CG_V1;
	f->cg = (struct cg){.facts = &f->facts, .path = "g"};
	assert_non_null(mkdtemp(f->path));
	h->v2 = v2;
	assert_int_equal(str_copy(h->mount, sizeof(h->mount), f->path), 0);
	assert_int_equal(str_copy(h->controllers, sizeof(h->controllers), controllers), 0);
	top = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(top, "g", 0755), 0);
	f->dir = openat(top, "g", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(top);
}

static void put(struct fake *f, const char *file, const char *text)
{
	int fd = openat(f->dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static void done(struct fake *f)
{
	(void)close(f->dir);
	assert_int_equal(tree_remove(AT_FDCWD, f->path, NULL), 0);
}

static void reads_a_group_of_v1(void **state)
{
	static struct ctr_details d;
	struct fake f;
	uint64_t v;

	(void)state;
	make(&f, false, "cpu,cpuacct,memory,blkio");
	put(&f, "cpu.stat", "nr_periods 1\nnr_bursts 2\nburst_time 3000\n");
	put(&f, "cpuacct.usage_percpu", "5000 6000 \n");
	put(&f, "memory.memsw.usage_in_bytes", "10\n");
	put(&f, "memory.memsw.max_usage_in_bytes", "20\n");
	put(&f, "memory.kmem.failcnt", "0\n");
	put(&f, "memory.stat", "cache 1\npgfault 77\n");
	put(&f, "blkio.bfq.io_queued_recursive", "8:0 Total 5\n");
	put(&f, "blkio.sectors_recursive", "8:0 99\n"); /* CFQ's */
	assert_int_equal(cgdetail_read(&f.cg, &d, NULL), 0);
	assert_true(d.cpu_bursts == 2 && d.cpu_burst_us == 3 && d.ncpu == 2 && d.cpu_us[1] == 6);
	assert_true(d.memsw_usage == 10 && d.memsw_peak == 20 && d.memsw_failures == CTR_ABSENT);
	assert_true(d.kernel_failures == 0 && d.kernel_peak == CTR_ABSENT);
	assert_true(d.nio == 1 && d.io[0].queued == 5 && d.io[0].sectors == 99);
	assert_true(d.swap_peak == CTR_ABSENT && d.nrdma == 0);
	assert_int_equal(cgdetail_memory(&f.cg, "pgfault", &v, NULL), 0);
	assert_true(v == 77);
	assert_int_equal(cgdetail_memory(&f.cg, "pgmajfault", &v, NULL), -ENOENT);
	done(&f);
}

static void reads_a_group_of_v2(void **state)
{
	static struct ctr_details d;
	struct ctr_error err = {0};
	struct fake f;

	(void)state;
	make(&f, true, "cpu,memory,io,rdma");
	put(&f, "cpu.stat", "nr_bursts 2\nburst_usec 3\n");
	put(&f, "memory.swap.peak", "4096\n");
	put(&f, "memory.swap.events", "high 0\nmax 1\nfail 9\n");
	put(&f, "memory.stat", "sock 12\n");
	put(&f, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
	put(&f, "rdma.current", "m hca_handle=1 hca_object=2\n");
	put(&f, "rdma.max", "m hca_handle=max hca_object=4\n");
	assert_int_equal(cgdetail_read(&f.cg, &d, NULL), 0);
	assert_true(d.cpu_burst_us == 3 && d.swap_peak == 4096 && d.swap_failures == 9);
	assert_true(d.tcp_usage == 12 && d.memsw_usage == CTR_ABSENT && d.ncpu == 0);
	assert_true(d.nio == 1 && d.io[0].discards == 6 && d.io[0].queued == CTR_ABSENT);
	assert_true(d.nrdma == 1 && d.rdma[0].object_limit == 4);
	assert_int_equal(str_copy(f.cg.path, sizeof(f.cg.path), "none"), 0);
	assert_int_equal(cgdetail_read(&f.cg, &d, &err), -ENOENT);
	f.cg.inherit = true;
	assert_int_equal(cgdetail_read(&f.cg, &d, &err), -ENOTSUP);
	done(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_cpus),	   cmocka_unit_test(reads_disks),
	    cmocka_unit_test(reads_nodes),	   cmocka_unit_test(reads_misc),
	    cmocka_unit_test(reads_rdma),	   cmocka_unit_test(reads_a_group_of_v1),
	    cmocka_unit_test(reads_a_group_of_v2),
	};

	return cmocka_run_group_tests_name("cgdetail", tests, NULL, NULL);
}
