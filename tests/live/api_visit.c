/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init=none: what root inside can do to a process that enters. PID 1 is who tries. */
#include "api_bare.h"

static struct ctr_process *watch(struct test *t, struct ctr_container *c, const char *program,
				 int *ret_out)
{
	struct ctr_process_spec spec = {.argv =
					    (const char *const[]){"python3", "-c", program, NULL}};

	return begin_as(t, c, spec, ret_out);
}

/*
 * MUST-6: who may trace all of his user namespace meets what enters, before it has executed, and
 * does not get at it. PID 1 ends with 3 when it did, with 4 when it met none.
 */
static void test_hidden(struct test *t)
{
	static const char *const program =
	    "import os, signal\n"
	    "done, met = [], 4\n"
	    "signal.signal(signal.SIGUSR1, lambda *a: done.append(1))\n"
	    "print('ready', flush=True)\n"
	    "while not done:\n"
	    "    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
	    "        try:\n"
	    "            if 'container' not in open(f'/proc/{pid}/comm').read(): continue\n"
	    "            met = 0\n"
	    "            if '/bin/' not in os.readlink(f'/proc/{pid}/exe'): os._exit(3)\n"
	    "        except OSError: pass\n"
	    "os._exit(met)\n";
	struct ctr_container *c = make_by(t, "hidden", BARE, {"Exec", "PrivateUsers", "identity"},
					  {"Exec", "CapabilityBoundingSet", "CAP_SYS_PTRACE"});
	struct ctr_process *p;
	int out;

	p = watch(t, c, program, &out);
	for (int i = 0; i < 20; i++)
		if (sh(t, c, "exit 0").status != 0)
			check(t, false, "one enters");
	check(t, ctr_process_signal(p, SIGUSR1, &t->err) == 0, "that was all");
	check(t, status_at_end(t, p) == 0, "they were seen and not reached");
	close(out);
	end(t, c);
}

/*
 * MUST-6: what enters executes its own program once more, which is not hidden then, and lets who is
 * root inside have its file. It can not be written, also when nobody executes it. PID 1 ends with 0
 * when it tried.
 */
static void test_program(struct test *t)
{
	static const char *const program =
	    "import errno, os\n"
	    "def write(fd):\n"
	    "    while True:\n"
	    "        try: os.open(f'/proc/self/fd/{fd}', os.O_WRONLY); os._exit(3)\n"
	    "        except OSError as e:\n"
	    "            if e.errno != errno.ETXTBSY: os._exit(0 if e.errno == errno.EROFS else "
	    "5)\n"
	    "print('ready', flush=True)\n"
	    "while True:\n"
	    "    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
	    "        try:\n"
	    "            fd = os.open(f'/proc/{pid}/exe', os.O_PATH)\n"
	    "            if '/bin/' not in os.readlink(f'/proc/self/fd/{fd}'): write(fd)\n"
	    "            os.close(fd)\n"
	    "        except OSError: pass\n";
	static const char *const make = "mkdir -p /tmp/visit && cd /tmp/visit && "
					"echo '#!/proc/self/exe' >x && chmod 755 x";
	const struct ctr_process_spec spec = {.argv = (const char *const[]){"/tmp/visit/x", NULL}};
	struct ctr_container *c = make_by(t, "program", BARE, {"Files", "PrivateTmp", "yes"});
	struct ctr_process *p;
	struct output ret;
	int out;

	p = watch(t, c, program, &out);
	check(t, sh(t, c, make).status == 0, "a script is made");
	for (int i = 0; i < 400 && status_of(t, c) == CTR_RUNNING; i++)
		(void)get(t, c, spec, &ret);
	check(t, status_at_end(t, p) == 0, "its file was reached and not written");
	close(out);
	end(t, c);
}

