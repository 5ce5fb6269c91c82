/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "scopeprop.h"

/* "NAME=VALUE " as systemctl show would nearly write it */
static void render(const struct scopeprops *p, char *dst, size_t size)
{
	dst[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct scopeprop *v = &p->v[i];
		char hex[2 * sizeof(p->cpus) + 1] = "";
		const char *value = v->text;
		size_t len = strlen(dst);

		for (size_t k = 0; k < v->mask_len; k++)
			assert_int_equal(str_format(hex + 2 * k, 3, "%02x", v->mask[k]), 0);
		if (v->type == SCOPEPROP_NUMBER || v->type == SCOPEPROP_BOOL)
			assert_int_equal(
			    str_format(hex, sizeof(hex), "%llu", (unsigned long long)v->number), 0);
		if (v->type == SCOPEPROP_RATES)
			value = v->rates->v[0];
		if (v->type == SCOPEPROP_TEXT || v->type == SCOPEPROP_RATES)
			assert_non_null(value);
		assert_int_equal(str_format(dst + len, size - len, "%s%c%s=%s", len ? " " : "",
					    v->type, v->name, value ? value : hex),
				 0);
	}
}

static void translates_limits(void **state)
{
	static const struct {
		const char *key, *value, *want;
	} rows[] = {
	    {"MemoryMax", "1G", "tMemoryMax=1073741824"},
	    {"MemoryMax", "infinity", "tMemoryMax=18446744073709551615"},
	    {"MemoryHigh", "1M", "tMemoryHigh=1048576"},
	    {"MemorySwapMax", "0", "tMemorySwapMax=0"},
	    {"TasksMax", "100", "tTasksMax=100"},
	    {"CPUQuota", "150%", "tCPUQuotaPerSecUSec=1500000"},
	    {"CPUWeight", "50", "tCPUWeight=50"},
	    {"IOWeight", "10", "tIOWeight=10"},
	    {"AllowedCPUs", "0", "yAllowedCPUs=01"},
	    {"AllowedCPUs", "0-3,8", "yAllowedCPUs=0f01"},
	    {"AllowedCPUs", "7,5-6", "yAllowedCPUs=e0"},
	    {"AllowedCPUs", "8191", NULL},
	    {"AllowedMemoryNodes", "1", "yAllowedMemoryNodes=02"},
	    {"IOReadBandwidthMax", "/dev/vda 1M", "rIOReadBandwidthMax=/dev/vda 1048576"},
	    {"IOWriteBandwidthMax", "/dev/vda 1M", "rIOWriteBandwidthMax=/dev/vda 1048576"},
	    {"IOReadIOPSMax", "/dev/vda 7", "rIOReadIOPSMax=/dev/vda 7"},
	    {"IOWriteIOPSMax", "/dev/vda 8", "rIOWriteIOPSMax=/dev/vda 8"},
	    {"DeviceAllow", "/dev/null r", ""},
	};
	struct spec *none = spec_new();
	struct scopeprops p;
	char text[4096];
	size_t n_head;

	(void)state;
	assert_int_equal(scopeprop_start(none, &p, NULL), 0);
	n_head = p.n; /* what a scope without limits has too */
	spec_free(none);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec *s = spec_new();

		assert_int_equal(spec_set(s, "Resources", rows[i].key, rows[i].value, NULL), 0);
		assert_int_equal(scopeprop_start(s, &p, NULL), 0);
		memmove(p.v, p.v + n_head, sizeof(p.v) - n_head * sizeof(*p.v));
		p.n -= n_head;
		render(&p, text, sizeof(text));
		if (rows[i].want)
			assert_string_equal(text, rows[i].want);
		else
			assert_true(p.v[0].mask_len == sizeof(p.cpus) && p.cpus[1023] == 0x80);
		spec_free(s);
	}
}

