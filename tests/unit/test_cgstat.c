/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <unistd.h>

#include "cgstat.h"
#include "str.h"

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t v;
	} t[] = {
	    {"0\n", 0},
	    {"12\n", 12},
	    {"max\n", CTR_ABSENT},
	    {"", CTR_ABSENT},
	    {"-1\n", CTR_ABSENT},
	    {"9223372036854771712\n", CTR_ABSENT}, /* v1: no limit */
	    {"4611686018427387903\n", (UINT64_C(1) << 62) - 1},
	    {"99999999999999999999\n", CTR_ABSENT},
	    {"999999999999999999999999999\n", CTR_ABSENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_true(cgstat_number(t[i].text) == t[i].v);
}

static void reads_values(void **state)
{
	static const char text[] = "anon 1\nfile 22\nkernel_stack 3\ninactive_file 4\nlast 5";
	static const struct {
		const char *key;
		uint64_t v;
	} t[] = {
	    {"anon", 1}, {"file", 22},	   {"kernel", CTR_ABSENT}, {"inactive_file", 4},
	    {"last", 5}, {"", CTR_ABSENT}, {"ano", CTR_ABSENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_true(cgstat_value(text, t[i].key) == t[i].v);
	assert_true(cgstat_value("", "anon") == CTR_ABSENT);
	assert_true(cgstat_value("total_time 18446744073709551614\n", "total_time") ==
		    UINT64_MAX - 1);
}

static void reads_pressure(void **state)
{
	struct ctr_pressure p, absent;

	(void)state;
	memset(&p, 0xff, sizeof(p));
	absent = p;
	cgstat_pressure("", &p);
	assert_memory_equal(&p, &absent, sizeof(p));
	cgstat_pressure("some avg10=0.12 avg60=3.40 avg300=100.00 total=987654321\n"
			"full avg10=0.00 avg60=0.07 avg300=12.34 total=5\n",
			&p);
	assert_true(p.some_avg10 == 12 && p.some_avg60 == 340 && p.some_avg300 == 10000);
	assert_true(p.some_total == 987654321);
	assert_true(p.full_avg10 == 0 && p.full_avg60 == 7 && p.full_avg300 == 1234);
	assert_true(p.full_total == 5);
	cgstat_pressure("some avg10= avg60=1 total=x\n", &p);
	assert_true(p.some_avg10 == CTR_ABSENT && p.some_avg60 == CTR_ABSENT);
	assert_true(p.some_avg300 == CTR_ABSENT && p.some_total == CTR_ABSENT);
	assert_true(p.full_total == 5); /* what is not there stays */
}

static void reads_io_of_v2(void **state)
{
	struct ctr_stats s = {0};

	(void)state;
	cgstat_io_v2("8:0 rbytes=10 wbytes=20 rios=3 wios=4 dbytes=0 dios=0\n"
		     "7:1 \n"
		     "254:16 rbytes=1 wbytes=2 rios=5 wios=6 dbytes=0 dios=0\n",
		     &s);
	assert_int_equal(s.nio, 2);
	assert_true(s.io[0].major == 8 && s.io[0].minor == 0 && s.io[0].read_bytes == 10 &&
		    s.io[0].write_bytes == 20 && s.io[0].reads == 3 && s.io[0].writes == 4);
	assert_true(s.io[1].major == 254 && s.io[1].minor == 16 && s.io[1].writes == 6);
}

static void reads_io_of_v1(void **state)
{
	struct ctr_stats s = {0};

	(void)state;
	cgstat_io_v1("8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:0 Async 5\n8:0 Discard 0\n"
		     "8:0 Total 30\n8:16 Read 1\nTotal 31\n",
		     false, &s);
	cgstat_io_v1("8:0 Read 3\n8:0 Write 4\n8:0 Total 7\nTotal 7\n", true, &s);
	assert_int_equal(s.nio, 2);
	assert_true(s.io[0].read_bytes == 10 && s.io[0].write_bytes == 20 && s.io[0].reads == 3 &&
		    s.io[0].writes == 4);
	assert_true(s.io[1].minor == 16 && s.io[1].read_bytes == 1 &&
		    s.io[1].write_bytes == CTR_ABSENT && s.io[1].reads == CTR_ABSENT);
}

static void keeps_to_its_arrays(void **state)
{
	static char io[8192], net[8192];
	struct ctr_stats s = {0};

	(void)state;
	for (int i = 0; i < CTR_STATS_IO + 3; i++)
		assert_int_equal(str_format(io + strlen(io), sizeof(io) - strlen(io),
					    "8:%d rbytes=1 wbytes=2 rios=5 wios=6\n", i),
				 0);
	for (int i = 0; i < CTR_STATS_NET + 3; i++)
		assert_int_equal(str_format(net + strlen(net), sizeof(net) - strlen(net),
					    "veth%d: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n", i),
				 0);
	cgstat_io_v2(io, &s);
	cgstat_net_text(net, &s);
	assert_int_equal(s.nio, CTR_STATS_IO);
	assert_int_equal(s.nnet, CTR_STATS_NET);
	cgstat_io_v2("99999999999:1 rbytes=1\n:5 rbytes=1\n8 rbytes=1\n", &s);
	assert_int_equal(s.nio, CTR_STATS_IO);
}

static void reads_interfaces(void **state)
{
	struct ctr_stats s = {0};

	(void)state;
	cgstat_net_text(
	    "Inter-|   Receive                    |  Transmit\n"
	    " face |bytes    packets errs drop fifo frame compressed multicast|bytes\n"
	    "    lo:  482762    3700    1    2    0     0          0         0   7   8  "
	    "9   10    0     0       0          0\n"
	    "eth0:18446744073709551614 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
	    &s);
	assert_int_equal(s.nnet, 2);
	assert_string_equal(s.net[0].name, "lo");
	assert_true(s.net[0].rx_bytes == 482762 && s.net[0].rx_packets == 3700 &&
		    s.net[0].rx_errors == 1 && s.net[0].rx_dropped == 2 && s.net[0].tx_bytes == 7 &&
		    s.net[0].tx_packets == 8 && s.net[0].tx_errors == 9 &&
		    s.net[0].tx_dropped == 10);
	assert_string_equal(s.net[1].name, "eth0");
	assert_true(s.net[1].rx_bytes == UINT64_MAX - 1 && s.net[1].tx_dropped == 11);
}

static void reads_its_own_interfaces(void **state)
{
	struct ctr_stats s = {.nnet = 9};
	struct ctr_error err = {0};

	(void)state;
	assert_int_equal(cgstat_net(getpid(), &s, NULL), 0);
	assert_in_range(s.nnet, 1, CTR_STATS_NET); /* lo is always there */
	assert_int_equal(cgstat_net(0x7fffffff, &s, &err), -ENOENT);
	assert_int_equal(err.code, CTR_E_SYSTEM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_numbers),	cmocka_unit_test(reads_values),
	    cmocka_unit_test(reads_pressure),	cmocka_unit_test(reads_io_of_v2),
	    cmocka_unit_test(reads_io_of_v1),	cmocka_unit_test(keeps_to_its_arrays),
	    cmocka_unit_test(reads_interfaces), cmocka_unit_test(reads_its_own_interfaces),
	};

	return cmocka_run_group_tests_name("cgstat", tests, NULL, NULL);
}
