/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "tcppeer.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define LINE(n, local, remote, state, inode)                                                       \
	"   " n ": " local " " remote " " state                                                    \
	" 00000000:00000000 00:00000000 00000000  1000        0 " inode " 1 0000000000000000 20\n"

static const char table[] =
    HEAD LINE("0", "0100007F:1F90", "00000000:0000", "0A", "10") /* listens */
    LINE("1", "0100007F:1F90", "0100007F:C350", "01", "11")	 /* both ends inside */
    LINE("2", "0100007F:C350", "0100007F:1F90", "01", "12") LINE("3", "0100007F:C351", /* out */
								 "010200C0:01BB", "01", "13")
	LINE("4", "0100007F:C352", "010200C0:01BB", "06", "0") /* TIME_WAIT is nobody's */
    LINE("5", "0100007F:C353", "0100007F:0016", "08", "15");   /* peer closed */

static void who_is_connected_outside(void **state)
{
	static const struct {
		uint64_t inodes[4];
		size_t n;
		uint64_t want; /* 0: none */
	} t[] = {
	    {{0}, 0, 0},	   {{10}, 1, 0},  {{11, 12}, 2, 0},
	    {{11}, 1, 11},	   {{12}, 1, 12}, {{10, 11, 12}, 3, 0},
	    {{11, 12, 13}, 3, 13}, {{15}, 1, 15}, {{99, 98}, 2, 0},
	};
	struct tcppeer_list list = {0};

	(void)state;
	assert_int_equal(tcppeer_parse(&list, table), 0);
	assert_int_equal(list.n, 4);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t inodes[4];
		const struct sockown owned = {inodes, NULL, t[i].n};
		const struct tcppeer *p;

		memcpy(inodes, t[i].inodes, sizeof(inodes));
		p = tcppeer_find(&list, &owned);
		assert_int_equal(p ? p->inode : 0, t[i].want);
	}
	tcppeer_done(&list);
}

static void texts(void **state)
{
	char dst[64];

	(void)state;
	tcppeer_text("0100007F:0016", dst, sizeof(dst));
	assert_string_equal(dst, "127.0.0.1:22");
	tcppeer_text("00000000000000000000000001000000:1F90", dst, sizeof(dst));
	assert_string_equal(dst, "[::1]:8080");
	tcppeer_text("what\033", dst, sizeof(dst));
	assert_string_equal(dst, "what\\x1b");
}

static void bad_tables(void **state)
{
	struct tcppeer_list list = {0};

	(void)state;
	assert_int_equal(tcppeer_parse(&list, ""), 0);
	assert_int_equal(tcppeer_parse(&list, HEAD), 0);
	assert_int_equal(tcppeer_parse(&list, HEAD "nonsense\n"), -EBADMSG);
	tcppeer_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_connected_outside),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(bad_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
