/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "fd.h"
#include "msg.h"
#include "restrict.h"
#include "str.h"
#include "sys.h"

/*
 * Stands where container-supervisor would and plays one scenario: the last word of --conf=PATH,
 * since the module passes nothing else on. It ends when the module hangs up.
 */

enum { SOCKET = 3, LIFE_MS = 20000 };

struct play {
	const char *scenario, *conf;
	char **argv;
	struct msg m;
};

static void nap(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

static void say(struct play *p)
{
	(void)!msg_send(SOCKET, &p->m, 1000); /* the module may be gone: that is its right */
}

/* ---- answers that are short ---- */

static void send_host(struct play *p)
{
	msg_init(&p->m, "host");
	say(p);
}

static void send_denied(struct play *p)
{
	const struct ctr_error err = {.code = CTR_E_DENIED,
				      .errnum = EACCES,
				      .stage = "play",
				      .text = "secret: /srv/images/x"};

	msg_init(&p->m, "denied");
	msg_add_error(&p->m, &err);
	say(p);
}

static void send_paused(struct play *p)
{
	const struct ctr_error err = {
	    .code = CTR_E_PAUSED, .errnum = EBUSY, .stage = "play", .text = "alice-1 is paused"};

	msg_init(&p->m, "denied");
	msg_add_error(&p->m, &err);
	say(p);
}

static void send_bare_denied(struct play *p)
{
	msg_init(&p->m, "denied");
	say(p);
}

static void send_unknown(struct play *p)
{
	msg_init(&p->m, "welcome");
	say(p);
}

static void send_nothing(struct play *p)
{
	(void)p; /* silence until the module has enough */
}

static void send_late_host(struct play *p)
{
	nap(3000);
	send_host(p);
}

static void die(struct play *p)
{
	(void)p;
	_exit(1);
}

static void die_by_signal(struct play *p)
{
	(void)p;
	(void)raise(SIGKILL);
}

static void send_garbage(struct play *p)
{
	unsigned char noise[512];

	(void)p;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)(i * 167 + 13);
	(void)!fd_write_all(SOCKET, noise, sizeof(noise));
}

static void send_huge(struct play *p)
{
	static char text[MSG_MAX + 4096] = "host";

	(void)p;
	(void)!fd_write_all(SOCKET, text, sizeof(text));
}

static void send_empty(struct play *p)
{
	(void)p;
	(void)!send(SOCKET, "", 0, MSG_NOSIGNAL);
}

/* ---- `contained` without what makes it true (MUST-1) ---- */

static void contained(struct play *p, const char *ns, size_t nfds)
{
	msg_init(&p->m, "contained");
	msg_add(&p->m, "id", "x-1");
	msg_add(&p->m, "entry", "join");
	msg_add(&p->m, "attach", "0");
	msg_add(&p->m, "shell", "/bin/sh");
	msg_add(&p->m, "ns", "%s", ns);
	for (size_t i = 0; i < nfds; i++)
		msg_add_fd(&p->m, 0); /* /dev/null: no namespace */
	say(p);
}

static void no_walls(struct play *p)
{
	contained(p, "", 0);
}

static void only_the_blob(struct play *p)
{
	contained(p, "", 1);
}

static void no_blob(struct play *p)
{
	contained(p, "mnt,pid", 2);
}

static void no_mnt(struct play *p)
{
	contained(p, "pid,ipc", 3);
}

static void no_pid(struct play *p)
{
	contained(p, "mnt,ipc", 3);
}

static void too_many(struct play *p)
{
	contained(p, "mnt,pid", 9);
}

static void twice(struct play *p)
{
	contained(p, "mnt,pid,mnt", 4);
}

static void unknown_ns(struct play *p)
{
	contained(p, "mnt,pid,none", 4);
}

static void prefix_ns(struct play *p)
{
	contained(p, "mn,pid", 3);
}

static void blank_ns(struct play *p)
{
	contained(p, "mnt,,pid", 3);
}

