/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "attr.h"
#include "sockqueue.h"

#define HEAD  0x19, 0x43, 0x56, 0x54, 0x26, 0x40, 0x26, 0x56
#define PLAIN 0x04, 0, 0, 0, 0x08, 0x18, 0x10, 0x04, 'm', 'o', 'r', 'e'
#define WITH_SCM                                                                                   \
	0x0a, 0, 0, 0, 0x08, 0x18, 0x10, 0x04, 0x22, 0x04, 0x08, 0x01, 0x10, 0x19, 'd', 'a', 't',  \
	    'a'

/* MUST-10: images of CRIU 4.1.1, of a socket with "more", and with "data" and a descriptor */
static void descriptors_on_their_way(void **state)
{
	static const unsigned char plain[] = {HEAD, PLAIN}, with[] = {HEAD, WITH_SCM},
				   after[] = {HEAD, PLAIN, WITH_SCM, PLAIN}, none[] = {HEAD},
				   hidden[] = {HEAD, 0x04, 0, 0, 0, 0x08, 0x18, 0x10, 0x40};
	static const struct {
		const unsigned char *data;
		size_t len;
		int want;
	} t[] = {
	    {none, sizeof(none), 0},
	    {plain, sizeof(plain), 0},
	    {with, sizeof(with), 1},
	    {after, sizeof(after), 1},
	    {plain, sizeof(plain) - 1, -EBADMSG}, /* cut off */
	    {plain, 10, -EBADMSG},
	    {plain + 1, sizeof(plain) - 1, -EBADMSG},
	    {hidden, sizeof(hidden), -EBADMSG}, /* longer than the image */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(sockqueue_has_descriptors(t[i].data, t[i].len), t[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(descriptors_on_their_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
