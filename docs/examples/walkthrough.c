/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tour of libpamcontainer: one container from configuration to removal. As root:
 *
 *	cc walkthrough.c $(pkg-config --cflags --libs libpamcontainer) -o walkthrough
 *	echo 'id; hostname; ulimit -n' | ./walkthrough
 */
#include <inttypes.h>
#include <pamcontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static const char *const settings[][3] = {
    {"Container", "Namespaces", "mount pid ipc uts"}, /* and net, by Private= below */
    {"Exec", "Hostname", "testing"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID"},
    {"Exec", "CapabilityBoundingSet",
     "CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL "
     "CAP_AUDIT_WRITE"},
    {"Exec", "LimitNOFILE", "1024"},
    {"Network", "Private", "loopback"},
    {"Resources", "DevicePolicy", "closed"}, /* null, zero, full, random, urandom, tty, ptys */
};

static int complain(const char *what, const struct ctr_error *err)
{
	fprintf(stderr, "walkthrough: %s: %s\n", what, err->text);
	return 1;
}

static int configure(struct ctr_config *cfg, struct ctr_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(settings) / sizeof(settings[0]); i++)
		r = ctr_config_set(cfg, settings[i][0], settings[i][1], settings[i][2], err);
	return r;
}

static int look(struct ctr_container *c, struct ctr_error *err)
{
	struct ctr_proc_info *procs;
	struct ctr_stats stats;
	size_t n;
	int r = ctr_processes(c, &procs, &n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		printf("process %d, inside %d, uid %u: %s\n", procs[i].pid, procs[i].inner_pid,
		       procs[i].uid, procs[i].command);
	free(procs);
	r = ctr_stats_read(c, &stats, err);
	if (r == 0)
		printf("%" PRIu64 " us of CPU, %" PRIu64 " bytes of memory, %" PRIu64 " tasks\n",
		       stats.cpu_usage_us, stats.mem_usage, stats.pids_current);
	return r;
}

static int stop_and_go(struct ctr_container *c, struct ctr_error *err)
{
	enum ctr_status status;
	int r = ctr_pause(c, err);

	if (r == 0)
		r = ctr_container_status(c, &status, err);
	if (r == 0)
		printf("status: %s\n", ctr_status_name(status));
	return r < 0 ? r : ctr_resume(c, err);
}

static int run_bash(struct ctr_container *c, struct ctr_error *err)
{
	struct ctr_process_spec spec = {.argv = (const char *const[]){"bash", NULL},
					.user = "daemon",
					.stdin_fd = 0,
					.stdout_fd = 1,
					.stderr_fd = 2};
	struct ctr_process *p;
	int status, r = ctr_start(c, &spec, &p, err);

	if (r < 0)
		return r;
	r = look(c, err);
	if (r == 0)
		r = stop_and_go(c, err);
	if (r == 0)
		r = ctr_process_wait(p, -1, &status, err);
	if (r == 0)
		printf("bash ended with status %d\n", WEXITSTATUS(status));
	ctr_process_free(p);
	return r;
}

int main(void)
{
	struct ctr_factory *factory;
	struct ctr_config *cfg;
	struct ctr_container *c;
	struct ctr_error err;
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0); /* bash writes to the same place */
	if (ctr_factory_new(&factory, &err) < 0 || ctr_config_new(&cfg, &err) < 0)
		return complain("begin", &err);
	if (configure(cfg, &err) < 0)
		return complain("configure", &err);
	if (ctr_create(factory, "walkthrough", cfg, &c, &err) < 0)
		return complain("create", &err);
	if (run_bash(c, &err) < 0)
		status = complain("run", &err);
	if (ctr_destroy(c, 1, 2000, &err) < 0)
		status = complain("destroy", &err);
	ctr_container_free(c);
	ctr_config_free(cfg);
	ctr_factory_free(factory);
	return status;
}