static void not_namespaces(struct play *p)
{
	contained(p, "mnt,pid", 3);
	while (msg_recv(SOCKET, &p->m, 2000) == 0) { /* `enter` and `entered` */
		msg_done(&p->m);
		msg_init(&p->m, "ok");
		say(p);
	}
}

static void long_shell(struct play *p)
{
	char shell[400];

	memset(shell, 'x', sizeof(shell));
	shell[0] = '/';
	shell[sizeof(shell) - 1] = '\0';
	msg_init(&p->m, "contained");
	msg_add(&p->m, "entry", "join");
	msg_add(&p->m, "attach", "0");
	msg_add(&p->m, "shell", "%s", shell);
	msg_add(&p->m, "ns", "mnt,pid");
	for (int i = 0; i < 3; i++)
		msg_add_fd(&p->m, 0);
	say(p);
}

static void no_entry(struct play *p)
{
	msg_init(&p->m, "contained");
	msg_add(&p->m, "attach", "0");
	msg_add(&p->m, "shell", "/bin/sh");
	msg_add(&p->m, "ns", "mnt,pid");
	for (int i = 0; i < 3; i++)
		msg_add_fd(&p->m, 0);
	say(p);
}

/* ---- a container, as far as the module sees one ---- */

static const char *const spaces[] = {"mnt", "pid", "ipc", "uts", "net", "cgroup"};

/* Its PID 1 ends with this process. */
static int make_namespaces(void)
{
	int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		    CLONE_NEWCGROUP;
	struct clone_args args = {.flags = (uint64_t)flags, .exit_signal = SIGCHLD};
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid == 0) {
		(void)close(SOCKET);
		(void)mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
		(void)alarm(LIFE_MS / 1000);
		for (;;)
			(void)pause();
	}
	return pid;
}

static int blob(bool damaged)
{
	static struct restrict_set set = {.no_new_privs = 1};

	return damaged ? fd_memfd("blob", "damaged", 7) : restrict_store(&set, NULL);
}

struct real {
	const char *entry;
	const char *answer; /* to `enter`; NULL: none */
	bool damaged;
};

static void serve(struct play *p, pid_t init, const struct real *how)
{
	int fds[ARRAY_SIZE(spaces)], b = blob(how->damaged);

	msg_init(&p->m, "contained");
	msg_add(&p->m, "id", "x-1");
	msg_add(&p->m, "entry", "%s", how->entry);
	msg_add(&p->m, "attach", "0");
	msg_add(&p->m, "shell", "/bin/sh");
	msg_add(&p->m, "ns", "mnt,pid,ipc,uts,net,cgroup");
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		char path[64];

		if (str_format(path, sizeof(path), "/proc/%d/ns/%s", init, spaces[i]) < 0)
			return;
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		msg_add_fd(&p->m, fds[i]);
	}
	msg_add_fd(&p->m, b);
	say(p);
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		(void)close(fds[i]);
	while (msg_recv(SOCKET, &p->m, LIFE_MS) == 0) {
		bool enter = str_equal(msg_verb(&p->m), "enter") && p->m.nfds == 1;
		bool entered = str_equal(msg_verb(&p->m), "entered");

		msg_done(&p->m);
		if (!enter && !entered)
			return; /* `close` ends the container, as the real one does */
		if (!how->answer)
			continue;
		if (str_equal(how->answer, "denied"))
			send_denied(p);
		msg_init(&p->m, how->answer);
		say(p);
	}
}

static void play_real(struct play *p, const struct real *how)
{
	pid_t init = make_namespaces();

	if (init < 0)
		return;
	serve(p, init, how);
	(void)kill(init, SIGKILL);
	while (waitpid(init, NULL, 0) < 0 && errno == EINTR)
		;
}

static void real_join(struct play *p)
{
	play_real(p, &(struct real){.entry = "join", .answer = "ok"});
}

static void real_late(struct play *p)
{
	play_real(p, &(struct real){.entry = "late", .answer = "ok"});
}

static void real_join_damaged(struct play *p)
{
	play_real(p, &(struct real){.entry = "join", .answer = "ok", .damaged = true});
}