/* A living scope gets all of them, or a limit that is taken out of a definition would stay. */
static void lifts_what_is_not_given(void **state)
{
	struct spec *s = spec_new();
	struct scopeprops p;
	char text[4096];

	(void)state;
	assert_int_equal(spec_set(s, "Resources", "CPUQuota", "infinity", NULL), -EINVAL);
	assert_int_equal(spec_set(s, "Resources", "TasksMax", "7", NULL), 0);
	assert_int_equal(scopeprop_limits(s, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++)
		if (p.v[i].type == SCOPEPROP_RATES) {
			assert_int_equal(p.v[i].rates->n, 0);
			p.v[i].type = SCOPEPROP_TEXT;
			p.v[i].text = "";
		}
	render(&p, text, sizeof(text));
	assert_string_equal(
	    text, "tMemoryMax=18446744073709551615 tMemoryHigh=18446744073709551615 "
		  "tMemoryLow=0 tMemoryMin=0 "
		  "tMemorySwapMax=18446744073709551615 tTasksMax=7 "
		  "tCPUQuotaPerSecUSec=18446744073709551615 "
		  "tCPUQuotaPeriodUSec=18446744073709551615 "
		  "tIOWeight=18446744073709551615 tCPUWeight=18446744073709551615 "
		  "sIODeviceWeight= sIOReadBandwidthMax= sIOWriteBandwidthMax= sIOReadIOPSMax= "
		  "sIOWriteIOPSMax= yAllowedCPUs= yAllowedMemoryNodes=");
	spec_free(s);
}

static void refuses_what_is_no_mask(void **state)
{
	static const struct {
		const char *list;
		int want;
	} rows[] = {
	    {"8192", -ERANGE}, {"0-8192", -ERANGE}, {"3-1", -ERANGE},
	    {"a", -EINVAL},    {"1-", -EINVAL},	    {"-1", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec *s = spec_new();
		struct ctr_error err = {0};
		struct scopeprops p;

		s->allowed_cpus = strdup(rows[i].list);
		assert_int_equal(scopeprop_limits(s, &p, &err), rows[i].want);
		assert_int_equal(err.code, CTR_E_CONFIG);
		assert_non_null(strstr(err.text, rows[i].list));
		spec_free(s);
	}
}

static void gives_a_scope_its_place(void **state)
{
	struct spec *s = spec_new();
	struct scopeprops p;
	char text[4096];

	(void)state;
	assert_int_equal(spec_set(s, "Container", "TimeoutStopSec", "10s", NULL), 0);
	assert_int_equal(spec_set(s, "Resources", "TasksMax", "5", NULL), 0);
	assert_int_equal(scopeprop_start(s, &p, NULL), 0);
	render(&p, text, sizeof(text));
	assert_string_equal(text, "sDescription=Container sSlice=container.slice bDelegate=1 "
				  "sCollectMode=inactive-or-failed bCPUAccounting=1 "
				  "bMemoryAccounting=1 bTasksAccounting=1 bIOAccounting=1 "
				  "tTimeoutStopUSec=10000000 tTasksMax=5");
	assert_int_equal(spec_set(s, "Resources", "Slice", "a-b.slice", NULL), 0);
	assert_int_equal(spec_set(s, "Container", "Description", "A \xff box", NULL), 0);
	assert_int_equal(scopeprop_start(s, &p, NULL), 0);
	assert_string_equal(p.v[0].text, "A \\xff box");
	assert_string_equal(p.v[1].text, "a-b.slice");
	assert_int_equal(scopeprop_start(NULL, &p, NULL), 0);
	render(&p, text, sizeof(text));
	assert_string_equal(text, "sDescription=Container supervisors sSlice=system.slice "
				  "bDelegate=1 sCollectMode=inactive-or-failed");
	spec_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(translates_limits),
	    cmocka_unit_test(lifts_what_is_not_given),
	    cmocka_unit_test(refuses_what_is_no_mask),
	    cmocka_unit_test(gives_a_scope_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
