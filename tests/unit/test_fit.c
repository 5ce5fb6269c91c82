/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "fit.h"
#include "folder.h"

static void versions(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int parts;
		int want;
	} t[] = {
	    {"6.1.0-18-amd64", "6.1.170+deb", 2, 0},
	    {"6.12", "6.2", 2, 1},
	    {"5.19", "6.0", 2, -1},
	    {"6.18.44", "6.18.43", 2, 0},
	    {"4.1.1", "4.1", 4, 1},
	    {"4.1", "4.1.0", 4, 0},
	    {"3.17.1", "4.0", 4, -1},
	    {"", "1", 4, -1},
	    {"6", "6.0", 2, 0},
	    {"6.1-rc2", "6.1", 2, 0},
	    {"x", "0", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(fit_compare_versions(t[i].a, t[i].b, t[i].parts), t[i].want);
		assert_int_equal(fit_compare_versions(t[i].b, t[i].a, t[i].parts), -t[i].want);
	}
}

#define OFFSET(member) offsetof(struct manifest, member), sizeof(((struct manifest *)0)->member)

/* One fact of this machine is another; MUST-10: whose it is, and what its walls were. */
static void each_fact_counts(void **state)
{
	static const struct {
		size_t offset, size;
		const char *here, *text; /* NULL: fits */
	} t[] = {
	    {OFFSET(id), "alice-2", "container: alice-2 here, needs alice-1"},
	    {OFFSET(user), "bob", "user: bob here, needs alice"},
	    {OFFSET(definition), "student", "definition: student here, needs box"},
	    {OFFSET(definition_digest), "x", "definition: not the text"},
	    {OFFSET(host.arch), "aarch64", "architecture: aarch64 here"},
	    {OFFSET(host.vendor), "AuthenticAMD", "CPU vendor: AuthenticAMD here"},
	    {OFFSET(host.model), "Another", NULL},
	    {OFFSET(host.kernel), "6.1.0-9-amd64", NULL}, /* of the same series */
	    {OFFSET(host.kernel), "6.12.1", NULL},
	    {OFFSET(host.kernel), "7.0", NULL},
	    {OFFSET(host.kernel), "6.0.99", "kernel: 6.0.99 here, needs 6.1.0-18-amd64 or later"},
	    {OFFSET(host.kernel), "5.10.0", "kernel: 5.10.0 here"},
	    {OFFSET(host.flags), "avx2 avx sse2 sse fpu", NULL},
	    {OFFSET(host.flags), "fpu sse sse2 avx avx2 avx512f", NULL},
	    {OFFSET(host.flags), "fpu sse sse2 avx avx2 ibrs", NULL},
	    {OFFSET(host.flags), "fpu sse sse2", "CPU: lacks avx avx2"},
	    {OFFSET(host.flags), "fpu sse sse2 avx avx22", "CPU: lacks avx2"},
	    {OFFSET(criu), "4.1.1", NULL},
	    {OFFSET(criu), "4.2", NULL},
	    {OFFSET(criu), "4.1", "criu: 4.1 here, needs 4.1.1 or later"},
	    {OFFSET(criu), "3.17.1", "criu: 3.17.1 here"},
	    {OFFSET(init_digest), "x", "container-init: another build"},
	    {OFFSET(attach_digest), "x", "container-attach: another build"},
	    {OFFSET(attach_digest), "", NULL},
	    {OFFSET(user), "", NULL}, /* not asked */
	};
	struct manifest m, here;

	(void)state;
	folder_describe(&m, 5);
	memset(m.attach_digest, 'a', SODIUMLIB_HEX - 1);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		autostrv struct strv lines = {0};
		struct ctr_error e = {0};
		int r;

		here = m;
		assert_int_equal(str_copy((char *)&here + t[i].offset, t[i].size, t[i].here), 0);
		assert_int_equal(fit_check(&m, &here, &lines), 0);
		assert_int_equal(lines.n, t[i].text ? 1 : 0);
		r = fit_require(&m, &here, &e);
		assert_int_equal(r, t[i].text ? -ENOTSUP : 0);
		if (!t[i].text)
			continue;
		assert_int_equal(e.code, CTR_E_MISFIT);
		assert_non_null(strstr(lines.v[0], t[i].text));
		assert_non_null(strstr(e.text, t[i].text));
	}
	here = m;
	here.uid = 1001;
	assert_int_equal(fit_require(&m, &here, NULL), -ENOTSUP);
}

/* What only the kernel uses differs with every update of it: it is not asked for. */
static void kernel_words_do_not_count(void **state)
{
	struct manifest m, here;

	(void)state;
	folder_describe(&m, 5);
	here = m;
	assert_int_equal(str_copy(m.host.flags, sizeof(m.host.flags),
				  "fpu sse sse2 avx avx2 ibrs md_clear cpuid_fault vmx nx pti"),
			 0);
	assert_int_equal(fit_require(&m, &here, NULL), 0);
	/* where the list has nothing but what processes use, all of it is asked for */
	assert_int_equal(str_copy(m.host.arch, sizeof(m.host.arch), "aarch64"), 0);
	assert_int_equal(str_copy(here.host.arch, sizeof(m.host.arch), "aarch64"), 0);
	assert_int_equal(str_copy(m.host.flags, sizeof(m.host.flags), "fp asimd sve2"), 0);
	assert_int_equal(str_copy(here.host.flags, sizeof(m.host.flags), "fp asimd"), 0);
	assert_int_equal(fit_require(&m, &here, NULL), -ENOTSUP);
}

static void all_is_named(void **state)
{
	struct manifest m, here;
	struct ctr_error e = {0};

	(void)state;
	folder_describe(&m, 5);
	here = m;
	here.user[0] = 'b';
	here.host.kernel[0] = '5';
	here.criu[0] = '3';
	assert_int_equal(fit_require(&m, &here, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "user: "));
	assert_non_null(strstr(e.text, "kernel: "));
	assert_non_null(strstr(e.text, "criu: "));
}

static void reads_cpus(void **state)
{
	static const char x86[] = "processor\t: 0\nvendor_id\t: GenuineIntel\n"
				  "model name\t: Intel(R) X @ 2.00GHz\nflags\t\t: fpu sse avx\n"
				  "bugs\t\t: spectre_v1\n\nprocessor\t: 1\nflags\t\t: other\n";
	static const char arm[] = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n"
				  "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
	struct hostfacts f = {0}, here;

	(void)state;
	assert_int_equal(hostfacts_parse_cpu(x86, &f), 0);
	assert_string_equal(f.vendor, "GenuineIntel");
	assert_string_equal(f.model, "Intel(R) X @ 2.00GHz");
	assert_string_equal(f.flags, "fpu sse avx");
	assert_int_equal(hostfacts_parse_cpu(arm, &f), 0);
	assert_string_equal(f.vendor, "0x41");
	assert_string_equal(f.flags, "fp asimd");
	assert_int_equal(hostfacts_parse_cpu("", &f), 0);
	assert_string_equal(f.flags, "");
	assert_int_equal(hostfacts_read(&here, NULL), 0);
	assert_true(strlen(here.kernel) > 0 && strlen(here.arch) > 0 && strlen(here.flags) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions),
	    cmocka_unit_test(each_fact_counts),
	    cmocka_unit_test(kernel_words_do_not_count),
	    cmocka_unit_test(all_is_named),
	    cmocka_unit_test(reads_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