/* MUST-4: one that has ended and is traced is not to be reaped; nobody waits for that. */
static void test_traced(struct test *t)
{
	static const char *const program =
	    "import ctypes, os, signal\n"
	    "print('ready', flush=True)\n"
	    "libc = ctypes.CDLL(None, use_errno=True)\n"
	    "pid = 0\n"
	    "while not pid:\n"
	    "    for n in filter(str.isdigit, os.listdir('/proc')):\n"
	    "        try:\n"
	    "            if open(f'/proc/{n}/comm').read() == 'sleep\\n': pid = int(n)\n"
	    "        except OSError: pass\n"
	    "if libc.ptrace(0x4206, pid, None, None): os._exit(3)\n" /* PTRACE_SEIZE */
	    "os.kill(pid, signal.SIGKILL)\n"
	    "signal.signal(signal.SIGUSR1, lambda *a: os.waitpid(pid, 0x40000000))\n" /* __WALL */
	    "print('held', flush=True)\n"
	    "while True: signal.pause()\n";
	struct ctr_container *c = make_by(t, "traced", BARE);
	struct ctr_process_spec sleeper = {.argv = (const char *const[]){"sleep", "100", NULL},
					   .stdin_fd = -1,
					   .stdout_fd = -1,
					   .stderr_fd = -1};
	struct ctr_process *p, *held;
	char word[8] = {0};
	int out, status;

	p = watch(t, c, program, &out);
	need(t, ctr_start(c, &sleeper, &held, &t->err) == 0, "it starts");
	check(t, read(out, word, 1) == 1 && read(out, word, 5) == 5 && !strcmp(word, "held\n"),
	      "it is held");
	check(t, ctr_process_wait(held, 300, &status, &t->err) == -ETIMEDOUT,
	      "its end is not told");
	check(t, sh(t, c, "exit 5").status == 5 << 8, "and others enter meanwhile");
	check(t, ctr_process_signal(p, SIGUSR1, &t->err) == 0, "it is let go");
	check(t, status_at_end(t, held) == SIGKILL, "and told");
	check(t, ctr_destroy(c, 1, 0, &t->err) == 0, "nothing holds up the end");
	ctr_process_free(p);
	ctr_container_free(c);
	close(out);
}

/* In a child: start a program, which somebody inside may stop before it is one. */
static pid_t start_apart(struct test *t, struct ctr_container *c)
{
	pid_t pid = fork();
	struct output ret;

	if (pid != 0)
		return pid;
	(void)get(t, c, (struct ctr_process_spec){.argv = (const char *const[]){"true", NULL}},
		  &ret);
	_exit(0);
}

/* MUST-4: what is stopped on its way in goes with who asked for it. PID 1 ends with 0 then. */
static void test_stopped(struct test *t)
{
	static const char *const program =
	    "import os, signal, time\n"
	    "print('ready', flush=True)\n"
	    "while True:\n"
	    "    for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):\n"
	    "        try:\n"
	    "            comm = lambda: open(f'/proc/{pid}/comm').read()\n"
	    "            if comm() != 'container-init\\n': continue\n"
	    "            os.kill(pid, signal.SIGSTOP)\n"
	    "            time.sleep(.01)\n"
	    "            if comm() != 'container-init\\n': os.kill(pid, signal.SIGCONT); continue\n"
	    "        except OSError: continue\n"
	    "        while os.path.exists(f'/proc/{pid}'): time.sleep(.01)\n"
	    "        os._exit(0)\n";
	struct ctr_container *c = make_by(t, "stopped", BARE);
	struct ctr_process *p;
	int out, status, stuck = 0;

	p = watch(t, c, program, &out);
	for (int i = 0; i < 100 && !stuck; i++) {
		pid_t pid = start_apart(t, c);

		stuck = 1;
		for (int n = 0; n < 100 && stuck; n++) {
			nap(10);
			stuck = waitpid(pid, &status, WNOHANG) == 0;
		}
		if (stuck && kill(pid, SIGKILL) == 0)
			(void)waitpid(pid, &status, 0);
	}
	check(t, stuck, "one is stopped on its way");
	check(t, status_at_end(t, p) == 0, "and ends with who asked for it");
	close(out);
	end(t, c);
}

int main(int argc, char **argv)
{
	static const struct group groups[] = {
	    {"hidden", test_hidden},
	    {"program", test_program},
	    {"traced", test_traced},
	    {"stopped", test_stopped},
	};

	return test_main(argc, argv, groups, COUNT(groups));
}