static void real_late_damaged(struct play *p)
{
	play_real(p, &(struct real){.entry = "late", .answer = "ok", .damaged = true});
}

static void real_join_denied(struct play *p)
{
	play_real(p, &(struct real){.entry = "join", .answer = "denied"});
}

static void real_join_silent(struct play *p)
{
	nap(700);
	play_real(p, &(struct real){.entry = "join"});
}

/* ---- what the module gave us (MUST-6) ---- */

static void report_fds(int out)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			dprintf(out, "fd=%s\n", e->d_name);
	if (dir)
		(void)closedir(dir);
}

/* Handlers do not outlive execve(2); what is ignored or blocked does. */
static void report_signals(int out)
{
	sigset_t mask;

	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction a = {.sa_handler = SIG_DFL};

		(void)sigaction(sig, NULL, &a);
		if (a.sa_handler == SIG_IGN || sigismember(&mask, sig) == 1)
			dprintf(out, "signal=%d\n", sig);
	}
}

static void report(struct play *p)
{
	char path[200];
	size_t pos = 0, len;
	const char *key, *value;
	int out;

	if (str_format(path, sizeof(path), "%.*s/report", (int)(p->scenario - p->conf - 1),
		       p->conf) < 0)
		_exit(2);
	report_signals(STDOUT_FILENO); /* /dev/null: loads nothing later */
	out = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	report_fds(out); /* one more: out itself, and one for /proc/self/fd */
	report_signals(out);
	for (char **a = p->argv; *a; a++)
		dprintf(out, "arg=%s\n", *a);
	for (char **e = environ; *e; e++)
		dprintf(out, "env=%s\n", *e);
	dprintf(out, "leader=%d parent=%d\n", getsid(0) == getpid(), getppid());
	while (msg_next(&p->m, &pos, &key, &len, &value))
		dprintf(out, "%.*s=%s\n", (int)len, key, value);
	dprintf(out, "fds=%zu\n", p->m.nfds);
	(void)close(out);
	send_host(p);
}

static const struct {
	const char *name;
	void (*play)(struct play *p);
} scenarios[] = {
    {"host", send_host},
    {"denied", send_denied},
    {"paused", send_paused},
    {"bare-denied", send_bare_denied},
    {"unknown", send_unknown},
    {"silent", send_nothing},
    {"late-host", send_late_host},
    {"die", die},
    {"die-by-signal", die_by_signal},
    {"garbage", send_garbage},
    {"huge", send_huge},
    {"empty", send_empty},
    {"no-walls", no_walls},
    {"only-the-blob", only_the_blob},
    {"no-blob", no_blob},
    {"no-mnt", no_mnt},
    {"no-pid", no_pid},
    {"too-many", too_many},
    {"twice", twice},
    {"unknown-ns", unknown_ns},
    {"prefix-ns", prefix_ns},
    {"blank-ns", blank_ns},
    {"not-namespaces", not_namespaces},
    {"long-shell", long_shell},
    {"no-entry", no_entry},
    {"real-join", real_join},
    {"real-late", real_late},
    {"real-join-damaged", real_join_damaged},
    {"real-late-damaged", real_late_damaged},
    {"real-join-denied", real_join_denied},
    {"real-join-silent", real_join_silent},
    {"report", report},
};

static int prepare(struct play *p)
{
	for (char **a = p->argv; *a; a++)
		if (str_has_prefix(*a, "--conf=", &p->conf))
			p->scenario = strrchr(p->conf, '/') + 1;
	if (!p->scenario)
		return -1;
	if (str_equal(p->scenario, "die-unread"))
		return -1;
	return msg_recv(SOCKET, &p->m, 2000);
}

int main(int argc, char **argv)
{
	static struct play p;

	(void)argc;
	p.argv = argv;
	if (prepare(&p) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (str_equal(p.scenario, scenarios[i].name))
			scenarios[i].play(&p);
	while (msg_recv(SOCKET, &p.m, LIFE_MS) == 0)
		msg_done(&p.m); /* until the module hangs up */
	return 0;
}
